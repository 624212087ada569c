"""Pictures and their questions -> scores, in all and by kind. What fails is told apart from what is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image

from ...errors import GasError
from ..judges.asking import Judged, check_refusals, judge_questions
from ..judges.marking import Question
from ..judges.protocol import Judge, Shown
from ..judges.settings import JudgeSettings, open_judge
from ..judges.trust import read_weights
from ..rewards.drawing import draw_questions
from ..rewards.valuing import Rule, average_kinds, average_values, value_answers, weigh_kind
from .requests import RequestError, open_pictures
from .settings import ServingSettings

LOG = logging.getLogger(__name__)
GIVES_UP = 2
"""Where so many pictures of a batch fail one after the other, each asked about alone, so does the rest of it."""


@dataclass(frozen=True)
class Score:
    """What a picture is worth, from 0 to 1.

    Attributes:
        value: In all.
        kinds: The mean worth of the questions of each kind that counts.
        asked: Of how many questions of all judges.
        refused: How many of them were answered by what is no answer, and count as wrong.
    """

    value: float
    kinds: Mapping[str, float]
    asked: int
    refused: int

    @property
    def is_perfect(self) -> bool:
        return self.value > 0.999_999  # of means of ones

    @property
    def rewards(self) -> dict[str, float]:
        """The score and its parts, by the names that clients may ask for."""
        return {WHOLE: self.value, **{f"{WHOLE}_{kind}": value for kind, value in self.kinds.items()}}


WHOLE = "gas"
"""The name of the reward; those of its parts are `gas_attribute` and so on."""
Outcome: TypeAlias = Score | GasError
"""Of a picture: its score, or why there is none."""
ToScore: TypeAlias = tuple[Sequence[bytes], Sequence[Question]]
"""The files of a picture, and what is asked about it."""
Scorer: TypeAlias = Callable[[Sequence[ToScore]], list[Outcome]]


@dataclass(frozen=True)
class Jury:
    """Who answers, and how answers become scores.

    Attributes:
        judges: Who answers.
        weights: Of each judge, how much each kind counts, as `read_weights` gives it.
        rule: How answers become a score.
        most_refused: Of each judge, the share of its first questions that it may leave without an answer.
        seed: Draws questions, where not all are asked.
        trusted: The places of judges that have answered enough of a batch; of the others every batch is looked at.
    """

    judges: tuple[Judge, ...]
    weights: tuple[Mapping[str, float], ...]
    rule: Rule
    most_refused: tuple[float, ...]
    seed: int = 0
    trusted: set[int] = field(default_factory=set)

    def choose_questions(self, asked: Sequence[Question]) -> list[Question]:
        """What is asked of a prompt's questions, which is always the same."""
        return draw_questions(asked, self.rule.questions, self.seed, 0)

    def score(self, batch: Sequence[ToScore]) -> list[Outcome]:
        """Scores pictures.

        Where asking about all of them at once fails, each is asked about alone, so that one picture or one question
        that a judge cannot take leaves the others their scores. A judge that is gone is noticed by the first few.
        """
        outcomes: list[Outcome] = [RequestError("not scored", 500)] * len(batch)
        opened: dict[int, Shown] = {}
        for place, (files, _) in enumerate(batch):
            try:
                opened[place] = open_pictures(files)
            except GasError as error:
                outcomes[place] = error
        places = list(opened)
        if not places:
            return outcomes
        questions = [batch[place][1] for place in places]
        found = self._try([opened[place] for place in places], questions)
        if isinstance(found, GasError):
            found = self._score_each([opened[place] for place in places], questions, found)
        for place, outcome in zip(places, found, strict=True):
            outcomes[place] = outcome
        return outcomes

    def _score_each(
        self, pictures: Sequence[Shown], questions: Sequence[Sequence[Question]], error: GasError
    ) -> list[Outcome]:
        if len(pictures) == 1:
            return [error]
        found: list[Outcome] = []
        failed = 0
        for picture, asked in zip(pictures, questions, strict=True):
            outcome = error if failed >= GIVES_UP else self._try([picture], [asked])
            if isinstance(outcome, GasError):
                error, failed = outcome, failed + 1
                found.append(error)
            else:
                failed = 0
                found += outcome
        return found

    def _try(self, pictures: Sequence[Shown], questions: Sequence[Sequence[Question]]) -> list[Outcome] | GasError:
        try:
            judged = [judge_questions(judge, pictures, questions, self.rule.by) for judge in self.judges]
            self._check_refusals(judged)
        except GasError as error:
            return RequestError(f"the judge fails: {error}", 502)
        except Exception as error:  # of networks, in any type: no memory, no GPU
            LOG.exception("a judge failed")
            return RequestError(f"the judge fails: {type(error).__name__}: {' '.join(str(error).split())[:300]}", 502)
        values = value_answers(self.rule, judged, self.weights, questions)
        return [
            find_failure(judged, place) or self._weigh(own, asked, judged, place)
            for place, (own, asked) in enumerate(zip(values, questions, strict=True))
        ]

    def _check_refusals(self, judged: Sequence[Judged]) -> None:
        for place, one in enumerate(judged):
            if place not in self.trusted:
                check_refusals(one, self.most_refused[place])
                self.trusted.add(place)

    def meet(self, asked: Sequence[Question]) -> None:
        """Asks the judges some questions about a white picture, to see that they can be asked at all.

        Raises:
            GasError: One cannot.
        """
        white = Image.new("RGB", (256, 256), "white")
        judged = [judge_questions(judge, [white], [asked], self.rule.by) for judge in self.judges]
        if failure := find_failure(judged, 0):
            raise GasError(str(failure), exit_status=1)

    def _weigh(
        self, values: Sequence[float], asked: Sequence[Question], judged: Sequence[Judged], place: int
    ) -> Outcome:
        value = average_values(self.rule, values, asked, self.weights)
        if value is None:
            return RequestError("no question of the prompt is of a kind that counts; see the judge's weights", 422)
        kinds = {kind: worth for kind, worth in average_kinds(values, asked).items() if weigh_kind(kind, self.weights)}
        refused = sum(one.marks[place].count(None) for one in judged)
        return Score(value, kinds, len(asked) * len(judged), refused)


def find_failure(judged: Sequence[Judged], place: int) -> RequestError | None:
    """Whether a judge could not be asked a question about a picture, which is none of the picture's faults.

    A reply that is no answer ("there are no cups" where their color is asked) is one, and wrong.
    """
    for one in judged:
        said = zip(one.marks[place], one.probabilities[place], one.replies[place], strict=True)
        if lost := sum(mark is None and share is None and not reply for mark, share, reply in said):
            name = f"the judge {one.judge}" if one.judge else "a judge"
            what = f"{name} gave no reply to {lost:,} of {len(one.marks[place]):,} questions about the picture"
            return RequestError(f"{what}; see what its server logs", 502)
    return None


def open_jury(asked: Sequence[JudgeSettings], settings: ServingSettings, device: str | None = None) -> Jury:
    """Makes the judges that settings ask for.

    Raises:
        GasError: A judge, or its weights, cannot be opened.
    """
    judges = tuple(open_judge(one, device) for one in asked)
    weights = tuple(
        read_weights(one.weights, judge.id, settings.by) if one.weights else {}
        for one, judge in zip(asked, judges, strict=True)
    )
    rule = Rule(settings.by, settings.dependencies, settings.mean, settings.questions, settings.combine)
    # That of the sandbox sees all there is: what it does not answer is not there.
    most_refused = tuple(1.0 if one.kind == "sandbox" else one.most_refused for one in asked)
    return Jury(judges, weights, rule, most_refused, settings.seed)
