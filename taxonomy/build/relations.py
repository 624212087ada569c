"""Builds relations.tsv: the hand-made tier, and a long tail composed of words that go together."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..schema import RELATION_CATEGORIES
from .relation_rows import Row, expand, read_relation, split_entries
from .sources import DATA

# Rows a category, as in the paper (Table 1); the long tail fills up what the hand-made rows leave.
WANTED = {
    "spatial": 1227,
    "interactional": 2172,
    "functional": 2992,
    "social": 1061,
    "emotional": 2909,
    "symbolic": 131,
}


def build_relations(sources: Path) -> list[Row]:
    """Builds the rows of relations.tsv."""
    from .relation_facts import mark_relations
    from .relation_tail import compose_tail
    from .relation_visible import mark_visible

    data = tomllib.loads((DATA / "relations.toml").read_text(encoding="utf-8"))
    sets = data.pop("sets")
    rows: dict[str, Row] = {}
    for category in RELATION_CATEGORIES:
        for block in data[category]:
            for pair in read_block(category, block, sets):
                add_rows(rows, pair)
    count = Counter(row["category"] for row in rows.values())
    for pair in compose_tail(sets):
        category = pair[0]["category"]
        if all(row["id"] not in rows for row in pair) and count[category] < WANTED[category]:
            add_rows(rows, pair)
            count[category] += len(pair)
    mark_visible(rows.values())
    mark_relations(list(rows.values()), sources)
    return list(rows.values())


def read_block(category: str, block: dict, sets: dict[str, str]) -> Iterator[tuple[Row, ...]]:
    """Reads a block of the hand file into single rows and pairs of inverses."""
    subject, object_ = expand(block["subject"], sets), expand(block["object"], sets)
    dropped = set(split_entries(block.get("drop", "")))
    for entry in split_entries(block["relations"]):
        if entry in dropped:
            continue
        symmetric = entry.endswith("~")
        texts = [text.strip() for text in entry.rstrip("~ ").split("<>")]
        rows = []
        for position, text in enumerate(texts):
            kinds = (subject, object_) if position == 0 else (object_, subject)
            row = read_relation(category, block["subtype"], text, kinds)
            row["tier"] = block.get("tier", "common")
            row["symmetric"] = str(int(symmetric))
            rows.append(row)
        yield tuple(rows)


def add_rows(rows: dict[str, Row], pair: tuple[Row, ...]) -> None:
    """Adds a relation or a pair of inverses, links them, and widens what is there already.

    Kinds are joined on one side alone: two blocks that differ on both sides would let the subjects of one meet the
    objects of the other (iced coffee pushed by a fire truck), so the first block stands.
    """
    there = [rows[row["id"]] for row in pair if row["id"] in rows]
    if there:
        if len(pair) == 1:
            _widen(there[0], pair[0])
        return
    first = pair[0]
    if len(pair) == 2:
        first["inverse"], pair[1]["inverse"] = pair[1]["id"], first["id"]
    elif first["symmetric"] == "1":
        if first["subject_kinds"] == first["object_kinds"]:
            first["inverse"] = first["id"]
        else:
            first["symmetric"] = "0"
    rows.update((row["id"], row) for row in pair)


def _widen(there: Row, row: Row) -> None:
    if there["inverse"] or there["tier"] != row["tier"]:
        return
    if there["subject_kinds"] == row["subject_kinds"]:
        there["object_kinds"] = merge_kinds(there["object_kinds"], row["object_kinds"])
    elif there["object_kinds"] == row["object_kinds"]:
        there["subject_kinds"] = merge_kinds(there["subject_kinds"], row["subject_kinds"])


def merge_kinds(first: str, second: str) -> str:
    """Joins two lists of kinds; `any` swallows the rest."""
    if "any" in (first, second):
        return "any"
    kinds = first.split("|")
    return "|".join([*kinds, *(kind for kind in second.split("|") if kind not in kinds)])
