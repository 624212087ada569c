"""Positive and negative asking: the share of elements whose truth is affirmed and whose counterpart is denied.

Source: the idea of PN-VQA (EvalMuse-40K, Han et al. 2024), to ask a positive and a negative question about each
element; its code is not published. Here the negative question names something else in the element's place, as rows
have it: `Is the door vintage?` and `Is the door brand-new?`.

Formula: of a picture, elements that count / elements that are asked about from both sides. An element counts if all
its yes/no questions are answered right, those of which yes is right and those of which no is. One with a reply that is
no answer is apart, and so is one that is asked about from one side alone.

Range: 0 to 1, higher is better. Always yes and always no get 0; tossing a coin gets 1/4 with a question a side.

Blind to: what answer accuracy is blind to, counts, and all that only open questions and those with choices ask about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from ...errors import GasError
from ..judges.asking import Judged
from ..judges.marking import Question
from .protocol import Asked, pair_answers


@dataclass(frozen=True)
class Metric:
    """See the file."""

    id: ClassVar[str] = "positive_and_negative"
    needs: ClassVar[Literal["answers"]] = "answers"

    def measure(self, questions: Sequence[Asked], judged: Judged) -> list[float | None]:
        """See `AnswersMetric`.

        Raises:
            GasError: A question does not say what it asks about.
        """
        pairs = pair_answers(questions, judged)
        if not all(one.get("elements") for asked, _ in pairs for one in asked):
            raise GasError("positive_and_negative needs `elements` of each question, as rows of datasets have them")
        return [_measure_picture(asked, marks) for asked, marks in pairs]


def _measure_picture(asked: Sequence[Question], marks: Sequence[bool | None]) -> float | None:
    sides: dict[tuple[str, ...], dict[str, list[bool | None]]] = defaultdict(lambda: defaultdict(list))
    for one, mark in zip(asked, marks, strict=True):
        if one["form"] == "yes_no":
            sides[one["kind"], *one["elements"]][one["answer"]].append(mark)
    elements = [[*found["yes"], *found["no"]] for found in sides.values() if found.keys() == {"yes", "no"}]
    counted = [all(some) for some in elements if None not in some]
    return sum(counted) / len(counted) if counted else None
