"""Scenes of a split by their level of difficulty: of each level the next one, wherever it stands in the split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import GasError
from ..content.draw import draw_block
from ..content.scenes import BLOCK
from ..foundation.counter_rng import WINDOW, derive_key
from ..structures.levels import Levels
from .single import check_split
from .writer import RowWriter

CHUNK = 4 * WINDOW
"""Scenes that are made at once: of one alone the templates take most of the time. Whole chunks fit into a block."""


class LevelReader:
    """Finds and makes the scenes of each level of a split, the same as in a built dataset; beyond its size, too.

    Attributes:
        writer: Makes the rows.
        split: Of the recipe.
    """

    def __init__(self, writer: RowWriter, split: str) -> None:
        """Opens a split.

        Raises:
            GasError: The recipe has no such split, no levels, or levels that a split does not mix.
        """
        recipe = writer.plan.recipe
        check_split(recipe, split)
        if recipe.difficulty is None:
            raise GasError(f"{recipe.name} has no levels of difficulty; add `difficulty: {{levels: 3}}`")
        parts = recipe.difficulty.list_parts()
        if recipe.difficulty.only is not None:
            what = f"{recipe.name} has scenes of level {recipe.difficulty.only} alone"
            raise GasError(f"{what}, among which there is nothing to choose; leave `difficulty.only` out")
        if recipe.difficulty.order != "mixed":
            raise GasError(f"the order of {recipe.name} is {recipe.difficulty.order}; leave `difficulty.order` out")
        if 0 in parts:
            raise GasError(
                f"{recipe.name} has no scenes of level {parts.index(0) + 1}; give it a share, or none at all"
            )
        plan = writer.plan.splits.get(split, writer.plan)
        assert plan.structures.levels is not None
        self.writer, self.split = writer, split
        self._levels: Levels = plan.structures.levels
        self._key = derive_key(recipe.seed, recipe.name, split)
        self._tables: dict[int, pa.Table] = {}
        self._near: dict[int, int] = {}

    @property
    def count(self) -> int:
        """How many levels there are."""
        return len(self._levels.bounds)

    def find_next(self, level: int, start: int) -> int:
        """The first scene of a level, from 1, that is not before the scene `start`."""
        while True:
            found = np.flatnonzero(self._levels.list_levels(self._key, start, CHUNK) == level - 1)
            if len(found):
                return start + int(found[0])
            start += CHUNK

    def read(self, level: int, index: int) -> dict[str, Any]:
        """The row of a scene of a level. Rows near to it are made with it and kept, for they are likely to follow."""
        chunk = index // CHUNK
        self._near[level] = chunk
        if chunk not in self._tables:
            near = set(self._near.values())
            self._tables = {one: table for one, table in self._tables.items() if one in near}
            block, first = divmod(chunk * CHUNK, BLOCK)
            scenes = draw_block(self.writer.plan, self.split, block, first, first + CHUNK)
            self._tables[chunk] = self.writer.write(scenes, self.split)
        row: dict[str, Any] = self._tables[chunk].slice(index % CHUNK, 1).to_pylist()[0]
        return row
