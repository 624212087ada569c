"""Fills the columns that a user's own table leaves out: `id name parent kinds` is enough for objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pyarrow as pa

from .english.inflection import choose_article, is_plural, make_plural
from .english.scene_phrases import EXCLUDES, choose_modality, choose_role, make_phrase
from .schema import COLUMNS

Derive = Callable[[Mapping[str, str]], str]

ORDERS: Mapping[str, int] = MappingProxyType(
    {
        "size": 2,
        "shape": 3,
        "adjective": 4,
        "state": 4,
        "human": 4,
        "color": 6,
        "texture": 7,
        "architecture": 8,
        "material": 9,
    }
)
"""The place of each kind of attribute before the noun: a small round wet red striped wooden box."""


def _always(value: str) -> Derive:
    return lambda row: value


def _same(column: str) -> Derive:
    return lambda row: row[column]


DEFAULTS: Mapping[str, Mapping[str, Derive]] = MappingProxyType(
    {
        "objects": {
            "offset": _always(""),
            "size": _always(""),
            "countability": lambda row: "plural" if is_plural(row["name"]) else "count",
            "plural": lambda row: make_plural(row["name"]) if row["countability"] == "count" else row["name"],
            "article": lambda row: choose_article(row["name"]) if row["countability"] == "count" else "some",
            "tier": _always("common"),
            "flags": _always(""),
            "visible": _always("yes"),
            "part_of": _always(""),
            "near": _always(""),
            "paper_name": _always(""),
        },
        "attributes": {
            "adjective": _same("name"),
            "article": lambda row: choose_article(row["adjective"]),
            "position": _always("before"),
            # Two of one kind never stand on one object: nothing here knows which of them go together.
            "group": _same("kind"),
            "order": lambda row: str(ORDERS.get(row["kind"], 4)),
            "tier": _always("common"),
            "visible": _always("yes"),
            "says": _always(""),
            "near": _always(""),
            "excludes": _same("group"),
            "bars": _always(""),
            "aliases": _always(""),
        },
        "relations": {
            "subtype": _same("category"),
            "finite": _always(""),
            "finite_plural": _always(""),
            "subject_kinds": _always("any"),
            "object_kinds": _always("any"),
            "symmetric": _always("0"),
            "inverse": _always(""),
            "head": _same("predicate"),
            "modifier": _always(""),
            "tier": _always("common"),
            "visible": _always("yes"),
            "says": _always(""),
            "near": _always(""),
            "excludes": _always(""),
            "asymmetric": _always("0"),
        },
        "scene_attributes": {
            "phrase": lambda row: make_phrase(row["kind"], row["name"]),
            "role": lambda row: choose_role(row["kind"]),
            "modality": lambda row: choose_modality(row["kind"]),
            "tier": _always("common"),
            "visible": _always("yes"),
            "near": _always(""),
            "excludes": lambda row: EXCLUDES.get(row["kind"], ""),
            "needs": _always(""),
            "bars": _always(""),
            "shows": _always(""),
        },
        "frequency": {},
    }
)
"""How to derive each column that a table may leave out, from the columns before it."""


def list_required(table: str) -> list[str]:
    """Lists the columns that every table of this sort must have."""
    return [column for column in COLUMNS[table] if column not in DEFAULTS[table]]


def complete_row(row: Mapping[str, str], table: str) -> dict[str, str]:
    """Adds the columns that a row leaves out; the columns come in the order of the format."""
    full = dict(row)
    for column in COLUMNS[table]:
        if column not in full:
            full[column] = DEFAULTS[table][column](full)
    return {column: full[column] for column in COLUMNS[table]}


def complete_table(rows: pa.Table, table: str) -> pa.Table:
    """Adds the columns that a table of strings leaves out."""
    if set(rows.column_names) == set(COLUMNS[table]):
        return rows
    full = [complete_row(row, table) for row in rows.to_pylist()]
    return pa.Table.from_pylist(full, schema=pa.schema([(column, pa.string()) for column in COLUMNS[table]]))
