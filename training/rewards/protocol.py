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
from ..judges.waiting import wait_in_thread
from .words import find_reader, measure_words

Decode: TypeAlias = Callable[[Sequence[Sequence[int]]], Sequence[Shown]]
"""Makes a picture of each completion's token ids; its `out_of_range`, if it has one, is logged."""
Rewards: TypeAlias = list[float | None]
"""Of each picture; None where nothing rewards it."""
Rewarded: TypeAlias = tuple[Rewards, dict[str, float]]
"""What pictures are worth, and what is to be logged of it, by name."""
Log: TypeAlias = Callable[[str, float], None]
"""TRL's `log_metric`."""
MADE = ("prompts", "completions")
"""What TRL gives of each completion besides the columns of its row."""


@dataclass
class Reward(ABC):
    """A reward; subclasses say in `reward_images` what a picture is worth.

    Attributes:
        decode: Makes pictures of completions; None where only `images` is called.
        read_words: In how many pictures of a step words are read, which is slow; see `words.py`.
        figures: What is to be logged of the last step, by name.
        has_contrast: Whether two pictures of one scene have been rewarded unlike so far.
    """

    decode: Decode | None = field(default=None, kw_only=True)
    read_words: int = field(default=0, kw_only=True)
    figures: dict[str, float] = field(default_factory=dict, init=False)
    has_contrast: bool = field(default=False, init=False)

    def __call__(
        self,
        completion_ids: Sequence[Sequence[int]],
        log_metric: Log = lambda name, value: None,
        trainer_state: Any = None,
        **columns: Any,
    ) -> Rewards:
        """Rewards completions, as TRL asks for it: a column a keyword, of which each completion has its item.

        Raises:
            GasError: There is nothing to make pictures with.
        """
        return self._log(self._reward_completions(completion_ids, trainer_state, columns), log_metric)

    async def call_async(
        self,
        completion_ids: Sequence[Sequence[int]],
        log_metric: Log = lambda name, value: None,
        trainer_state: Any = None,
        **columns: Any,
    ) -> Rewards:
        """Does what calling it does, while the event loop has other work; see `images_async`."""
        found = await wait_in_thread(self._reward_completions, completion_ids, trainer_state, columns)
        return self._log(found, log_metric)

    def to_async(self) -> AsyncReward:
        """The reward as TRL's `reward_funcs` takes it to wait for several at once: a coroutine function."""
        return AsyncReward(self)

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
        return self._log(self._reward(images, rows, step))

    async def images_async(self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int = 0) -> Rewards:
        """Rewards pictures while the event loop has other work; several can be waited for at once.

        A judge behind a server has no more than its `concurrency` questions in hand, of all that one event loop waits
        for. Where the wait is cancelled, no question is left with it. A judge that computes here is waited for.
        """
        return self._log(await wait_in_thread(self._reward, images, rows, step))

    def _reward_completions(
        self, completion_ids: Sequence[Sequence[int]], trainer_state: Any, columns: Mapping[str, Any]
    ) -> Rewarded:
        if self.decode is None:
            raise GasError("the reward cannot make pictures of token ids; give `decode`, or call `reward.images`")
        kept = {name: items for name, items in columns.items() if name not in MADE and isinstance(items, Sequence)}
        rows = [{name: items[place] for name, items in kept.items()} for place in range(len(completion_ids))]
        found, figures = self._reward(self.decode(completion_ids), rows, getattr(trainer_state, "global_step", 0))
        out_of_range = getattr(self.decode, "out_of_range", None)
        return found, figures | ({} if out_of_range is None else {"ids_out_of_range": out_of_range})

    def _reward(self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int) -> Rewarded:
        if len(images) != len(rows):
            raise ValueError(f"{len(images)} images, but {len(rows)} rows")
        rewards, figures = self.reward_images(images, rows, step)
        groups = group_by_scene(rows)
        self.has_contrast |= any(len({rewards[place] for place in group}) > 1 for group in groups)
        figures = {**figures, "distinct_pictures": measure_variety(images, groups)}
        if self.read_words and (read := find_reader()):
            figures |= measure_words(read, images, rows, self.read_words)
        return rewards, figures

    def _log(self, found: Rewarded, log_metric: Log = lambda name, value: None) -> Rewards:
        rewards, self.figures = found
        for name, value in self.figures.items():
            log_metric(name, value)
        return rewards

    @abstractmethod
    def reward_images(self, images: Sequence[Shown], rows: Sequence[Mapping[str, Any]], step: int) -> Rewarded:
        """What each picture is worth, and what is to be logged."""


@dataclass
class AsyncReward:
    """A reward as a coroutine function; `to_async` makes one.

    Attributes:
        reward: Whose `call_async` it is.
    """

    reward: Any

    def __post_init__(self) -> None:
        self.__name__ = self.reward.__name__

    async def __call__(self, **told: Any) -> Rewards:
        """See `Reward`."""
        rewards: Rewards = await self.reward.call_async(**told)
        return rewards


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
