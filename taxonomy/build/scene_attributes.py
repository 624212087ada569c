"""Builds scene_attributes.tsv from the hand-made blocks and rules, and its long tail of cameras from package data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Container, Iterator
from pathlib import Path

from .cameras import list_cameras
from .english import choose_article
from .near_scene import mark_near_scene
from .sources import DATA

Row = dict[str, str]
LISTS = ("near", "excludes", "needs", "bars", "shows")
"""Columns to which rules add names: the first two name scene attributes, the others objects."""


def build_scene_attributes(sources: Path) -> list[Row]:
    """Builds the rows of scene_attributes.tsv."""
    data = tomllib.loads((DATA / "scene_attributes.toml").read_text(encoding="utf-8"))
    rows: dict[str, Row] = {}
    for block in data["scene"]:
        for row in read_block(block):
            if row["id"] in rows:
                raise ValueError(f"scene attribute {row['id']} is there twice")
            rows[row["id"]] = row
    camera = next(row for row in rows.values() if row["kind"] == "camera_model" and row["modality"] == "image")
    for name in list_cameras(sources):
        id_ = make_id("camera_model", name)
        phrase = make_phrase("taken with {a}", name)
        rows.setdefault(id_, {**camera, "id": id_, "name": name, "phrase": phrase, "tier": "full"})
    mark_near_scene(list(rows.values()))
    rules = tomllib.loads((DATA / "scene_rules.toml").read_text(encoding="utf-8"))
    apply_rules(rows, rules["rule"], Sets(rules["sets"], rules["objects"], rows))
    return list(rows.values())


class Sets:
    """Reads lists of names in rules: sets, ids, kinds, and `kind: name; name`; `-x` takes x out of those before it."""

    def __init__(self, sets: dict[str, str], objects: dict[str, str], rows: dict[str, Row]) -> None:
        self.sets, self.objects, self.rows = sets, objects, rows
        self.kinds = {row["kind"] for row in rows.values()}

    def list_names(self, text: str) -> list[str]:
        """Lists the ids and kinds of scene attributes that a text names.

        Raises:
            ValueError: There is no such id, kind or set.
        """
        found: dict[str, None] = {}
        for part in (part.strip() for part in text.split("|")):
            kind, colon, names = part.partition(":")
            if part.startswith("-"):
                without = self.list_rows(part[1:])
                found = dict.fromkeys(id_ for id_ in self._list_ids(found) if id_ not in without)
            elif part in self.sets:
                found |= dict.fromkeys(self.list_names(self.sets[part]))
            elif colon:
                found |= dict.fromkeys(make_id(kind, name.strip()) for name in names.split(";"))
            elif part:
                found[part] = None
        if unknown := sorted(found.keys() - self.rows.keys() - self.kinds):
            raise ValueError(f"scene_rules.toml: {', '.join(unknown)}: neither an id nor a kind")
        return list(found)

    def list_rows(self, text: str) -> list[str]:
        """Lists the ids that a text names, a kind as all of its ids."""
        return self._list_ids(self.list_names(text))

    def _list_ids(self, names: Container[str]) -> list[str]:
        return [id_ for id_, row in self.rows.items() if id_ in names or row["kind"] in names]

    def list_objects(self, text: str) -> list[str]:
        """Lists the objects and attributes of objects that a text names, by ids and kinds."""
        found: list[str] = []
        for part in (part.strip() for part in text.split("|")):
            found += self.list_objects(self.objects[part]) if part in self.objects else [part]
        return found


def apply_rules(rows: dict[str, Row], rules: list[dict[str, str]], sets: Sets) -> None:
    """Adds what rules say of rows, in their order; a `visible` of a later rule takes the earlier one's place.

    Of two rows of which one excludes the other, or is near one of another kind, one alone need say so.
    """
    lists: dict[str, dict[str, dict[str, None]]] = {
        id_: {column: dict.fromkeys(filter(None, row[column].split("|"))) for column in LISTS}
        for id_, row in rows.items()
    }
    for rule in rules:
        ids = sets.list_rows(rule["rows"])
        for column in LISTS:
            if column not in rule:
                continue
            names = (sets.list_names if column in ("near", "excludes") else sets.list_objects)(rule[column])
            for id_ in ids:
                # Two of one kind exclude each other without being said; which of them are near has lines of its own.
                kind = rows[id_]["kind"]
                others = [name for name in names if kind not in (name, rows.get(name, {}).get("kind"))]
                lists[id_][column] |= dict.fromkeys(others)
        for id_ in ids:
            rows[id_]["visible"] = rule.get("visible", rows[id_]["visible"])
    for id_, row in rows.items():
        row |= {column: "|".join(names) for column, names in lists[id_].items()}


def make_id(kind: str, name: str) -> str:
    """Makes an id out of a kind and a name: `weather.light_rain`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f"{kind}.{re.sub(r'[^a-z0-9.]+', '_', plain).strip('_')}"


def read_block(block: dict) -> Iterator[Row]:
    """Reads a block of the hand file."""
    for entry in re.split(r"[;\n]", block["values"]):
        name, _, phrase = (part.strip() for part in entry.partition("|"))
        if name:
            yield {
                "id": make_id(block["kind"], name),
                "kind": block["kind"],
                "name": name,
                "phrase": phrase or make_phrase(block["pattern"], name),
                "role": block["role"],
                "modality": block["modality"],
                "tier": block.get("tier", "common"),
                "visible": block.get("visible", "yes"),
                **dict.fromkeys(LISTS, ""),
            }


def make_phrase(pattern: str, name: str) -> str:
    """Puts a name into a phrase pattern: `{}` as it is, `{a}` with its article."""
    return pattern.replace("{a}", f"{choose_article(name)} {name}").replace("{}", name)
