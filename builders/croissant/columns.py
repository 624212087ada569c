"""Columns of a config as fields of a Croissant record set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

NAMES = {"string": "sc:Text", "int32": "cr:Int32", "float": "cr:Float32", "double": "cr:Float64"}
"""Croissant's names of Arrow's types."""


def describe_column(record_set: str, files: str, column: pa.Field) -> dict[str, Any]:
    """A column of Parquet files as a field, with a field for each part of a struct.

    Args:
        record_set: The id of the record set that the field belongs to.
        files: The id of the file set that holds the column.
        column: Its name and type.
    """
    return _describe_part(f"{record_set}/{column.name}", files, column.name, (), column.type)


def _describe_part(
    place: str, files: str, column: str, keys: Sequence[str], kind: pa.DataType, lists: int = 0
) -> dict[str, Any]:
    """A column, or what lies below some keys of it, within so many lists.

    Paths reach into one list alone: what a record in a list lists in turn is described without a source.
    """
    described: dict[str, Any] = {"@type": "cr:Field", "@id": place, "name": place}
    if pa.types.is_list(kind):
        described["repeated"] = True
        kind = kind.value_type
        lists += 1
    if pa.types.is_struct(kind):
        described["subField"] = [
            _describe_part(f"{place}/{part.name}", files, column, (*keys, part.name), part.type, lists)
            for part in kind
        ]
        return described
    described["dataType"] = NAMES[str(kind)]
    if lists < 2 or described.get("repeated"):
        transform = {"transform": [{"jsonPath": key} for key in keys]} if keys else {}
        described["source"] = {"fileSet": {"@id": files}, "extract": {"column": column}, **transform}
    return described
