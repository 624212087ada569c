"""Reads one table of the taxonomy from its TSV bytes and says precisely what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ..errors import GasError
from .schema import CHOICES, COLUMNS, LIST_CHOICES, MAY_BE_EMPTY

# Nothing here makes an Arrow scalar or array out of a Python object: that would import pandas, which takes longer than
# reading all tables.
TYPES = {
    "attributes": {"order": (pa.int8(), re.compile(r"-?\d{1,2}"))},
    "relations": {"symmetric": (pa.bool_(), re.compile(r"[01]"))},
    "frequency": {"zipf": (pa.float32(), re.compile(r"\d+(\.\d+)?"))},
}


def read_table(content: bytes, table: str, source: str) -> pa.Table:
    """Parses and checks one TSV file.

    Args:
        content: The bytes of the file: UTF-8, one header line, tabs between fields, no quoting.
        table: Which table this is, a key of `COLUMNS`.
        source: The file's name for error messages.

    Returns:
        The table with the columns of the file format: strings, but `order` int8, `symmetric` bool, `zipf` float32.

    Raises:
        GasError: A rule of the format is broken; the message has file, line and column.
    """
    _check_header(content, table, source)
    rows = _parse(content, table, source)
    _check_unique(rows, source)
    for column in COLUMNS[table]:
        if (table, column) not in MAY_BE_EMPTY:
            _check(rows, column, lambda value: value != "", source, "must not be empty")
        if (table, column) in CHOICES:
            allowed = CHOICES[table, column]
            _check(rows, column, set(allowed).__contains__, source, f"is not one of {', '.join(allowed)}", allowed)
        if (table, column) in LIST_CHOICES:
            _check_list(rows, column, LIST_CHOICES[table, column], source)
    return _cast(rows, table, source)


def suggest(word: str, choices: Sequence[str]) -> str:
    """Makes the end of an error message that names the closest valid choices, or nothing."""
    closest = get_close_matches(word, choices, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(closest)}?" if closest else ""


def _check_header(content: bytes, table: str, source: str) -> None:
    line = content.split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    header, wanted = line.split("\t"), COLUMNS[table]
    for name in header:
        if name not in wanted:
            raise GasError(f"{source}:1: column {name!r} is unknown{suggest(name, wanted)}")
    for name in wanted:
        if header.count(name) != 1:
            raise GasError(f"{source}:1: column {name!r} must be there once; the table needs {', '.join(wanted)}")


def _parse(content: bytes, table: str, source: str) -> pa.Table:
    broken: list[csv.InvalidRow] = []

    def keep_broken(row: csv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    try:
        rows = csv.read_csv(
            pa.BufferReader(content),
            # One block in one thread: the files are small, and only then do broken rows come with their numbers.
            read_options=csv.ReadOptions(use_threads=False, block_size=max(len(content), 1)),
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, double_quote=False, invalid_row_handler=keep_broken
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(COLUMNS[table], pa.string()),
                strings_can_be_null=False,
                include_columns=list(COLUMNS[table]),
            ),
        )
    except pa.ArrowInvalid as error:
        raise GasError(f"{source}: not a UTF-8 table with tabs between fields: {error}") from error
    if broken:
        row = broken[0]
        raise GasError(f"{source}:{row.number}: the line has {row.actual_columns} fields, not {row.expected_columns}")
    return rows.combine_chunks()


def _check_unique(rows: pa.Table, source: str) -> None:
    if pc.count_distinct(rows["id"]).as_py() == rows.num_rows:
        return
    lines: dict[str, int] = {}
    for line, id_ in enumerate(rows["id"].to_pylist(), start=2):
        if id_ in lines:
            raise GasError(f"{source}:{line}: column 'id': {id_!r} is in line {lines[id_]} already; ids are unique")
        lines[id_] = line


def _check(
    rows: pa.Table,
    column: str,
    is_valid: Callable[[str], bool],
    source: str,
    rule: str,
    choices: tuple[str, ...] = (),
) -> None:
    for value in pc.unique(rows[column]).to_pylist():
        if not is_valid(value):
            raise GasError(f"{_locate(rows, column, value, source)}: {value!r} {rule}{suggest(value, choices)}")


def _check_list(rows: pa.Table, column: str, allowed: tuple[str, ...], source: str) -> None:
    known = set(allowed)
    for value in pc.unique(rows[column]).to_pylist():
        for word in value.split("|") if value else ():
            if word not in known:
                where = _locate(rows, column, value, source)
                raise GasError(f"{where}: {word!r} is not one of {', '.join(allowed)}{suggest(word, allowed)}")


def _locate(rows: pa.Table, column: str, value: str, source: str) -> str:
    # Line 1 is the header.
    return f"{source}:{rows[column].to_pylist().index(value) + 2}: column {column!r}"


def _cast(rows: pa.Table, table: str, source: str) -> pa.Table:
    for column, (type_, pattern) in TYPES.get(table, {}).items():
        _check(rows, column, _make_matcher(pattern), source, "is not a number of this column")
        rows = rows.set_column(rows.column_names.index(column), column, pc.cast(rows[column], type_))
    return rows


def _make_matcher(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None
