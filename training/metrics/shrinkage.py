"""Many means, some of few cases: each is drawn to what is common as far as chance explains that it is far from it.

The mean of two cases is often the lowest or highest of all by chance alone, so that a list of the worst would be one
of the rarest.

Source: normal empirical Bayes (Efron and Morris 1975); the intervals, with what is uncertain in the common spread, are
those of Morris (1983); the spread is estimated by DerSimonian and Laird (1986).

Formula: with means y of error variances v, and the common mean m and variance t of what is meant by them, a mean
becomes m + (1 - b) (y - m) with b = v / (v + t).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .intervals import Z


@dataclass(frozen=True, eq=False)
class Shrunken:
    """Means that few cases are trusted less for, arrays of one length, with intervals of 95 %; and their spread."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: float


def shrink_means(means: np.ndarray, variances: np.ndarray) -> Shrunken:
    """Draws means to what is common.

    Args:
        means: The means.
        variances: The variance of the error of each, above 0.
    """
    weights, count = 1 / variances, len(means)
    if count < 2:
        margin = Z * np.sqrt(variances)
        return Shrunken(means, means - margin, means + margin, float("inf"))
    middle = float(weights @ means / weights.sum())
    excess = float(weights @ (means - middle) ** 2) - (count - 1)
    spread = max(0.0, excess / float(weights.sum() - (weights @ weights) / weights.sum()))
    pulled = variances / (variances + spread)
    weights = 1 / (variances + spread)
    middle, of_middle = float(weights @ means / weights.sum()), 1 / float(weights.sum())
    value = middle + (1 - pulled) * (means - middle)
    variance = variances * (1 - pulled) + pulled**2 * of_middle
    if count > 3:
        variance = variance + 2 / (count - 3) * pulled**2 * (means - middle) ** 2
    margin = Z * np.sqrt(variance)
    return Shrunken(value, value - margin, value + margin, spread)
