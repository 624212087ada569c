"""How often attributes and relations are said, on the Zipf scale: as shipped, or as a user's own tables have it."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
import pyarrow as pa

from ..arrow import find_rows, view_numbers
from . import tables as shipped
from .loader import Taxonomy
from .read_tsv import read_table

USAGE = "usage.tsv"
TABLES = {"attributes": "adjective", "relations": "predicate"}
"""The tables of which it is shipped, and the column that has what is said."""


@lru_cache(maxsize=1)
def read_usage() -> pa.Table:
    """Reads the shipped file."""
    return read_table((files(shipped) / USAGE).read_bytes(), "frequency", USAGE)


@lru_cache(maxsize=16)
def measure_frequency(taxonomy: Taxonomy, table: str) -> np.ndarray:
    """The frequency of every concept of a table, float32, 0 where it is unknown.

    A user's `frequency.tsv` that has some of a table is all that is known of that table.
    """
    ids = getattr(taxonomy, table)["id"]
    for known in (taxonomy.frequency, read_usage() if table in TABLES else None):
        if known is not None and ((rows := find_rows(ids, known["id"])) >= 0).any():
            # Row -1, what is not found, is the zero at the end.
            return np.append(view_numbers(known["zipf"], np.float32), np.float32(0))[rows]
    return np.zeros(len(ids), dtype=np.float32)
