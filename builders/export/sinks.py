"""Where the records of an export go: the lines of a text, or the rows of a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from .layout import Layout

ROWS = 2048
"""Rows of a group in a Parquet file, which are in memory together."""


class Sink(Protocol):
    """Takes the records of one file."""

    begun: bool
    """Whether there was any."""

    def add(self, records: Sequence[Any]) -> None: ...


@dataclass
class Text:
    """A file of lines."""

    layout: Layout
    file: BinaryIO
    begun: bool = False

    def add(self, records: Sequence[Any]) -> None:
        if lines := [self.layout.write(record) for record in records]:
            start = self.layout.between if self.begun else self.layout.begin
            self.file.write(f"{start}{self.layout.between.join(lines)}".encode())
            self.begun = True


@dataclass
class Parquet:
    """A Parquet file."""

    writer: pq.ParquetWriter
    begun: bool = False
    waiting: list[Any] = field(default_factory=list)

    def add(self, records: Sequence[Any]) -> None:
        self.begun |= bool(records)
        self.waiting += records
        if len(self.waiting) >= ROWS:
            self.write()

    def write(self) -> None:
        """Writes what is waiting as a group of rows."""
        self.writer.write_table(pa.Table.from_pylist(self.waiting, self.writer.schema))
        self.waiting.clear()


@contextmanager
def open_sink(layout: Layout, file: BinaryIO) -> Iterator[Sink]:
    """Opens what takes the records of a file; at the end they are all in it."""
    if layout.schema is None:
        text = Text(layout, file)
        yield text
        file.write(layout.end.encode() if text.begun else b"")
    else:
        with pq.ParquetWriter(file, layout.schema, compression="zstd", store_schema=False) as writer:
            parquet = Parquet(writer)
            yield parquet
            parquet.write()
    file.flush()
