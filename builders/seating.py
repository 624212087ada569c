"""Puts dealt concepts where their types allow: a constraint moves concepts between scenes, it drops none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import GasError
from .decks import derive_key, hash_numbers

SWAPS = 16
"""Rounds of swaps before what still clashes is drawn again."""
MOST_PASSES = 4
"""Passes of a deck that are seated one after the other; of a small deck, several are seated at once."""
ROUNDS = 24
"""Random draws before every card is tried."""

Clash = Callable[[np.ndarray, np.ndarray], np.ndarray]
Accept = Callable[[np.ndarray, np.ndarray], np.ndarray]


def refuse_nothing(slots: np.ndarray, cards: np.ndarray) -> np.ndarray:
    return np.zeros(len(slots), dtype=bool)


def fill_slots(
    key: int, cards: np.ndarray, card_class: np.ndarray, slot_class: np.ndarray, fits: np.ndarray
) -> np.ndarray:
    """Gives every slot a card that fits it, using each dealt card once where the types leave room for that.

    Cards are seated in rounds, one pass of the deck after the other, so that no class takes places that another needs
    to be used as often. Within a round the class that has least room for its cards comes first. A slot for which no
    dealt card is left gets another that fits.

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
    # Classes that fit everywhere are one: they take what the others leave.
    anywhere = np.all(fits[:, np.unique(slot_class)], axis=1)
    if anywhere.any():
        first = int(np.argmax(anywhere))
        card_class = np.where(anywhere[card_class], first, card_class)
    seated = np.full(len(slot_class), -1, dtype=np.int64)
    open_slots = np.argsort(hash_numbers(derive_key(key, "visit"), np.arange(len(slot_class))), kind="stable")
    passes = -(-len(cards) // len(card_class))
    waiting = [cards[:0]] * len(fits)
    for dealt in np.array_split(cards, min(passes, MOST_PASSES)):
        classes, open_class = card_class[dealt], slot_class[open_slots]
        wanted = np.bincount(classes, minlength=len(fits))
        room = fits @ np.bincount(open_class, minlength=fits.shape[1])
        by_class = np.split(dealt[np.argsort(classes, kind="stable")], np.cumsum(wanted)[:-1])
        free = np.ones(len(open_slots), dtype=bool)
        for one in np.argsort(-wanted / np.maximum(room, 1), kind="stable"):
            if wanted[one]:
                chosen = np.flatnonzero(free & fits[one][open_class])[: wanted[one]]
                # Those that found no place in an earlier pass come first, so that all of a class are used alike.
                queue = np.concatenate([waiting[one], by_class[one]])
                seated[open_slots[chosen]], waiting[one] = queue[: len(chosen)], queue[len(chosen) :]
                free[chosen] = False
        open_slots = open_slots[free]
    empty = np.sort(open_slots)
    seated[empty] = draw_again(
        derive_key(key, "fill"),
        empty,
        len(card_class),
        lambda slots, drawn: fits[card_class[drawn], slot_class[slots]],
    )
    return seated


def draw_again(key: int, slots: np.ndarray, cards: int, accept: Accept) -> np.ndarray:
    """Draws each slot a card out of all those that `accept` takes there, all alike.

    Raises:
        GasError: There is no such card for a slot.
    """
    drawn = np.full(len(slots), -1, dtype=np.int64)
    open_slots = np.arange(len(slots))
    for turn in range(ROUNDS):
        if not len(open_slots):
            return drawn
        tries = (hash_numbers(derive_key(key, turn), slots[open_slots]) % np.uint64(cards)).astype(np.int64)
        good = accept(slots[open_slots], tries)
        drawn[open_slots[good]] = tries[good]
        open_slots = open_slots[~good]
    for slot in open_slots:  # few cards fit here, so look at every one
        allowed = np.flatnonzero(accept(np.full(cards, slots[slot]), np.arange(cards)))
        if not len(allowed):
            raise GasError("nothing that the filters leave fits")
        drawn[slot] = allowed[
            int(hash_numbers(derive_key(key, "any"), slots[slot : slot + 1])[0] % np.uint64(len(allowed)))
        ]
    return drawn


def part_clashes(
    key: int,
    cards: np.ndarray,
    offsets: np.ndarray,
    slot_class: np.ndarray,
    clash: Clash,
    cards_in_deck: int,
    accept: Accept,
    refuse: Accept = refuse_nothing,
    insist: bool = False,
) -> np.ndarray:
    """Swaps cards between holders until no two cards of one holder clash; what swapping cannot mend is drawn again.

    Args:
        key: Key of all choices made here.
        cards: The card of each slot.
        offsets: Slots of holder `i` are `offsets[i]` to `offsets[i + 1]`.
        slot_class: Cards are swapped between slots of one class only.
        clash: Tells element by element whether two cards must not be together.
        cards_in_deck: Number of all cards.
        accept: Whether cards fit slots, apart from clashes; the same for all slots of a class.
        refuse: Whether cards should not be in slots, of which no two need be alike.
        insist: Whether what is refused is not even there where nothing else fits.

    Raises:
        GasError: Nothing fits beside the other cards of a holder.
    """
    cards = cards.copy()
    beside = _list_neighbours(offsets)
    holder_of = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    every_slot = np.arange(len(cards))
    crowded = np.flatnonzero(np.any(beside >= 0, axis=1) | refuse(every_slot, cards))
    by_class = np.argsort(slot_class, kind="stable")
    class_ends = np.cumsum(np.bincount(slot_class))
    class_sizes = np.diff(class_ends, prepend=0)

    def clashes(slots: np.ndarray, tries: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.any((others >= 0) & clash(tries[:, None], cards[others]), axis=1) | refuse(slots, tries)

    def find_bad(among: np.ndarray) -> np.ndarray:
        others = beside[among]
        return among[clashes(among, cards[among], np.where(others < among[:, None], others, -1))]

    def list_slots_beside(slots: np.ndarray) -> np.ndarray:
        """All slots of the holders of these slots."""
        touched = np.zeros(len(offsets) - 1, dtype=bool)
        touched[holder_of[slots]] = True
        return np.flatnonzero(touched[holder_of])

    bad = find_bad(crowded)
    for turn in range(SWAPS):
        if not len(bad):
            return cards
        group = slot_class[bad]
        pick = (hash_numbers(derive_key(key, "swap", turn), bad) % class_sizes[group].astype(np.uint64)).astype(
            np.int64
        )
        partner, first = np.unique(by_class[class_ends[group] - class_sizes[group] + pick], return_index=True)
        slots = bad[first]
        good = (
            ~np.isin(partner, bad)
            & ~clashes(slots, cards[partner], beside[slots])
            & ~clashes(partner, cards[slots], beside[partner])
        )
        slots, partner = slots[good], partner[good]
        cards[slots], cards[partner] = cards[partner], cards[slots]
        # Two swaps may have met in one holder, so look again at all that were touched.
        bad = find_bad(list_slots_beside(np.concatenate([bad, partner])))
    for turn in range(ROUNDS):
        crowded = list_slots_beside(bad)
        bad = crowded[clashes(crowded, cards[crowded], beside[crowded])]
        if not len(bad):
            return cards
        # One slot of each holder, now this and now that one of those that clash: it may be the other that has to go.
        bad = bad[np.argsort(hash_numbers(derive_key(key, "slot", turn), bad))]
        slots = bad[np.unique(holder_of[bad], return_index=True)[1]]
        tries = (hash_numbers(derive_key(key, "card", turn), slots) % np.uint64(cards_in_deck)).astype(np.int64)
        good = accept(slots, tries) & ~clashes(slots, tries, beside[slots])
        cards[slots[good]] = tries[good]
    every, allowed = np.arange(cards_in_deck), dict[int, np.ndarray]()
    for holder in np.unique(holder_of[bad]):
        slots = np.arange(offsets[holder], offsets[holder + 1])
        for slot, one in zip(slots, slot_class[slots].tolist(), strict=True):
            if one not in allowed:
                allowed[one] = every[accept(np.full(cards_in_deck, slot), every)]
        choices = [allowed[one] for one in slot_class[slots].tolist()]
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
            pick = hash_numbers(derive_key(key, turn), np.array([place]))[0] % np.uint64(len(cards))
            chosen.append(cards[int(pick)])
        if len(chosen) == len(allowed):
            return np.array(chosen)
    raise GasError("nothing that the filters leave fits")


def _list_neighbours(offsets: np.ndarray) -> np.ndarray:
    """The other slots of each slot's holder, padded with -1, shape (slots, most slots of a holder - 1)."""
    lengths = np.diff(offsets)
    width = max(int(lengths.max(initial=0)) - 1, 0)
    slots = np.arange(offsets[-1])
    holder = np.repeat(np.arange(len(lengths)), lengths)
    place = slots - offsets[:-1][holder]
    column = np.arange(width)[None, :]
    other = column + (column >= place[:, None])
    return np.where(other < lengths[holder][:, None], offsets[:-1][holder][:, None] + other, -1)
