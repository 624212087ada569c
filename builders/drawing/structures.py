"""All structures on one sheet as SVG: a cell each, in rows by complexity, with what circles and numbers mean above."""

from __future__ import annotations

from itertools import groupby

from ...errors import GasError
from ..structures.enumeration import StructureTable
from .colors import BOX, BOX_EDGE, INK, LINE, PALE, SEED, SEED_EDGE
from .layers import Node, make_layers, measure_layers, order_layers, place_layers
from .scene_graphs import draw_edges
from .svg import draw, write_page, write_text_at

MOST = 2000
"""Structures on one sheet."""
MARGIN, CELL, BETWEEN, PADDING = 24.0, 92.0, 8.0, 9.0
COLUMNS = 12
RADIUS, FREE, GAP, PASSING = 9.5, 9.0, 17.0, 9.0
"""Of an object; what is left free beside it, between layers, and for an edge that passes one."""
HEADING, LEGEND = 30.0, 76.0
"""Height of what stands above the structures of one complexity, and above all."""


def draw_structures(table: StructureTable) -> str:
    """Draws structures: an object is a circle with its number of attributes, a relation an arrow.

    Objects of a seed graph, which every structure has, are orange.

    Raises:
        GasError: There are too many to see.
    """
    if len(table) > MOST:
        raise GasError(f"{len(table):,} structures are too many for one picture of {MOST:,}; narrow the constraints")
    complexity = table.complexity.tolist()
    columns = min(COLUMNS, max(6, len(table)))
    width = 2 * MARGIN + columns * (CELL + BETWEEN) - BETWEEN
    parts, y = _draw_legend(table), MARGIN + LEGEND
    for number, some in groupby(sorted(range(len(table)), key=complexity.__getitem__), key=complexity.__getitem__):
        rows = list(some)
        count = f"{len(rows):,} structure{'s' if len(rows) > 1 else ''}"
        parts.append(write_text_at(MARGIN, y + 14, f"complexity {number}", 14, font_weight="bold"))
        parts.append(write_text_at(MARGIN + 112, y + 14, count, 13, fill=PALE))
        y += HEADING - 5
        for place, row in enumerate(rows):
            line, column = divmod(place, columns)
            parts.append(_draw_cell(table, row, MARGIN + column * (CELL + BETWEEN), y + line * (CELL + BETWEEN)))
        y += -(-len(rows) // columns) * (CELL + BETWEEN) + 12
    return write_page(width, y - 20 + MARGIN, f"{len(table):,} structures", parts)


def _draw_legend(table: StructureTable) -> list[str]:
    """What is meant, beside an object with two attributes."""
    title = f"{len(table):,} structure{'s' if len(table) != 1 else ''}: scene graphs without content"
    parts = [
        write_text_at(MARGIN, MARGIN + 14, title, 16, font_weight="bold"),
        _draw_object(MARGIN + RADIUS, MARGIN + 27, 2, False),
        write_text_at(MARGIN + 28, MARGIN + 41, "an object, and how many attributes it has, if any", 13),
        draw("path", d=f"M{MARGIN + 380:.1f} {MARGIN + 37:.1f}h20", fill="none", stroke=PALE, stroke_width=1.3),
        draw("path", d=f"M{MARGIN + 405:.1f} {MARGIN + 37:.1f}l-8 -4.5v9z", fill=PALE),
        write_text_at(MARGIN + 413, MARGIN + 41, "a relation", 13),
        write_text_at(MARGIN, MARGIN + 62, "complexity = objects + attributes + relations", 13, fill=PALE),
    ]
    if table.seed_objects.size:
        parts.append(_draw_object(MARGIN + 330, MARGIN + 48, 0, True))
        parts.append(write_text_at(MARGIN + 348, MARGIN + 62, "an object of the seed graph", 13))
    return parts


def _draw_object(x: float, y: float, attributes: int, seeded: bool) -> str:
    fill, stroke = (SEED, SEED_EDGE) if seeded else (BOX, BOX_EDGE)
    circle = draw("circle", cx=float(x), cy=y + RADIUS, r=RADIUS, fill=fill, stroke=stroke, stroke_width=1.2)
    return circle + (write_text_at(x, y + RADIUS + 4, str(attributes), 12, "middle", fill=INK) if attributes else "")


def _draw_cell(table: StructureTable, row: int, left: float, top: float) -> str:
    """One structure, made smaller where it is larger than a cell."""
    seeded = set(table.seed_objects[row].tolist())
    nodes = [
        Node(2 * RADIUS + FREE, 2 * RADIUS, (int(count), number in seeded))
        for number, count in enumerate(table.attribute_counts[row])
    ]
    edges = list(zip(table.subjects[row].tolist(), table.targets[row].tolist(), strict=True))
    layers = make_layers(nodes, edges, [], PASSING)
    order_layers(layers)
    high, wide = place_layers(layers, GAP) if layers else 0.0, measure_layers(layers)
    joined = [node for layer in layers for node in layer]
    alone = [node for node in nodes if node not in joined]
    # Objects without relations stand on the right, below each other.
    most = max(3, round(high / (2 * RADIUS + FREE)))
    for place, node in enumerate(alone):
        node.x = wide + node.width * (0.5 + place // most)
        node.y = (2 * RADIUS + FREE) * (place % most)
    wide += (2 * RADIUS + FREE) * -(-len(alone) // most)
    high = max(high, (2 * RADIUS + FREE) * min(most, len(alone)) - FREE)
    scale = min(1.0, (CELL - 2 * PADDING) / (wide - FREE), (CELL - 2 * PADDING) / high)
    lines = [line for node in joined for line in draw_edges(node, FREE, 6.5)]
    passing = [
        draw("path", d=f"M{node.x:.1f} {node.y:.1f}v{node.height:.1f}", stroke=PALE, stroke_width=1.3)
        for node in joined
        if node.content is None
    ]
    objects = [_draw_object(node.x, node.y, *node.content) for node in nodes]
    x, y = (CELL - scale * wide) / 2, (CELL - scale * high) / 2
    moved = draw(
        "g", "".join([*lines, *passing, *objects]), transform=f"translate({x:.1f} {y:.1f}) scale({scale:.2f})"
    )
    border = draw("rect", width=CELL, height=CELL, rx=6, fill="none", stroke=LINE)
    return draw("g", border + moved, transform=f"translate({left:.1f} {top:.1f})")
