"""What reinforcement learning is rewarded by: answers of judges about pictures, or a metric to compare them with.

`answers` and `similarity` make rewards. A reward is a function as TRL's `reward_funcs` takes it, and
`reward.images(images, rows)` is for any other loop. Importing this loads no torch.

    settings       how recipes say it
    protocol       what all rewards do: pictures of completions, rows of columns, what is logged
    drawing        some of a scene's questions, the same for all of its pictures in a step
    valuing        answers -> numbers: dependencies, means, several judges
    by_answers     the reward by answers
    by_similarity  the reward by a metric of pictures
    vqa            questions of rows, and of other datasets
    words          words in pictures that answer questions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..judges.asking import Way
    from ..judges.protocol import Judge
    from .by_answers import AnswersReward
    from .by_similarity import SimilarityReward
    from .protocol import Decode

__all__ = ["answers", "read_vqa", "similarity"]


def answers(
    judge: str | Judge | Sequence[Judge],
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
        GasError: The judge cannot be made.
    """
    from .. import judges
    from .by_answers import AnswersReward
    from .valuing import Rule

    asked = (judges.load(judge),) if isinstance(judge, str) else judge
    every = tuple(asked) if isinstance(asked, Sequence) else (asked,)
    known = [weights] * len(every) if isinstance(weights, Mapping) else list(weights) or [{}] * len(every)
    rule = Rule(by, dependencies, mean, questions, combine)
    return AnswersReward(every, rule, tuple(known), most_refused, seed, decode=decode, read_words=read_words)


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
    """Reads a row as VQAv2 has it (`question`, `answers`) as a list of questions; see `rewards/vqa.py`."""
    from .vqa import read_vqa as read

    return read(row)
