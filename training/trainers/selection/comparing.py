"""Models on held-out scenes: the base and every iteration of every arm, compared scene by scene, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...evaluation.tables import Run, open_run
from ...metrics.intervals import compare_models
from ...metrics.over_seeds import estimate_over_seeds
from ...recipes.selection import Selection
from ...reports.markdown import draw_table

BASE = "base"
Scores = Mapping[str, float]
"""The score of each scene."""


def compare_arms(recipe: Selection, folder: Path) -> dict[str, Any]:
    """Compares the last models of all arms with the base and with each other.

    Returns: For JSON, `held_out_scores`: by held-out set and seed the mean score of each model (`base`,
        `<arm> <iteration>`), and by kind of question where there are answers; `differences`: by held-out set and pair
        of models `seeds`, the difference with its interval by scenes for each seed, `pooled`, that of all seeds
        together, scenes resampled, and `over_seeds`, the mean of the seeds' differences with Student's interval, which
        heeds that another seed gives another training.
    """
    seeds = recipe.find_seeds()
    runs = {name: {seed: open_runs(recipe, folder, name, seed) for seed in seeds} for name in recipe.held_out}
    scores = {name: {seed: _describe_seed(models) for seed, models in seeds.items()} for name, seeds in runs.items()}
    last = [*(f"{arm} {recipe.iterations}" for arm in recipe.arms), BASE]
    pairs = [(one, other) for place, one in enumerate(last) for other in last[place + 1 :]]
    differences = {
        name: {f"{one} - {other}": _compare(seeds, one, other) for one, other in pairs} for name, seeds in runs.items()
    }
    return {"held_out_scores": scores, "differences": differences}


def open_runs(recipe: Selection, folder: Path, name: str, seed: int) -> dict[str, Run]:
    """The evaluations of one seed on a held-out set: of the base and of each arm's iterations, by their names."""
    place = folder / f"seed_{seed}"
    found = {BASE: open_run(place / f"base_{name}")}
    for arm in recipe.arms:
        for number in range(1, recipe.iterations + 1):
            found[f"{arm} {number}"] = open_run(place / arm / f"iteration_{number}" / name)
    return found


def _read_scores(run: Run) -> Scores:
    rows = zip(run.scores["scene"].to_pylist(), run.scores["value"].to_pylist(), strict=True)
    return {scene: value for scene, value in rows if value is not None}


def _describe_seed(models: Mapping[str, Run]) -> dict[str, dict[str, float]]:
    described = {}
    for name, run in models.items():
        described[name] = {"score": float(np.mean(list(_read_scores(run).values())))}
        kinds = run.answers.group_by("kind").aggregate([("right", "mean")])
        pairs = zip(kinds["kind"].to_pylist(), kinds["right_mean"].to_pylist(), strict=True)
        described[name] |= {kind: share for kind, share in sorted(pairs) if share is not None}
    return described


def _compare(seeds: Mapping[int, Mapping[str, Run]], one: str, other: str) -> dict[str, Any]:
    of_each, pairs = {}, list[tuple[float, float, str]]()
    for seed, models in seeds.items():
        here, there = _read_scores(models[one]), _read_scores(models[other])
        own = [(here[scene], there[scene], scene) for scene in here if scene in there]
        of_each[seed] = _estimate(own)
        pairs += own
    described = {"seeds": of_each, "pooled": _estimate(pairs)}
    if len(of_each) > 1:
        described["over_seeds"] = estimate_over_seeds([one["value"] for one in of_each.values()])
    return described


def _estimate(pairs: Sequence[tuple[float, float, str]]) -> dict[str, float]:
    values, others, scenes = zip(*pairs, strict=True)
    return compare_models(values, others, scenes).describe()


def list_lines(compared: Mapping[str, Any]) -> list[str]:
    """Tables in Markdown: of each held-out set the scores of all models, and their differences."""
    lines = []
    for name, seeds in compared["held_out_scores"].items():
        models = list(next(iter(seeds.values())))
        lines += [f"Held out, {name}: mean score", ""]
        means = [[seed, *(f"{one['score']:.3f}" for one in some.values())] for seed, some in seeds.items()]
        lines += draw_table(["seed", *models], means)
        lines += ["", f"Held out, {name}: differences (95 %)", ""]
        rows = []
        for pair, found in compared["differences"][name].items():
            of_each = [_show(one) for one in found["seeds"].values()]
            rows.append([pair, *of_each, _show(found["pooled"]), _show(found.get("over_seeds"))])
        lines += [*draw_table(["models", *(f"seed {seed}" for seed in seeds), "all seeds", "over seeds"], rows), ""]
        kinds = [kind for kind in next(iter(seeds.values()))[models[0]] if kind != "score"]
        if kinds:
            means = [[model, *(f"{_average(seeds, model, kind):.3f}" for kind in kinds)] for model in models]
            title = f"Held out, {name}: right answers by kind of question, all seeds"
            lines += [title, "", *draw_table(["model", *kinds], means), ""]
    return lines[:-1]


def _average(seeds: Mapping[Any, Any], model: str, kind: str) -> float:
    return float(np.mean([models[model][kind] for models in seeds.values()]))


def _show(estimate: Mapping[str, float] | None) -> str:
    return "" if estimate is None else f"{estimate['value']:+.3f} ({estimate['low']:+.3f} to {estimate['high']:+.3f})"
