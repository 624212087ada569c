"""Reads one table of the taxonomy from its TSV bytes and says precisely what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ..errors import GasError
from .schema import CHOICES, COLUMNS, LIST_CHOICES, MAY_BE_EMPTY
from .user_tables import complete_table, list_required

# Nothing here makes an Arrow scalar or array out of a Python object, for a table that has all columns: that would
# import pandas, which takes longer than reading all tables.
TYPES = {
    "attributes": {"order": (pa.int8(), re.compile(r"-?\d{1,2}"), "a whole number of at most two digits")},
    "relations": dict.fromkeys(("symmetric", "asymmetric"), (pa.bool_(), re.compile(r"[01]"), "0 or 1")),
    "frequency": {
        "zipf": (pa.float32(), re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?[0-2]?\d)?"), "a number of 0 or more")
    },
}
MOST_PROBLEMS = 20
Found = tuple[int, str]


def read_table(content: bytes, table: str, source: str) -> pa.Table:
    """Parses and checks one TSV file.

    Args:
        content: The bytes of the file: UTF-8, one header line, tabs between fields, no quoting. Columns that can be
            derived from others may be missing; `user_tables.py` says how they are filled.
        table: Which table this is, a key of `COLUMNS`.
        source: The file's name for error messages.

    Returns:
        The table with the columns of the file format: strings, but `order` int8, `symmetric` and `asymmetric`
        bool, `zipf` float32.

    Raises:
        GasError: Rules of the format are broken; the message has file, line and column of up to 20 mistakes.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    _check_header(content, table, source)
    rows = _parse(content, table, source)
    problems, repeated = list(_find_problems(rows, table)), list(_find_repeated(rows))
    if problems or repeated:
        lines = number_lines(content)
        problems += [
            (row, f"column 'id': {id_!r} is in line {lines[first]} already; ids are unique")
            for row, first, id_ in repeated
        ]
        raise_problems(f"{source}:{lines[row]}: {message}" for row, message in sorted(problems))
    return _cast(complete_table(rows, table), table)


def suggest(word: str, choices: Sequence[str]) -> str:
    """Makes the end of an error message that names the closest valid choices, or nothing."""
    closest = get_close_matches(word, choices, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(closest)}?" if closest else ""


def raise_problems(problems: Iterable[str]) -> None:
    """Raises one error that shows up to 20 problems, one a line.

    Raises:
        GasError: There is a problem.
    """
    problems = list(problems)
    if problems:
        more = len(problems) - MOST_PROBLEMS
        rest = [f"... and {more} more"] if more > 0 else []
        raise GasError("\n".join([*problems[:MOST_PROBLEMS], *rest]))


def number_lines(content: bytes) -> list[int]:
    """Gives the line of each row of a table; empty lines hold no row."""
    lines = [number for number, line in enumerate(content.splitlines(), start=1) if line]
    return lines[1:]


def _check_header(content: bytes, table: str, source: str) -> None:
    line = content.split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    header, wanted, required = line.split("\t"), COLUMNS[table], list_required(table)
    problems = [
        f"{source}:1: column {name!r} is unknown{suggest(name, wanted)}" for name in header if name not in wanted
    ]
    for name in wanted:
        if header.count(name) > 1 or (name in required and name not in header):
            rest = [column for column in wanted if column not in required]
            may = f" and may have {', '.join(rest)}" if rest else ""
            problems.append(
                f"{source}:1: column {name!r} must be there once; the table needs {', '.join(required)}{may}"
            )
    raise_problems(problems)


def _parse(content: bytes, table: str, source: str) -> pa.Table:
    broken: list[csv.InvalidRow] = []

    def keep_broken(row: csv.InvalidRow) -> str:
        broken.append(row)
        return "skip"

    try:
        rows = csv.read_csv(
            pa.BufferReader(content),
            # One block in one thread: the files are small.
            read_options=csv.ReadOptions(use_threads=False, block_size=max(len(content), 1)),
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, double_quote=False, invalid_row_handler=keep_broken
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(COLUMNS[table], pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise GasError(f"{source}: not a UTF-8 table with tabs between fields: {error}") from error
    if broken:
        header, *lines = [line for line in content.splitlines() if line]
        wanted, counts = header.count(b"\t") + 1, [line.count(b"\t") + 1 for line in lines]
        raise_problems(
            f"{source}:{number}: the line has {count} fields, not {wanted}"
            for number, count in zip(number_lines(content), counts, strict=True)
            if count != wanted
        )
    return rows.combine_chunks()


def _find_problems(rows: pa.Table, table: str) -> Iterator[Found]:
    """Finds what breaks a rule of one column: the row's number and what is wrong."""
    for column in rows.column_names:
        key = (table, column)
        if key not in MAY_BE_EMPTY and not pc.min(pc.binary_length(rows[column])).as_py():
            yield from _find_invalid(rows, column, lambda value: None if value else "'' must not be empty")
        if key in CHOICES:
            yield from _find_invalid(rows, column, _make_choice(CHOICES[key], several=False))
        if key in LIST_CHOICES:
            yield from _find_invalid(rows, column, _make_choice(LIST_CHOICES[key], several=True))
        if column in TYPES.get(table, {}):
            yield from _find_invalid(rows, column, _make_matcher(*TYPES[table][column][1:]))


def _find_repeated(rows: pa.Table) -> Iterator[tuple[int, int, str]]:
    """Finds rows whose id was there before: their number, the number of the first one, the id."""
    if pc.count_distinct(rows["id"]).as_py() == rows.num_rows:
        return
    first: dict[str, int] = {}
    for row, id_ in enumerate(rows["id"].to_pylist()):
        if first.setdefault(id_, row) != row:
            yield row, first[id_], id_


def _find_invalid(rows: pa.Table, column: str, judge: Callable[[str], str | None]) -> Iterator[Found]:
    """Finds the rows whose value in a column is not valid; every value is looked at once."""
    wrong = {value: rule for value in pc.unique(rows[column]).to_pylist() if (rule := judge(value))}
    if wrong:
        for row, value in enumerate(rows[column].to_pylist()):
            if value in wrong:
                yield row, f"column {column!r}: {wrong[value]}"


def _make_choice(allowed: tuple[str, ...], several: bool) -> Callable[[str], str | None]:
    def judge(value: str) -> str | None:
        for word in value.split("|") if several else (value,):
            if word not in allowed and (value or not several):
                return f"{word!r} is not one of {', '.join(allowed)}{suggest(word, allowed)}"
        return None

    return judge


def _make_matcher(pattern: re.Pattern[str], rule: str) -> Callable[[str], str | None]:
    return lambda value: None if pattern.fullmatch(value) else f"{value!r} is not {rule}"


def _cast(rows: pa.Table, table: str) -> pa.Table:
    rows = rows.select(list(COLUMNS[table]))
    for column, (type_, _, _) in TYPES.get(table, {}).items():
        rows = rows.set_column(rows.column_names.index(column), column, pc.cast(rows[column], type_))
    return rows
