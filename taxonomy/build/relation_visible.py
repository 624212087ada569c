"""Says how well relations are seen: by their heads, how these begin, their subtypes and their modifiers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator

from ..schema import VISIBILITY
from .relation_rows import Row, split_entries
from .sources import DATA

Words = dict[str, str]
"""How well what a word, or a text, stands for is seen."""


def mark_visible(rows: Iterable[Row]) -> None:
    """Fills the column `visible`, as `relation_visible.toml` has it."""
    data = tomllib.loads((DATA / "relation_visible.toml").read_text(encoding="utf-8"))
    subtypes, heads, starts, ends, modifiers = (
        _turn(data[table]) for table in ("subtypes", "heads", "starts", "ends", "modifiers")
    )
    by_id = {row["id"]: row for row in rows}
    for row in by_id.values():
        usual = find_longest(_cut_ends(row["head"]), starts) or subtypes.get(row["subtype"], "yes")
        usual = pick_worse(usual, find_longest(_cut_starts(row["head"]), ends) or "yes")
        row["visible"] = pick_worse(heads.get(row["head"], usual), modifiers.get(row["modifier"], "yes"))
    for row in by_id.values():
        if row["inverse"] and row["tier"] == "full":
            row["visible"] = pick_worse(row["visible"], by_id[row["inverse"]]["visible"])


def find_longest(texts: Iterable[str], listed: Words) -> str:
    """Finds what is said of the first of some texts that is listed; "" where none is."""
    return next((listed[text] for text in texts if text in listed), "")


def _cut_ends(head: str) -> Iterator[str]:
    """Yields a head and its beginnings, the longest first."""
    words = head.split()
    return (" ".join(words[:cut]) for cut in range(len(words), 0, -1))


def _cut_starts(head: str) -> Iterator[str]:
    """Yields a head and its ends, the longest first."""
    words = head.split()
    return (" ".join(words[cut:]) for cut in range(len(words)))


def pick_worse(one: str, other: str) -> str:
    """Picks what is seen less well."""
    return max(one, other, key=VISIBILITY.index)


def _turn(table: dict[str, str]) -> Words:
    return {text: word for word, texts in table.items() for text in split_entries(texts)}
