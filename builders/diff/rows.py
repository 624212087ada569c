"""Rows of two splits side by side: what was added, removed and changed, and which captions both have.

Both sides are read in step, a batch at a time, and matched by the number in their ids. Comparing equal columns is one
call of Arrow; only where they differ is looked at closer, still in columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array, read_truths, view_numbers
from ...errors import GasError, describe_error
from ..inspection.row_difference import find_difference
from ..rows.soundness import read_numbers

Batches: TypeAlias = Iterator[pa.RecordBatch]
EXAMPLES = 3
"""Rows that are shown of each kind."""
MOST_CAPTIONS = 1 << 22
"""Captions of a side that are kept as 8 bytes each; of more, only those whose last bits are zero."""


@dataclass(frozen=True)
class Example:
    """A row that changed: the first place where, and what either side has there, as JSON."""

    id: str
    place: str
    a: str
    b: str


@dataclass
class RowChanges:
    """What differs between the rows of two splits.

    Attributes:
        compared: Rows that both have.
        added, removed: Rows that only the second, or only the first, has.
        changed: Rows that both have and that differ.
        columns: How many rows differ in each column.
        only: Columns of the first side alone, and of the second.
        examples: The first rows that differ.
        first_added, first_removed: Ids of the first of these.
    """

    compared: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    only: tuple[list[str], list[str]] = ([], [])
    examples: list[Example] = field(default_factory=list)
    first_added: list[str] = field(default_factory=list)
    first_removed: list[str] = field(default_factory=list)


# --- matching --------------------------------------------------------------------------------------------------------


class _Cursor:
    """Goes through batches, and keeps the numbers of their rows."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.batch: pa.RecordBatch | None = None
        self.numbers = np.zeros(0, dtype=np.int64)
        self.last = -1

    def fill(self) -> bool:
        """Reads on if nothing is left; whether there is anything."""
        while not len(self.numbers):
            batch = next(self.batches, None)
            if batch is None:
                return False
            self.batch, self.numbers = batch, self._number_rows(batch)
        return True

    def _number_rows(self, batch: pa.RecordBatch) -> np.ndarray:
        ids = batch["id"] if "id" in batch.schema.names else pa.nulls(len(batch), pa.string())
        try:
            numbers = read_numbers(ids)
        except pa.ArrowException as error:
            raise GasError(f"ids are not as a build writes them: {describe_error(error)}") from error
        if ids.null_count or (np.diff(numbers, prepend=self.last) <= 0).any():
            where = ids[int(np.argmax(np.diff(numbers, prepend=self.last) <= 0))]
            raise GasError(
                f"rows are not in the order in which a build writes them, from {where} on; build them again"
            )
        self.last = int(numbers[-1]) if len(numbers) else self.last
        return numbers

    def take(self, last: int) -> tuple[pa.RecordBatch | None, np.ndarray]:
        """Takes the rows up to this number."""
        count = int(np.searchsorted(self.numbers, last, side="right"))
        if self.batch is None or not count:
            return None, self.numbers[:0]
        taken, numbers = self.batch.slice(0, count), self.numbers[:count]
        self.batch, self.numbers = self.batch.slice(count), self.numbers[count:]
        return taken, numbers


def compare_batches(one: Batches, other: Batches, changes: RowChanges) -> Iterator[int]:
    """Adds what differs between two runs of rows; yields how many were just read.

    Raises:
        GasError: Ids are not as a build writes them, or rows not in their order.
    """
    cursors = (_Cursor(one), _Cursor(other))
    while cursors[0].fill() | cursors[1].fill():
        last = min(int(cursor.numbers[-1]) for cursor in cursors if len(cursor.numbers))
        (found, first), (made, second) = (cursor.take(last) for cursor in cursors)
        if found is None or made is None or not np.array_equal(first, second):
            _, places, others = np.intersect1d(first, second, assume_unique=True, return_indices=True)
            changes.removed += _note_rest(found, places, changes.first_removed)
            changes.added += _note_rest(made, others, changes.first_added)
            found, made = _take(found, places), _take(made, others)
        if found is not None and made is not None and len(found):
            compare_rows(found, made, changes)
        yield max(len(first), len(second))


def _note_rest(batch: pa.RecordBatch | None, matched: np.ndarray, noted: list[str]) -> int:
    """Counts the rows without a match, and notes the ids of the first."""
    if batch is None:
        return 0
    rest = np.setdiff1d(np.arange(len(batch)), matched, assume_unique=True)
    noted += [batch["id"][int(row)].as_py() for row in rest[: EXAMPLES - len(noted)]]
    return len(rest)


def _take(batch: pa.RecordBatch | None, rows: np.ndarray) -> pa.RecordBatch | None:
    return None if batch is None or not len(rows) else batch.take(make_array(rows))


# --- comparing -------------------------------------------------------------------------------------------------------


def compare_rows(one: pa.RecordBatch, other: pa.RecordBatch, changes: RowChanges) -> None:
    """Adds what differs between rows of the same ids."""
    names = [name for name in one.schema.names if name in other.schema.names and name != "id"]
    changes.only = (
        [name for name in one.schema.names if name not in other.schema.names],
        [name for name in other.schema.names if name not in one.schema.names],
    )
    changed = np.zeros(len(one), dtype=bool)
    for name in names:
        rows = find_changed(one[name], other[name])
        if rows.any():
            changes.columns[name] = changes.columns.get(name, 0) + int(rows.sum())
            changed |= rows
    changes.compared += len(one)
    changes.changed += int(changed.sum())
    for row in np.flatnonzero(changed)[: EXAMPLES - len(changes.examples)].tolist():
        rows_of = [batch.select(names).slice(row, 1).to_pylist()[0] for batch in (one, other)]
        changes.examples.append(Example(other["id"][row].as_py(), *find_difference(*rows_of)))


def find_changed(one: pa.Array, other: pa.Array) -> np.ndarray:
    """Which entries of two columns differ, bool; nested ones are taken apart, so that no row becomes an object."""
    if one.equals(other):
        return np.zeros(len(one), dtype=bool)
    if one.type != other.type:
        try:
            return find_changed(one, other.cast(one.type))
        except pa.ArrowException:
            return np.ones(len(one), dtype=bool)
    nulls = read_truths(pc.is_null(one)), read_truths(pc.is_null(other))
    changed = nulls[0] != nulls[1]
    if pa.types.is_struct(one.type):
        for index in range(one.type.num_fields):
            changed |= find_changed(pc.struct_field(one, [index]), pc.struct_field(other, [index]))
        return changed
    if not (pa.types.is_list(one.type) or pa.types.is_large_list(one.type)):
        return changed | (read_truths(_differ(one, other)) & ~nulls[0] & ~nulls[1])
    lengths = [view_numbers(pc.cast(pc.list_value_length(column), pa.int64()), np.int64) for column in (one, other)]
    there = ~nulls[0] & ~nulls[1]
    changed |= there & (lengths[0] != lengths[1])
    rows = np.flatnonzero(there & (lengths[0] == lengths[1]))
    flat = [pc.list_flatten(column.take(make_array(rows))) for column in (one, other)]
    changed[np.repeat(rows, lengths[0][rows])[find_changed(*flat)]] = True
    return changed


def _differ(one: pa.Array, other: pa.Array) -> pa.Array:
    """Which values differ, false under nulls."""
    return pc.if_else(pc.is_valid(differ := pc.not_equal(one, other)), differ, pa.scalar(False))


# --- captions --------------------------------------------------------------------------------------------------------


@dataclass
class CaptionSet:
    """Digests of distinct captions, in memory that does not grow without end.

    Attributes:
        bits: Only digests whose last so many bits are zero are kept; 0 for all.
        digests: Those, sorted.
        waiting: More, not sorted in yet.
    """

    bits: int = 0
    digests: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    waiting: list[np.ndarray] = field(default_factory=list)

    def add(self, captions: pa.Array) -> None:
        """Adds captions, some of which may be there."""
        digests = b"".join(
            hashlib.blake2b((text or "").encode(), digest_size=8).digest() for text in captions.to_pylist()
        )
        self.waiting.append(self._keep(np.frombuffer(digests, dtype="<u8")))
        if sum(map(len, self.waiting)) > MOST_CAPTIONS // 4:
            self.settle()

    def settle(self, bits: int = 0) -> None:
        """Sorts in what is waiting, and drops some while there are too many, or until so many bits are zero."""
        self.digests, self.waiting = np.unique(np.concatenate([self.digests, *self.waiting])), []
        while len(self.digests) > MOST_CAPTIONS or self.bits < bits:
            self.bits += 1
            self.digests = self._keep(self.digests)

    def _keep(self, digests: np.ndarray) -> np.ndarray:
        return digests[digests & np.uint64((1 << self.bits) - 1) == 0]


@dataclass(frozen=True)
class CaptionOverlap:
    """Distinct captions of either side, and how many both have; estimated where there were too many to keep.

    Attributes:
        a, b: Of the sides.
        shared: Of both.
        jaccard: Those in parts of all of them; None where there are none.
        exact: Whether all were kept.
    """

    a: int
    b: int
    shared: int
    jaccard: float | None
    exact: bool


def measure_overlap(one: CaptionSet, other: CaptionSet) -> CaptionOverlap:
    """How many captions two sets have in common."""
    for captions in (one, other):
        captions.settle()
    bits = max(one.bits, other.bits)
    for captions in (one, other):
        captions.settle(bits)
    shared = len(np.intersect1d(one.digests, other.digests, assume_unique=True))
    total = len(one.digests) + len(other.digests) - shared
    return CaptionOverlap(
        len(one.digests) << bits,
        len(other.digests) << bits,
        shared << bits,
        jaccard=shared / total if total else None,
        exact=not bits,
    )
