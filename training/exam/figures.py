"""What an exam shows of a judge: how many true statements it confirms, how many false ones it denies.

Source: sensitivity, specificity and balanced accuracy (their mean) are those of diagnostic tests.

Formula: of statements that are true of a picture, and of those that are false of it, the share that is answered right;
`is_true` of `papers.py` says which is which. Answers that are none are counted apart, and are in no share. Intervals
are Wilson's, with as many questions as would be as sure if they were independent: questions about one scene are not
(Korn and Graubard 1998). That of the mean of two shares is made of theirs and of how they go together
(Newcombe 1998).

Range: 0 to 1. Guessing gets a balanced accuracy of 0.5 where the answer is yes or no, and less elsewhere.

Blind to: whatever real pictures have and those of the exam have not. A judge that fails here fails on real pictures;
one that passes may fail there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics.intervals import Estimate, Z, measure_share

TRUSTED = 0.75
"""Where the interval of the balanced accuracy lies above it, a judge is trusted.

Of a difference between two models, a judge that confirms a share s of true statements and denies a share t of false
ones shows s + t - 1; where the mean of s and t is 0.75, that is a half.
"""
MOST_REFUSED = 0.5
"""A judge that gives no answer more often is not trusted, however good its answers are."""


@dataclass(frozen=True)
class Answered:
    """What became of questions, arrays of one length.

    Attributes:
        scenes: The number of the scene of each.
        is_true: Whether the statement was true.
        marks: 1 for right, 0 for wrong, -1 for no answer.
        said: Of yes/no questions, whether the reply was 1, yes, or 0, no; -1 for all else.
    """

    scenes: np.ndarray
    is_true: np.ndarray
    marks: np.ndarray
    said: np.ndarray

    def take(self, kept: Sequence[int] | np.ndarray) -> Answered:
        """Some of the questions, by their places or by a mask."""
        chosen = np.asarray(kept)
        return Answered(self.scenes[chosen], self.is_true[chosen], self.marks[chosen], self.said[chosen])


@dataclass(frozen=True)
class Figures:
    """What is known of a judge about some questions; None where nothing of the sort was answered.

    Attributes:
        asked: Questions.
        refused: Those that it gave no answer to.
        sensitivity: The share of true statements that it confirms.
        specificity: The share of false statements that it denies.
        balanced_accuracy: The mean of these two.
        yes_rate: The share of yes among its answers with yes or no.
        yes_right: The share of yes that is right among these.
    """

    asked: int
    refused: int
    sensitivity: Estimate | None
    specificity: Estimate | None
    balanced_accuracy: Estimate | None
    yes_rate: Estimate | None
    yes_right: float | None

    @property
    def is_trusted(self) -> bool:
        """Whether answers tell more than half of what pictures differ in; see `TRUSTED`."""
        accuracy = self.balanced_accuracy
        return accuracy is not None and accuracy.low > TRUSTED and self.refused <= MOST_REFUSED * self.asked

    @property
    def weight(self) -> float:
        """How much of a difference between pictures is left in answers, if the judge is trusted, or else nothing."""
        return 2 * self.balanced_accuracy.value - 1 if self.is_trusted and self.balanced_accuracy else 0.0

    def describe(self) -> dict[str, Any]:
        """As JSON can hold it."""
        names = ("sensitivity", "specificity", "balanced_accuracy", "yes_rate")
        measured = {name: one.describe() if (one := getattr(self, name)) else None for name in names}
        counted = {"asked": self.asked, "refused": self.refused}
        return {**counted, **measured, "yes_right": self.yes_right, "trusted": self.is_trusted, "weight": self.weight}


def measure(answered: Answered) -> Figures:
    """Counts what became of questions."""
    given = answered.take(answered.marks >= 0)
    marks, is_true, scenes = given.marks, given.is_true, given.scenes
    sensitivity = measure_by_scene(marks[is_true], scenes[is_true])
    specificity = measure_by_scene(marks[~is_true], scenes[~is_true])
    both = _average(marks, is_true, scenes, sensitivity, specificity) if sensitivity and specificity else None
    told = given.take(given.said >= 0)
    return Figures(
        asked=len(answered.marks),
        refused=int((answered.marks < 0).sum()),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced_accuracy=both,
        yes_rate=measure_by_scene(told.said, told.scenes),
        yes_right=float(told.is_true.mean()) if len(told.said) else None,
    )


def measure_by_scene(right: np.ndarray, scenes: np.ndarray) -> Estimate | None:
    """The share of ones among zeros and ones, with its interval; None of nothing."""
    count = len(right)
    if not count:
        return None
    share = float(right.mean())
    spread = share * (1 - share) / count
    excess = 1.0
    if spread and (number := len(np.unique(scenes))) > 1:
        # How much larger the variance is than that of independent answers, with few scenes by Student's t. It can be
        # smaller, where all scenes are made alike.
        variance = (_leave_out(right, scenes) ** 2).sum() * (1 - 1 / number)
        excess = max(0.5, variance / spread * (1 + (Z**2 + 1) / (4 * (number - 1))) ** 2)
    sure = float(count / excess)
    return Estimate(*measure_share(share * sure, sure))


def _leave_out(right: np.ndarray, scenes: np.ndarray) -> np.ndarray:
    """By how much the share of ones changes where each scene is left out (the jackknife), by the scene's number."""
    sizes = np.bincount(scenes)
    errors = np.bincount(scenes, weights=right - right.mean())
    return errors / np.maximum(len(right) - sizes, 1)


def _average(marks: np.ndarray, is_true: np.ndarray, scenes: np.ndarray, one: Estimate, other: Estimate) -> Estimate:
    """The mean of the shares of true statements and of false ones, which are the surer the less they go together."""
    changes = np.zeros((2, scenes.max() + 1))
    for row, side in zip(changes, (is_true, ~is_true), strict=True):
        found = _leave_out(marks[side], scenes[side])
        row[: len(found)] = found
    lengths = np.sqrt((changes**2).sum(axis=1)).prod()
    together = 2 * changes.prod(axis=0).sum() / lengths if lengths else 0.0
    middle = (one.value + other.value) / 2
    ends = []
    for near, far in (
        (one.value - one.low, other.value - other.low),
        (one.high - one.value, other.high - other.value),
    ):
        ends.append(float(np.sqrt(max(near**2 + far**2 + together * near * far, 0)) / 2))
    return Estimate(middle, middle - ends[0], middle + ends[1])
