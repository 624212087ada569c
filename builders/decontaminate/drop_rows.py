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
from typing import TextIO

import numpy as np
import pyarrow as pa

from ...errors import GasError
from ...regular_files import open_regular
from ..card.card import write_card
from ..content.scenes import BLOCK
from ..folder.files import explain_disk, hash_file, remove_tree, resolve_inside
from ..folder.manifest import (
    LISTS,
    Against,
    Config,
    Dropped,
    File,
    Manifest,
    Split,
    read_built_manifest,
    write_manifest,
)
from ..folder.parquet import measure_columns, open_parquet
from ..folder.reading import MEND, Source, open_rows, read_dropped
from ..recipe.fields import escape
from .report import Contamination, Findings

QUESTIONS = "questions.list.element.question"
"""The column whose dictionary is so large that Parquet does not make one by itself."""
MEASURE = "Jaccard index of word 1- to 3-grams"


@dataclass
class Dropping:
    """Rows that are to be left out, as they are found.

    Attributes:
        out: The new folder, in the making.
        name: What it will be called.
        places: By `<config>/<split>`, their places in it.
        lists: The list of each config.
    """

    out: Path
    name: str
    places: dict[str, array] = field(default_factory=dict)
    lists: dict[str, TextIO] = field(default_factory=dict)

    def note(self, source: Source, place: int, found: Contamination) -> None:
        self.places.setdefault(source.name, array("q")).append(place)
        line = {
            "id": found.id,
            "kind": found.kind,
            "similarity": round(found.similarity, 4),
            "prompt": found.prompt,
            "file": name_prompts(found.file),
        }
        self.lists[source.config].write(json.dumps(line, ensure_ascii=False) + "\n")


def name_prompts(file: str) -> str:
    """What a file of prompts is called in a list and in the manifest."""
    return escape(Path(file).name)


@contextmanager
def open_dropping(folder: Path, out: Path) -> Iterator[Dropping]:
    """Opens a new folder beside its place, to be moved there when all is done.

    Raises:
        GasError: There is something in its place, or it cannot be written.
    """
    if Path(os.path.realpath(out)).is_relative_to(os.path.realpath(folder)):
        raise GasError(f"{out} lies in {folder}, which stays as it is; choose a folder beside it with --drop")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise GasError(f"{out} is there already; choose an empty or new folder with --drop")
    manifest = read_built_manifest(folder)
    beside = out.absolute().with_name(f".{out.name}.{os.getpid()}.new")
    with explain_disk(out):
        try:
            (beside / LISTS).mkdir(parents=True)
            with ExitStack() as stack:
                dropping = Dropping(beside, out.absolute().name)
                for name, config in manifest.configs.items():
                    path = beside / LISTS / f"{name}.jsonl"
                    dropping.lists[name] = stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
                    if config.dropped:
                        read_dropped(folder, config)
                        with (folder / config.dropped.file).open(encoding="utf-8") as dropped:
                            shutil.copyfileobj(dropped, dropping.lists[name])
                yield dropping
            os.replace(beside, out)
        finally:
            remove_tree(beside)


def drop_rows(folder: Path, dropping: Dropping, findings: Findings) -> Manifest:
    """Writes what is left of a folder, and what was dropped; gives the new manifest.

    Raises:
        GasError: A file is missing, or not as it was built, or nothing would be left of a split.
    """
    manifest, out = read_built_manifest(folder), dropping.out
    configs = {
        name: _write_config(folder, name, config, dropping, findings) for name, config in manifest.configs.items()
    }
    if not any((out / LISTS).iterdir()):
        (out / LISTS).rmdir()
    manifest = write_card(out, manifest.replace_configs(configs), f"./{dropping.name}")
    write_manifest(out, manifest)
    return manifest


def _write_config(folder: Path, name: str, config: Config, dropping: Dropping, findings: Findings) -> Config:
    """Writes what is left of a config; gives what the manifest says of it."""
    dropping.lists[name].close()
    for path in config.sources:
        _copy_file(folder, dropping.out, path)
    splits = {}
    for split, info in config.splits.items():
        places = np.array(dropping.places.get(f"{name}/{split}", ()), dtype=np.int64)
        if len(places) == info.rows:
            raise GasError(f"all {len(places):,} rows of {name}/{split} are like a prompt: nothing would be left")
        splits[split] = _write_split(folder, dropping.out, info, places)
    dropped = _describe_dropped(name, config, splits, dropping.out, findings)
    return config.replace(splits=splits, dropped=dropped)


def _write_split(folder: Path, out: Path, info: Split, places: np.ndarray) -> Split:
    """Writes the files of a split without the rows at some places; gives what the manifest says of it."""
    if not len(places):
        for file in info.files:
            _copy_file(folder, out, file.path)
        return info
    files, first, before, after = [], 0, _Content(), _Content()
    for file in info.files:
        last = first + file.rows
        gone = places[np.searchsorted(places, first) : np.searchsorted(places, last)] - first
        files.append(_write_file(folder, out, file, gone, before, after))
        first = last
    lost = Counter(str(complexity) for complexity, _ in before.structures - after.structures)
    structures = {key: (there - lost[key], possible) for key, (there, possible) in info.structures.items()}
    rows, columns = info.rows - len(places), dict(after.columns)
    return info.replace(rows=rows, columns=columns, files=files, structures=structures)


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


def _write_file(folder: Path, out: Path, file: File, gone: np.ndarray, before: _Content, after: _Content) -> File:
    """Writes a file without some rows, a row group for each that it has; gives what the manifest says of it."""
    path, new = resolve_inside(folder, file.path), out / file.path
    if hash_file(path) != file.sha256:
        raise GasError(f"{path} was changed; `gas verify {folder}` says how")
    new.parent.mkdir(parents=True, exist_ok=True)
    with open_rows(folder, file, ["structure"], [QUESTIONS]) as source:
        schema = source.schema_arrow
    with open_parquet(new, schema) as writer:
        first = 0
        for table in _read_groups(folder, file):
            kept = np.ones(len(table), dtype=bool)
            inside = gone[(gone >= first) & (gone < first + len(table))]
            kept[inside - first] = False
            first += len(table)
            left = table.filter(pa.array(kept)) if len(inside) else table
            before.add(table)
            if len(left):
                after.add(left)
                writer.write_table(left, row_group_size=BLOCK)
    rows, dropped = file.rows - len(gone), file.dropped + len(gone)
    return file.replace(rows=rows, bytes=new.stat().st_size, sha256=hash_file(new), dropped=dropped)


def _read_groups(folder: Path, file: File) -> Iterator[pa.Table]:
    """The row groups of a file."""
    with open_rows(folder, file, ["structure"], [QUESTIONS]) as source:
        yield from map(source.read_row_group, range(source.metadata.num_row_groups))


def _describe_dropped(
    name: str, config: Config, splits: dict[str, Split], out: Path, findings: Findings
) -> Dropped | None:
    """What the manifest says of the rows that are left out of a config, now and before."""
    path = f"{LISTS}/{name}.jsonl"
    rows = {split: info.dropped for split, info in splits.items()}
    if not any(rows.values()):
        (out / path).unlink()
        return None
    looked_up = [split.split("/")[1] for split in findings.splits if split.split("/")[0] == name]
    against = [
        Against(
            file=name_prompts(one.file.name),
            sha256=one.file.sha256,
            prompts=one.prompts,
            threshold=findings.threshold,
            splits=looked_up,
        )
        for one in findings.against
        if looked_up
    ]
    known = dict(config.dropped) if config.dropped else {"against": []}
    now = {"file": path, "sha256": hash_file(out / path), "rows": rows, "measure": MEASURE}
    return Dropped(**{**known, **now, "against": [*known["against"], *against]})


def _copy_file(folder: Path, out: Path, path: str) -> None:
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    with open_regular(resolve_inside(folder, path), hint=MEND) as file, (out / path).open("wb") as copy:
        shutil.copyfileobj(file, copy)


def describe_dropping(out: Path, findings: Findings) -> str:
    left = sum(counts["rows"] for counts in findings.splits.values()) - findings.rows
    return f"wrote {out} without these {findings.rows:,} rows; {left:,} of those looked up are left"
