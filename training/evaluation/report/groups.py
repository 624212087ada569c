"""Groups of report.json as tables, curves and a tree, all models side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .blocks import Branch, Cell, Column, Plot, Row, Table, Tree, draw_rows, fill_estimate, fill_number
from .marks import Curve, fit_axis
from .numbers import read_estimate, write_share
from .reading import ANSWERS, REFUSED, Groups, Reading, cut_name, name_group

MOST_NODES = 400


def _list_groups(groups: Groups, metric: str) -> dict[str, dict[int, Mapping[str, Any]]]:
    """By group and by run."""
    found: dict[str, dict[int, Mapping[str, Any]]] = {}
    for group in groups:
        if group["metric"] == metric:
            found.setdefault(str(group["group"]), {})[group["run"]] = group
    return found


def fill_models(reading: Reading, what: str, of: Mapping[int, Mapping[str, Any]]) -> tuple[list[Column], list[Cell]]:
    """Columns and cells that every table of groups has: numbers of each model, and what they rest on."""
    places = range(len(reading.models))
    names = reading.models if len(reading.models) > 1 else [what]
    values = [fill_estimate(read_estimate(of.get(place))) for place in places]
    counts = [_fill_sum(of, key) for key in ("count", "scenes")]
    shares = [_fill_refused(of.get(place) or {}) for place in places]
    columns = [Column(cut_name(name), "estimate", name) for name in names]
    columns += [Column("count", note="answers given; of other metrics, pictures"), Column("scenes")]
    note = "left without an answer, in no other number"
    refused = [f"{REFUSED}, {cut_name(name)}" for name in reading.models] if len(reading.models) > 1 else [REFUSED]
    return [*columns, *(Column(name, note=note) for name in refused)], [*values, *counts, *shares]


def _fill_refused(group: Mapping[str, Any]) -> Cell:
    refused = group.get("refused") or 0
    asked = refused + (group.get("count") or 0)
    return Cell(write_share(refused, asked) if refused else "0", value=refused / asked) if asked else Cell()


def _fill_sum(of: Mapping[int, Mapping[str, Any]], key: str) -> Cell:
    return fill_number(max((one.get(key) or 0 for one in of.values()), default=0))


def make_forest(reading: Reading, title: str, first: str, groups: Groups, metric: str, by: str = "") -> Table | None:
    """Numbers of groups with their intervals, one row a group.

    Args:
        reading: The report.
        title: Of the table.
        first: What its rows are.
        groups: What it is of.
        metric: The one that is shown.
        by: The table's name in the report, if baselines and the judge's exam are to stand beside it.
    """
    rows, columns, found = list[Row](), list[Column](), _list_groups(groups, metric)
    is_examined = any(reading.find_exam(by, name) for name in found)
    for name, of in found.items():
        columns, cells = fill_models(reading, reading.shorten(metric), of)
        if is_examined:
            columns += [Column("judge's exam", "estimate", "balanced accuracy"), Column("judge", "text")]
            cells += _fill_exam(reading.find_exam(by, name) or {})
        values = [read_estimate(of.get(place)) for place in range(len(reading.models))]
        rows.append(Row(name_group(name), cells, values, _mark(reading, by, name)))
    return draw_rows(title, first, columns, rows) if rows else None


def _fill_exam(exam: Mapping[str, Any]) -> list[Cell]:
    verdict = {True: "trusted", False: "not trusted", None: "not examined"}[exam.get("trusted")]
    return [fill_estimate(read_estimate(exam.get("balanced_accuracy"))), Cell(verdict)]


def _mark(reading: Reading, by: str, group: str) -> dict[str, float]:
    """What is earned without the right picture, which is known of kinds, and what the exam found of the judge."""
    known = reading.baselines.items() if by == "kind" else ()
    shares = ((name, (one.get("kinds") or {}).get(group)) for name, one in known)
    marks = {name: share for name, share in shares if share is not None}
    exam = read_estimate((reading.find_exam(by, group) or {}).get("balanced_accuracy"))
    return marks | ({"exam": exam.value} if exam else {})


def draw_plot(reading: Reading, groups: Groups, metric: str, name: str, under: str) -> Iterator[Plot]:
    """Curves along groups; a single point is no curve."""
    found = _list_groups(groups, metric)
    if len(found) < 2:
        return
    numeric = all(name.isdecimal() for name in found)
    places = {name: float(name) if numeric else float(number) for number, name in enumerate(found)}
    curves = []
    for run in range(len(reading.models)):
        points = [(places[name], value) for name, of in found.items() if (value := read_estimate(of.get(run)))]
        if points:
            points.sort(key=lambda point: point[0])
            curves.append(Curve(run, [place for place, _ in points], [value for _, value in points]))
    numbers = make_forest(reading, "", name, groups, metric)
    if curves and numbers:
        labels = {place: name for name, place in places.items()}
        what = "Right answers" if metric == ANSWERS else reading.shorten(metric)
        yield Plot(f"{what} by {name}", under, curves, labels, numbers)


def grow_tree(reading: Reading, nodes: Mapping[str, Mapping[int, Mapping[str, Any]]], title: str) -> Tree:
    """The tree of the nodes that most answers are about; a node has at least as many as what lies under it."""
    counts = {name: sum(node.get("count") or 0 for node in of.values()) for name, of in nodes.items()}
    kept = set(sorted(counts, key=lambda name: -counts[name])[:MOST_NODES])
    branches, top, ends = dict[str, Branch](), list[Branch](), list[float]()
    for name, of in nodes.items():
        if name not in kept:
            continue
        values = [read_estimate(of.get(run)) for run in range(len(reading.models))]
        first = next(iter(of.values()))
        branch = Branch(
            name_group(str(first["group"])), values, [fill_estimate(value) for value in values], counts[name]
        )
        branches[name] = branch
        parent = branches.get(str(first.get("parent")))
        (parent.below if parent else top).append(branch)
        ends += [end for value in values if value for end in (value.low, value.high)]
    note = (
        f"The {len(kept)} of {len(nodes):,} nodes with most answers; all are in report.json."
        if len(kept) < len(nodes)
        else ""
    )
    return Tree(title, fit_axis(ends or [0.0, 1.0]), top, note)
