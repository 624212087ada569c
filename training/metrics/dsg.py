"""Davidsonian scene graph score: answers count only where what they presuppose is answered right.

Source: DSG (Cho et al. 2024). Its code, its README and the code of the paper apply dependencies differently, which
shows where questions depend on others that depend on others themselves; all three are here by name.

Formula: of a picture, the mean of the scores of its questions, 1 for a right answer and 0 for a wrong one, where those
that depend on a question with 0 have 0, too:

    transitive    in the order of the questions, each by what those before it have by then (README, ELLA)
    direct        each by the answers to the questions that it depends on, as they were given (`calc_vqa_score`)
    paper         half the mean by `direct`, and half the mean without dependencies

Questions with 0 stay in the mean. A reply that is no answer is apart, unless the question depends on one with 0; what
depends on it keeps its own score. DSG has yes/no questions of which yes is right, and so has this by default, where a
dependency on another question becomes one on what that depends on; with `questions="all"` all that were asked count.

Range: 0 to 1, higher is better; never above the share of right answers.

Blind to: what answer accuracy is blind to. With DSG's own questions always yes gets 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from ..judges.asking import Judged
from ..judges.marking import Question
from .protocol import Asked, check_option, pair_answers

Scores: TypeAlias = list[float | None]
"""Of each question; None for one without an answer."""
Parents: TypeAlias = Sequence[Sequence[int]]
"""The places of the questions that each question depends on."""


@dataclass(frozen=True)
class Metric:
    """See the file.

    Attributes:
        rule: How dependencies count: `transitive`, `direct` or `paper`.
        questions: Which questions count: `true` for those of DSG, or `all`.
    """

    rule: Literal["transitive", "direct", "paper"] = "transitive"
    questions: Literal["true", "all"] = "true"

    needs: ClassVar[Literal["answers"]] = "answers"

    def __post_init__(self) -> None:
        check_option("dsg", "rule", self.rule, ("transitive", "direct", "paper"))
        check_option("dsg", "questions", self.questions, ("true", "all"))

    @property
    def id(self) -> str:
        return f"dsg@{self.rule}" if self.questions == "true" else f"dsg@{self.rule},all"

    def measure(self, questions: Sequence[Asked], judged: Judged) -> list[float | None]:
        return [self._measure(asked, marks) for asked, marks in pair_answers(questions, judged)]

    def _measure(self, asked: Sequence[Question], marks: Sequence[bool | None]) -> float | None:
        kept = [self.questions == "all" or (one["form"], one["answer"]) == ("yes_no", "yes") for one in asked]
        parents = list_parents(asked, kept)
        scores = [None if mark is None else float(mark) for mark, keep in zip(marks, kept, strict=True) if keep]
        if self.rule == "transitive":
            return _average(zero_transitive(scores, parents))
        direct, without = _average(zero_direct(scores, parents)), _average(scores)
        if self.rule == "direct" or direct is None or without is None:
            return direct
        return (direct + without) / 2


def list_parents(asked: Sequence[Question], kept: Sequence[bool]) -> list[list[int]]:
    """What each kept question depends on, by places among the kept ones; only those before it can be meant."""
    places: list[set[int]] = []
    parents: list[list[int]] = []
    for number, (one, keep) in enumerate(zip(asked, kept, strict=True)):
        above = [place for place in one.get("depends_on") or () if place < number]
        found = {place for other in above for place in places[other]}
        places.append({len(parents)} if keep else found)
        if keep:
            parents.append(sorted(found))
    return parents


def zero_transitive(scores: Scores, parents: Parents) -> Scores:
    """Gives 0 to what depends on a question that has 0, also where that has it by this rule."""
    found = list(scores)
    for place, above in enumerate(parents):
        if any(found[parent] == 0 for parent in above):
            found[place] = 0.0
    return found


def zero_direct(scores: Scores, parents: Parents) -> Scores:
    """Gives 0 to what depends on a question that was answered wrong."""
    return [
        0.0 if any(scores[parent] == 0 for parent in above) else score
        for score, above in zip(scores, parents, strict=True)
    ]


def _average(scores: Scores) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
