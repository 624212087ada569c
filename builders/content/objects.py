"""Draws the objects of a block: dealt, moved to where there is room for their attributes, kept apart by split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..foundation.counter_rng import deal, derive_key, draw_below, hash_numbers, shuffle
from ..foundation.ragged import number_rows, offsets_of
from .assignment import PARTS, Clash, Slots, assign_concepts, list_fitting, list_neighbours, resolve_conflicts
from .layout import Layout, deal_free
from .nearness import draw_near, rank_within
from .plan import Plan
from .pools import find_movers, number_names
from .seed_content import deal_objects, measure_needs
from .together import ALL, number_groups
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
    if layout.dealt is not None:
        order = np.argsort(pools.objects, kind="stable")
        cards = order[np.searchsorted(pools.objects[order], layout.dealt[places])]
        cards = cards[shuffle(derive_key(key, "again"), len(cards))]
    given = drawn[seeds["objects"]]
    if plan.near is None:
        drawn[places] = pools.objects[_assign_objects(plan, layout, split, key, places, cards, needs, given)]
        return drawn
    is_dealt = not given.shape[1] and not plan.near.setting.any()
    if is_dealt:
        # Each scene has one such object, so the deck goes on after as many as there are scenes before this block.
        firsts, places = layout.objects[:-1], np.setdiff1d(places, layout.objects[:-1])
        cards = deal(derive_key(layout.key, "objects"), len(pools.objects), layout.start, len(firsts))
        drawn[firsts] = pools.objects[_assign_objects(plan, layout, split, key, firsts, cards, needs, given)]
    _draw_near_scenes(plan, layout, split, key, places, drawn, needs, is_dealt)
    return drawn


def _draw_near_scenes(
    plan: Plan,
    layout: Layout,
    split: str,
    key: int,
    places: np.ndarray,
    drawn: np.ndarray,
    needs: np.ndarray,
    is_dealt: bool,
) -> None:
    """Draws objects that are near to what their scenes have already, one a scene at a time.

    Args:
        plan: The plan of the split, which has what is near.
        layout: The block.
        split: Name of the split.
        key: Key of all choices made here.
        places: The objects that are drawn, ascending.
        drawn: Rows of the objects of the block, written to at `places`; those before them are there.
        needs: Groups of attributes that each object of the block must hold, shape (objects,).
        is_dealt: Whether the first object of each scene is there, and has been dealt.
    """
    near, pools = plan.near, plan.pools
    assert near is not None
    rows, weights = np.unique(pools.objects, return_counts=True)
    drawn[places] = -1
    scene_of = np.repeat(np.arange(len(layout.structures)), np.diff(layout.objects))
    moves = np.zeros(len(needs), dtype=bool)
    moves[layout.ends[0][layout.moving]] = True
    card_class, slot_class, fits = _class_objects(plan, layout, rows, scene_of, needs, moves)
    clash, groups = _find_name_clashes(plan), number_groups(plan.recipe, plan.taxonomy, rows)
    beside, vectors = list_neighbours(layout.objects), near.objects[rows]
    is_of_others = _find_caption_buckets(plan, layout, split, scene_of[places], rows)
    # (objects of the block,): the first object of a scene that no seed graph gives decides of which split it is.
    number = np.zeros(len(drawn), dtype=np.int64)
    number[places] = np.arange(len(places))
    opens = np.zeros(len(drawn), dtype=bool)
    opens[places] = (np.diff(scene_of[places], prepend=-1) > 0) & (not is_dealt)

    def allow(some: np.ndarray) -> np.ndarray:
        allowed = fits.T[slot_class[some]][:, card_class]
        if opens[some].any():
            allowed = allowed & ~is_of_others(number[some][:, None], np.arange(len(rows)))
        if clash is None and groups is None:
            return allowed
        good, shared = allowed.copy(), np.full(len(some), ALL)
        for others in beside:
            there = np.where(others[some] >= 0, drawn[others[some]], -1)
            if clash is not None:
                good &= ~((there >= 0)[:, None] & clash(rows, there[:, None]))
            if groups is not None:
                shared &= np.where(there >= 0, groups[there], ALL)
        if groups is not None:
            good &= (shared[:, None] & groups[rows]) != 0
        # Where everything clashes, what fits is better than nothing.
        return np.where(good.any(axis=1)[:, None], good, allowed)

    wear = np.zeros(len(rows), dtype=np.int64)
    ranks = rank_within(scene_of[places])
    for turn in range(int(ranks.max(initial=-1)) + 1):
        now = places[ranks == turn]
        anchors = np.zeros(len(drawn), dtype=np.int64)
        anchors[now] = _find_anchors(layout, scene_of, now, drawn >= 0)

        def find(some: np.ndarray, anchors: np.ndarray = anchors) -> np.ndarray:
            anchor = anchors[some]
            return near.setting + np.where((anchor >= 0)[:, None], near.objects[drawn[anchor]], 0)

        drawn[now] = rows[draw_near(near, derive_key(key, "near", turn), now, find, vectors, allow, wear, weights)]


def _find_anchors(layout: Layout, scene_of: np.ndarray, places: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The object that each place is near to: the first that a relation joins it with, else the first of its scene.

    `there` tells which objects of the block are drawn, bool; the anchor is one of them, or -1 in a scene without any.
    """
    none = len(there)
    anchors = np.full(none, none)
    for one, other in (layout.ends, layout.ends[::-1]):
        joined = there[other]
        np.minimum.at(anchors, one[joined], other[joined])
    firsts = np.full(len(layout.structures), none)
    np.minimum.at(firsts, scene_of[there], np.flatnonzero(there))
    chosen = np.where(anchors[places] < none, anchors[places], firsts[scene_of[places]])
    return np.where(chosen < none, chosen, -1)


def _find_name_clashes(plan: Plan) -> Clash | None:
    """Tells of two objects, rows of the taxonomy, whether no scene has both; None where all go together."""
    groups, distinct = plan.groups, plan.recipe.content.objects.distinct
    if groups is None and not distinct:
        return None
    names = number_names(plan.taxonomy)

    def clash(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        bad = names[some] == names[others] if distinct else np.zeros(np.broadcast(some, others).shape, dtype=bool)
        if groups is None:
            return bad
        if groups.own is not None:  # one object twice would be no pair
            return bad | (some == others)
        return bad | ((groups.of[some] == groups.of[others]) & (some != others))

    return clash


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
    objects, distinct = plan.pools.objects, plan.recipe.content.objects.distinct
    scene = np.repeat(np.arange(len(layout.structures)), np.diff(layout.objects))[places]
    moves = np.zeros(len(needs), dtype=bool)
    moves[layout.ends[0][layout.moving]] = True
    card_class, slot_class, fits = _class_objects(plan, layout, objects, scene, needs[places], moves[places])
    fitting = list_fitting(card_class, fits)
    is_of_others = _find_caption_buckets(plan, layout, split, scene, objects)
    assigned = assign_concepts(key, cards, card_class, slot_class, fits)
    # Exchanged with scenes that are near, so that a run of scenes keeps about the cards that were dealt for it: class
    # `c` of part `p` is `c * PARTS + p`. Each slot is a holder of its own, for a bucket asks about the first object.
    part = scene * PARTS // len(layout.structures)
    nearby = fitting.take(np.arange(len(fitting)).repeat(PARTS))
    alone = Slots(np.arange(len(assigned) + 1), slot_class * PARTS + part, nearby)
    assigned = resolve_conflicts(
        derive_key(key, "captions"), assigned, alone, refuse=is_of_others, swaps=CAPTION_SWAPS
    )
    clash = _find_name_clashes(plan)
    if clash is None:
        return assigned
    names = number_names(plan.taxonomy)

    def refuse(slots: np.ndarray, tries: np.ndarray) -> np.ndarray:
        bad = is_of_others(slots, tries)
        if distinct:
            bad |= (names[given[scene[slots]]] == names[objects[tries]][:, None]).any(axis=1)
        return bad

    of_scenes = Slots(offsets_of(np.bincount(scene, minlength=len(layout.structures))), slot_class, fitting)
    return resolve_conflicts(
        derive_key(key, "groups"),
        assigned,
        of_scenes,
        lambda some, others: clash(objects[some], objects[others]),
        refuse,
    )


def _class_objects(
    plan: Plan, layout: Layout, objects: np.ndarray, scene: np.ndarray, needs: np.ndarray, moves: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes of cards and slots by room for attributes, groups where scenes are made of one, what moves, and length.

    Returns: As `assign_concepts` takes them: class of each card, class of each slot, and which fit, bool, shape (card
        classes, slot classes).
    """
    pools, groups = plan.pools, plan.groups
    slot_columns = [needs]
    # Room beyond what any slot needs makes no difference, and would only make more classes.
    room = np.minimum(pools.object_room[pools.classes.of[objects]], pools.object_limit[objects])
    card_columns = [np.minimum(room, needs.max(initial=0))]
    if groups and groups.own is not None:
        # The group of each scene is dealt, too, so that all come up alike often.
        turn = deal(derive_key(layout.key, "groups"), len(groups.own), layout.start, len(layout.structures))
        slot_columns.append(groups.own[turn][scene])
        card_columns.append(groups.of[objects])
    can_move = (
        find_movers(pools, plan.taxonomy)[pools.classes.of[objects]] if moves.any() else np.zeros(len(objects), bool)
    )
    lengths, allowed = _limit_names(plan, layout, objects, scene)
    slots, slot_class = number_rows(moves, allowed, *slot_columns)
    cards, card_class = number_rows(can_move, lengths, *card_columns)
    fits = card_columns[0][cards, None] >= slot_columns[0][slots]
    if len(slot_columns) > 1:
        fits &= card_columns[1][cards, None] == slot_columns[1][slots]
    short = fits & (lengths[cards, None] <= allowed[slots])
    fits = np.where(short.any(axis=0), short, fits)
    moving = fits & (can_move[cards, None] | ~moves[slots])
    # Where nothing that moves has room enough, or is of the group, anything else is better than nothing.
    return card_class, slot_class, np.where(moving.any(axis=0), moving, fits)


def _limit_names(plan: Plan, layout: Layout, objects: np.ndarray, scene: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How long the name of each card is, and of each slot may be, so that captions are short enough; 0 without limits.

    The slots of a scene share what makes a typical scene of its structure: the lengths of the names there, in any
    order, and what its caption could be longer. So long names go where there is room, instead of being drawn less.
    """
    if plan.room is None:
        return np.zeros(len(objects), dtype=np.int64), np.zeros(len(scene), dtype=np.int64)
    room, lengths = plan.room, plan.room.objects[objects]
    counts = np.bincount(scene, minlength=len(layout.structures))
    order = np.lexsort((hash_numbers(derive_key(layout.key, "names", layout.block), np.arange(len(scene))), scene))
    place = np.empty(len(scene), dtype=np.int64)
    place[order] = np.arange(len(scene)) - np.repeat(np.cumsum(counts) - counts, counts)
    slack = room.slack[layout.structures, layout.counts][scene] - layout.turn
    share, rest = np.divmod(slack, counts[scene])
    allowed = room.typical[place % len(room.typical)] + share + (place < rest)
    if (allowed >= lengths.max()).all():  # classes are as without limits, and so are scenes
        return np.zeros(len(objects), dtype=np.int64), np.zeros(len(scene), dtype=np.int64)
    return lengths, np.clip(allowed, lengths.min(), lengths.max())


def _find_caption_buckets(
    plan: Plan, layout: Layout, split: str, scene: np.ndarray, objects: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells of slots and cards for them whether that would make the scene another split's.

    The bucket of a scene is that of its structure and its first object, so it is known before the rest. `scene` is the
    scene of each slot, ascending, and `objects` the row of each card.
    """
    key = derive_key(plan.recipe.seed, "captions")
    # A deck may hold an object more than once: the bucket is the object's, not the card's.
    rows, row_of = np.unique(objects, return_inverse=True)
    card_bucket = part_evenly(key, rows, CAPTION_BUCKETS)[row_of]
    slot_bucket = draw_below(key, layout.structures, CAPTION_BUCKETS)[scene]
    is_first = np.diff(scene, prepend=-1) > 0
    own = BUCKETS_OF_SPLIT[split]

    def is_of_others(slots: np.ndarray, cards: np.ndarray) -> np.ndarray:
        return is_first[slots] & ~own[(card_bucket[cards] + slot_bucket[slots]) % CAPTION_BUCKETS]

    return is_of_others
