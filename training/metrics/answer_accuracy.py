"""Answer accuracy: the share of a scene's questions that a judge answers right about its picture.

Source: TIFA (Hu et al. 2023), with questions that follow from a scene graph instead of those that a language model
asks; the reward of the paper's reinforcement learning (section 5).

Formula: of a picture, right answers / questions; a reply that is no answer counts as wrong. Of a model, the mean over
pictures: a scene counts once, however many questions it has. The interval is the mean +- 1.96 standard errors. A gain
is the mean of the pictures' differences: the scenes are the same, so its interval is narrower than those of the means.

Range: 0 to 1, higher is better. Guessing gets more than 0: yes/no questions have two answers.

Blind to: what no question asks about (style, realism, what else is in the picture), how wrong an answer is, and the
judge's own mistakes, which count as the picture's. The interval is about the choice of scenes, not about another
training with another seed; it is too narrow with few pictures, and can end below 0 or above 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def measure_mean(shares: Sequence[float]) -> tuple[float, float]:
    """The mean over pictures, and half of its 95 % confidence interval by the normal approximation."""
    array = np.asarray(shares, dtype=float)
    return float(array.mean()), float(1.96 * array.std(ddof=1) / np.sqrt(len(array))) if len(array) > 1 else 0.0


def compare_means(before: Sequence[float], after: Sequence[float]) -> dict[str, dict[str, Any]]:
    """Compares the shares of the same scenes before and after a training.

    Returns: `before`, `after` and `gain`, each with `mean` and its 95 % confidence `interval`, as JSON can hold them.
    """
    gains = [one - other for one, other in zip(after, before, strict=True)]
    compared = {}
    for name, shares in (("before", before), ("after", after), ("gain", gains)):
        mean, margin = measure_mean(shares)
        compared[name] = {"mean": mean, "interval": [mean - margin, mean + margin]}
    return compared
