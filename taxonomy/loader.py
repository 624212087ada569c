"""Loads the taxonomy: the shipped tables, and a user's own tables laid over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import GasError
from .schema import COLUMNS, KINDS
from .tables import read_table, suggest

DEFAULT = "default"
ALL_KINDS = np.uint64((1 << len(KINDS)) - 1)


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """The concepts of a dataset.

    Attributes:
        objects: One row an object; the columns of `COLUMNS["objects"]` and `frequency` (float32, 0 where unknown).
        attributes: One row an attribute; `order` is int8.
        relations: One row a relation; `symmetric` is a bool.
        scene_attributes: One row a scene attribute.
        version: SHA-256 (hex) over the content of all tables.

    All tables are sorted by `id`; an index of an object is its row in `objects`.
    """

    objects: pa.Table
    attributes: pa.Table
    relations: pa.Table
    scene_attributes: pa.Table
    version: str

    @cached_property
    def parent_index(self) -> np.ndarray:
        """The row of every object's parent (int32), -1 for the root."""
        return _find_rows(self.objects["parent"], self.objects["id"])

    def object_index(self, name_or_id: str) -> int:
        """Finds an object by its id, or by its display name where that is unambiguous.

        A name that several objects share means the only one of the `common` tier, or else of the `visible` tier.

        Raises:
            GasError: There is no such object, or the name means several.
        """
        row = self._rows_of_ids.get(name_or_id)
        if row is not None:
            return row
        rows = self._rows_of_names.get(name_or_id.casefold(), [])
        for tiers in (("common",), ("common", "visible"), ("common", "visible", "full")):
            chosen = [row for row in rows if self.objects["tier"][row].as_py() in tiers]
            if len(chosen) == 1:
                return chosen[0]
            if chosen:
                ids = ", ".join(self.objects["id"][row].as_py() for row in chosen)
                raise GasError(f"{name_or_id!r} names several objects: write one of {ids}")
        choices = [*self._rows_of_ids, *self._rows_of_names]
        raise GasError(f"the taxonomy has no object {name_or_id!r}{suggest(name_or_id, choices)}")

    def is_under(self, ids: Iterable[str]) -> np.ndarray:
        """Marks (bool, one an object) the objects with one of these ids or names, and all objects under them."""
        mask = np.zeros(self.objects.num_rows, dtype=bool)
        for name_or_id in ids:
            mask[self.object_index(name_or_id)] = True
        parents = self.parent_index
        has_parent = parents >= 0
        marked = -1
        while marked != (marked := int(mask.sum())):
            mask |= mask[parents] & has_parent
        return mask

    def kind_bits(self, column: pa.ChunkedArray | pa.Array) -> np.ndarray:
        """Turns a column of kinds (`animal|food`) into uint64: bit `i` stands for `KINDS[i]`, `any` sets them all."""
        encoded = pc.dictionary_encode(column)
        encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
        bits = np.array([_combine_kinds(kinds) for kinds in encoded.dictionary.to_pylist()], dtype=np.uint64)
        return bits[_view_numbers(encoded.indices, np.int32)]

    @cached_property
    def _rows_of_ids(self) -> dict[str, int]:
        return {id_: row for row, id_ in enumerate(self.objects["id"].to_pylist())}

    @cached_property
    def _rows_of_names(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(self.objects["name"].to_pylist()):
            rows.setdefault(name.casefold(), []).append(row)
        return rows


def load_taxonomy(names: Sequence[str] = (DEFAULT,), folder: Path | None = None) -> Taxonomy:
    """Loads tables and lays later ones over earlier ones.

    Args:
        names: `default` for the shipped tables; any other name is a folder that holds any of the tables
            (`objects.tsv`, ...). Its rows are added; a row with the id of an earlier one replaces it.
        folder: Where the named folders lie; the working directory when not given.

    Returns:
        The taxonomy. Asked for the same unchanged tables again, the same object.

    Raises:
        GasError: A folder is missing, or a table breaks a rule of the format; the message has file, line and column.
    """
    if isinstance(names, str):
        raise GasError(f"taxonomy: write a list of names, [{names}], not one name")
    layers = tuple(_read_layer(name, folder) for name in names)
    return _assemble(_Layers(layers))


@dataclass(frozen=True)
class _Layers:
    """Files of all layers; equal and hashed by content so that it can be a cache key."""

    layers: tuple[tuple[tuple[str, str, bytes], ...], ...]

    @cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for layer in self.layers:
            for table, _, content in layer:
                digest.update(f"{table} {len(content)}\n".encode())
                digest.update(content)
        return digest.hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def locate(self, table: str, id_: str) -> str:
        """Finds the file and the line that a row of the assembled table comes from: the last layer with its id."""
        for layer in reversed(self.layers):
            for name, source, content in layer:
                if name == table:
                    column = content.split(b"\n", 1)[0].split(b"\t").index(b"id")
                    for line, row in enumerate(content.splitlines(), start=1):
                        if row.split(b"\t")[column] == id_.encode():
                            return f"{source}:{line}"
        return table


def _read_layer(name: str, folder: Path | None) -> tuple[tuple[str, str, bytes], ...]:
    place = files(__package__) if name == DEFAULT else (folder or Path()) / name
    if not place.is_dir():
        raise GasError(f"taxonomy {name!r}: {place} is not a folder; write `{DEFAULT}` or a folder that holds tables")
    found = []
    for table in COLUMNS:
        file = place / f"{table}.tsv"
        if file.is_file():
            found.append((table, str(file), file.read_bytes()))
    if not found:
        tables = ", ".join(f"{table}.tsv" for table in COLUMNS)
        raise GasError(f"taxonomy {name!r}: {place} holds none of {tables}")
    return tuple(found)


@lru_cache(maxsize=8)
def _assemble(key: _Layers) -> Taxonomy:
    tables: dict[str, pa.Table] = {}
    for layer in key.layers:
        for table, source, content in layer:
            rows = read_table(content, table, source)
            if table in tables:
                replaced = pc.is_in(tables[table]["id"], value_set=rows["id"].combine_chunks())
                rows = pa.concat_tables([tables[table].filter(pc.invert(replaced)), rows]).combine_chunks()
            tables[table] = rows
    for table in COLUMNS:
        if table not in tables:
            raise GasError(f"taxonomy: no layer holds {table}.tsv; begin the list with `{DEFAULT}`")
        tables[table] = tables[table].sort_by("id")
    _check_references(tables, key)
    return Taxonomy(
        objects=_join_frequency(tables["objects"], tables["frequency"]),
        attributes=tables["attributes"],
        relations=tables["relations"],
        scene_attributes=tables["scene_attributes"],
        version=key.digest,
    )


def _check_references(tables: Mapping[str, pa.Table], key: _Layers) -> None:
    for table, column, target in (
        ("objects", "parent", "objects"),
        ("relations", "inverse", "relations"),
        ("frequency", "id", "objects"),
    ):
        ids = tables[target]["id"]
        for row in np.flatnonzero(_find_rows(tables[table][column], ids) < 0).tolist():
            value, owner = tables[table][column][row].as_py(), tables[table]["id"][row].as_py()
            if value:
                raise GasError(
                    f"{key.locate(table, owner)}: column {column!r}: {value!r} is not an id of {target}"
                    f"{suggest(value, ids.to_pylist())}"
                )


def _find_rows(values: pa.ChunkedArray, ids: pa.ChunkedArray) -> np.ndarray:
    """Finds the row of every value in `ids` (int32), -1 where there is none."""
    found = pc.index_in(values.combine_chunks(), value_set=ids.combine_chunks())
    missing = _view_numbers(pc.cast(pc.is_null(found), pa.uint8()), np.uint8)
    return np.where(missing == 1, np.int32(-1), _view_numbers(found, np.int32))


def _view_numbers(column: pa.Array | pa.ChunkedArray, dtype: type[np.generic]) -> np.ndarray:
    """Views an Arrow column of numbers as numpy's, under the nulls as well; Arrow's own `to_numpy` imports pandas."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.frombuffer(array.buffers()[1], dtype=dtype)[array.offset : array.offset + len(array)]


def _join_frequency(objects: pa.Table, frequency: pa.Table) -> pa.Table:
    rows = _find_rows(objects["id"], frequency["id"])
    # Row -1, what is not found, is the zero at the end.
    zipf = np.append(_view_numbers(frequency["zipf"], np.float32), np.float32(0))[rows]
    column = pa.Array.from_buffers(pa.float32(), len(zipf), [None, pa.py_buffer(zipf)])
    return objects.append_column("frequency", column)


@lru_cache(maxsize=1024)
def _combine_kinds(kinds: str) -> np.uint64:
    if kinds == "any":
        return ALL_KINDS
    bits = 0
    for kind in kinds.split("|"):
        if kind not in KINDS:
            raise GasError(f"{kind!r} is not a kind of object{suggest(kind, KINDS)}; the kinds are {', '.join(KINDS)}")
        bits |= 1 << KINDS.index(kind)
    return np.uint64(bits)
