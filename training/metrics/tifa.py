"""TIFA: the share of the questions with choices that a judge answers right.

Source: TIFA (Hu et al. 2023), `tifascore`. It asks without choices and takes the one nearest to the reply by the
embeddings of all-mpnet-base-v2, whatever was said. Here the judge reads the choices, and the one that its reply names
is taken (`judges/marking.py`). So a synonym is told only where the row knows it (`aliases`), and a reply that names no
choice, or several, is apart: TIFA would call it right or wrong.

Formula: of a picture, right answers / answers to its yes/no questions, counts and questions with choices. Open
questions, which TIFA does not have, are left out. Of a model, the mean over pictures.

Range: 0 to 1, higher is better. Guessing among four choices gets 1/4, between yes and no 1/2.

Blind to: what answer accuracy is blind to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from ..judges.asking import Judged
from .protocol import Asked, pair_answers


@dataclass(frozen=True)
class Metric:
    """See the file."""

    id: ClassVar[str] = "tifa"
    needs: ClassVar[Literal["answers"]] = "answers"

    def measure(self, questions: Sequence[Asked], judged: Judged) -> list[float | None]:
        found: list[float | None] = []
        for asked, marks in pair_answers(questions, judged):
            pairs = zip(asked, marks, strict=True)
            known = [mark for one, mark in pairs if one["form"] != "open" and mark is not None]
            found.append(sum(known) / len(known) if known else None)
        return found
