"""Reads one table of the taxonomy from its TSV bytes and says precisely what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from ..errors import GasError, advise
from .declarations import NOTHING, Declarations
from .places import DECLARATIONS
from .schema import CHOICES, COLUMNS, FILLED, LIST_CHOICES, LISTS, MAY_BE_EMPTY
from .user_tables import complete_table, find_unclear, list_required

# Nothing here makes an Arrow scalar or array out of a Python object, for a table that has all columns: that would
# import pandas, which takes longer than reading all tables.
TYPES = {
    "attributes": {"order": (pa.int8(), re.compile(r"-?\d{1,2}"), "a whole number of at most two digits")},
    "relations": dict.fromkeys(("symmetric", "asymmetric"), (pa.bool_(), re.compile(r"[01]"), "0 or 1")),
    "frequency": {
        "zipf": (pa.float32(), re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?[0-2]?\d)?"), "a number of 0 or more")
    },
}
MOST_PROBLEMS = 10
MOST_SHOWN = 80
"""Letters of a cell that a message repeats."""
LONGEST = 200
"""Letters of a cell that is no list: of a name, a phrase, an id."""
Found = tuple[int, str]


def read_table(content: bytes, table: str, source: str, own: Declarations = NOTHING) -> pa.Table:
    """Parses and checks one TSV file.

    Args:
        content: The bytes of the file: UTF-8, one header line, tabs between fields, no quoting. Columns that can be
            derived from others may be missing; `user_tables.py` says how they are filled.
        table: Which table this is, a key of `COLUMNS`.
        source: The file's name for error messages.
        own: The kinds and columns that it may have of its own.

    Returns:
        The table with the columns of the file format: strings, but `order` int8, `symmetric` and `asymmetric`
        bool, `zipf` float32. After these come those columns of its own that it has.

    Raises:
        GasError: Rules of the format are broken; the message has file, line and column of up to 20 mistakes.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    further = own.columns.get(table, ())
    _check_header(content, table, source, further)
    rows = parse_table(content, table, source, further)
    lines = partial(number_lines, content)
    _refuse([*_find_problems(rows, table, own), *_find_repeated(rows, lines)], source, lines)
    added = [(name, rows[name]) for name in further if name in rows.column_names]
    rows = rows.select([name for name in rows.column_names if name not in further])
    if _lacks(rows, table):
        phrases = own.say(table, "phrase")
        _refuse(find_unclear(rows.to_pydict(), table, phrases), source, lines)
        rows = complete_table(rows, table, phrases)
    rows = _cast(rows, table)
    for name, cells in added:
        rows = rows.append_column(name, cells)
    return rows


def _lacks(rows: pa.Table, table: str) -> bool:
    """Tells whether a table leaves out columns, or cells that are filled."""
    if len(rows.column_names) != len(COLUMNS[table]):
        return True
    return any(pc.min(pc.binary_length(rows[column])).as_py() == 0 for column in FILLED.get(table, ()))


def quote(text: str) -> str:
    """Shows what a cell holds: short, in quotes, what is not printable escaped."""
    return repr(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}...")


def raise_problems(problems: Iterable[str]) -> None:
    """Raises one error that shows the first problems, one a line, and counts the others.

    Raises:
        GasError: There is a problem.
    """
    problems = list(problems)
    if problems:
        more = len(problems) - MOST_PROBLEMS
        rest = [f"... and {more:,} more"] if more > 0 else []
        raise GasError("\n".join([*problems[:MOST_PROBLEMS], *rest]))


def _refuse(problems: Iterable[Found], source: str, number: Callable[[], list[int]]) -> None:
    found = sorted(problems)
    if found:
        lines = number()
        raise_problems(f"{source}:{lines[row]}: {message}" for row, message in found)


def number_lines(content: bytes) -> list[int]:
    """Gives the line of each row of a table; empty lines hold no row."""
    lines = [number for number, line in enumerate(content.splitlines(), start=1) if line]
    return lines[1:]


def _check_header(content: bytes, table: str, source: str, further: tuple[str, ...]) -> None:
    line = content.split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")
    header, wanted, required = line.split("\t"), (*COLUMNS[table], *further), list_required(table)
    problems = [
        f"{source}:1: column {quote(name)} is unknown; {advise(name[:LONGEST], wanted)}"
        for name in header
        if name not in wanted
    ]
    if problems:
        problems[0] += f"; a column of your own is named under [columns] in {DECLARATIONS} beside the table"
    for name in wanted:
        if header.count(name) > 1 or (name in required and name not in header):
            rest = [column for column in wanted if column not in required]
            may = f" and may have {', '.join(rest)}" if rest else ""
            problems.append(
                f"{source}:1: column {name!r} must be there once; the table needs {', '.join(required)}{may}"
            )
    raise_problems(problems)


def parse_table(content: bytes, table: str, source: str, further: tuple[str, ...] = ()) -> pa.Table:
    """Parses a TSV file into strings, with the columns that it has; `further` are those of its own."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise GasError(f"{source}:{line}: not UTF-8 text; save the file as UTF-8, with tabs between fields") from error
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
                column_types=dict.fromkeys((*COLUMNS[table], *further), pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise GasError(f"{source}: not a table with tabs between fields: {error}") from error
    if broken:
        header, *lines = [line for line in content.splitlines() if line]
        wanted, counts = header.count(b"\t") + 1, [line.count(b"\t") + 1 for line in lines]
        raise_problems(
            f"{source}:{number}: the line has {count} fields, not {wanted}"
            for number, count in zip(number_lines(content), counts, strict=True)
            if count != wanted
        )
    return rows.combine_chunks()


def _find_problems(rows: pa.Table, table: str, own: Declarations) -> Iterator[Found]:
    """Finds what breaks a rule of one column: the row's number and what is wrong."""
    for column in rows.column_names:
        key = (table, column)
        if rows.num_rows and not _is_plain(rows[column], key):
            yield from _find_invalid(rows, column, _make_plainness(key, column not in COLUMNS[table]))
        if key in CHOICES:
            allowed, hint = CHOICES[key], ""
            if column == "kind":
                allowed = own.list_kinds(table)
                hint = f"; a kind of your own is named in {DECLARATIONS} beside the table, as [{table}.my_kind]"
            yield from _find_invalid(rows, column, _make_choice(allowed, False, key in MAY_BE_EMPTY, hint))
        if key in LIST_CHOICES:
            yield from _find_invalid(rows, column, _make_choice(LIST_CHOICES[key], True, True))
        if column in TYPES.get(table, {}):
            yield from _find_invalid(rows, column, _make_matcher(*TYPES[table][column][1:]))


def _is_plain(cells: pa.ChunkedArray, key: tuple[str, str]) -> bool:
    """Tells quickly whether `_make_plainness` finds nothing in a column."""
    lengths = pc.binary_length(cells)
    if pc.min(lengths).as_py() == 0 and key not in MAY_BE_EMPTY:
        return False
    if pc.max(lengths).as_py() > LONGEST and key not in LISTS:
        return False
    return bool(pc.all(pc.utf8_is_printable(cells)).as_py()) and not pc.any(pc.utf8_is_space(cells)).as_py()


def _make_plainness(key: tuple[str, str], is_own: bool = False) -> Callable[[str], str | None]:
    """Makes the rule that holds for text of any column: printable, not too long, not blank."""

    def judge(value: str) -> str | None:
        if not value.strip() and (value or not (is_own or key in MAY_BE_EMPTY)):
            return "it holds blanks only" if value else "it must not be empty"
        if (where := next((place for place, one in enumerate(value) if not one.isprintable()), None)) is not None:
            return f"{quote(value)}: character {where + 1}, U+{ord(value[where]):04X}, is not printable; take it out"
        if len(value) > LONGEST and key not in LISTS:
            return f"{quote(value)} has {len(value):,} letters; at most {LONGEST} are allowed"
        return None

    return judge


def _find_repeated(rows: pa.Table, number: Callable[[], list[int]]) -> Iterator[Found]:
    """Finds rows whose id was there before."""
    if pc.count_distinct(rows["id"]).as_py() == rows.num_rows:
        return
    first: dict[str, int] = {}
    lines = number()
    for row, id_ in enumerate(rows["id"].to_pylist()):
        if first.setdefault(id_, row) != row:
            yield row, f"column 'id': {quote(id_)} is in line {lines[first[id_]]} already; ids are unique"


def _find_invalid(rows: pa.Table, column: str, judge: Callable[[str], str | None]) -> Iterator[Found]:
    """Finds values of a column that are not valid, each once: the first row that has it, and how many others do."""
    for cell in pc.value_counts(rows[column]).to_pylist():
        if rule := judge(cell["values"]):
            others = cell["counts"] - 1
            again = f" (so in {others:,} more lines)" if others else ""
            yield pc.index(rows[column], cell["values"]).as_py(), f"column {column!r}: {rule}{again}"


def _make_choice(
    allowed: tuple[str, ...], several: bool, may_be_empty: bool, further: str = ""
) -> Callable[[str], str | None]:
    hints = count()

    def judge(value: str) -> str | None:
        for word in value.split("|") if several else (value,):
            if word not in allowed and (value or not may_be_empty):
                # A hint takes time, and no more are shown.
                hint = f"; {advise(word[:LONGEST], allowed)}{further}" if next(hints) < MOST_PROBLEMS else ""
                return f"{quote(word)} is none of its words{hint}"
        return None

    return judge


def _make_matcher(pattern: re.Pattern[str], rule: str) -> Callable[[str], str | None]:
    return lambda value: None if pattern.fullmatch(value) else f"{quote(value)} is not {rule}"


def _cast(rows: pa.Table, table: str) -> pa.Table:
    rows = rows.select(list(COLUMNS[table]))
    for column, (type_, _, _) in TYPES.get(table, {}).items():
        rows = rows.set_column(rows.column_names.index(column), column, pc.cast(rows[column], type_))
    return rows
