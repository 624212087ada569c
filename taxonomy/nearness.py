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


def find_excluding_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Says which attributes are false of what has others: their ids or groups are excluded, and they are not near.

    Returns:
        Symmetric bool, shape (attributes, attributes).
    """
    rows = taxonomy.attributes
    every = np.arange(rows.num_rows)
    groups = rows["group"].unique().to_pylist()
    of_group = find_rows(rows["group"], make_texts(groups))
    table = _relate(rows["id"].to_pylist(), every, rows["excludes"])
    owners, excluded = _read_names(groups, every, rows["excludes"])
    by_group = np.zeros((rows.num_rows, len(groups)), dtype=bool)
    by_group[owners, excluded] = True
    table |= by_group[:, of_group]
    return (table | table.T) & ~find_near_attributes(taxonomy)


def find_exclusive_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Says which attributes exclude all others of their own group, bool: an object has one color, but many moods."""
    rows = taxonomy.attributes.select(["group", "excludes"]).to_pylist()
    return np.array([row["group"] in row["excludes"].split("|") for row in rows], dtype=bool)


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
    rows, columns = _read_names(names, number, cells)
    table[rows, columns] = table[columns, rows] = True
    return table


def _read_names(names: list[str], number: np.ndarray, cells: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Reads whose cells (`number`) hold names, and which ones: int64, one each time a name is there."""
    lists = pc.split_pattern(cells, "|")
    rows = np.repeat(number, view_numbers(pc.list_value_length(lists), np.int32))
    columns = find_rows(pc.list_flatten(lists), make_texts(names))
    return rows[columns >= 0], columns[columns >= 0]
