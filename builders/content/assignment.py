"""Puts dealt concepts where their types allow: a constraint moves concepts between scenes, it drops none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...errors import GasError
from ..foundation.counter_rng import derive_key, draw_below, hash_numbers, shuffle, shuffle_rows
from ..foundation.ragged import Ragged, offsets_of, order_small

SWAPS = 16
"""Rounds of swaps before what still clashes is drawn again."""
PARTS = 8
"""Runs of a block's slots that are seated one after the other."""
GUESSES = 2
"""Random draws before every card is tried."""
MOST_LOOKED_AT = 100_000
"""Cards that are tried at once; while there are more, draws are random."""
ROUNDS = 24
"""Draws before all cards of a holder are drawn again."""

Clash = Callable[[np.ndarray, np.ndarray], np.ndarray]
Accept = Callable[[np.ndarray, np.ndarray], np.ndarray]


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
        cards: Dealt cards, one a slot, int64.
        card_class: Class of every card of the deck (not just the dealt ones).
        slot_class: Class of every slot.
        fits: Whether a card class fits a slot class, bool, shape (card classes, slot classes). Each slot class fits
            some card.

    Returns:
        The card of each slot, int64.
    """
    if fits.all() or not len(cards):
        return cards
    # Slots that the same cards fit are of one class here, and so are cards that fit the same slots.
    kinds, number_of = np.flatnonzero(np.bincount(slot_class)), np.zeros(fits.shape[1], dtype=np.int64)
    number_of[kinds], firsts = _number_alike(fits.T[kinds])
    slot_class, fits = number_of[slot_class], fits[:, kinds[firsts]]
    number, firsts = _number_alike(fits)
    card_class, fits = number[card_class], fits[firsts]
    seated = np.full(len(slot_class), -1, dtype=np.int64)
    size = -(-len(cards) // PARTS)
    visits = shuffle_rows(derive_key(key, "visit"), np.arange(PARTS), size) + size * np.arange(PARTS)[:, None]
    # Cards class by class as they are dealt. Those that have waited come first, so that all of a class are used alike.
    dealt_class = card_class[cards]
    queue = cards.take(order_small(dealt_class))
    starts = offsets_of(np.bincount(dealt_class, minlength=len(fits)))[:-1]
    dealt, gone = np.zeros(len(fits), dtype=np.int64), np.zeros(len(fits), dtype=np.int64)
    open_slots, rooms = cards[:0], fits.astype(np.int64)
    # Taken slots are of a class of their own, which nothing fits.
    taken, rows = fits.shape[1], list(np.pad(fits, ((0, 0), (0, 1))))
    for part, visit in enumerate(visits):
        waiting = dealt - gone
        dealt += np.bincount(dealt_class[part * size : (part + 1) * size], minlength=len(fits))
        wanted = dealt - gone
        open_slots = np.concatenate([open_slots, visit[visit < len(cards)]])
        open_class = slot_class[open_slots]
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
            seated[open_slots[chosen]] = queue[first : first + len(chosen)]
            gone[one] += len(chosen)
        open_slots = open_slots[open_class < taken]
    _fill_evenly(derive_key(key, "fill"), seated, np.sort(open_slots), slot_class, card_class, fits)
    return seated


def _number_alike(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the distinct rows of a table of bools: the number of each row, and the first row of each number."""
    numbers: dict[bytes, int] = {}
    found = np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in np.packbits(rows, axis=1)])
    return found, np.unique(found, return_index=True)[1]


def _fill_evenly(
    key: int,
    seated: np.ndarray,
    slots: np.ndarray,
    slot_class: np.ndarray,
    card_class: np.ndarray,
    fits: np.ndarray,
) -> None:
    """Gives open slots the least used of the cards that fit; slots that fit few cards come first."""
    goes = np.asarray(fits.any(axis=1))[card_class]
    count = int(np.flatnonzero(goes).max(initial=-1)) + 1
    # How often each card is used, and then luck, by which no two are alike.
    luck = shuffle(derive_key(key, "cards"), count)
    worn, lucky = np.bincount(seated[seated >= 0], minlength=count) * count + luck, np.argsort(luck)
    order = shuffle(derive_key(key, "slots"), len(slots))
    slots = slots[order]
    slots = slots[order_small(slot_class[slots])]
    ends = np.flatnonzero(np.diff(slot_class[slots], append=-1)) + 1
    runs = np.split(slots, ends[:-1])
    choices = np.bincount(card_class, minlength=len(fits)) @ fits
    for number in np.argsort(choices[slot_class[slots[ends - 1]]], kind="stable") if len(slots) else ():
        some = runs[number]
        # The least used level by level: up to which level all can be raised, and who is one above it. No more cards
        # than there are slots can get any.
        ranked = np.sort(worn[fits[:, slot_class[some[0]]][card_class[:count]]])[: len(some)]
        levels, cards = ranked // count, lucky[ranked % count]
        filled = levels * np.arange(1, len(levels) + 1) - np.cumsum(levels)
        raised = int(np.searchsorted(filled, len(some), side="left"))
        level, rest = divmod(len(some) + int(levels[:raised].sum()), raised)
        given = level - levels[:raised]
        given[:rest] += 1
        seated[some] = np.repeat(cards[:raised], given)
        worn[cards[:raised]] += given * count


def list_fitting(card_class: np.ndarray, fits: np.ndarray) -> Ragged:
    """All cards of a deck that fit each class of slots."""
    slot_class, cards = np.nonzero(fits[card_class].T)
    return Ragged(cards, offsets_of(np.bincount(slot_class, minlength=fits.shape[1])))


def draw_fitting(key: int, slots: np.ndarray, slot_class: np.ndarray, fitting: Ragged) -> np.ndarray:
    """Draws each slot a card out of those that fit its class, all alike; none of these lists is empty."""
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
    offsets: np.ndarray,
    slot_class: np.ndarray,
    fitting: Ragged,
    clash: Clash = refuse_nothing,
    refuse: Accept = refuse_nothing,
    insist: bool = False,
    swaps: int = SWAPS,
    wanted: tuple[int, int] | None = None,
) -> np.ndarray:
    """Swaps cards between holders until no two cards of one holder clash; what swapping cannot mend is drawn again.

    Args:
        key: Key of all choices made here.
        cards: The card of each slot.
        offsets: Slots of holder `i` are `offsets[i]` to `offsets[i + 1]`.
        slot_class: Class of every slot. Cards are swapped between slots of one class only.
        fitting: All cards that fit each class of slots, apart from clashes.
        clash: Tells element by element whether two cards must not be together.
        refuse: Whether cards should not be in slots, of which no two need be alike.
        insist: Whether what is refused is not even there where nothing else fits.
        swaps: Rounds of swaps before what still clashes is drawn again.
        wanted: The first slot and the one after the last of some holders, if no others need be right.

    Raises:
        GasError: Nothing fits beside the other cards of a holder.
    """
    cards = cards.copy()
    beside = _list_neighbours(offsets)
    size = len(cards)
    by_class = order_small(slot_class)
    class_sizes = np.bincount(slot_class)
    class_starts = np.cumsum(class_sizes) - class_sizes

    def clashes(slots: np.ndarray, tries: np.ndarray, before: bool = False) -> np.ndarray:
        """Whether cards clash with those beside slots, or with those before them alone."""
        bad = refuse(slots, tries)
        for row in beside:
            others = row.take(slots)
            there = others >= 0
            if before:
                there &= others < slots
            there &= ~bad
            at = np.flatnonzero(there)
            bad[at] = clash(tries.take(at), cards.take(others.take(at)))
        return bad

    def find_bad(among: np.ndarray) -> np.ndarray:
        return among[clashes(among, cards.take(among), before=True)]

    def list_slots_beside(*slots: np.ndarray) -> np.ndarray:
        """All slots of the holders of these slots."""
        touched = np.zeros(size + 1, dtype=bool)
        for some in slots:
            touched[some] = True
            touched[beside[:, some]] = True
        return np.flatnonzero(touched[:-1])

    bad = find_bad(np.arange(size))
    for turn in range(swaps):
        if not len(bad):
            return cards
        pick = draw_below(derive_key(key, "swap", turn), bad, class_sizes[slot_class[bad]])
        partner = by_class[class_starts[slot_class[bad]] + pick]
        # No slot takes part in two swaps.
        taken = np.full(size, -1)
        taken[partner[::-1]] = bad[::-1]
        taken[bad] = -1
        slots, partner = bad[taken[partner] == bad], partner[taken[partner] == bad]
        for _ in range(2):
            good = ~clashes(slots, cards[partner])
            slots, partner = partner[good], slots[good]
        cards[slots], cards[partner] = cards[partner], cards[slots]
        # Two swaps may have met in one holder, so look again at all that were touched.
        touched = list_slots_beside(slots, partner)
        is_bad = np.zeros(size, dtype=bool)
        is_bad[bad] = True
        is_bad[touched] = False
        is_bad[find_bad(touched)] = True
        bad = np.flatnonzero(is_bad)
    for turn in range(ROUNDS):
        crowded = list_slots_beside(bad)
        bad = crowded[clashes(crowded, cards[crowded])]
        if not len(bad):
            return cards
        # One slot of each holder, now this and now that one of those that clash: it may be the other that has to go.
        holder = np.searchsorted(offsets, bad, side="right")
        order = np.lexsort((hash_numbers(derive_key(key, "slot", turn), bad), holder))
        slots = bad[order][np.diff(holder[order], prepend=0) > 0]
        card_key = derive_key(key, "card", turn)
        if turn < GUESSES or fitting.lengths[slot_class[slots]].sum() > MOST_LOOKED_AT:
            tries = draw_fitting(card_key, slots, slot_class[slots], fitting)
            good = ~clashes(slots, tries)
        else:
            # No holder depends on others any more where every card will be tried in all that are left.
            if wanted and len(slots) * fitting.lengths.max(initial=0) <= MOST_LOOKED_AT:
                slots, bad = (some[(some >= wanted[0]) & (some < wanted[1])] for some in (slots, bad))
            every = fitting.take(slot_class[slots])
            slot_of = np.repeat(slots, every.lengths)
            free = np.flatnonzero(~clashes(slot_of, every.values))
            starts = np.searchsorted(free, every.offsets)
            good = np.diff(starts) > 0
            tries = np.full(len(slots), -1)
            picked = starts[:-1] + draw_below(card_key, slots, np.diff(starts))
            tries[good] = every.values[free[picked[good]]]
        cards[slots[good]] = tries[good]
    for holder in np.unique(np.searchsorted(offsets, bad, side="right") - 1):
        slots = np.arange(offsets[holder], offsets[holder + 1])
        choices = [fitting[one] for one in slot_class[slots].tolist()]
        better = [some[~refuse(np.full(len(some), slot), some)] for slot, some in zip(slots, choices, strict=True)]
        holder_key = derive_key(key, "holder", int(holder))
        try:
            cards[slots] = _fill_holder(holder_key, better, clash)
        except GasError:
            if insist:
                raise
            cards[slots] = _fill_holder(holder_key, choices, clash)
    return cards


def _fill_holder(key: int, allowed: list[np.ndarray], clash: Clash) -> np.ndarray:
    """Finds cards for all slots of one holder among those allowed in each, and starts again at a dead end."""
    for turn in range(ROUNDS):
        chosen: list[np.int64] = []
        for place, cards in enumerate(allowed):
            for other in chosen:
                cards = cards[~clash(cards, np.full(len(cards), other))]
            if not len(cards):
                break
            chosen.append(cards[draw_below(derive_key(key, turn), np.array([place]), len(cards))[0]])
        if len(chosen) == len(allowed):
            return np.array(chosen)
    raise GasError("nothing that the filters leave fits")


def _list_neighbours(offsets: np.ndarray) -> np.ndarray:
    """The other slots of each slot's holder, padded with -1, shape (most slots of a holder - 1, slots)."""
    lengths = np.diff(offsets)
    width = max(int(lengths.max(initial=0)) - 1, 0)
    slots = np.arange(offsets[-1])
    holder = np.repeat(np.arange(len(lengths)), lengths)
    place = slots - offsets[:-1][holder]
    row = np.arange(width)[:, None]
    other = row + (row >= place)
    return np.where(other < lengths[holder], offsets[:-1][holder] + other, -1)
