"""Soft-TIFA: how probable a judge finds the right answers, instead of which answers it gives.

Source: GenEval 2 (Kamath et al. 2025), `evaluation.py`, where the arithmetic mean scores single facts and the
geometric mean whole prompts. It sums the probabilities of first tokens (`Yes`, `yes`, `two`, `2`, ...) after `Answer
in one word.`; here they are those of whole answers in all their spellings (`Judge.probability`), after the sentences
of `judges/asking.py`. So questions with choices count, too, and what goes on to a longer answer is not the shorter.

Formula: of a picture, the arithmetic or geometric mean of the probabilities of the right answers to its yes/no
questions, counts and questions with choices; they are not divided by those of other answers. A question is apart whose
answers are together less probable than 0.1: the judge would say something else. Of a model, the mean over pictures.

Range: 0 to 1, higher is better. The geometric mean is never above the arithmetic one, and one answer that is ruled out
makes it 0.

Blind to: what answer accuracy is blind to, and how well the judge's probabilities are calibrated. Over an endpoint
that gives the probabilities of few tokens they are lower bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import ClassVar, Literal

from ...errors import GasError
from ..judges.asking import INSTRUCTIONS, Judged, Way
from .protocol import Asked, check_option, pair_answers


@dataclass(frozen=True)
class Metric:
    """See the file.

    Attributes:
        mean: `arithmetic` or `geometric`.
    """

    mean: Literal["arithmetic", "geometric"] = "arithmetic"

    needs: ClassVar[Literal["answers"]] = "answers"
    by: ClassVar[Way] = "probability"

    def __post_init__(self) -> None:
        check_option("soft_tifa", "mean", self.mean, ("arithmetic", "geometric"))

    @property
    def id(self) -> str:
        return f"soft_tifa@{self.mean}"

    def measure(self, questions: Sequence[Asked], judged: Judged) -> list[float | None]:
        """See `AnswersMetric`.

        Raises:
            GasError: The judge was asked by words.
        """
        found: list[float | None] = []
        for (asked, marks), probabilities in zip(pair_answers(questions, judged), judged.probabilities, strict=True):
            known = []
            for one, mark, probability in zip(asked, marks, probabilities, strict=True):
                if mark is None or one["form"] not in INSTRUCTIONS:
                    continue
                if probability is None:
                    raise GasError('soft_tifa needs the probabilities of answers; ask with by="probability"')
                known.append(probability)
            found.append(self._average(known) if known else None)
        return found

    def _average(self, values: Sequence[float]) -> float:
        if self.mean == "arithmetic":
            return sum(values) / len(values)
        return exp(sum(map(log, values)) / len(values)) if min(values) > 0 else 0.0
