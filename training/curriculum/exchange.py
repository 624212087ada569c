"""Rewards of several processes: each rewards its own pictures, and all need to know what all were rewarded with."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from .history import Report


class Told(NamedTuple):
    """The reward of one picture.

    Attributes:
        id: Of its scene.
        step: Of the training.
        reward: None where it has none.
    """

    id: str
    step: int
    reward: float | None


def gather(own: list[Told]) -> list[Told]:
    """What all processes have to tell, in the order of the processes; every process of the group must call it."""
    torch = sys.modules.get("torch")
    if torch is None or not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return own
    parts: list[list[Told]] = [[] for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather_object(parts, own)
    return [told for part in parts for told in part]


def count_rewards(told: Iterable[Told], waiting: Mapping[str, int]) -> list[Report]:
    """What each scene that waits was rewarded with, in the order of the stream; what else is told is no news."""
    groups: dict[int, list[Told]] = defaultdict(list)
    for one in told:
        if one.id in waiting:
            groups[waiting[one.id]].append(one)
    return [_count(place, groups[place]) for place in sorted(groups)]


def _count(place: int, told: list[Told]) -> Report:
    rewards = np.array([one.reward for one in told if one.reward is not None], dtype=np.float64)
    if not len(rewards):
        return Report(place, told[0].step, 0, None, 0.0)
    # The deviation of like numbers is not always exactly 0.
    spread = 0.0 if (rewards == rewards[0]).all() else float(rewards.std())
    return Report(place, told[0].step, len(rewards), float(rewards.mean()), spread)
