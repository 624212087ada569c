"""What reinforcement learning is rewarded by: answers of judges about pictures, or a metric to compare them with.

`answers` and `similarity` make rewards. A reward is a function as TRL's `reward_funcs` takes it, and
`reward.images(images, rows)` is for any other loop. Importing this loads no torch.

    settings       how recipes say it
    protocol       what all rewards do: pictures of completions, rows of columns, what is logged
    opening        a reward by its settings, and who is asked for it
    checking       what is wrong with them, found before anything is loaded
    drawing        some of a scene's questions, the same for all of its pictures in a step
    valuing        answers -> numbers: dependencies, means, several judges
    by_answers     the reward by answers
    by_similarity  the reward by a metric of pictures
    words          words in pictures that answer questions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from ...errors import GasError, advise

if TYPE_CHECKING:
    from ..judges.asking import Way
    from ..judges.protocol import Judge
    from .by_answers import AnswersReward
    from .by_similarity import SimilarityReward
    from .protocol import Decode

__all__ = ["answers", "read_vqa", "similarity"]


def answers(
    judge: str | Judge | Sequence[str | Judge],
    decode: Decode | None = None,
    *,
    by: Way = "probability",
    dependencies: bool = True,
    mean: Literal["kinds", "questions"] = "kinds",
    questions: int | None = None,
    weights: Mapping[str, float] | Sequence[Mapping[str, float]] = (),
    combine: Literal["mean", "least"] = "mean",
    most_refused: float = 1.0,
    seed: int = 0,
    read_words: int = 4,
) -> AnswersReward:
    """Makes a reward of what judges answer about pictures.

    The paper's is `by="words", dependencies=False, mean="questions"`: the share of right answers.

    Args:
        judge: Who answers: a judge, several, or the name of one as `judges.load` takes it.
        decode: Makes pictures of completions' token ids; only `reward.images` needs none.
        by: `probability`: a question counts as probable as the judge finds its answer; `words`: 1 or 0.
        dependencies: Whether a question counts for no more than those that it depends on.
        mean: Over kinds of questions, of the mean in each, or over questions.
        questions: How many of a scene's questions are asked in a step; all when None.
        weights: How much each kind counts, as `gas calibrate` finds out; one mapping, or one a judge.
        combine: Of several judges, the mean of what they give for a question, or the least.
        most_refused: The share of the first questions that a judge may leave without an answer.
        seed: Another seed draws other questions.
        read_words: In how many pictures of a step words are read, where rapidocr is installed: `words_that_answer` of
            what is logged is the share in which a word that answers a question stands.

    Raises:
        GasError: The judge cannot be made, or a value is none that there is.
    """
    from .by_answers import AnswersReward
    from .valuing import Rule

    for name, given in (("mean", mean), ("combine", combine)):
        check_choice(name, given)
    if questions is not None and questions < 1:
        raise GasError(f"questions={questions}: write how many are asked in a step, from 1 on, or None for all")
    if not 0 <= most_refused <= 1:
        raise GasError(f"most_refused={most_refused:g}: write a share, from 0 to 1")
    every = _open_judges(judge)
    known = [weights] * len(every) if isinstance(weights, Mapping) else list(weights) or [{}] * len(every)
    if len(known) != len(every) or not all(isinstance(one, Mapping) for one in known):
        raise GasError(f"weights: write a mapping such as {{'relation': 0.5}}, or one for each of {len(every)} judges")
    rule = Rule(by, dependencies, mean, questions, combine)
    return AnswersReward(every, rule, tuple(known), most_refused, seed, decode=decode, read_words=read_words)


def check_choice(name: str, given: Any) -> None:
    """Refuses what a setting of `RewardSettings` cannot be."""
    from .settings import RewardSettings

    choices = get_args(RewardSettings.model_fields[name].annotation)
    if given not in choices:
        raise GasError(f"{name}={given!r}: {advise(str(given), choices)}")


def _open_judges(judge: Any) -> tuple[Judge, ...]:
    from .. import judges
    from ..metrics.protocol import check_judge

    given = judge if isinstance(judge, Sequence) and not isinstance(judge, str) else (judge,)
    every = tuple(judges.load(one) if isinstance(one, str) else one for one in given)
    if not every:
        raise GasError("rewards.answers: give a judge, such as judges.load(...), or several")
    for one in every:
        check_judge("rewards.answers", one)
    return every


def similarity(metric: Any = "clip_score", decode: Decode | None = None, **options: Any) -> SimilarityReward:
    """Makes a reward of a metric of pictures and their captions, to compare answers with.

    Args:
        metric: A metric's name, such as `clip_score`, `pick_score` or `hpsv3`; or whatever has
            `measure(pictures, rows)`.
        decode: Makes pictures of completions' token ids; only `reward.images` needs none.
        options: Of the metric that is named.

    Raises:
        GasError: There is no such metric, it measures no pictures, or its network cannot be loaded.
    """
    from .by_similarity import SimilarityReward, open_picture_metric

    opened = open_picture_metric(metric, options) if isinstance(metric, str) else metric
    return SimilarityReward(opened, decode=decode)


def read_vqa(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Reads a row as VQAv2 has it (`question`, `answers`) as a list of questions; see `training/vqa.py`."""
    from ..vqa import read_vqa as read

    return read(row)
