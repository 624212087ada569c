"""What reports tell apart: the answers of an evaluation by kind and form, its scenes by what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import GasError, advise
from ..metrics.group_intervals import Cells, sum_cells
from .arrays import Evaluations, Labels, Measure, Sample
from .scene_facts import COUNTS, count_elements

OF_ANSWERS = ("kind", "form", "kind_form", "statement")
OF_SCENES = (*COUNTS, "copies")
BY = (*OF_ANSWERS, *OF_SCENES)
"""What is told apart unless a caller chooses; scores of captions always are."""
SAME = {"complexity": "elements"}
"""Names that rows have for what is told apart, and those of reports."""
PARTS = 5
"""Captions are parted by their scores into so many parts of one size."""


def read_parts(by: str | Sequence[str]) -> list[str]:
    """What is told apart, by the names that reports have for it.

    Raises:
        GasError: There is nothing to tell apart by such a name.
    """
    names = list(dict.fromkeys(SAME.get(name, name) for name in ([by] if isinstance(by, str) else by)))
    if unknown := [name for name in names if name not in BY]:
        raise GasError(f"nothing is told apart by {unknown[0]}; {advise(unknown[0], [*BY, *SAME])}")
    return names


@dataclass(frozen=True, eq=False)
class Table:
    """What an evaluation measures, parted in one way.

    Attributes:
        sample: The evaluation.
        measures: What is measured.
        names: The names of the parts, in the order in which they are shown.
        codes: Of each measure, the part that each of its entries is in; -1 for none.
        scenes: How many scenes there are in all evaluations.
        details: What else is known of the parts.
    """

    sample: Sample
    measures: list[Measure]
    names: list[str]
    codes: list[np.ndarray]
    scenes: int
    details: list[dict[str, Any]]

    @cached_property
    def cells(self) -> list[Cells]:
        """Sums by scene and part, of each measure."""
        return [
            sum_cells(one.scene, codes, len(self.names), one.parts, one.wholes, self.scenes)
            for one, codes in zip(self.measures, self.codes, strict=True)
        ]

    def count_unknown(self, place: int) -> np.ndarray:
        """Entries of a measure of which nothing is known, by their part."""
        codes = self.codes[place]
        return np.bincount(codes[(self.measures[place].wholes == 0) & (codes >= 0)], minlength=len(self.names))


def group_all(sample: Sample) -> Table:
    """All that an evaluation measures, as one part."""
    codes = [np.zeros(len(one.scene), dtype=np.int64) for one in sample.measures]
    scenes = int(max((one.scene.max(initial=0) for one in sample.measures), default=0)) + 1
    return Table(sample, sample.measures, ["all"], codes, scenes, [{}])


def part_tables(found: Evaluations, by: Iterable[str]) -> Iterator[tuple[str, list[Table]]]:
    """Yields the name and the tables of each of `by`, and of each score of captions."""
    for name in by:
        if name in OF_ANSWERS:
            tables = [table for sample in found.samples if (table := _part_answers(sample, name, found.scenes))]
        else:
            tables = _part_scenes(found, *_count(found, name))
        if tables:
            yield name, _align(tables)
    for metric, values in found.captions.items():
        yield metric, _part_scenes(found, *_cut_captions(values))


def _part_answers(sample: Sample, name: str, scenes: int) -> Table | None:
    labels = {"kind": sample.kinds, "form": sample.forms, "statement": sample.statements}.get(name)
    if labels is None:
        labels = _pair(sample.kinds, sample.forms)
    if not (labels.codes >= 0).any():
        return None
    details: list[dict[str, Any]] = [{} for _ in labels.names]
    return Table(sample, [sample.answers], labels.names, [labels.codes], scenes, details)


def _pair(one: Labels, other: Labels) -> Labels:
    width = max(1, len(other.names))
    found, codes = np.unique(one.codes * width + other.codes, return_inverse=True)
    names = [f"{one.names[code // width]}, {other.names[code % width]}" for code in found.tolist()]
    return Labels(names, codes)


def _count(found: Evaluations, name: str) -> tuple[np.ndarray, list[str], list[dict[str, Any]]]:
    """How many of something are in each scene, as a code and its name."""
    numbers = np.full(found.scenes, -1, dtype=np.int64)
    for sample in found.samples:
        counts = count_elements(sample.run.scenes, name)
        if counts is not None:
            numbers[sample.rows] = counts
    values, codes = np.unique(numbers, return_inverse=True)
    lost = int(values[0] < 0) if len(values) else 0
    return codes - lost, [str(value) for value in values[lost:].tolist()], [{} for _ in values[lost:]]


def _cut_captions(values: np.ndarray) -> tuple[np.ndarray, list[str], list[dict[str, Any]]]:
    """Parts of one size by a score of captions, the lowest first."""
    known = values[np.isfinite(values)]
    ends = np.quantile(known, np.linspace(0, 1, PARTS + 1)) if len(known) else np.zeros(PARTS + 1)
    codes = np.searchsorted(ends[1:-1], values, side="right")
    names = [f"{100 * part // PARTS}-{100 * (part + 1) // PARTS} %" for part in range(PARTS)]
    details = [{"from": float(low), "to": float(high)} for low, high in pairwise(ends)]
    return np.where(np.isfinite(values), codes, -1), names, details


def _part_scenes(
    found: Evaluations, codes: np.ndarray, names: list[str], details: list[dict[str, Any]]
) -> list[Table]:
    if not names:
        return []
    return [
        Table(sample, sample.measures, names, [codes[one.scene] for one in sample.measures], found.scenes, details)
        for sample in found.samples
    ]


def _align(tables: list[Table]) -> list[Table]:
    """The same tables with the same parts, so that they can be compared."""
    if all(table.names == tables[0].names for table in tables):
        return tables
    names = sorted({name for table in tables for name in table.names})
    new, aligned = {name: place for place, name in enumerate(names)}, []
    for table in tables:
        places = np.array([new[name] for name in table.names] + [-1])
        codes = [places[codes] for codes in table.codes]
        aligned.append(Table(table.sample, table.measures, names, codes, table.scenes, [{} for _ in names]))
    return aligned
