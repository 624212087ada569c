"""Levels of difficulty: which structures are of each, and which scenes get one of which.

The score of a structure is objects + attributes + 2 x relations. All structures of a cell have one score, so a level
is some cells, and each scene has its level by its place alone. Content is dealt from the same decks as without levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..foundation.counter_rng import BITS, WINDOW, count_below, deal, derive_key, stratify


@dataclass(frozen=True)
class Levels:
    """The levels of a split, numbered from 0.

    Attributes:
        starts: The least score of each level, and one above the largest of the last, int64, shape (levels + 1,).
        bounds: Ends of the cells' shares of [0, 2**BITS) in each level, int64, shape (levels, cells + 1).
        deck: Levels that are dealt to scenes one after the other, in parts of their shares, int64.
        ends: Where the scenes of each level end, if they are sorted by it, int64, shape (levels,).
    """

    starts: np.ndarray
    bounds: np.ndarray
    deck: np.ndarray
    ends: np.ndarray | None

    def list_levels(self, seed_key: int, start: int, count: int) -> np.ndarray:
        """The level of each scene from `start` on, int64; of scenes after the end of the split it is the last one."""
        if self.ends is not None:
            last = int(np.flatnonzero(np.diff(self.ends, prepend=0)).max())
            return np.minimum(np.searchsorted(self.ends, start + np.arange(count), side="right"), last)
        return self.deck[deal(derive_key(seed_key, "difficulty"), len(self.deck), start, count)]

    def count_levels(self, seed_key: int, scenes: int) -> np.ndarray:
        """How many of the first `scenes` scenes are of each level, int64, shape (levels,)."""
        count = len(self.bounds)
        if self.ends is not None:
            below = np.minimum(self.ends, scenes)
            counts = np.diff(below, prepend=0)
            counts[np.flatnonzero(np.diff(self.ends, prepend=0)).max()] += scenes - below[-1]
            return counts
        decks, rest = divmod(scenes, len(self.deck))
        again = self.list_levels(seed_key, decks * len(self.deck), rest)
        return decks * np.bincount(self.deck, minlength=count) + np.bincount(again, minlength=count)

    def count_cells(self, seed_key: int, scenes: int) -> np.ndarray:
        """How many of the first `scenes` scenes fall into each cell, int64, shape (cells,)."""
        counts = np.zeros(self.bounds.shape[1] - 1, dtype=np.int64)
        for level, number in enumerate(self.count_levels(seed_key, scenes).tolist()):
            key, whole = derive_key(seed_key, "structure", level), number - number % WINDOW
            below = count_below(key, whole, self.bounds[level])
            counts += np.diff(
                below + np.searchsorted(np.sort(stratify(key, whole, number - whole)), self.bounds[level])
            )
        return counts

    def sample_cells(self, seed_key: int, start: int, count: int) -> np.ndarray:
        """The cell of each scene from `start` on, int64, shape (count,)."""
        cells, levels = np.empty(count, dtype=np.int64), self.list_levels(seed_key, start, count)
        for level, before in enumerate(self.count_levels(seed_key, start).tolist()):
            at, first = np.flatnonzero(levels == level), before - before % WINDOW
            points = stratify(derive_key(seed_key, "structure", level), first, before + len(at) - first)
            cells[at] = np.searchsorted(self.bounds[level], points[before - first :], side="right") - 1
        return cells


def cut_levels(scores: np.ndarray, levels: int) -> np.ndarray | None:
    """Cuts the scores that occur into runs of as many each; `Levels.starts`, or None where there are too few."""
    distinct = np.unique(scores)
    if len(distinct) < levels:
        return None
    return np.array([*(run[0] for run in np.array_split(distinct, levels)), distinct[-1] + 1], dtype=np.int64)


def plan_levels(
    starts: np.ndarray, scores: np.ndarray, bounds: np.ndarray, parts: Sequence[int], rows: int | None
) -> Levels:
    """Shares scenes out to levels, and the scenes of a level to its cells as they are shared out without levels.

    Args:
        starts: See `Levels`.
        scores: The score of each cell, shape (cells,).
        bounds: Ends of the cells' shares without levels, shape (cells + 1,).
        parts: How many scenes each level gets of as many as there are parts.
        rows: How many rows are sorted by level; None where they are mixed.
    """
    of = np.searchsorted(starts, scores, side="right") - 1
    widths = np.where(of == np.arange(len(parts))[:, None], np.diff(bounds), 0).astype(np.float64)
    totals = np.cumsum(widths, axis=1)
    shares = np.concatenate([np.zeros((len(parts), 1)), totals], axis=1) / np.maximum(totals[:, -1:], 1)
    ends = None
    if rows is not None:
        whole = sum(parts)
        ends = np.array(
            [(2 * rows * part + whole) // (2 * whole) for part in np.cumsum(parts).tolist()], dtype=np.int64
        )
    deck = np.repeat(np.arange(len(parts)), parts)
    return Levels(starts, np.rint(shares * 2.0**BITS).astype(np.int64), deck, ends)
