"""Turns texts of attributes, relations and scene attributes into our concepts, or into rows of a user's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ..english.scene_phrases import normalize_name
from ..loader import Taxonomy
from ..schema import COLUMNS, SENTENCE, TABLE_ROLES
from ..user_tables import complete_row
from .metadata_layout import find_attribute_kind, find_relation_category, find_scene_kind
from .objects import Row, make_id
from .relation_repair import repair_relation

ENDINGS = {
    "weather": ("weather",),
    "lighting": ("light", "lighting"),
    "view": ("view",),
    "shot_size": ("shot",),
    "painting_style": ("painting",),
}
"""What our names of scene attributes may end in where others leave it out."""
APPLIES_TO = {"architecture": "building", "human": "person", "material": "building|structure|artifact"}


@dataclass
class Imported:
    """The rows of one table, by id, and what became of the texts.

    Attributes:
        rows: The rows.
        resolved: How many of them are ours.
        own: How many are the user's own.
        repaired: How many of the own had to be changed.
        repeated: How many texts meant a concept that was there already.
        unusable: (category, text, reason) of what had to be left out.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    resolved: int = 0
    own: int = 0
    repaired: int = 0
    repeated: int = 0
    unusable: list[tuple[str, str, str]] = field(default_factory=list)

    def add_ours(self, row: Row) -> None:
        """Adds a shipped row."""
        if row["id"] in self.rows:
            self.repeated += 1
        else:
            self.rows[row["id"]] = row
            self.resolved += 1


def list_rows(table: pa.Table, name: str, further: Iterable[str] = ()) -> list[Row]:
    """Lists a table's rows as its file has them, strings only, with further columns, empty where it has none.

    Scene attributes of a kind with a sentence get that role when they are read, and no file may say it.
    """
    rows = table.select([*COLUMNS[name], *(column for column in further if column in table.column_names)]).to_pylist()
    empty = dict.fromkeys(further, "")
    listed = [empty | {key: _write_value(value) for key, value in row.items()} for row in rows]
    return [row | {"role": TABLE_ROLES[-1]} if row.get("role") == SENTENCE else row for row in listed]


def _write_value(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return write_number(value) if isinstance(value, float) else str(value)


def write_number(value: float) -> str:
    """Writes a float32 with as many digits as it has: 2.65, not 2.6500001."""
    return str(np.float32(value)).removesuffix(".0")


def _index(rows: Iterable[Row], *columns: str) -> dict[tuple[str, ...], Row]:
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if row[columns[-1]]:
            found.setdefault(tuple(row[column].casefold() for column in columns), row)
    return found


def import_attributes(pairs: Iterable[tuple[str, str]], name: str, shipped: Taxonomy) -> Imported:
    """Turns (category, text) into rows: ours by kind and name, or else by name alone."""
    ours = list_rows(shipped.attributes, "attributes")
    looks = [_index(ours, "kind", "name"), _index(ours, "kind", "adjective")]
    alone = [_index(ours, "name"), _index(ours, "adjective")]
    done = Imported()
    own: dict[tuple[str, str], str] = {}
    for category, raw in pairs:
        kind, text = find_attribute_kind(category), " ".join(raw.replace("_", " ").split())
        key = (kind, text.casefold())
        row = next((look[key] for look in looks if key in look), None)
        row = row or next((look[key[1:]] for look in alone if key[1:] in look), None)
        if row:
            done.add_ours(row)
        elif key in own:
            done.repeated += 1
        else:
            own[key] = id_ = make_id(f"{name}.{kind}", text, done.rows)
            values = {"id": id_, "kind": kind, "name": text, "applies_to": APPLIES_TO.get(kind, "any")}
            done.rows[id_] = complete_row(values, "attributes")
            done.own += 1
            done.repaired += text != raw
    return done


def import_relations(pairs: Iterable[tuple[str, str]], name: str, shipped: Taxonomy) -> Imported:
    """Turns (category, text) into rows: ours by category and predicate, or else by predicate alone."""
    ours = list_rows(shipped.relations, "relations")
    looks = [_index(ours, "category", "predicate"), _index(ours, "category", "finite")]
    alone = [_index(ours, "predicate"), _index(ours, "finite")]
    heads = _index(ours, "head")
    done = Imported()
    own: dict[tuple[str, str], str] = {}
    for raw_category, raw in pairs:
        category = find_relation_category(raw_category)
        if category is None:
            done.unusable.append((raw_category, raw, f"`{raw_category}` is none of our categories"))
            continue
        fixed = repair_relation(raw)
        row = None
        for text in (" ".join(raw.split()).casefold(), fixed.predicate.casefold()):
            row = row or next((look[category, text] for look in looks if (category, text) in look), None)
            row = row or next((look[text,] for look in alone if (text,) in look), None)
        key = (category, fixed.finite or fixed.predicate)
        if row:
            done.add_ours(row)
        elif fixed.reason:
            done.unusable.append((category, raw, fixed.reason))
        elif key in own:
            done.repeated += 1
        else:
            own[key] = id_ = make_id(f"{name}.{category}", fixed.finite or fixed.predicate, done.rows)
            done.rows[id_] = _make_relation(id_, category, fixed.predicate, fixed.finite, heads)
            done.own += 1
            done.repaired += fixed.changed
    _bring_heads(done, ours)
    return done


def _bring_heads(done: Imported, ours: list[Row]) -> None:
    """Gives heads that came without the row that says what is near them, and what they exclude, these columns."""
    said = {row["head"]: row for row in ours if row["near"] or row["excludes"]}
    has = {row["head"] for row in done.rows.values() if row["near"] or row["excludes"]}
    for id_, row in done.rows.items():
        if row["head"] in said.keys() - has:
            has.add(row["head"])
            done.rows[id_] = {**row, **{column: said[row["head"]][column] for column in ("near", "excludes")}}


def _make_relation(id_: str, category: str, predicate: str, finite: str, heads: dict[tuple[str, ...], Row]) -> Row:
    """Makes a row; the kinds are those of our relation that the predicate ends in, or any."""
    words = predicate.split()
    row = {"id": id_, "category": category, "predicate": predicate}
    if finite:
        row |= {"finite": finite, "finite_plural": predicate}
    for start in range(1, len(words)):
        head, modifier = " ".join(words[start:]), " ".join(words[:start])
        like = heads.get((head.casefold(),))
        # Only adverbs before it leave a verb's meaning; "not" and "being" do not.
        if like and not finite and all(word.endswith("ly") for word in words[:start]):
            columns = ("subtype", "subject_kinds", "object_kinds", "asymmetric")
            row |= {"head": head, "modifier": modifier, **{column: like[column] for column in columns}}
            break
    return complete_row(row, "relations")


def import_scene_attributes(triples: Iterable[tuple[str, str, str]], name: str, shipped: Taxonomy) -> Imported:
    """Turns (group, class, text) into rows: ours by kind and name."""
    ours = _index(list_rows(shipped.scene_attributes, "scene_attributes"), "kind", "name")
    done = Imported()
    own: dict[tuple[str, str], str] = {}
    for group, class_, raw in triples:
        kind = find_scene_kind(group, class_)
        text = normalize_name(kind, " ".join(raw.replace("_", " ").split()))
        key = (kind, text.casefold())
        # `stormy` means our `stormy weather`.
        longer = [(kind, f"{key[1]} {noun}") for noun in ENDINGS.get(kind, ())]
        row = next((ours[one] for one in (key, *longer) if one in ours), None)
        if row:
            done.add_ours(row)
        elif key in own:
            done.repeated += 1
        else:
            own[key] = id_ = make_id(f"{name}.{kind}", text, done.rows)
            done.rows[id_] = complete_row({"id": id_, "kind": kind, "name": text}, "scene_attributes")
            done.own += 1
            done.repaired += text != raw
    return done
