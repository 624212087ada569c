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
                unknown, unreadable: {name: reason}}; `baselines` is {name: {accuracy: number, refused, questions,
                kinds: {kind: share}} or null}, `exam` the content of judge.json; `name` is the model's, with the
                folder's where two have one
    overall     [group without `group`], and `two_way: {low, high}` where a scene has several pictures
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
    bias        [{run, about: "gender", shares: {label: number}, deviation: number, pictures, scenes, refused,
                judge: {right: number, count} or null}]: of neutral captions; `deviation` is the mean absolute
                deviation from even shares, `judge` what it gets right where the caption says it
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .tables import Run

BY = ("kind", "form", "kind_form", "statement", "elements", "objects", "attributes", "relations", "copies")
"""What is told apart unless a caller chooses; scores of captions always are."""


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
        GasError: There is no such table, or the ratings cannot be read.
    """
    raise NotImplementedError
