"""Scenes or questions with the columns you choose, CSV.

Lists and mappings are JSON in their cells, also where they are null; any other null is an empty cell.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..layout import Layout, Row, write_cells
from ..tables import Per, Table, lay_out_table

SPLITS = ("train",)


def write_record(table: Table, record: Row) -> str:
    return write_cells([_write_cell(record[name], type_) for name, type_ in table.types.items()])


def _write_cell(value: Any, type_: pa.DataType) -> Any:
    return json.dumps(value) if pa.types.is_nested(type_) else value


def lay_out(recipe: Path, columns: Sequence[str] | None = None, per: Per = "scene") -> Layout:
    return lay_out_table(recipe, columns, per, write_record, lambda table: f"{write_cells(list(table.types))}\n")
