"""Loads the taxonomy: the shipped tables, and a user's own tables laid over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrow import choose_texts, find_rows, make_array, make_texts, match_texts, read_truths, view_numbers
from ..errors import GasError, advise
from . import tables as shipped
from .declarations import NOTHING, Declarations, join_declarations, read_declarations
from .hints import ask, collect_words
from .places import (
    DECLARATIONS,
    DEFAULT,
    PROFILES,
    SUPPORTING,
    find_declarations,
    find_tables,
    find_taxonomy,
    read_table_file,
)
from .profiles import apply_profile
from .read_tsv import MOST_PROBLEMS, quote, raise_problems, read_table
from .schema import COLUMNS, KINDS

DEEPEST = 64
"""Levels of the tree of objects; the shipped one has 17."""
ALL_KINDS = np.uint64((1 << len(KINDS)) - 1)


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """The concepts of a dataset.

    Attributes:
        objects: One row an object; the columns of `COLUMNS["objects"]` and `frequency` (float32, 0 where unknown).
        attributes: One row an attribute; `order` is int8.
        relations: One row a relation; `symmetric` and `asymmetric` are bools.
        scene_attributes: One row a scene attribute.
        version: SHA-256 (hex) over the content of all tables.
        frequency: How often concepts are said: their ids, and the Zipf scale.
        own: Which objects are of a user's tables, bool: no shipped one has their id and name.
        declared: The kinds and columns that a user's tables have of their own; such columns are the last of a table.

    All tables are sorted by `id`; an index of an object is its row in `objects`.
    """

    objects: pa.Table
    attributes: pa.Table
    relations: pa.Table
    scene_attributes: pa.Table
    version: str
    own: np.ndarray
    frequency: pa.Table
    declared: Declarations = NOTHING

    @cached_property
    def parent_index(self) -> np.ndarray:
        """The row of every object's parent (int32), -1 for the root."""
        return find_rows(self.objects["parent"], self.objects["id"])

    def kind_bits(self, column: pa.ChunkedArray | pa.Array) -> np.ndarray:
        """Turns a column of kinds (`animal|food`) into uint64: bit `i` stands for `KINDS[i]`, `any` sets them all."""
        encoded = pc.dictionary_encode(column)
        encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
        bits = np.array([_combine_kinds(kinds) for kinds in encoded.dictionary.to_pylist()], dtype=np.uint64)
        return bits[view_numbers(encoded.indices, np.int32)]

    @cached_property
    def rows_of_ids(self) -> dict[str, int]:
        """The row of every object, by its id."""
        return {id_: row for row, id_ in enumerate(self.objects["id"].to_pylist())}


def load_taxonomy(names: Sequence[str] = (DEFAULT,), folder: Path | None = None) -> Taxonomy:
    """Loads tables and lays later ones over earlier ones.

    Args:
        names: `default` for the shipped concepts, `paper` for those that the paper's rules leave, `sandbox` for a few
            shapes and colors, the name of an imported taxonomy, or a folder that holds any of the tables
            (`objects.tsv`, ...). Its rows are added; a row with the id of an earlier one replaces it. A folder that
            holds `frequency.tsv` alone brings frequencies of its own scale: they replace all of the earlier ones.
        folder: Where the named folders lie; the working directory when not given.

    Returns:
        The taxonomy. Asked for the same unchanged tables again, the same object.

    Raises:
        GasError: A folder is missing, or a table breaks a rule of the format; the message has file, line and column.
    """
    if isinstance(names, str):
        raise GasError(f"taxonomy: write a list of names, [{names}], not one name")
    return _assemble(_Layers(tuple(_read_layer(name, folder) for name in names)))


def load_all_shipped() -> Taxonomy:
    """Loads every shipped object, those that only some profiles have as well."""
    return _assemble(_Layers((replace(_read_layer(DEFAULT, None), profile=""),)))


@dataclass(frozen=True)
class _Layer:
    """The files of one folder: (table, name for messages, content). A profile keeps some of the shipped objects."""

    profile: str
    files: tuple[tuple[str, str, bytes], ...]


@dataclass(frozen=True)
class _Layers:
    """Files of all layers; equal and hashed by content so that it can be a cache key."""

    layers: tuple[_Layer, ...]

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for layer in self.layers:
            digest.update(f"{layer.profile}\n".encode())
            for table, _, content in layer.files:
                digest.update(f"{table} {len(content)}\n".encode())
                digest.update(content)
        return digest.hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def locate(self, table: str, ids: Iterable[str]) -> dict[str, str]:
        """Finds the file and line that rows of the assembled table come from: for each id the last layer with it."""
        left = {id_.encode(): id_ for id_ in ids}
        places = {}
        for layer in reversed(self.layers):
            for name, source, content in layer.files:
                if table == name or (table == "objects" and name == SUPPORTING):
                    header, *lines = content.removeprefix(b"\xef\xbb\xbf").splitlines()
                    column = header.split(b"\t").index(b"id")
                    for number, line in enumerate(lines, start=2):
                        if line and (id_ := left.pop(line.split(b"\t")[column], None)):
                            places[id_] = f"{source}:{number}"
        return places


def _read_layer(name: str, folder: Path | None) -> _Layer:
    place = find_taxonomy(name, folder)
    found = list(find_tables(place))
    if file := find_declarations(place):
        found.append((DECLARATIONS, file))
    return _Layer(
        name if name in PROFILES else "", tuple((table, str(file), read_table_file(file)) for table, file in found)
    )


@lru_cache(maxsize=8)
def _assemble(key: _Layers) -> Taxonomy:
    tables: dict[str, pa.Table] = {}
    declared = join_declarations(
        read_declarations(content, source)
        for layer in key.layers
        for name, source, content in layer.files
        if name == DECLARATIONS
    )
    for layer in key.layers:
        new = {
            name: read_table(content, name, source, declared)
            for name, source, content in layer.files
            if name in COLUMNS
        }
        if layer.profile:
            new["objects"] = apply_profile(new["objects"], layer.profile)
            owners = new["objects"]["id"].combine_chunks()
            new["frequency"] = new["frequency"].filter(pc.is_in(new["frequency"]["id"], value_set=owners))
        if set(new) == {"frequency"}:
            tables.pop("frequency", None)
        for table, rows in new.items():
            tables[table] = _lay_over(rows, tables[table]) if table in tables else rows
    # What only holds a tree together comes last: any other row with its id says more.
    for layer in key.layers:
        for name, source, content in layer.files:
            if name == SUPPORTING:
                rows = read_table(content, "objects", source, declared)
                tables["objects"] = _lay_over(tables["objects"], rows) if "objects" in tables else rows
    tables.setdefault("frequency", read_table(b"id\tzipf\n", "frequency", "frequency.tsv"))
    for table in COLUMNS:
        if table not in tables:
            raise GasError(f"taxonomy: no layer holds {table}.tsv; begin the list with `{DEFAULT}`")
        tables[table] = _fill_own(tables[table], table, declared).sort_by("id")
    tables["attributes"] = _take_words(tables["attributes"], declared)
    _check_references(tables, key)
    _check_tree(tables, key)
    return Taxonomy(
        objects=_join_frequency(tables["objects"], tables["frequency"]),
        attributes=tables["attributes"],
        relations=tables["relations"],
        scene_attributes=tables["scene_attributes"],
        version=key.digest,
        own=_find_own(tables["objects"], key),
        frequency=tables["frequency"],
        declared=declared,
    )


def _fill_own(rows: pa.Table, table: str, declared: Declarations) -> pa.Table:
    """Gives a table its declared columns, empty where a row says nothing, and its scene attributes their role."""
    for name in declared.columns.get(table, ()):
        cells = pc.fill_null(rows[name], "") if name in rows.column_names else make_texts([""] * rows.num_rows)
        rows = rows.drop_columns([name] if name in rows.column_names else []).append_column(name, cells)
    if table == "scene_attributes" and (said := declared.say(table, "sentence")):
        own = match_texts(rows["kind"], *said)
        rows = rows.set_column(rows.column_names.index("role"), "role", choose_texts(own, "sentence", rows["role"]))
    return rows


def _take_words(rows: pa.Table, declared: Declarations) -> pa.Table:
    """Leaves out attributes whose word a declared kind takes from theirs."""
    for kind, others in declared.takes_from.items():
        if others:
            words = rows.filter(pc.equal(rows["kind"], kind))["adjective"].combine_chunks()
            taken = pc.and_(pc.is_in(rows["kind"], value_set=make_texts(others)), pc.is_in(rows["adjective"], words))
            rows = rows.filter(pc.invert(taken))
    return rows.combine_chunks()


def _find_own(objects: pa.Table, key: _Layers) -> np.ndarray:
    if all(layer.profile for layer in key.layers):
        return np.zeros(objects.num_rows, dtype=bool)
    shipped = _read_shipped("objects")
    rows = find_rows(objects["id"], shipped["id"])
    same = pc.equal(shipped["name"].take(make_array(np.maximum(rows, 0))), objects["name"])
    return (rows < 0) | ~read_truths(same)


def _lay_over(rows: pa.Table, below: pa.Table) -> pa.Table:
    replaced = pc.is_in(below["id"], value_set=rows["id"].combine_chunks())
    joined = [below.filter(pc.invert(replaced)), rows]
    return pa.concat_tables(joined, promote_options="default").combine_chunks()  # columns of one's own are in some


def _check_references(tables: dict[str, pa.Table], key: _Layers) -> None:
    """Refuses ids that mean nothing.

    A relation's inverse and the owner of a frequency may also be what is shipped but not part of this taxonomy.
    """
    problems = []
    for table, column, target in (
        ("objects", "parent", "objects"),
        ("relations", "inverse", "relations"),
        ("frequency", "id", "objects"),
    ):
        # A frequency is of a concept of any table.
        owners = (target,) if table != "frequency" else tuple(name for name in COLUMNS if name != "frequency")
        ids = pa.chunked_array([chunk for name in owners for chunk in tables[name]["id"].chunks])
        values = tables[table][column]
        rows = np.flatnonzero((find_rows(values, ids) < 0) & ~match_texts(values, "")).tolist()
        elsewhere = _list_shipped(target) if rows and column != "parent" else frozenset()
        if table == "relations" and rows:
            known = pc.is_in(values, value_set=ids.combine_chunks())
            tables[table] = tables[table].set_column(
                tables[table].column_names.index(column), column, choose_texts(read_truths(known), values, "")
            )
        if column != "parent":
            rows = [row for row in rows if values[row].as_py() not in elsewhere]
        owners = tables[table]["id"].take(make_array(np.array(rows, dtype=np.int64))).to_pylist()
        places = key.locate(table, owners[:MOST_PROBLEMS])
        shown = zip(rows, owners[:MOST_PROBLEMS], strict=False)
        words = collect_words(tables[target], target) if rows else None
        for value, owner in ((values[row].as_py(), owner) for row, owner in shown):
            hint = ask(words.find(value) if words else ()) + _advise_default(value, target, key)
            problems.append(f"{places[owner]}: column {column!r}: {quote(value)} is not an id of {target}{hint}")
        problems += [""] * (len(rows) - MOST_PROBLEMS)
    raise_problems(problems)


def _check_tree(tables: dict[str, pa.Table], key: _Layers) -> None:
    """Refuses parents that lead in a circle, and objects that lie deeper than any sound tree is."""
    parents = find_rows(tables["objects"]["parent"], tables["objects"]["id"])
    above = parents
    for _ in range(DEEPEST):
        # Row -1, which is above the root, is the last one of this.
        above = np.append(parents, -1)[above]
    if not len(lost := np.flatnonzero(above >= 0)):
        return
    way = dict.fromkeys([int(lost[0])])
    while (row := int(parents[next(reversed(way))])) >= 0 and row not in way:
        way[row] = None
    if row < 0:
        owner = tables["objects"]["id"][int(lost[0])].as_py()
        place = key.locate("objects", [owner])[owner]
        message = f"{quote(owner)} lies under {len(way) - 1:,} others; at most {DEEPEST} levels are allowed"
        raise GasError(f"{place}: column 'parent': {message}")
    circle = list(way)[list(way).index(row) :]
    ids = tables["objects"]["id"].take(make_array(np.array(circle, dtype=np.int64))).to_pylist()
    # The row of the last layer is the one that closes the circle.
    owner, place = next(iter(key.locate("objects", ids).items()))
    parent = ids[(ids.index(owner) + 1) % len(ids)]
    message = (
        "an object is no parent of itself" if len(ids) == 1 else f"{quote(parent)} lies under {quote(owner)} itself"
    )
    raise GasError(f"{place}: column 'parent': leads in a circle: {message}; write another parent")


def _advise_default(value: str, target: str, key: _Layers) -> str:
    has_shipped = any(layer.profile for layer in key.layers)
    return "" if has_shipped or value not in _list_shipped(target) else f"; begin the list with `{DEFAULT}` to have it"


@lru_cache(maxsize=2)
def _list_shipped(table: str) -> frozenset[str]:
    return frozenset(_read_shipped(table)["id"].to_pylist())


@lru_cache(maxsize=2)
def _read_shipped(table: str) -> pa.Table:
    file = files(shipped) / f"{table}.tsv"
    return read_table(file.read_bytes(), table, str(file))


def _join_frequency(objects: pa.Table, frequency: pa.Table) -> pa.Table:
    rows = find_rows(objects["id"], frequency["id"])
    # Row -1, what is not found, is the zero at the end.
    zipf = np.append(view_numbers(frequency["zipf"], np.float32), np.float32(0))[rows]
    return objects.append_column("frequency", make_array(zipf))


@lru_cache(maxsize=1024)
def _combine_kinds(kinds: str) -> np.uint64:
    if kinds == "any":
        return ALL_KINDS
    bits = 0
    for kind in kinds.split("|"):
        if kind not in KINDS:
            raise GasError(f"{kind!r} is not a kind of object; {advise(kind, KINDS)}")
        bits |= 1 << KINDS.index(kind)
    return np.uint64(bits)
