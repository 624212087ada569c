"""Pictures as PNG files, by matplotlib."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import GasError, explain_os_error
from ..structures.enumeration import StructureTable
from .scene_graphs import BOX, BOX_EDGE, RELATION, label_object

Row = dict[str, Any]
ROW = 5
"""Objects without relations in one row of a picture."""
SEED, ARROW = "#fde3c8", "#777777"
MOST_DRAWN = 1200
"""Structures in one picture."""


def draw_scenes(rows: list[Row], path: Path) -> None:
    """Draws the scene graphs of rows into one PNG, one below the other.

    Raises:
        GasError: matplotlib is not installed, or the file cannot be written.
    """
    figure_class = import_figure()
    places = [place_objects(row) for row in rows]
    heights = [1.2 + 1.1 * len({y for _, y in place}) for place in places]
    figure = figure_class(figsize=(10, sum(heights)), layout="constrained")
    panels = figure.subplots(len(rows), squeeze=False, height_ratios=heights)[:, 0]
    for axes, row, place in zip(panels, rows, places, strict=True):
        scene = ", ".join(f"{item['kind'].replace('_', ' ')}: {item['value']}" for item in row["scene_attributes"])
        axes.set_title("\n".join(textwrap.wrap(row["caption"], 130)), fontsize=10, loc="left")
        axes.set_xlabel(scene, fontsize=8, color=BOX_EDGE, loc="left")
        axes.set(xlim=(0, 1), ylim=(min(y for _, y in place) - 0.6, 0.6), xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        _draw_graph(axes, row, place)
    save_picture(figure, path)


def import_figure() -> Any:
    """Imports what pictures are made with.

    Raises:
        GasError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise GasError("drawing needs matplotlib: pip install 'generate-any-scene[plots]'", exit_status=1) from error
    return Figure


def save_picture(figure: Any, path: Path) -> None:
    """Writes a figure into a PNG file.

    Raises:
        GasError: The file cannot be written.
    """
    try:
        figure.savefig(path, format="png", dpi=110)
    except OSError as error:
        status = explain_os_error(error, path).exit_status
        raise GasError(f"{path}: cannot be written: {error.strerror}", exit_status=status) from error


def draw_structures(table: StructureTable, path: Path) -> None:
    """Draws structures into one PNG, a small picture each; an object's number of attributes is written in it.

    Objects of a seed graph are orange.

    Raises:
        GasError: matplotlib is not installed, the file cannot be written, or there are too many to see.
    """
    if len(table) > MOST_DRAWN:
        raise GasError(
            f"{len(table):,} structures are too many for one picture of {MOST_DRAWN}; narrow the constraints"
        )
    figure_class = import_figure()
    columns = min(12, math.ceil(math.sqrt(len(table))))
    rows = -(-len(table) // columns)
    figure = figure_class(figsize=(1.3 * columns, 1.3 * rows))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-1.5, 3 * columns - 1.5), ylim=(1.5 - 3 * rows, 1.5), aspect="equal")
    axes.axis("off")
    # One artist for all objects, one for all arrows: a picture of 700 structures has thousands of them.
    places = [_place_structure(table, i, columns) for i in range(len(table))]
    objects = np.concatenate(places)
    seeded = [j in seeds for i, seeds in enumerate(table.seed_objects) for j in range(len(places[i]))]
    colors = np.where(seeded, SEED, BOX).tolist()
    axes.scatter(*objects.T, s=121, c=colors, edgecolors=BOX_EDGE, zorder=2)
    _draw_arrows(axes, table, places)
    counts = table.attribute_counts.values
    for count in np.unique(counts[counts > 0]):
        axes.scatter(*objects[counts == count].T, s=30, marker=f"${count}$", color="black", linewidths=0, zorder=3)
    save_picture(figure, path)


def _place_structure(table: StructureTable, number: int, columns: int) -> np.ndarray:
    """Where the objects of a structure stand, as (objects, 2): on a circle in its square of a page of squares."""
    objects = len(table.attribute_counts[number])
    angles = np.pi / 2 - 2 * np.pi * np.arange(objects) / objects
    middle = np.array([3.0 * (number % columns), -3.0 * (number // columns)])
    return middle + 0.85 * (objects > 1) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _draw_arrows(axes: Any, table: StructureTable, places: list[np.ndarray]) -> None:
    """Draws the relations of all structures, each between the edges of its objects."""
    starts = np.concatenate([one[table.subjects[i]] for i, one in enumerate(places)])
    ways = np.concatenate([one[table.targets[i]] for i, one in enumerate(places)]) - starts
    if len(ways):
        short = 0.21 * ways / np.linalg.norm(ways, axis=1, keepdims=True)
        options = {"angles": "xy", "scale_units": "xy", "scale": 1, "units": "inches", "width": 0.012}
        axes.quiver(*(starts + short).T, *(ways - 2 * short).T, color=ARROW, headwidth=6, headlength=7, **options)


def place_objects(row: Row) -> list[tuple[float, float]]:
    """Places each object: x in [0, 1]; y is 0, -1, ... so that relations go down; objects without relations last."""
    import networkx

    graph: networkx.DiGraph = networkx.DiGraph(
        (relation["subject"], relation["object"]) for relation in row["scene_graph"]["relations"]
    )
    layers = [sorted(layer) for layer in networkx.topological_generations(graph)]
    alone = [number for number in range(len(row["scene_graph"]["objects"])) if number not in graph]
    layers += [alone[at : at + ROW] for at in range(0, len(alone), ROW)]
    places = {}
    for depth, layer in enumerate(layers):
        for i, number in enumerate(layer):
            # Rows are shifted a little against each other, so that an arrow over several rows passes beside what is
            # between.
            shift = 0.07 * (1, -1, 0)[depth % 3] if len(layer) < 3 else 0.0
            places[number] = ((i + 0.5) / len(layer) + shift, -float(depth))
    return [places[number] for number in range(len(places))]


def _draw_graph(axes: Any, row: Row, places: list[tuple[float, float]]) -> None:
    nodes = []
    for item, (x, y) in zip(row["scene_graph"]["objects"], places, strict=True):
        text = "\n".join([label_object(item), *(attribute["value"] for attribute in item["attributes"])])
        style = {"boxstyle": "round,pad=0.5", "facecolor": BOX, "edgecolor": BOX_EDGE}
        nodes.append(axes.text(x, y, text, ha="center", va="center", fontsize=9, bbox=style, zorder=3))
    for relation in row["scene_graph"]["relations"]:
        subject, target = relation["subject"], relation["object"]
        (x0, y0), (x1, y1) = places[subject], places[target]
        bend = 0.0 if y0 - y1 == 1 else 0.25
        arrow = {
            "arrowstyle": "-|>",
            "color": ARROW,
            "patchA": nodes[subject].get_bbox_patch(),
            "patchB": nodes[target].get_bbox_patch(),
        }
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={**arrow, "connectionstyle": f"arc3,rad={bend}"}, zorder=1)
        # Nearer to the subject, where arrows that meet in one object are still apart; on the bend of a bent one.
        x, y = x0 + (x1 - x0) * 0.45 - 0.5 * bend * 0.25, y0 + (y1 - y0) * 0.45
        white = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
        axes.text(
            x, y, relation["predicate"], ha="center", va="center", fontsize=8, color=RELATION, bbox=white, zorder=2
        )
