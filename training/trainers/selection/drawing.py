"""Pictures of what selection did: held-out scenes as all models draw them, and their scores by iteration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from ...evaluation.opening import open_file
from ...evaluation.tables import Run
from ...recipes.selection import Selection
from ...reports.contact_sheet import paste_models
from ...reports.curves import draw_models
from .comparing import BASE, open_runs

FIGURES = "figures"
SHOWN = 8
"""Scenes on a sheet: the first ones, whatever became of them."""


def draw_figures(recipe: Selection, folder: Path, compared: Mapping[str, Any]) -> None:
    """Draws of each held-out set `figures/<name>.png` and `figures/<name>_scores.png`.

    Args:
        recipe: What was done.
        folder: Of the training.
        compared: What `compare_arms` found.
    """
    for name, seeds in compared["held_out_scores"].items():
        models = open_runs(recipe, folder, name, recipe.find_seeds()[0])
        last = [BASE, *(f"{arm} {recipe.iterations}" for arm in recipe.arms)]
        _draw_pictures(folder / FIGURES / f"{name}.png", {one: models[one] for one in last})
        numbers = range(1, recipe.iterations + 1)
        steps = {arm: [BASE, *(f"{arm} {number}" for number in numbers)] for arm in recipe.arms}
        values = {arm: [[some[one]["score"] for one in own] for some in seeds.values()] for arm, own in steps.items()}
        places, (metric,) = [BASE, *(f"iteration {number}" for number in numbers)], recipe.score
        path = folder / FIGURES / f"{name}_scores.png"
        draw_models(path, places, values, f"{recipe.name}, held out: {name}", metric.replace("_", " "))


def _draw_pictures(path: Path, models: Mapping[str, Run]) -> None:
    found = {name: _read_pictures(run) for name, run in models.items()}
    scenes = [scene for scene in next(iter(found.values())) if all(scene in some for some in found.values())][:SHOWN]
    table = next(iter(models.values())).scenes
    captions = dict(zip(table["id"].to_pylist(), table["caption"].to_pylist(), strict=True))
    shown = [
        (captions[scene], [_show(name, models[name], *some[scene]) for name, some in found.items()])
        for scene in scenes
    ]
    if shown:
        paste_models(path, shown)


def _read_pictures(run: Run) -> dict[str, tuple[str, float]]:
    """By scene the path and score of its first picture, in the order of their ids."""
    columns = (run.scores[name].to_pylist() for name in ("scene", "image", "value"))
    rows = [row for row in zip(*columns, strict=True) if row[1] is not None and row[2] is not None]
    found: dict[str, tuple[str, float]] = {}
    for scene, image, value in sorted(rows):
        found.setdefault(scene, (image, value))
    return found


def _show(name: str, run: Run, image: str, score: float) -> tuple[str, Image.Image]:
    shown = open_file(run.pictures / image)
    return f"{name}: {score:.2f}", shown if isinstance(shown, Image.Image) else shown[0]
