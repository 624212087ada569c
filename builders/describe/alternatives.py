"""Alternatives: what is false in the place of a word that the taxonomy does not have, as its user knows.

A file of YAML or JSON with `objects`, a list of what may be named as absent; and `attributes` and `relations`, groups
of words of which a thing, or two things, have one alone:

    objects: [zorb, blick]
    attributes: [[fuzzy, spiky, slimy]]
    relations: [[orbiting, leaving]]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...arrow import find_rows, make_texts
from ...errors import GasError, advise
from ...regular_files import read_regular
from ...taxonomy import Taxonomy
from ..recipe.fields import show
from .modifiers import read_attribute, read_predicate
from .nouns import read_noun

KEYS = ("objects", "attributes", "relations")


@dataclass(frozen=True)
class Alternatives:
    """What may be stated as false.

    Attributes:
        objects: Names of what may be absent.
        attributes, relations: Groups of words that exclude each other.
    """

    objects: tuple[str, ...] = ()
    attributes: tuple[tuple[str, ...], ...] = ()
    relations: tuple[tuple[str, ...], ...] = ()


def read_alternatives(source: Path | Mapping[str, Any]) -> Alternatives:
    """Reads alternatives from a file or a mapping.

    Raises:
        GasError: It cannot be read, or holds something else.
    """
    place = "alternatives"
    content: Any = source
    if isinstance(source, Path):
        import yaml

        place = str(source)
        try:
            content = yaml.safe_load(read_regular(source))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise GasError(f"{source} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise GasError(f"{place}: write a mapping with {', '.join(KEYS)}, not {show(content)}")
    for key in content:
        if key not in KEYS:
            raise GasError(f"{place}: unknown key {show(key)}; {advise(str(key), KEYS)}")
    objects = _read_words(content.get("objects") or [], f"{place}: objects")
    groups = {
        key: tuple(
            _read_words(group, f"{place}: {key}.{number}") for number, group in enumerate(content.get(key) or [])
        )
        for key in ("attributes", "relations")
    }
    return Alternatives(objects, **groups)


def _read_words(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise GasError(f"{place} must be a list of words, not {show(value)}")
    return tuple(value)


def _find_kind(taxonomy: Taxonomy, ids: list[str], kind: str) -> str:
    """The kind of the words of a group: that of the first that the taxonomy has, for a foil is of the truth's kind."""
    rows = find_rows(make_texts(ids), taxonomy.attributes["id"])
    return next((taxonomy.attributes["kind"][int(row)].as_py() for row in rows if row >= 0), kind)


def apply_alternatives(
    taxonomy: Taxonomy, tables: dict[str, dict[str, Mapping[str, str]]], alternatives: Alternatives
) -> None:
    """Writes alternatives into tables of one's own, by table and id.

    Raises:
        GasError: A word cannot be read.
    """
    for name in alternatives.objects:
        meaning = read_noun(taxonomy, name, "")
        if meaning is None:
            raise GasError(f"alternatives: the object {show(name)} cannot be read as a name")
        if meaning.row:
            tables["objects"][meaning.id] = {**meaning.row, "tier": "common"}
    for group in alternatives.attributes:
        rows, ids = {}, list[str]()
        for word in group:
            attribute = read_attribute(taxonomy, "", word)
            if attribute is None:
                raise GasError(f"alternatives: the attribute {show(word)} cannot be read")
            ids.append(attribute.id)
            if attribute.row:
                rows[attribute.id] = attribute.row
        for id_, row in rows.items():
            others = "|".join(other for other in ids if other != id_)
            excluded = "|".join(filter(None, (row["excludes"], others)))
            changes = {"kind": _find_kind(taxonomy, ids, row["kind"]), "tier": "common", "visible": "yes"}
            tables["attributes"][id_] = {**row, **changes, "excludes": excluded}
    for group in alternatives.relations:
        predicates: dict[str, Mapping[str, str]] = {}
        for word in group:
            found = read_predicate(taxonomy, word, "")
            if not found:
                raise GasError(f"alternatives: the predicate {show(word)} cannot be said")
            predicates |= {one.id: one.row for one in found if one.row}
        for id_, row in predicates.items():
            others = "|".join(other["head"] for key, other in predicates.items() if key != id_)
            excluded = "|".join(filter(None, (row["excludes"], others)))
            category = next(iter(predicates.values()))["category"]
            tables["relations"][id_] = {**row, "tier": "common", "category": category, "excludes": excluded}
