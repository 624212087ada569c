"""Draws the attributes of the objects of a block, and puts those of an object in the order of English."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...arrow import match_texts, view_numbers
from ...errors import GasError, Problem, RecipeError
from ...taxonomy import Taxonomy
from ..foundation.counter_rng import derive_key
from ..foundation.ragged import Ragged, join_codes, offsets_of
from .assignment import (
    Accept,
    Clash,
    Slots,
    assign_concepts,
    draw_fitting,
    list_fitting,
    list_neighbours,
    resolve_conflicts,
)
from .facts import exclude_facts, mask_facts, read_sayings
from .layout import Layout, deal_free
from .nearness import WEAR, draw_near, rank_within
from .plan import Plan
from .seed_content import deal_cards


def draw_attributes(plan: Plan, layout: Layout, objects: np.ndarray, quiet: np.ndarray | tuple[()] = ()) -> np.ndarray:
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
    places, cards = deal_free(plan, layout, "attributes", len(pools.attributes))
    key = derive_key(layout.key, "attributes", layout.block)
    # Cards are numbered through all decks, those of the seed graph last: deck `d` begins at `firsts[d]`. `rows` are
    # the attributes that cards stand for, and `deck_of` is the deck that each slot takes its card from.
    decks = [pools.attributes, *seed]
    firsts = offsets_of(np.array([len(deck) for deck in decks]))
    rows = np.concatenate([deck.rows for deck in decks])
    deck_of = np.zeros(len(holder_class), dtype=np.int64)
    deck_of[layout.seeds["attributes"]] = 1 + np.arange(len(seed))
    drawn = np.full(len(holder_class), -1, dtype=np.int64)
    if not plan.near_statements:
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
    if plan.near_statements:
        _draw_near_to_objects(plan, key, drawn, places, slots, holder, clash, refuse)
    try:
        resolved = resolve_conflicts(key, drawn, slots, clash, refuse, insist=insist)
        if len(quiet):
            again = derive_key(key, "quiet")
            if plan.near_statements:
                loud = places[refuse_saying(places, resolved[places])]
                resolved[loud] = -1
                _draw_near_to_objects(plan, again, resolved, loud, slots, holder, clash, refuse_saying)
            resolved = resolve_conflicts(again, resolved, slots, clash, refuse_saying, insist=insist, swaps=0)
    except GasError as error:
        if not insist:
            raise
        message = "no attributes that can be read in one way fit on some object"
        hint = "allow more kinds of attributes, or leave `unambiguous` out"
        raise RecipeError([Problem(message, key="captions", hint=hint)]) from error
    return rows[resolved]


def _draw_near_to_objects(
    plan: Plan,
    key: int,
    drawn: np.ndarray,
    places: np.ndarray,
    slots: Slots,
    holder: np.ndarray,
    clash: Clash,
    refuse: Accept,
) -> None:
    """Draws attributes that are near to their objects and go with those drawn before, one an object at a time.

    Args:
        plan: The plan of the split, which has what is near.
        key: Key of all choices made here.
        drawn: The card of each slot of the block, -1 where there is none yet; written to at `places`.
        places: The slots that get cards of the first deck, ascending.
        slots: All slots of the block.
        holder: The object of each slot, a row of the taxonomy.
        clash: Tells of two cards whether they must not be on one object.
        refuse: Tells of slots and cards whether these must not be there.
    """
    deck, near = plan.pools.attributes, plan.near_statements
    assert near is not None
    vectors = near.attributes[deck.rows]
    beside, fits = list_neighbours(slots.offsets), deck.fits[deck.classes].T
    object_class = plan.pools.classes.of[holder]

    def allow(some: np.ndarray) -> np.ndarray:
        allowed = fits[object_class[some]]
        at, tries = np.nonzero(allowed)
        good = ~refuse(some[at], tries)
        for others in beside:
            there = others[some]
            given = np.where(there >= 0, drawn[there], -1)[at]
            looked_at = np.flatnonzero(good & (given >= 0))
            good[looked_at] = ~clash(tries[looked_at], given[looked_at])
        allowed[at[~good], tries[~good]] = False
        return allowed

    wear = WEAR * np.bincount(drawn[(drawn >= 0) & (drawn < len(deck))], minlength=len(deck))
    ranks = rank_within(np.searchsorted(slots.offsets, places, side="right"))
    for turn in range(int(ranks.max(initial=-1)) + 1):
        now, again = places[ranks == turn], derive_key(key, "near", turn)
        drawn[now] = draw_near(near, again, now, lambda some: near.objects[holder[some]], vectors, allow, wear)
    # Nothing goes with what is there already: what fits by itself is a beginning.
    left = places[drawn[places] < 0]
    drawn[left] = draw_fitting(derive_key(key, "left"), left, object_class[left], slots.fitting)


def _list_demands(plan: Plan, layout: Layout, objects: int) -> np.ndarray:
    """What relations that are sure to come say of each object of a block, bits: of a seed graph, or that it moves."""
    sayings, said = read_sayings(plan.taxonomy), np.zeros(objects, dtype=np.int64)
    said[layout.ends[0][layout.moving]] = mask_facts("goes", "moves")
    for places, deck in zip(layout.seeds["relations"].T, plan.pools.seed.relations, strict=True):
        for ends, facts in zip(layout.ends, (sayings.relations, sayings.targets), strict=True):
            np.bitwise_or.at(said, ends[places], np.bitwise_and.reduce(facts[deck.rows]))
    return said


def order_attributes(taxonomy: Taxonomy, attributes: Ragged) -> Ragged:
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
