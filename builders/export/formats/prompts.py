"""Ids and captions, JSON lines."""

from __future__ import annotations

from pathlib import Path

from ..layout import PROMPT, Layout, Row, Tally

SPLITS = ("train",)


def convert_prompt(row: Row, tally: Tally) -> list[Row]:
    return [{"id": row["id"], "prompt": row["caption"]}]


def lay_out(_: Path) -> Layout:
    return Layout(convert_prompt, columns=PROMPT)
