"""Counter-based random numbers: a value is a hash of (key, position), known without those before it.

The idea is that of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), as Philox and JAX have it; the
hash is the finalizer of SplitMix64 (Steele et al., "Fast splittable pseudorandom number generators", 2014). Nothing
draws from a stream, so any block of scenes can be made alone, in any process. What is built on it:

    derive_key    a key for a purpose
    draw_below    one integer for each position
    deal          decks, shuffled one after the other (sampling without replacement): each card once before any twice
    stratify      a scrambled van der Corput sequence: any run of points fills the interval evenly
"""

from __future__ import annotations

import hashlib

import numpy as np

from .ragged import expand_ranges, offsets_of, order_small

BITS = 40
"""Resolution of the stratified sequence: it repeats after 2**40 positions."""
WINDOW = 64
"""Neighbouring positions that are shuffled among themselves; blocks are multiples of it."""


def derive_key(*parts: str | int) -> int:
    """A 64-bit key that depends on every part, for instance a seed, a split and a purpose."""
    # The unit separator keeps ("a", "bc") and ("ab", "c") apart.
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def hash_numbers(key: int | np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Hashes integers to uint64, of their shape: value `n` of the SplitMix64 stream that begins at the key.

    The key is one for all numbers, or uint64, one a number.
    """
    # One buffer of uint64, changed in place: products and sums are modulo 2**64, as the generator wants them.
    mixed = numbers.astype(np.uint64)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    mixed += np.asarray(key, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def draw_below(key: int, numbers: np.ndarray, bounds: np.ndarray | int) -> np.ndarray:
    """Draws an integer in [0, bound) for each number, keyed, int64. Bounds are below 2**31."""
    # The upper 32 bits of the hash as a fraction of 2**32, times the bound (Lemire 2019): below 2**63, no overflow.
    chance = hash_numbers(key, numbers) >> np.uint64(32)
    chance *= np.asarray(bounds, dtype=np.uint64)
    chance >>= np.uint64(32)
    return chance.view(np.int64)


def shuffle(key: int, count: int) -> np.ndarray:
    """A shuffle of 0..count-1, int64."""
    return shuffle_rows(key, np.zeros(1), count)[0]


def deal(key: int, cards: int, start: int, count: int) -> np.ndarray:
    """Deals `count` cards beginning with the `start`-th, from decks of `cards` cards that are shuffled anew each time.

    Returns: Card numbers in [0, cards), int64, shape (count,). Every run of `cards` that begins at a multiple of it
        holds each card once.
    """
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    # (decks, cards): the shuffles of all decks that the run touches, whole; it begins somewhere in the first of them.
    first, last = start // cards, (start + count - 1) // cards
    order = shuffle_rows(key, np.arange(first, last + 1), cards).reshape(-1)
    return order[start - first * cards :][:count]


def deal_each(keys: list[int], cards: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """What `deal` gives for each key, with its number of cards, start and count (above 0), one after the other.

    Args:
        keys: A key for each run.
        cards: Cards in the decks of each run, shape (runs,).
        starts: First card of each run, counted through its decks, shape (runs,).
        counts: Cards of each run, shape (runs,).

    Returns: int64, shape (sum of counts,).
    """
    # All decks that all runs touch, whole, side by side. `deck` is the number of each card's deck, `numbers` its
    # position in its own run of decks, `width` the cards of its deck, `places` the card that it is before shuffling.
    first = starts // cards
    decks = (starts + counts - 1) // cards - first + 1
    sizes = decks * cards
    deck = np.repeat(np.arange(decks.sum()), np.repeat(cards, decks))
    numbers, width = expand_ranges(first * cards, sizes), np.repeat(cards, sizes)
    places = (numbers % width).astype(np.uint64)
    # As in `shuffle_rows`, with a mask for each key.
    last = np.array([(1 << max(one - 1, 1).bit_length()) - 1 for one in cards.tolist()], dtype=np.uint64)
    chance = hash_numbers(np.repeat(np.array(keys, dtype=np.uint64), sizes), numbers) & ~np.repeat(last, sizes)
    # By chance first and then, stably, by deck: each deck is shuffled within its own places.
    order = np.argsort(chance | places)
    order = order.take(order_small(deck.take(order)))
    return places.take(order)[expand_ranges(offsets_of(sizes)[:-1] + starts - first * cards, counts)].view(np.int64)


def shuffle_rows(key: int, rows: np.ndarray, width: int) -> np.ndarray:
    """One shuffle of 0..width-1 for each row number, int64, shape (len(rows), width)."""
    # (rows, width): a hash for each place of each row, at position row * width + place.
    places = np.arange(width, dtype=np.uint64)
    chance = hash_numbers(key, rows.astype(np.uint64)[:, None] * np.uint64(width) + places)
    # With the place in their last bits all numbers differ, so they can be sorted instead of looked up in their order.
    last = np.uint64((1 << max(width - 1, 1).bit_length()) - 1)
    chance &= ~last
    chance |= places
    chance.sort(axis=1)
    chance &= last
    return chance.view(np.int64)


def reverse_bits(numbers: np.ndarray) -> np.ndarray:
    """Mirrors the lowest BITS bits: the van der Corput sequence in base 2, scaled by 2**BITS."""
    mirrored = numbers.astype(np.uint64)
    for width in (1, 2, 4, 8, 16, 32):
        # The lower half of every 2 * width bits.
        lower = np.uint64(((1 << 64) - 1) // ((1 << width) + 1))
        shift = np.uint64(width)
        mirrored = (mirrored >> shift & lower) | (mirrored & lower) << shift
    return (mirrored >> np.uint64(64 - BITS)).astype(np.int64)


def stratify(key: int, start: int, count: int) -> np.ndarray:
    """A scrambled van der Corput sequence: points of [0, 2**BITS) for positions `start`, `start + 1`, ..., int64.

    Any run of positions fills the interval evenly (low discrepancy): what owns a share of it gets that share of the
    positions, up to a few. `start` is a multiple of WINDOW. Within a window the order is shuffled, so that neighbours
    do not alternate between the lower and the upper half; the key flips fixed bits of all points (a digital shift).
    """
    windows = np.arange(start // WINDOW, -(-(start + count) // WINDOW))
    positions = (windows[:, None] * WINDOW + shuffle_rows(key, windows, WINDOW)).reshape(-1)
    return reverse_bits(positions[:count]) ^ _scramble(key)


def count_below(key: int, positions: int, bounds: np.ndarray) -> np.ndarray:
    """Counts the first `positions` points of `stratify` below each bound without listing them, int64, one a bound.

    `positions` is a multiple of WINDOW, for within a window the order is shuffled. The positions before a number split
    into one run of 2**k for each bit k of it. In such a run the upper k bits of the mirrored position take every value
    and the others are fixed, so the points are evenly spaced.
    """
    below = np.zeros(len(bounds), dtype=np.int64)
    base = 0
    for k in reversed(range(BITS)):
        if positions >> k & 1:
            # The run has points offset, offset + 2**gap, offset + 2 * 2**gap, ...: 2**k of them. XOR with the key
            # only permutes those whose upper bits take every value, so it matters to `offset` alone.
            gap = BITS - k
            offset = (int(reverse_bits(np.array([base]))[0]) ^ _scramble(key)) & ((1 << gap) - 1)
            below += np.clip((bounds - offset + (1 << gap) - 1) >> gap, 0, 1 << k)
            base |= 1 << k
    return below


def _scramble(key: int) -> int:
    return key & ((1 << BITS) - 1)
