"""Whether rows that somebody may have changed are as a build writes them, so that no reader trips over them.

Types are compared with the schema, nulls stand only where builds write some, and what names an element of a scene
names one that is there. All of it is looked at in columns, and only in those that are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import view_numbers
from ...errors import describe_error
from .schema import ASKED, SCHEMA

COLUMNS = pa.struct([*SCHEMA, *ASKED])
LATER = frozenset({"count", "aliases"})
"""Fields that rows of earlier versions lack."""
NULLABLE = frozenset({"pair", "pair.changed.answer", "edit", "questions.foil"})
ELEMENT = r"^(?P<domain>object|relation|scene|attribute)/(?P<first>[0-9]{1,9})(?:/(?P<second>[0-9]{1,9}))?$"
"""How questions and mentions name an element of a scene; only an attribute has the second number."""


def find_type_fault(schema: pa.Schema, columns: Iterable[str]) -> str:
    """Says which column is missing, there twice, or of another type than builds write; nothing if none is.

    Args:
        schema: Of a Parquet file.
        columns: What is read, as Parquet names it: `structure`, or `structure.topology`.
    """
    asked = [f"{name.replace('.list.element', '')}." for name in columns]
    return next(_list_type_faults(pa.struct(list(schema)), COLUMNS, "", asked), "")


def _list_type_faults(found: pa.DataType, wanted: pa.DataType, path: str, asked: list[str]) -> Iterator[str]:
    if pa.types.is_list(wanted) and pa.types.is_list(found):
        yield from _list_type_faults(found.value_type, wanted.value_type, path, asked)
    elif pa.types.is_struct(wanted) and pa.types.is_struct(found):
        for field in wanted:
            name = f"{path}{field.name}"
            if any(f"{name}.".startswith(one) or one.startswith(f"{name}.") for one in asked):
                places = found.get_all_field_indices(field.name)
                if len(places) == 1:
                    yield from _list_type_faults(found.field(places[0]).type, field.type, f"{name}.", asked)
                elif places or field.name not in LATER:
                    yield f"column `{name}` {'is there twice' if places else 'is missing'}"
    elif found != wanted and not (pa.types.is_dictionary(found) and found.value_type == wanted):
        yield f"column `{path[:-1]}` is {str(found)[:60]}, where a build writes {str(wanted)[:60]}"


def find_value_fault(rows: pa.RecordBatch) -> str:
    """Says which column has a value that no build writes, if one has; types are as `find_type_fault` wants them."""
    try:
        rows.validate(full=True)
    except pa.ArrowException as error:
        return f"is damaged: {describe_error(error)}"
    known = [name for name in rows.schema.names if COLUMNS.get_field_index(name) >= 0]
    for name in known:
        if where := _find_null(rows[name], name):
            return f"column `{where}` lacks a value"
    return next((f"column `{name}` names what is not there" for name in _list_strays(rows, known)), "")


def _find_null(column: pa.Array, path: str) -> str:
    if column.null_count:
        if path not in NULLABLE:
            return path
        column = column.drop_null()
    if pa.types.is_struct(column.type):
        parts = zip(column.type, column.flatten(), strict=True)
        return next((where for field, part in parts if (where := _find_null(part, f"{path}.{field.name}"))), "")
    return _find_null(column.flatten(), path) if pa.types.is_list(column.type) else ""


# --- what names an element of a scene --------------------------------------------------------------------------------


def _list_strays(rows: pa.RecordBatch, known: list[str]) -> Iterator[str]:
    """Columns with a number of an object, a question or another element that their scene does not have."""
    if "scene_graph" in known:
        yield from _list_lost_ends(rows["scene_graph"], "scene_graph")
    if "pair" in known:
        pairs = rows["pair"].drop_null()
        if pairs.type.get_field_index("scene_graph") >= 0:
            yield from _list_lost_ends(pc.struct_field(pairs, "scene_graph"), "pair.scene_graph")
    if "questions" in known and rows["questions"].type.value_type.get_field_index("depends_on") >= 0:
        questions, _ = _flatten(rows["questions"])
        above, owners = _flatten(pc.struct_field(questions, "depends_on"))
        if not _is_within(above, _number_places(rows["questions"])[owners]):
            yield "questions.depends_on"
    if {"scene_graph", "scene_attributes"} <= set(known):
        yield from _list_lost_elements(rows)


def _list_lost_ends(graphs: pa.StructArray, path: str) -> Iterator[str]:
    """Relations between objects that are not there."""
    fields = [field.name for field in graphs.type]
    if {"objects", "relations"} <= set(fields):
        counts = _count(pc.struct_field(graphs, "objects"))
        relations, owners = _flatten(pc.struct_field(graphs, "relations"))
        for end in ("subject", "object"):
            there = relations.type.get_field_index(end) >= 0
            if there and not _is_within(pc.struct_field(relations, end), counts[owners]):
                yield f"{path}.relations.{end}"


def _list_lost_elements(rows: pa.RecordBatch) -> Iterator[str]:
    """Questions and mentions of elements that are not there."""
    objects = pc.struct_field(rows["scene_graph"], "objects")
    sizes = {
        "object": _count(objects),
        "relation": _count(pc.struct_field(rows["scene_graph"], "relations")),
        "scene": _count(rows["scene_attributes"]),
    }
    attributes = _count(pc.struct_field(_flatten(objects)[0], "attributes"))
    begin = np.cumsum(sizes["object"]) - sizes["object"]
    for path in ("questions.elements", "mentions.element", "wordings.mentions.element"):
        named = _take_named(rows, path)
        if named and not _are_elements(*named, sizes, attributes, begin):
            yield path


def _take_named(rows: pa.RecordBatch, path: str) -> tuple[pa.Array, np.ndarray] | None:
    """The texts of a field within lists, with the row of each; nothing where it was not read."""
    column, *fields = path.split(".")
    if column not in rows.schema.names:
        return None
    items, owners = _flatten(rows[column])
    for name in fields:
        if items.type.get_field_index(name) < 0:
            return None
        items = pc.struct_field(items, name)
        if pa.types.is_list(items.type):
            items, inner = _flatten(items)
            owners = owners[inner]
    return items, owners


def _are_elements(
    texts: pa.Array, owners: np.ndarray, sizes: dict[str, np.ndarray], attributes: np.ndarray, begin: np.ndarray
) -> bool:
    """Whether texts name elements of the scenes of these rows.

    Args:
        texts: Such as `attribute/0/1`.
        owners: The row of each.
        sizes: Elements of each row, by domain.
        attributes: How many each object of all rows has.
        begin: The first object of each row.
    """
    coded = texts.dictionary_encode()
    parts = pc.extract_regex(coded.dictionary, ELEMENT)
    if parts.null_count:
        return False
    domains, seconds = (pc.struct_field(parts, name).to_pylist() for name in ("domain", "second"))
    first = np.array([int(text) for text in pc.struct_field(parts, "first").to_pylist()], dtype=np.int64)
    second = np.array([int(text) if text else -1 for text in seconds], dtype=np.int64)
    codes = view_numbers(coded.indices, np.int32)
    for domain in set(domains):
        at = np.flatnonzero(np.array([one == domain for one in domains])[codes])
        numbers, others, rows = first[codes[at]], second[codes[at]], owners[at]
        if (numbers >= sizes["object" if domain == "attribute" else domain][rows]).any():
            return False
        least, most = (0, attributes[begin[rows] + numbers]) if domain == "attribute" else (-1, np.int64(0))
        if (others < least).any() or (others >= most).any():
            return False
    return True


def _flatten(lists: pa.ListArray) -> tuple[pa.Array, np.ndarray]:
    """The values of lists, and the list of each."""
    return pc.list_flatten(lists), view_numbers(pc.cast(pc.list_parent_indices(lists), pa.int64()), np.int64)


def _count(lists: pa.ListArray) -> np.ndarray:
    return view_numbers(pc.cast(pc.list_value_length(lists), pa.int64()), np.int64)


def read_numbers(ids: pa.Array) -> np.ndarray:
    """The numbers at the ends of ids, int64.

    Raises:
        pa.ArrowException: One of them has no number.
    """
    digits = pc.replace_substring_regex(ids, pattern="^.*/", replacement="")
    return view_numbers(pc.cast(digits, pa.int64()), np.int64)


def _number_places(lists: pa.ListArray) -> np.ndarray:
    """The place of each value in its list."""
    lengths = _count(lists)
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _is_within(numbers: pa.Array, ends: np.ndarray) -> bool:
    """Whether numbers are from 0 to before these ends."""
    values = view_numbers(numbers, np.int32)
    return bool(((values >= 0) & (values < ends)).all())
