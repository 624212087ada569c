"""What commands of every folder share: options, examples in help, consoles and progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
NO_VALUES: list[str] = []


def list_examples(*lines: str) -> str:
    """Commands under a heading, for the end of a command's help."""
    return "\n".join((f"Example{'s' if len(lines) > 1 else ''}:", *lines))


def create_console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


@contextmanager
def show_progress(
    rows: int | None, what: str = "building", hidden: bool = False, unit: str = "scenes"
) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, silent when that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=hidden or not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=rows)
        yield lambda done: progress.advance(task, done)
