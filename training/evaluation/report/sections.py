"""What a report says, part by part, from the content of report.json; what it lacks is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .blocks import Cell, Column, Group, Plot, Row, Section, Shot, Table, draw_rows, fill_estimate, fill_number
from .groups import draw_plot, fill_models, grow_tree, make_forest
from .numbers import read_estimate, write_fixed
from .reading import (
    ALONG,
    ANSWERS,
    BASELINES,
    MARKS,
    TABLES,
    Groups,
    Reading,
    cut_name,
    name_group,
    name_table,
)

MOST_PICTURES, MOST_HARD = 24, 20
LEAST_GAP = -0.005
"""What is hardest has a gap that two digits show."""
BRIEF = ("overall", "kind", "form", "statement", "elements", "copies")
BRIEF_PAIRS = ("overall", "kind")
"""Tables that a terminal shows, too, of models and of pairs of them."""


def make_sections(report: Mapping[str, Any]) -> list[Section]:
    """All parts of a report that there is something to say about, in their order."""
    reading = Reading(report)
    made = [make(reading) for make in SECTIONS]
    return [section for section in made if not section.is_empty]


def _make_overall(reading: Reading) -> Section:
    rows, columns = list[Row](), list[Column]()
    found = reading.report.get("overall") or []
    for metric in reading.metrics:
        of = {group["run"]: group for group in found if group["metric"] == metric}
        columns, cells = fill_models(reading, "mean", of)
        values = [read_estimate(of.get(place)) for place in range(len(reading.models))]
        is_share = all(value.low >= 0 and value.high <= 1 for value in values if value)
        marks = _mark_overall(reading, metric) if is_share else {}
        rows.append(Row(reading.shorten(metric), cells, values if is_share else [], marks))
    tables = [draw_rows("All metrics", "metric", columns, rows)] if rows else []
    seeds = [_list_seeds(reading, found)] if any(group.get("two_way") for group in found) else []
    marked = sorted({mark for row in rows for mark in row.marks}, key=list(MARKS).index)
    lead = [_explain_hollow(reading)] if marked else []
    return Section("overall", "Overall", "Overall", lead, marked, [*tables, *seeds, *_make_baselines(reading)])


def _explain_hollow(reading: Reading) -> str:
    of = f" They are of {reading.models[reading.measured[0]]}." if len(reading.models) > 1 else ""
    return f"Hollow marks are what the same questions earn without the right picture: hold numbers against them.{of}"


def _list_seeds(reading: Reading, found: Groups) -> Table:
    rows = []
    for group in found:
        if group.get("two_way"):
            estimate = read_estimate({**group, **group["two_way"]})
            label = f"{reading.shorten(group['metric'])}, {reading.models[group['run']]}"
            rows.append(Row(label, [fill_estimate(estimate)], [estimate]))
    title = "If pictures of one number share a seed in all scenes, these intervals hold"
    return draw_rows(title, "metric", [Column("mean", "estimate")], rows, plain=True)


def _mark_overall(reading: Reading, metric: str) -> dict[str, float]:
    """What a metric of answers gets without the right picture."""
    found = {
        name: one.get("answers") if metric == ANSWERS else (one.get("metrics") or {}).get(metric)
        for name, one in reading.baselines.items()
    }
    return {name: one["value"] for name, one in found.items() if one}


def _make_baselines(reading: Reading) -> Iterator[Table]:
    rows = [
        Row(
            BASELINES[name],
            [
                fill_estimate(read_estimate(one.get("answers"))),
                *map(fill_number, (one.get("questions"), one.get("refused"))),
            ],
            [read_estimate(one.get("answers"))],
        )
        for name, one in reading.baselines.items()
    ]
    if rows:
        columns = [Column("right answers", "estimate"), Column("questions"), Column("refused")]
        yield draw_rows("What is earned without the right picture", "asked about", columns, rows, plain=True)


def _make_kinds(reading: Reading) -> Section:
    by, tables = reading.report.get("by") or {}, list[Table]()
    for name, title in TABLES.items():
        table = make_forest(reading, title, title.lower(), by.get(name) or [], ANSWERS, name)
        tables += [replace(table, brief=name in BRIEF)] if table else []
    marks = sorted({mark for table in tables for row in table.rows for mark in row.marks}, key=list(MARKS).index)
    lead = [_explain_hollow(reading)] if set(marks) - {"exam"} else []
    if "exam" in marks:
        lead.append(
            "The upright stroke is the judge's own balanced accuracy on pictures whose truth is known: "
            "where it is low, the judge errs, not only the model."
        )
    return Section("kinds", "Kinds", "By kind and form of question", lead, marks, tables)


def _make_differences(reading: Reading) -> Section:
    """By pairs of models: all metrics, and parts of the first metric."""
    pairs: dict[tuple[int, int], dict[str, list[Mapping[str, Any]]]] = {}
    for name, groups in (reading.report.get("differences") or {}).items():
        for group in groups:
            if name == "overall" or group["metric"] == reading.main:
                pairs.setdefault((group["run"], group["other"]), {}).setdefault(name, []).append(group)
    tables = []
    for (run, other), parts in pairs.items():
        for name, groups in parts.items():
            what = "all metrics" if name == "overall" else name_table(name)
            title = f"{reading.models[run]} minus {reading.models[other]}: {what}"
            tables.append(replace(_compare(reading, title, groups, name == "overall"), brief=name in BRIEF_PAIRS))
    lead = [
        "Differences on the same scenes, so that what is hard for both cancels out. "
        "Those called higher or lower stay below p = 0.05 with all others of their table counted in (Holm)."
    ]
    return Section("models", "Models", "Models side by side", lead if tables else (), (), tables)


def _compare(reading: Reading, title: str, groups: Groups, is_overall: bool) -> Table:
    rows = []
    for group in groups:
        difference = read_estimate(group)
        label = reading.shorten(group["metric"]) if is_overall else name_group(str(group["group"]))
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
    columns = [Column("difference", "estimate"), Column("verdict", "text"), Column("p", note="Holm"), Column("scenes")]
    return draw_rows(title, "metric" if is_overall else "of", columns, rows, signed=True)


def _write_chance(chance: float | None) -> str:
    if chance is None:
        return ""
    return "<0.001" if chance < 0.001 else f"{chance:.3f}" if chance < 0.1 else f"{chance:.2f}"


def _make_wordings(reading: Reading) -> Section:
    rows = []
    for one in reading.report.get("wordings") or []:
        beside = [read_estimate(one.get(key)) for key in ("difference", "agreement")]
        cells = [fill_estimate(read_estimate(one)), *(fill_estimate(beside[0], signed=True), fill_estimate(beside[1]))]
        label = f"{one['wording']}, {reading.runs[one['run']].get('model')}"
        rows.append(Row(label, [*cells, fill_number(one.get("questions"))], [read_estimate(one)]))
    columns = [
        Column("right answers", "estimate"),
        Column("difference", "estimate", "from the model's first wording"),
        Column("agreement", "estimate", "both answers right, or neither, beside the first wording"),
        Column("questions"),
    ]
    tables = [draw_rows("By wording", "wording", columns, rows, plain=True)] if rows else []
    orders = [
        Row(f"{one['wording']} and {one['other']}", _correlate(one, "models"))
        for one in reading.report.get("wording_orders") or []
    ]
    if orders:
        tables.append(draw_rows("Models in the order of each wording", "", _name_correlations("models"), orders))
    lead = ["The same scenes in other words: what a model earns by each, and whether its answers stay the same."]
    return Section("wordings", "Wordings", "In other words", lead if tables else (), (), tables)


def _make_complexity(reading: Reading) -> Section:
    by = reading.report.get("by") or {}
    plots = list[Plot]()
    for name, under in ALONG.items():
        for metric in reading.metrics if name == "elements" else reading.metrics[:1]:
            for plot in draw_plot(reading, by.get(name) or [], metric, name, under):
                plots.append(replace(plot, numbers=replace(plot.numbers, brief=name in BRIEF)))
    lead = ["What pictures earn as scenes ask for more; bands are 95 % intervals."] if plots else []
    return Section("complexity", "Complexity", "By what a scene asks for", lead, (), (), plots)


def _make_captions(reading: Reading) -> Section:
    by = reading.report.get("by") or {}
    plots = list[Plot]()
    for name, groups in by.items():
        if name not in TABLES and name not in ALONG:
            score = cut_name(name.partition(":")[0])
            for metric in reading.metrics:
                plots += draw_plot(reading, groups, metric, score, f"{name_table(name)}, the lowest fifth first")
    lead = ["What pictures earn along scores of their captions, in fifths of the captions."] if plots else []
    return Section("captions", "Captions", "By scores of captions", lead, (), (), plots)


def _make_taxonomy(reading: Reading) -> Section:
    nodes = reading.report.get("nodes") or []
    metric = next((metric for metric in reading.metrics if any(node["metric"] == metric for node in nodes)), "")
    some: dict[str, dict[int, Mapping[str, Any]]] = {}
    for node in nodes:
        if node["metric"] == metric:
            some.setdefault(node["concept"], {})[node["run"]] = node
    tree = grow_tree(reading, some, reading.shorten(metric)) if some else None
    lead = ["Each node counts all scenes with something of it, or of what lies under it."] if tree else []
    return Section("taxonomy", "Taxonomy", "By node of the taxonomy", lead, (), (), (), [tree] if tree else ())


def _make_people(reading: Reading) -> Section:
    tables = []
    for name, groups in (reading.report.get("people") or {}).items():
        for metric in reading.metrics:
            table = make_forest(reading, f"{name.capitalize()}: {reading.shorten(metric)}", name, groups, metric)
            tables += [replace(table, brief=metric == reading.main)] if table else []
    tables += [_show_bias(reading, one) for one in reading.report.get("bias") or []]
    return Section("people", "People", "People", (), (), tables)


def _show_bias(reading: Reading, bias: Mapping[str, Any]) -> Table:
    shares = bias.get("shares") or {}
    rows = [
        Row(name_group(label), [fill_estimate(read_estimate(share))], [read_estimate(share)])
        for label, share in shares.items()
    ]
    more = {
        "mean absolute deviation from even shares": bias.get("deviation"),
        "the same within each profession, on average": bias.get("by_concept"),
        "right where the caption says it (the judge's own error)": (bias.get("judge") or {}).get("right"),
    }
    found = ((label, read_estimate(number)) for label, number in more.items())
    rows += [Row(label, [fill_estimate(number)], [number]) for label, number in found if number]
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
        "it is shrunken towards 0 where few scenes tell of it, and that is what is drawn and sorted by. "
        "Where its interval holds 0, chance may be all there is to it."
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
        rows.append(Row(name_group(str(one["group"])), [fill_estimate(gap, signed=True), *cells, *counts], [gap]))
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
    rows = [Row(name_group(key), [fill_number(cost.get(key)) for cost in costs]) for key in keys]
    columns = [Column(cut_name(model), note=model) for model in reading.models]
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
    _make_wordings,
    _make_complexity,
    _make_captions,
    _make_taxonomy,
    _make_people,
    _make_hardest,
    _make_pictures,
    _make_correlations,
    _make_cost,
)
