"""Seats scene attributes in scenes that they go with, before swaps mend what is left.

Swaps alone seldom find the one scene in fifty that a rare card goes with, and what is drawn again is common. Seating
is greedy: kind after kind, and of a kind first the cards that fit the fewest scenes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..foundation.counter_rng import derive_key
from ..foundation.ragged import Bits, Ragged, number_as_found, number_rows, offsets_of
from .assignment import assign_concepts


@dataclass(frozen=True)
class Seats:
    """Cards by what they go with: of one seat are those of a kind that exclude, need and bar the same.

    Attributes:
        cards: Where the cards of each kind begin, and the end, shape (kinds + 1,).
        numbers: The seat of each card, shape (cards,).
        offsets: Where the seats of each kind begin, and the end, shape (kinds + 1,).
        rules: What cards of each seat need and bar, by number, shape (seats,).
        agree: The seats that each goes with, as a bitmap in which each kind begins with a word: uint64, shape (seats,
            words).
        words: Where the words of each kind begin, and the end, shape (kinds + 1,).
        order: Kinds, those first whose cards go with least.
    """

    cards: np.ndarray
    numbers: np.ndarray
    offsets: np.ndarray
    rules: np.ndarray
    agree: np.ndarray
    words: np.ndarray
    order: list[int]


def list_seats(decks: Ragged, rule_of: np.ndarray, sort_of: np.ndarray, clash: np.ndarray) -> Seats:
    """Lists the seats of cards.

    Args:
        decks: The cards of each kind.
        rule_of: The number of what each card needs and bars.
        sort_of: The sort of each card.
        clash: Which sorts exclude each other, bool, shape (sorts, sorts).
    """
    firsts, numbers = number_rows(decks.owners, sort_of, rule_of)
    agree = ~clash[np.ix_(sort_of[firsts], sort_of[firsts])]
    freedom = np.bincount(decks.owners, agree.mean(axis=1)[numbers]) / decks.lengths
    offsets = offsets_of(np.bincount(decks.owners[firsts], minlength=len(decks)))
    return Seats(
        cards=decks.offsets,
        numbers=numbers,
        offsets=offsets,
        rules=rule_of[firsts],
        agree=_pack(agree, offsets),
        words=offsets_of(-(-np.diff(offsets) // 64)),
        order=np.argsort(freedom, kind="stable").tolist(),
    )


def _pack(table: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Packs columns, of which those of a kind begin with a word of their own; uint64, shape (rows, words)."""
    parts = (np.ascontiguousarray(table[:, first:last]) for first, last in pairwise(offsets.tolist()))
    return np.concatenate([Bits.pack(part).words for part in parts], axis=1)


def seat_cards(
    key: int,
    seats: Seats,
    room: np.ndarray,
    sorts: np.ndarray,
    scene: np.ndarray,
    cards: np.ndarray,
    kinds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Gives places cards that go with the scene and with each other, of their kinds wherever there are such.

    Args:
        key: Key of all choices made here.
        seats: The seats of cards.
        room: Which seats go with what else is in scenes of each sort, bool, shape (sorts, seats).
        sorts: The sort of each scene, shape (scenes,).
        scene: The scene of each place, ascending, shape (places,).
        cards: The card that each place was dealt, of its kind.
        kinds: The kind of each place.

    Returns:
        The card of each place, and the places that nothing goes with: these have the cards that they were dealt.
    """
    seating = _Seating(key, seats, _pack(room, seats.offsets)[sorts], scene, cards.copy())
    # (scenes, kinds): which kinds a scene is yet to get.
    to_come = np.zeros((len(sorts), len(seats.order)), dtype=bool)
    to_come[scene, kinds] = True
    left = []
    for kind in seats.order:
        to_come[:, kind] = False
        places = np.flatnonzero(kinds == kind)
        left.append(seating.seat(places, seating.find_fitting(places, kind, to_come), kind))
    # These get a card of any kind, first one of each scene, then the second of those that have two.
    rest, left = np.sort(np.concatenate(left)), []
    while len(rest):
        firsts = np.unique(scene[rest], return_index=True)[1]
        every = [seating.find_room(scene[rest[firsts]], kind) for kind in range(len(seats.order))]
        left.append(seating.seat(rest[firsts], np.concatenate(every, axis=1)))
        rest = np.delete(rest, firsts)
    return seating.cards, np.concatenate([rest, *left])


@dataclass(frozen=True)
class _Seating:
    """Cards on their way to places; `room` is packed, and leaves out what does not go with a scene's cards."""

    key: int
    seats: Seats
    room: np.ndarray
    scene: np.ndarray
    cards: np.ndarray

    def find_fitting(self, places: np.ndarray, kind: int, to_come: np.ndarray) -> np.ndarray:
        """Which seats of a kind go with places and leave some card to every kind to come, bool, (places, seats)."""
        scenes = self.scene[places]
        fits = self.find_room(scenes, kind)
        agree = self.seats.agree[slice(*self.seats.offsets[kind : kind + 2])]
        for other, words in enumerate(pairwise(self.seats.words.tolist())):
            both, its = np.flatnonzero(to_come[scenes, other]), slice(*words)
            fits[both] &= (self.room[scenes[both], None, its] & agree[:, its]).any(axis=2)
        return fits

    def find_room(self, scenes: np.ndarray, kind: int) -> np.ndarray:
        """Which seats of a kind go with scenes, bool, shape (scenes, seats)."""
        first, last = self.seats.words[kind : kind + 2]
        room = np.ascontiguousarray(self.room[scenes, first:last]).view(np.uint8)
        count = int(np.diff(self.seats.offsets[kind : kind + 2])[0])
        return np.unpackbits(room, axis=1, count=count, bitorder="little").astype(bool)

    def seat(self, places: np.ndarray, fits: np.ndarray, kind: int | None = None) -> np.ndarray:
        """Gives places cards of a kind, or of any, that fit; those that none fits are returned."""
        good = fits.any(axis=1)
        some, first, last = places[good], 0, len(self.seats.numbers)
        numbers = self.seats.numbers
        if kind is not None:
            first, last = self.seats.cards[kind : kind + 2].tolist()
            numbers = numbers[first:last] - self.seats.offsets[kind]
        key = derive_key(self.key, len(self.seats.order) if kind is None else kind)
        examples, classes = number_as_found(len(some), np.packbits(fits[good], axis=1).T)
        dealt = assign_concepts(key, self.cards[some] - first, numbers, classes, fits[good][examples].T)
        self.cards[some] = first + dealt
        self.room[self.scene[some]] &= self.seats.agree[self.seats.numbers[self.cards[some]]]
        return places[~good]
