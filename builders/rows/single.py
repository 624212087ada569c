"""Single scenes, by their index: no row before them is made, no file is read."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import GasError, advise
from ..recipe.loading import load_recipe
from ..recipe.networkx_graphs import read_graph
from .writer import WRITING, RowWriter, create_writer


def scene(recipe: str | Path, index: int, split: str = "train", **overrides: Any) -> dict[str, Any]:
    """One row of a dataset, the same as in a built one; also beyond the size that the recipe gives the split.

    Args:
        recipe: Name of a shipped recipe, or path of one's own.
        index: Which row, from 0.
        split: A split of the recipe.
        overrides: Override the recipe's fields of these names: `seed=7`, `structure={"complexity": [3, 5]}`.

    Returns:
        The row, as `datasets` gives it.

    Raises:
        GasError: There is no such recipe, split or row, or something is wrong with the recipe.
    """
    writer = open_writer(str(recipe), overrides)
    splits = writer.plan.recipe.splits
    if split not in splits:
        raise GasError(f"{writer.plan.recipe.name} has no split `{split}`; {advise(split, splits)}")
    if index < 0:
        raise GasError(f"there is no row {index}; the first one is 0")
    return writer.write_row(split, index)


def open_writer(recipe: str, overrides: dict[str, Any]) -> RowWriter:
    """Prepares a recipe with overrides, once for all who ask for it again."""
    key = json.dumps(overrides, sort_keys=True, default=read_graph)
    with WRITING:  # threads that ask at once get one writer
        return _create_writer(recipe, key)


@lru_cache(maxsize=4)
def _create_writer(recipe: str, overrides: str) -> RowWriter:
    return create_writer(load_recipe(recipe, json.loads(overrides)))
