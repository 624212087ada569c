"""Ids and captions, JSON lines; with paraphrases, if there are some."""

from __future__ import annotations

from pathlib import Path

from ...recipe.loading import load_recipe
from ...rows.schema import PARAPHRASES
from ..layout import PROMPT, Layout, Row, Tally

SPLITS = ("train",)


def convert_prompt(row: Row, tally: Tally) -> list[Row]:
    prompt = {"id": row["id"], "prompt": row["caption"]}
    return [{**prompt, PARAPHRASES: [one["text"] for one in row[PARAPHRASES]]} if PARAPHRASES in row else prompt]


def lay_out(recipe: Path) -> Layout:
    columns = (*PROMPT, PARAPHRASES) if load_recipe(recipe).recipe.paraphrase else PROMPT
    return Layout(convert_prompt, columns=columns)
