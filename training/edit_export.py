"""`gas export` of edits: pictures before and after, drawn by the sandbox, in the folders that trainers read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ..builders.export.edit_formats import PictureEdit, load_edit_format
from ..builders.export.picture_formats import PICTURES
from ..builders.folder.files import fill_folder
from ..builders.folder.reading import Source, find_split, read_batches
from ..builders.recipe.loading import load_recipe
from ..errors import GasError
from .sandbox.edits import draw_edit
from .sandbox.pictures import choose_seed

BATCH = 64
"""Rows that are in memory at once."""
NEEDED = ("id", "caption", "scene_graph", "questions", "pair", "edit")
EDITS = "edits.jsonl"
"""Each edit with its pictures and the questions that must change and must not."""


def export_edits(
    source: str,
    format_: str,
    out: Path | None,
    config: str | None = None,
    split: str | None = None,
    report: Callable[[int], None] = lambda rows: None,
    wording: str | None = None,
) -> str:
    """Draws the edits of a dataset and writes them into a folder, which is there only when it is whole.

    Args:
        source: A folder that `gas build` wrote.
        format_: The name of a format that holds edits of pictures.
        out: The folder, which must be empty or not there.
        config: May be left out where there is only one.
        split: By default `train`.
        report: Called with the number of pictures that were just written.
        wording: Not for edits.

    Returns: What was written, in a line.

    Raises:
        GasError: The rows have no edits, the sandbox cannot draw one, or the folder holds something.
    """
    if out is None:
        raise GasError(f"{format_} is a folder with pictures: name it with --out")
    if wording is not None:
        raise GasError(f"--wording is not for {format_}, whose prompts are instructions; leave it out")
    rows = find_split(Path(source), config, split or "train")
    check_edits(rows.recipe)
    with fill_folder(out) as folder:
        edits, lines = [], []
        for edit, record in draw_edits(rows, folder):
            edits.append(edit)
            lines.append(json.dumps({"source_image": edit.source, "target_image": edit.target, **record}))
            report(2)
        if not edits:
            raise GasError(
                f"none of {rows.rows:,} rows of {rows.name} has an edit; allow more in its recipe's `pairs`"
            )
        for path, text in {**load_edit_format(format_)(edits), EDITS: "\n".join([*lines, ""])}.items():
            (folder / path).write_text(text, encoding="utf-8")
    left = f"; {rows.rows - len(edits):,} rows have none" if len(edits) < rows.rows else ""
    return f"wrote {len(edits):,} edits of {rows.name}, each with a picture before and after, into {out}{left}"


def check_edits(recipe: Path) -> None:
    """Refuses the rows of recipes that ask for no edits.

    Raises:
        GasError: The recipe does not.
    """
    if not load_recipe(recipe).recipe.edits:
        raise GasError(f"{recipe.stem} has no edits; build it with `pairs: true` and `edits: true` in its recipe")


def describe_edit(row: Mapping[str, Any]) -> dict[str, Any]:
    """An edit with the words of its questions, of a row that has one."""
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
        record[name] = [{**one, **_ask(questions[one["question"]])} for one in edit[name]]
    return record


def _ask(question: Mapping[str, Any]) -> dict[str, Any]:
    return {"question": question["question"], "choices": question["choices"]}


def draw_edits(source: Source, folder: Path) -> Iterator[tuple[PictureEdit, dict[str, Any]]]:
    """Draws both pictures of each row that has an edit into a folder; yields where they are, and what the edit is.

    Raises:
        GasError: The sandbox cannot draw one.
    """
    (folder / PICTURES).mkdir()
    width = len(str(source.rows - 1))
    rows = (row for batch in read_batches(source, list(NEEDED), BATCH) for row in batch.to_pylist())
    for number, row in enumerate(rows):
        if row["edit"] is None:
            continue
        try:
            pictures = draw_edit(row["scene_graph"], row["pair"]["scene_graph"], choose_seed(row["id"]))
        except GasError as error:
            hint = (
                "build edits of the recipe `sandbox`, without `count` in `pairs`; other scenes need a model's pictures"
            )
            raise GasError(f"{row['id']}: {error}; {hint}") from error
        before, after = (f"{PICTURES}/{number:0{width}}_{side}.png" for side in ("source", "target"))
        for path, picture in zip((before, after), pictures, strict=True):
            _save(picture, folder / path)
        yield PictureEdit(before, after, row["edit"]["instruction"]), describe_edit(row)


def _save(picture: Image.Image, path: Path) -> None:
    with path.open("wb") as file:
        picture.save(file, "PNG")
