"""Instructions with captions, graphs and questions of both sides, JSON lines.

A line is an edit: `instruction`, `edit` (its sort), `source` and `target` (captions), `source_graph`, `target_graph`,
`must_change` (questions with the answers before and after) and `must_keep` (questions with the one answer of both).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ....errors import GasError
from ...recipe.loading import load_recipe
from ..layout import Layout, Row, Tally

SPLITS = ("train",)
NEEDED = ("id", "caption", "scene_graph", "questions", "pair", "edit")


def describe_edit(row: Row) -> dict[str, Any]:
    """An edit with the words of its questions, of a row that has one; a list that would be empty is left out."""
    edit, pair, questions = row["edit"], row["pair"], row["questions"]
    record = {
        "id": row["id"],
        "instruction": edit["instruction"],
        "edit": pair["edit"],
        "source": row["caption"],
        "target": pair["caption"],
        "source_graph": row["scene_graph"],
        "target_graph": pair["scene_graph"],
    }
    for name in ("must_change", "must_keep"):
        if edit[name]:
            record[name] = [{**one, "question": questions[one["question"]]["question"]} for one in edit[name]]
    return record


def convert_edit(row: Row, tally: Tally) -> list[dict[str, Any]]:
    """The line of a row; none where nothing is edited, which is counted."""
    if row["edit"] is None:
        tally.left_out["scenes without an edit"] += 1
        return []
    return [describe_edit(row)]


def check_edits(recipe: Path) -> None:
    """Refuses the rows of recipes that ask for no edits.

    Raises:
        GasError: The recipe does not.
    """
    if not load_recipe(recipe).recipe.edits:
        raise GasError(f"{recipe.stem} has no edits; build it with `pairs: true` and `edits: true` in its recipe")


def lay_out(recipe: Path) -> Layout:
    check_edits(recipe)
    return Layout(convert_edit, columns=NEEDED)
