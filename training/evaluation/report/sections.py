"""What a report says, part by part, from the content of report.json; what it lacks is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .blocks import (
    Branch,
    Cell,
    Column,
    Group,
    Plot,
    Row,
    Section,
    Shot,
    Table,
    Tree,
    draw_rows,
    fill_estimate,
    fill_number,
)
from .marks import Curve, fit_axis
from .numbers import read_estimate, write_fixed, write_share

Groups = Sequence[Mapping[str, Any]]
MOST_PICTURES, MOST_NODES, MOST_HARD = 24, 400, 20
LEAST_GAP = -0.005
"""What is hardest has a gap that two digits show."""
LONGEST_ID = 34
"""Letters of a metric's id that are shown."""
ANSWERS, REFUSED = "answers", "refused"
TABLES = {
    "kind": "Kind of question",
    "form": "Form of question",
    "kind_form": "Kind and form",
    "statement": "True and false statements",
}
"""Tables of `by` that are forests of answers; all others are curves along their groups."""
ALONG = {
    "elements": "elements (objects + attributes + relations)",
    "objects": "objects",
    "attributes": "attributes",
    "relations": "relations",
    "copies": "copies of an object",
}
BRIEF = ("overall", "kind", "form", "statement")
"""Tables that a terminal shows, too."""
BASELINES = {
    "blank": "a white picture",
    "other_picture": "the picture of another scene",
    "always_yes": "always yes",
    "no_picture": "no picture",
}
MARKS = {**BASELINES, "exam": "the judge's exam"}


@dataclass(frozen=True)
class Reading:
    """The content of report.json, with what is looked up in it again and again."""

    report: Mapping[str, Any]

    @cached_property
    def runs(self) -> Sequence[Mapping[str, Any]]:
        return self.report.get("runs") or []

    @cached_property
    def models(self) -> list[str]:
        return [str(run.get("name") or run.get("model") or number) for number, run in enumerate(self.runs, 1)]

    @cached_property
    def metrics(self) -> list[str]:
        """Ids in the order of `overall`; shares of right answers first."""
        found = list(dict.fromkeys(group["metric"] for group in self.report.get("overall") or []))
        return sorted(found, key=lambda name: name != ANSWERS)

    def shorten(self, metric: str) -> str:
        """What a metric is called: its id without the judge, where that is enough to tell it apart."""
        if metric == ANSWERS:
            return "right answers"
        short = metric.partition(":")[0]
        alike = [one for one in self.metrics if one.partition(":")[0] == short]
        return _cut(short if len(alike) < 2 else metric)

    @cached_property
    def baselines(self) -> Mapping[str, Mapping[str, Any]]:
        """Of the first run that has any, those that were measured."""
        for run in self.runs:
            measured = {name: one for name, one in (run.get("baselines") or {}).items() if one and name in BASELINES}
            if measured:
                return measured
        return {}

    @cached_property
    def exam(self) -> Mapping[str, Any] | None:
        return next((run["exam"] for run in self.runs if run.get("exam")), None)

    def find_exam(self, name: str, group: str) -> Mapping[str, Any] | None:
        """What the exam found of a kind, or of a kind in a form."""
        table = {"kind": "kinds", "kind_form": "details"}.get(name)
        return ((self.exam or {}).get(table) or {}).get(group) if table else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_ID else f"{text[: LONGEST_ID - 1]}…"


def make_sections(report: Mapping[str, Any]) -> list[Section]:
    """All parts of a report that there is something to say about, in their order."""
    reading = Reading(report)
    made = [make(reading) for make in SECTIONS]
    return [section for section in made if not section.is_empty]


def _list_groups(groups: Groups, metric: str) -> dict[str, dict[int, Mapping[str, Any]]]:
    """By group and by run."""
    found: dict[str, dict[int, Mapping[str, Any]]] = {}
    for group in groups:
        if group["metric"] == metric:
            found.setdefault(str(group["group"]), {})[group["run"]] = group
    return found


def _fill_models(reading: Reading, what: str, of: Mapping[int, Mapping[str, Any]]) -> tuple[list[Column], list[Cell]]:
    """Columns and cells that every table of groups has: numbers of each model, and what they rest on."""
    places = range(len(reading.models))
    names = reading.models if len(reading.models) > 1 else [what]
    values = [fill_estimate(read_estimate(of.get(place))) for place in places]
    counts = [_fill_sum(of, key) for key in ("count", "scenes")]
    asked = sum((one.get("count") or 0) + (one.get("refused") or 0) for one in of.values())
    refused = sum(one.get("refused") or 0 for one in of.values())
    share = Cell(write_share(refused, asked) if refused else "0", value=refused / asked if asked else None)
    columns = [Column(_cut(name), "estimate", name) for name in names]
    columns += [Column("count", note="answers given; of other metrics, pictures"), Column("scenes")]
    return [*columns, Column(REFUSED, note="left without an answer, in no other number")], [*values, *counts, share]


def _fill_sum(of: Mapping[int, Mapping[str, Any]], key: str) -> Cell:
    return fill_number(max((one.get(key) or 0 for one in of.values()), default=0))


def _make_forest(
    reading: Reading,
    title: str,
    first: str,
    groups: Groups,
    metric: str,
    mark: Callable[[str], Mapping[str, float]] = lambda group: {},
    more: Callable[[str], Sequence[tuple[Column, Cell]]] = lambda group: (),
) -> Table | None:
    """Numbers of groups with their intervals, one row a group."""
    rows, columns = list[Row](), list[Column]()
    for name, of in _list_groups(groups, metric).items():
        columns, cells = _fill_models(reading, reading.shorten(metric), of)
        added = more(name)
        columns += [column for column, _ in added]
        values = [read_estimate(of.get(place)) for place in range(len(reading.models))]
        rows.append(Row(_say(name), [*cells, *(cell for _, cell in added)], values, mark(name)))
    return draw_rows(title, first, columns, rows) if rows else None


def _say(group: str) -> str:
    return group.replace("yes_no", "yes/no").replace("_", " ")


def _make_overall(reading: Reading) -> Section:
    rows, columns = list[Row](), list[Column]()
    found = reading.report.get("overall") or []
    for metric in reading.metrics:
        of = {group["run"]: group for group in found if group["metric"] == metric}
        columns, cells = _fill_models(reading, "mean", of)
        values = [read_estimate(of.get(place)) for place in range(len(reading.models))]
        is_share = all(value.low >= 0 and value.high <= 1 for value in values if value)
        marks = _mark_overall(reading, metric) if is_share else {}
        rows.append(Row(reading.shorten(metric), cells, values if is_share else [], marks))
    tables = [draw_rows("All metrics", "metric", columns, rows)] if rows else []
    seeds = [_list_seeds(reading, found)] if any(group.get("two_way") for group in found) else []
    lead = []
    if reading.baselines:
        lead.append(
            "Hollow marks are what the same questions earn without the right picture: hold numbers against them."
        )
    marked = [name for name in reading.baselines if ANSWERS in reading.metrics]
    return Section("overall", "Overall", "Overall", lead, marked, [*tables, *seeds, *_make_baselines(reading)])


def _list_seeds(reading: Reading, found: Groups) -> Table:
    rows = []
    for group in found:
        if group.get("two_way"):
            estimate = read_estimate({**group, **group["two_way"]})
            label = f"{reading.shorten(group['metric'])}, {reading.models[group['run']]}"
            rows.append(Row(label, [fill_estimate(estimate)], [estimate]))
    title = "With other scenes and other pictures of each scene"
    return draw_rows(title, "metric", [Column("mean", "estimate")], rows, plain=True)


def _mark_overall(reading: Reading, metric: str) -> dict[str, float]:
    """What a metric of answers gets without the right picture."""
    found = {
        name: one.get("accuracy") if metric == ANSWERS else (one.get("metrics") or {}).get(metric)
        for name, one in reading.baselines.items()
    }
    return {name: one["value"] for name, one in found.items() if one}


def _make_baselines(reading: Reading) -> Iterator[Table]:
    rows = [
        Row(
            BASELINES[name],
            [
                fill_estimate(read_estimate(one.get("accuracy"))),
                *map(fill_number, (one.get("questions"), one.get("refused"))),
            ],
            [read_estimate(one.get("accuracy"))],
        )
        for name, one in reading.baselines.items()
    ]
    if rows:
        columns = [Column("right answers", "estimate"), Column("questions"), Column("refused")]
        yield draw_rows("What is earned without the right picture", "asked about", columns, rows, plain=True)


def _make_kinds(reading: Reading) -> Section:
    by = reading.report.get("by") or {}
    tables = []
    for name, title in TABLES.items():
        table = _make_forest(
            reading,
            title,
            title.lower(),
            by.get(name) or [],
            ANSWERS,
            lambda group, name=name: _mark_kind(reading, name, group),
            lambda group, name=name: _add_exam(reading, name, group),
        )
        tables += [replace(table, brief=name in BRIEF)] if table else []
    marks = [*(reading.baselines if by.get("kind") else ()), *(["exam"] if reading.exam else ())]
    lead = []
    if reading.exam:
        lead.append(
            "Hollow marks are what is earned without the right picture. "
            "The upright stroke is the judge's own balanced accuracy on pictures whose truth is known: "
            "where it is low, the judge errs, not only the model."
        )
    return Section("kinds", "Kinds", "By kind and form of question", lead, marks if tables else (), tables)


def _mark_kind(reading: Reading, name: str, group: str) -> dict[str, float]:
    marks = {}
    if name == "kind":
        marks = {
            key: one["kinds"][group] for key, one in reading.baselines.items() if group in (one.get("kinds") or {})
        }
    exam = reading.find_exam(name, group)
    if exam and exam.get("balanced_accuracy"):
        marks["exam"] = exam["balanced_accuracy"]["value"]
    return marks


def _add_exam(reading: Reading, name: str, group: str) -> Sequence[tuple[Column, Cell]]:
    """What the exam found of the judge; nothing where the exam told none of the table apart."""
    groups = [str(one["group"]) for one in (reading.report.get("by") or {}).get(name) or []]
    if not any(reading.find_exam(name, one) for one in groups):
        return ()
    exam = reading.find_exam(name, group) or {}
    verdict = {True: "trusted", False: "not trusted", None: "not examined"}[exam.get("trusted")]
    found = fill_estimate(read_estimate(exam.get("balanced_accuracy")))
    return ((Column("judge's exam", "estimate", "balanced accuracy"), found), (Column("judge", "text"), Cell(verdict)))


def _make_differences(reading: Reading) -> Section:
    """By pairs of models: all metrics, and parts of the first metric."""
    pairs: dict[tuple[int, int], dict[str, list[Mapping[str, Any]]]] = {}
    for name, groups in (reading.report.get("differences") or {}).items():
        for group in groups:
            if name == "overall" or group["metric"] == reading.metrics[0]:
                pairs.setdefault((group["run"], group["other"]), {}).setdefault(name, []).append(group)
    tables = []
    for (run, other), parts in pairs.items():
        for name, groups in parts.items():
            what = "all metrics" if name == "overall" else name_table(name)
            title = f"{reading.models[run]} minus {reading.models[other]}: {what}"
            tables.append(replace(_compare(reading, title, groups, name == "overall"), brief=name in BRIEF))
    lead = [
        "Differences on the same scenes, so that what is hard for both cancels out. "
        "Those called higher or lower stay below p = 0.05 with all others of their table counted in (Holm)."
    ]
    return Section("models", "Models", "Models side by side", lead if tables else (), (), tables)


def name_table(name: str) -> str:
    """What a table of `by` tells apart."""
    return TABLES.get(name, "").lower() or ALONG.get(name) or f"captions by {_cut(name.partition(':')[0])}"


def _compare(reading: Reading, title: str, groups: Groups, is_overall: bool) -> Table:
    rows = []
    for group in groups:
        difference = read_estimate(group)
        label = reading.shorten(group["metric"]) if is_overall else _say(str(group["group"]))
        chance = group.get("p_adjusted")
        is_sure = chance is not None and chance < 0.05 and difference is not None
        verdict = ("higher" if difference.value > 0 else "lower") if is_sure and difference else ""
        cells = [
            fill_estimate(difference, signed=True),
            Cell(verdict),
            Cell(_write_chance(chance), value=chance),
            fill_number(group.get("scenes")),
        ]
        rows.append(Row(label, cells, [difference]))
    columns = [Column("difference", "estimate"), Column("", "text"), Column("p", note="Holm"), Column("scenes")]
    return draw_rows(title, "metric" if is_overall else "of", columns, rows, signed=True)


def _write_chance(chance: float | None) -> str:
    if chance is None:
        return ""
    return "<0.001" if chance < 0.001 else f"{chance:.3f}" if chance < 0.1 else f"{chance:.2f}"


def _make_complexity(reading: Reading) -> Section:
    by = reading.report.get("by") or {}
    plots = []
    for name, under in ALONG.items():
        for metric in reading.metrics if name == "elements" else reading.metrics[:1]:
            plots += _plot(reading, by.get(name) or [], metric, name, under)
    lead = ["What pictures earn as scenes ask for more; bands are 95 % intervals."] if plots else []
    return Section("complexity", "Complexity", "By what a scene asks for", lead, (), (), plots)


def _make_captions(reading: Reading) -> Section:
    by = reading.report.get("by") or {}
    plots = []
    for name, groups in by.items():
        if name not in TABLES and name not in ALONG:
            score = _cut(name.partition(":")[0])
            for metric in reading.metrics:
                plots += _plot(reading, groups, metric, score, f"{name_table(name)}, the lowest fifth first")
    lead = ["What pictures earn along scores of their captions, in fifths of the captions."] if plots else []
    return Section("captions", "Captions", "By scores of captions", lead, (), (), plots)


def _plot(reading: Reading, groups: Groups, metric: str, name: str, under: str) -> Iterator[Plot]:
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
    numbers = _make_forest(reading, "", under, groups, metric)
    if curves and numbers:
        labels = {place: name for name, place in places.items()}
        what = "Right answers" if metric == ANSWERS else reading.shorten(metric)
        yield Plot(f"{what} by {name}", under, curves, labels, numbers)


def _make_taxonomy(reading: Reading) -> Section:
    nodes = reading.report.get("nodes") or []
    metric = next((metric for metric in reading.metrics if any(node["metric"] == metric for node in nodes)), "")
    some: dict[str, dict[int, Mapping[str, Any]]] = {}
    for node in nodes:
        if node["metric"] == metric:
            some.setdefault(node["concept"], {})[node["run"]] = node
    tree = _grow(reading, some, reading.shorten(metric)) if some else None
    lead = ["Each node counts all scenes with something of it, or of what lies under it."] if tree else []
    return Section("taxonomy", "Taxonomy", "By node of the taxonomy", lead, (), (), (), [tree] if tree else ())


def _grow(reading: Reading, nodes: Mapping[str, Mapping[int, Mapping[str, Any]]], title: str) -> Tree:
    """The tree of the nodes that most answers are about; a node has at least as many as what lies under it."""
    counts = {name: sum(node.get("count") or 0 for node in of.values()) for name, of in nodes.items()}
    kept = set(sorted(counts, key=lambda name: -counts[name])[:MOST_NODES])
    branches, top, ends = dict[str, Branch](), list[Branch](), list[float]()
    for name, of in nodes.items():
        if name not in kept:
            continue
        values = [read_estimate(of.get(run)) for run in range(len(reading.models))]
        first = next(iter(of.values()))
        branch = Branch(_say(str(first["group"])), values, [fill_estimate(value) for value in values], counts[name])
        branches[name] = branch
        parent = branches.get(first.get("parent"))
        (parent.below if parent else top).append(branch)
        ends += [end for value in values if value for end in (value.low, value.high)]
    note = (
        f"The {len(kept)} of {len(nodes):,} nodes with most answers; all are in report.json."
        if len(kept) < len(nodes)
        else ""
    )
    return Tree(title, fit_axis(ends or [0.0, 1.0]), top, note)


def _make_people(reading: Reading) -> Section:
    tables = []
    for name, groups in (reading.report.get("people") or {}).items():
        for metric in reading.metrics:
            table = _make_forest(reading, f"{name.capitalize()}: {reading.shorten(metric)}", name, groups, metric)
            tables += [table] if table else []
    tables += [_show_bias(reading, one) for one in reading.report.get("bias") or []]
    return Section("people", "People", "People", (), (), tables)


def _show_bias(reading: Reading, bias: Mapping[str, Any]) -> Table:
    shares = bias.get("shares") or {}
    rows = [
        Row(_say(label), [fill_estimate(read_estimate(share))], [read_estimate(share)])
        for label, share in shares.items()
    ]
    deviation = read_estimate(bias.get("deviation"))
    rows.append(Row("mean absolute deviation from even shares", [fill_estimate(deviation)], [deviation]))
    judge = bias.get("judge") or {}
    if right := read_estimate(judge.get("right")):
        rows.append(Row("right where the caption says it (the judge's own error)", [fill_estimate(right)], [right]))
    note = f"{bias.get('pictures') or 0:,} pictures of {bias.get('scenes') or 0:,} neutral captions"
    if bias.get("refused"):
        note += f"; {bias['refused']:,} more were refused"
    title = f"Perceived {bias.get('about')} where captions leave it open: {reading.models[bias['run']]}"
    return draw_rows(title, "perceived", [Column("share", "estimate")], rows, plain=True, note=f"{note}.")


def _make_hardest(reading: Reading) -> Section:
    tables = []
    for name, hardest in (reading.report.get("hardest") or {}).items():
        for run, model in enumerate(reading.models):
            some = [one for one in hardest if one["run"] == run and one["shrunken"] < LEAST_GAP][:MOST_HARD]
            of = f" for {model}" if len(reading.models) > 1 else ""
            if some:
                tables.append(_list_hardest(f"Hardest {name}{of}", name.removesuffix("s"), some))
    lead = [
        "The gap is what is missing against questions of the same kinds about everything else; "
        "it is shrunken towards 0 where few scenes tell of it, and that is what is drawn and sorted by."
    ]
    return Section("hardest", "Hardest", "What is hardest", lead if tables else (), (), tables)


def _list_hardest(title: str, first: str, hardest: Groups) -> Table:
    columns = [Column("gap, shrunken", "estimate"), Column("gap as found"), Column("right"), Column("expected")]
    columns += [Column("answers"), Column("scenes")]
    rows = []
    for one in hardest:
        gap = read_estimate({"value": one["shrunken"], "low": one["low"], "high": one["high"]})
        plain = [one.get(key) for key in ("gap", "value", "expected")]
        cells = [Cell("" if value is None else write_fixed(value), value=value) for value in plain]
        counts = [fill_number(one.get(key)) for key in ("count", "scenes")]
        rows.append(Row(_say(str(one["group"])), [fill_estimate(gap, signed=True), *cells, *counts], [gap]))
    return draw_rows(title, first, columns, rows, signed=True)


def _make_pictures(reading: Reading) -> Section:
    pictures = reading.report.get("pictures") or {}
    lists = []
    for name in ("worst", "best"):
        for run, model in enumerate(reading.models):
            some = [Shot(model, run, one) for one in pictures.get(name) or [] if one["run"] == run]
            of = f" of {model}" if len(reading.models) > 1 else ""
            if some:
                lists.append((f"{name.capitalize()} pictures{of}", some))
    each = max(1, MOST_PICTURES // max(1, len(lists)))
    groups = [Group(title, some[:each]) for title, some in lists[:MOST_PICTURES]]
    return Section("pictures", "Pictures", "Pictures, worst and best", (), (), (), (), (), groups)


def _make_correlations(reading: Reading) -> Section:
    found = reading.report.get("correlations") or {}
    tables = []
    for run, model in enumerate(reading.models):
        pairs = [one for one in found.get("pictures") or [] if one["run"] == run]
        if pairs:
            tables.append(_make_matrix(reading, f"Over pictures of {model}, Spearman's rank correlation", pairs))
    if models := found.get("models"):
        rows = [
            Row(f"{reading.shorten(one['metric'])} and {reading.shorten(one['other'])}", _correlate(one, "models"))
            for one in models
        ]
        tables.append(draw_rows("Over models", "metrics", _name_correlations("models"), rows))
    agree = reading.report.get("people_agree") or []
    rows = [
        Row(
            reading.shorten(one["metric"]) + (f", {reading.models[one['run']]}" if len(reading.models) > 1 else ""),
            [*_correlate(one, "pictures"), fill_estimate(read_estimate(one.get("alike")))],
            [read_estimate(one.get("spearman"))],
        )
        for one in agree
    ]
    if rows:
        columns = [*_name_correlations("pictures"), Column("pairs alike", "estimate", "put in the same order by both")]
        tables.append(draw_rows("Metrics and people", "metric", columns, rows, signed=True))
    return Section("correlations", "Correlations", "Do metrics agree?", (), (), tables)


def _name_correlations(what: str) -> list[Column]:
    return [Column("Spearman", "estimate"), Column("Kendall", "estimate"), Column(what)]


def _correlate(one: Mapping[str, Any], what: str) -> list[Cell]:
    return [*(_fill_either(one.get(key)) for key in ("spearman", "kendall")), fill_number(one.get(what))]


def _fill_either(value: Any) -> Cell:
    """A number with an interval, or one that has none."""
    if isinstance(value, Mapping):
        return fill_estimate(read_estimate(value))
    return Cell() if value is None else Cell(write_fixed(value), value=value)


def _make_matrix(reading: Reading, title: str, pairs: Groups) -> Table:
    names = list(dict.fromkeys(name for one in pairs for name in (one["metric"], one["other"])))
    cells = {}
    for one in pairs:
        cell = _fill_either(one["spearman"])
        cell = Cell(cell.text, cell.small, cell.value, cell.estimate, 60 * (cell.value or 0.0))
        cells[one["metric"], one["other"]] = cells[one["other"], one["metric"]] = cell
    columns = [Column(reading.shorten(name), note=name) for name in names]
    rows = [Row(reading.shorten(name), [cells.get((name, other), Cell()) for other in names]) for name in names]
    return Table(title, "", columns, rows)


def _make_cost(reading: Reading) -> Section:
    costs = [dict(_flatten(run.get("cost") or {})) for run in reading.runs]
    keys = list(dict.fromkeys(key for cost in costs for key in cost))
    rows = [Row(_say(key), [fill_number(cost.get(key)) for cost in costs]) for key in keys]
    columns = [Column(_cut(model), note=model) for model in reading.models]
    return Section("cost", "Cost", "What it cost", (), (), [draw_rows("Totals", "", columns, rows)] if rows else ())


def _flatten(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{before}{key}, ")
        elif isinstance(value, int | float):
            yield f"{before}{key}", float(value)


SECTIONS: Sequence[Callable[[Reading], Section]] = (
    _make_overall,
    _make_kinds,
    _make_differences,
    _make_complexity,
    _make_captions,
    _make_taxonomy,
    _make_people,
    _make_hardest,
    _make_pictures,
    _make_correlations,
    _make_cost,
)
