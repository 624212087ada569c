"""Seats scene attributes in scenes that they go with, before swaps mend what is left.

Swaps alone seldom find the one scene in fifty that a rare card goes with, and what is drawn again is common. Seating
is greedy: kind after kind, and of a kind first the cards that fit the fewest scenes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..foundation.counter_rng import derive_key
from ..foundation.ragged import Ragged, number_rows, offsets_of
from .assignment import assign_concepts


@dataclass(frozen=True)
class Seats:
    """Cards by what they go with: of one seat are those of a kind that exclude, need and bar the same.

    Attributes:
        cards: Where the cards of each kind begin, and the end, shape (kinds + 1,).
        numbers: The seat of each card, shape (cards,).
        offsets: Where the seats of each kind begin, and the end, shape (kinds + 1,).
        rules: What cards of each seat need and bar, by number, shape (seats,).
        agree: 1 where seats go together, else 0, float32, shape (seats, seats).
        order: Kinds, those first whose cards go with least.
    """

    cards: np.ndarray
    numbers: np.ndarray
    offsets: np.ndarray
    rules: np.ndarray
    agree: np.ndarray
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
    return Seats(
        cards=decks.offsets,
        numbers=numbers,
        offsets=offsets_of(np.bincount(decks.owners[firsts], minlength=len(decks))),
        rules=rule_of[firsts],
        agree=agree.astype(np.float32),
        order=np.argsort(freedom, kind="stable").tolist(),
    )


def seat_cards(
    key: int, seats: Seats, room: np.ndarray, scene: np.ndarray, cards: np.ndarray, kinds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gives places cards that go with the scene and with each other, of their kinds wherever there are such.

    Args:
        key: Key of all choices made here.
        seats: The seats of cards.
        room: Which seats go with what else is in a scene, bool, shape (scenes, seats); written to.
        scene: The scene of each place, ascending, shape (places,).
        cards: The card that each place was dealt, of its kind.
        kinds: The kind of each place.

    Returns:
        The card of each place, and the places that nothing goes with: these have the cards that they were dealt.
    """
    seating = _Seating(key, seats, room, scene, cards.copy())
    # (scenes, kinds): which kinds a scene is yet to get.
    to_come = np.zeros((len(room), len(seats.order)), dtype=bool)
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
        left.append(seating.seat(rest[firsts], room[scene[rest[firsts]]]))
        rest = np.delete(rest, firsts)
    return seating.cards, np.concatenate([rest, *left])


@dataclass(frozen=True)
class _Seating:
    """Cards on their way to places; `room` leaves out what does not go with the cards that a scene has."""

    key: int
    seats: Seats
    room: np.ndarray
    scene: np.ndarray
    cards: np.ndarray

    def find_fitting(self, places: np.ndarray, kind: int, to_come: np.ndarray) -> np.ndarray:
        """Which seats of a kind go with places and leave some card to every kind to come, bool, (places, seats)."""
        scenes, own = self.scene[places], self._find_seats(kind)
        fits = self.room[scenes, own]
        for other in range(to_come.shape[1]):
            both, its = np.flatnonzero(to_come[scenes, other]), self._find_seats(other)
            fits[both] &= self.room[scenes[both], its].astype(np.float32) @ self.seats.agree[its, own] > 0
        return fits

    def seat(self, places: np.ndarray, fits: np.ndarray, kind: int | None = None) -> np.ndarray:
        """Gives places cards of a kind, or of any, that fit; those that none fits are returned."""
        good = fits.any(axis=1)
        some, first, last = places[good], 0, len(self.seats.numbers)
        numbers = self.seats.numbers
        if kind is not None:
            first, last = self.seats.cards[kind : kind + 2].tolist()
            numbers = numbers[first:last] - self.seats.offsets[kind]
        key = derive_key(self.key, len(self.seats.order) if kind is None else kind)
        self.cards[some] = first + assign_concepts(
            key, self.cards[some] - first, numbers, np.arange(len(some)), fits[good].T
        )
        self.room[self.scene[some]] &= self.seats.agree[self.seats.numbers[self.cards[some]]] > 0
        return places[~good]

    def _find_seats(self, kind: int) -> slice:
        return slice(*self.seats.offsets[kind : kind + 2].tolist())
