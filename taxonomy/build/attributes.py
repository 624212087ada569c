"""Builds attributes.tsv from the hand-made blocks and, for the colors' long tail, from CC0 lists of color names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from ..schema import ATTRIBUTE_KINDS
from .attribute_facts import mark_aliases, mark_facts, split_names
from .english import choose_article
from .near import mark_near
from .sources import DATA


def build_attributes(sources: Path) -> list[dict[str, str]]:
    """Builds the rows of attributes.tsv."""
    from .colors import list_colors

    data = tomllib.loads((DATA / "attributes.toml").read_text(encoding="utf-8"))
    sets = data.pop("sets")
    rows: dict[str, dict[str, str]] = {}
    for kind in ATTRIBUTE_KINDS:
        for block in data[kind]:
            for row in _read_block(kind, block, sets):
                _add(rows, row)
    color = next(row for row in rows.values() if row["id"] == "color.red")
    for name, adjective in list_colors(sources):
        id_ = make_id("color", name)
        if id_ not in rows:
            article = choose_article(adjective)
            rows[id_] = {**color, "id": id_, "name": name, "adjective": adjective, "article": article, "tier": "full"}
    mark_aliases(list(rows.values()))
    mark_near(list(rows.values()), sources)
    mark_facts(list(rows.values()))
    return list(rows.values())


def make_id(kind: str, name: str) -> str:
    """Makes an id out of a kind and a name: `size.medium_sized`."""
    return f"{kind}.{re.sub(r'[^a-z0-9]+', '_', name.lower().replace('â', 'a').replace('é', 'e')).strip('_')}"


def _read_block(kind: str, block: dict, sets: dict[str, str]) -> Iterator[dict[str, str]]:
    applies_to: list[str] = []
    for name in block["applies_to"].split("|"):
        applies_to += [kind_ for kind_ in sets.get(name, name).split("|") if kind_ not in applies_to]
    for group, values in block.get("groups", {block.get("group"): block.get("values")}).items():
        for entry in split_names(values):
            name, _, adjective = (part.strip() for part in entry.partition("="))
            yield {
                "id": make_id(kind, name),
                "kind": kind,
                "name": name,
                "adjective": adjective or name,
                "article": choose_article(adjective or name),
                "position": block.get("position", "before"),
                "applies_to": "|".join(applies_to),
                "group": name if group == "*" else group,
                "order": str(block["order"]),
                "tier": block.get("tier", "common"),
                "visible": "yes",
                "says": "",
                "excludes": "",
                "bars": "",
                "aliases": "",
            }


def _add(rows: dict[str, dict[str, str]], row: dict[str, str]) -> None:
    """Adds a row; a name that is there already (`round` toys and rooms) takes the new row's kinds as well.

    What is common for some kinds does not become so for others that a full block has.
    """
    there = rows.setdefault(row["id"], row)
    if there is not row and there["tier"] == row["tier"]:
        kinds = there["applies_to"].split("|")
        kinds += [kind for kind in row["applies_to"].split("|") if kind not in kinds]
        there["applies_to"] = "any" if "any" in kinds else "|".join(kinds)
