"""Questions of a built folder in the files that existing scorers read; `export_layouts.py` has the layouts.

Rows are read and written in batches.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import GasError, advise
from .export_layouts import COLUMNS, LAYOUTS, Tally
from .folder import read_built_manifest

BATCH = 512
"""Rows that are in memory as Python objects at once."""


@dataclass(frozen=True)
class Source:
    """One split of a built folder.

    Attributes:
        name: `<config>/<split>`.
        rows: How many scenes it has.
        files: Its Parquet files in the order of the rows.
        recipe: The recipe it was built from.
    """

    name: str
    rows: int
    files: tuple[Path, ...]
    recipe: Path


def find_split(folder: Path, config: str | None = None, split: str | None = None, default: str = "test") -> Source:
    """Finds a split of a built folder.

    Args:
        folder: What `gas build` wrote.
        config: May be left out where there is only one.
        split: May be left out where there is only one; else it is the default.
        default: A split's name.

    Raises:
        GasError: The folder was not built, or has no such config or split.
    """
    configs = read_built_manifest(folder)["configs"]
    if config is None and len(configs) != 1:
        raise GasError(f"{folder} has the configs {', '.join(configs) or '(none)'}; choose one with --config")
    config = config or next(iter(configs))
    if config not in configs:
        raise GasError(f"{folder} has no config `{config}`; {advise(config, configs)}")
    splits = configs[config]["splits"]
    split = split or (next(iter(splits)) if len(splits) == 1 else default)
    if split not in splits:
        raise GasError(f"{config} in {folder} has no split `{split}`; {advise(split, splits)}")
    files = tuple(folder / file["path"] for file in splits[split]["files"])
    return Source(f"{config}/{split}", splits[split]["rows"], files, folder / configs[config]["recipe"])


def check_format(name: str) -> None:
    """Refuses a format that is not there.

    Raises:
        GasError: It is not there.
    """
    if name not in LAYOUTS:
        raise GasError(f"there is no format `{name}`; {advise(name, LAYOUTS)}")


def export_questions(
    source: Source, format_: str, out: Path | None = None, report: Callable[[int], None] = lambda rows: None
) -> Tally:
    """Writes the questions of a split in the layout of a scorer. The same rows give the same bytes.

    Args:
        source: The split.
        format_: A key of `LAYOUTS`.
        out: The file, which is there only when it is whole; without it, stdout.
        report: Called with the number of rows that were just finished.

    Raises:
        GasError: There is no such format, a file cannot be read or written, or the layout can hold no question.
    """
    check_format(format_)
    layout, tally = LAYOUTS[format_](source.recipe), Tally()
    with open_out(out) as file:
        begun = False
        for batch in read_batches(source, COLUMNS, BATCH):
            for row in batch.to_pylist():
                lines = [layout.write(record) for record in layout.convert(row, tally)]
                tally.scenes += bool(lines)
                tally.empty += not lines
                if lines:
                    file.write(f"{layout.between if begun else layout.begin}{layout.between.join(lines)}".encode())
                    begun = True
            report(len(batch))
        if not begun:
            raise GasError(f"{source.name} has no question that {format_} can hold; build it with other `questions`")
        file.write(layout.end.encode())
        file.flush()
    return tally


def describe_export(source: Source, format_: str, tally: Tally) -> str:
    """What was written and what was left out, in a few lines."""
    lines = [f"wrote {tally.questions:,} questions about {tally.scenes:,} scenes of {source.name}"]
    if tally.left_out:
        sorts = ", ".join(f"{count:,} {sort}" for sort, count in sorted(tally.left_out.items()))
        lines.append(f"  left out, since {format_} does not hold them: {sorts}")
    if tally.empty:
        lines.append(f"  left out, since no question of them is left: {tally.empty:,} scenes")
    return "\n".join(lines)


def read_batches(source: Source, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Some columns of a split, so many rows at once.

    Raises:
        GasError: A file is missing or damaged.
    """
    for path in source.files:
        try:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(rows, columns=columns)
        except (OSError, pa.ArrowException) as error:
            raise GasError(f"{path} is missing or damaged; build {source.name.split('/')[0]} again") from error


@contextmanager
def open_out(out: Path | None) -> Iterator[BinaryIO]:
    """Opens a file beside its place and moves it there at the end; or stdout."""
    if out is None:
        yield sys.stdout.buffer
        return
    if out.is_dir():
        raise GasError(f"{out} is a folder; give a file with --out")
    beside = out.with_name(f".{out.name}.new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            yield file
        os.replace(beside, out)
    except OSError as error:
        raise GasError(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
