"""What all rewards do: pictures of completions, rows of a trainer's columns, and what is logged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ...errors import GasError
from ..judges.protocol import Shown

Decode: TypeAlias = Callable[[Sequence[Sequence[int]]], Sequence[Shown]]
"""Makes a picture of each completion's token ids; its `out_of_range`, if it has one, is logged."""
Rewards: TypeAlias = list[float | None]
"""Of each picture; None where nothing rewards it."""
MADE = ("prompts", "completions")
"""What TRL gives of each completion besides the columns of its row."""


@dataclass
class Reward(ABC):
    """A reward; subclasses say in `reward_images` what a picture is worth.

    Attributes:
        decode: Makes pictures of completions; None where only `images` is called.
        figures: What is to be logged of the last step, by name.
        has_contrast: Whether two pictures of one scene have been rewarded unlike so far.
    """

    decode: Decode | None = field(default=None, kw_only=True)
    figures: dict[str, float] = field(default_factory=dict, init=False)
    has_contrast: bool = field(default=False, init=False)

    def __call__(
        self,
        completion_ids: Sequence[Sequence[int]],
        log_metric: Callable[[str, float], None] = lambda name, value: None,
        trainer_state: Any = None,
        **columns: Any,
    ) -> Rewards:
        """Rewards completions, as TRL asks for it: a column a keyword, of which each completion has its item.

        Raises:
            GasError: There is nothing to make pictures with.
        """
        if self.decode is None:
            raise GasError("the reward cannot make pictures of token ids; give `decode`, or call `reward.images`")
        kept = {name: items for name, items in columns.items() if name not in MADE and isinstance(items, Sequence)}
        rows = [{name: items[place] for name, items in kept.items()} for place in range(len(completion_ids))]
        rewards = self.images(self.decode(completion_ids), rows, getattr(trainer_state, "global_step", 0))
        out_of_range = getattr(self.decode, "out_of_range", None)
        self.figures |= {} if out_of_range is None else {"ids_out_of_range": out_of_range}
        for name, value in self.figures.items():
            log_metric(name, value)
        return rewards

    def images(self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int = 0) -> Rewards:
        """Rewards pictures.

        Args:
            images: The pictures.
            rows: Of each picture, its row: `questions` (or `question` and `answers`, as VQAv2 has them), for
                similarities `caption`, for what is logged `scene_graph`.
            step: In another step other questions may be drawn.

        Raises:
            ValueError: There are not as many rows as images.
        """
        if len(images) != len(rows):
            raise ValueError(f"{len(images)} images, but {len(rows)} rows")
        rewards, figures = self.reward_images(images, rows, step)
        groups = group_by_scene(rows)
        self.figures = {**figures, "distinct_pictures": measure_variety(images, groups)}
        self.has_contrast |= any(len({rewards[place] for place in group}) > 1 for group in groups)
        return rewards

    @abstractmethod
    def reward_images(
        self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int
    ) -> tuple[Rewards, dict[str, float]]:
        """What each picture is worth, and what is to be logged."""


def group_by_scene(rows: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """The places of rows that are alike: the pictures of one scene."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        groups[str(row)].append(place)
    return list(groups.values())


def measure_variety(images: Sequence[Shown], groups: Sequence[Sequence[int]]) -> float:
    """Of the pictures of a scene, the share that differ from each other; the mean over scenes."""
    frames = [image if isinstance(image, Sequence) else [image] for image in images]
    shown = [b"".join(one.tobytes() for one in some) for some in frames]
    return float(np.mean([len({shown[place] for place in group}) / len(group) for group in groups]))
