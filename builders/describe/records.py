"""Scene graphs of files, one at a time, so that a file may be larger than memory.

A file is JSON Lines (a graph a line), JSON with an array of graphs, JSON with a mapping of graphs by their ids, one
graph alone, or Parquet with rows of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from json import JSONDecoder
from json.decoder import JSONDecodeError
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import GasError, explain_os_error
from ...regular_files import find_obstacle
from .scene_graph import SceneGraph, read_any

CHUNK = 1 << 20
"""Characters of a file that are read at once."""
LARGEST = 1 << 28
"""Characters of one graph."""
BATCH = 1024
GRAPH_KEYS = frozenset(("objects", "nodes", "scene_graph", "relationships"))
"""A mapping with one of these is a graph itself; any other holds graphs by id."""
SUFFIXES = (".json", ".jsonl", ".ndjson", ".parquet")


def read_files(paths: list[Path]) -> Iterator[SceneGraph]:
    """Reads the graphs of files, one after the other.

    Raises:
        GasError: A file cannot be read, or holds something else; the message has the file and where in it.
    """
    for path in paths:
        place = 0
        for place, (id_, record) in enumerate(read_records(path), start=1):
            try:
                yield read_any(record, id_)
            except GasError as error:
                raise GasError(f"{path}: graph {place:,}{f' ({id_})' if id_ else ''}: {error}") from error
        if not place:
            raise GasError(f"{path} has no graphs; write one a line, a list of them, or a mapping of them by id")


def read_records(path: Path) -> Iterator[tuple[str, Any]]:
    """Yields what each graph of a file is, as JSON has it, with its id where the file's mapping gives one.

    Raises:
        GasError: It cannot be read.
    """
    if obstacle := find_obstacle(path):
        raise GasError(f"{path} {obstacle}")
    if path.suffix == ".parquet":
        yield from _read_parquet(path)
        return
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _read_lines(path, file) if path.suffix in (".jsonl", ".ndjson") else _read_json(path, file)
    except UnicodeDecodeError as error:
        raise GasError(f"{path} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise explain_os_error(error, str(path)) from error


def _read_parquet(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in ("id", "scene_graph", "scene_attributes") if name in file.schema_arrow.names]
            if "scene_graph" not in columns:
                raise GasError(f"{path} has no column `scene_graph`; give Parquet files that `gas build` wrote")
            for batch in file.iter_batches(BATCH, columns=columns):
                yield from (("", row) for row in batch.to_pylist())
    except pa.ArrowException as error:
        raise GasError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())}") from error


def _read_lines(path: Path, lines: TextIO) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield "", json.loads(line)
            except (ValueError, RecursionError) as error:
                raise GasError(f"{path}:{number}: this line is no JSON: {error}") from error


def _read_json(path: Path, file: TextIO) -> Iterator[tuple[str, Any]]:
    """Graphs of an array or a mapping, decoded one by one from a window of the text that moves on."""
    text = _Window(path, file)
    opening = text.peek()
    if opening == "[":
        text.skip()
        while text.peek() != "]":
            yield "", text.decode()
            text.take_comma("]")
        text.end()
        return
    if opening != "{":
        raise GasError(f"{path} begins with {opening or 'nothing'}; a file of graphs is a JSON array or mapping")
    text.skip()
    whole: dict[str, Any] = {}
    are_by_id = False
    while text.peek() != "}":
        key = text.decode()
        if text.peek() != ":":
            raise text.explain("a key has no value")
        text.skip()
        if key == "graphs" and text.peek() == "[":
            text.skip()
            while text.peek() != "]":
                yield "", text.decode()
                text.take_comma("]")
            text.skip()
        else:
            value = text.decode()
            if key not in GRAPH_KEYS and isinstance(value, Mapping) and GRAPH_KEYS & value.keys():
                are_by_id = True
                yield str(key), value
            else:
                whole[key] = value
        text.take_comma("}")
    text.end()
    if GRAPH_KEYS & whole.keys():
        yield "", whole
    elif are_by_id:
        yield from whole.items()  # none is a graph, which is an error of whoever reads them


class _Window:
    """What is left of a JSON file: as much of its text as was read, and not yet taken."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path, self._file, self._decoder = path, file, JSONDecoder()
        self._text, self._at, self._before, self._ended = "", 0, 0, False

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text) or not self._read():
                return self._text[self._at : self._at + 1]

    def skip(self) -> None:
        """Takes one character."""
        self._at += 1

    def take_comma(self, closing: str) -> None:
        """Takes the comma after a value, or leaves what closes."""
        found = self.peek()
        if found == ",":
            self.skip()
        elif found != closing:
            raise self.explain(f"there is {found or 'the end of the file'} where `,` or `{closing}` should be")

    def end(self) -> None:
        """Takes what closes the whole, after which there must be nothing."""
        self.skip()
        if self.peek():
            raise self.explain("there is more after the end; a file with a graph a line is called .jsonl")

    def decode(self) -> Any:
        """Takes a value, and reads on until it is whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                if end == len(self._text) and self._read():
                    continue  # a number may go on
                self._at = end
                return value
            except (JSONDecodeError, RecursionError) as error:
                if len(self._text) - self._at > LARGEST or not self._read():
                    # Its message says where within the window; only the place in the file is of use.
                    raise self.explain(getattr(error, "msg", str(error))) from error

    def _read(self) -> bool:
        if self._ended:
            return False
        # What could not be decoded yet is read twice as far, so that a large value is not begun again too often.
        more = self._file.read(max(CHUNK, len(self._text) - self._at))
        self._before += self._at
        self._text, self._at, self._ended = self._text[self._at :] + more, 0, not more
        return bool(more)

    def explain(self, message: str) -> GasError:
        """An error with the place."""
        return GasError(f"{self.path}: character {self._before + self._at + 1:,}: {message}; mend the JSON there")
