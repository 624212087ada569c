"""A built folder again without some of its rows: the same layout, and a manifest that says which are left out and why.

    dropped/<config>.jsonl    a line for each row that is left out: its id, and what it is like
    manifest.json             of the config: `dropped`, with the SHA-256 of that list, rows by split, and the prompts;
                              of a file: `dropped`, how many of its rows

All else stays: files without such rows byte for byte, ids, recipe and fingerprint, so `gas verify` can make the rows
that are left again.
"""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import GasError
from ..card.card import write_card
from ..content.scenes import BLOCK
from ..folder.files import explain_disk, hash_file, remove_tree
from ..folder.manifest import read_built_manifest, write_manifest
from ..folder.parquet import measure_columns, open_parquet
from ..folder.reading import Source
from .report import Contamination, Findings

LISTS = "dropped"
"""The folder of the lists."""
QUESTIONS = "questions.list.element.question"
"""The column whose dictionary is so large that Parquet does not make one by itself."""
MEASURE = "Jaccard index of word 1- to 3-grams"


@dataclass
class Dropping:
    """Rows that are to be left out, as they are found.

    Attributes:
        out: The new folder, in the making.
        places: By `<config>/<split>`, their places in it.
        lists: The list of each config.
    """

    out: Path
    places: dict[str, array] = field(default_factory=dict)
    lists: dict[str, TextIO] = field(default_factory=dict)

    def note(self, source: Source, place: int, found: Contamination) -> None:
        config = source.name.split("/")[0]
        self.places.setdefault(source.name, array("q")).append(place)
        line = {
            "id": found.id,
            "kind": found.kind,
            "similarity": round(found.similarity, 4),
            "prompt": found.prompt,
            "file": Path(found.file).name,
        }
        self.lists[config].write(json.dumps(line, ensure_ascii=False) + "\n")


@contextmanager
def open_dropping(folder: Path, out: Path) -> Iterator[Dropping]:
    """Opens a new folder beside its place, to be moved there when all is done.

    Raises:
        GasError: There is something in its place, or it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise GasError(f"{out} is there already; choose an empty or new folder with --drop")
    manifest = read_built_manifest(folder)
    beside = out.absolute().with_name(f".{out.name}.{os.getpid()}.new")
    with explain_disk(out):
        try:
            (beside / LISTS).mkdir(parents=True)
            with ExitStack() as stack:
                dropping = Dropping(beside)
                for name in manifest["configs"]:
                    path = beside / LISTS / f"{name}.jsonl"
                    dropping.lists[name] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                    if (folder / LISTS / path.name).is_file() and "dropped" in manifest["configs"][name]:
                        dropping.lists[name].write((folder / LISTS / path.name).read_text(encoding="utf-8"))
                yield dropping
            os.replace(beside, out)
        finally:
            remove_tree(beside)


def drop_rows(folder: Path, dropping: Dropping, findings: Findings) -> dict[str, Any]:
    """Writes what is left of a folder, and what was dropped; gives the new manifest.

    Raises:
        GasError: A file is missing, or not as it was built, or nothing would be left of a split.
    """
    manifest, out = read_built_manifest(folder), dropping.out
    for name, entry in manifest["configs"].items():
        dropping.lists[name].close()
        for path in entry["sources"]:
            _copy_file(folder, out, path)
        for split, info in entry["splits"].items():
            places = np.array(dropping.places.get(f"{name}/{split}", ()), dtype=np.int64)
            if len(places) == info["rows"]:
                raise GasError(f"all {len(places):,} rows of {name}/{split} are like a prompt: nothing would be left")
            entry["splits"][split] = _write_split(folder, out, info, places)
        _describe_dropped(name, entry, out, dropping, findings)
    if not any((out / LISTS).iterdir()):
        (out / LISTS).rmdir()
    write_card(out, manifest)
    write_manifest(out, manifest)
    return manifest


def _write_split(folder: Path, out: Path, info: dict[str, Any], places: np.ndarray) -> dict[str, Any]:
    """Writes the files of a split without the rows at some places; gives what the manifest says of it."""
    if not len(places):
        for file in info["files"]:
            _copy_file(folder, out, file["path"])
        return info
    files, first, before, after = [], 0, _Content(), _Content()
    for file in info["files"]:
        last = first + file["rows"]
        gone = places[np.searchsorted(places, first) : np.searchsorted(places, last)] - first
        files.append(_write_file(folder, out, file, gone, before, after))
        first = last
    lost: dict[str, int] = {}
    for complexity, _ in before.structures - after.structures:
        lost[str(complexity)] = lost.get(str(complexity), 0) + 1
    structures = {key: [there - lost.get(key, 0), all_] for key, (there, all_) in info["structures"].items()}
    return {
        **info,
        "rows": info["rows"] - len(places),
        "columns": dict(after.columns),
        "files": files,
        "structures": structures,
    }


@dataclass
class _Content:
    """What is in some rows: structures, as (complexity, topology), and the bytes of each column."""

    structures: set[tuple[int, str]] = field(default_factory=set)
    columns: Counter[str] = field(default_factory=Counter)

    def add(self, table: pa.Table) -> None:
        column = table["structure"].combine_chunks()
        values = (column.field(name).to_pylist() for name in ("complexity", "topology"))
        self.structures.update(zip(*values, strict=True))
        self.columns += measure_columns(table)


def _write_file(
    folder: Path, out: Path, file: dict[str, Any], gone: np.ndarray, before: _Content, after: _Content
) -> dict[str, Any]:
    """Writes a file without some rows, a row group for each that it has; gives what the manifest says of it."""
    path, new = folder / file["path"], out / file["path"]
    if not path.is_file() or hash_file(path) != file["sha256"]:
        raise GasError(f"{path} is missing or was changed; `gas verify {folder}` says how")
    new.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetFile(path, read_dictionary=[QUESTIONS]) as source, open_parquet(new, source.schema_arrow) as writer:
        first = 0
        for number in range(source.metadata.num_row_groups):
            table = source.read_row_group(number)
            kept = np.ones(len(table), dtype=bool)
            inside = gone[(gone >= first) & (gone < first + len(table))]
            kept[inside - first] = False
            first += len(table)
            left = table.filter(pa.array(kept)) if len(inside) else table
            before.add(table)
            if len(left):
                after.add(left)
                writer.write_table(left, row_group_size=BLOCK)
    record = {**file, "rows": file["rows"] - len(gone), "bytes": new.stat().st_size, "sha256": hash_file(new)}
    dropped = file.get("dropped", 0) + len(gone)
    return {**record, "dropped": dropped} if dropped else record


def _describe_dropped(name: str, entry: dict[str, Any], out: Path, dropping: Dropping, findings: Findings) -> None:
    """Says in a config's entry of the manifest what was left out, and what it was like."""
    path = out / LISTS / f"{name}.jsonl"
    looked_up = any(split.split("/")[0] == name for split in findings.splits)
    rows = {split: sum(file.get("dropped", 0) for file in info["files"]) for split, info in entry["splits"].items()}
    if not any(rows.values()):
        path.unlink()
        return
    earlier = entry.get("dropped", {}).get("against", [])
    against = [
        {
            "file": Path(one.file.name).name,
            "sha256": one.file.sha256,
            "prompts": one.prompts,
            "threshold": findings.threshold,
            "splits": [split.split("/")[1] for split in findings.splits if split.split("/")[0] == name],
        }
        for one in findings.against
    ]
    entry["dropped"] = {
        "file": f"{LISTS}/{path.name}",
        "sha256": hash_file(path),
        "rows": rows,
        "measure": MEASURE,
        "against": [*earlier, *(against if looked_up else [])],
    }


def _copy_file(folder: Path, out: Path, path: str) -> None:
    if not (folder / path).is_file():
        raise GasError(f"{folder / path} is missing; `gas verify {folder}` says what else is")
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / path, out / path)


def describe_dropping(out: Path, findings: Findings) -> str:
    left = sum(counts["rows"] for counts in findings.splits.values()) - findings.rows
    return f"wrote {out} without these {findings.rows:,} rows; {left:,} of those looked up are left"
