"""The rows of a split from its first on, in memory, without a build."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pyarrow as pa

from ..content.draw import draw_block
from ..content.scenes import list_blocks
from ..foundation.counter_rng import WINDOW
from .filtering import RowFilter, check_row_filters, write_kept
from .writer import RowWriter


def write_split(writer: RowWriter, split: str, rows: int) -> Iterator[pa.Table]:
    """Makes the first rows of a split, those that the recipe's filters keep, as the build would write them.

    Args:
        writer: Of the recipe.
        split: A split of the recipe.
        rows: How many, at least one; also more than the recipe gives the split.

    Yields:
        Tables, of which the first are small: who wants a few rows does not wait.

    Raises:
        GasError: The filters cannot be asked here, or keep next to nothing.
    """
    recipe = writer.plan.recipe
    if recipe.filters:
        check_row_filters(recipe)
        yield from write_kept(RowFilter(writer), split, rows)
        return
    for block, count in list_blocks(0, rows):
        yield from write_parts(writer, split, block, count, quick=block == 0)


def write_parts(writer: RowWriter, split: str, block: int, rows: int, quick: bool = True) -> Iterator[pa.Table]:
    """Makes the first rows of a block of a split; if it is to be quick, a few of them first.

    Templates are rendered once for every structure that a table has, so a table of few rows is soon made.
    """
    scenes = draw_block(writer.plan, split, block, 0, rows)
    bounds = sorted({0, min(rows, WINDOW), rows}) if quick else [0, rows]
    for first, last in pairwise(bounds):
        yield writer.write(scenes.cut(first, last), split)
