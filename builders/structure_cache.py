"""Keeps tables of structures on disk, one file for each set of limits and each version of the code that enumerates."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import warnings
from dataclasses import astuple
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pyarrow as pa

from ..taxonomy.arrow import make_array, view_numbers
from .arrays import Ragged
from .limits import Limits
from .structures import StructureTable, enumerate_structures

CODE = ("components.py", "limits.py", "seed_graphs.py", "structures.py", "structure_cache.py")
"""Files that decide what is in a table."""
COUNTS = ("objects", "attributes", "relations", "components")
LISTS = ("attribute_counts", "subjects", "targets")
SEEDS = ("seed_objects", "seed_attributes", "seed_relations")
DIGEST = 32  # bytes of SHA-256 before the Arrow stream


@lru_cache(maxsize=8)
def find_structures(limits: Limits) -> StructureTable:
    """The table of all structures within the limits: from memory, from disk, or enumerated and kept.

    Raises:
        RecipeError: As `enumerate_structures`.
    """
    table = read_table(limits)
    if table is None:
        table = enumerate_structures(limits)
        keep_table(limits, table)
    return table


def find_folder() -> Path:
    """The folder of the tables, in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("generate-any-scene", appauthor=False)) / "structures"


def find_file(limits: Limits) -> Path:
    """Where the table for these limits is or would be."""
    key = hashlib.sha256(repr((astuple(limits), _hash_code())).encode()).hexdigest()
    return find_folder() / f"{key[:32]}.arrow"


@lru_cache(maxsize=1)
def _hash_code() -> str:
    digest = hashlib.sha256()
    for name in CODE:
        digest.update(files(__package__).joinpath(name).read_bytes())
    return digest.hexdigest()


def read_table(limits: Limits) -> StructureTable | None:
    """Reads the kept table; None when there is none or the file is damaged."""
    try:
        content = find_file(limits).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        return None
    with pa.ipc.open_stream(pa.py_buffer(content)[DIGEST:]) as stream:
        table = stream.read_all().combine_chunks()
    columns = {name: table[name].chunk(0) for name in table.column_names}
    fields: dict[str, Any] = {name: view_numbers(columns[name], np.int32) for name in COUNTS}
    for name in LISTS:
        offsets = view_numbers(columns[name].offsets, np.int32).astype(np.int64)
        fields[name] = Ragged(view_numbers(columns[name].values, np.int32), offsets)
    for name in SEEDS:
        width = columns[name].type.list_size if name in columns else 0
        seeds = view_numbers(columns[name].values, np.int32) if width else np.zeros(0, dtype=np.int32)
        fields[name] = seeds.reshape(table.num_rows, width)
    return StructureTable(**fields, topologies=columns["topologies"])


def keep_table(limits: Limits, table: StructureTable) -> None:
    """Writes a table beside its place and moves it there, so that two processes can do so at once."""
    columns: dict[str, pa.Array] = {name: make_array(getattr(table, name)) for name in COUNTS}
    for name in LISTS:
        ragged = getattr(table, name)
        offsets = make_array(ragged.offsets.astype(np.int32))
        columns[name] = pa.ListArray.from_arrays(offsets, make_array(ragged.values))
    for name in SEEDS:
        seeds = getattr(table, name)
        if seeds.size:  # Arrow has no lists of size 0
            columns[name] = pa.FixedSizeListArray.from_arrays(make_array(seeds.reshape(-1)), seeds.shape[1])
    columns["topologies"] = table.topologies
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    content = sink.getvalue().to_pybytes()
    path = find_file(limits)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as file:
            file.write(hashlib.sha256(content).digest() + content)
        os.replace(file.name, path)
    except OSError as error:
        warnings.warn(f"structures are not kept for the next time: {path.parent}: {error.strerror}", stacklevel=2)


def clear_tables() -> int:
    """Removes all kept tables and returns how many there were."""
    folder = find_folder()
    count = len(list(folder.glob("*.arrow"))) if folder.is_dir() else 0
    shutil.rmtree(folder, ignore_errors=True)
    return count
