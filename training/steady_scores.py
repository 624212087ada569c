"""Scores of captions that decide which rows a dataset has: the same numbers however many processes there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .evaluation.captions import Perplexity, Vera, check_scores
from .models import limit_threads
from .upstream import require


def check_score_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuses a score that cannot be opened here; loads no weights.

    Raises:
        GasError: A package of the extra `eval` is missing, there is no such model, or the score has no such option.
    """
    require("torch", "transformers", user=f"the filter {name}", extra="eval")
    check_scores({name: options}, "filters")


@dataclass(frozen=True)
class SteadyScore:
    """A score that computes with one thread on a CPU: sums of more are in another order, and end in other digits."""

    score_of: Perplexity | Vera

    @property
    def id(self) -> str:
        """What tells the number from any other, with the model and its revision."""
        return self.score_of.id

    def score(self, captions: Sequence[str]) -> list[float | None]:
        """One number a caption; None where it has no token to score.

        Raises:
            GasError: A caption is longer than what the model reads.
        """
        with limit_threads(1):
            return self.score_of.score(captions)
