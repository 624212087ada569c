"""The Parquet files of a split: how it is cut, and how each is written so that a build that is killed can go on.

A file `<path>` of a build is complete if `<path>.json` in the work folder, written after, says so and has its SHA-256.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from ... import __version__
from ..content.draw import draw_block
from ..content.scenes import BLOCK, list_blocks
from ..folder.build_folder import Folder
from ..folder.files import ORDER, RECORD, VERDICT, AnyPath, hash_file, open_part, write_text
from ..folder.manifest import File, name_file
from ..folder.parquet import is_whole, measure_columns, open_parquet, write_beside
from ..questions.majority_baseline import Tallies
from ..recipe.model import Recipe
from ..rows.filtering import Kept
from ..rows.writer import RowWriter

SHARD_BLOCKS, MOST_FILES = 8, 4096
"""Blocks in a Parquet file, and files of a split (the Hub takes 10,000 in a folder): beyond that, files grow. Part of
the files' layout, not of the rows."""
Report = Callable[[int], None]


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a split: rows `first` to before `last`, `first` being the start of a block.

    Where a recipe has filters, these are candidates, and `kept` says which of them are rows, as NumPy packs bits.
    """

    config: str
    split: str
    first: int
    last: int
    path: str
    kept: bytes | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return self.last - self.first if self.kept is None else int.from_bytes(self.kept).bit_count()

    def list_kept(self, first: int, count: int) -> np.ndarray | None:
        """Which of some candidates, from `first` on, are rows, bool; None where all are."""
        if self.kept is None:
            return None
        bits = np.frombuffer(self.kept, np.uint8)[(first - self.first) // 8 :]
        return np.unpackbits(bits, count=count).astype(bool)


@dataclass(frozen=True)
class Written:
    """What is known of a file that is complete.

    Attributes:
        file: What the manifest says of it.
        columns: Bytes of each column, see `measure_columns`.
        structures: Which structures occur, a bit for each row of the structure table.
        tallies: Answers of its questions.
        paraphrases: How many paraphrases were kept, and by why they were left out; empty where none were asked for.
    """

    file: File
    columns: dict[str, int]
    structures: bytes
    tallies: Tallies
    paraphrases: dict[str, int]


class Record(BaseModel):
    """A text in the work folder that says that a file is complete: what is in it, and what its bytes depend on."""

    model_config = ConfigDict(strict=True)

    origin: dict[str, Any]
    file: File
    columns: dict[str, int]
    structures: str
    tallies: list[tuple[str, str, str, dict[str, int]]]
    paraphrases: dict[str, int] = {}


def list_shards(config: str, split: str, rows: int, kept: Kept | None = None) -> list[Shard]:
    """Cuts a split into files; where filters keep few of its candidates, files have more of these."""
    bits, candidates = (kept.pack(), kept.candidates) if kept else (None, rows)
    step = most = SHARD_BLOCKS * BLOCK
    while -(-candidates // step) > MOST_FILES or 2 * rows * step <= candidates * most:
        step *= 2
    count = -(-candidates // step)
    ends = [(i * step, min((i + 1) * step, candidates)) for i in range(count)]
    return [
        Shard(config, split, *end, name_file(config, split, i, count), bits and bits[end[0] // 8 : -(-end[1] // 8)])
        for i, end in enumerate(ends)
    ]


def list_all_shards(recipe: Recipe, kept: dict[str, Kept]) -> list[Shard]:
    """The files of all splits of a recipe; `kept` says which candidates are rows, by split, where it has filters."""
    return [
        shard
        for split, wanted in recipe.splits.items()
        for shard in list_shards(recipe.name, split, wanted.size, kept.get(split))
    ]


def make_shard(
    open_writer: Callable[[], RowWriter], shard: Shard, fingerprint: str, folder: Folder, report: Report
) -> Written:
    """Finds a file that this build made before it was stopped, or writes it."""
    written = find_written(shard, fingerprint, folder)
    if written:
        report(len(shard))
    return written or write_shard(open_writer(), shard, fingerprint, folder, report)


def write_shard(writer: RowWriter, shard: Shard, fingerprint: str, folder: Folder, report: Report) -> Written:
    """Writes one Parquet file, a row group a block, and the record that it is complete, with the rows' fingerprint."""
    with open_part(folder.files / shard.path) as part:
        written = encode_shard(writer, shard, part, report)
    write_record(shard, fingerprint, written, folder)
    return written


def encode_shard(writer: RowWriter, shard: Shard, path: Path, report: Report) -> Written:
    """Writes the rows of one Parquet file into a file on a disk."""
    structures, tallies = np.zeros(len(writer.plan.structures.table), dtype=bool), Tallies()
    columns, outcomes = Counter[str](), Counter[str]()
    # What is loaded by now stays to the end, and is much: the collector need not walk through it again and again.
    gc.freeze()

    def write_blocks() -> Iterator[pa.Table]:
        for block, rows in list_blocks(shard.first, shard.last):
            scenes = draw_block(writer.plan, shard.split, block, 0, rows)
            kept = shard.list_kept(block * BLOCK, rows)
            structures[scenes.structures if kept is None else scenes.structures[kept]] = True
            yield writer.write(scenes, shard.split, tallies, encoded=True, outcomes=outcomes, kept=kept)

    tables = write_blocks()
    first = next(tables)
    with open_parquet(path, first.schema) as parquet:
        for table in write_beside(parquet, chain([first], tables)):
            columns += measure_columns(table)
            report(len(table))
    writer.captions.keep_traces()
    bits = np.packbits(structures).tobytes()
    filtered = shard.last - shard.first - len(shard)
    size = path.stat().st_size
    file = File(path=shard.path, rows=len(shard), bytes=size, sha256=hash_file(path), filtered=filtered)
    return Written(file, dict(columns), bits, tallies, dict(outcomes))


def find_written(shard: Shard, fingerprint: str, folder: Folder) -> Written | None:
    """Looks for a file that this build made before it was stopped, which may be in its place already.

    A file that is not as its record says is removed from the work folder.
    """
    written = read_record(shard, fingerprint, folder)
    if written:
        for place in dict.fromkeys((folder.files, folder.out)):
            if is_whole(place, written.file):
                return written
    if folder.files == folder.work:
        (folder.work / shard.path).unlink(missing_ok=True)
    return None


def remove_others(folder: Folder, shards: Iterable[Shard]) -> None:
    """Removes from the work folder all but these files, their records, verdicts and orders; builds make no links."""
    kept = {folder.work / path for shard in shards for path in (shard.path, shard.path + RECORD)}
    for path in list[AnyPath](folder.work.rglob("*")):
        of_build = path in kept or path.name.endswith((VERDICT, ORDER))
        if path.is_symlink() or (not of_build and not path.is_dir()):
            path.unlink()


def _describe_origin(shard: Shard, fingerprint: str) -> dict[str, Any]:
    """What the bytes of a file depend on; Arrow decides how rows are encoded."""
    return {
        "fingerprint": fingerprint,
        "engine": __version__,
        "pyarrow": pa.__version__,
        "rows": [shard.first, shard.last],
    }


def write_record(shard: Shard, fingerprint: str, written: Written, folder: Folder) -> None:
    """Records that a file is complete."""
    record = Record(
        origin=_describe_origin(shard, fingerprint),
        file=written.file,
        columns=written.columns,
        structures=written.structures.hex(),
        tallies=[(*key, dict(answers)) for key, answers in written.tallies.items()],
        paraphrases=written.paraphrases,
    )
    write_text(folder.work / (shard.path + RECORD), record.model_dump_json())


def read_record(shard: Shard, fingerprint: str, folder: Folder) -> Written | None:
    """What the record of a file says; None if there is none, or of other rows, or no whole one."""
    try:
        record = Record.model_validate_json((folder.work / (shard.path + RECORD)).read_bytes())
        structures = bytes.fromhex(record.structures)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if record.origin != _describe_origin(shard, fingerprint) or (record.file.path, record.file.rows) != (
        shard.path,
        len(shard),
    ):
        return None
    tallies = {(kind, form, macro): Counter(answers) for kind, form, macro, answers in record.tallies}
    return Written(record.file, record.columns, structures, tallies, record.paraphrases)
