"""Ragged integer arrays: lists of different lengths as one flat array and offsets, as Arrow keeps them.

And what is computed with such columns:

    expand_ranges, pair_members, pad_lists    lists written out
    join_codes, number_rows, order_small      group-by and sort of rows of integers
    Pairs, Bits                               relations between integers, looked up for whole arrays
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...arrow import make_array, view_numbers

DENSE = 8
"""Possible codes for each row up to which they are counted instead of sorted."""
MOST_CODES = 2**63
"""Codes that a number has room for."""


@dataclass(frozen=True)
class Ragged:
    """Lists of integers. List `i` is `values[offsets[i]:offsets[i + 1]]`.

    Attributes:
        values: The lists' integers, list after list.
        offsets: Where each list begins, and the last one ends, shape (lists + 1,). The first may be above 0.
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_lists(cls, lists: Iterable[Sequence[int]]) -> Ragged:
        lists = list(lists)
        values = np.array([value for one in lists for value in one], dtype=np.int32)
        return cls(values, offsets_of(np.array([len(one) for one in lists], dtype=np.int64)))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> np.ndarray:
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def lists(self) -> Iterator[np.ndarray]:
        """Each list."""
        return (self[i] for i in range(len(self)))

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    @cached_property
    def owners(self) -> np.ndarray:
        """The list that each value is in, shape (values,), not to be written to."""
        owners = np.repeat(np.arange(len(self)), self.lengths)
        owners.flags.writeable = False
        return owners

    @cached_property
    def places(self) -> np.ndarray:
        """The place of each value in its list, from 0, shape (values,), not to be written to."""
        places = np.arange(len(self.owners)) - self.offsets[:-1].take(self.owners)
        places.flags.writeable = False
        return places

    @cached_property
    def width(self) -> int | None:
        """The length of all lists, if they are alike long."""
        lengths = self.lengths
        return int(lengths[0]) if len(lengths) and (lengths == lengths[0]).all() else None

    @cached_property
    def varied(self) -> np.ndarray:
        """Which lists have two values that differ, bool, shape (lists,)."""
        others = np.diff(self.values, prepend=self.values[:1]) != 0
        # The first value of a list has none before it.
        others[self.offsets[:-1][self.lengths > 0]] = False
        totals = offsets_of(others)
        return totals[self.offsets[1:]] > totals[self.offsets[:-1]]

    def take(self, rows: np.ndarray) -> Ragged:
        """The lists of these rows, in this order; a row may be taken more than once."""
        if self.width is not None:
            # Lists of one length are rows of a table, which numpy takes without an index for each value.
            table = self.values[self.offsets[0] : self.offsets[-1]].reshape(len(self), self.width)
            return Ragged(table.take(rows, axis=0).reshape(-1), np.arange(len(rows) + 1) * self.width)
        lengths = self.lengths[rows]
        offsets = offsets_of(lengths)
        return Ragged(self.values[expand_ranges(self.offsets[:-1][rows], lengths, offsets)], offsets)

    def join(self, other: Ragged) -> Ragged:
        """These lists, then those of another."""
        values = np.concatenate([one.values[one.offsets[0] : one.offsets[-1]] for one in (self, other)])
        return Ragged(values, offsets_of(np.concatenate([self.lengths, other.lengths])))


def offsets_of(lengths: np.ndarray, dtype: type[np.integer] = np.int64) -> np.ndarray:
    """Running totals from 0, one longer than `lengths`."""
    offsets = np.zeros(len(lengths) + 1, dtype=dtype)
    np.cumsum(lengths, dtype=dtype, out=offsets[1:])
    return offsets


def expand_ranges(starts: np.ndarray, lengths: np.ndarray, offsets: np.ndarray | None = None) -> np.ndarray:
    """`start, start + 1, ...` for each range, flattened; `offsets` are the lengths' if they are known.

    `expand_ranges([5, 9], [2, 3])` is `[5, 6, 9, 10, 11]`.
    """
    if len(lengths) and (lengths == lengths[0]).all():
        return starts.copy() if lengths[0] == 1 else np.add.outer(starts, np.arange(lengths[0])).reshape(-1)
    # One running count through all ranges, shifted in each range by where that should begin.
    offsets = offsets_of(lengths) if offsets is None else offsets
    numbers = np.repeat(starts - offsets[:-1], lengths)
    numbers += np.arange(len(numbers))
    return numbers


def order_small(numbers: np.ndarray) -> np.ndarray:
    """A stable `argsort` of integers from 0; those below 2**16 are sorted by their digits, which is far faster."""
    top = int(numbers.max(initial=0))
    return np.argsort(numbers.astype(np.min_scalar_type(top)) if top < 1 << 16 else numbers, kind="stable")


def join_codes(*columns: np.ndarray) -> np.ndarray:
    """One integer for each row of some integer columns, in the order of the rows, from 0: equal where rows are."""
    # Mixed radix: each column is a digit, whose base is the number of values between its least and its largest.
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        low = int(column.min(initial=0))
        code = code * (int(column.max(initial=0)) - low + 1) + (column - low)
    return code


def number_rows(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the distinct rows of some integer columns.

    Returns: One example (index) of each distinct row, and the number of every row's kind. Far faster than `np.unique`
        over an axis.
    """
    code = join_codes(*columns)
    most = int(code.max(initial=0))
    if most > DENSE * len(code):
        _, examples, numbers = np.unique(code, return_index=True, return_inverse=True)
        return examples, numbers
    # Few codes are counted instead of sorted. Of rows that are alike the first is written last, so it stays.
    firsts = np.full(most + 1, -1, dtype=np.int64)
    firsts[code[::-1]] = np.arange(len(code))[::-1]
    examples = firsts[firsts >= 0]
    return examples, (np.cumsum(firsts >= 0) - 1)[code]


def number_as_found(count: int, columns: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What `number_rows` gives of `count` rows of integers from 0, but in the order in which kinds first occur.

    That is faster where there are many kinds, for they are hashed (dictionary-encoded by Arrow) and not sorted.
    """

    def encode(code: np.ndarray) -> tuple[np.ndarray, int]:
        encoded = make_array(code).dictionary_encode()
        return view_numbers(encoded.indices, np.int32), len(encoded.dictionary)

    code, size = np.zeros(count, dtype=np.int64), 1
    for column in columns:
        # Where the code would not fit a number, kinds so far are numbered anew, which needs far fewer codes.
        top = int(column.max(initial=0)) + 1
        if size * top > MOST_CODES:
            code, size = encode(code)
        code, size = code * np.int64(top) + column, size * top
    if size == 1:
        return np.arange(min(count, 1)), np.zeros(count, dtype=np.int32)
    numbers, _ = encode(code)
    # A number that is above all before it is one that was not there before.
    return np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1)), numbers


@dataclass(frozen=True)
class Pairs:
    """Pairs of integers, for the question whether two are one of them.

    Attributes:
        places: Row of `table` for each first integer, shape (first size,), and column for each second one, shape
            (second size,); 0 for those that are in no pair.
        table: Which of them are a pair, bool, shape (rows, columns). Row and column 0 are empty.
    """

    places: tuple[np.ndarray, np.ndarray]
    table: np.ndarray

    @classmethod
    def from_rows(cls, pairs: np.ndarray, sizes: tuple[int, int]) -> Pairs:
        """Takes pairs, shape (pairs, 2), of integers below these sizes."""
        # Few integers are in a pair, and the table has rows and columns for those alone: it fits into a cache.
        places = []
        for column, size in zip(pairs.T, sizes, strict=True):
            place = np.zeros(size, dtype=np.int64)
            some = np.unique(column)
            place[some] = 1 + np.arange(len(some))
            places.append(place)
        rows, columns = places
        table = np.zeros((rows.max(initial=0) + 1, columns.max(initial=0) + 1), dtype=bool)
        table[rows[pairs[:, 0]], columns[pairs[:, 1]]] = True
        return cls((rows, columns), table)

    def have(self, firsts: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """Whether integers are a pair, element by element."""
        rows, columns = self.places
        return self.table.take(rows.take(firsts) * self.table.shape[1] + columns.take(seconds))


def pair_members(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each place of lists with each other place of its list: the numbers of the one (ascending) and of the other."""
    # For each place, all places of its list (`sizes` of them), itself among them, which is taken out at the end.
    lengths = np.diff(offsets)
    sizes = np.repeat(lengths, lengths)
    one = np.repeat(np.arange(len(sizes)), sizes)
    other = expand_ranges(np.repeat(offsets[:-1], lengths), sizes)
    apart = np.flatnonzero(one != other)
    return one.take(apart), other.take(apart)


@dataclass(frozen=True)
class Bits:
    """A bitmap: a table of bools, eight columns a byte, so that much of it stays in a processor's cache.

    Attributes:
        words: uint64, shape (rows, words of a row); column `i` is the bit `i % 8` of a row's byte `i // 8`.
    """

    words: np.ndarray

    @classmethod
    def pack(cls, table: np.ndarray) -> Bits:
        packed = np.packbits(table, axis=1, bitorder="little")
        return cls(np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64))

    def have(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Whether the bits at these places are set, element by element; row -1 is the last one."""
        # A row has 8 bytes a word. A negative place counts from the end, as numpy has it: -1 leads to the last row.
        at = rows * (8 * self.words.shape[1])
        at += columns >> 3
        bytes_there = self.words.view(np.uint8).reshape(-1).take(at)
        bytes_there >>= (columns & 7).astype(np.uint8)
        return (bytes_there & 1).view(bool)

    def unite(self, lists: Ragged) -> Bits:
        """For each list of rows, the columns that any of them has."""
        order, runs = self._take_in_turn(lists)
        words = np.zeros((len(lists), self.words.shape[1]), dtype=np.uint64)
        for rows in runs:
            words[: len(rows)] |= rows
        return Bits(words).put(order)

    def unite_twice(self, lists: Ragged) -> tuple[Bits, Bits]:
        """For each list of rows, the columns that any of them has, and those that two or more have."""
        order, runs = self._take_in_turn(lists)
        once = np.zeros((len(lists), self.words.shape[1]), dtype=np.uint64)
        twice = np.zeros_like(once)
        for rows in runs:
            twice[: len(rows)] |= once[: len(rows)] & rows
            once[: len(rows)] |= rows
        return Bits(once).put(order), Bits(twice).put(order)

    def _take_in_turn(self, lists: Ragged) -> tuple[np.ndarray, Iterator[np.ndarray]]:
        """The lists from the longest on, and the first row of each, the second of those that have one, and so on."""
        order = order_small(int(lists.lengths.max(initial=0)) - lists.lengths)
        starts, counts = lists.offsets.take(order), np.bincount(lists.lengths)
        longer = len(lists) - np.cumsum(counts)
        runs = (
            self.words.take(lists.values.take(starts[:count] + place), axis=0)
            for place, count in enumerate(longer[:-1].tolist())
        )
        return order, runs

    def put(self, order: np.ndarray) -> Bits:
        """These rows at other places: row `i` at `order[i]`."""
        words = np.empty_like(self.words)
        words[order] = self.words
        return Bits(words)


def pad_lists(ragged: Ragged) -> np.ndarray:
    """Lists as rows of one array, filled up with -1, int64, shape (lists, longest)."""
    padded = np.full((len(ragged), int(ragged.lengths.max(initial=0))), -1, dtype=np.int64)
    for place in range(padded.shape[1]):
        some = np.flatnonzero(ragged.lengths > place)
        padded[some, place] = ragged.values.take(ragged.offsets.take(some) + place)
    return padded
