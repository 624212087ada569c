"""On-disk cache of programs: what a recipe's caption templates yielded for each structure, which takes Jinja long.

A file is an Arrow table with a row for each program: `key` (what was rendered, and for which case), `entries` (as
`ProgramTable.table` has them, entry after entry) and `end` (as `ProgramTable.find_ends` has it). Columns, roles,
texts, mentions and frames are numbered within the file, and their names stand in its metadata; tokens differ between
processes, names do not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa

from ...arrow import make_array, view_numbers
from ...taxonomy import english
from ..foundation import ragged
from ..foundation.disk_cache import find_folder, hash_code, keep_batch, read_batch
from ..foundation.ragged import expand_ranges, offsets_of
from .assembly import LITERAL, ProgramTable

KIND = "captions"
MOST_KEPT = 1 << 15
"""Programs that are kept: with far more structures than that, a build hardly meets one that another build met."""

Programs = dict[tuple[str, tuple[int, ...]], int]
"""Programs of a program table by what was rendered and its key, as `Tracer` has them."""


def find_file(*parts: object) -> Path:
    """Where the programs are or would be that depend on these parts, the code and Jinja."""
    code = hash_code(__package__, ragged.__package__, english.__package__)
    key = json.dumps([parts, code, jinja2.__version__], sort_keys=True)
    return find_folder(KIND) / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.arrow"


def keep_programs(path: Path, program_table: ProgramTable, programs: Programs) -> None:
    """Keeps some programs of a program table, whose keys are alike long, on disk."""
    # (5, entries) of those programs; of literal text, the number is a token, and becomes a place among `texts`.
    entries, offsets = program_table.table()
    numbers = np.fromiter(programs.values(), dtype=np.int64)
    lengths = np.diff(offsets).take(numbers)
    entries = entries.take(expand_ranges(offsets.take(numbers), lengths), axis=1)
    is_text = entries[0] == program_table.columns[LITERAL]
    tokens, entries[2, is_text] = np.unique(entries[2, is_text], return_inverse=True)
    rendered = sorted({name for name, _ in programs})
    keys = np.array([(rendered.index(name), *key) for name, key in programs], dtype=np.int64)
    names = {
        "rendered": rendered,
        "columns": list(program_table.columns),
        "roles": list(program_table.roles),
        "texts": program_table.pool.words.take(make_array(tokens)).to_pylist(),
        "mentions": list(program_table.mentions),
        "frames": list(program_table.frames),
    }
    bounds = make_array(offsets_of(lengths * len(entries)).astype(np.int32))
    columns = {
        "key": pa.FixedSizeListArray.from_arrays(make_array(keys.reshape(-1)), keys.shape[1]),
        "entries": pa.ListArray.from_arrays(bounds, make_array(np.ascontiguousarray(entries.T).reshape(-1))),
        "end": make_array(program_table.find_ends(numbers)),
    }
    keep_batch(path, pa.record_batch(columns).replace_schema_metadata({"names": json.dumps(names)}))


def read_programs(path: Path, program_table: ProgramTable) -> Programs:
    """Adds programs that were kept to a program table; none if there are none or the file is damaged."""
    batch = read_batch(path)
    if batch is None:
        return {}
    names = json.loads(batch.schema.metadata[b"names"])
    entries = view_numbers(batch["entries"].values, np.int32).reshape(-1, 5).T.copy()
    is_text = entries[0] == names["columns"].index(LITERAL)
    tokens = np.array([program_table.pool.add(text) for text in names["texts"]], dtype=np.int32)
    entries[2, is_text] = tokens[entries[2, is_text]]

    def renumber(row: int, numbers: MutableMapping[Any, int], kept: Iterable[Any]) -> None:
        # What mentions nothing has -1, and so it stays.
        places = np.array([*(numbers.setdefault(name, len(numbers)) for name in kept), -1], dtype=np.int32)
        entries[row] = places[entries[row]]

    renumber(0, program_table.columns, names["columns"])
    renumber(1, program_table.roles, names["roles"])
    renumber(3, program_table.mentions, names["mentions"])
    renumber(4, program_table.frames, map(tuple, names["frames"]))
    lengths = np.diff(view_numbers(batch["entries"].offsets, np.int32)) // len(entries)
    first = program_table.extend(entries, lengths, view_numbers(batch["end"], np.int8))
    keys = view_numbers(batch["key"].values, np.int64).reshape(batch.num_rows, -1).tolist()
    return {(names["rendered"][key[0]], tuple(key[1:])): first + place for place, key in enumerate(keys)}
