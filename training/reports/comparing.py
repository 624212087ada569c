"""Trainings with several seeds, compared with each other scene by scene: numbers with intervals, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..metrics.group_intervals import Cells, approximate_groups
from ..metrics.intervals import compare_models


@dataclass(frozen=True)
class Measured:
    """What was measured of a model.

    Attributes:
        scores: The score of each scene.
        kinds: By kind of question the share of right answers, where questions were asked.
    """

    scores: Mapping[str, float]
    kinds: Mapping[str, float] = field(default_factory=dict)

    def describe(self) -> dict[str, float]:
        """As JSON can hold it."""
        return {"score": float(np.mean(list(self.scores.values()))), **self.kinds}


Seeds = Mapping[int, Mapping[str, Measured]]
"""By seed, what was measured of each model."""


def compare_seeds(sets: Mapping[str, Seeds], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Compares models with each other.

    Args:
        sets: What was measured, by a name such as that of the held-out scenes.
        pairs: Of models.

    Returns: For JSON, `held_out_scores`: by set and seed the mean score of each model, and by kind of question where
        there are answers; `differences`: by set and pair of models `seeds`, the difference with its interval by scenes
        for each seed, `pooled`, that of all seeds together, scenes resampled, and `over_seeds`, the mean of the seeds'
        differences with Student's interval, which heeds that another seed gives another training.
    """
    pairs = list(pairs)
    scores = {
        name: {seed: {model: one.describe() for model, one in models.items()} for seed, models in seeds.items()}
        for name, seeds in sets.items()
    }
    differences = {
        name: {f"{one} - {other}": _compare(seeds, one, other) for one, other in pairs} for name, seeds in sets.items()
    }
    return {"held_out_scores": scores, "differences": differences}


def _compare(seeds: Seeds, one: str, other: str) -> dict[str, Any]:
    of_each, pairs = {}, list[tuple[float, float, str]]()
    for seed, models in seeds.items():
        here, there = models[one].scores, models[other].scores
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


def estimate_over_seeds(values: Sequence[float]) -> dict[str, float]:
    """The mean of some trainings' numbers, with Student's interval."""
    places = np.arange(len(values))
    cells = Cells(1, places, np.zeros(len(values), dtype=int), np.array(values), np.ones(len(values)))
    found = approximate_groups(cells, is_share=False)
    return {"value": float(found.value[0]), "low": float(found.low[0]), "high": float(found.high[0])}


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


def draw_table(head: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A table in Markdown, a line each."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]
