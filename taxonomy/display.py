"""Prints what `gas taxonomy` found, for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from .schema import TABLES
from .search import Branch

if TYPE_CHECKING:
    from .exchange.importing import Report

MOST_HITS = 25
WIDEST = 1000
SHOWN = {
    "objects": ("id", "name", "definition", "parent", "kinds", "tier"),
    "attributes": ("id", "adjective", "kind", "applies_to", "tier"),
    "relations": ("id", "predicate", "category", "subject_kinds", "object_kinds", "tier"),
    "scene_attributes": ("id", "phrase", "kind", "modality", "tier"),
}
"""Columns that a search shows."""


def create_console() -> Console:
    """Creates the console of stdout; what goes into a file or a pipe has one line a row, however long."""
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDEST)


def create_table(title: str, *columns: str) -> Table:
    """Creates a table without lines; its cells are never cut."""
    table = Table(*columns, title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    return table


def show_counts(names: list[str], counts: dict[str, Any], imports: list[str]) -> None:
    """Prints the counts of a taxonomy."""
    console = create_console()
    title = ", ".join(names)
    table = create_table(f"taxonomy {title}", "", "total", "common", "visible", "full")
    for name in TABLES:
        tiers = counts[f"{name}_by_tier"]
        cells = [f"{tiers.get(tier, 0):,}" for tier in ("common", "visible", "full")]
        table.add_row(name.replace("_", " "), f"{counts[name]:,}", *cells)
    console.print(table)
    for key, value in counts.items():
        if isinstance(value, dict) and value and not key.endswith("_by_tier"):
            what, _, column = key.rpartition("_by_")
            console.print(Text(f"\n{what.replace('_', ' ')} by {column}", style="bold"))
            console.print(Text(", ".join(f"{name} {count:,}" for name, count in value.items())))
    if imports:
        console.print(f"\nimported taxonomies: {', '.join(imports)}")


def show_hits(found: dict[str, list[dict[str, Any]]], everything: bool) -> None:
    """Prints what a search found, by table."""
    console = create_console()
    for name, rows in found.items():
        if rows:
            shown = rows if everything else rows[:MOST_HITS]
            table = create_table(f"{name.replace('_', ' ')}: {len(rows):,}", *SHOWN[name])
            for row in shown:
                table.add_row(*(Text(str(row[column])) for column in SHOWN[name]))
            console.print(table)
            if len(shown) < len(rows):
                console.print(f"... and {len(rows) - len(shown):,} more; --all shows them")
            console.print()


def show_tree(branch: Branch) -> None:
    """Prints an object and those under it."""

    def describe(branch: Branch) -> Text:
        text = Text(branch.id)
        if branch.name != branch.id.split(".")[0].replace("_", " "):
            text.append(f"  {branch.name}")
        return text.append(f"  {branch.descendants:,}" if branch.descendants else "", style="dim")

    def hang(tree: Tree, branch: Branch) -> None:
        for child in branch.children:
            hang(tree.add(describe(child)), child)

    tree = Tree(describe(branch))
    hang(tree, branch)
    create_console().print(tree)


def show_report(report: Report) -> None:
    """Prints what an import did."""
    console = create_console()
    columns = ("resolved", "own", "repaired", "repeated", "unusable")
    table = create_table(f"imported as {report.name}", "", *columns)
    for name, counts in report.tables.items():
        table.add_row(name.replace("_", " "), *(f"{counts[column]:,}" for column in columns))
    console.print(table)
    if report.supporting:
        console.print(f"\n{report.supporting:,} objects above them were added to hold the tree together")
    for row in report.unusable[:MOST_HITS]:
        console.print(f"left out: {row['table']}: {row['category']}: {row['text']!r}: {row['reason']}")
    if len(report.unusable) > MOST_HITS:
        console.print(f"... and {len(report.unusable) - MOST_HITS:,} more; unusable.tsv has them all")
    console.print(f"\nkept in {report.folder}\nuse it in a recipe with `taxonomy: [default, {report.name}]`", end="")
    console.print(f", or `taxonomy: [{report.name}]` for these concepts only" if report.complete else "")
