"""Joint possibility: which scenes no picture can show, and how relations are exchanged until there is none.

Three sorts of statements must be possible together:

    orders     what is left of, above, in front of, bigger, taller or wider than what goes in no circle
    places     what is in, on, held or worn by what goes in no circle, and a thing is in one place: it is in two only
               where one of them is itself in the other; what a thing holds stands where the thing does
    postures   one posture and one mood a thing, across its attributes and relations, and nothing is done in sleep

Two relations of one pair must not exclude each other, too. All of this looks at a scene as a whole, so the conflicts
between two cards that `resolve_conflicts` mends are not enough: here a scene is judged, one of its relations is
exchanged for one of another scene or drawn again, and both scenes are judged anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from ...taxonomy import Taxonomy
from ..foundation.counter_rng import derive_key, draw_below, hash_numbers
from ..foundation.ragged import Ragged, expand_ranges, offsets_of, order_small, pair_members
from .assignment import list_fitting
from .facts import (
    AWAKE,
    BIT,
    EXCLUSIVE,
    INSIDE,
    ORDERS,
    SPATIAL_ORDERS,
    Sayings,
    mask_facts,
    read_sayings,
)

SWAPS = 8
"""Rounds of exchanges before a relation is drawn again."""
REDRAWS = 64
"""Rounds of redraws."""
NEAR_REDRAWS = 32
"""Rounds of them in which relations that have to be near are; each one after looks twice as far, up to MOST_WIDER."""
MOST_WIDER = 1 << 20

Judge = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes scenes (ascending) and the relations of all of the block; which of these scenes' relations are to blame."""


@dataclass(frozen=True)
class _Edges:
    """Statements that one object comes before another in an order, or that the other one is its place.

    Attributes:
        starts, ends: The objects.
        orders: Number of the order in `ORDERS`, or of the sort of place in `PLACES`.
        slots: The relation that says so.
    """

    starts: np.ndarray
    ends: np.ndarray
    orders: np.ndarray
    slots: np.ndarray

    @classmethod
    def read(cls, steps: np.ndarray, subjects: np.ndarray, targets: np.ndarray) -> _Edges:
        """Reads statements: 1 where the subject comes first, -1 where the target does, shape (relations, orders)."""
        slots, orders = np.nonzero(steps)
        ahead = steps[slots, orders] > 0
        starts, ends = subjects[slots], targets[slots]
        return cls(np.where(ahead, starts, ends), np.where(ahead, ends, starts), orders, slots)

    def take(self, rows: np.ndarray) -> _Edges:
        return _Edges(*(getattr(self, field.name)[rows] for field in fields(self)))

    def join(self, other: _Edges) -> _Edges:
        return _Edges(*(np.concatenate([getattr(one, field.name) for one in (self, other)]) for field in fields(self)))


def find_impossible(
    sayings: Sayings, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray, bodies: np.ndarray
) -> np.ndarray:
    """Which relations take part in what no picture can show.

    Args:
        sayings: What relations say.
        relations: Rows of the taxonomy, of any scenes together.
        subjects: Numbers of objects from 0, none of two scenes, one a relation.
        targets: The same.
        bodies: What the attributes of each object say of it, bits, shape (objects,).

    Returns:
        Bool, one a relation.
    """
    count = len(bodies)
    blamed = _find_pairs(sayings, relations, subjects, targets, count)
    places = _Edges.read(sayings.places[relations], subjects, targets)
    blamed[_find_circles(places.starts, places.ends, places.slots, count)] = True
    blamed[_find_two_places(places, _list_chains(places, count), count)] = True
    # What is in two things is in one of them through the other; that this one is on it would not do.
    inside = places.take(np.flatnonzero(places.orders == INSIDE))
    chains = _list_chains(inside, count)
    blamed[_find_two_places(inside, chains, count)] = True
    orders = _Edges.read(sayings.orders[relations], subjects, targets)
    orders = _pass_on(orders, chains, count)
    # An object of each order is a node of its own, so that all circles are found at once.
    starts, ends = (orders.orders * count + one for one in (orders.starts, orders.ends))
    blamed[_find_circles(starts, ends, orders.slots, len(ORDERS) * count)] = True
    return blamed | _find_postures(sayings, relations, subjects, targets, bodies)


def _find_pairs(
    sayings: Sayings, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray, count: int
) -> np.ndarray:
    """Which relations exclude another one of the same two objects, bool."""
    blamed = np.zeros(len(relations), dtype=bool)
    codes = np.minimum(subjects, targets) * count + np.maximum(subjects, targets)
    order = np.argsort(codes, kind="stable")
    begins = np.flatnonzero(np.diff(codes[order], prepend=-1))
    if len(begins) == len(codes):
        return blamed
    one, other = (order[place] for place in pair_members(np.append(begins, len(codes))))
    head, turned = sayings.head[relations], sayings.turned[relations]
    same = subjects[one] == subjects[other]
    said = np.where(same, head[other], turned[other])
    firm = ~(sayings.hedged[relations[one]] | sayings.hedged[relations[other]])
    bad = firm & (said >= 0) & sayings.clashes[head[one], said]
    bad |= ~same & (head[one] == head[other]) & sayings.asymmetric[relations[one]]
    blamed[one[bad]] = blamed[other[bad]] = True
    return blamed


def _find_circles(starts: np.ndarray, ends: np.ndarray, slots: np.ndarray, count: int) -> np.ndarray:
    """Slots of the edges that are in a circle, or between two, in a graph of so many nodes."""
    while len(starts):
        leaves, comes = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        leaves[starts], comes[ends] = True, True
        keep = leaves[ends] & comes[starts]
        if keep.all():
            break
        starts, ends, slots = starts[keep], ends[keep], slots[keep]
    return slots


def _list_chains(edges: _Edges, count: int) -> np.ndarray:
    """Each pair of objects that an edge or a chain of edges leads through, as `start * count + end`, ascending."""
    own = np.unique(edges.starts * count + edges.ends)
    codes = own
    while len(codes):
        # Each chain goes on by every edge that begins where it ends.
        starts, ends = np.divmod(codes, count)
        low, high = np.searchsorted(own, ends * count), np.searchsorted(own, (ends + 1) * count)
        longer = np.repeat(starts, high - low) * count + own[expand_ranges(low, high - low)] % count
        joined = np.unique(np.concatenate([codes, longer]))
        if len(joined) == len(codes):
            break
        codes = joined
    return codes


def _are_among(codes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whether codes are among known ones (ascending), bool."""
    if not len(known):
        return np.zeros(len(codes), dtype=bool)
    return known.take(np.searchsorted(known, codes), mode="clip") == codes


def _are_linked(edges: _Edges, chains: np.ndarray, count: int) -> np.ndarray:
    """Whether a chain leads from one end of each edge to the other, or back, bool."""
    starts, ends = edges.starts, edges.ends
    return _are_among(starts * count + ends, chains) | _are_among(ends * count + starts, chains)


def _pass_on(order: _Edges, inside: np.ndarray, count: int) -> _Edges:
    """Orders, and those of places again of what is in the things of which they are said; not within these things.

    `inside` are chains (see `_list_chains`) of what is in what.
    """
    inner, outer = np.divmod(inside, count)
    holds = np.zeros(count, dtype=bool)
    holds[outer] = True
    if not (holds[order.starts] | holds[order.ends]).any():
        return order
    by_outer = np.argsort(outer, kind="stable")
    inner, outer = inner[by_outer], outer[by_outer]
    for end in ("starts", "ends"):
        # Two things in one place have an order of their own.
        told = (order.orders < SPATIAL_ORDERS) & holds[getattr(order, end)]
        told = order.take(np.flatnonzero(told & ~_are_linked(order, inside, count)))
        low, high = (np.searchsorted(outer, getattr(told, end), side) for side in ("left", "right"))
        passed = told.take(np.repeat(np.arange(len(low)), high - low))
        passed = replace(passed, **{end: inner[expand_ranges(low, high - low)]})
        order = order.join(passed.take(~_are_linked(passed, inside, count)))
    return order


def _find_two_places(places: _Edges, chains: np.ndarray, count: int) -> np.ndarray:
    """Slots that put one thing in two places of which neither is in or on the other; `chains` are of such places."""
    order = np.argsort(places.starts, kind="stable")
    begins = np.flatnonzero(np.diff(places.starts[order], prepend=-1))
    if len(begins) == len(order):
        return places.slots[:0]
    one, other = (order[place] for place in pair_members(np.append(begins, len(order))))
    pairs = replace(places.take(one), starts=places.ends[one], ends=places.ends[other])
    linked = (pairs.starts == pairs.ends) | _are_linked(pairs, chains, count)
    return pairs.slots[~linked]


def _find_postures(
    sayings: Sayings, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray, bodies: np.ndarray
) -> np.ndarray:
    """Which relations say a posture or mood of an object that has another one, or what it does in its sleep, bool."""
    groups, awake, sleeps = [mask_facts(*facts) for facts in EXCLUSIVE], mask_facts(*AWAKE), BIT["sleeps"]
    told_of = np.bitwise_or.reduce([*groups, awake, sleeps])
    # Every statement about a body: the object, and bits.
    objects = np.concatenate([subjects, targets])
    bits = np.concatenate([sayings.relations[relations], sayings.targets[relations]]) & told_of
    says = np.flatnonzero(bits)
    objects, bits = objects[says], bits[says]
    done = bodies.copy()
    np.bitwise_or.at(done, objects, bits)
    bad = ((done & sleeps != 0) & (done & awake != 0))[objects]
    for group in groups:
        left, told = np.where(bodies & group, bodies & group, group), bits & group != 0
        np.bitwise_and.at(left, objects[told], bits[told])
        bad |= (left == 0)[objects] & told
    blamed = np.zeros(len(relations), dtype=bool)
    blamed[says[bad] % max(len(relations), 1)] = True
    return blamed


@dataclass(frozen=True)
class RelationSlots:
    """Places for relations, scene after scene.

    Attributes:
        offsets: Slots of scene `i` are `offsets[i]` to before `offsets[i + 1]`, shape (scenes + 1,).
        subjects, targets: Objects of the block, shape (slots,).
        decks: Which deck each slot takes its card from, shape (slots,).
        classes: Class of each slot in its deck, shape (slots,).
        card_classes: Class of each card, one array a deck.
        fits: Which classes of cards fit which classes of slots, one array a deck.
        rows: Row of the taxonomy of each card, one array a deck.
        list_near: Where relations are near in meaning to what they join: the cards of the first deck that are near to
            some slots of these classes, out of so many times as many as the recipe says.
    """

    offsets: np.ndarray
    subjects: np.ndarray
    targets: np.ndarray
    decks: np.ndarray
    classes: np.ndarray
    card_classes: tuple[np.ndarray, ...]
    fits: tuple[np.ndarray, ...]
    rows: tuple[np.ndarray, ...]
    list_near: Callable[[np.ndarray, np.ndarray, int], Ragged] | None = None

    def draw(self, key: int, slots: np.ndarray, wider: int = 1) -> np.ndarray:
        """Draws relations (rows of the taxonomy) out of all that fit some slots, or of those of them that are near."""
        drawn = np.empty(len(slots), dtype=np.int64)
        for deck in np.unique(self.decks[slots]).tolist():
            some = np.flatnonzero(self.decks[slots] == deck)
            if self.list_near is not None and deck == 0:
                fitting = self.list_near(slots[some], self.classes[slots[some]], wider)
            else:
                fitting = list_fitting(self.card_classes[deck], self.fits[deck][:, self.classes[slots[some]]])
            picked = fitting.offsets[:-1] + draw_below(key, slots[some], fitting.lengths)
            drawn[some] = self.rows[deck][fitting.values[picked]]
        return drawn


def make_possible(
    key: int, taxonomy: Taxonomy, relations: np.ndarray, slots: RelationSlots, bodies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Exchanges relations between scenes until each scene can be shown; what that cannot mend is drawn again.

    Args:
        key: Key of all choices made here.
        taxonomy: The concepts.
        relations: The relation of each slot, a row of the taxonomy, shape (slots,).
        slots: The slots, and what fits there.
        bodies: What the attributes of each object of the block say, bits.

    Returns:
        The relation of each slot, and the scenes that still cannot be shown.
    """
    sayings, relations = read_sayings(taxonomy), relations.copy()
    every = Ragged(np.arange(len(relations)), slots.offsets)

    def judge(scenes: np.ndarray, relations: np.ndarray) -> np.ndarray:
        some = every.take(scenes).values
        # Few objects of the block are in these scenes, so they are numbered anew.
        ends = np.concatenate([slots.subjects[some], slots.targets[some]])
        objects, numbers = np.unique(ends, return_inverse=True)
        subjects, targets = np.split(numbers, 2)
        return find_impossible(sayings, relations[some], subjects, targets, bodies[objects])

    blamed = find_impossible(sayings, relations, slots.subjects, slots.targets, bodies)
    mender = _Mender(key, relations, slots, every, judge, blamed)
    # What is near to one pair of objects is not near to another: there is nothing to swap.
    for turn in range(SWAPS if slots.list_near is None else 0):
        if not blamed.any():
            break
        mender.swap(turn)
    for turn in range(REDRAWS):
        if not blamed.any():
            break
        mender.redraw(turn)
    return relations, np.unique(every.owners[blamed])


class _Mender:
    """The relations of a block while they are being exchanged; `relations` and `blamed` are written to."""

    def __init__(
        self,
        key: int,
        relations: np.ndarray,
        slots: RelationSlots,
        every: Ragged,
        judge: Judge,
        blamed: np.ndarray,
    ) -> None:
        self.key, self.relations, self.slots, self.every = key, relations, slots, every
        self.judge, self.blamed = judge, blamed
        # Slots of one class of one deck take each other's cards: those of `c` are by_class[starts[c]:][:sizes[c]].
        self.class_of = np.unique(
            slots.decks * (slots.classes.max(initial=0) + 1) + slots.classes, return_inverse=True
        )[1]
        self.by_class = order_small(self.class_of)
        self.sizes = np.bincount(self.class_of)
        self.starts = offsets_of(self.sizes)[:-1]

    def choose_blamed(self, *name: str | int) -> np.ndarray:
        """One slot to blame of each scene, by chance, ascending."""
        rows = np.flatnonzero(self.blamed)
        chance = hash_numbers(derive_key(self.key, *name), rows)
        order = np.lexsort((chance, self.every.owners[rows]))
        return rows[order][np.diff(self.every.owners[rows][order], prepend=-1) > 0]

    def swap(self, turn: int) -> None:
        """Exchanges one relation to blame of each scene with a random one of its class, where that mends more."""
        slots = self.choose_blamed("blamed", turn)
        sizes = self.sizes[self.class_of[slots]]
        picked = draw_below(derive_key(self.key, "swap", turn), slots, sizes)
        partners = self.by_class[self.starts[self.class_of[slots]] + picked]
        # No scene takes part in two exchanges, and none that is to blame is a partner.
        scenes, others = self.every.owners[slots], self.every.owners[partners]
        busy = np.zeros(len(self.every), dtype=bool)
        busy[scenes] = True
        free = np.flatnonzero(~busy[others])
        free = np.sort(free[np.unique(others[free], return_index=True)[1]])
        slots, partners, scenes, others = slots[free], partners[free], scenes[free], others[free]
        tried = self.relations.copy()
        tried[slots], tried[partners] = self.relations[partners], self.relations[slots]
        self._accept(tried, scenes, others)

    def redraw(self, turn: int) -> None:
        """Draws one relation to blame of each scene anew, and keeps it where that makes nothing worse."""
        slots = self.choose_blamed("redrawn", turn)
        tried = self.relations.copy()
        # Where nothing near goes with the rest of a scene, the next nearest does.
        wider = 1 << max(turn - NEAR_REDRAWS, 0)
        tried[slots] = self.slots.draw(derive_key(self.key, "redraw", turn), slots, min(wider, MOST_WIDER))
        self._accept(tried, self.every.owners[slots])

    def _accept(self, tried: np.ndarray, scenes: np.ndarray, others: np.ndarray | None = None) -> None:
        """Keeps other relations of scenes where fewer are to blame then, and none in the scenes that they come from.

        Without such scenes it is enough that not more are to blame, so that a scene may get there by several steps.
        """
        some = np.sort(scenes if others is None else np.concatenate([scenes, others]))
        slots = self.every.take(some).values
        owners, blamed = self.every.owners[slots], self.judge(some, tried)
        now, before = (np.bincount(owners[one], minlength=len(self.every)) for one in (blamed, self.blamed[slots]))
        good = np.zeros(len(self.every), dtype=bool)
        if others is None:
            good[scenes] = now[scenes] <= before[scenes]
        else:
            good[scenes] = good[others] = (now[scenes] < before[scenes]) & (now[others] == 0)
        kept = good[owners]
        self.relations[slots[kept]] = tried[slots[kept]]
        self.blamed[slots[kept]] = blamed[kept]
