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
from .filters import filter_concepts
from .pools import Pools, choose_pools

FILTERS = {
    "objects": ("tier", "exclude", "min_frequency", "under", "top", "weights"),
    "attributes": ("tier", "kinds"),
    "relations": ("tier", "categories"),
    "scene_attributes": ("tier", "kinds"),
}
"""Keys of `content` that leave concepts out, in the order in which they are applied."""
ALWAYS = {"objects": "offensive", "scene_attributes": "modality"}
"""What leaves concepts of a sort out without any key of `content`."""


@dataclass(frozen=True)
class FilterCount:
    """What one filter leaves out.

    Attributes:
        sort: One of `TABLES`.
        filter: A key of the recipe by its path; `content.constraints` of what goes with none of the objects that are
            left, and `offensive` of what no recipe gets.
        value: What the recipe says there, None where it says nothing.
        count: How many concepts it leaves out.
    """

    sort: str
    filter: str
    value: Any
    count: int


@dataclass(frozen=True)
class FilterReport:
    """What the filters of a recipe make of the taxonomy, by sort.

    Attributes:
        total: Concepts of the taxonomy.
        drops: What each filter that applies leaves out, in order, also where it is none.
        added: Concepts that only a seed graph has, which may name what the filters leave out.
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
    total = {sort: getattr(taxonomy, sort).num_rows for sort in TABLES}
    dealt, seeds = (
        _list_dealt(pools, [sort for sort in TABLES if _find_disabling_key(recipe, sort)]),
        _list_seeds(pools),
    )
    drops = tuple(drop for sort in TABLES for drop in _count_sort(recipe, taxonomy, pools, sort, dealt[sort]))
    added = {sort: len(np.setdiff1d(seeds[sort], dealt[sort])) for sort in TABLES}
    return FilterReport(total, drops, added, {sort: np.union1d(dealt[sort], seeds[sort]) for sort in TABLES})


def _count_sort(
    recipe: Recipe, taxonomy: Taxonomy, pools: Pools, sort: str, dealt: np.ndarray
) -> Iterator[FilterCount]:
    left = getattr(taxonomy, sort).num_rows
    wanted, steps = getattr(recipe.content, sort), list[tuple[str, Any, int]]()
    for number in range(len(FILTERS[sort]) + 1):
        name = FILTERS[sort][number - 1] if number else ""
        if number and getattr(wanted, name) == type(wanted).model_fields[name].default and name != "tier":
            continue
        path = f"content.{sort}.{name}" if number else ALWAYS.get(sort, "")
        value = wanted.model_dump(mode="json")[name] if number else recipe.modality if path == "modality" else None
        steps.append((path, value, _count_left(recipe, taxonomy, sort, FILTERS[sort][:number])))
    if any(captions.unambiguous for captions in recipe.captions):
        steps.append(("captions.unambiguous", True, len(_list_rows(pools, sort))))
    if sort in ("attributes", "relations") and recipe.content.constraints == "typed":
        steps.append(("content.constraints", "typed", len(_list_dealt(pools, ())[sort])))
    steps += [(*ban, 0) for ban in _find_disabling_key(recipe, sort)]
    for path, value, after in steps:
        if path:
            yield FilterCount(sort, path, value, left - after)
        left = after


def _find_disabling_key(recipe: Recipe, sort: str) -> list[tuple[str, Any]]:
    """The key of the recipe, and what it says, that keeps all of a sort out of scenes; mostly there is none."""
    structure, content = recipe.structure, recipe.content
    bans = {
        "attributes": [
            ("structure.attributes", structure.attributes is not None and structure.attributes.high == 0),
            ("content.attributes.max_per_object", content.attributes.max_per_object == 0),
        ],
        "relations": [("structure.relations", structure.relations is not None and structure.relations.high == 0)],
        "scene_attributes": [("content.scene_attributes.count", content.scene_attributes.count.high == 0)],
    }
    return [(path, 0) for path, holds in bans.get(sort, []) if holds][:1]


def _count_left(recipe: Recipe, taxonomy: Taxonomy, sort: str, names: tuple[str, ...]) -> int:
    """How many concepts are left when only these filters are applied."""
    wanted = getattr(recipe.content, sort)
    open_filter = type(wanted)(tier="full")
    chosen = open_filter.model_copy(update={name: getattr(wanted, name) for name in names})
    content = recipe.content.model_copy(update={sort: chosen})
    _, *rows, by_kind = filter_concepts(recipe.model_copy(update={"content": content}), taxonomy, [])
    return len(np.unique([*rows, by_kind.values][TABLES.index(sort)]))


def _list_rows(pools: Pools, sort: str) -> np.ndarray:
    """Rows of what filters leave, each once."""
    rows = {
        "objects": pools.objects,
        "attributes": pools.attributes.rows,
        "relations": pools.relations.rows,
        "scene_attributes": pools.scene_attributes.values,
    }
    return np.unique(rows[sort])


def _list_dealt(pools: Pools, banned: Collection[str]) -> dict[str, np.ndarray]:
    """Rows of what is dealt: of what filters leave, what goes with some object, and none of sorts that are banned."""
    rows = {sort: _list_rows(pools, sort) for sort in TABLES}
    rows |= {"attributes": _list_fitting(pools.attributes), "relations": _list_fitting(pools.relations)}
    return {sort: some[:0] if sort in banned else some for sort, some in rows.items()}


def _list_fitting(deck: Deck) -> np.ndarray:
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
