"""Where two tables of rows differ first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import pyarrow as pa

SHOWN = 60
"""Characters of a value that are shown."""


def compare_rows(found: pa.Table, made: pa.Table) -> str:
    """Tells of the first row that is not as it is made; nothing if all are."""
    if found.column_names != made.column_names:
        return f"its columns are {', '.join(found.column_names)}; the recipe makes {', '.join(made.column_names)}"
    try:
        found = found.cast(made.schema)
    except pa.ArrowException as error:
        return f"its columns have other types: {' '.join(str(error).split())}"
    same = _count_equal(found, made)
    if same < min(len(found), len(made)):
        one, other = (table.slice(same, 1).to_pylist()[0] for table in (found, made))
        return f"row {other['id']}, {_describe_difference(one, other)}"
    if len(found) > len(made):
        return f"row {found['id'][same]} is one too many"
    return f"row {made['id'][same]} is missing" if len(made) > len(found) else ""


def _count_equal(found: pa.Table, made: pa.Table) -> int:
    """How many rows at the start of two tables are equal, by bisection: comparing columns is quick, rows are not."""
    same, most = 0, min(len(found), len(made))
    while same < most:
        middle = (same + most + 1) // 2
        if found.slice(same, middle - same).equals(made.slice(same, middle - same)):
            same = middle
        else:
            most = middle - 1
    return same


def _describe_difference(found: dict[str, Any], made: dict[str, Any]) -> str:
    """The first place where two rows differ, with what is there."""
    place, one, other = find_difference(found, made)
    return f"{place}: {one} where the recipe makes {other}"


def find_difference(found: dict[str, Any], made: dict[str, Any]) -> tuple[str, str, str]:
    """The first place where two rows differ, and what either has there, as JSON that is cut to the difference."""
    place, one, other = _find_difference("", found, made)
    texts = [json.dumps(value, ensure_ascii=False) for value in (one, other)]
    alike = next((index for index, both in enumerate(zip_longest(*texts)) if both[0] != both[1]), 0)
    one, other = (_shorten(text, alike - SHOWN // 2) for text in texts)
    return place.removeprefix("."), one, other


def _find_difference(place: str, found: Any, made: Any) -> tuple[str, Any, Any]:
    pairs: Iterable[tuple[str, Any, Any]] = ()
    if isinstance(found, dict) and isinstance(made, dict):
        # Rows of another version may lack a field.
        pairs = ((f".{key}", found.get(key), made.get(key)) for key in {**made, **found})
    elif isinstance(found, list) and isinstance(made, list):
        pairs = ((f"[{index}]", *both) for index, both in enumerate(zip_longest(found, made)))
    for step, one, other in pairs:
        if one != other:
            return _find_difference(place + step, one, other)
    return place, found, made


def _shorten(text: str, start: int) -> str:
    start = max(0, min(start, len(text) - SHOWN))
    end = start + SHOWN
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
