"""What differs between two datasets, as tables in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..inspection.evenness import Evenness
from ..recipe.fields import escape
from .datasets import ConfigDifference, Difference
from .rows import CaptionOverlap
from .splits import SplitDifference

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHOWN = 12
"""Digits of a digest that are shown."""
DIGESTS = ("fingerprint", "taxonomy")


def print_difference(difference: Difference, console: Console) -> None:
    """Prints what differs, and in one line each what does not."""
    for side, name, commit, only in zip("ab", difference.names, difference.commits, difference.only, strict=True):
        console.print(_write(f"{side}: {name}{f' (commit {commit[:SHOWN]})' if commit else ''}"))
        if only:
            console.print(_write(f"   only here: {', '.join(only)}"))
    for name, config in difference.configs.items():
        console.print()
        title = name if name == config.names[1] else f"{name} and {config.names[1]}"
        if not config.differs and not any(split.read for split in config.splits.values()):
            sizes = ", ".join(f"{split} {one.rows[0]:,}" for split, one in config.splits.items())
            console.print(_write(f"{title}: equal, by fingerprint and sizes ({sizes})", bold=len(title)))
        else:
            _print_config(title, config, console)
    if not difference.configs:
        console.print("\nthere is no config that both have")


def _print_config(title: str, config: ConfigDifference, console: Console) -> None:
    what = "" if config.differs else ": equal, all rows too"
    console.print(_write(f"{title}{what}", bold=len(title)))
    table = _make_table("", "a", "b", left=True)
    for name, values in config.facts.items():
        shown = [str(value)[:SHOWN] if name in DIGESTS else str(value) for value in values]
        table.add_row(name.replace("_", " "), shown[0], "=" if values[0] == values[1] else shown[1])
    console.print(table)
    if config.recipe:
        console.print()
        console.print(_make_changes("recipe", {key: map(_show, both) for key, both in config.recipe.items()}))
    if config.files:
        console.print()
        shown_files = {path: ((sha or "-")[:SHOWN] for sha in both) for path, both in config.files.items()}
        console.print(_make_changes("beside the recipe", shown_files))
    if config.templates:
        console.print(_write("\ntemplates of the package differ: nothing else does that rows depend on"))
    console.print()
    console.print(_make_rows(config.splits))
    for name, split in config.splits.items():
        if split.read:
            console.print()
            _print_split(name, split, console)
    for note in dict.fromkeys(config.notes):
        console.print(_write(note))


def _print_split(name: str, split: SplitDifference, console: Console) -> None:
    changes = split.changes
    if changes.changed:
        columns = ", ".join(f"{column} {count:,}" for column, count in changes.columns.items())
        console.print(_write(f"{name}, rows that differ in a column: {columns}"))
    for example in changes.examples:
        console.print(_write(f"  {example.id} {example.place}: {example.a} → {example.b}"))
    for word, ids in (("added", changes.first_added), ("removed", changes.first_removed)):
        if ids:
            console.print(_write(f"  first {word}: {', '.join(ids)}"))
    for side, only in zip("ab", changes.only, strict=True):
        if only:
            console.print(_write(f"{name}, columns only in {side}: {', '.join(only)}"))
    if split.usage:
        console.print()
        console.print(_make_usage(name, split.usage))


def _make_changes(title: str, changes: Mapping[str, Iterable[str]]) -> Table:
    table = _make_table(title, "a", "b", left=True)
    for key, (one, other) in changes.items():
        table.add_row(*map(_write, (key, one, other)))
    return table


def _make_rows(splits: dict[str, SplitDifference]) -> Table:
    table = _make_table("rows", "a", "b", "compared", "added", "removed", "changed", "captions in both")
    for name, split in splits.items():
        counts = (
            *split.rows,
            split.changes.compared,
            split.changes.added,
            split.changes.removed,
            split.changes.changed,
        )
        shown = [f"{count:,}" for count in counts]
        if not split.read:  # equal as far as both have them
            shown[2] = "-"
        table.add_row(name, *shown, _show_overlap(split.captions))
    return table


def _show_overlap(captions: CaptionOverlap | None) -> str:
    if captions is None or captions.jaccard is None:
        return "-"
    return f"{'' if captions.exact else 'about '}{captions.shared:,} ({captions.jaccard:.2%})".replace("%", " %")


def _make_usage(title: str, usage: dict[str, tuple[Evenness | None, Evenness | None]]) -> Table:
    table = _make_table(title, "used a", "used b", "Gini a", "Gini b", "entropy a", "entropy b")
    for sort, both in usage.items():
        if not any(one is None or one.possible for one in both):
            continue
        table.add_row(
            sort.replace("_", " "),
            *(f"{one.used:,} of {one.possible:,}" if one else "-" for one in both),
            *("-" if one is None or one.gini is None else f"{one.gini:.3f}" for one in both),
            *(_show_entropy(one) for one in both),
        )
    return table


def _show_entropy(one: Evenness | None) -> str:
    entropy = one.normalized_entropy if one else None
    return "-" if entropy is None else f"{entropy:.2%}".replace("%", " %")


def _show(value: Any) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def _make_table(title: str, *columns: str, left: bool = False) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(_write(title, bold=len(title)), overflow="fold", min_width=16)
    for column in columns:
        if left:
            table.add_column(column, overflow="fold", header_style="dim")
        else:
            table.add_column(column, justify="right", no_wrap=True, header_style="dim")
    return table


def _write(text: str, bold: int = 0) -> Any:
    """Text without markup, as a terminal can show it; the first characters may be bold."""
    from rich.text import Text

    written = Text("\n".join(map(escape, text.split("\n"))))
    written.stylize("bold", 0, bold)
    return written
