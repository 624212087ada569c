"""What a recipe says of concepts in company: which objects are in one scene, and what is only on which."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ...errors import GasError, Problem, RecipeError, gather_problems, suggest
from ...taxonomy import Taxonomy
from ..recipe.model import Recipe
from .filters import find_branch, find_each, list_groups

ALL = ~np.uint64(0)


def number_groups(recipe: Recipe, taxonomy: Taxonomy, left: np.ndarray) -> np.ndarray | None:
    """The groups of objects of which a scene has one, as bits: uint64, shape (objects,); None without groups.

    An object of no group, which only a seed graph can bring, goes with all.

    Args:
        recipe: The recipe.
        taxonomy: Its concepts.
        left: Rows of the objects that filters leave, which tell the groups that are large enough.
    """
    if not recipe.content.objects.together:
        return None
    bits = np.zeros(taxonomy.objects.num_rows, dtype=np.uint64)
    for number, rows in enumerate(list_groups(recipe, taxonomy, left)):
        bits[rows] |= np.uint64(1 << number)
    return np.where(bits == 0, ALL, bits)


def find_misplaced(recipe: Recipe, taxonomy: Taxonomy, attributes: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Pairs of these attributes and objects (rows) of which the recipe has the attribute on others only.

    Returns: Rows of attributes and objects, int64, shape (pairs, 2).

    Raises:
        RecipeError: With every name that the taxonomy does not have.
    """
    problems, said = list[Problem](), dict[int, np.ndarray]()
    kinds = taxonomy.attributes["kind"].to_pylist()
    entries = sorted((recipe.content.attributes.only_on or {}).items(), key=lambda entry: entry[0] not in kinds)
    for name, holders in entries:  # kinds come first, so that what is said of an attribute is said last
        wrong = list[Problem]()
        with gather_problems(wrong):
            rows = _find_attributes(taxonomy, kinds, name)
            found = find_each(holders, partial(find_branch, taxonomy, "objects"))
            said |= dict.fromkeys(rows, np.unique(np.concatenate(list(found.values()))))
        problems += [replace(one, key=f"content.attributes.only_on.{name}") for one in wrong]
    if problems:
        raise RecipeError(problems)
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    for row in attributes[np.isin(attributes, list(said))].tolist():
        others = objects[~np.isin(objects, said[row])]
        pairs.append(np.stack([np.full(len(others), row), others], axis=1))
    return np.concatenate(pairs)


def _find_attributes(taxonomy: Taxonomy, kinds: list[str], name: str) -> list[int]:
    """The attributes of a kind, or of a name, whichever there is."""
    if name in kinds:
        return [row for row, kind in enumerate(kinds) if kind == name]
    try:
        return [int(row) for row in find_branch(taxonomy, "attributes", name)]
    except GasError as error:
        close = suggest(name, dict.fromkeys(kinds))
        raise GasError(f"{error}; {close}" if close else str(error)) from error
