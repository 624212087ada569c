"""Intervals of many groups at once, such as kinds of questions, over the same resampled scenes.

What is measured of a group is a ratio of sums: right answers over answers, or the sum of scores over pictures. Sums by
scene and group are all that intervals need, so a million answers cost no more than their scenes do.

    estimate_groups       by the bootstrap: scenes are drawn with all that belongs to them
    approximate_groups    by the variance between scenes, for groups by the thousand
    estimate_differences  two models on the same scenes, drawn together
    estimate_two_way      scenes and numbers of pictures are both drawn

Source: Hesterberg (2015, "What teachers should know about the bootstrap") on percentiles that are widened for few
scenes; Korn and Graubard (1998) on Wilson's interval where answers come in clusters; Owen (2007) on the pigeonhole
bootstrap; Holm (1979) is in `intervals.py`.

Which variance is in an interval: drawing whole scenes covers which scenes were asked for, and all that differs from
picture to picture of one scene where each picture has a seed of its own, since then nothing is common to the third
pictures of two scenes. Where a seed is one for all scenes (GenEval's folders are often made so), their third pictures
share it, and scenes are not independent. `estimate_two_way` draws the numbers of pictures, too, and is then the one to
read; it is widened for few numbers, since four tell little of how numbers differ. Without such seeds it counts the
variance between pictures twice, and is about twice as wide as it need be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import pi, sqrt
from statistics import NormalDist

import numpy as np

from ...builders.foundation.counter_rng import derive_key, draw_below, hash_numbers
from .intervals import BLOCK, DRAWS, Estimate, Z, measure_chance

MOST_UNITS = 4096
"""More scenes than that are drawn in so many bundles: of bundles made by chance the variance is that of scenes."""
DENSE = 1 << 24
"""Up to so many scenes times groups are counted in one array."""
AT_ONCE = 256
"""Groups that are drawn at once."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Scenes, drawn with replacement again and again.

    Attributes:
        seed: By what they were drawn.
        units: What each scene is drawn with, int64, shape (scenes,).
        weights: How often each unit is in each draw, float64, shape (DRAWS, units).
    """

    seed: int
    units: np.ndarray
    weights: np.ndarray

    @property
    def scenes(self) -> int:
        return len(self.units)

    @cached_property
    def signs(self) -> np.ndarray:
        """1 or -1 for each unit in each draw, float64, of the shape of the weights."""
        numbers = np.arange(self.weights.size).reshape(self.weights.shape)
        return 1.0 - 2.0 * (hash_numbers(derive_key(self.seed, "swap"), numbers) >> np.uint64(63))


def draw_scenes(scenes: int, seed: int = 0) -> Draws:
    """Draws scenes once, for all that is measured on them."""
    count = max(1, min(scenes, MOST_UNITS))
    order = np.argsort(hash_numbers(derive_key(seed, "bundle"), np.arange(scenes)), kind="stable")
    units = np.empty(scenes, dtype=np.int64)
    units[order] = np.arange(scenes) % count
    key, weights = derive_key(seed, "resample"), np.empty((DRAWS, count))
    step = max(1, BLOCK // count)
    for start in range(0, DRAWS, step):
        stop = min(start + step, DRAWS)
        drawn = draw_below(key, np.arange(start * count, stop * count), count).reshape(-1, count)
        drawn += np.arange(stop - start)[:, None] * count
        weights[start:stop] = np.bincount(drawn.reshape(-1), minlength=drawn.size).reshape(-1, count)
    return Draws(seed, units, weights)


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums by scene and group, those alone that have something: arrays of one length.

    Attributes:
        groups: How many groups there are.
        scene: The number of the scene of each.
        group: The number of its group.
        parts: What is summed above the line.
        wholes: What is summed below it; above 0.
    """

    groups: int
    scene: np.ndarray
    group: np.ndarray
    parts: np.ndarray
    wholes: np.ndarray

    def sum_groups(self, values: np.ndarray) -> np.ndarray:
        """Sums values of cells by group, float64, shape (groups,)."""
        return np.bincount(self.group, values, self.groups)

    @property
    def ratios(self) -> np.ndarray:
        """The ratio of each group; NaN where a group has nothing."""
        below = self.sum_groups(self.wholes)
        return np.divide(self.sum_groups(self.parts), below, out=np.full(self.groups, np.nan), where=below > 0)

    def take(self, kept: np.ndarray) -> Cells:
        """Some of the cells, by their places or by a mask."""
        return Cells(self.groups, self.scene[kept], self.group[kept], self.parts[kept], self.wholes[kept])


def sum_cells(
    scene: np.ndarray, group: np.ndarray, groups: int, parts: np.ndarray, wholes: np.ndarray, scenes: int
) -> Cells:
    """Sums what belongs to scenes and groups.

    Args:
        scene: The number of the scene of each value, below `scenes`.
        group: The number of its group, below `groups`; -1 for none.
        groups: How many groups there are.
        parts: Values, such as 1 for a right answer.
        wholes: What they are of, such as 1 for an answer; 0 for what does not count.
        scenes: How many scenes there are.
    """
    kept = np.flatnonzero((group >= 0) & (wholes > 0))
    keys, above, below = scene[kept] * groups + group[kept], parts[kept], wholes[kept]
    if scenes * groups <= DENSE:
        sums = np.bincount(keys, below, scenes * groups)
        found = np.flatnonzero(sums)
        above, below = np.bincount(keys, above, scenes * groups)[found], sums[found]
    else:
        found, places = np.unique(keys, return_inverse=True)
        above, below = np.bincount(places, above, len(found)), np.bincount(places, below, len(found))
    return Cells(groups, found // groups, found % groups, above, below)


@dataclass(frozen=True, eq=False)
class Groups:
    """What is known of groups, arrays of one length; NaN where nothing is.

    Attributes:
        value: The ratio of each.
        low: Where its interval begins.
        high: Where it ends.
        count: What lies below the line, such as answers.
        scenes: Of how many scenes.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray
    scenes: np.ndarray


def estimate_groups(cells: Cells, draws: Draws, is_share: bool = True) -> Groups:
    """The ratio of each group with its interval, by resampling scenes.

    Args:
        cells: The sums.
        draws: The scenes that are drawn.
        is_share: Whether ratios are shares, from 0 to 1. Where all or none are right, no draw differs; the interval is
            then Wilson's, with one answer a scene.
    """
    scenes = np.bincount(cells.group, minlength=cells.groups)
    low, high = np.full(cells.groups, np.nan), np.full(cells.groups, np.nan)
    for some, above, below in _draw_sums(cells, draws):
        ratios = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
        low[some], high[some] = _cut(ratios, scenes[some])
    value = cells.ratios
    if is_share:
        alike = (value <= 0) | (value >= 1)
        low[alike], high[alike] = _widen_shares(value[alike], scenes[alike].astype(float))
    return Groups(value, low, high, cells.sum_groups(cells.wholes), scenes)


def approximate_groups(cells: Cells, is_share: bool = True) -> Groups:
    """The ratio of each group with its interval, by how much scenes differ; for many groups of few scenes.

    Shares get Wilson's interval, with as many answers as tell as much where each is of a scene of its own; other
    ratios Student's.
    """
    value, scenes = cells.ratios, np.bincount(cells.group, minlength=cells.groups)
    error = np.sqrt(measure_variances(cells))
    spread = _student(scenes) * error
    if not is_share:
        return Groups(value, value - spread, value + spread, cells.sum_groups(cells.wholes), scenes)
    variance = (spread / Z) ** 2
    number = np.divide(value * (1 - value), variance, out=scenes.astype(float), where=variance > 0)
    low, high = _widen_shares(value, np.clip(number, 1.0, np.maximum(cells.sum_groups(cells.wholes), 1.0)))
    return Groups(value, low, high, cells.sum_groups(cells.wholes), scenes)


def measure_variances(cells: Cells) -> np.ndarray:
    """The variance of each group's ratio, between scenes, by linearization; NaN for one scene."""
    scenes, below = np.bincount(cells.group, minlength=cells.groups), cells.sum_groups(cells.wholes)
    rest = cells.parts - cells.ratios[cells.group] * cells.wholes
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scenes > 1, cells.sum_groups(rest**2) * scenes / (scenes - 1) / below**2, np.nan)


@dataclass(frozen=True, eq=False)
class Differences(Groups):
    """How much more one model has than another, group by group.

    Attributes:
        p: How probable a difference as large, up or down, is if the two are alike.
    """

    p: np.ndarray


def estimate_differences(one: Cells, other: Cells, draws: Draws) -> Differences:
    """The difference of two models' ratios in each group, over scenes that both have there, drawn together.

    `p` is by chance swaps of the two models, scene by scene, as `compare_models` has it.

    Args:
        one: The sums of one model.
        other: Those of the other.
        draws: The scenes that are drawn.
    """
    keys, others = (cells.scene * cells.groups + cells.group for cells in (one, other))
    _, here, there = np.intersect1d(keys, others, assume_unique=True, return_indices=True)
    one, other = one.take(here), other.take(there)
    scenes = np.bincount(one.group, minlength=one.groups)
    shape = one.groups
    low, high, p = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    both = zip(_draw_sums(one, draws), _draw_sums(other, draws), strict=True)
    for (some, above, below), (_, others_above, others_below) in both:
        with np.errstate(divide="ignore", invalid="ignore"):
            gains = above / below - others_above / others_below
        low[some], high[some] = _cut(gains, scenes[some])
    gains = _list_gains(one, other)
    for some in _split(one.groups):
        sums = _sum_units(one, gains, draws, some)
        least = np.abs(sums.sum(axis=0)) - 1e-9 * np.abs(sums).sum(axis=0)  # rounding makes no equal sum smaller
        as_large = (np.abs(draws.signs @ sums) >= least).sum(axis=0).tolist()
        p[some] = [measure_chance(own, number) for own, number in zip(sums.T, as_large, strict=True)]
    p[scenes == 0] = np.nan
    return Differences(one.ratios - other.ratios, low, high, one.sum_groups(one.wholes), scenes, p)


def _list_gains(one: Cells, other: Cells) -> np.ndarray:
    """What each scene adds to the difference, if both models are alike; they sum up to it, one a cell."""
    sums = {name: one.sum_groups(getattr(one, name)) + other.sum_groups(getattr(other, name)) for name in _SIDES}
    with np.errstate(divide="ignore", invalid="ignore"):
        common = sums["parts"] / sums["wholes"]
        shares = [
            (cells.parts - common[cells.group] * cells.wholes) / cells.sum_groups(cells.wholes)[cells.group]
            for cells in (one, other)
        ]
    return shares[0] - shares[1]


_SIDES = ("parts", "wholes")


def estimate_two_way(
    parts: np.ndarray, wholes: np.ndarray, scenes: np.ndarray, numbers: np.ndarray, seed: int = 0
) -> Estimate:
    """A ratio with its interval where the pictures of one number share something in all scenes, such as a seed.

    Scenes are drawn, and apart from them numbers of pictures; a picture counts as often as both were drawn.

    Args:
        parts: Of each picture.
        wholes: Of each picture, 0 or more.
        scenes: The number of the scene of each.
        numbers: Which of its scene's pictures it is, from 0.
        seed: Another one draws others.

    Raises:
        ValueError: The wholes are 0.
    """
    if not wholes.sum() > 0:
        raise ValueError("there is nothing to measure")
    draws, count = draw_scenes(int(scenes.max()) + 1, seed), int(numbers.max()) + 1
    times = draw_scenes(count, derive_key(seed, "numbers")).weights
    sums = [
        np.bincount(draws.units[scenes] * count + numbers, values, draws.weights.shape[1] * count).reshape(-1, count)
        for values in (parts, wholes)
    ]
    above, below = (((draws.weights @ one) * times[:, : one.shape[1]]).sum(axis=1) for one in sums)
    ratios = np.divide(above, below, out=np.full(DRAWS, np.nan), where=below > 0)
    low, high = _cut(ratios[:, None], np.array([min(count, len(np.unique(scenes[wholes > 0])))]))
    return Estimate(float(parts.sum() / wholes.sum()), float(low[0]), float(high[0]))


def read_draws(values: np.ndarray) -> Estimate:
    """The first value, with the interval of the others, which are of draws; those that are NaN are of no use."""
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return Estimate(float(values[0]), float(low), float(high))


def _split(groups: int) -> Iterator[slice]:
    for start in range(0, groups, AT_ONCE):
        yield slice(start, min(start + AT_ONCE, groups))


def _sum_units(cells: Cells, values: np.ndarray, draws: Draws, some: slice) -> np.ndarray:
    """The sums of values of some groups by the units that are drawn, float64, shape (units, groups)."""
    kept = (cells.group >= some.start) & (cells.group < some.stop)
    width, units = some.stop - some.start, draws.weights.shape[1]
    keys = draws.units[cells.scene[kept]] * width + cells.group[kept] - some.start
    return np.bincount(keys, values[kept], units * width).reshape(units, width)


def _draw_sums(cells: Cells, draws: Draws) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Some groups at a time: which, and their parts and wholes in each draw, shape (DRAWS, groups)."""
    for some in _split(cells.groups):
        yield some, *(draws.weights @ _sum_units(cells, getattr(cells, side), draws, some) for side in _SIDES)


def _cut(ratios: np.ndarray, scenes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of intervals from what was drawn, shape (DRAWS, groups); draws in which a group has nothing are NaN."""
    ratios = np.sort(ratios, axis=0)  # NaN comes last
    known = len(ratios) - np.isnan(ratios).sum(axis=0)
    normal = NormalDist()
    tails = {
        n: normal.cdf(-float(_student(np.array([n]))[0]) * sqrt(n / (n - 1))) for n in set(scenes.tolist()) if n > 1
    }
    tail = np.array([tails.get(n, np.nan) for n in scenes.tolist()])
    tail[known == 0] = np.nan
    ends = []
    for share in (tail, 1 - tail):
        place = np.nan_to_num(share * (known - 1))
        below = np.clip(np.floor(place).astype(int), 0, len(ratios) - 1)
        above = np.minimum(below + 1, np.maximum(known - 1, 0))
        columns = np.arange(ratios.shape[1])
        start, stop = ratios[below, columns], ratios[above, columns]
        ends.append(np.where(np.isnan(share), np.nan, start + (place - below) * (stop - start)))
    return ends[0], ends[1]


def _student(scenes: np.ndarray) -> np.ndarray:
    """Quantiles of Student's distribution for 95 % with `scenes - 1` degrees of freedom; NaN for one scene.

    Exact for one and two degrees, and from there on by Cornish and Fisher's series, within 0.002 from five on.
    """
    freedom = np.maximum(scenes - 1.0, 1.0)
    z, f = Z, freedom
    series = z + (z**3 + z) / (4 * f) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * f**2)
    series += (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * f**3)
    few = np.where(freedom == 1, 1 / np.tan(pi * 0.025), (1 - 0.05) * sqrt(2 / (1 - 0.95**2)))
    return np.where(scenes < 2, np.nan, np.where(freedom < 3, few, series))


def _widen_shares(share: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of shares, each of a number of independent answers."""
    with np.errstate(divide="ignore", invalid="ignore"):
        square = Z**2 / number
        middle = (share + square / 2) / (1 + square)
        margin = Z / (1 + square) * np.sqrt(share * (1 - share) / number + square / (4 * number))
    return np.where(share <= 0, 0.0, middle - margin), np.where(share >= 1, 1.0, middle + margin)
