"""Concepts by what scenes name them by, with what else they may be called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ....taxonomy import Taxonomy
from ....taxonomy.senses import read_senses
from ....taxonomy.wordings import list_wordings

WHOLE = ("picture", "image", "photo", "photograph", "scene", "view")
"""What a text calls the whole, so that no end of a name is called so."""


@dataclass(frozen=True, eq=False)
class Tables:
    """Rows of the taxonomy by what scenes name them by, and other wordings of each.

    Attributes:
        objects, attributes, scene: By concept, and by kind and name, with other wordings.
        relations, relation_ids: By category and predicate, and by id.
        called: What dictionaries call objects, too, in the singular, by concept.
    """

    objects: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]
    attributes: Mapping[tuple[str, str], tuple[Mapping[str, Any], tuple[str, ...]]]
    relations: Mapping[tuple[str, str], Mapping[str, Any]]
    relation_ids: Mapping[str, Mapping[str, Any]]
    scene: Mapping[tuple[str, str], tuple[Mapping[str, Any], tuple[str, ...]]]
    called: Mapping[str, Sequence[str]]


@lru_cache(maxsize=4)
def read_tables(taxonomy: Taxonomy) -> Tables:
    """Reads what checking needs from the taxonomy."""

    def list_all(table: str) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
        wordings = defaultdict[int, list[str]](list)
        rows, texts = list_wordings(taxonomy, table)
        for row, text in zip(rows.tolist(), texts.to_pylist(), strict=True):
            wordings[row].append(text)
        return [(row, tuple(wordings[i])) for i, row in enumerate(getattr(taxonomy, table).to_pylist())]

    objects, senses, relations = list_all("objects"), read_senses(), taxonomy.relations.to_pylist()
    names = {text.lower() for row, wordings in objects for text in (row["name"], row["plural"], *wordings)}
    names.update(WHOLE)
    called = {  # unless something else is called so: "hippo"
        row["id"]: [one for one in senses.get(row["id"], ("", ()))[1] if one.lower() not in names]
        for (row, _), own in zip(objects, taxonomy.own, strict=True)
        if not own
    }
    return Tables(
        {row["id"]: (row, wordings) for row, wordings in objects},
        {(row["kind"], row["name"]): (row, wordings) for row, wordings in list_all("attributes")},
        {(row["category"], row["predicate"]): row for row in relations},
        {row["id"]: row for row in relations},
        {(row["kind"], row["name"]): (row, wordings) for row, wordings in list_all("scene_attributes")},
        called,
    )
