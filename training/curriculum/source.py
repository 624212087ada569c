"""Where the scenes of a stream are from: its history goes on, with what it is told in between, and is logged."""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...builders.rows.by_level import LevelReader
from ...errors import GasError, GasWarning
from ..upstream import is_first
from .exchange import Told, count_rewards, gather
from .history import Draw, History, Report
from .log import write_line

AHEAD = 1000
"""Scenes that are read while none is rewarded: more are a sign that the rewards do not reach the stream."""
MakeRow = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes of a dataset's row what a trainer gets."""


class Source:
    """Where the scenes of a stream are from.

    Attributes:
        reader: Makes the scenes.
        history: What was drawn and reported so far.
        make_row: See `MakeRow`.
        log: The file that all of it is written to.
        planned: What is drawn, whatever is reported: the draws of another stream; None where a policy chooses.
        weights: How much each reward that is followed counts.
        told: What is known of pictures and not yet entered.
    """

    def __init__(
        self,
        reader: LevelReader,
        history: History,
        make_row: MakeRow,
        log: Path | None = None,
        planned: Sequence[Draw] | None = None,
    ) -> None:
        self.reader, self.history, self.make_row, self.log, self.planned = reader, history, make_row, log, planned
        self.weights, self.told = [1.0], list[Told]()
        self._calls: dict[int, list[tuple[Sequence[str], Sequence[Any], int]]] = defaultdict(list)
        self._has_warned = False

    def enter(self, number: int, ids: Sequence[str], rewards: Sequence[Any], step: int) -> None:
        """Takes what a reward function gave; it is summed up when all that count have given theirs."""
        self._calls[number].append((ids, rewards, step))
        if all(self._calls[one] for one in range(len(self.weights))):
            calls = [self._calls[one].pop(0) for one in range(len(self.weights))]
            columns = zip(*(given for _, given, _ in calls), strict=True)
            sums = [weigh_rewards(some, self.weights) for some in columns]
            self.told += [Told(str(one), step, reward) for one, reward in zip(ids, sums, strict=True)]

    def read_from(self, place: int) -> Iterator[dict[str, Any]]:
        """The rows from a place on.

        Raises:
            GasError: What was drawn before that place is not known, or no reward can come to this process.
        """
        for draw in (self.planned or ())[len(self.history.draws) : place]:
            self._take(draw)
        if place > len(self.history.draws):
            what = f"the state begins at scene {place}, and of this stream {len(self.history.draws)} were drawn"
            raise GasError(f"{what}; open it with the log of the one that was saved: gas.stream(..., log=FILE)")
        while True:
            self.hear()
            if place == len(self.history.draws) and not self._draw():
                return
            draw = self.history.draws[place]
            place += 1
            yield {**self.make_row(self.reader.read(draw.level, draw.index)), "id": draw.id, "level": draw.level}

    def hear(self) -> None:
        """Enters what all processes were told since the last scene; all have something to tell, or none has."""
        if not self.told:
            return
        told, self.told = self.told, []
        for report in count_rewards(gather(told), self.history.waiting):
            self.history.add(report)
            self._write(report)

    def _draw(self) -> bool:
        """Draws the next scene, if there is one."""
        if self.planned is not None:
            if len(self.history.draws) == len(self.planned):
                return False
            self._take(self.planned[len(self.history.draws)])
            return True
        _refuse_workers()
        level = self.history.choose()
        index = self.reader.find_next(level, self.history.next[level - 1])
        self._take(Draw(len(self.history.draws), level, index, self.reader.read(level, index)["id"]))
        if self.history.ahead > AHEAD and self.history.follows and not self._has_warned:
            self._has_warned = True
            what = f"{AHEAD:,} scenes were read and none of them was rewarded, so the stream follows nothing"
            hint = "give `reward_funcs` what `stream.follow(reward)` makes, and neither shuffle nor read ahead"
            warnings.warn(f"{what}; {hint}", GasWarning, stacklevel=2)
        return True

    def _take(self, draw: Draw) -> None:
        self.history.take(draw)
        self._write(draw)

    def _write(self, event: Draw | Report) -> None:
        if self.log and is_first():
            write_line(self.log, event)


def weigh_rewards(rewards: Sequence[Any], weights: Sequence[float]) -> float | None:
    """What a picture is rewarded with, all told, as TRL sums it up; None where nothing rewards it."""
    read = [read_reward(reward) for reward in rewards]
    known = [reward * weight for reward, weight in zip(read, weights, strict=True) if reward is not None]
    return sum(known) if known else None


def read_reward(reward: Any) -> float | None:
    """A reward as a number; None where there is none, or it is NaN.

    Raises:
        GasError: It is no number.
    """
    if reward is None:
        return None
    try:
        number = float(reward)
    except (TypeError, ValueError) as error:
        raise GasError(f"the reward {reward!r} is no number; give a number for each picture, or None") from error
    return None if number != number else number


def _refuse_workers() -> None:
    """Refuses to draw in a worker of a `DataLoader`, which no reward ever reaches.

    Raises:
        GasError: It is one.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.utils.data.get_worker_info() is not None:
        raise GasError("a worker of a DataLoader hears of no rewards; set `dataloader_num_workers` to 0")
