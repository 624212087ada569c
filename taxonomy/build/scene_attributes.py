"""Builds scene_attributes.tsv from the hand-made blocks, and its long tail of cameras and places from package data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from .cameras import list_cameras
from .english import choose_article
from .near_scene import mark_near_scene
from .sources import DATA

Row = dict[str, str]


def build_scene_attributes(sources: Path) -> list[Row]:
    """Builds the rows of scene_attributes.tsv."""
    data = tomllib.loads((DATA / "scene_attributes.toml").read_text(encoding="utf-8"))
    sets = data["sets"]
    rows: dict[str, Row] = {}
    for block in data["scene"]:
        for row in read_block(block, sets):
            if row["id"] in rows:
                raise ValueError(f"scene attribute {row['id']} is there twice")
            rows[row["id"]] = row
    camera = next(row for row in rows.values() if row["kind"] == "camera_model" and row["modality"] == "image")
    for name in list_cameras(sources):
        id_ = make_id("camera_model", name)
        phrase = make_phrase("taken with {a}", name)
        rows.setdefault(id_, {**camera, "id": id_, "name": name, "phrase": phrase, "tier": "full"})
    exclude_more(rows, data["exclude"], sets)
    mark_near_scene(list(rows.values()))
    return list(rows.values())


def exclude_more(rows: dict[str, Row], rules: list[dict[str, str]], sets: dict[str, str]) -> None:
    """Adds what single rows exclude to what their blocks say."""
    known = {*rows, *(row["kind"] for row in rows.values())}
    for rule in rules:
        ids, excludes = expand(rule["rows"], sets), expand(rule["excludes"], sets)
        if unknown := [name for name in (*ids, *excludes) if name not in known]:
            raise ValueError(f"scene attributes: {', '.join(unknown)}: neither an id nor a kind")
        for id_ in ids:
            there = [name for name in rows[id_]["excludes"].split("|") if name]
            others = [name for name in excludes if name not in (id_, rows[id_]["kind"])]  # one of a kind is a rule
            rows[id_]["excludes"] = "|".join(dict.fromkeys([*there, *others]))


def expand(names: str, sets: dict[str, str]) -> list[str]:
    """Replaces the names of sets by what they hold."""
    return [member for name in names.split("|") if name for member in sets.get(name, name).split("|")]


def make_id(kind: str, name: str) -> str:
    """Makes an id out of a kind and a name: `weather.light_rain`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return f"{kind}.{re.sub(r'[^a-z0-9.]+', '_', plain).strip('_')}"


def read_block(block: dict, sets: dict[str, str]) -> Iterator[Row]:
    """Reads a block of the hand file."""
    excludes = expand(block.get("excludes", ""), sets)
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
                "excludes": "|".join(dict.fromkeys(excludes)),
                "needs": "",
                "bars": "",
                "shows": "",
            }


def make_phrase(pattern: str, name: str) -> str:
    """Puts a name into a phrase pattern: `{}` as it is, `{a}` with its article."""
    return pattern.replace("{a}", f"{choose_article(name)} {name}").replace("{}", name)
