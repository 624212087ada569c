"""What may be true together: of one object, of one picture, of one pair; for statements that must be false."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrow import find_rows, make_texts, view_numbers
from .loader import Taxonomy


def find_near_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Says which attributes may be said of one thing, or are not told apart; each one of itself, too.

    Returns:
        Symmetric bool, shape (attributes, attributes).
    """
    return _relate_rows(taxonomy.attributes)


def find_near_scene_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Says which scene attributes may hold of one picture, or are not told apart; each one of itself, too.

    Of two kinds that is what one makes likely: then the other is no certain falsehood.

    Returns:
        Symmetric bool, shape (scene attributes, scene attributes).
    """
    rows = taxonomy.scene_attributes
    table = _relate_rows(rows)
    named, kinds = ([set(cell.split("|")) for cell in rows[column].to_pylist()] for column in ("near", "kind"))
    for kind in set[str]().union(*kinds):
        likely = np.ix_([kind in names for names in named], [kind in names for names in kinds])
        table[likely] = True
    return table | table.T


def number_heads(taxonomy: Taxonomy) -> tuple[list[str], np.ndarray]:
    """Numbers the heads of the relations: relations of one head differ in their modifiers alone.

    Returns:
        The heads, sorted, and the number of each relation's head (int64, one a relation).
    """
    column = taxonomy.relations["head"].to_pylist()
    heads = sorted(set(column))
    number = {head: place for place, head in enumerate(heads)}
    return heads, np.array([number[head] for head in column], dtype=np.int64)


def relate_heads(taxonomy: Taxonomy, column: Literal["near", "excludes"]) -> np.ndarray:
    """Says which heads may be true of one pair (`near`, each with itself, too), or never are (`excludes`).

    Returns:
        Symmetric bool, shape (heads, heads), in the order of `number_heads`.
    """
    heads, number = number_heads(taxonomy)
    table = _relate(heads, number, taxonomy.relations[column])
    if column == "near":
        np.fill_diagonal(table, True)
    return table


def _relate_rows(rows: pa.Table) -> np.ndarray:
    """Makes the table of rows whose ids are in the column `near`; each one is near itself."""
    ids = rows["id"].to_pylist()
    table = _relate(ids, np.arange(len(ids)), rows["near"])
    np.fill_diagonal(table, True)
    return table


def _relate(names: list[str], number: np.ndarray, cells: pa.ChunkedArray) -> np.ndarray:
    """Makes a symmetric table of names (separated by `|`) that cells list; `number` is whose each cell is."""
    table = np.zeros((len(names), len(names)), dtype=bool)
    lists = pc.split_pattern(cells, "|")
    rows = np.repeat(number, view_numbers(pc.list_value_length(lists), np.int32))
    columns = find_rows(pc.list_flatten(lists), make_texts(names))
    rows, columns = rows[columns >= 0], columns[columns >= 0]
    table[rows, columns] = table[columns, rows] = True
    return table
