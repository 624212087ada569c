"""Constrained assignment: puts dealt concepts where their types allow, and moves them until no two conflict.

A constraint moves concepts between scenes, it drops none. So each concept stays as frequent as it was dealt, which
independent draws that are rejected would not give.

    card     a number that stands for a concept: its place in a deck
    slot     a place for a card: an object, an attribute of an object, a relation, a scene attribute of a block
    holder   what owns slots that lie side by side, and whose cards must go together: an object, or a scene
    class    slots of one class fit the same cards, and cards of one class fit the same slots

`assign_concepts` heeds what fits a slot by itself, a greedy bipartite matching by classes; `resolve_conflicts` heeds
what goes with the other cards of its holder, by local search: swap, redraw, refill.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ...arrow import view_numbers
from ...errors import GasError
from ..foundation.counter_rng import derive_key, draw_below, hash_numbers, shuffle, shuffle_rows
from ..foundation.ragged import Ragged, offsets_of, order_small

SWAPS = 16
"""Rounds of swaps before what still clashes is drawn again."""
PART = 256
"""Slots that get their cards together, about: a block's come in runs of that many, one after the other."""
PARTS = 8
"""Most of such runs in a block."""
GUESSES = 2
"""Random draws before every card is tried."""
MOST_LOOKED_AT = 100_000
"""Cards that are tried at once; while there are more, draws are random."""
ROUNDS = 24
"""Redraw attempts before all cards of a holder are drawn anew."""
PROPOSALS = 4
"""Cards that are compared for each slot where all cards of a holder are drawn anew."""

Clash = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Whether two cards must not be of one holder: int64 and int64 to bool, element by element."""
Accept = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Whether slots (first) take, or refuse, cards (second): int64 and int64 to bool, element by element."""


@dataclass(frozen=True)
class Slots:
    """Slots in a row, holder after holder.

    Attributes:
        offsets: Slots of holder `i` are `offsets[i]` to before `offsets[i + 1]`, shape (holders + 1,).
        classes: Class of every slot, shape (slots,). Cards are swapped between slots of one class only.
        fitting: All cards that fit each class of slots, apart from conflicts.
        spare: Cards for the slots of a holder where no cards that fit them go together.
    """

    offsets: np.ndarray
    classes: np.ndarray
    fitting: Ragged
    spare: np.ndarray | None = None


def refuse_nothing(slots: np.ndarray, cards: np.ndarray) -> np.ndarray:
    return np.zeros(len(slots), dtype=bool)


def assign_concepts(
    key: int, cards: np.ndarray, card_class: np.ndarray, slot_class: np.ndarray, fits: np.ndarray
) -> np.ndarray:
    """Gives every slot a card that fits it, using each dealt card once where the types leave room for that.

    Slots and cards come in parts, in their order, so that a run of scenes has about the cards that were dealt for it.
    What finds no place waits for the next part, and so does a slot that finds no card. The class of which most has
    waited chooses first, then the one that has least room. What is open at the end gets the least used that fits.

    Args:
        key: Key of all choices made here.
        cards: Dealt cards, one a slot, int64, shape (slots,).
        card_class: Class of every card of the deck (not just the dealt ones), shape (cards of the deck,).
        slot_class: Class of every slot, shape (slots,).
        fits: Whether a card class fits a slot class, bool, shape (card classes, slot classes). Each slot class fits
            some card.

    Returns:
        The card of each slot, int64, shape (slots,).
    """
    if fits.all() or not len(cards):
        return cards
    card_class, slot_class, fits = _merge_classes(card_class, slot_class, fits)
    assigned = np.full(len(slot_class), -1, dtype=np.int64)
    parts = max(min(len(cards) // PART, PARTS), 1)
    size = -(-len(cards) // parts)
    # (parts, size): the slots of each part, in the order in which they are visited; the last may run past the end.
    visits = shuffle_rows(derive_key(key, "visit"), np.arange(parts), size) + size * np.arange(parts)[:, None]
    # Cards class by class as they are dealt: those of class `c` begin at `starts[c]` of the queue. Of them `dealt[c]`
    # have come up so far and `gone[c]` have a slot. Those that have waited come first, so that all are used alike.
    dealt_class = card_class[cards]
    queue = cards.take(order_small(dealt_class))
    starts = offsets_of(np.bincount(dealt_class, minlength=len(fits)))[:-1]
    dealt, gone = np.zeros(len(fits), dtype=np.int64), np.zeros(len(fits), dtype=np.int64)
    open_slots, rooms = cards[:0], fits.astype(np.int64)
    # Taken slots are of a class of their own, the last, which nothing fits.
    taken, rows = fits.shape[1], list(np.pad(fits, ((0, 0), (0, 1))))
    for part, visit in enumerate(visits):
        waiting = dealt - gone
        dealt += np.bincount(dealt_class[part * size : (part + 1) * size], minlength=len(fits))
        wanted = dealt - gone
        open_slots = np.concatenate([open_slots, visit[visit < len(cards)]])
        open_class = slot_class[open_slots]
        # (card classes,): how many of the open slots each class of cards fits.
        room = rooms @ np.bincount(open_class, minlength=taken)
        # First those of which most have waited, then those that have least room for what they are.
        order = np.lexsort((-wanted / np.maximum(room, 1), -waiting / np.maximum(dealt, 1)))
        order = order[(wanted[order] > 0) & (room[order] > 0)]
        # Those that fit are spread over all that are open, so few have to be looked at to find that many.
        likely = 2 * wanted * len(open_slots) // np.maximum(room, 1) + 64
        for one in order.tolist():
            number, few, first = wanted[one], likely[one], starts[one] + gone[one]
            chosen = rows[one].take(open_class[:few]).nonzero()[0]
            if len(chosen) < number and few < len(open_class):
                chosen = rows[one].take(open_class).nonzero()[0]
            chosen = chosen[:number]
            open_class[chosen] = taken
            assigned[open_slots[chosen]] = queue[first : first + len(chosen)]
            gone[one] += len(chosen)
        open_slots = open_slots[open_class < taken]
    _fill_evenly(derive_key(key, "fill"), assigned, np.sort(open_slots), slot_class, card_class, fits)
    return assigned


def _merge_classes(
    card_class: np.ndarray, slot_class: np.ndarray, fits: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Makes slots that the same cards fit one class, and cards that fit the same slots; the arguments, renumbered."""
    # Only slot classes that occur tell cards apart.
    kinds, number_of = np.flatnonzero(np.bincount(slot_class)), np.zeros(fits.shape[1], dtype=np.int64)
    number_of[kinds], firsts = _number_alike(fits.T[kinds])
    slot_class, fits = number_of[slot_class], fits[:, kinds[firsts]]
    number, firsts = _number_alike(fits)
    return number[card_class], slot_class, fits[firsts]


def _number_alike(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the distinct rows of a table of bools: the number of each row, and the first row of each number."""
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    codes = pa.Array.from_buffers(pa.binary(packed.shape[1]), len(packed), [None, pa.py_buffer(packed)])
    numbers = view_numbers(codes.dictionary_encode().indices, np.int32)
    # A number that is above all before it is one that was not there before.
    return numbers, np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1))


def _fill_evenly(
    key: int,
    assigned: np.ndarray,
    slots: np.ndarray,
    slot_class: np.ndarray,
    card_class: np.ndarray,
    fits: np.ndarray,
) -> None:
    """Gives open slots the least used of the cards that fit; slots that fit few cards come first.

    `assigned`, shape (all slots,), is written to at `slots`; its other open slots are -1.
    """
    # Cards above the last that fits anywhere are left out: a deck may have many of them.
    goes = np.asarray(fits.any(axis=1))[card_class]
    count = int(np.flatnonzero(goes).max(initial=-1)) + 1
    # (count,): how often each card is used, times `count`, plus luck in [0, count), by which no two are alike. So
    # `worn // count` is the use, and `lucky[worn % count]` the card.
    luck = shuffle(derive_key(key, "cards"), count)
    worn, lucky = np.bincount(assigned[assigned >= 0], minlength=count) * count + luck, np.argsort(luck)
    order = shuffle(derive_key(key, "slots"), len(slots))
    slots = slots[order]
    slots = slots[order_small(slot_class[slots])]
    # A run is the open slots of one class; `choices` has how many cards fit each class.
    ends = np.flatnonzero(np.diff(slot_class[slots], append=-1)) + 1
    runs = np.split(slots, ends[:-1])
    choices = np.bincount(card_class, minlength=len(fits)) @ fits
    for number in np.argsort(choices[slot_class[slots[ends - 1]]], kind="stable") if len(slots) else ():
        some = runs[number]
        # The least used level by level: up to which level all can be raised, and who is one above it. No more cards
        # than there are slots can get any.
        ranked = np.sort(worn[fits[:, slot_class[some[0]]][card_class[:count]]])[: len(some)]
        levels, cards = ranked // count, lucky[ranked % count]
        # `filled[i]` slots raise the first i + 1 cards to the use of the last of them.
        filled = levels * np.arange(1, len(levels) + 1) - np.cumsum(levels)
        raised = int(np.searchsorted(filled, len(some), side="left"))
        level, rest = divmod(len(some) + int(levels[:raised].sum()), raised)
        given = level - levels[:raised]
        given[:rest] += 1
        assigned[some] = np.repeat(cards[:raised], given)
        worn[cards[:raised]] += given * count


def list_fitting(card_class: np.ndarray, fits: np.ndarray) -> Ragged:
    """All cards of a deck that fit each class of slots."""
    slot_class, cards = np.nonzero(fits[card_class].T)
    return Ragged(cards, offsets_of(np.bincount(slot_class, minlength=fits.shape[1])))


def draw_fitting(key: int, slots: np.ndarray, slot_class: np.ndarray, fitting: Ragged) -> np.ndarray:
    """Draws each slot a card out of those that fit its class, all alike; none of these lists is empty.

    `slots` and `slot_class` are of one shape, and so is what is returned.
    """
    picked = draw_below(key, slots, fitting.lengths[slot_class])
    return fitting.values[fitting.offsets[slot_class] + picked]


def draw_again(key: int, slots: np.ndarray, cards: int, accept: Accept) -> np.ndarray:
    """Draws each slot a card out of all those that `accept` takes there, all alike.

    Raises:
        GasError: There is no such card for a slot.
    """
    drawn = np.full(len(slots), -1, dtype=np.int64)
    open_slots = np.arange(len(slots))
    for turn in range(GUESSES):
        if not len(open_slots):
            return drawn
        tries = draw_below(derive_key(key, turn), slots[open_slots], cards)
        good = accept(slots[open_slots], tries)
        drawn[open_slots[good]] = tries[good]
        open_slots = open_slots[~good]
    for slot in open_slots:  # few cards fit here, so look at every one
        allowed = np.flatnonzero(accept(np.full(cards, slots[slot]), np.arange(cards)))
        if not len(allowed):
            raise GasError("nothing that the filters leave fits")
        drawn[slot] = allowed[draw_below(derive_key(key, "any"), slots[[slot]], len(allowed))[0]]
    return drawn


def resolve_conflicts(
    key: int,
    cards: np.ndarray,
    slots: Slots,
    clash: Clash = refuse_nothing,
    refuse: Accept = refuse_nothing,
    *,
    insist: bool = False,
    swaps: int = SWAPS,
) -> np.ndarray:
    """Swaps cards between holders until no two cards of one holder clash; what swapping cannot mend is drawn again.

    Args:
        key: Key of all choices made here.
        cards: The card of each slot, int64, shape (slots,).
        slots: The slots, and what fits there.
        clash: Tells element by element whether two cards must not be together.
        refuse: Whether cards should not be in slots, of which no two need be alike.
        insist: Whether what is refused is not even there where nothing else fits.
        swaps: Rounds of swaps before what still clashes is drawn again.

    Returns:
        The card of each slot, int64, shape (slots,): a permutation of `cards` where swaps were enough.

    Raises:
        GasError: Nothing fits beside the other cards of a holder.
    """
    resolver = _Resolver(key, cards.copy(), slots, clash, refuse)
    bad = resolver.find_later(np.arange(len(cards)))
    for turn in range(swaps):
        if not len(bad):
            return resolver.cards
        bad = resolver.swap(turn, bad)
    for turn in range(ROUNDS):
        bad = resolver.find_all(resolver.list_slots_beside(bad))
        if not len(bad):
            return resolver.cards
        resolver.redraw(turn, bad)
    resolver.refill(bad, insist)
    return resolver.cards


class _Resolver:
    """The cards of all slots while conflicts between them are being resolved.

    Three steps change `cards`, each dearer and surer than the one before: `swap`, `redraw` and `refill`. "Bad" slots
    are those whose card is refused there, or clashes with a card beside it.
    """

    def __init__(self, key: int, cards: np.ndarray, slots: Slots, clash: Clash, refuse: Accept) -> None:
        self.key, self.cards, self.slots, self.clash, self.refuse = key, cards, slots, clash, refuse
        # (most slots of a holder - 1, slots): a row has one neighbour of every slot, so each is one step of numpy.
        self.beside = list_neighbours(slots.offsets)
        # The slots of class `c` are `by_class[class_starts[c]:][:class_sizes[c]]`.
        self.by_class = order_small(slots.classes)
        self.class_sizes = np.bincount(slots.classes)
        self.class_starts = np.cumsum(self.class_sizes) - self.class_sizes

    def is_bad(self, slots: np.ndarray, tries: np.ndarray, before: bool = False) -> np.ndarray:
        """Whether cards would be bad in slots, bool, shape (slots,); `before` looks at earlier slots beside alone."""
        bad = self.refuse(slots, tries)
        for row in self.beside:
            others = row.take(slots)
            there = others >= 0
            if before:
                there &= others < slots
            # What is bad already is not looked at again: `clash` costs most.
            there &= ~bad
            at = np.flatnonzero(there)
            bad[at] = self.clash(tries.take(at), self.cards.take(others.take(at)))
        return bad

    def find_all(self, among: np.ndarray) -> np.ndarray:
        """Bad slots; of two cards that clash, both."""
        return among[self.is_bad(among, self.cards.take(among))]

    def find_later(self, among: np.ndarray) -> np.ndarray:
        """Bad slots; of two cards that clash, the later one alone, for it is enough that one of them goes."""
        return among[self.is_bad(among, self.cards.take(among), before=True)]

    def list_slots_beside(self, *slots: np.ndarray) -> np.ndarray:
        """All slots of the holders of these slots, ascending."""
        # One place more than there are slots, for the -1 with which neighbours are filled up.
        touched = np.zeros(len(self.cards) + 1, dtype=bool)
        for some in slots:
            touched[some] = True
            touched[self.beside[:, some]] = True
        return np.flatnonzero(touched[:-1])

    def swap(self, turn: int, bad: np.ndarray) -> np.ndarray:
        """Swaps the card of each bad slot with that of a random slot of its class, where that makes both good.

        Returns: The slots that are bad now.
        """
        classes = self.slots.classes[bad]
        pick = draw_below(derive_key(self.key, "swap", turn), bad, self.class_sizes[classes])
        partner = self.by_class[self.class_starts[classes] + pick]
        # No slot takes part in two swaps: `taken` has, for each partner, the first bad slot that picked it. Bad slots
        # are nobody's partners.
        taken = np.full(len(self.cards), -1)
        taken[partner[::-1]] = bad[::-1]
        taken[bad] = -1
        slots, partner = bad[taken[partner] == bad], partner[taken[partner] == bad]
        # The two sides change names in each turn, so the loop asks both whether the other's card is good there.
        for _ in range(2):
            good = ~self.is_bad(slots, self.cards[partner])
            slots, partner = partner[good], slots[good]
        self.cards[slots], self.cards[partner] = self.cards[partner], self.cards[slots]
        # Two swaps may have met in one holder, so look again at all that were touched.
        touched = self.list_slots_beside(slots, partner)
        left = np.zeros(len(self.cards), dtype=bool)
        left[bad] = True
        left[touched] = False
        left[self.find_later(touched)] = True
        return np.flatnonzero(left)

    def redraw(self, turn: int, bad: np.ndarray) -> None:
        """Draws one bad slot of each holder another card that fits; random draws first, then all cards are tried."""
        fitting, classes = self.slots.fitting, self.slots.classes
        # Now this and now that one of those that clash: it may be the other that has to go. `diff` finds the first of
        # each holder, whose numbers begin at 1 here.
        holder = np.searchsorted(self.slots.offsets, bad, side="right")
        order = np.lexsort((hash_numbers(derive_key(self.key, "slot", turn), bad), holder))
        slots = bad[order][np.diff(holder[order], prepend=0) > 0]
        card_key = derive_key(self.key, "card", turn)
        if turn < GUESSES or fitting.lengths[classes[slots]].sum() > MOST_LOOKED_AT:
            tries = draw_fitting(card_key, slots, classes[slots], fitting)
            good = ~self.is_bad(slots, tries)
        else:
            tries = self._try_all(card_key, slots)
            # Where nothing goes with the others one of these has to change: another card lets the next turn find out.
            stuck = np.flatnonzero(tries < 0)
            tries[stuck] = draw_fitting(derive_key(card_key, "stuck"), slots[stuck], classes[slots[stuck]], fitting)
            good = ~self.refuse(slots, tries)
        self.cards[slots[good]] = tries[good]

    def _try_all(self, key: int, slots: np.ndarray) -> np.ndarray:
        """Draws each slot a card among all that are good there; -1 where none is. int64, shape (slots,)."""
        every = self.slots.fitting.take(self.slots.classes[slots])
        free = np.flatnonzero(~self.is_bad(np.repeat(slots, every.lengths), every.values))
        # `free` are places in `every.values`, ascending: those of slot `i` are free[starts[i]:starts[i + 1]].
        starts = np.searchsorted(free, every.offsets)
        good = np.diff(starts) > 0
        tries = np.full(len(slots), -1)
        picked = starts[:-1] + draw_below(key, slots, np.diff(starts))
        tries[good] = every.values[free[picked[good]]]
        return tries

    def refill(self, bad: np.ndarray, insist: bool) -> None:
        """Draws all cards of the holders of these slots anew, holder by holder.

        Raises:
            GasError: Nothing fits beside the other cards of a holder.
        """
        for holder in np.unique(np.searchsorted(self.slots.offsets, bad, side="right") - 1):
            slots = np.arange(self.slots.offsets[holder], self.slots.offsets[holder + 1])
            choices = [self.slots.fitting[one] for one in self.slots.classes[slots].tolist()]
            sets = [self._list_good(slots, choices)]
            if self.slots.spare is not None:
                sets.append(self._list_good(slots, [self.slots.spare] * len(slots)))
            if not insist:
                sets.append(choices)
            self.cards[slots] = _fill_holder(derive_key(self.key, "holder", int(holder)), sets, self.clash)

    def _list_good(self, slots: np.ndarray, choices: list[np.ndarray]) -> list[np.ndarray]:
        """For each slot those of its choices that are not refused there."""
        return [some[~self.refuse(np.full(len(some), slot), some)] for slot, some in zip(slots, choices, strict=True)]


def _fill_holder(key: int, sets: list[list[np.ndarray]], clash: Clash) -> np.ndarray:
    """Finds cards for all slots of one holder among those allowed in each, by the first of some sets.

    Of a few cards that chance proposes for a slot it takes the one that leaves most to the slots after it, and it
    starts again at a dead end.

    Raises:
        GasError: There was a dead end in each of ROUNDS attempts with each set.
    """
    for turn in range(ROUNDS * len(sets)):
        left, chosen = sets[turn // ROUNDS], []
        for place in range(len(left)):
            cards, later = left[0], left[1:]
            if not len(cards):
                break
            picked = draw_below(derive_key(key, turn), place * PROPOSALS + np.arange(PROPOSALS), len(cards))
            options = [
                [some.compress(~clash(some, np.full(len(some), card))) for some in later] for card in cards[picked]
            ]
            best = max(range(PROPOSALS), key=lambda one: sum(map(len, options[one])))
            left = options[best]
            chosen.append(cards[picked[best]])
        else:
            return np.array(chosen)
    raise GasError("nothing that the filters leave fits")


def list_neighbours(offsets: np.ndarray) -> np.ndarray:
    """The other slots of each slot's holder, padded with -1, shape (most slots of a holder - 1, slots)."""
    lengths = np.diff(offsets)
    width = max(int(lengths.max(initial=0)) - 1, 0)
    slots = np.arange(offsets[-1])
    holder = np.repeat(np.arange(len(lengths)), lengths)
    place = slots - offsets[:-1][holder]
    # Row `r` has the holder's `r`-th slot, or the one after it from the slot's own place on, which is skipped.
    row = np.arange(width)[:, None]
    other = row + (row >= place)
    return np.where(other < lengths[holder], offsets[:-1][holder] + other, -1)
