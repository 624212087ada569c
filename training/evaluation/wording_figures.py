"""Whether models earn the same, and give the same answers, where the same scenes are put in other words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

from ..metrics.group_intervals import (
    Cells,
    Draws,
    Groups,
    estimate_differences,
    estimate_groups,
    read_draws,
    sum_cells,
)
from ..metrics.rank_correlations import correlate_means
from .arrays import ANSWERS, Evaluations, Sample
from .orders import FEWEST_MODELS, draw_means

CAPTION = "caption"
"""What the wording is called of an evaluation that took none."""


def find_wording(sample: Sample) -> str:
    """The wording that took the caption's place in an evaluation."""
    return str((sample.run.record.get("data") or {}).get("wording") or CAPTION)


def compare_wordings(found: Evaluations, draws: Draws) -> list[dict[str, Any]]:
    """Evaluations of a model on several wordings, each beside the first of them; see `figures.py`."""
    rows = []
    for samples in _group_models(found).values():
        first, cells = samples[0], [_sum_answers(sample, found) for sample in samples]
        for sample, own in zip(samples, cells, strict=True) if len(samples) > 1 else ():
            row = {
                "run": sample.place,
                "wording": find_wording(sample),
                **_describe(estimate_groups(own, draws, True)),
            }
            if sample is not first:
                same = _compare_answers(sample, first, found)
                row["other"] = first.place
                row["difference"] = _describe(estimate_differences(own, cells[0], draws))
                row["agreement"] = _describe(estimate_groups(same, draws, True))
                row["questions"] = int(same.wholes.sum())
            rows.append(row)
    return rows


def compare_orders_of_models(found: Evaluations, draws: Draws) -> Iterator[dict[str, Any]]:
    """How alike two wordings order the models that were evaluated on both, where there are three or more."""
    models = _group_models(found)
    names = dict.fromkeys(find_wording(sample) for samples in models.values() for sample in samples)
    for wording, other in combinations(names, 2):
        both = [_pick(samples, wording, other) for samples in models.values()]
        pairs = [pair for pair in both if len(pair) == 2]
        if len(pairs) < FEWEST_MODELS:
            continue
        here, there = (draw_means(found, list(some), ANSWERS, draws) for some in zip(*pairs, strict=True))
        if here is not None and there is not None:
            spearman, kendall = (read_draws(values).describe() for values in correlate_means(here, there))
            yield {"wording": wording, "other": other, "spearman": spearman, "kendall": kendall, "models": len(pairs)}


def _group_models(found: Evaluations) -> dict[str, list[Sample]]:
    """The evaluations of each model in which something was asked, one a wording."""
    models: dict[str, dict[str, Sample]] = {}
    for sample in found.samples:
        if len(sample.answers.scene):
            models.setdefault(sample.run.model, {}).setdefault(find_wording(sample), sample)
    return {model: list(samples.values()) for model, samples in models.items()}


def _pick(samples: list[Sample], *wordings: str) -> list[Sample]:
    return [sample for wording in wordings for sample in samples if find_wording(sample) == wording]


def _sum_answers(sample: Sample, found: Evaluations) -> Cells:
    one = sample.answers
    return sum_cells(one.scene, np.zeros(len(one.scene), dtype=np.int64), 1, one.parts, one.wholes, found.scenes)


def _compare_answers(one: Sample, other: Sample, found: Evaluations) -> Cells:
    """Of each scene, how many questions both were asked and answered, and in how many both or neither were right.

    Pictures are of one number, such as both scenes' first.
    """
    keys, marks = [], []
    for sample in (one, other):
        answers, kept = sample.answers, np.flatnonzero(sample.answers.wholes > 0)
        columns = answers.scene[kept], sample.question[kept], sample.numbers[answers.picture[kept]]
        keys.append(np.stack(columns, axis=1))
        marks.append(answers.parts[kept])
    codes = np.unique(np.concatenate(keys), axis=0, return_inverse=True)[1].reshape(-1)
    here, there = codes[: len(keys[0])], codes[len(keys[0]) :]
    _, first, second = np.intersect1d(here, there, return_indices=True)
    same, count = (marks[0][first] == marks[1][second]) * 1.0, len(first)
    return sum_cells(keys[0][first, 0], np.zeros(count, dtype=np.int64), 1, same, np.ones(count), found.scenes)


def _describe(groups: Groups) -> dict[str, Any]:
    """The only group, as report.json has it."""
    found = {"value": groups.value[0], "low": groups.low[0], "high": groups.high[0]}
    return {**found, "scenes": groups.scenes[0]}
