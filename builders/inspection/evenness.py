"""How evenly scenes use concepts and structures, by the paper's measures (table 20), in tables and pictures.

What is possible but never used counts as zero uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import GasError, advise
from ...taxonomy import TABLES, Taxonomy, find_object
from ..drawing.figures import import_figure, save_picture
from ..folder.reading import is_built
from .usage import Usage

if TYPE_CHECKING:
    from rich.console import Console

SORTS = (*TABLES, "structures")
GROUPS = {
    "node": ("objects",),
    "kind": ("attributes", "scene_attributes"),
    "category": ("relations",),
    "structure": ("structures",),
}
"""What each way of grouping splits up."""
MOST_GROUPS = 25
"""Groups in a printed table."""
GRAPH_FILES = (".json", ".jsonl")
"""Files of scene graphs that others made."""
ROWS = 10_000
"""Scenes that are drawn of a recipe, as many as the paper draws."""
BARS = 40
"""Bars in a histogram."""


@dataclass(frozen=True)
class Evenness:
    """How evenly some concepts are used. None where nothing is used, entropy also where there is no choice.

    Attributes:
        possible: How many there are.
        used: How many of them are used at all.
        uses: How often, all together.
        gini: Gini coefficient of the uses: 0 where all are used alike, near 1 where one has all.
        normalized_entropy: Entropy of the uses in parts of the largest that is possible.
        top_tenth_coverage: Share of the uses that the most used tenth has. Where a tenth is no whole number of
            concepts, the last of them counts in part, so 0.1 is always the least.
    """

    possible: int
    used: int
    uses: int
    gini: float | None
    normalized_entropy: float | None
    top_tenth_coverage: float | None


def measure_evenness(uses: np.ndarray) -> Evenness:
    """Measures how evenly what is possible is used.

    Args:
        uses: How often each is used, 0 for what is not.
    """
    count, total = len(uses), int(uses.sum())
    used = int(np.count_nonzero(uses))
    if not total:
        return Evenness(count, used, total, None, None, None)
    shares = np.sort(uses) / total
    gini = float((2 * np.arange(1, count + 1) - count - 1) @ shares / count)
    some = shares[shares > 0]
    entropy = float(-(some @ np.log(some)) / np.log(count)) if count > 1 else None
    below = np.interp(0.9 * count, np.arange(count + 1), np.concatenate([[0.0], np.cumsum(shares)]))
    return Evenness(count, used, total, gini, entropy, float(1 - below))


def refuse_options(source: str, given: dict[str, Any]) -> None:
    """Refuses options that say nothing about a source.

    Raises:
        GasError: One of them has a value.
    """
    if wrong := [name for name, value in given.items() if value not in (None, [])]:
        what = "a built folder, which is read whole, as it is" if is_built(source) else "a recipe"
        what = "a file of graphs, which is read whole" if source.endswith(GRAPH_FILES) else what
        raise GasError(f"{source} is {what}; leave {' and '.join(wrong)} out")


def check_groups(groupings: list[str], under: str | None) -> None:
    """Refuses groupings that are not there, before anything is counted.

    Raises:
        GasError: One is not there, or there are nodes under an object but no nodes.
    """
    for by in groupings:
        if by not in GROUPS:
            raise GasError(f"--by {by}: there is no such grouping; {advise(by, GROUPS)}")
    if under is not None and "node" not in groupings:
        raise GasError(f"--under {under} says which nodes; add --by node")


def group_uses(usage: Usage, by: str, under: str | None = None) -> dict[str, dict[str, Evenness]]:
    """Measures parts of what scenes use, those with most that is possible first.

    Args:
        usage: What scenes use.
        by: A key of `GROUPS`.
        under: Whose children nodes are, an id or a name; those of the roots when left out.

    Returns:
        For each sort that is split up, its groups by their names.

    Raises:
        GasError: There is no such node.
    """
    return {sort: dict(_measure_groups(usage, sort, under)) for sort in GROUPS[by]}


def _measure_groups(usage: Usage, sort: str, under: str | None) -> Iterator[tuple[str, Evenness]]:
    rows, uses = usage.rows[sort], usage.uses[sort]
    labels = _label_rows(usage, sort, under)[rows]
    names, sizes = np.unique(labels, return_counts=True)
    # Complexities go up; other groups go by what they hold.
    order = np.arange(len(names)) if sort == "structures" else np.argsort(-sizes, kind="stable")
    for name in names[order]:
        if name != "":
            yield str(name), measure_evenness(uses[labels == name])


def _label_rows(usage: Usage, sort: str, under: str | None) -> np.ndarray:
    """The group of every row of a table; an empty text for what is in none."""
    taxonomy = usage.plan.taxonomy
    if sort == "structures":
        return usage.plan.structures.table.complexity
    if sort == "objects":
        nodes = find_nodes(taxonomy, under)
        return np.append(np.array(taxonomy.objects["id"].to_pylist()), "")[nodes]
    column = "category" if sort == "relations" else "kind"
    return np.array(getattr(taxonomy, sort)[column].to_pylist())


def find_nodes(taxonomy: Taxonomy, under: str | None = None) -> np.ndarray:
    """The node that every object lies under: a child of an object, or of the roots. Those are nodes themselves, too.

    Returns: Rows of the table of objects; -1 for those that are not under the object.

    Raises:
        GasError: There is no such object, or the name means several.
    """
    parents = taxonomy.parent_index
    above = parents < 0
    if under is not None:
        above = np.arange(len(parents)) == find_object(taxonomy, under)
    is_node = above | (above[parents] & (parents >= 0))
    # Row -1 is no parent, which ends the way up.
    ends = np.append(is_node, True)
    nodes = np.arange(len(parents))
    while not ends[nodes].all():
        nodes = np.where(ends[nodes], nodes, parents[nodes])
    return nodes


def describe_usage(usage: Usage, groupings: list[str], under: str | None) -> dict[str, Any]:
    """All measures as JSON can hold them.

    Raises:
        GasError: There is no such node.
    """
    parts = {by: group_uses(usage, by, under) for by in groupings}
    return {
        "name": usage.name,
        "start": usage.start,
        "scenes": usage.scenes,
        "questions": usage.plan.recipe.questions.describe(),
        "overall": {sort: asdict(measure_evenness(usage.uses[sort])) for sort in SORTS},
        "by": {
            by: {sort: {name: asdict(one) for name, one in groups.items()} for sort, groups in sorts.items()}
            for by, sorts in parts.items()
        },
    }


def print_usage(described: dict[str, Any], console: Console) -> None:
    """Prints the measures as tables."""
    console.print(f"{described['name']}: {described['scenes']:,} scenes from row {described['start']:,}")
    console.print(f"questions: {described['questions']}\n")
    console.print(_make_table("", described["overall"]))
    for by, sorts in described["by"].items():
        for sort, groups in sorts.items():
            title = f"{sort.replace('_', ' ')} by {'complexity' if by == 'structure' else by}"
            if groups:
                console.print()
                console.print(_make_table(title, dict(list(groups.items())[:MOST_GROUPS])))
            if len(groups) > MOST_GROUPS:
                console.print(f"... and {len(groups) - MOST_GROUPS:,} more; --json has them all")


def _make_table(title: str, measures: dict[str, dict[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(Text(title, style="bold"), overflow="fold")
    for column in ("possible", "used", "uses", "Gini", "entropy", "top 10 %"):
        table.add_column(column, justify="right", no_wrap=True, header_style="dim")
    for name, one in measures.items():
        gini = "-" if one["gini"] is None else f"{one['gini']:.3f}"
        shares = (one["normalized_entropy"], one["top_tenth_coverage"])
        table.add_row(
            Text(name.replace("_", " ") if not title else name),
            *(f"{one[count]:,}" for count in ("possible", "used", "uses")),
            gini,
            *("-" if share is None else f"{share:.2%}".replace("%", " %") for share in shares),
        )
    return table


def draw_usage(usage: Usage, path: Path) -> None:
    """Draws how many concepts are used how often, and how many scenes are of each complexity, into one PNG.

    Raises:
        GasError: matplotlib is not installed, or the file cannot be written.
    """
    figure_class = import_figure()
    shown = [sort for sort in TABLES if len(usage.uses[sort])]
    columns = min(3, math.ceil(math.sqrt(len(shown) + 1)))
    rows = -(-(len(shown) + 1) // columns)
    figure = figure_class(figsize=(4.6 * columns, 3.4 * rows), layout="constrained")
    figure.suptitle(f"{usage.name}: {usage.scenes:,} scenes from row {usage.start:,}", fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for axes, sort in zip(panels, shown, strict=False):
        _draw_uses(axes, sort.replace("_", " "), usage.uses[sort])
    _draw_complexity(panels[len(shown)], usage)
    for axes in panels[len(shown) + 1 :]:
        axes.axis("off")
    save_picture(figure, path)


def _draw_uses(axes: Any, name: str, uses: np.ndarray) -> None:
    low, high = int(uses.min()), int(uses.max())
    width = -(-(high - low + 1) // BARS)
    axes.hist(uses, bins=np.arange(low, high + width + 1, width) - 0.5, color="#8fb8de", edgecolor="#3b6ea5")
    axes.axvline(uses.mean(), color="#8a2f8a", linestyle="--", linewidth=1, label=f"mean {uses.mean():.1f}")
    axes.set(title=f"{name}: {len(uses):,}", xlabel="uses", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.legend(frameon=False, fontsize=8)


def _draw_complexity(axes: Any, usage: Usage) -> None:
    complexity = usage.plan.structures.table.complexity[usage.rows["structures"]]
    scenes = np.bincount(complexity, weights=usage.uses["structures"])
    axes.bar(
        np.arange(complexity.min(), len(scenes)), scenes[complexity.min() :], color="#fde3c8", edgecolor="#b3702a"
    )
    axes.set(title=f"structures: {len(complexity):,}", xlabel="complexity", ylabel="scenes", ylim=(0, None))
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
