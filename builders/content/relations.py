"""Draws the relations of a block: dealt to pairs of objects, and exchanged until every scene is possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..foundation.counter_rng import derive_key
from ..foundation.ragged import Ragged
from .assignment import assign_concepts
from .facts import find_saying, read_sayings
from .layout import Layout, deal_free
from .nearness import Nearness, draw_near, list_nearest
from .plan import Plan
from .possibility import RelationSlots, make_possible
from .seed_content import deal_cards
from .unseen import refine_relations


def draw_relations(
    plan: Plan, layout: Layout, objects: np.ndarray, attributes: np.ndarray
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


def _deal_relations(plan: Plan, layout: Layout, objects: np.ndarray, key: int) -> tuple[np.ndarray, RelationSlots]:
    """Deals relations to the pairs of objects that they join, each for itself: rows of the taxonomy, and the slots."""
    deck, seed, places_of_seed = plan.pools.relations, plan.pools.seed.relations, layout.seeds["relations"]
    # (slots,): the classes of subject and target as one number, a column of `Deck.fits`.
    object_class = plan.pools.classes.of[objects]
    pair = object_class[layout.ends[0]] * len(plan.pools.classes) + object_class[layout.ends[1]]
    places, cards = deal_free(plan, layout, "relations", len(deck))
    sorts = (deck.classes, pair[places], deck.fits)
    if plan.unseen:
        sorts = refine_relations(plan.unseen, deck, pair[places], *(objects[ends[places]] for ends in layout.ends))
    if len(layout.moving):
        moves = find_saying(plan.taxonomy.relations, "moves")[deck.rows]
        sorts = _refine_moving(*sorts, moves, np.isin(places, layout.moving))
    card_class, slot_class, fits = sorts
    drawn, classes, decks = np.empty(len(pair), dtype=np.int64), pair.copy(), np.zeros(len(pair), dtype=np.int64)
    near = None
    if plan.near_statements:
        ends = tuple(objects[one] for one in layout.ends)
        near = _Nearby(plan.near_statements, deck.rows, ends, card_class, fits)
        cards = near.draw(key, places, slot_class)
    else:
        cards = assign_concepts(key, cards, card_class, slot_class, fits)
    drawn[places] = deck.rows[cards]
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
        list_near=near.list if near else None,
    )


class _Nearby:
    """Relations that are near in meaning to the two objects that they join, out of those that types allow.

    Attributes:
        near: What is near.
        vectors: Vector of each card.
        anchors: Objects of the two ends of each slot of the block, rows of the taxonomy.
        card_class: Class of each card.
        fits: Which classes of cards fit which classes of slots.
    """

    def __init__(
        self,
        near: Nearness,
        rows: np.ndarray,
        anchors: tuple[np.ndarray, ...],
        card_class: np.ndarray,
        fits: np.ndarray,
    ) -> None:
        self.near, self.vectors, self.anchors = near, near.relations[rows], anchors
        self.card_class, self.fits = card_class, fits

    def find_anchors(self, slots: np.ndarray) -> np.ndarray:
        subjects, targets = (self.near.objects[objects[slots]] for objects in self.anchors)
        return subjects + targets

    def allow(self, classes: np.ndarray) -> np.ndarray:
        return self.fits.T[classes][:, self.card_class]

    def draw(self, key: int, slots: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """A card for each of some slots of the block, which are of these classes."""
        wear = np.zeros(len(self.vectors), dtype=np.int64)
        class_of = np.zeros(len(self.anchors[0]), dtype=np.int64)
        class_of[slots] = classes

        def allow(some: np.ndarray) -> np.ndarray:
            return self.allow(class_of[some])

        return draw_near(self.near, key, slots, self.find_anchors, self.vectors, allow, wear)

    def list(self, slots: np.ndarray, classes: np.ndarray, wider: int) -> Ragged:
        """The cards that are near to some slots, of so many times as many neighbours."""
        near = replace(self.near, neighbours=self.near.neighbours * wider)
        return list_nearest(near, self.find_anchors(slots), self.vectors, self.allow(classes))


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
