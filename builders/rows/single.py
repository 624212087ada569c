"""Single scenes, by their index: no row before them is made, no file is read."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import GasError, advise
from ..recipe.fields import show
from ..recipe.model import Recipe
from ..recipe.networkx_graphs import read_graph
from .loading import load_checked
from .writer import WRITING, RowWriter, create_writer

ROWS = 2**62
"""Beyond it, numbers of rows would not fit into 64 bits with what is counted in them."""


def write_scene(writer: RowWriter, index: int, split: str) -> dict[str, Any]:
    """Makes one row of a split, the same as in a built dataset; also beyond the size that the recipe gives the split.

    Filters of the recipe are not asked: a row that they drop has its number, too.

    Args:
        writer: Of the recipe.
        index: Which row, from 0.
        split: A split of the recipe.

    Returns:
        The row, as `datasets` gives it.

    Raises:
        GasError: There is no such split or row.
    """
    try:
        number = operator.index(index)
    except TypeError as error:
        raise GasError(f"`index` must be a whole number, not {show(index)}") from error
    if not 0 <= number < ROWS:
        raise GasError(f"there is no row {show(number)}; the first one is 0, and the last {ROWS - 1}")
    check_split(writer.plan.recipe, split)
    return writer.write_row(split, number)


def check_split(recipe: Recipe, split: str) -> None:
    """Refuses a split that a recipe does not have.

    Raises:
        GasError: It does not have it.
    """
    if not isinstance(split, str) or split not in recipe.splits:
        raise GasError(f"{recipe.name} has no split {show(split)}; {advise(str(split), recipe.splits)}")


def open_writer(recipe: str, overrides: dict[str, Any]) -> RowWriter:
    """Prepares a recipe with overrides, once for all who ask for it again; see `simplify_keys`."""
    key = json.dumps(simplify_keys(overrides), sort_keys=True)
    with WRITING:  # threads that ask at once get one writer
        return _create_writer(recipe, key)


def simplify_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Makes what YAML could hold of keys of a recipe; `difficulty=2` leaves the levels to the recipe.

    Raises:
        GasError: YAML has no such values.
    """
    level = keys.get("difficulty")
    if isinstance(level, int | np.integer) and not isinstance(level, bool):
        keys = {**keys, "difficulty": {"only": level}}
    try:
        return {name: simplify(value, name) for name, value in keys.items()}
    except RecursionError as error:
        raise GasError("the overrides are too deep, or hold themselves") from error


def simplify(value: Any, name: str) -> Any:
    """Makes what YAML could hold of an override: NumPy's numbers and arrays become Python's, graphs mappings.

    Args:
        value: The override, or a part of it.
        name: Its dotted key, for the error.

    Raises:
        GasError: YAML has no such values.
    """
    try:
        value = read_graph(value)
    except (ValueError, TypeError) as error:
        raise GasError(f"`{name}` cannot be read as a seed graph: {error}") from error
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): simplify(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [simplify(item, name) for item in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise GasError(
        f"`{name}` must be text, a number, a list or a mapping, not {show(value)}, a {type(value).__name__}"
    )


@lru_cache(maxsize=4)
def _create_writer(recipe: str, overrides: str) -> RowWriter:
    return create_writer(load_checked(recipe, json.loads(overrides)))
