"""What commands of every folder share: options, examples in help, consoles and progress bars."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import GasWarning, escape

if TYPE_CHECKING:
    from rich.console import Console, ConsoleRenderable

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
NO_VALUES: list[str] = []


def list_examples(*lines: str) -> str:
    """Commands under a heading, for the end of a command's help."""
    return "\n".join((f"Example{'s' if len(lines) > 1 else ''}:", *lines))


LONGEST_LINE, LONGEST_MESSAGE = 900, 3600
"""Letters of a message: of one line, and of all."""


def open_outputs() -> None:
    """Makes stdout and stderr take any text: a closed one swallows it, and what an encoding lacks is spelled out."""
    codecs.register_error("spell", _spell)
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the process ends
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="spell")
    show_others = warnings.showwarning

    def show(message: Any, category: Any, *where: Any, **options: Any) -> None:
        if issubclass(category, GasWarning):
            complain(message)
        else:
            show_others(message, category, *where, **options)

    warnings.showwarning = show


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Spells out letters that an encoding lacks as JSON does, so that what is JSON stays so."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def say(*texts: object, end: str = "\n") -> None:
    """Prints to stdout, as `print` does, but spells out what a terminal would obey."""
    print(*map(_escape_lines, texts), end=end)


def complain(message: object) -> None:
    """Prints a message to stderr that begins with the command's name, cut where it is too long to be read."""
    lines = str(message).split("\n")
    told: list[str] = []
    for line in lines:
        told.append(_shorten(_escape_lines(line)))
        if sum(map(len, told)) > LONGEST_MESSAGE - LONGEST_LINE and len(told) < len(lines):
            told.append(f"and {len(lines) - len(told):,} more")
            break
    remark("gas: " + "\n".join(told))


def remark(text: object) -> None:
    """Prints to stderr what is neither a result nor a complaint. Where that cannot be, nobody reads it."""
    with suppress(OSError):
        print(_escape_lines(text), file=sys.stderr, flush=True)


def _shorten(line: str) -> str:
    half = LONGEST_LINE // 2
    return line if len(line) <= LONGEST_LINE else f"{line[:half]} ... {line[-half:]}"


def _escape_lines(text: object) -> str:
    return re.sub(r"[^\n\t]+", lambda part: part[0] if part[0].isprintable() else escape(part[0]), str(text))


def create_console() -> Console:
    """A console on stdout that spells out what a terminal would obey."""
    from rich.console import Console, RenderHook

    class Escaping(RenderHook):
        def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
            return [_Escaped(one) for one in renderables]

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    console.push_render_hook(Escaping())
    return console


class _Escaped:
    """What rich prints, with its styles, but nothing else that a terminal would obey."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self.inner = inner

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from rich.segment import Segment

        for text, style, control in console.render(self.inner, options):
            yield Segment(text if control else _escape_lines(text), style, control)


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

        def advance(done: int) -> None:
            progress.advance(task, done)
            if progress.tasks[0].finished:  # what is left to do has no number
                progress.reset(task, total=None, completed=int(progress.tasks[0].completed), description="finishing")

        yield advance
