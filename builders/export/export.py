"""Scenes of a built folder in the files that existing scorers and trainers read.

`formats/` has a file for each format. Rows are read and written in batches.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from ...errors import GasError, advise, explain_os_error
from ...regular_files import FOLDER, SPECIAL, find_obstacle
from ..folder.reading import Source, find_split, read_batches
from ..foundation.replacing import replace_file
from ..recipe.loading import load_recipe
from ..rows.schema import DIFFICULTY
from ..rows.wordings import ALL, MIXED, PARAPHRASE, find_column, take_wordings
from .edit_formats import list_edit_formats
from .formats import list_formats, load_format, load_splits
from .layout import Layout, Row, Tally
from .picture_formats import list_picture_formats
from .rewards import REWARDS
from .sinks import open_sink

BATCH = 512
"""Rows that are in memory as Python objects at once."""
OTHER_EXPORTS: dict[str, Callable[..., str]] = {}
"""Who exports what no build wrote, by format; packages above this one fill it."""


def export_folder(
    folder: Path,
    format_: str,
    out: Path | None = None,
    config: str | None = None,
    split: str | None = None,
    wording: str | None = None,
    **options: Any,
) -> Iterator[str]:
    """Writes the splits of a built folder that a format is for, or pictures with captions, and shows how far it is.

    Args:
        folder: What `gas build` wrote; or pictures, for formats that hold these.
        format_: The name of a format.
        out: The file, or the folder of a format that is several files; without it stdout.
        config: May be left out where there is only one.
        split: A single split.
        wording: See `export_split`.
        options: What the format takes, as in `export_split`.

    Yields:
        What was written and what was left out, after each split.

    Raises:
        GasError: There is no such format, config or split, or a file cannot be read or written.
    """
    from ...console import show_progress

    check_options(format_, options)
    if format_ in OTHER_EXPORTS:
        with show_progress(None, "exporting", unit="pictures") as report:
            done = OTHER_EXPORTS[format_](str(folder), format_, out, config, split, report, wording)
        yield done
        return
    for source in find_sources(folder, config, split, format_):
        with show_progress(source.rows, "exporting", hidden=out is None and sys.stdout.isatty()) as report:
            tally = export_split(source, format_, out, report, wording, **options)
        yield describe_export(source, format_, tally)


def check_format(name: str) -> None:
    """Refuses a format that is not there.

    Raises:
        GasError: It is not there.
    """
    if name not in (formats := list_formats()):
        known = [*formats, *list_picture_formats(), *list_edit_formats()]
        raise GasError(f"there is no format `{name}`; {advise(name, known)}")


def find_sources(folder: Path, config: str | None, split: str | None, format_: str) -> list[Source]:
    """The splits of a built folder to write: the one asked for, or those that the format is for.

    What scores is written of the only split that there is, whatever it is called.

    Raises:
        GasError: There is no such format, or the folder was not built, or has no such config or split.
    """
    check_format(format_)
    splits = load_splits(format_)
    if split or splits == ("test",):
        return [find_split(folder, config, split)]
    return [find_split(folder, config, one) for one in splits]


def export_split(
    source: Source,
    format_: str,
    out: Path | None = None,
    report: Callable[[int], None] = lambda rows: None,
    wording: str | None = None,
    **options: Any,
) -> Tally:
    """Writes a split in the layout of a scorer or a trainer. The same rows give the same bytes.

    Args:
        source: The split.
        format_: The name of a format.
        out: The file, or the folder of a format that is several files; each is there only when it is whole. Without
            it, stdout.
        report: Called with the number of rows that were just finished.
        wording: Which of the wordings takes the caption's place, as `take_wordings` has it; none if left out.
        options: What the format takes: `columns` and `per` of `csv` and `jsonl`, see `tables.lay_out_table`; `rewards`
            of `flow_factory`, `flow_grpo`, `unirl` and `verl_omni`, see `rewards`; `system` of `verl_omni`, a prompt.

    Raises:
        GasError: There is no such format or wording, a file cannot be read or written, or the layout can hold nothing
            of the split.
    """
    check_format(format_)
    if wording is not None:
        check_wording(source, wording)
    files, tally = list_files(source, format_, out, options), Tally()
    columns = list(dict.fromkeys(column for layout in files.values() for column in layout.columns))
    graded = load_recipe(source.recipe).recipe.difficulty is not None and "columns" not in options
    if graded:
        files = {path: _add_difficulty(layout) for path, layout in files.items()}
    asked = [*columns, *([find_column(wording)] if wording is not None else []), *([DIFFICULTY] if graded else [])]
    with ExitStack() as stack:
        sinks = [
            (layout, stack.enter_context(open_sink(layout, stack.enter_context(open_out(path)))))
            for path, layout in files.items()
        ]
        for batch in read_batches(source, list(dict.fromkeys(asked)), BATCH):
            for row in _list_rows(batch, wording, tally):
                written = False
                for layout, sink in sinks:
                    records = layout.convert_known(row, tally)
                    sink.add([_grade(record, row) for record in records] if graded else records)
                    written |= bool(records)
                tally.scenes += written
                tally.empty += not written
            report(len(batch))
        if not any(sink.begun for _, sink in sinks):
            if all(layout.kinds is None for layout in files.values()):
                why = ", ".join(f"{count:,} {sort}" for sort, count in (+tally.left_out).items())
                raise GasError(f"{source.name} has no scene that {format_} can hold{': ' if why else ''}{why}")
            raise GasError(f"{source.name} has no question that {format_} can hold; build it with other `questions`")
        tally.missing = [part for layout in files.values() for part in layout.needs if not tally.held[part]]
    return tally


def _grade(record: Any, row: Row) -> Any:
    """A record with the difficulty of its row, if it has fields by name; readers pass over those they do not know."""
    return {**record, DIFFICULTY: row[DIFFICULTY]} if isinstance(record, dict) else record


def _add_difficulty(layout: Layout) -> Layout:
    """A layout of Parquet with the column that its records have besides."""
    if layout.schema is None:
        return layout
    return replace(layout, schema=layout.schema.append(pa.field(DIFFICULTY, pa.float64())))


def check_options(format_: str, options: Iterable[str]) -> None:
    """Refuses options that a format that is there does not take.

    Raises:
        GasError: It does not take one of them.
    """
    for option in options:
        takers = [name for name in list_formats() if option in signature(load_format(name)).parameters]
        if format_ not in takers:
            *others, last = takers
            formats = f"formats {', '.join(others)} and {last}" if others else f"format {last}"
            raise GasError(
                f"--{option} is of the {formats}; leave it out, or take {'one of these' if others else 'this'}"
            )


def check_wording(source: Source, wording: str) -> None:
    """Refuses a wording that rows do not have.

    Raises:
        GasError: The split has none, or not that one.
    """
    recipe = load_recipe(source.recipe).recipe
    if wording == PARAPHRASE:
        if recipe.paraphrase is None:
            raise GasError(
                f"{source.name} has no paraphrases; build it with `paraphrase: {{model: ...}}`, or leave --wording out"
            )
        return
    wordings = recipe.wordings
    if wordings is None:
        raise GasError(
            f"{source.name} has no wordings; build it with `wordings: [short, long]`, or leave --wording out"
        )
    known = (*wordings.templates, *map(str, range(wordings.count_wordings())), ALL, MIXED)
    if wording not in known:
        raise GasError(f"{source.name} has no wording `{wording}`; {advise(wording, known)}")


def _list_rows(batch: pa.RecordBatch, wording: str | None, tally: Tally) -> Iterator[Row]:
    """Rows with the caption that was asked for, or several rows of each; those without it are counted."""
    for row in batch.to_pylist():
        rows = [row] if wording is None else take_wordings(row, wording, tally.read)
        tally.read += 1
        tally.left_out[f"scenes without the wording `{wording}`"] += not rows
        yield from rows


def list_files(
    source: Source, format_: str, out: Path | None, options: Mapping[str, Any]
) -> dict[Path | None, Layout]:
    """Which files a format is, and how each is written; None for stdout.

    Raises:
        GasError: It is several files, and there is no folder for them.
    """
    layouts = load_format(format_)(source.recipe, **options)
    if isinstance(layouts, Layout):
        return {out: layouts}
    if out is None or out.is_file():
        what = "" if out is None else f"{out} is a file; "
        raise GasError(f"{what}{format_} is several files: give a folder for them with --out")
    split = source.name.split("/")[1]
    return {out / name.format(split=split): layout for name, layout in layouts.items()}


def describe_export(source: Source, format_: str, tally: Tally) -> str:
    """What was written and what was left out, in a few lines."""
    asked = f"{tally.questions:,} questions about {tally.scenes:,} scenes"
    lines = [f"wrote {asked if tally.questions else f'{tally.scenes:,} prompts'} of {source.name}"]
    if tally.rewards:
        has = "; with ".join(f"{REWARDS[reward]}: {count:,}" for reward, count in tally.rewards.items())
        lines.append(f"  scenes with {has} (--rewards leaves out the others)")
    if left := +tally.left_out:
        sorts = ", ".join(f"{count:,} {sort}" for sort, count in sorted(left.items()))
        lines.append(f"  left out, since {format_} does not hold them: {sorts}")
    if tally.empty:
        lines.append(f"  left out, since nothing of them is left: {tally.empty:,} scenes")
    if tally.missing:
        lines.append(f"  {format_}'s own analysis stops where there is nothing of these: {', '.join(tally.missing)}")
    return "\n".join(lines)


@contextmanager
def open_out(out: Path | None) -> Iterator[BinaryIO]:
    """Opens a file beside its place and moves it there at the end; or stdout."""
    if out is None:
        yield sys.stdout.buffer
        return
    if (obstacle := find_obstacle(out)) in (FOLDER, SPECIAL):  # which would no longer be there
        raise GasError(f"{out} {obstacle}; give a file with --out, or none to print")
    try:
        with replace_file(Path(os.path.realpath(out))) as beside, beside.open("wb") as file:
            yield file
    except OSError as error:
        status = explain_os_error(error, out).exit_status
        raise GasError(f"{out}: cannot be written: {error.strerror or error}", exit_status=status) from error
