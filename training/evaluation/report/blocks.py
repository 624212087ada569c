"""What a report is made of, for the page and for the terminal alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...metrics.intervals import Estimate
from .marks import Axis, Curve, fit_axis
from .numbers import write_estimate, write_number

MOST_ROWS = 80
"""Of a table; all that is computed is in report.json."""


@dataclass(frozen=True)
class Column:
    """A column after the first; `note` is told when a pointer rests on it."""

    name: str
    looks: Literal["text", "number", "estimate"] = "number"
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """What stands in a column.

    Attributes:
        text: As people read it.
        small: What stands behind it in small print, such as an interval.
        value: What is sorted by and copied, where the text is a number.
        estimate: The number with its interval, if it has one.
        heat: From 0 to 100, how strongly it is colored; negative ones in another color.
    """

    text: str = ""
    small: str = ""
    value: float | None = None
    estimate: Estimate | None = None
    heat: float | None = None


def fill_number(value: float | None) -> Cell:
    """A number without an interval."""
    return Cell(write_number(value), value=value)


def fill_estimate(estimate: Estimate | None, signed: bool = False) -> Cell:
    """A number with its interval."""
    if estimate is None:
        return Cell()
    return Cell(*write_estimate(estimate, signed=signed), value=estimate.value, estimate=estimate)


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        label: What it is of.
        cells: One a column.
        values: What its strip shows, one a model.
        marks: What its strip holds them against, by the names of `marks.MARKS`.
    """

    label: str
    cells: Sequence[Cell]
    values: Sequence[Estimate | None] = ()
    marks: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table; with an axis, one whose rows are drawn, too.

    Attributes:
        title: What stands above.
        first: What its rows are.
        columns: The others.
        rows: From top to bottom.
        axis: Where strips of rows stand.
        plain: Whether strips show something else than one number a model.
        note: What stands below.
        brief: Whether a terminal shows it, too.
    """

    title: str
    first: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    axis: Axis | None = None
    plain: bool = False
    note: str = ""
    brief: bool = True

    @property
    def ahead(self) -> int:
        """How many columns stand before the strips: the numbers that are drawn, which a small window shows first."""
        looks = [column.looks for column in self.columns]
        return max(1, next((place for place, one in enumerate(looks) if one != "estimate"), len(looks)))


def draw_rows(
    title: str,
    first: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    plain: bool = False,
    signed: bool = False,
    note: str = "",
) -> Table:
    """A table whose axis fits what its rows show, with a 0 if they are `signed`; of very many rows only the first."""
    kept = rows[:MOST_ROWS]
    ends = [end for row in kept for value in row.values if value for end in (value.low, value.high, value.value)]
    ends += [mark for row in kept for mark in row.marks.values()]
    within = (0.0, 1.0) if ends and min(ends) >= 0 and max(ends) <= 1 else (None, None)
    notes = [note]
    if len(rows) > len(kept):
        notes.append(f"The first {len(kept)} of {len(rows):,} rows; all are in report.json.")
    axis = fit_axis([*ends, *([0.0] if signed else [])], *within) if ends else None
    return Table(title, first, columns, kept, axis, plain or signed, " ".join(filter(None, notes)))


@dataclass(frozen=True)
class Plot:
    """Curves, one a model, and the same in numbers."""

    title: str
    under: str
    curves: Sequence[Curve]
    labels: Mapping[float, str]
    numbers: Table


@dataclass(frozen=True)
class Branch:
    """A node of the taxonomy with those below it."""

    name: str
    values: Sequence[Estimate | None]
    cells: Sequence[Cell]
    count: float
    below: list[Branch] = field(default_factory=list)


@dataclass(frozen=True)
class Tree:
    """Nodes of the taxonomy."""

    title: str
    axis: Axis
    branches: Sequence[Branch]
    note: str = ""


@dataclass(frozen=True)
class Shot:
    """A picture with what was asked about it, as report.json has it, and the model that made it."""

    model: str
    run: int
    picture: Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Pictures under a heading."""

    title: str
    shots: Sequence[Shot]


@dataclass(frozen=True)
class Section:
    """A part of the report; what has nothing to say is not made."""

    key: str
    short: str
    title: str
    lead: Sequence[str] = ()
    marks: Sequence[str] = ()
    tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    trees: Sequence[Tree] = ()
    groups: Sequence[Group] = ()

    @property
    def shows_models(self) -> bool:
        """Whether marks stand for models, which a legend has to name."""
        return bool(self.plots or self.trees) or any(table.axis and not table.plain for table in self.tables)

    @property
    def is_empty(self) -> bool:
        return not (self.tables or self.plots or self.trees or self.groups)
