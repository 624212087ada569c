"""What is known of scenes and of what their questions rest on: numbers of elements, concepts, predicates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Labels, encode

COUNTS: Mapping[str, str] = {
    "elements": "complexity",
    "objects": "objects",
    "attributes": "attributes",
    "relations": "relations",
}
"""What is counted in a scene, and the field of `structure` that has it."""


def count_elements(scenes: pa.Table, name: str) -> np.ndarray | None:
    """A number a scene: of `COUNTS`, or `copies`, the most alike things of an object; None where nothing says it."""
    if name == "copies":
        return _count_copies(scenes)
    if "structure" not in scenes.column_names or scenes["structure"].type.get_field_index(COUNTS[name]) < 0:
        return None
    counts = pc.struct_field(scenes["structure"], COUNTS[name])
    return counts.fill_null(-1).to_numpy().astype(np.int64)


def _count_copies(scenes: pa.Table) -> np.ndarray | None:
    objects = read_objects(scenes)
    if objects is None or objects.counts is None:
        return None
    found = np.full(scenes.num_rows, -1, dtype=np.int64)
    np.maximum.at(found, objects.row, objects.counts)
    return found


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of scenes, one after the other.

    Attributes:
        row: The row of the scene of each.
        start: The number of the first object of each scene, with the number of all at the end.
        concepts: The id of each.
        names: The name of each.
        counts: How many alike things each stands for; None where nothing says it.
    """

    row: np.ndarray
    start: np.ndarray
    concepts: Labels
    names: pa.Array
    counts: np.ndarray | None


def read_objects(scenes: pa.Table) -> Objects | None:
    """The objects of scenes; None where scenes have no graphs, or these have no concepts."""
    found = _read_list(scenes, "objects")
    if found is None or not {"concept", "name"} <= {field.name for field in found[0].type}:
        return None
    objects, row, start = found
    has_counts = objects.type.get_field_index("count") >= 0
    counts = pc.struct_field(objects, "count").fill_null(1).to_numpy().astype(np.int64) if has_counts else None
    return Objects(row, start, encode(pc.struct_field(objects, "concept")), pc.struct_field(objects, "name"), counts)


def _read_list(scenes: pa.Table, name: str) -> tuple[pa.StructArray, np.ndarray, np.ndarray] | None:
    """What a list of the scene graphs holds, the row of each entry, and where each row's begin."""
    if "scene_graph" not in scenes.column_names:
        return None
    graphs = scenes["scene_graph"]
    if not pa.types.is_struct(graphs.type) or graphs.type.get_field_index(name) < 0:
        return None
    return flatten(pc.struct_field(graphs, name))


def flatten(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    """The entries of a column of lists, the row of each, and the number of the first entry of each row."""
    lengths = pc.list_value_length(column).fill_null(0).to_numpy().astype(np.int64)
    flat = pc.list_flatten(column)
    flat = pa.chunked_array(flat.chunks, flat.type).combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat
    return flat, np.repeat(np.arange(len(lengths)), lengths), np.cumsum([0, *lengths])


@dataclass(frozen=True, eq=False)
class Rests:
    """What questions rest on that are about what is there: pairs of a question and a name.

    Attributes:
        start: The number of the first question of each row of scenes, with the number of all at the end.
        question: The number of the question of each pair.
        labels: What it rests on.
        titles: How people know names that say little.
    """

    start: np.ndarray
    question: np.ndarray
    labels: Labels
    titles: dict[str, str]


def read_concepts(scenes: pa.Table) -> Rests | None:
    """The concepts of the objects that questions rest on, relations apart; None where scenes do not say it."""
    objects, elements = read_objects(scenes), _read_elements(scenes)
    if objects is None or elements is None:
        return None
    kept, places = elements.find(("object", "attribute"), objects.start)
    names = [objects.concepts.names[code] if code >= 0 else "" for code in objects.concepts.codes.tolist()]
    titles = dict(zip(names, objects.names.to_pylist(), strict=True))
    return _pair(elements, kept, Labels(objects.concepts.names, objects.concepts.codes[places]), titles)


def read_attribute_kinds(scenes: pa.Table) -> Rests | None:
    """The kinds of the attributes that questions rest on; None where scenes do not say it."""
    found, elements = _read_list(scenes, "objects"), _read_elements(scenes)
    if found is None or elements is None or found[0].type.get_field_index("attributes") < 0:
        return None
    objects, _, start = found
    attributes, _, first = flatten(pa.chunked_array([pc.struct_field(objects, "attributes")]))
    kept, owners = elements.find(("attribute",), start)
    places = first[owners] + elements.second[kept]
    inside = (elements.second[kept] >= 0) & (places < first[owners + 1])
    kinds = encode(pc.struct_field(attributes, "kind"))
    return _pair(elements, kept[inside], Labels(kinds.names, kinds.codes[places[inside]]), {})


def read_predicates(scenes: pa.Table, field: str = "predicate") -> Rests | None:
    """The predicates, or categories, of the relations that questions rest on; None where scenes do not say it."""
    found, elements = _read_list(scenes, "relations"), _read_elements(scenes)
    if found is None or elements is None:
        return None
    relations, _, start = found
    kept, places = elements.find(("relation",), start)
    names = encode(pc.struct_field(relations, field))
    return _pair(elements, kept, Labels(names.names, names.codes[places]), {})


def _pair(elements: _Elements, kept: np.ndarray, labels: Labels, titles: dict[str, str]) -> Rests:
    """Each question beside each name once."""
    known, many = labels.codes >= 0, max(1, len(labels.names))
    keys = np.unique(elements.question[kept[known]] * many + labels.codes[known])
    return Rests(elements.start, keys // many, Labels(labels.names, keys % many), titles)


SORTS = ("object", "attribute", "relation")
"""What names of elements begin with, which a number in the scene's list follows; of attributes another one."""

_ELEMENT = re.compile(f"({'|'.join(SORTS)})/([0-9]{{1,9}})(?:/([0-9]{{1,9}}))?")


@dataclass(frozen=True, eq=False)
class _Elements:
    """What questions rest on: of each the scene's row, the question, which of `SORTS`, and the numbers in its name.

    All numbers are -1 where a name is none of an element.
    """

    start: np.ndarray
    row: np.ndarray
    question: np.ndarray
    sort: np.ndarray
    number: np.ndarray
    second: np.ndarray

    def find(self, sorts: Sequence[str], start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The elements of some sorts, and the places of what they name, in lists that begin at `start` in each row."""
        kept = np.flatnonzero(np.isin(self.sort, [SORTS.index(one) for one in sorts]))
        places = start[self.row[kept]] + self.number[kept]
        inside = places < start[self.row[kept] + 1]
        return kept[inside], places[inside]


def _read_elements(scenes: pa.Table) -> _Elements | None:
    """Elements of questions about what is there: a foil's are those that it stands in for."""
    if "questions" not in scenes.column_names or not pa.types.is_nested(scenes["questions"].type):
        return None
    questions, row, start = flatten(scenes["questions"])
    if questions.type.get_field_index("elements") < 0:
        return None
    elements, question, _ = flatten(pa.chunked_array([pc.struct_field(questions, "elements")]))
    kept = np.arange(len(question))
    if questions.type.get_field_index("foil") >= 0:
        is_true = pc.is_null(pc.struct_field(questions, "foil")).to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(is_true[question])
    names = encode(elements)
    numbers = np.array([*map(_read_name, names.names), (-1, -1, -1)], dtype=np.int64)[names.codes[kept]]
    return _Elements(start, row[question[kept]], question[kept], *numbers.T)


def _read_name(name: str) -> tuple[int, int, int]:
    """Of `attribute/0/1` its sort, 0 and 1."""
    if not (found := _ELEMENT.fullmatch(name)):
        return -1, -1, -1
    sort, number, second = found.groups()
    return SORTS.index(sort), int(number), -1 if second is None else int(second)
