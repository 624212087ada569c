"""Rows as they are, a line a scene or a question, with chosen columns: what `jsonl` and `csv` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa

from ...errors import GasError, advise
from ..recipe.loading import load_recipe
from ..rows.schema import DIFFICULTY, QUESTION, schema_of
from .layout import Layout, Row, Tally

Per = Literal["scene", "question"]
QUESTIONS = "questions"
INDEX = pa.field("index", pa.int32())
"""The place of a question in its scene's list, as `depends_on` counts: `explode_questions` has it, too."""
OF_SCENE = ("id", "caption")
"""What a line has of the scene of its question, unless other columns are asked for."""


@dataclass(frozen=True)
class Table:
    """Lines with the same columns.

    Attributes:
        per: What a line is.
        types: The type of each column, in their order; `structure.complexity` is that field of the row's `structure`.
    """

    per: Per
    types: dict[str, pa.DataType]

    def list_records(self, row: Row, tally: Tally) -> list[Row]:
        """The lines of a row: a value, or null, for each column."""
        lines = [row]
        if self.per == "question":
            lines = [{**row, INDEX.name: number, **one} for number, one in enumerate(row[QUESTIONS])]
        tally.questions += len(row.get(QUESTIONS, ()))
        return [{name: _find_value(line, path) for name, path in self._paths.items()} for line in lines]

    @cached_property
    def _paths(self) -> dict[str, list[str]]:
        return {name: name.split(".") for name in self.types}


def lay_out_table(
    recipe: Path,
    columns: Sequence[str] | None,
    per: Per,
    write: Callable[[Table, Row], str],
    begin: Callable[[Table], str] = lambda table: "",
) -> Layout:
    """Lays out rows of a recipe file as lines.

    Args:
        recipe: The recipe file.
        columns: What a line has, in this order: columns of a row, or fields of one that is a mapping, such as
            `structure.complexity`; of a line a question, the question's fields and its `index`, too. When left out,
            the whole row, or the whole question with the scene's id, caption and difficulty, if it has one.
        per: What a line is.
        write: Makes a line of a record of a table.
        begin: Makes what stands before the first line.

    Raises:
        GasError: There is no such column, or the recipe cannot be read.
    """
    if per not in get_args(Per):
        raise GasError(f"there is no line a `{per}`; {advise(per, get_args(Per))}")
    schema = schema_of(load_recipe(recipe).recipe)
    fields, names = list(schema), schema.names
    if per == "question":
        asked = [INDEX, *QUESTION]
        fields = [*(field for field in fields if field.name != QUESTIONS), *asked]
        graded = [name for name in names if name == DIFFICULTY]
        names = [*OF_SCENE, *(field.name for field in asked), *graded]
    known = dict(_list_columns(fields))
    if wrong := next((name for name in columns or () if name not in known), None):
        raise GasError(f"a line a {per} has no column `{wrong}`; {advise(wrong, known)}")
    table = Table(per, {name: known[name] for name in columns or names})
    needed = {name.split(".")[0] for name in table.types} | ({QUESTIONS} if per == "question" else set())
    read = tuple(name for name in schema.names if name in needed)
    return Layout(table.list_records, lambda record: write(table, record), begin(table), columns=read)


def _list_columns(fields: Sequence[pa.Field], path: str = "") -> Iterator[tuple[str, pa.DataType]]:
    """Every column with its type, those of mappings one after another."""
    for field in fields:
        yield f"{path}{field.name}", field.type
        if pa.types.is_struct(field.type):
            yield from _list_columns(list(field.type), f"{path}{field.name}.")


def _find_value(line: Row, path: list[str]) -> Any:
    """What a line has in a column: null where earlier versions had no such field, or what it is in is null."""
    value: Any = line
    for part in path:
        value = None if value is None else value.get(part)
    return value
