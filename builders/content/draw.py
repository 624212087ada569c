"""Draws scenes as columns: the structure and the concepts of each scene of a block (paper section 3.1, steps 1 to 4).

Each sort of content takes the same three steps. `deal` gives every place a card of a shuffled deck (sampling without
replacement, from the card on at which the blocks before ended); `assign_concepts` moves cards to places that their
types allow; `resolve_conflicts` swaps or redraws those that do not go together. Whether relations go together shows in
a scene as a whole, not in pairs: `make_possible` exchanges them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ...arrow import match_texts, view_numbers
from ...errors import GasError, Problem, RecipeError
from ...taxonomy import Taxonomy
from ..foundation.counter_rng import deal, derive_key, draw_below
from ..foundation.ragged import Ragged, join_codes, number_rows, offsets_of
from ..structures.sampling import count_cells, sample_structures
from .assignment import PARTS, Slots, assign_concepts, list_fitting, resolve_conflicts
from .copies import can_be_several, list_numbers
from .facts import exclude_facts, find_saying, mask_facts, read_sayings
from .plan import Plan
from .pools import find_movers, number_names
from .possibility import RelationSlots, make_possible
from .scene_attributes import draw_scene_attributes
from .scenes import BLOCK, Scenes
from .seed_content import deal_cards, deal_objects, measure_needs
from .unseen import (
    BUCKETS_OF_SPLIT,
    CAPTION_BUCKETS,
    part_evenly,
    refine_relations,
)

CAPTION_SWAPS = 128
"""Swap rounds before a caption's split constraint falls back to redrawing. `train` owns 6 of 8 hash buckets and needs
few, the other splits own one each."""


def draw_block(plan: Plan, split: str, block: int, first: int = 0, last: int = BLOCK) -> Scenes:
    """Draws scenes of one block of a split, from `first` to before `last`. Depends on nothing but its arguments.

    Content comes from decks that go on from block to block: how many cards the earlier blocks took is known from the
    counts of their structures, without drawing them.
    """
    key = derive_key(plan.recipe.seed, plan.recipe.name, split)
    plan = plan.splits.get(split, plan)
    layout = _lay_out(plan, key, block)
    objects = _draw_objects(plan, layout, split)
    attributes, relations = _draw_statements(plan, layout, objects)
    subjects, targets = layout.subjects, layout.targets
    in_scenes = Ragged(objects, layout.objects)
    on_objects = _order_attributes(plan.taxonomy, Ragged(attributes, layout.attributes))
    between = Ragged(relations, subjects.offsets)
    scenes = Scenes(
        layout.start,
        layout.structures,
        in_scenes,
        on_objects,
        between,
        subjects,
        targets,
        draw_scene_attributes(plan, key, layout.start, in_scenes, on_objects, between),
        _draw_copies(plan, layout, objects, relations),
    )
    return scenes.cut(first, last)


@dataclass(frozen=True)
class _Layout:
    """The structures of a block, and places for content, numbered through the block.

    Attributes:
        key: Key of the split.
        block: Number of the block.
        start: Index of its first scene.
        structures: Row of the structure table for each scene, shape (scenes,).
        cells: How many of the earlier scenes are of each cell of `StructurePlan`, shape (cells,).
        objects: Where each scene's objects begin, and the end, shape (scenes + 1,).
        attributes: Where each object's attributes begin, and the end, shape (objects + 1,).
        subjects, targets: Numbers within their scenes of each relation's ends, one list a scene.
        ends: The same, numbered through the block, shape (relations,) each.
        seeds: For `objects`, `attributes` and `relations`, the places of the seed graph's coloured elements in the
            block, shape (scenes, coloured elements).
        moving: Relations of the block that must be of something that moves, one a scene that shall, ascending.
    """

    key: int
    block: int
    start: int
    structures: np.ndarray
    cells: np.ndarray
    objects: np.ndarray
    attributes: np.ndarray
    subjects: Ragged
    targets: Ragged
    ends: tuple[np.ndarray, np.ndarray]
    seeds: dict[str, np.ndarray]
    moving: np.ndarray


def _lay_out(plan: Plan, key: int, block: int) -> _Layout:
    start, table = block * BLOCK, plan.structures.table
    structures = sample_structures(plan.structures, key, start, BLOCK)
    objects = offsets_of(table.objects[structures])
    attributes = offsets_of(table.attribute_counts.take(structures).values)
    subjects, targets = table.subjects.take(structures), table.targets.take(structures)
    # The table counts within a scene (attributes within the scene, too): what its scene begins with makes that a place
    # in the block. `attributes[objects[:-1]]` is the first attribute of each scene's first object.
    shift = np.repeat(objects[:-1], subjects.lengths)
    seeds = {
        "objects": objects[:-1, None] + table.seed_objects[structures],
        "attributes": attributes[objects[:-1], None] + table.seed_attributes[structures],
        "relations": subjects.offsets[:-1, None] + table.seed_relations[structures],
    }
    ends = (subjects.values + shift, targets.values + shift)
    cells = count_cells(plan.structures, key, start)
    moving = _choose_moving(plan, key, start, subjects)
    return _Layout(key, block, start, structures, cells, objects, attributes, subjects, targets, ends, seeds, moving)


def _choose_moving(plan: Plan, key: int, start: int, relations: Ragged) -> np.ndarray:
    """The relation of each scene that shall show something that moves, by chance; which scenes shall, is dealt."""
    percent = round(100 * plan.recipe.content.dynamic)
    if not percent:
        return np.zeros(0, dtype=np.int64)
    scenes = np.flatnonzero(deal(derive_key(key, "dynamic"), 100, start, len(relations)) < percent)
    picked = draw_below(derive_key(key, "moving"), start + scenes, relations.lengths[scenes])
    return relations.offsets[scenes] + picked


def _deal_free(plan: Plan, layout: _Layout, name: str, cards: int) -> tuple[np.ndarray, np.ndarray]:
    """Deals what the seed graph does not give: the places (of all of the block) and their cards, of one shape."""
    counts, seeds = getattr(plan.structures.table, name), layout.seeds[name]
    free = np.ones(int(counts[layout.structures].sum()), dtype=bool)
    free[seeds] = False
    places = np.flatnonzero(free)
    # (cells,): cards that a scene of each cell takes. All structures of a cell take as many, so the scenes before this
    # block took `cells @ per_cell`, which is where the deck goes on.
    per_cell = plan.structures.measure_cells(counts).astype(np.int64) - seeds.shape[1]
    return places, deal(derive_key(layout.key, name), cards, int(layout.cells @ per_cell), len(places))


def _draw_objects(plan: Plan, layout: _Layout, split: str) -> np.ndarray:
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
    places, cards = _deal_free(plan, layout, "objects", len(pools.objects))
    key = derive_key(layout.key, "objects", layout.block)
    given = drawn[seeds["objects"]]
    drawn[places] = pools.objects[_assign_objects(plan, layout, split, key, places, cards, needs, given)]
    return drawn


def _assign_objects(
    plan: Plan,
    layout: _Layout,
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
    plan: Plan, layout: _Layout, scene: np.ndarray, needs: np.ndarray, moves: np.ndarray
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
    plan: Plan, layout: _Layout, split: str, scene: np.ndarray
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


def _draw_statements(plan: Plan, layout: _Layout, objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draws the attributes and the relations of a block, rows of the taxonomy, one a slot.

    Where no relations go with what attributes say (that something sits, or sleeps), others are drawn that say nothing.

    Raises:
        RecipeError: No attributes fit on some object, or no relations are possible together in some scene.
    """
    attributes = _draw_attributes(plan, layout, objects)
    relations, lost = _draw_relations(plan, layout, objects, attributes)
    if len(lost):
        attributes = _draw_attributes(plan, layout, objects, lost)
        relations, lost = _draw_relations(plan, layout, objects, attributes)
    if len(lost):
        message = f"{len(lost)} of {len(layout.structures):,} scenes get no relations that are possible together"
        hint = "allow more relations, or fewer of them in a scene"
        raise RecipeError([Problem(message, key="content.relations", hint=hint)])
    return attributes, relations


def _draw_attributes(
    plan: Plan, layout: _Layout, objects: np.ndarray, quiet: np.ndarray | tuple[()] = ()
) -> np.ndarray:
    """Draws the attributes of all objects of a block, rows of the taxonomy, one a slot.

    In the scenes `quiet` they say nothing that relations may contradict. All scenes of a block are right, since
    relations that are exchanged between scenes depend on all of them.

    Raises:
        RecipeError: Captions shall have one reading, and no attributes on some object have.
    """
    pools, seed = plan.pools, plan.pools.seed.attributes
    # (slots,): the object that each attribute is on, a row of the taxonomy, and its class.
    holder = np.repeat(objects, np.diff(layout.attributes))
    holder_class = pools.classes.of[holder]
    places, cards = _deal_free(plan, layout, "attributes", len(pools.attributes))
    key = derive_key(layout.key, "attributes", layout.block)
    # Cards are numbered through all decks, those of the seed graph last: deck `d` begins at `firsts[d]`. `rows` are
    # the attributes that cards stand for, and `deck_of` is the deck that each slot takes its card from.
    decks = [pools.attributes, *seed]
    firsts = offsets_of(np.array([len(deck) for deck in decks]))
    rows = np.concatenate([deck.rows for deck in decks])
    deck_of = np.zeros(len(holder_class), dtype=np.int64)
    deck_of[layout.seeds["attributes"]] = 1 + np.arange(len(seed))
    drawn = np.empty(len(holder_class), dtype=np.int64)
    drawn[places] = assign_concepts(key, cards, decks[0].classes, holder_class[places], decks[0].fits)
    seeded = deal_cards(seed, "attributes", layout.key, layout.start, layout.seeds["attributes"], holder_class)
    drawn[layout.seeds["attributes"]] = firsts[1:-1] + seeded
    groups, texts = pools.attribute_group[rows], pools.attribute_text[rows]
    # Few attributes say anything, and what they say are few things.
    bodies, said = np.unique(read_sayings(plan.taxonomy).attributes[rows], return_inverse=True)
    apart = exclude_facts(bodies[:, None], bodies)
    # A slot's class is its deck and the class of its object: `deck * classes + class`.
    lists = [list_fitting(deck.classes, deck.fits) for deck in decks]
    fitting = Ragged(
        np.concatenate([first + one.values for first, one in zip(firsts, lists, strict=False)]),
        offsets_of(np.concatenate([one.lengths for one in lists])),
    )
    # A seed graph's value is taken as it is, however it reads.
    named = np.array([False, *(len(deck) == 1 for deck in seed)])[deck_of]

    def clash(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        alike = (groups[some] == groups[others]) | (texts[some] == texts[others])
        if apart.any():
            alike |= apart[said[some], said[others]]
        return alike | pools.attribute_clash.have(rows[some], rows[others])

    demands, demanded = np.unique(_list_demands(plan, layout, len(objects)), return_inverse=True)
    unfit, demanded = exclude_facts(bodies[:, None], demands), np.repeat(demanded, np.diff(layout.attributes))

    def refuse(slots: np.ndarray, tries: np.ndarray) -> np.ndarray:
        bad = pools.object_clash.have(rows[tries], holder[slots]) | unfit[said[tries], demanded[slots]]
        return bad & ~named[slots]

    def refuse_saying(slots: np.ndarray, tries: np.ndarray) -> np.ndarray:
        scene = np.searchsorted(layout.attributes[layout.objects], slots, side="right") - 1
        return refuse(slots, tries) | (np.isin(scene, quiet) & (bodies != 0)[said[tries]] & ~named[slots])

    slots = Slots(layout.attributes, deck_of * len(pools.classes) + holder_class, fitting)
    insist = any(captions.unambiguous for captions in plan.recipe.captions)
    try:
        resolved = resolve_conflicts(key, drawn, slots, clash, refuse, insist=insist)
        if len(quiet):
            again = derive_key(key, "quiet")
            resolved = resolve_conflicts(again, resolved, slots, clash, refuse_saying, insist=insist, swaps=0)
    except GasError as error:
        if not insist:
            raise
        message = "no attributes that can be read in one way fit on some object"
        hint = "allow more kinds of attributes, or leave `unambiguous` out"
        raise RecipeError([Problem(message, key="captions", hint=hint)]) from error
    return rows[resolved]


def _list_demands(plan: Plan, layout: _Layout, objects: int) -> np.ndarray:
    """What relations that are sure to come say of each object of a block, bits: of a seed graph, or that it moves."""
    sayings, said = read_sayings(plan.taxonomy), np.zeros(objects, dtype=np.int64)
    said[layout.ends[0][layout.moving]] = mask_facts("goes", "moves")
    for places, deck in zip(layout.seeds["relations"].T, plan.pools.seed.relations, strict=True):
        for ends, facts in zip(layout.ends, (sayings.relations, sayings.targets), strict=True):
            np.bitwise_or.at(said, ends[places], np.bitwise_and.reduce(facts[deck.rows]))
    return said


def _draw_relations(
    plan: Plan, layout: _Layout, objects: np.ndarray, attributes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the relations of a block, rows of the taxonomy, one a slot; objects and attributes are rows, too.

    Returns: The relations, and the scenes for which none were found that can be shown together.
    """
    key = derive_key(layout.key, "relations", layout.block)
    drawn, slots = _deal_relations(plan, layout, objects, key)
    # (objects of the block,): bits of what their attributes say.
    bodies = np.zeros(len(objects), dtype=np.int64)
    holders = np.repeat(np.arange(len(objects)), np.diff(layout.attributes))
    np.bitwise_or.at(bodies, holders, read_sayings(plan.taxonomy).attributes[attributes])
    drawn, lost = make_possible(derive_key(key, "possible"), plan.taxonomy, drawn, slots, bodies)
    if len(lost) and len(layout.moving):
        # Where nothing that moves is possible, something else is; `_refine_moving` gives it the class before.
        owners = np.repeat(np.arange(len(layout.structures)), np.diff(slots.offsets))
        still = np.isin(owners, lost) & (slots.decks == 0)
        slots = replace(slots, classes=np.where(still, slots.classes & ~1, slots.classes))
        drawn, lost = make_possible(derive_key(key, "still"), plan.taxonomy, drawn, slots, bodies)
    return drawn, lost


def _deal_relations(plan: Plan, layout: _Layout, objects: np.ndarray, key: int) -> tuple[np.ndarray, RelationSlots]:
    """Deals relations to the pairs of objects that they join, each for itself: rows of the taxonomy, and the slots."""
    deck, seed, places_of_seed = plan.pools.relations, plan.pools.seed.relations, layout.seeds["relations"]
    # (slots,): the classes of subject and target as one number, a column of `Deck.fits`.
    object_class = plan.pools.classes.of[objects]
    pair = object_class[layout.ends[0]] * len(plan.pools.classes) + object_class[layout.ends[1]]
    places, cards = _deal_free(plan, layout, "relations", len(deck))
    sorts = (deck.classes, pair[places], deck.fits)
    if plan.unseen:
        sorts = refine_relations(plan.unseen, deck, pair[places], *(objects[ends[places]] for ends in layout.ends))
    if len(layout.moving):
        moves = find_saying(plan.taxonomy.relations, "moves")[deck.rows]
        sorts = _refine_moving(*sorts, moves, np.isin(places, layout.moving))
    card_class, slot_class, fits = sorts
    drawn, classes, decks = np.empty(len(pair), dtype=np.int64), pair.copy(), np.zeros(len(pair), dtype=np.int64)
    drawn[places] = deck.rows[assign_concepts(key, cards, card_class, slot_class, fits)]
    classes[places] = slot_class
    seeded = deal_cards(seed, "relations", layout.key, layout.start, places_of_seed, pair)
    for column, one in enumerate(seed):
        drawn[places_of_seed[:, column]] = one.rows[seeded[:, column]]
        decks[places_of_seed[:, column]] = 1 + column
    return drawn, RelationSlots(
        layout.subjects.offsets,
        *layout.ends,
        decks,
        classes,
        card_classes=(card_class, *(one.classes for one in seed)),
        fits=(fits, *(one.fits for one in seed)),
        rows=(deck.rows, *(one.rows for one in seed)),
    )


def _refine_moving(
    card_class: np.ndarray, slot_class: np.ndarray, fits: np.ndarray, moves: np.ndarray, moving: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Splits classes in two: slots of something that moves (bool) get a card that says so, if one fits there."""
    cards, slots = 2 * card_class + moves, 2 * slot_class + moving
    refined = np.repeat(np.repeat(fits, 2, axis=0), 2, axis=1)
    used = np.bincount(cards, minlength=len(refined)) > 0
    needs = np.arange(refined.shape[1]) % 2 == 1
    kept = refined & (np.arange(len(refined)) % 2 == 1)[:, None]
    found = (kept & used[:, None]).any(axis=0)
    return cards, slots, np.where(needs & found, kept, refined)


def _draw_copies(plan: Plan, layout: _Layout, objects: np.ndarray, relations: np.ndarray) -> np.ndarray:
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


def _order_attributes(taxonomy: Taxonomy, attributes: Ragged) -> Ragged:
    """Sorts each object's attributes as English does: opinion, size, ..., material; those after the noun last."""
    rank = rank_attributes(taxonomy)
    holder = attributes.owners
    order = np.argsort(join_codes(holder, rank[attributes.values]), kind="stable")
    return Ragged(attributes.values[order], attributes.offsets)


@lru_cache(maxsize=4)
def rank_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Where English puts each attribute among those of an object: a rank, int64, one an attribute of the taxonomy."""
    after = match_texts(taxonomy.attributes["position"], "after")
    return after * 1000 + view_numbers(taxonomy.attributes["order"], np.int8).astype(np.int64)
