"""Policies: from what is known of each level of difficulty, how much of the stream each shall get.

A policy is a function of the levels, easiest first, that gives a weight for each. Those below are all that there are;
`gas.stream` takes any other function of that kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import GasError
from .settings import CurriculumSettings


@dataclass(frozen=True)
class Level:
    """What is known of a level: means over its last scenes that were rewarded, where older ones fade.

    Attributes:
        number: From 1, the easiest.
        scenes: How many of its scenes were rewarded so far.
        reward: The mean reward; None before the first.
        spread: The standard deviation of the rewards of a scene's pictures.
        idle: The share of scenes whose pictures were all rewarded alike, which teach nothing.
    """

    number: int
    scenes: int = 0
    reward: float | None = None
    spread: float = 0.0
    idle: float = 0.0

    def add(self, reward: float, spread: float, memory: int) -> Level:
        """What is known after one more scene."""
        scenes = self.scenes + 1
        rate = 1 / min(scenes, memory)
        old = 0.0 if self.reward is None else self.reward
        return Level(
            self.number,
            scenes,
            old + rate * (reward - old),
            self.spread + rate * (spread - self.spread),
            self.idle + rate * (float(spread == 0) - self.idle),
        )


Policy = Callable[[Sequence[Level]], Sequence[float]]
"""Gives a weight for each level; they need no certain sum."""


def weigh_evenly(levels: Sequence[Level]) -> list[float]:
    """All levels alike, whatever they are rewarded with."""
    return [1.0] * len(levels)


def weigh_spread(levels: Sequence[Level]) -> list[float]:
    """Levels by the spread of their rewards, which is what an advantage of GRPO is made of.

    An unknown level gets as much as the best of those that are known.
    """
    most = max((one.spread for one in levels if one.scenes), default=1.0)
    return [one.spread if one.scenes else most for one in levels]


def weigh_target(levels: Sequence[Level], success: float, width: float) -> list[float]:
    """Levels by how near their mean reward is to the one that is sought, a bell curve; the unknown get most."""
    gaps = [0.0 if one.reward is None else (one.reward - success) / width for one in levels]
    nearest = min(abs(gap) for gap in gaps)  # taken off, or far from the target all weights would be 0
    return [math.exp((nearest**2 - gap**2) / 2) for gap in gaps]


def open_policy(settings: CurriculumSettings) -> Policy:
    """The policy that settings name."""
    if settings.policy == "target":
        return lambda levels: weigh_target(levels, settings.success, settings.width)
    return weigh_spread if settings.policy == "spread" else weigh_evenly


def share_out(policy: Policy, levels: Sequence[Level], least: float) -> list[float]:
    """What part of the stream each level gets next; the parts add up to 1.

    Raises:
        GasError: The policy gives no weights, or such that cannot be.
    """
    weights = [float(weight) for weight in policy(levels)]
    if len(weights) != len(levels) or not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise GasError(f"the policy gives {weights} for {len(levels)} levels; give each a number from 0 on")
    whole = sum(weights)
    if not whole:
        return [1 / len(levels)] * len(levels)
    return [least / len(levels) + (1 - least) * weight / whole for weight in weights]
