"""How many scenes and pictures show that one model is better than another.

Formula: of a scene, the difference of two models' shares of right answers, each the mean over its pictures, has the
variance b + 2 w / pictures: b is how far the models' difference differs from scene to scene, w how far one model's
pictures of a scene differ from each other. A test at 5 %, both sides, sees a difference d with the power asked for
where scenes >= (z(0.975) + z(power))^2 (b + 2 w / pictures) / d^2, and two more for the variance being estimated
(Guenther 1981). Both variances are those of a pilot, or assumed.

Blind to: the judge's errors, which make a true difference look smaller than it is: plan for what will be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from statistics import NormalDist
from typing import Any

import numpy as np

from ...errors import GasError
from ..metrics.group_intervals import Cells
from ..metrics.intervals import Z
from .arrays import Evaluations, Sample, read_evaluations
from .tables import Run

SPREAD = 0.25
"""Without a pilot: the standard deviation of the shares of right answers of pictures."""
WITHIN = 0.5
"""How much of their variance is assumed to lie between pictures of one scene."""
ALIKE = 0.5
"""How far two models are assumed to find the same scenes hard: the correlation of their scenes' shares."""
PICTURES = (1, 2, 4, 8)
LEAST = 1e-12
"""A variance below that is none."""


@dataclass(frozen=True)
class Spread:
    """Variances, and where they are from.

    Attributes:
        between: Of the difference of two models, from scene to scene.
        within: Of one model's pictures of a scene.
        source: For people.
    """

    between: float
    within: float
    source: str


def plan_difference(
    difference: float,
    power: float = 0.8,
    pilot: Run | None = None,
    other: Run | None = None,
    spread: float = SPREAD,
    pictures: Sequence[int] = PICTURES,
) -> dict[str, Any]:
    """How many scenes and pictures show a difference between two models on the same scenes.

    Args:
        difference: Of the shares of right answers, such as 0.02.
        power: How probable it is to be that the difference is seen, at 5 %.
        pilot: An evaluation of a few hundred scenes to take variances from.
        other: One of another model on the same scenes: how far both find the same scenes hard is then measured, too.
        spread: Without a pilot, or with one of which no two scenes differ, the standard deviation of the shares of
            right answers of pictures.
        pictures: How many pictures of a scene to consider.

    Returns: `difference`, `power`, `between`, `within`, `source` and `plans`: for each number of pictures `pictures`,
        `scenes` and `all_pictures` of each model, as JSON can hold it.

    Raises:
        GasError: A number is out of range, or the pilot has too few answers.
    """
    for name, value, usual in (("difference", difference, 0.02), ("power", power, 0.8), ("spread", spread, SPREAD)):
        if not 0 < value < 1:
            raise GasError(f"`{name}` is {value:g}; give a number between 0 and 1, such as {usual:g}")
    if not pictures or min(pictures) < 1:
        raise GasError("`pictures` of a scene are 1 or more")
    assumed = _assume(spread**2 * (1 - WITHIN), spread**2 * WITHIN)
    found = measure_spread(pilot, other) if pilot else assumed
    if pilot and found.between + found.within < LEAST:
        found = replace(assumed, source=f"assumed, since no two scenes of {pilot.model} differ")
    factor = ((Z + NormalDist().inv_cdf(power)) / difference) ** 2
    plans = []
    for count in pictures:
        scenes = ceil(factor * (found.between + 2 * found.within / count) + Z**2 / 2)
        plans.append({"pictures": count, "scenes": scenes, "all_pictures": scenes * count})
    return {
        "difference": difference,
        "power": power,
        "between": round(found.between, 6),
        "within": round(found.within, 6),
        "source": found.source,
        "plans": plans,
    }


def describe_plan(plan: dict[str, Any]) -> str:
    """A plan for people, in lines."""
    lines = [
        f"To see a difference of {plan['difference']:g} between two models in {100 * plan['power']:.0f} of 100 cases, "
        "at 5 %, on the same scenes:"
    ]
    for one in plan["plans"]:
        pictures = f"{one['pictures']} picture{'s' if one['pictures'] > 1 else ''} each"
        lines.append(f"  {one['scenes']:>9,} scenes, {pictures:<16} {one['all_pictures']:>10,} pictures of each model")
    return "\n".join([*lines, f"Spread: {plan['source']}."])


def _assume(between: float, within: float, source: str = "") -> Spread:
    """The variance of a difference where only the spread of one model's scenes is known."""
    told = source or "assumed; a pilot tells it: gas evaluate --plan RUN"
    return Spread(2 * (1 - ALIKE) * between, within, told)


def measure_spread(pilot: Run, other: Run | None = None) -> Spread:
    """Takes variances from a pilot.

    Of one picture a scene nothing tells how pictures of one scene differ; half of the variance is then taken for that.

    Raises:
        GasError: It has answers about fewer than two scenes.
    """
    found = read_evaluations([pilot, other] if other else [pilot])
    shares = [_share_pictures(sample, found) for sample in found.samples]
    parts = [_part_variance(one) for one in shares]
    counts = f"{len(np.unique(shares[0].scene)):,} scenes of {pilot.model}"
    if other is None:
        between, within, several = parts[0]
        told = "" if several else f", half of it assumed to lie between pictures of one scene ({WITHIN:g})"
        return _assume(between, within, f"{counts}; that another model finds the same scenes hard is assumed{told}")
    here, there = (_average_scenes(one) for one in shares)
    both = np.isfinite(here[0]) & np.isfinite(there[0])
    if both.sum() < 2:
        raise GasError(f"{pilot.folder} and {other.folder} have fewer than two scenes in common")
    total = float(np.var(here[0][both] - there[0][both], ddof=1))
    error = sum(part[1] * float(np.mean(1 / one[1][both])) for part, one in zip(parts, (here, there), strict=True))
    return Spread(max(0.0, total - error), (parts[0][1] + parts[1][1]) / 2, f"{counts} and {other.model}")


def _share_pictures(sample: Sample, found: Evaluations) -> Cells:
    """The share of right answers of each picture, as what is summed by scene."""
    values = sample.answers.sum_pictures(len(sample.images))
    kept = np.flatnonzero(np.isfinite(values))
    if len(np.unique(sample.scene_of_image[kept])) < 2:
        raise GasError(f"{sample.run.folder} has answers about fewer than two scenes; a pilot needs some hundred")
    scene = sample.scene_of_image[kept]
    return Cells(found.scenes, scene, scene, values[kept], np.ones(len(kept)))


def _average_scenes(shares: Cells) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each scene's pictures, NaN where there are none, and how many there are."""
    return shares.ratios, np.maximum(shares.sum_groups(shares.wholes), 1)


def _part_variance(shares: Cells) -> tuple[float, float, bool]:
    """The variance between scenes, that of pictures of a scene, and whether scenes have several."""
    means, counts = _average_scenes(shares)
    means, known = means[np.isfinite(means)], counts[np.isfinite(means)]
    total, freedom = float(np.var(means, ddof=1)), float((known - 1).sum())
    if not freedom:
        return total * (1 - WITHIN), total * WITHIN, False
    rest = shares.parts - shares.ratios[shares.group]
    within = float((rest**2).sum()) / freedom
    return max(0.0, total - within * float(np.mean(1 / known))), within, True
