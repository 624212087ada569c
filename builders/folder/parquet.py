"""Parquet files of rows: how they are written, and whether one is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..content.scenes import BLOCK
from .files import AnyPath, hash_file, resolve_inside
from .manifest import File

BATCH, PAGE_BYTES = 512, 2**18
"""Values after which a page may end, and bytes at which it does."""


def open_parquet(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Opens a Parquet file for rows, whose words may be dictionaries: Arrow's own schema would tell readers so.

    Rows are in no order of values but their ids, so that bounds of other columns would help no reader; they would take
    a sixth of the time. Pages are small and indexed, so that who shows some rows reads no more
    than their pages.
    """
    options = {"write_statistics": ["id"], "write_batch_size": BATCH, "store_schema": False}
    options |= {"write_page_index": True, "data_page_size": PAGE_BYTES}
    return pq.ParquetWriter(path, schema, compression="zstd", **options)


def write_beside(parquet: pq.ParquetWriter, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Writes tables, a row group each, and yields each when it is written.

    While Arrow encodes one, for which it needs no Python, the next one is made.
    """
    with ThreadPoolExecutor(1) as beside:
        before: list[tuple[Future[None], pa.Table]] = []
        for table in tables:
            yield from _await_written(before)
            before = [(beside.submit(parquet.write_table, table, row_group_size=BLOCK), table)]
        yield from _await_written(before)


def _await_written(writes: list[tuple[Future[None], pa.Table]]) -> Iterator[pa.Table]:
    for write, table in writes:
        write.result()
        yield table


def measure_columns(table: pa.Table) -> Counter[str]:
    """Bytes that each column takes in memory when it is read, where words are texts."""
    return Counter(
        {
            name: sum(map(_measure, column.chunks))
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def _measure(array: pa.Array) -> int:
    if pa.types.is_struct(array.type):
        return sum(map(_measure, array.flatten()))
    if pa.types.is_list(array.type):
        return 4 * (len(array) + 1) + _measure(array.flatten())
    if pa.types.is_dictionary(array.type):
        texts = pc.sum(pc.binary_length(array.dictionary).take(array.indices)).as_py() or 0
        return 4 * (len(array) + 1) + texts
    return array.nbytes


def is_whole(folder: AnyPath, file: File) -> bool:
    """Whether a file is there and has its size and SHA-256.

    Raises:
        GasError: It is a link that leads out of the folder.
    """
    path = resolve_inside(folder, file.path)
    return path.is_file() and path.stat().st_size == file.bytes and hash_file(path) == file.sha256
