"""What detectors of several seeds have in common: numbers of each, their means, and intervals over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...metrics.over_seeds import estimate_over_seeds
from ...recipes.detector import Detector
from ...reports.contact_sheet import paste_models
from ...reports.curves import draw_models
from ...reports.markdown import draw_table
from .features import Backbone, prepare_picture
from .figures import METRICS
from .sources import Source, digest_pictures, read_bytes
from .tables import ALONE, SEVERAL

FOLDER = "figures"
SHOWN = 4
"""Pictures of each source on the sheet: the first ones."""


def compare_runs(runs: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Puts the results of several seeds together.

    Args:
        runs: By seed `tests` and `differences`, as `tabulate` gives them.

    Returns: `tests` and `differences`: rows with the same keys, but that each metric has `seeds`, the number of each,
        and `value`, `low` and `high`, the mean with Student's interval, which one seed has not.
    """
    return {name: _merge([run[name] for run in runs.values()]) for name in ("tests", "differences")}


def _merge(runs: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    merged = []
    for rows in zip(*runs, strict=True):
        row = {key: value for key, value in rows[0].items() if key not in METRICS}
        for metric in METRICS:
            values = [one[metric]["value"] for one in rows]
            # One training tells nothing of others.
            over = estimate_over_seeds(values) if len(values) > 1 else {"value": values[0]}
            row[metric] = {"seeds": values, **over}
        merged.append(row)
    return merged


def list_lines(compared: Mapping[str, Any], seeds: Sequence[int]) -> list[str]:
    """Tables in Markdown: on what was not trained on the numbers of mixtures, and how much one has more than another.

    Where mixtures of one generator and of several are compared by their means, of these alone.
    """
    lines = []
    tests = _choose_means([row for row in compared["tests"] if not row["seen"]])
    differences = _choose_means(compared["differences"])
    for metric, title in (("auroc", "AUROC"), ("f1", "F1"), ("found", "Share found at few false alarms")):
        head = ["mixture", "pictures", "tested on", *(f"seed {seed}" for seed in seeds), "over seeds (95 %)"]
        rows = [[*_begin(row), *_show(row[metric], 1, ".3f")] for row in tests]
        lines += [f"{title} on generators that were not trained on", "", *draw_table(head, rows), ""]
        rows = []
        for row in differences:
            _, *place = _begin(row)
            rows.append([f"{row['against']} - {row['mixture']}", *place, *_show(row[metric], -1, "+.3f")])
        if rows:
            lines += [f"{title}: differences", "", *draw_table(["mixtures", *head[1:]], rows), ""]
    return lines[:-1]


def _choose_means(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return [row for row in rows if row["mixture"] in (ALONE, SEVERAL)] or rows


def _begin(row: Mapping[str, Any]) -> list[str]:
    return [row["mixture"], f"{row['scale']:,}", row["tested_on"]]


def _show(found: Mapping[str, Any], sign: int, form: str) -> list[str]:
    seeds = [f"{sign * value:{form}}" for value in found["seeds"]]
    if "low" not in found:
        return [*seeds, ""]
    low, high = sorted((sign * found["low"], sign * found["high"]))
    return [*seeds, f"{sign * found['value']:{form}} ({low:{form}} to {high:{form}})"]


def draw_runs(recipe: Detector, compared: Mapping[str, Any], folder: Path) -> None:
    """Draws `figures/auroc.png`: what each mixture reached on generators that were not trained on."""
    rows = _choose_means([row for row in compared["tests"] if not row["seen"]])
    rows = [row for row in rows if row["scale"] == max(one["scale"] for one in rows)]
    by_mixture: dict[str, dict[str, Sequence[float]]] = {}
    for row in rows:
        by_mixture.setdefault(row["mixture"], {})[row["tested_on"]] = row["auroc"]["seeds"]
    places = list(dict.fromkeys(row["tested_on"] for row in rows))
    places = [name for name in places if all(name in found for found in by_mixture.values())]
    if places:
        values = {name: list(zip(*(found[one] for one in places), strict=True)) for name, found in by_mixture.items()}
        draw_models(folder / FOLDER / "auroc.png", places, values, recipe.name, "AUROC", joined=False)


def draw_pictures(recipe: Detector, sources: Sequence[Source], backbone: Backbone, folder: Path) -> None:
    """Draws `figures/pictures.png`: the first pictures of each source, as detectors see them."""
    shown = []
    for source in sources:
        rows = source.rows.select(range(min(SHOWN, len(source.rows))))
        files = zip(map(read_bytes, rows["image"]), digest_pictures(rows), strict=True)
        pictures = [prepare_picture(*file, recipe.prepare, backbone.size) for file in files]
        shown.append((source.name, [("", picture) for picture in pictures]))
    paste_models(folder / FOLDER / "pictures.png", shown)
