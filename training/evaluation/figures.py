"""Everything that a report says, computed from the tables of evaluations: the content of report.json.

Numbers with intervals are mappings of `value`, `low` and `high`, intervals of 95 % (see `metrics/intervals.py`). A
group in a table of groups is one flat mapping, so that a table is a list that any program reads:

    run         the place of the evaluation in `runs`
    metric      `answers`, the share of right answers among those given; or the id of a metric of scores.parquet
    group       what it is: "attribute", "count, open", "3", "0-20 %", the name of a concept
    value, low, high
    count       answers, or pictures for a metric of pictures
    refused     questions that the judge gave no answer to; pictures that a metric does not apply to
    scenes      scenes in it, which is what the interval rests on

The whole of it:

    version     1
    seed        what was resampled by
    methods     {interval, two_way, paired, many, shrinkage, correlation}: a sentence each, for people
    runs        [{name, model, dataset, judge, folder, pictures, scenes, questions, refused, left_out, cost, baselines,
                exam}], as run.json has them; the last four are null where it has none. `left_out` is {without,
                unknown, unreadable: {name: reason}}; `baselines` is {name: {accuracy: number, answers: number or
                null, refused, questions, kinds: {kind: share or null}, kinds_refused: {kind: count}, metrics: {id:
                number}} or null}, where `answers` and `kinds` are counted as the metric `answers` is; `exam` is the
                content of judge.json; `name` is the model's, with the folder's where two have one
    notes       [sentence]: what of the ratings is of no use
    overall     [group without `group`], and `two_way: {low, high}` where scenes have several pictures of
                a folder, whose seeds they may share
    by          {name: [group]}, in the order in which they are to be shown: `kind`, `form`, `kind_form`, `statement`
                (true, false), of answers; `elements`, `objects`, `attributes`, `relations`, `copies`, and a table for
                each score of captions, by the id of its metric (fifths, the lowest first, with `from` and `to`), of
                all metrics
    nodes       [group with `concept`, `parent` (a concept or null), `depth`]: taxonomy nodes with all that lies under
                them, a parent before its children; of all metrics
    people      {gender: [group], ethnicity: [group]}: the nodes that part people so
    differences {name: [{run, other, metric, group, value, low, high, p, p_adjusted, scenes}]}: how much more `run` has
                than `other` on the same scenes, with Holm's p over the table; names as in `by`, and `overall`
    hardest     {concepts: [...], predicates: [...]}, the hardest first: {run, group, concept (of concepts), value,
                expected, gap, low, high, shrunken, count, scenes}. `expected` is the share that the same kinds of
                questions get elsewhere, `gap` = value - expected over scenes, `shrunken` with `low` and `high` what is
                left of it once few scenes are trusted less
    pictures    {best: [...], worst: [...]}: {run, scene, image, value, caption, scene_graph, answers: [{question,
                expected, reply, right, kind, form}]}
    correlations {pictures: [{run, metric, other, spearman: number, kendall: number, pictures, scenes}],
                models: [{metric, other, spearman, kendall, models}]}; `ratings` is a metric where they are given
    people_agree [{run, metric, spearman, kendall, alike: number, pictures, scenes}]: a metric beside ratings; `alike`
                is the share of pairs of pictures that both put in the same order
    wordings    [{run, wording, value, low, high, scenes, other, difference: number, agreement: number, questions}]: of
                models that were evaluated on several wordings of the same scenes, the share of right answers by each,
                and beside the model's first, `other`: how much more it is, and in how many of the questions that
                were answered in both either both answers are right or neither is
    wording_orders [{wording, other, spearman: number, kendall: number, models}]: how alike two wordings order models
    bias        [{run, about: "gender", shares: {label: number}, deviation: number, pictures, scenes, refused,
                judge: {right: number, count} or null}]: of neutral captions; `deviation` is the mean absolute
                deviation from even shares, `by_concept` (a number, too) the mean of that within each profession,
                `judge` what it gets right where the caption says it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..exam.baselines import BASELINES
from ..metrics.group_intervals import (
    Cells,
    Draws,
    Groups,
    approximate_groups,
    draw_scenes,
    estimate_differences,
    estimate_groups,
    estimate_two_way,
    sum_cells,
)
from ..metrics.intervals import adjust_holm
from .arrays import Evaluations, Measure, Sample, read_evaluations
from .bias_figures import describe_bias
from .extremes import list_extremes
from .hardness import find_gaps, list_entries
from .orders import compare_orders, compare_with_people, read_ratings
from .parting import BY, Table, group_all, part_tables, read_parts
from .scene_facts import read_concepts, read_predicates
from .tables import Run
from .tree_figures import PEOPLE, Nodes, find_nodes
from .wording_figures import compare_orders_of_models, compare_wordings

HARDEST = 50
"""So many concepts and predicates are listed."""
METHODS = {
    "interval": "95 %, by resampling scenes 2,000 times with all of their pictures and questions (percentiles, "
    "widened for few scenes as Student's distribution is); of taxonomy nodes by the variance between scenes",
    "two_way": "95 %, resampling scenes and numbers of pictures (Owen 2007): the one to read where the pictures of "
    "one number have one seed in all scenes; otherwise it is too wide",
    "paired": "over the scenes that both have, drawn together; p by 2,000 chance swaps of the two, scene by scene; "
    "where fewer than 10 of them are as large, by the saddlepoint approximation of their tail (Robinson 1982)",
    "many": "p_adjusted is Holm's (1979) over all comparisons of a table: those below 0.05 are right together at 95 %",
    "shrinkage": "normal empirical Bayes (Efron and Morris 1975, intervals by Morris 1983): a gap of few scenes is "
    "drawn to what is common",
    "correlation": "Spearman's rank correlation and Kendall's tau-b; intervals by the jackknife over scenes",
}


def describe_runs(
    runs: Sequence[Run], seed: int = 0, ratings: Path | None = None, by: Sequence[str] = BY
) -> dict[str, Any]:
    """Computes what a report says of one or several evaluations.

    Args:
        runs: The evaluations; those after the first are compared with it.
        seed: Another one resamples other scenes.
        ratings: A CSV or Parquet file of people's ratings: `rating`, and `image`, or `scene` and `model`, or `model`.
        by: Which of `BY` to tell apart.

    Returns: See the file; all of it is JSON.

    Raises:
        GasError: There is nothing to tell apart by such a name, or the ratings cannot be read.
    """
    by = read_parts(by)
    found = read_evaluations(runs)
    people = read_ratings(ratings, found) if ratings else None
    draws = draw_scenes(found.scenes, seed)
    whole, parted = [group_all(sample) for sample in found.samples], dict(part_tables(found, by))
    nodes = find_nodes(found)
    overall = _describe_tables(whole, draws)
    return _clean(
        {
            "version": 1,
            "seed": seed,
            "methods": METHODS,
            "runs": _describe_runs(found),
            "notes": people.notes if people else [],
            "overall": [_drop_group(row) | _find_two_way(row, found, seed) for row in overall],
            "by": {name: rows for name, table in parted.items() if (rows := _describe_tables(table, draws))},
            "nodes": _describe_nodes(found, nodes, nodes.list_large()),
            "people": {name: _describe_nodes(found, nodes, nodes.find(ids)) for name, ids in PEOPLE.items()},
            "differences": {
                name: rows for name, table in {"overall": whole, **parted}.items() if (rows := _compare(table, draws))
            },
            "hardest": {
                "concepts": _list_hardest(found, "concepts"),
                "predicates": _list_hardest(found, "predicates"),
            },
            "pictures": list_extremes(found),
            "correlations": compare_orders(found, draws, people),
            "people_agree": compare_with_people(found, people, seed) if people else [],
            "wordings": compare_wordings(found, draws),
            "wording_orders": list(compare_orders_of_models(found, draws)),
            "bias": [row for sample in found.samples for row in describe_bias(sample, draws)],
        }
    )


def _clean(value: Any) -> Any:
    """Numbers of numpy's as Python's, to six places; what is not known is null."""
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return (round(value, 6) if np.isfinite(value) else None) if isinstance(value, float) else value


def _describe_runs(found: Evaluations) -> list[dict[str, Any]]:
    models = [sample.run.model for sample in found.samples]
    told = []
    for sample in found.samples:
        run, record, answers = sample.run, sample.run.record, sample.answers
        baselines, data = record.get("baselines") or {}, record.get("data") or {}
        told.append(
            {
                "name": run.model if models.count(run.model) == 1 else f"{run.model} ({run.folder.name})",
                "model": run.model,
                "dataset": data.get("recipe") or data.get("path"),
                "judge": record.get("judge"),
                "folder": str(run.folder),
                "pictures": len(sample.images),
                "scenes": len(np.unique(sample.scene_of_image)),
                "questions": len(answers.scene),
                "refused": int((answers.wholes == 0).sum()),
                "left_out": record.get("left_out"),
                "cost": record.get("cost"),
                "baselines": {name: baselines[name] for name in BASELINES if name in baselines} or None,
                "exam": record.get("exam"),
            }
        )
    return told


def _describe_tables(tables: Iterable[Table], draws: Draws) -> list[dict[str, Any]]:
    return [
        row
        for table in tables
        for place, (measure, cells) in enumerate(zip(table.measures, table.cells, strict=True))
        for row in _list_groups(
            table.sample, measure, table.names, estimate_groups(cells, draws, measure.is_share),
            table.count_unknown(place), table.details,
        )
    ]  # fmt: skip


def _list_groups(
    sample: Sample,
    measure: Measure,
    names: Sequence[str],
    groups: Groups,
    unknown: np.ndarray,
    details: Sequence[Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(names):
        if groups.count[place] or unknown[place]:
            yield {
                "run": sample.place,
                "metric": measure.metric,
                "group": name,
                "value": groups.value[place],
                "low": groups.low[place],
                "high": groups.high[place],
                "count": int(groups.count[place]),
                "refused": unknown[place],
                "scenes": groups.scenes[place],
                **details[place],
            }


def _drop_group(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "group"}


def _find_two_way(row: Mapping[str, Any], found: Evaluations, seed: int) -> dict[str, Any]:
    """The interval of a metric where scenes have several pictures whose seeds they may share."""
    sample = found.samples[row["run"]]
    if not len(sample.images) or not sample.numbers.max() or not _is_folder(sample.run):
        return {}
    measure = next(one for one in sample.measures if one.metric == row["metric"])
    kept = measure.picture >= 0
    if not measure.wholes[kept].sum():
        return {}
    numbers = sample.numbers[measure.picture[kept]]
    one = estimate_two_way(measure.parts[kept], measure.wholes[kept], measure.scene[kept], numbers, seed)
    return {"two_way": {"low": one.low, "high": one.high}}


def _is_folder(run: Run) -> bool:
    """Whether pictures were found in a folder; those that were made here have a seed of their own."""
    return "grid" in (run.record.get("backend") or {})


def _compare(tables: Sequence[Table], draws: Draws) -> list[dict[str, Any]]:
    """How much more the later evaluations have than the first, in each part and metric."""
    first = next((table for table in tables if table.sample.place == 0), None)
    if first is None:
        return []
    rows = []
    for table in tables:
        for one, measure in zip(table.cells, table.measures, strict=True):
            for other, base in zip(first.cells, first.measures, strict=True):
                if table is not first and measure.metric == base.metric:
                    rows += _list_differences(table, measure, one, other, draws)
    for row, p in zip(rows, adjust_holm([row["p"] for row in rows]), strict=True):
        row["p_adjusted"] = p
    return rows


def _list_differences(table: Table, measure: Measure, one: Cells, other: Cells, draws: Draws) -> list[dict[str, Any]]:
    found = estimate_differences(one, other, draws)
    return [
        {
            "run": table.sample.place,
            "other": 0,
            "metric": measure.metric,
            "group": name,
            "value": found.value[place],
            "low": found.low[place],
            "high": found.high[place],
            "p": float(found.p[place]),
            "scenes": found.scenes[place],
        }
        for place, name in enumerate(table.names)
        if found.scenes[place]
    ]


def _describe_nodes(found: Evaluations, nodes: Nodes, chosen: np.ndarray) -> list[dict[str, Any]]:
    if not len(chosen):
        return []
    scene, group, details = nodes.take(chosen)
    names = [detail.pop("name") for detail in details]
    rows: list[dict[str, Any]] = []
    for sample in found.samples:
        for measure in sample.measures:
            sums = [np.bincount(measure.scene, one, found.scenes) for one in (measure.parts, measure.wholes)]
            unknown = np.bincount(measure.scene[measure.wholes == 0], minlength=found.scenes)
            cells = sum_cells(scene, group, len(names), sums[0][scene], sums[1][scene], found.scenes)
            groups = approximate_groups(cells, measure.is_share)
            missing = np.bincount(group, unknown[scene], len(names)).astype(int)
            rows += _list_groups(sample, measure, names, groups, missing, details)
    return rows


def _list_hardest(found: Evaluations, what: str) -> list[dict[str, Any]]:
    read = {"concepts": read_concepts, "predicates": read_predicates}[what]
    rows = []
    for sample in found.samples:
        rests = read(sample.run.scenes)
        if rests is None or not len(sample.answers.scene):
            continue
        entries, labels = list_entries(sample, rests)
        gaps = find_gaps(sample, labels, entries)
        for place in np.argsort(gaps.shrunken, kind="stable")[:HARDEST].tolist():
            name = gaps.names[place]
            rows.append(
                {
                    "run": sample.place,
                    "group": rests.titles.get(name, name),
                    **({"concept": name} if what == "concepts" else {}),
                    "value": gaps.value[place],
                    "expected": gaps.expected[place],
                    "gap": gaps.gap[place],
                    "shrunken": gaps.shrunken[place],
                    "low": gaps.low[place],
                    "high": gaps.high[place],
                    "count": int(gaps.count[place]),
                    "scenes": gaps.scenes[place],
                }
            )
    return rows
