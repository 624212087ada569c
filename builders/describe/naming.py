"""Words of graphs -> rows of a taxonomy that has all of them: the one that is given, and tables for what it lacks."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...taxonomy import Taxonomy, load_taxonomy
from ...taxonomy.schema import COLUMNS, SCENE_ROLES
from .alternatives import Alternatives, apply_alternatives
from .layout import SORTS, Key, Named, Vocabulary
from .modifiers import SEVERAL, read_attribute, read_predicate, read_scene_attribute
from .nouns import Meaning, read_noun


@dataclass
class Meanings:
    """What the words of a vocabulary mean.

    Attributes:
        found: By sort, the meanings of each word; several for a predicate, none for what is left out.
        tables: Rows of tables of one's own, by table and id.
    """

    found: dict[str, list[list[Meaning]]] = field(default_factory=dict)
    tables: dict[str, dict[str, Mapping[str, str]]] = field(default_factory=dict)

    def list_guessed(self) -> dict[str, list[str]]:
        """Words whose grammar was guessed, by table."""
        guessed = {
            sort: sorted({one.id for some in meanings for one in some if one.guessed})
            for sort, meanings in self.found.items()
        }
        name = {"relations": "predicate"}
        return {
            sort: [self.tables[sort][id_][name.get(sort, "name")] for id_ in ids]
            for sort, ids in guessed.items()
            if ids
        }


def read_meanings(taxonomy: Taxonomy, vocabulary: Vocabulary, alternatives: Alternatives | None = None) -> Meanings:
    """Finds out what all words mean."""
    meanings = Meanings()
    meanings.found["objects"] = [_wrap(read_noun(taxonomy, *key)) for key in vocabulary.objects]
    meanings.found["attributes"] = [_wrap(read_attribute(taxonomy, *key)) for key in vocabulary.attributes]
    meanings.found["relations"] = [read_predicate(taxonomy, *key) for key in vocabulary.relations]
    meanings.found["scene_attributes"] = [
        _wrap(read_scene_attribute(taxonomy, *key)) for key in vocabulary.scene_attributes
    ]
    for sort, found in meanings.found.items():
        meanings.tables[sort] = {one.id: one.row for some in found for one in some if one.row}
    if alternatives:
        apply_alternatives(taxonomy, meanings.tables, alternatives)
    return meanings


def _wrap(meaning: Meaning | None) -> list[Meaning]:
    return [meaning] if meaning else []


def write_tables(meanings: Meanings) -> dict[str, str]:
    """The tables of one's own, as texts by the names of their files; none where the taxonomy has all words."""
    texts = {}
    for table, rows in meanings.tables.items():
        if rows:
            columns = COLUMNS[table]
            lines = ["\t".join(str(row[column]) for column in columns) for _, row in sorted(rows.items())]
            texts[f"{table}.tsv"] = "\n".join(["\t".join(columns), *lines, ""])
    return texts


@lru_cache(maxsize=8)
def extend_taxonomy(names: tuple[str, ...], folder: Path | None, tables: tuple[tuple[str, str], ...]) -> Taxonomy:
    """The named taxonomy with tables (pairs of a file's name and its text) laid over it."""
    if not tables:
        return load_taxonomy(names, folder)
    with tempfile.TemporaryDirectory() as place:
        for name, text in tables:
            Path(place, name).write_text(text, encoding="utf-8")
        return load_taxonomy([*names, place], folder)


def find_rows_of(taxonomy: Taxonomy, meanings: Meanings) -> Named:
    """The rows of a taxonomy, which has all of the concepts, that words mean."""
    rows: dict[str, np.ndarray] = {}
    for sort in SORTS:
        place = {id_: row for row, id_ in enumerate(getattr(taxonomy, sort)["id"].to_pylist())}
        found = [[place[one.id] for one in some] for some in meanings.found[sort]]
        width = max(map(len, found), default=1) or 1
        table = np.full((len(found), width), -1, dtype=np.int64)
        for number, some in enumerate(found):
            table[number, : len(some)] = some
        rows[sort] = table if sort == "relations" else table[:, 0]
    attributes, scene_attributes = taxonomy.attributes, taxonomy.scene_attributes
    after = np.array([position != "before" for position in attributes["position"].to_pylist()])
    order = np.array(attributes["order"].to_pylist(), dtype=np.int64)
    return Named(
        objects=rows["objects"],
        copies=np.array([some[0].copies if some else 1 for some in meanings.found["objects"]], dtype=np.int64),
        attributes=rows["attributes"],
        relations=rows["relations"],
        scene_attributes=rows["scene_attributes"],
        order=np.where(after, 100, order),
        subject_kinds=taxonomy.kind_bits(taxonomy.relations["subject_kinds"]),
        object_kinds=taxonomy.kind_bits(taxonomy.relations["object_kinds"]),
        kinds=taxonomy.kind_bits(taxonomy.objects["kinds"]),
        plural=np.array([one == "plural" for one in taxonomy.objects["countability"].to_pylist()]),
        several=np.array([one in SEVERAL for one in taxonomy.relations["predicate"].to_pylist()]),
        roles=np.array(list(map(SCENE_ROLES.index, scene_attributes["role"].to_pylist())), dtype=np.int64),
    )


def count_left_out(vocabulary: Vocabulary, meanings: Meanings, uses: dict[str, np.ndarray]) -> dict[str, Counter[str]]:
    """What was left out, by sort: each word with how often it was used."""
    found: dict[str, Counter[str]] = {}
    for sort in SORTS:
        words: Sequence[Key] = list(getattr(vocabulary, sort))
        place = 0 if sort in ("objects", "relations") else 1
        counts = Counter[str]()
        for number, some in enumerate(meanings.found[sort]):
            if not some and uses[sort][number]:
                counts[words[number][place]] += int(uses[sort][number])
        if counts:
            found[sort] = counts
    return found
