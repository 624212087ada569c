"""Rows with one of their wordings as the caption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALL, MIXED, PARAPHRASE = "all", "mixed", "paraphrase"
CHOICES = (
    "a template's name; the place of a wording, from 0; `all`, a row a wording; `mixed`, of each row the next one; or "
    "`paraphrase`, the first one of rows with `paraphrases`"
)
"""What `take_wordings` takes, in words."""


def take_wordings(row: Mapping[str, Any], wording: str, place: int) -> list[dict[str, Any]]:
    """The row once for each wording asked for, which takes the place of its caption and mentions.

    With `all` each has an id of its own, `<id>/<number>`, and texts that are alike come once; with the others the id
    stays. The template stands in `template`.

    Args:
        row: A row with the column that it takes, see `find_column`.
        wording: See `CHOICES`.
        place: The place of the row among all, for `mixed`.

    Returns: Nothing where the row has no such wording.
    """
    if wording == PARAPHRASE:
        texts = [one["text"] for one in row[find_column(wording)][:1]]
        return [_reword(row, {"caption": text, "mentions": [], "template": PARAPHRASE}) for text in texts]
    others = row["wordings"]
    if wording == ALL:
        first = {one["caption"]: number for number, one in reversed([*enumerate(others)])}
        return [_reword(row, others[number], f"/{number}") for number in sorted(first.values())]
    if wording == MIXED:
        return [_reword(row, others[place % len(others)])] if others else []
    if wording.isdecimal():
        return [_reword(row, one) for one in others[int(wording) :][:1]]
    return [_reword(row, one) for one in others if one["template"] == wording][:1]


def find_column(wording: str) -> str:
    """The column that has a wording."""
    return "paraphrases" if wording == PARAPHRASE else "wordings"


def _reword(row: Mapping[str, Any], wording: Mapping[str, Any], suffix: str = "") -> dict[str, Any]:
    changed = {name: wording[name] for name in ("caption", "mentions") if name in row}
    if "id" in row:
        changed["id"] = f"{row['id']}{suffix}"
    kept = {name: value for name, value in row.items() if name != "wordings"}
    return {**kept, **changed, "template": wording["template"]}
