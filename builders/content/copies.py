"""Copies: how many alike things an object of the scene graph stands for, "three red balls".

An object that stands for a group is one object all the same: its attributes and relations are those of all of the
group. So it must be a thing of which a picture can show several apart, no other object of its scene may have its name
("three balls" beside "a ball"), and its relations must make sense for many: three dogs chase a cat, but nobody wears
three hats.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow.compute as pc

from ...arrow import find_rows, match_texts, number_texts, read_truths
from ...taxonomy import Taxonomy
from ..foundation.counter_rng import deal, derive_key
from ..foundation.ragged import join_codes, number_rows
from ..recipe.content import Copies
from .layout import Layout
from .plan import Plan
from .pools import number_names

UNCOUNTED = ("landform", "water", "sky", "building", "room", "group", "substance", "body_part")
"""Kinds of objects of which no picture shows several apart, or of which nobody knows how many it shows."""

BEINGS = ("person", "animal")
ENDS: dict[tuple[str, str], tuple[bool, bool]] = {
    ("spatial", "spatial"): (True, True),  # a user's own, without subtypes
    ("spatial", "position"): (True, True),
    ("spatial", "posture"): (True, True),
    ("spatial", "contact"): (True, True),
    ("spatial", "placement"): (True, False),
    ("spatial", "containment"): (True, False),
    ("interactional", "attentional"): (True, True),
    ("interactional", "motion"): (True, False),
    ("emotional", "feeling"): (True, True),
    ("emotional", "expression"): (True, False),
    ("social", "communication"): (True, True),
}
"""Sorts of relations (category and subtype) whose subject, and whose object, may be a group.

What is left out takes one thing at either end, as wearing and riding do, or likens one to another.
"""
AMONG_BEINGS = (("interactional", "contact"), ("social", "cooperation"))
"""Sorts whose subject may be a group if the object is a person or an animal: it is chased, or holds them."""
TAKES_ONE = (
    r"\b(its|single|alone|both|each|twice|half as|back to back|face to face|arms?|hands?|hair|cheek|shoulder"
    r"|portrait|chess|cards|umbrella)\b"
)
"""Words of relations that join one thing with one."""
HOLDS = r"\b(supporting|covering|enclosing|holding)\b"
"""Words of relations in space whose subject holds or bears the object."""
IS_HELD = r"\b(on|onto|in|into|inside|atop|on top of|across|at the (top|bottom|back|front) of)$"
"""Last words of relations in space whose object holds or bears the subject: nobody sits on three chairs."""


def list_numbers(copies: Copies | None) -> np.ndarray:
    """The deck of numbers that objects are dealt, int64: each of a range once, and ones for the share without."""
    if copies is None:
        return np.ones(1, dtype=np.int64)
    numbers = np.arange(copies.count.low, copies.count.high + 1)
    ones = round(len(numbers) / copies.share) - len(numbers)
    return np.concatenate([np.ones(ones, dtype=np.int64), numbers])


@lru_cache(maxsize=4)
def find_countable(taxonomy: Taxonomy) -> np.ndarray:
    """Which objects of the taxonomy can be several in one picture, bool, shape (objects,).

    Nor may their plural be that of another word: axes, irons.
    """
    table = taxonomy.objects
    uncounted = read_truths(pc.match_substring_regex(table["kinds"], rf"(^|\|)({'|'.join(UNCOUNTED)})($|\|)"))
    plurals = number_texts(table["plural"])
    examples, _ = number_rows(plurals, number_texts(table["name"]))
    shared = np.bincount(plurals[examples])[plurals] > 1
    return match_texts(table["countability"], "count") & ~uncounted & ~shared


@lru_cache(maxsize=4)
def find_grouping(taxonomy: Taxonomy) -> tuple[np.ndarray, np.ndarray]:
    """Which relations may have a group as their subject, and which as their object, bool, shape (relations,) each.

    What holds for the subject of a relation holds for the object of its inverse.
    """
    table = taxonomy.relations
    sorts = list(zip(table["category"].to_pylist(), table["subtype"].to_pylist(), strict=True))
    many = np.array([ENDS.get(sort, (False, False)) for sort in sorts], dtype=bool).reshape(-1, 2).T
    of_beings = np.array([set((kinds or "").split("|")) <= set(BEINGS) for kinds in table["object_kinds"].to_pylist()])
    many[0] |= np.array([sort in AMONG_BEINGS for sort in sorts], dtype=bool) & of_beings
    words, says = table["predicate"], [set(facts.split("|")) for facts in table["says"].to_pylist()]
    one = read_truths(pc.match_substring_regex(words, TAKES_ONE))
    spatial = match_texts(table["category"], "spatial")
    single = np.stack(
        [
            one
            | (spatial & read_truths(pc.match_substring_regex(words, pattern)))
            | np.array([not facts.isdisjoint(own) for own in says], dtype=bool)
            for pattern, facts in ((HOLDS, {"contains", "bears"}), (IS_HELD, {"in", "on"}))
        ]
    )
    inverse = find_rows(table["inverse"], table["id"])
    turned = inverse >= 0
    return tuple(
        (many[end] | (turned & many[1 - end][inverse])) & ~single[end] & ~(turned & single[1 - end][inverse])
        for end in (0, 1)
    )


def can_be_several(
    taxonomy: Taxonomy, scene: np.ndarray, objects: np.ndarray, relations: np.ndarray, ends: tuple[np.ndarray, ...]
) -> np.ndarray:
    """Which objects of a block may stand for several things, bool, shape (objects,).

    Args:
        taxonomy: The concepts.
        scene: Scene of each object.
        objects: Their rows of the taxonomy.
        relations: Rows of the taxonomy's relations, shape (relations,).
        ends: Objects of the block that are the subject and the object of each relation.
    """
    able = find_countable(taxonomy)[objects]
    for end, allowed in zip(ends, find_grouping(taxonomy), strict=True):
        able[end[~allowed[relations]]] = False
    names = join_codes(scene, number_names(taxonomy)[objects])
    order = np.argsort(names, kind="stable")
    again = np.flatnonzero(np.diff(names[order]) == 0)
    able[order[again]] = able[order[again + 1]] = False
    return able


def draw_copies(plan: Plan, layout: Layout, objects: np.ndarray, relations: np.ndarray) -> np.ndarray:
    """Deals how many things each object of a block stands for; what cannot be several is one, whatever it is dealt."""
    deck, ones = list_numbers(plan.recipe.content.objects.copies), np.ones(len(objects), dtype=np.int64)
    if (deck == 1).all():
        return ones
    before = int(layout.cells @ plan.structures.measure_cells(plan.structures.table.objects))
    cards = deal(derive_key(layout.key, "copies"), len(deck), before, len(objects))
    scene = np.repeat(np.arange(len(layout.structures)), np.diff(layout.objects))
    able = can_be_several(plan.taxonomy, scene, objects, relations, layout.ends)
    able[layout.seeds["objects"]] = False
    return np.where(able, deck[cards], ones)
