"""Prompts of others, in the files in which they come: text, JSON, JSON lines, CSV, Parquet, or a built folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import GasError, advise, describe_error
from ...regular_files import find_obstacle, open_regular
from ..folder.files import hash_file
from ..folder.manifest import MANIFEST, read_built_manifest
from ..folder.reading import open_rows

COLUMNS = ("prompt", "caption", "text")
"""Which column has the prompts, if nobody says so: the first of these that is there, in any case."""

ENDS = (".txt", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
TAKEN = f"prompts are read of {', '.join(ENDS)} and of built folders"
BATCH = 4096


@dataclass(frozen=True)
class PromptFile:
    """Where prompts come from.

    Attributes:
        name: The file, or the folder, as it was given.
        sha256: Of the file, or of the folder's manifest, which has those of all its files.
    """

    name: str
    sha256: str


def describe_file(path: Path) -> PromptFile:
    """What is told of a file.

    Raises:
        GasError: It is not there, or no build wrote the folder.
    """
    if path.is_dir():
        if find_obstacle(path / MANIFEST):
            raise GasError(f"{path} is a folder, but none that `gas build` wrote; {TAKEN}")
        read_built_manifest(path)
        return PromptFile(str(path), hash_file(path / MANIFEST))
    if obstacle := find_obstacle(path):
        raise GasError(f"{path} {obstacle}; {TAKEN}")
    return PromptFile(str(path), hash_file(path))


def read_prompts(path: Path, column: str | None = None) -> Iterator[str]:
    """Reads the prompts of a file, or the captions of all scenes of a built folder.

    Args:
        path: The file or the folder.
        column: The column that has them; in text it has no meaning.

    Raises:
        GasError: It cannot be read, or has no such column.
    """
    end = path.suffix.lower()
    if path.is_dir():
        for config in read_built_manifest(path).configs.values():
            for part in config.list_files():
                with open_rows(path, part, [column or "caption"]) as file:
                    yield from _read_column(file, path / part.path, column or "caption")
    elif end not in ENDS:
        raise GasError(f"{path}: {TAKEN}, not of `{end or path.name}`")
    elif end == ".parquet":
        yield from _read_parquet(path, column)
    else:
        try:
            newline = "" if end in (".csv", ".tsv") else None
            with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline=newline) as file:
                if end == ".txt":
                    yield from (line.rstrip("\n") for line in file)
                elif end in (".csv", ".tsv"):
                    rows = csv.DictReader(file, delimiter="\t" if end == ".tsv" else ",")
                    yield from _pick(rows, path, column)
                else:
                    yield from _pick(_read_json(file, path, lines=end != ".json"), path, column)
        except (OSError, UnicodeDecodeError, RecursionError, csv.Error) as error:
            raise GasError(f"{path} cannot be read: {describe_error(error)}") from error


def _read_json(file: io.TextIOBase, path: Path, lines: bool) -> Iterator[Any]:
    """Rows of JSON lines; or of a JSON file: a list, a mapping with rows as values, or JSON lines after all."""
    if not lines:
        text = file.read()
        try:
            found = json.loads(text)
        except ValueError:
            file = io.StringIO(text)
        else:
            if isinstance(found, dict) and not all(isinstance(value, dict) for value in found.values()):
                found = [found]
            yield from found.values() if isinstance(found, dict) else found if isinstance(found, list) else [found]
            return
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise GasError(f"{path}:{number}: is no JSON: {error}") from error


def _read_parquet(path: Path, column: str | None) -> Iterator[str]:
    try:
        with open_regular(path) as stream, pq.ParquetFile(stream) as file:
            yield from _read_column(file, path, column)
    except (OSError, pa.ArrowException) as error:
        raise GasError(f"{path} is damaged: {describe_error(error)}") from error


def _read_column(file: pq.ParquetFile, path: Path, column: str | None) -> Iterator[str]:
    name = _find_column(file.schema_arrow.names, path, column)
    for batch in file.iter_batches(BATCH, columns=[name]):
        batch.validate(full=True)  # or bytes that are no text would come to light later
        yield from _pick(batch.to_pylist(), path, name)


def _pick(rows: Iterable[Any], path: Path, column: str | None) -> Iterator[str]:
    """The prompts of rows, which may be texts themselves; what is null is passed over."""
    name = None
    for number, row in enumerate(rows, start=1):
        text = row
        if isinstance(row, dict):
            name = name or _find_column(list(row), path, column)
            text = row.get(name)
        if text is None:
            continue
        if not isinstance(text, str):
            what = f"`{name}` of row {number}" if name else f"row {number}"
            raise GasError(f"{path}: {what} is no text; name a column that has some with --column")
        yield text


def _find_column(names: list[str], path: Path, column: str | None) -> str:
    if column is not None:
        if column not in names:
            raise GasError(f"{path} has no column `{column}`; {advise(column, names)}")
        return column
    folded = {name.casefold(): name for name in reversed(names)}
    for wanted in COLUMNS:
        if wanted in folded:
            return folded[wanted]
    raise GasError(f"{path} has none of the columns {', '.join(COLUMNS)}; name one with --column: {', '.join(names)}")
