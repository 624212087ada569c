"""How sure numbers are: means and shares with 95 % confidence intervals, and comparisons of models.

What is resampled are scenes, not pictures or questions: pictures of one scene, and questions about one, are alike.

Source: Efron and Tibshirani (1993) on the bootstrap (percentiles, whole clusters), Wilson (1927) on shares, Robinson
(1982) on the tails of chance swaps, Holm (1979) on several comparisons. All intervals are about the choice of scenes:
not about another training with another seed, and not about the judge's mistakes. With fewer than about 20 scenes those
of means are too narrow.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from ...builders.foundation.counter_rng import derive_key, draw_below, hash_numbers

Z = 1.959963984540054
"""95 % of a normal distribution lie within so many standard deviations of its mean."""
DRAWS = 2000
"""How often scenes are resampled."""
FEWEST = 10
"""Of so many chance swaps that are as large as what was found, their share tells how probable they are."""
BLOCK = 1 << 20
"""So many draws are made at once."""


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def describe(self) -> dict[str, float]:
        """As JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Difference(Estimate):
    """What one model has more than another on the same scenes.

    Attributes:
        p: How probable a difference as large as this, up or down, is if the two models are alike; from 0 to 1.
    """

    p: float


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


def measure_share(right: float, asked: float) -> tuple[float, float, float]:
    """A share and its 95 % confidence interval by Wilson's score: share, low, high.

    The questions must be independent, one a scene; where they are not, both numbers are those of as many independent
    ones as tell as much. Unlike the mean +- 1.96 standard errors it stays within 0 and 1, and is no point where all or
    none are right.

    Raises:
        ValueError: Nothing was asked, or more is right than was asked.
    """
    if not 0 <= right <= asked or not asked:
        raise ValueError(f"{right} of {asked} is no share")
    share, square = right / asked, Z**2 / asked
    middle = (share + square / 2) / (1 + square)
    margin = Z / (1 + square) * sqrt(share * (1 - share) / asked + square / (4 * asked))
    # Where all or none are right the ends are 1 and 0, which rounding would miss.
    return share, 0.0 if not right else middle - margin, 1.0 if right == asked else middle + margin


def estimate_mean(values: Sequence[float | None], scenes: Sequence[Hashable] | None = None, seed: int = 0) -> Estimate:
    """The mean over pictures, and its interval by resampling whole scenes.

    Args:
        values: One a picture; None where the metric does not apply, which is left out.
        scenes: Of which scene each picture is; each of its own when left out.
        seed: Another one resamples other scenes.

    Raises:
        ValueError: There are no values, or not as many scenes as values.
    """
    known = [float(value is not None) for value in values]
    return estimate_ratio([value or 0.0 for value in values], known, scenes, seed)


def estimate_ratio(
    parts: Sequence[float], wholes: Sequence[float], scenes: Sequence[Hashable] | None = None, seed: int = 0
) -> Estimate:
    """The sum of parts over that of wholes, such as right answers over answers, by resampling whole scenes.

    Args:
        parts: Of each picture.
        wholes: Of each picture, 0 or more.
        scenes: Of which scene each picture is; each of its own when left out.
        seed: Another one resamples other scenes.

    Raises:
        ValueError: The wholes are 0, or not as many of each are there.
    """
    above, below = _sum_by_scene(parts, scenes), _sum_by_scene(wholes, scenes)
    kept = below > 0
    above, below = above[kept], below[kept]
    if not len(below):
        raise ValueError("there is nothing to measure")
    key, found = derive_key(seed, "resample"), []
    for numbers in _number_draws(len(below)):
        drawn = draw_below(key, numbers, len(below))
        found.append(above[drawn].sum(axis=1) / below[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(found), [0.025, 0.975])
    return Estimate(float(above.sum() / below.sum()), float(low), float(high))


def compare_models(
    values: Sequence[float | None],
    others: Sequence[float | None],
    scenes: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Difference:
    """How much higher a model's mean over the same pictures to make is than another's; scenes stay paired.

    The interval is that of the mean difference, by resampling scenes. `p` is by chance swaps: where the models are
    alike, all differences of a scene might as well have the other sign; see `measure_chance`.

    Args:
        values: Of the model's pictures; None where the metric does not apply.
        others: Of the other's pictures, in the same order. A picture counts where both have a number.
        scenes: Of which scene each picture is; each of its own when left out.
        seed: Another one draws other scenes and signs.

    Raises:
        ValueError: No picture has both, or not as many of each are there.
    """
    gains = [None if one is None or other is None else one - other for one, other in zip(values, others, strict=True)]
    mean = estimate_mean(gains, scenes, seed)
    sums = _sum_by_scene([gain or 0.0 for gain in gains], scenes)
    key = derive_key(seed, "swap")
    # Rounding must not make an equal sum a smaller one.
    least = abs(sums.sum()) - 1e-9 * np.abs(sums).sum()
    as_large = 0
    for numbers in _number_draws(len(sums)):
        signs = 1.0 - 2.0 * (hash_numbers(key, numbers) >> np.uint64(63))
        as_large += int((np.abs(signs @ sums) >= least).sum())
    return Difference(mean.value, mean.low, mean.high, measure_chance(sums, as_large))


def measure_chance(sums: np.ndarray, as_large: int) -> float:
    """How probable it is that chance swaps of signs make a sum as large as this one, up or down.

    It is the share of swaps that were so. Where there are fewer than `FEWEST` of them, which tell little, it is the
    saddlepoint approximation of the tail: so many comparisons as there may be, what is clear stays below 0.05 with
    all of them counted in. It is never below that of the one way to swap that gives all differences one sign.

    Args:
        sums: The difference of each scene, float64, shape (scenes,).
        as_large: How many of `DRAWS` swaps made it as large.
    """
    share = (1 + as_large) / (1 + DRAWS)  # what was found is one of the ways to swap
    sizes = np.abs(sums)
    sizes = sizes[sizes > 1e-9 * sizes.sum()]
    if as_large >= FEWEST or not len(sizes):
        return share
    return min(share, max(_approximate_tail(sizes, abs(float(sums.sum()))), 0.5 ** (len(sizes) - 1)))


def _approximate_tail(sizes: np.ndarray, total: float) -> float:
    """How probable a sum of `sizes` with chance signs is to be `total` or more, up or down (Lugannani and Rice)."""
    sizes, total = sizes / sizes.max(), total / sizes.max()
    # Sums of like sizes are two of them apart: this is halfway to the next one, and of unlike ones next to nothing.
    end = total - float(sizes.min())
    if end <= 0:
        return 1.0
    low, high = 0.0, 40 / float(sizes.min())
    for _ in range(100):
        point = (low + high) / 2
        low, high = (point, high) if (sizes * np.tanh(point * sizes)).sum() < end else (low, point)
    lifted = np.exp(-2 * point * sizes)
    cumulant = float((point * sizes + np.log1p(lifted)).sum()) - len(sizes) * float(np.log(2))
    curvature = float((sizes**2 * 4 * lifted / (1 + lifted) ** 2).sum())
    root, slope = sqrt(max(0.0, 2 * (point * end - cumulant))), point * sqrt(curvature)
    if not root or not slope:
        return 1.0
    normal = NormalDist()
    return 2 * (normal.cdf(-root) + normal.pdf(root) * (1 / slope - 1 / root))


def adjust_holm(chances: Sequence[float]) -> list[float]:
    """The `p` of several comparisons, raised so that all that stay below 0.05 are right together at 95 % (Holm)."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    adjusted, highest = [0.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, chances[place] * (len(chances) - rank)))
        adjusted[place] = highest
    return adjusted


def adjust_discoveries(chances: Sequence[float]) -> list[float]:
    """The `p` of many comparisons, raised so that of all that stay below 0.05 about 5 % are by chance.

    As Benjamini and Hochberg (1995) do it; each of those that `adjust_holm` leaves is sure by itself, but of thousands
    it leaves few.
    """
    order = sorted(range(len(chances)), key=lambda place: -chances[place])
    adjusted, lowest = [0.0] * len(chances), 1.0
    for rank, place in enumerate(order):
        lowest = min(lowest, chances[place] * len(chances) / (len(chances) - rank))
        adjusted[place] = lowest
    return adjusted


def _number_draws(count: int) -> Iterator[np.ndarray]:
    """The numbers of `count` draws, DRAWS times, in blocks that memory holds: int64, shape (some, count)."""
    step = max(1, BLOCK // count)
    for start in range(0, DRAWS, step):
        stop = min(start + step, DRAWS)
        yield np.arange(start * count, stop * count).reshape(-1, count)


def _sum_by_scene(values: Sequence[float], scenes: Sequence[Hashable] | None) -> np.ndarray:
    """The sum of each scene's values, in the order in which scenes first come."""
    if scenes is None:
        return np.asarray(values, dtype=float)
    numbers: dict[Hashable, int] = {}
    owners = [numbers.setdefault(scene, len(numbers)) for scene in scenes]
    if len(owners) != len(values):
        raise ValueError(f"{len(values)} values, but scenes of {len(owners)}")
    return np.bincount(owners, weights=np.asarray(values, dtype=float), minlength=len(numbers))
