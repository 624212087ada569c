"""The report as a page: one file that asks nothing of anywhere, and says it all without JavaScript."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ....builders.drawing import colors, svg
from ....builders.folder.files import write_text
from ....errors import explain_os_error
from ..tables import Run
from .blocks import Row, Table
from .cards import is_there, make_card
from .marks import COLORS, Axis, draw_curves, draw_scale, draw_shape, draw_strip
from .numbers import write_estimate, write_fixed
from .reading import ANSWERS, MARKS, Reading
from .sections import make_sections
from .words import write_lead, write_method, write_warnings

GRAPH_COLORS: Mapping[str, str] = {
    colors.PAPER: "paper",
    colors.INK: "ink",
    colors.PALE: "pale",
    colors.LINE: "line",
    colors.BOX: "box",
    colors.BOX_EDGE: "edge",
    colors.VALUE: "value",
    colors.RELATION: "relation",
    colors.SCENE: "scene",
}
"""Colors of drawn scene graphs, and what the page calls them, so that they follow its scheme."""


def write_page(report: Mapping[str, Any], runs: Sequence[Run], path: Path) -> None:
    """Writes report.html.

    Args:
        report: What `describe_runs` returned.
        runs: The evaluations it was computed from, for pictures and for how they were made; none of that is shown
            where a run is missing.
        path: Where to write it.

    Raises:
        GasError: The file cannot be written.
    """
    try:
        write_text(path, render_page(report, runs))
    except OSError as error:
        raise explain_os_error(error, path) from error


def render_page(report: Mapping[str, Any], runs: Sequence[Run]) -> str:
    """The page as text, the same for the same report and pictures."""
    reading = Reading(report)
    sections = make_sections(report)
    environment = _create_environment()
    script = environment.get_template("script.js.jinja").render()
    style = environment.get_template("style.css.jinja").render(graph_colors=GRAPH_COLORS, colors=COLORS)
    return environment.get_template("page.html.jinja").render(
        models=reading.models,
        kicker=_write_kicker(reading),
        lead=list(write_lead(reading)),
        warnings=[*write_warnings(reading), *list_gone(report, runs)],
        method=write_method(reading),
        facts=list_facts(reading, runs),
        commands=[f"gas evaluate {shlex.quote(str(run.folder / 'recipe.yaml'))}" for run in runs],
        sections=sections,
        card=lambda shot: make_card(shot, runs[shot.run] if shot.run < len(runs) else None),
        many=len(reading.models) > 1,
        style=Markup(style),
        script=Markup(script),
        # The template puts a line break before and after it.
        script_hash=_hash(f"\n{script}\n"),
    )


def list_gone(report: Mapping[str, Any], runs: Sequence[Run]) -> list[str]:
    """Of each run, in a sentence, the pictures that the page cannot show as they are not where they were."""
    shown = [one for some in (report.get("pictures") or {}).values() for one in some if one.get("image")]
    lines = []
    for place, (run, model) in enumerate(zip(runs, Reading(report).models, strict=False)):
        images = {str(one["image"]) for one in shown if one["run"] == place}
        if gone := sum(not is_there(run, image) for image in images):
            some = "The" if gone == len(images) else f"{gone:,} of {len(images):,}"
            lines.append(f"{some} pictures of {model} to be shown are gone from {run.pictures}.")
    return lines


@lru_cache
def _create_environment() -> jinja2.Environment:
    folder = files(__package__)
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_clean,
    )
    environment.globals |= {
        "MARKS": MARKS,
        "draw_curves": _draw_plot,
        "draw_scale": draw_scale,
        "draw_row": _draw_row,
        "draw_branch": _draw_branch,
        "draw_shape": lambda name: Markup(draw_shape(name, 50.0, 50.0)),
    }
    return environment


def _clean(value: Any) -> Any:
    """Texts without what HTML does not have, or nothing shows."""
    return svg.NOT_XML.sub("\ufffd", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _write_kicker(reading: Reading) -> str:
    datasets = dict.fromkeys(str(run["dataset"]) for run in reading.runs if run.get("dataset"))
    pictures = sum(run.get("pictures") or 0 for run in reading.runs)
    counted = f"{pictures:,} pictures" if pictures else ""
    return " · ".join(filter(None, ["Evaluation", ", ".join(datasets), counted]))


def _draw_row(table: Table, row: Row) -> Markup:
    assert table.axis
    said = "; ".join(f"{value} ({ends})" for value, ends in map(write_estimate, row.values) if value)
    marks = "".join(f"; {MARKS[name]} {write_fixed(value)}" for name, value in row.marks.items())
    return draw_strip(table.axis, row.values, row.marks, f"{row.label}: {said}{marks}", table.plain)


def _draw_branch(axis: Axis, branch: Any) -> Markup:
    said = "; ".join(f"{value} ({ends})" for value, ends in map(write_estimate, branch.values) if value)
    return draw_strip(axis, branch.values, {}, f"{branch.name}: {said}")


def _draw_plot(plot: Any) -> Markup:
    ends = [(curve.values[0], curve.values[-1]) for curve in plot.curves]
    said = "; ".join(f"from {write_estimate(first)[0]} to {write_estimate(last)[0]}" for first, last in ends)
    return draw_curves(plot.curves, plot.labels, f"{plot.title} by {plot.under}", said)


def list_facts(reading: Reading, runs: Sequence[Run]) -> list[tuple[str, str]]:
    """What numbers depend on, for who repeats them."""
    facts: dict[str, list[Any]] = {
        "Judge": [run.get("judge") for run in reading.runs],
        "Dataset": [run.get("dataset") for run in reading.runs],
        "Metrics": [metric for metric in reading.metrics if metric != ANSWERS],
        "Versions": [_list_versions(run.record) for run in runs],
        "Asked for": [run.record.get("by") for run in runs],
        "Seed of intervals": [reading.report.get("seed")],
    }
    facts |= {
        name.replace("_", " ").capitalize(): [said] for name, said in (reading.report.get("methods") or {}).items()
    }
    joined = (
        (name, "; ".join(dict.fromkeys(str(one) for one in some if one not in (None, ""))))
        for name, some in facts.items()
    )
    return [(name, text) for name, text in joined if text]


def _list_versions(record: Mapping[str, Any]) -> str:
    own = {"generate-any-scene": record.get("generate_any_scene"), "Python": record.get("python")}
    versions = {**own, **(record.get("packages") or {})}
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version)
