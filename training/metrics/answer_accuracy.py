"""The share of a scene's questions that a judge answers right about its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Results:
    """What a judge made of pictures.

    Attributes:
        captions: What each picture should show.
        images: The pictures.
        shares: The share of each picture's questions that were answered right.
        asked, refused: Questions, and those that the judge did not answer.
        out_of_range: Share of token ids that are no code.
    """

    captions: list[str]
    images: list[Image.Image]
    shares: list[float]
    asked: int
    refused: int
    out_of_range: float

    def __str__(self) -> str:
        accuracy, margin = measure_mean(self.shares)
        return f"accuracy {accuracy:.3f} ± {margin:.3f} ({len(self.images)} pictures, {self.asked:,} questions)"


def measure_mean(values: Sequence[float]) -> tuple[float, float]:
    """A mean, and half of its 95 % confidence interval by the normal approximation."""
    array = np.asarray(values, dtype=float)
    return float(array.mean()), float(1.96 * array.std(ddof=1) / np.sqrt(len(array))) if len(array) > 1 else 0.0


def compare_results(before: Results, after: Results) -> dict[str, Any]:
    """Mean shares before and after, and the mean gain, with 95 % confidence intervals, as JSON can hold them."""
    gains = [one - other for one, other in zip(after.shares, before.shares, strict=True)]
    described: dict[str, Any] = {"pictures": len(after.images), "questions": after.asked}
    for name, values in (("before", before.shares), ("after", after.shares), ("gain", gains)):
        mean, margin = measure_mean(values)
        described[name] = {"mean": mean, "interval": [mean - margin, mean + margin]}
    for name, results in (("before", before), ("after", after)):
        described[name] |= {"refused": results.refused / results.asked, "out_of_range": results.out_of_range}
    return described
