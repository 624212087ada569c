"""Draws the objects of a block: dealt, moved to where there is room for their attributes, kept apart by split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..foundation.counter_rng import deal, derive_key, draw_below
from ..foundation.ragged import number_rows, offsets_of
from .assignment import PARTS, Slots, assign_concepts, list_fitting, resolve_conflicts
from .layout import Layout, deal_free
from .plan import Plan
from .pools import find_movers, number_names
from .seed_content import deal_objects, measure_needs
from .unseen import BUCKETS_OF_SPLIT, CAPTION_BUCKETS, part_evenly

CAPTION_SWAPS = 128
"""Swap rounds before a caption's split constraint falls back to redrawing. `train` owns 6 of 8 hash buckets and needs
few, the other splits own one each."""


def draw_objects(plan: Plan, layout: Layout, split: str) -> np.ndarray:
    """An object gets a concept that can hold as many attributes as the structure puts there."""
    pools, seeds = plan.pools, layout.seeds
    needs = measure_needs(pools.seed, plan.structures.table, layout.structures)
    drawn = np.empty(layout.objects[-1], dtype=np.int64)
    drawn[seeds["objects"]] = deal_objects(
        pools.seed,
        pools.classes,
        layout.key,
        layout.start,
        seeds["objects"],
        (layout.ends[0][seeds["relations"]], layout.ends[1][seeds["relations"]]),
        has_room=lambda places, classes: pools.object_room[classes] >= needs[places],
    )
    places, cards = deal_free(plan, layout, "objects", len(pools.objects))
    key = derive_key(layout.key, "objects", layout.block)
    given = drawn[seeds["objects"]]
    drawn[places] = pools.objects[_assign_objects(plan, layout, split, key, places, cards, needs, given)]
    return drawn


def _assign_objects(
    plan: Plan,
    layout: Layout,
    split: str,
    key: int,
    places: np.ndarray,
    cards: np.ndarray,
    needs: np.ndarray,
    given: np.ndarray,
) -> np.ndarray:
    """Assigns dealt objects to places with room for the attributes, and to scenes that the split has.

    Args:
        plan: The plan of the split.
        layout: The block.
        split: Name of the split.
        key: Key of all choices made here.
        places: The objects of the block that are dealt, the slots here, shape (slots,).
        cards: Their cards, places in `plan.pools.objects`, shape (slots,).
        needs: Groups of attributes that each object of the block must hold, shape (objects,).
        given: Rows of the objects that the seed graph gives, shape (scenes, objects of it).

    Returns:
        The card of each slot, shape (slots,).
    """
    groups, objects, distinct = plan.groups, plan.pools.objects, plan.recipe.content.objects.distinct
    scene = np.repeat(np.arange(len(layout.structures)), np.diff(layout.objects))[places]
    moves = np.zeros(len(needs), dtype=bool)
    moves[layout.ends[0][layout.moving]] = True
    card_class, slot_class, fits = _class_objects(plan, layout, scene, needs[places], moves[places])
    fitting = list_fitting(card_class, fits)
    is_of_others = _find_caption_buckets(plan, layout, split, scene)
    assigned = assign_concepts(key, cards, card_class, slot_class, fits)
    # Exchanged with scenes that are near, so that a run of scenes keeps about the cards that were dealt for it: class
    # `c` of part `p` is `c * PARTS + p`. Each slot is a holder of its own, for a bucket asks about the first object.
    part = scene * PARTS // len(layout.structures)
    nearby = fitting.take(np.arange(len(fitting)).repeat(PARTS))
    alone = Slots(np.arange(len(assigned) + 1), slot_class * PARTS + part, nearby)
    assigned = resolve_conflicts(
        derive_key(key, "captions"), assigned, alone, refuse=is_of_others, swaps=CAPTION_SWAPS
    )
    if groups is None and not distinct:
        return assigned
    names = number_names(plan.taxonomy)

    def clash(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        some, others = objects[some], objects[others]
        bad = names[some] == names[others] if distinct else np.zeros(len(some), dtype=bool)
        if groups is None:
            return bad
        if groups.own is not None:  # one object twice would be no pair
            return bad | (some == others)
        return bad | ((groups.of[some] == groups.of[others]) & (some != others))

    def refuse(slots: np.ndarray, tries: np.ndarray) -> np.ndarray:
        bad = is_of_others(slots, tries)
        if distinct:
            bad |= (names[given[scene[slots]]] == names[objects[tries]][:, None]).any(axis=1)
        return bad

    of_scenes = Slots(offsets_of(np.bincount(scene, minlength=len(layout.structures))), slot_class, fitting)
    return resolve_conflicts(derive_key(key, "groups"), assigned, of_scenes, clash, refuse)


def _class_objects(
    plan: Plan, layout: Layout, scene: np.ndarray, needs: np.ndarray, moves: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes of cards and slots by room for attributes, by groups where scenes are made of one, and by what moves.

    Returns: As `assign_concepts` takes them: class of each card, class of each slot, and which fit, bool, shape (card
        classes, slot classes).
    """
    pools, groups = plan.pools, plan.groups
    slot_columns = [needs]
    # Room beyond what any slot needs makes no difference, and would only make more classes.
    room = np.minimum(pools.object_room[pools.classes.of[pools.objects]], pools.object_limit[pools.objects])
    card_columns = [np.minimum(room, needs.max(initial=0))]
    if groups and groups.own is not None:
        # The group of each scene is dealt, too, so that all come up alike often.
        turn = deal(derive_key(layout.key, "groups"), len(groups.own), layout.start, len(layout.structures))
        slot_columns.append(groups.own[turn][scene])
        card_columns.append(groups.of[pools.objects])
    can_move = (
        find_movers(pools, plan.taxonomy)[pools.classes.of[pools.objects]]
        if moves.any()
        else np.zeros(len(pools.objects), bool)
    )
    slots, slot_class = number_rows(moves, *slot_columns)
    cards, card_class = number_rows(can_move, *card_columns)
    fits = card_columns[0][cards, None] >= slot_columns[0][slots]
    if len(slot_columns) > 1:
        fits &= card_columns[1][cards, None] == slot_columns[1][slots]
    moving = fits & (can_move[cards, None] | ~moves[slots])
    # Where nothing that moves has room enough, or is of the group, anything else is better than nothing.
    return card_class, slot_class, np.where(moving.any(axis=0), moving, fits)


def _find_caption_buckets(
    plan: Plan, layout: Layout, split: str, scene: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells of slots and cards for them whether that would make the scene another split's.

    The bucket of a scene is that of its structure and its first object, so it is known before the rest. `scene` is the
    scene of each slot, ascending.
    """
    key = derive_key(plan.recipe.seed, "captions")
    # A deck may hold an object more than once: the bucket is the object's, not the card's.
    rows, row_of = np.unique(plan.pools.objects, return_inverse=True)
    card_bucket = part_evenly(key, rows, CAPTION_BUCKETS)[row_of]
    slot_bucket = draw_below(key, layout.structures, CAPTION_BUCKETS)[scene]
    is_first = np.diff(scene, prepend=-1) > 0
    own = BUCKETS_OF_SPLIT[split]

    def is_of_others(slots: np.ndarray, cards: np.ndarray) -> np.ndarray:
        return is_first[slots] & ~own[(card_bucket[cards] + slot_bucket[slots]) % CAPTION_BUCKETS]

    return is_of_others
