"""Two splits side by side: their rows, their captions, and how evenly they use what they could."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from ...errors import GasError
from ..content.plan import Plan
from ..folder.files import is_local
from ..folder.manifest import File
from ..inspection.evenness import SORTS, Evenness, measure_evenness
from ..inspection.usage import COLUMNS, UseCounter, create_counter
from .rows import CaptionOverlap, CaptionSet, RowChanges, compare_batches, measure_overlap
from .sources import Variant, read_file_rows, read_rows

Report = Callable[[int], None]
Pair = tuple[Variant, Variant]
SIDES = ("a", "b")


@dataclass
class SplitDifference:
    """What differs between two splits of one name.

    Attributes:
        rows: Their sizes.
        read: The most rows of each that were looked at: 0 where it was known without that they are equal.
        changes: Of the rows that were looked at; what is added and removed is counted in all of them.
        captions: Of the rows that were looked at.
        usage: For each sort of concepts and structures, how evenly either side uses it; None where that is unknown.
    """

    rows: tuple[int, int]
    read: int = 0
    changes: RowChanges = field(default_factory=RowChanges)
    captions: CaptionOverlap | None = None
    usage: dict[str, tuple[Evenness | None, Evenness | None]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        changes = self.changes
        return bool(changes.added or changes.removed or changes.changed or any(changes.only))


@dataclass(frozen=True)
class Comparison:
    """How to compare the splits of two configs.

    Attributes:
        pair: The configs.
        most: Look at no more rows of a split; None for all.
        trusted: Whether files are what the manifests say.
        plans: Of their recipes; None where one cannot be used here.
        notes: What is to be known about the figures; what is found is added.
        report: Called with the number of rows that were just compared.
    """

    pair: Pair
    most: int | None
    trusted: bool
    plans: tuple[Plan | None, Plan | None]
    notes: list[str]
    report: Report


@dataclass
class _Watcher:
    """Counts what passes by on one side."""

    side: str
    counter: UseCounter | None
    notes: list[str]
    captions: CaptionSet = field(default_factory=CaptionSet)

    def watch(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.add(batch)
            yield batch

    def add(self, batch: pa.RecordBatch) -> None:
        self.captions.add(batch["caption"])
        if self.counter:
            try:
                self.counter.add(batch)
            except GasError as error:
                self.notes.append(f"{self.side}: {error}")
                self.counter = None

    def measure(self, sort: str) -> Evenness | None:
        return measure_evenness(self.counter.uses[sort]) if self.counter else None


def compare_sizes(sizes: tuple[int, int]) -> SplitDifference:
    """Two splits whose rows are equal as far as both have them."""
    return SplitDifference(sizes, changes=_count_rest(RowChanges(), sizes))


def compare_split(work: Comparison, split: str) -> SplitDifference:
    """Compares the rows of two splits.

    Raises:
        GasError: A file is missing or damaged, or has not what a build writes.
    """
    sizes = (work.pair[0].sizes.get(split, 0), work.pair[1].sizes.get(split, 0))
    changes = RowChanges()
    one, other = (
        _Watcher(side, _open_counter(variant, plan, split), work.notes)
        for side, variant, plan in zip(SIDES, work.pair, work.plans, strict=True)
    )
    if work.most is not None and work.most < max(sizes):
        first, second = (
            watcher.watch(read_rows(variant, split, variant.list_files(split), work.most))
            for watcher, variant in zip((one, other), work.pair, strict=True)
        )
        _run(compare_batches(first, second, changes), work.report)
        # The others were not looked at; their number is known.
        _count_rest(changes, sizes)
    else:
        for files, others, equal in pair_files(work.pair, split, work.trusted):
            if equal:
                changes.compared += _count_equal(work, files[0], others[0], (one, other))
                continue
            first = one.watch(read_rows(work.pair[0], split, files))
            second = other.watch(read_rows(work.pair[1], split, others))
            _run(compare_batches(first, second, changes), work.report)
    usage = {sort: (one.measure(sort), other.measure(sort)) for sort in SORTS}
    read = max(sizes) if work.most is None else min(work.most, max(sizes))
    return SplitDifference(sizes, read, changes, measure_overlap(one.captions, other.captions), usage)


def _open_counter(variant: Variant, plan: Plan | None, split: str) -> UseCounter | None:
    return create_counter(f"{variant.name}/{split}", plan) if plan else None


def _run(steps: Iterator[int], report: Report) -> None:
    for rows in steps:
        report(rows)


def _count_rest(changes: RowChanges, sizes: tuple[int, int]) -> RowChanges:
    """Counts the rows that one side has alone by the sizes."""
    changes.added, changes.removed = max(0, sizes[1] - sizes[0]), max(0, sizes[0] - sizes[1])
    return changes


def _count_equal(work: Comparison, file: File, other: File, watchers: tuple[_Watcher, _Watcher]) -> int:
    """Counts what two equal files have by reading one of them, if possible one that is near."""
    one, another = work.pair
    far = one.place is not None and not is_local(one.place)
    chosen = (another, other) if far else (one, file)
    for batch in read_file_rows(*chosen, ["caption", *COLUMNS]):
        for watcher in watchers:
            watcher.add(batch)
        work.report(len(batch))
    return file.rows


def pair_files(pair: Pair, split: str, trusted: bool) -> Iterator[tuple[list[File], list[File], bool]]:
    """Files of both sides that hold the same run of rows, and whether they are known to be equal; then all others.

    Args:
        pair: The configs; a recipe has no files.
        split: One of their splits.
        trusted: Whether equal SHA-256 in the manifests mean equal files.
    """
    one, other = (variant.list_files(split) for variant in pair)
    while one and other and (one[0].rows, one[0].span) == (other[0].rows, other[0].span):
        yield one[:1], other[:1], trusted and one[0].sha256 == other[0].sha256
        one, other = one[1:], other[1:]
    if one or other or any(variant.place is None for variant in pair):
        yield one, other, False
