"""How many concepts each filter of a recipe leaves out.

Filters are applied one after the other, so every concept that is left out is counted once, under the first filter that
leaves it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...taxonomy import TABLES, Taxonomy
from ..recipe.model import Recipe
from .compatibility import Deck
from .filters import find_excluded, list_fixed_rows
from .pools import Pools, choose_pools
from .selection import apply_filters


@dataclass(frozen=True)
class FilterCount:
    """What one filter leaves out.

    Attributes:
        table: One of `TABLES`.
        key: Path of the recipe's key; None for what no recipe can change.
        value: What the recipe says there, as JSON has it; None without a key.
        reason: Why the concepts are left out.
        count: How many.
    """

    table: str
    key: str | None
    value: Any
    reason: str
    count: int


@dataclass(frozen=True)
class FilterReport:
    """What the filters of a recipe make of the taxonomy, by table.

    Attributes:
        total: Concepts of the taxonomy.
        drops: What each filter that applies leaves out, in order, also where it is none.
        added: Concepts that only a seed graph has, which may name what the filters leave out, or that all scenes have.
        left: Rows of the taxonomy's tables that scenes may have.
    """

    total: dict[str, int]
    drops: tuple[FilterCount, ...]
    added: dict[str, int]
    left: dict[str, np.ndarray]


def count_filtered(recipe: Recipe, taxonomy: Taxonomy) -> FilterReport:
    """Counts what the filters of a recipe leave out of a taxonomy.

    Raises:
        RecipeError: The recipe does not go with the taxonomy.
    """
    pools = choose_pools(recipe, taxonomy)
    total = {table: getattr(taxonomy, table).num_rows for table in TABLES}
    dealt = _list_dealt(pools, [table for table in TABLES if _find_disabling_key(recipe, table)])
    seeds = _list_seeds(pools)
    seeds["scene_attributes"] = list_fixed_rows(recipe, taxonomy)
    drops = tuple(drop for table in TABLES for drop in _count_table(recipe, taxonomy, pools, table))
    added = {table: len(np.setdiff1d(seeds[table], dealt[table])) for table in TABLES}
    return FilterReport(total, drops, added, {table: np.union1d(dealt[table], seeds[table]) for table in TABLES})


def _count_table(recipe: Recipe, taxonomy: Taxonomy, pools: Pools, table: str) -> Iterator[FilterCount]:
    """What each filter of a table leaves out, then what keeps concepts out of scenes that the filters leave."""
    steps = [
        (step.filter.key, step.filter.write_value(recipe), step.filter.reason, int(step.left.sum()))
        for step in apply_filters(recipe, taxonomy, table, [])
    ]
    if any(captions.unambiguous for captions in recipe.captions):
        steps.append(("captions.unambiguous", True, "can be read in two ways", len(_list_rows(pools, table))))
    if table in ("attributes", "relations") and recipe.content.constraints == "typed":
        fitting = len(_list_dealt(pools, ())[table])
        steps.append(("content.constraints", "typed", "goes with no kind of object that is left", fitting))
    if key := _find_disabling_key(recipe, table):
        steps.append((key, 0, "no scene has any", 0))
    before = getattr(taxonomy, table).num_rows
    for key, value, reason, left in steps:
        yield FilterCount(table, key, value, reason, before - left)
        before = left


def _find_disabling_key(recipe: Recipe, table: str) -> str | None:
    """The key of the recipe that keeps all of a table out of scenes, where it is 0; mostly there is none."""
    structure, content = recipe.structure, recipe.content
    most: dict[str, dict[str, int | None]] = {
        "attributes": {
            "structure.attributes": structure.attributes and structure.attributes.high,
            "content.attributes.max_per_object": content.attributes.max_per_object,
        },
        "relations": {"structure.relations": structure.relations and structure.relations.high},
        "scene_attributes": {"content.scene_attributes.count": content.scene_attributes.count.high},
    }
    return next((key for key, value in most.get(table, {}).items() if value == 0), None)


def _list_rows(pools: Pools, table: str) -> np.ndarray:
    """Rows of what filters leave, each once."""
    rows = {
        "objects": pools.objects,
        "attributes": pools.attributes.rows,
        "relations": pools.relations.rows,
        "scene_attributes": pools.scene_attributes.values,
    }
    return np.unique(rows[table])


def _list_dealt(pools: Pools, banned: Collection[str]) -> dict[str, np.ndarray]:
    """Rows of what is dealt: of what filters leave, what goes with some object, and none of tables that are banned."""
    rows = {table: _list_rows(pools, table) for table in TABLES}
    rows |= {"attributes": list_fitting(pools.attributes), "relations": list_fitting(pools.relations)}
    return {table: some[:0] if table in banned else some for table, some in rows.items()}


def list_left(pools: Pools) -> dict[str, np.ndarray]:
    """Rows, int64, of what scenes may have, dealt or in a seed graph."""
    dealt, seeds = _list_dealt(pools, ()), _list_seeds(pools)
    return {table: np.union1d(dealt[table], seeds[table]) for table in TABLES}


def describe_excluded(recipe: Recipe, taxonomy: Taxonomy) -> Iterator[str]:
    """Yields how many concepts each `exclude` of a recipe takes, and each of its names: `3 objects: cat 2, dog 1`."""
    for table in TABLES:
        left = np.ones(getattr(taxonomy, table).num_rows, dtype=bool)
        for step in apply_filters(recipe, taxonomy, table, []):
            names = step.filter.read_value(recipe) if (step.filter.key or "").endswith(".exclude") else ()
            counts = [f"{name} {left[find_excluded(taxonomy, table, name)].sum():,}" for name in names]
            if counts:
                yield f"{int((left & ~step.left).sum()):,} {table.replace('_', ' ')}: {', '.join(counts)}"
            left = step.left


def list_fitting(deck: Deck) -> np.ndarray:
    """Rows of a deck's cards that go with some object, each once."""
    return np.unique(deck.rows[np.any(deck.fits, axis=1)[deck.classes]])


def _list_seeds(pools: Pools) -> dict[str, np.ndarray]:
    """Rows of what the elements of a seed graph may be."""
    none, seed = [np.zeros(0, dtype=np.int64)], pools.seed
    return {
        "objects": np.unique(np.concatenate([*none, *seed.objects])),
        "attributes": np.unique(np.concatenate([*none, *(deck.rows for deck in seed.attributes)])),
        "relations": np.unique(np.concatenate([*none, *(deck.rows for deck in seed.relations)])),
        "scene_attributes": none[0],
    }
