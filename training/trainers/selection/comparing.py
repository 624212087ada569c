"""Models on held-out scenes: the base and every iteration of every arm, compared scene by scene, seed by seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...evaluation.tables import Run, open_run
from ...recipes.selection import Selection
from ...reports.comparing import Measured, compare_seeds

BASE = "base"


def compare_arms(recipe: Selection, folder: Path) -> dict[str, Any]:
    """Compares the last models of all arms with the base and with each other.

    Returns: What `compare_seeds` gives, by held-out set; models are called `base` and `<arm> <iteration>`.
    """
    last = [*(f"{arm} {recipe.iterations}" for arm in recipe.arms), BASE]
    pairs = [(one, other) for place, one in enumerate(last) for other in last[place + 1 :]]
    return compare_seeds({name: _read_runs(recipe, folder, name) for name in recipe.held_out}, pairs)


def _read_runs(recipe: Selection, folder: Path, name: str) -> dict[int, dict[str, Measured]]:
    found = {}
    for seed in recipe.find_seeds():
        place = folder / f"seed_{seed}"
        found[seed] = {BASE: _read_run(open_run(place / f"base_{name}"))}
        for arm in recipe.arms:
            for number in range(1, recipe.iterations + 1):
                found[seed][f"{arm} {number}"] = _read_run(open_run(place / arm / f"iteration_{number}" / name))
    return found


def _read_run(run: Run) -> Measured:
    rows = zip(run.scores["scene"].to_pylist(), run.scores["value"].to_pylist(), strict=True)
    kinds = run.answers.group_by("kind").aggregate([("right", "mean")])
    pairs = zip(kinds["kind"].to_pylist(), kinds["right_mean"].to_pylist(), strict=True)
    return Measured(
        {scene: value for scene, value in rows if value is not None},
        {kind: share for kind, share in sorted(pairs) if share is not None},
    )
