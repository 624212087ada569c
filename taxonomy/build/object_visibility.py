"""Marks how well objects are seen, and what is sensitive, by a hand-made file."""

from __future__ import annotations

import tomllib

from .object_rows import ObjectRows, Row, split_line
from .sources import DATA


def mark_visibility(objects: ObjectRows) -> None:
    """Fills the column `visible` and adds the flag `sensitive`; what nobody sees, or is flagged, is in tier `full`."""
    blocks = tomllib.loads((DATA / "object_visibility.toml").read_text(encoding="utf-8"))
    for level, block in blocks.items():
        names = [name for line in block["names"].splitlines() for name in split_line(line)]
        # Of a word that nobody wants to meet, no sense is wanted.
        find = objects.find if level == "hard" else objects.find_all
        named = {id_ for name in names for id_ in find(name)}
        for id_ in sorted(named):
            mark_row(objects.by_id[id_], level)
        for id_ in sorted(list_below(objects, block["under"].split()) - named):
            # What the hand lists call common has been looked at.
            if objects.by_id[id_]["tier"] != "common":
                mark_row(objects.by_id[id_], level)


def mark_row(row: Row, level: str) -> None:
    """Marks a row `hard` or `no`, or flags it `sensitive`."""
    if level == "sensitive":
        row["flags"] = "|".join(sorted({*filter(None, row["flags"].split("|")), level}))
    else:
        row["visible"] = level
    if level != "hard":
        row["tier"] = "full"


def list_below(objects: ObjectRows, roots: list[str]) -> set[str]:
    """Ids of rows that lie under roots on any path of WordNet, which has several."""
    found = set(roots)
    for root in roots:
        found.update(one.name() for one in objects.wordnet.synset(root).closure(lambda synset: synset.hyponyms()))
    return found & objects.by_id.keys()
