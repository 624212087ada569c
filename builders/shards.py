"""The Parquet files of a split: how it is cut, and how each is written so that a build that is killed can go on.

In the work folder of a build `<path>` is complete if `<path>.json` beside it, written after, says so and has its
SHA-256; what is being written is called `<path>.<process>.part`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .. import __version__
from .folder import PART, RECORD, hash_file, sync_file, write_text
from .rows import RowWriter, schema_of
from .scenes import BLOCK, draw_block
from .tallies import Tallies

SHARD_BLOCKS = 8
"""Blocks in a Parquet file. Part of the files' layout, not of the rows."""
Report = Callable[[int], None]


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a split: rows `first` to before `last`, `first` being the start of a block."""

    config: str
    split: str
    first: int
    last: int
    path: str

    def __len__(self) -> int:
        return self.last - self.first


@dataclass(frozen=True)
class Written:
    """What is known of a file that is complete.

    Attributes:
        bytes: Its size.
        sha256: Hex.
        structures: Which structures occur, bool, one a row of the structure table.
        tallies: Answers of its questions.
    """

    bytes: int
    sha256: str
    structures: np.ndarray
    tallies: Tallies


def list_shards(config: str, split: str, rows: int) -> list[Shard]:
    """Cuts a split into files."""
    step = SHARD_BLOCKS * BLOCK
    count = -(-rows // step)
    return [
        Shard(config, split, i * step, min((i + 1) * step, rows), f"{config}/{split}-{i:05d}-of-{count:05d}.parquet")
        for i in range(count)
    ]


def list_blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yields (block, rows of it) for rows `first` to before `last`."""
    for start in range(first, last, BLOCK):
        yield start // BLOCK, min(BLOCK, last - start)


def write_shard(writer: RowWriter, shard: Shard, fingerprint: str, work: Path, report: Report) -> Written:
    """Writes one Parquet file, a row group a block, and the record that it is complete, with the rows' fingerprint."""
    structures, tallies = np.zeros(len(writer.plan.structures.table), dtype=bool), Tallies()
    path = work / shard.path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whatever is left of a build that was killed writes to a file of its own.
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    with pq.ParquetWriter(part, schema_of(writer.plan.recipe), compression="zstd") as file:
        for block, rows in list_blocks(shard.first, shard.last):
            scenes = draw_block(writer.plan, shard.split, block).cut(0, rows)
            structures[scenes.structures] = True
            file.write_table(writer.write(scenes, shard.split, tallies), row_group_size=BLOCK)
            report(rows)
    sync_file(part)
    written = Written(part.stat().st_size, hash_file(part), structures, tallies)
    os.replace(part, path)
    _write_record(shard, fingerprint, written, work)
    return written


def find_written(writer: RowWriter, shard: Shard, fingerprint: str, work: Path, out: Path) -> Written | None:
    """Looks for a file that this build made before it was stopped, which may be in its place already.

    A file that is not as its record says is removed from the work folder.
    """
    written = _read_record(writer, shard, fingerprint, work)
    for folder in (work, out):
        path = folder / shard.path
        if written and path.is_file() and path.stat().st_size == written.bytes and hash_file(path) == written.sha256:
            return written
        if folder == work:
            path.unlink(missing_ok=True)
    return None


def remove_others(work: Path, shards: Iterable[Shard]) -> None:
    """Removes from the work folder all but these files and their records."""
    kept = {work / path for shard in shards for path in (shard.path, shard.path + RECORD)}
    for path in work.rglob("*"):
        if path not in kept and not path.is_dir():
            path.unlink()


def _describe_origin(shard: Shard, fingerprint: str) -> dict[str, Any]:
    """What the bytes of a file depend on; Arrow decides how rows are encoded."""
    return {
        "fingerprint": fingerprint,
        "engine": __version__,
        "pyarrow": pa.__version__,
        "rows": [shard.first, shard.last],
    }


def _write_record(shard: Shard, fingerprint: str, written: Written, work: Path) -> None:
    record = {
        "origin": _describe_origin(shard, fingerprint),
        "bytes": written.bytes,
        "sha256": written.sha256,
        "structures": np.flatnonzero(written.structures).tolist(),
        "tallies": [[*key, answers] for key, answers in written.tallies.items()],
    }
    write_text(work / (shard.path + RECORD), json.dumps(record))


def _read_record(writer: RowWriter, shard: Shard, fingerprint: str, work: Path) -> Written | None:
    """What the record of a file says; None if there is none, or of other rows, or no whole one."""
    structures = np.zeros(len(writer.plan.structures.table), dtype=bool)
    try:
        record = json.loads((work / (shard.path + RECORD)).read_text(encoding="utf-8"))
        if record["origin"] != _describe_origin(shard, fingerprint):
            return None
        structures[record["structures"]] = True
        tallies = {(kind, form, macro): Counter(answers) for kind, form, macro, answers in record["tallies"]}
        return Written(record["bytes"], record["sha256"], structures, tallies)
    except (FileNotFoundError, NotADirectoryError, ValueError, LookupError, TypeError):
        return None
