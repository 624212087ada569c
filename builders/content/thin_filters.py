"""Filters that leave almost nothing, and lists of concepts of which something is lost: nothing is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...arrow import make_array
from ...errors import Problem
from ...taxonomy import TABLES, Taxonomy
from ...taxonomy.naming import NAMES
from ...taxonomy.vocabularies import find_listed, list_vocabularies, read_vocabulary
from ..recipe.content import EXACT
from ..recipe.model import Recipe
from .filter_report import list_left
from .filters import Filter, find_setting
from .pools import Pools
from .selection import apply_filters

FEWEST_LEFT = {"objects": 10}
"""A filter that leaves fewer concepts, and not a tenth, leaves almost nothing: of tables that are not here, two."""
MOST_NAMED = 10


def find_thin_filters(recipe: Recipe, taxonomy: Taxonomy, pools: Pools) -> Iterator[Problem]:
    """Filters that leave almost nothing, and lists of which something is lost."""
    for table in TABLES:
        steps = apply_filters(recipe, taxonomy, table, [])
        names = getattr(taxonomy, table)[NAMES[table]]
        before = len(names)
        for step in steps:
            left, key = int(step.left.sum()), step.filter.key or ""
            if key.endswith(EXACT):
                yield from _find_lost(recipe, taxonomy, pools, step.filter, table)
            elif key and left < FEWEST_LEFT.get(table, 2) and left * 10 < before:
                shown = "".join(f", {names[row]}" for row in np.flatnonzero(step.left).tolist())
                message = f"leaves {left} of {before:,} {table.replace('_', ' ')}{shown}"
                yield Problem(message, key=key, hint=_advise_wider(recipe, taxonomy, step.filter))
            before = left


def _advise_wider(recipe: Recipe, taxonomy: Taxonomy, filter: Filter) -> str:
    """How to have more: what lies under a place is kinds of it, and not what is found there."""
    listed = filter.read_value(recipe) if filter.key == "content.objects.under" else ()
    places = [name for name in listed if len(find_setting(taxonomy, name))]
    if not places:
        return "widen it, unless that is what you want"
    return f"widen it; for what is found in one, write `content.setting: {places[0]}` in its place"


def _find_lost(recipe: Recipe, taxonomy: Taxonomy, pools: Pools, filter: Filter, table: str) -> Iterator[Problem]:
    """What a list names and no scene has, since there is no such concept, or something else leaves it out."""
    listed = filter.read_value(recipe)
    for name in set(listed).intersection(list_vocabularies()):
        words = read_vocabulary(name)[table]
        if none := [word for word, ids in words.items() if not ids]:
            message = f"the taxonomy has none of {len(none)} of the {len(words)} {table} of `{name}`: {_name(none)}"
            yield Problem(message, key=filter.key, hint="the others are used")
    wanted = np.unique(np.concatenate([find_listed(taxonomy, table, name) for name in listed]))
    lost = np.setdiff1d(wanted, list_left(pools)[table])
    if len(lost):
        names = getattr(taxonomy, table)[NAMES[table]].take(make_array(lost)).to_pylist()
        message = f"{len(lost)} of {len(wanted)} that are listed are in no scene: {_name(names)}"
        hint = "something else leaves them out, such as another filter or content.constraints"
        yield Problem(message, key=filter.key, hint=hint)


def _name(names: list[str]) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
