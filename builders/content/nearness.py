"""Plausibility: concepts drawn from those nearest in meaning to what a scene has already, always after types.

What a place for a concept is near to is its anchor:

    attribute   its object
    relation    its subject and its target
    object      one that is drawn before it in its scene: the first of those with which a relation joins it, else the
                first of the scene; and the recipe's setting, if it has one. The first object of a scene is near to the
                setting alone, and without one it is dealt like any other.

Vectors are whole numbers, and products of them are below 2**24, so float32 has them exactly, in whatever order they
are summed up: what is nearest is the same on every machine. Of two that are equally near the one that comes first in
its deck is nearer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..foundation.counter_rng import hash_numbers
from ..foundation.ragged import Ragged, expand_ranges, offsets_of

PART = 256
"""Places of which is found at once what is near."""
WEAR = 1 << 20
"""How worn a card of weight 1 is by one use."""
LUCK = 16
"""Bits of chance between cards that are worn alike."""

Allow = Callable[[np.ndarray], np.ndarray]
"""Takes places, shape (places,), and says which cards may go there, bool, shape (places, cards)."""


@dataclass(frozen=True, eq=False)
class Nearness:
    """What is near in meaning, and how near it has to be.

    Attributes:
        objects, attributes, relations: Vectors of the concepts of the taxonomy, float32 of whole numbers, shape (rows
            of the table, width); zeros for those that no scene has.
        setting: The vector of the place where all scenes are, of shape (width,); zeros without one.
        neighbours: How many concepts are near.
        temperature: 0 for those alone, 1 for all that types allow.
    """

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    setting: np.ndarray
    neighbours: int
    temperature: float

    def compute_digest(self) -> str:
        """SHA-256 (hex) over all vectors."""
        digest = hashlib.sha256()
        for vectors in (self.objects, self.attributes, self.relations, self.setting):
            digest.update(vectors.astype("<i2").tobytes())
        return digest.hexdigest()

    def count_near(self, allowed: np.ndarray) -> np.ndarray:
        """How many of so many allowed concepts are near, int64: k ** (1 - t) * allowed ** t, rounded."""
        least = np.minimum(self.neighbours, allowed)
        many = least ** (1 - self.temperature) * allowed.astype(np.float64) ** self.temperature
        return np.rint(many).astype(np.int64)


def list_nearest(near: Nearness, anchors: np.ndarray, vectors: np.ndarray, allowed: np.ndarray) -> Ragged:
    """Lists the cards that are near to each anchor, out of those that are allowed there, the nearest first.

    Args:
        near: How many are near.
        anchors: Vectors, shape (places, width).
        vectors: Vector of each card, shape (cards, width).
        allowed: Which cards may go where, bool, shape (places, cards).
    """
    cards = len(vectors)
    counts = near.count_near(allowed.sum(axis=1))
    most = int(counts.max(initial=0))
    if not most:
        return Ragged(np.zeros(0, dtype=np.int64), offsets_of(counts))
    # A code is a product and, below it, the card, so that no two of a place are alike: which are the greatest does not
    # depend on how they are sorted. Products of two vectors are less than 2**16 either way.
    exact = np.int32 if cards < 2**14 else np.int64
    codes = (anchors @ vectors.T).astype(exact)
    codes *= cards
    codes -= np.arange(cards, dtype=exact)
    codes[~allowed] = np.iinfo(exact).min
    nearest = np.partition(codes, cards - most, axis=1)[:, cards - most :]
    nearest.sort(axis=1)
    chosen = nearest[:, ::-1][np.arange(most) < counts[:, None]]
    return Ragged((-chosen % cards).astype(np.int64), offsets_of(counts))


def draw_near(
    near: Nearness,
    key: int,
    places: np.ndarray,
    anchors: Callable[[np.ndarray], np.ndarray],
    vectors: np.ndarray,
    allow: Allow,
    wear: np.ndarray,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Gives each place the least used of the cards that are near.

    Args:
        near: What is near.
        key: Key of the choice between cards that are used alike.
        places: Places for cards, int64, shape (places,).
        anchors: Gives the anchors of some places, shape (places, width).
        vectors: Vector of each card, shape (cards, width).
        allow: Which cards may go where.
        wear: How worn each card is, `WEAR` a use, int64, shape (cards,); it is written to.
        weights: How often each card is used where one of weight 1 is used once.

    Returns:
        The card of each place, int64, shape (places,); -1 where none is allowed.
    """
    drawn = np.full(len(places), -1, dtype=np.int64)
    wears = np.full(len(wear), WEAR) if weights is None else WEAR // weights
    for begin in range(0, len(places), PART):
        part = places[begin : begin + PART]
        nearest = list_nearest(near, anchors(part), vectors, allow(part))
        luck = hash_numbers(key, part[nearest.owners] * len(vectors) + nearest.values) >> np.uint64(64 - LUCK)
        bounds = nearest.offsets.tolist()
        for place, (first, last) in enumerate(pairwise(bounds), begin):
            if last > first:
                # One after the other: each takes what those before it have left to be used least.
                cards = nearest.values[first:last]
                card = cards[((wear[cards] << LUCK) + luck.view(np.int64)[first:last]).argmin()]
                wear[card] += wears[card]
                drawn[place] = card
    return drawn


def rank_within(holders: np.ndarray) -> np.ndarray:
    """The place of each among those of its holder, int64; holders ascend."""
    counts = np.unique(holders, return_counts=True)[1]
    return expand_ranges(np.zeros(len(counts), dtype=np.int64), counts)
