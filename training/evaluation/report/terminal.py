"""The report as tables in a terminal: 80 columns wide, in letters that every terminal has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...metrics.intervals import Estimate
from .blocks import Cell, Section
from .blocks import Table as Block
from .marks import Axis
from .numbers import DASH, MINUS
from .reading import REFUSED, Reading
from .sections import make_sections
from .words import write_losses

if TYPE_CHECKING:
    from rich.table import Table

WIDTH, STRIP, LABEL = 80, 22, 30
"""Letters of a line, of a strip, and most of a row's name."""
MOST_ROWS = 16
SHOWN = ("overall", "kinds", "models", "wordings", "complexity", "people", "hardest", "cost")
"""Parts of the report that are shown; the others need the page."""
MARKS = {"blank": "b", "other_picture": "o", "always_yes": "y", "no_picture": "n", "exam": "|"}
PLAIN = str.maketrans({DASH: "-", MINUS: "-", "…": "~"})


def make_tables(report: Mapping[str, Any]) -> list[Table]:
    """Tables for `create_console().print`.

    Args:
        report: What `describe_runs` returned.

    Returns: Those of the parts that there is something to say about. Numbers stand with their intervals, and are drawn
        where there is room: see `draw_strip`. Columns that a line has no room for are left to the page.
    """
    sections = {section.key: section for section in make_sections(report)}
    return [_make_table(block) for key in SHOWN if key in sections for block in _list_blocks(sections[key])]


def make_notes(report: Mapping[str, Any]) -> list[str]:
    """What was left out or refused, in sentences that stand above the tables.

    Args:
        report: What `describe_runs` returned.
    """
    return [line.translate(PLAIN) for line in write_losses(Reading(report))]


def _list_blocks(section: Section) -> Iterator[Block]:
    for block in section.tables:
        if block.brief:
            yield block if block.title else replace(block, title=section.title)
    seen = set[str]()  # along each axis the first metric
    for plot in section.plots:
        if plot.numbers.brief and plot.under not in seen:
            seen.add(plot.under)
            yield replace(plot.numbers, title=plot.title)


def _make_table(block: Block) -> Table:
    from rich.text import Text

    rows = [[_cut(row.label, LABEL), *map(_write, row.cells)] for row in block.rows[:MOST_ROWS]]
    names = [block.first, *(column.name for column in block.columns)]
    heads = _number(names, block)
    widths = [2 + max(min(len(head), LABEL), *map(len, texts)) for head, *texts in zip(heads, *rows, strict=True)]
    kept, is_drawn = _choose(widths, block)
    table = _open_table(block.title)
    for place in kept:
        is_number = place and block.columns[place - 1].looks != "text"
        heading = Text(_cut(heads[place] if is_drawn else names[place], LABEL))
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    axis = block.axis if is_drawn else None
    if axis:
        table.add_column(Text(f"{axis.low:.2f}".ljust(STRIP - 5) + f"{axis.high:.2f}".rjust(4)), no_wrap=True)
    for row, texts in zip(block.rows, rows, strict=False):
        strip = [Text(draw_strip(axis, row.values, row.marks))] if axis else []
        table.add_row(*(Text(texts[place]) for place in kept), *strip)
    lost = [
        name for place, name in enumerate(heads) if place not in kept and block.columns[place - 1].looks != "number"
    ]
    notes = [f"{len(block.rows) - MOST_ROWS:,} more rows"] if len(block.rows) > MOST_ROWS else []
    notes += [f"{len(lost)} more columns"] if lost else []
    if notes:
        table.caption = Text(f"On the page: {' and '.join(notes)}")
    return table


def _number(names: Sequence[str], block: Block) -> list[str]:
    """Headings, those of several models with the number that stands for each in the drawing."""
    models = max((len(row.values) for row in block.rows), default=0)
    return [f"{place}:{name}" if 0 < place <= models and models > 1 else name for place, name in enumerate(names)]


def _open_table(title: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    heading = Text(_cut(title, WIDTH), style="bold")
    return Table(title=heading, title_justify="left", caption_justify="left", box=None, padding=(0, 2, 0, 0))


def _write(cell: Cell) -> str:
    text = f"{cell.text} ({cell.small})" if cell.small else cell.text
    return text.translate(PLAIN)


def _cut(text: str, width: int) -> str:
    plain = text.translate(PLAIN)
    return plain if len(plain) <= width else f"{plain[: width - 1]}~"


def _choose(widths: Sequence[int], block: Block) -> tuple[list[int], bool]:
    """The columns that a line has room for, and whether it has room for a drawing.

    Numbers with intervals and words come first, then how much was refused, then the drawing, then the rest.
    """
    ranks = {0: 0}
    for place, column in enumerate(block.columns, 1):
        ranks[place] = 1 if column.looks != "number" else 2 if column.name.startswith(REFUSED) else 4
    ranks |= {-1: 3} if block.axis else {}
    kept, left = set[int](), WIDTH
    for place in sorted(ranks, key=lambda place: (ranks[place], place)):
        width = STRIP + 2 if place < 0 else widths[place]
        if width <= left:
            kept.add(place)
            left -= width
    return sorted(kept - {-1}), -1 in kept


def draw_strip(axis: Axis, values: Sequence[Estimate | None], marks: Mapping[str, float]) -> str:
    """A line of letters: `*`, or 1, 2, ... of several models, within its interval of `-`."""
    letters = [" "] * STRIP

    def find(value: float) -> int:
        return round((STRIP - 1) * axis.place(value) / 100)

    for name, mark in marks.items():
        letters[find(mark)] = MARKS[name]
    known = [(number, value) for number, value in enumerate(values, 1) if value]
    for _, value in known:
        for place in range(find(value.low), find(value.high) + 1):
            letters[place] = "-"
    for number, value in known:
        letters[find(value.value)] = str(number % 10) if len(values) > 1 else "*"
    return "".join(letters)
