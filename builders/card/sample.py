"""What the card counts in rows: a bounded number of them, the first ones of a config's largest split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import find_rows, make_array, make_texts, view_numbers
from ...taxonomy import IDENTITY, TABLES, Taxonomy
from ..content.scenes import BLOCK
from ..folder.files import AnyPath
from ..folder.manifest import Config, File
from ..folder.reading import read_file_rows
from .choice import choose_scenes

SAMPLE = BLOCK
"""Rows that are counted: a row group of a file."""
CONCEPTS = {
    "objects": ("concept",),
    "attributes": ("kind", "value"),
    "relations": ("category", "predicate"),
    "scene_attributes": ("kind", "value"),
}
"""Fields of rows that say which concept is meant, the last of which can be read."""
Row = dict[str, Any]
Counts = Counter[Any]


@dataclass(frozen=True)
class Sample:
    """Counts over the first rows of a split.

    Attributes:
        split: The split.
        rows: How many rows were counted.
        whole: Whether these are all rows of the split.
        complexity: Scenes of each complexity.
        words: Words of the shortest, the median and the longest caption.
        concepts: By sort, uses of each concept, which is a tuple of the fields of `CONCEPTS`.
        names: What the objects are called, by concept.
        kinds: Of attributes, relations and scene attributes, uses of each kind or category.
        forms: Questions by kind and form.
        answers: By form, then by kind (`yes_no`, `count`) or number of choices (`multiple_choice`): how often each
            answer, or place among the choices from 1, is right.
        edits: Pairs by what was changed, None where nothing could be; empty without pairs.
        scenes: All columns of the rows to draw.
    """

    split: str
    rows: int
    whole: bool
    complexity: Counts
    words: tuple[int, int, int]
    concepts: dict[str, Counts]
    names: dict[str, str]
    kinds: dict[str, Counts]
    forms: dict[str, Counts]
    answers: dict[str, dict[str, Counts]]
    edits: Counts = field(default_factory=Counter)
    scenes: tuple[Row, ...] = ()


def find_sample(config: Config) -> tuple[str, File]:
    """The split that is looked at, and the only file of a config that is read."""
    split = max(config.splits, key=lambda name: config.splits[name].rows)
    return split, next(file for file in config.splits[split].files if file.rows)


def sample_config(out: AnyPath, config: Config, drawn: int) -> Sample:
    """Reads the first rows of a config's largest split, and counts.

    Args:
        out: The built folder.
        config: What its manifest says of the config.
        drawn: How many rows to choose for drawing.

    Raises:
        GasError: The file is missing or damaged, or its rows are not as a build writes them.
    """
    split, file = find_sample(config)
    batch = next(read_file_rows(out, file, None, SAMPLE))
    return count_rows(batch, split, len(batch) == config.splits[split].rows, drawn)


def count_rows(batch: pa.RecordBatch, split: str, whole: bool, drawn: int) -> Sample:
    """Counts some rows."""
    graph = batch["scene_graph"]
    objects, relations = (pc.list_flatten(pc.struct_field(graph, name)) for name in ("objects", "relations"))
    items = {
        "objects": objects,
        "attributes": pc.list_flatten(pc.struct_field(objects, "attributes")),
        "relations": relations,
        "scene_attributes": pc.list_flatten(batch["scene_attributes"]),
    }
    concepts = {sort: _count_fields(items[sort], *CONCEPTS[sort]) for sort in TABLES}
    named = _count_fields(objects, "concept", "name")
    words = np.sort(view_numbers(_count_words(batch["caption"]), np.int32))
    questions = pc.list_flatten(batch["questions"])
    edits: Counts = Counter()
    if "pair" in batch.schema.names:
        edits = _count_values(pc.struct_field(batch["pair"], "edit"))
    return Sample(
        split,
        len(batch),
        whole,
        _count_values(pc.struct_field(batch["structure"], "complexity")),
        (int(words[0]), int(words[len(words) // 2]), int(words[-1])),
        concepts,
        dict(sorted(named)),
        {sort: _sum_by(concepts[sort], 0) for sort in TABLES if len(CONCEPTS[sort]) > 1},
        _count_forms(questions),
        _count_answers(questions),
        edits,
        choose_scenes(batch, drawn),
    )


def _count_values(column: pa.Array) -> Counts:
    return Counter({one["values"]: one["counts"] for one in pc.value_counts(column).to_pylist()})


def _count_fields(items: pa.StructArray, *names: str) -> Counts:
    """How often each combination of some fields occurs."""
    some = pa.StructArray.from_arrays([pc.struct_field(items, name) for name in names], names=list(names))
    numbers, keys = np.zeros(len(some), dtype=np.int64), list[list[str]]()
    for name in names:
        encoded = pc.struct_field(some, name).dictionary_encode()
        keys.append(encoded.dictionary.to_pylist())
        numbers = numbers * len(keys[-1]) + view_numbers(encoded.indices, np.int32)
    codes, counts = np.unique(numbers, return_counts=True)
    result: Counts = Counter()
    for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
        parts: list[str] = []
        for values in keys[::-1]:
            code, place = divmod(code, len(values))
            parts.append(values[place])
        result[tuple(parts[::-1])] = count
    return result


def _sum_by(counts: Counts, *places: int) -> Counts:
    """Counts added up by some parts of their keys."""
    total: Counts = Counter()
    for key, count in counts.items():
        total[key[places[0]] if len(places) == 1 else tuple(key[place] for place in places)] += count
    return total


def _count_words(captions: pa.Array) -> pa.Array:
    return pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(captions)))


def _count_forms(questions: pa.StructArray) -> dict[str, Counts]:
    forms: dict[str, Counts] = {}
    for (kind, form), count in _count_fields(questions, "kind", "form").items():
        forms.setdefault(kind, Counter())[form] += count
    return forms


def _count_answers(questions: pa.StructArray) -> dict[str, dict[str, Counts]]:
    answers: dict[str, dict[str, Counts]] = {}
    for (form, kind, answer), count in _count_fields(questions, "form", "kind", "answer").items():
        if form in ("yes_no", "count"):
            answers.setdefault(form, {}).setdefault(kind, Counter())[answer] += count
    choices = pc.struct_field(questions, "choices")
    sizes = view_numbers(pc.list_value_length(choices), np.int32)
    starts = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(len(sizes)), sizes)
    right = pc.equal(pc.list_flatten(choices), pc.struct_field(questions, "answer").take(make_array(owner)))
    at = np.flatnonzero(view_numbers(pc.cast(right, pa.uint8()), np.uint8))
    pairs, counts = np.unique(np.stack([sizes[owner[at]], at - starts[owner[at]]]), axis=1, return_counts=True)
    for (size, place), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        answers.setdefault("multiple_choice", {}).setdefault(str(size), Counter())[place + 1] = count
    return answers


def count_object_kinds(sample: Sample, taxonomy: Taxonomy) -> Counts:
    """Uses of objects by their kinds, of which an object can have several."""
    uses = sample.concepts["objects"]
    rows = find_rows(make_texts(concept for (concept,) in uses), taxonomy.objects["id"])
    kinds: Counts = Counter()
    for cell, count in zip(taxonomy.objects["kinds"].take(make_array(rows)).to_pylist(), uses.values(), strict=True):
        for kind in cell.split("|"):
            kinds[kind] += count
    return kinds


def count_used(sample: Sample, taxonomy: Taxonomy, left: dict[str, np.ndarray]) -> dict[str, int]:
    """How many of the concepts that filters leave occur in the sample, by sort."""
    used = {}
    for sort in TABLES:
        table = getattr(taxonomy, sort).select(IDENTITY[sort]).take(make_array(left[sort]))
        there = set(zip(*(column.to_pylist() for column in table.columns), strict=True))
        used[sort] = len(there & set(sample.concepts[sort]))
    return used


def rank(counts: Mapping[Any, int], most: int | None = None) -> list[tuple[Any, int]]:
    """Keys by their counts, the largest first; of equal ones by their names."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:most]
