"""Keeps tables of structures on disk, one file for each set of limits and each version of the code that enumerates."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...arrow import make_array, view_numbers
from ..foundation import ragged
from ..foundation.disk_cache import find_folder, hash_code, keep_batch, read_batch
from ..foundation.ragged import Ragged
from .bounds import Limits
from .enumeration import StructureTable, enumerate_structures

KIND = "structures"
COUNTS = ("objects", "attributes", "relations", "components")
LISTS = ("attribute_counts", "subjects", "targets")
SEEDS = ("seed_objects", "seed_attributes", "seed_relations")


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


def find_file(limits: Limits) -> Path:
    """Where the table for these limits is or would be."""
    key = hashlib.sha256(repr((astuple(limits), hash_code(__package__, ragged.__package__))).encode()).hexdigest()
    return find_folder(KIND) / f"{key[:32]}.arrow"


def read_table(limits: Limits) -> StructureTable | None:
    """Reads the kept table; None when there is none or the file is damaged."""
    table = read_batch(find_file(limits))
    if table is None:
        return None
    columns = dict(zip(table.schema.names, table.columns, strict=True))
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
    """Keeps a table on disk."""
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
    keep_batch(find_file(limits), pa.record_batch(columns))
