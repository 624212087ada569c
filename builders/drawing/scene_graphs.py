"""Scene graphs as SVG: objects in boxes with their attributes, relations as arrows with labels, from top to bottom.

Boxes, labels and arrows have places of their own, and none covers another, however many there are (`layers.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from .colors import BOX, BOX_EDGE, INK, PALE, RELATION, SCENE, SCENE_EDGE, VALUE
from .layers import Node, make_layers, measure_layers, order_layers, place_layers
from .svg import BOLD, draw, measure_text, wrap_text, write_page, write_text_at

MARGIN, BETWEEN, LABEL_GAP, WIDEST = 18, 26, 10, 150
LINE, SMALL = 16, 15
GAP, PASSING = 26.0, 14.0
"""Between layers, and the width that a relation needs to pass a layer."""
ROW, CHIPS = 800.0, 560.0
"""Widths up to which objects without relations, and scene attributes, stand side by side."""


@dataclass(frozen=True)
class Box:
    """What stands in an object's box: lines of its name and of its attributes."""

    name: Sequence[str]
    values: Sequence[str]


def draw_graph(row: dict[str, Any], title: str, styled: bool = True) -> str:
    """Draws the scene graph of a row; scene attributes stand above it.

    Args:
        row: A row of a dataset.
        title: What the picture shows, in words.
        styled: Add the colors for dark pages. A page that has the picture's elements in it has its own.
    """
    parts, width, height = lay_out_graph(row, 320.0)
    return write_page(width, height, title, parts, styled)


def lay_out_graph(row: dict[str, Any], narrowest: float = 0.0, widest: float = ROW) -> tuple[list[str], float, float]:
    """Draws the scene graph of a row without a page around it.

    Args:
        row: A row of a dataset.
        narrowest: The least width of the graph, without margins.
        widest: Up to which width objects without relations, and scene attributes, stand side by side.

    Returns:
        Elements of SVG, and the width and the height that they need, margins included.
    """
    graph = row["scene_graph"]
    nodes = [_make_node(item) for item in graph["objects"]]
    edges = [(relation["subject"], relation["object"]) for relation in graph["relations"]]
    layers = make_layers(nodes, edges, [_make_label(relation) for relation in graph["relations"]], PASSING)
    order_layers(layers)
    joined = [node for layer in layers for node in layer]
    rows = _split_rows([node for node in nodes if node not in joined], widest)
    chips = [f"{item['kind'].replace('_', ' ')}: {item['value']}" for item in row["scene_attributes"]]
    widths = [measure_text(text, 12) + 24 for text in chips]
    below = place_layers(layers, GAP)
    wide = measure_layers(layers)
    width = max([narrowest, min(sum(widths), CHIPS, widest), *widths, wide, *map(_measure_row, rows)])
    header, top = _draw_chips(chips, width)
    bottom = top + below + GAP if layers else top
    for some in rows:
        x = (width - _measure_row(some)) / 2
        for node in some:
            node.x, node.y = x + node.width / 2, bottom
            x += node.width
        bottom += max(node.height for node in some) + GAP
    for node in joined:
        node.x += (width - wide) / 2
        node.y += top
    arrows = [line for node in joined for line in draw_edges(node, BETWEEN)]
    boxes = [_draw_node(node) for node in (*joined, *chain.from_iterable(rows))]
    moved = draw("g", "\n".join(["", *arrows, *boxes, ""]), transform=f"translate({MARGIN} 0)")
    return [*header, moved], width + 2 * MARGIN, bottom - GAP + MARGIN


def label_object(item: dict[str, Any]) -> str:
    """What an object is called, and how many it stands for, if several; rows of earlier versions do not say so."""
    return f"{count} × {item['name']}" if (count := item.get("count", 1)) > 1 else item["name"]


def _make_node(item: dict[str, Any]) -> Node:
    name = _wrap(label_object(item), 13 * BOLD)
    values = [line for attribute in item["attributes"] for line in _wrap(attribute["value"], 12)]
    widths = [*(measure_text(line, 13 * BOLD) for line in name), *(measure_text(line, 12) for line in values)]
    height = 14.0 + LINE * len(name) + SMALL * len(values)
    return Node(max(64.0, max(widths) + 20) + BETWEEN, height, Box(name, values))


def _wrap(text: str, size: float) -> list[str]:
    """Lines of a box, which is wider where a word is long."""
    longest = max((measure_text(word, size) for word in text.split()), default=0.0)
    return wrap_text(text, min(2.0 * WIDEST, max(WIDEST, longest)), size)


def _make_label(relation: dict[str, Any]) -> Node:
    (text,) = wrap_text(relation["predicate"], 2 * WIDEST, 12, 1)
    return Node(measure_text(text, 12) + 2 * LABEL_GAP, 18.0, text)


def _measure_row(nodes: Iterable[Node]) -> float:
    return sum(node.width for node in nodes)


def _split_rows(nodes: list[Node], widest: float) -> list[list[Node]]:
    rows: list[list[Node]] = []
    for node in nodes:
        if not rows or _measure_row([*rows[-1], node]) > widest:
            rows.append([])
        rows[-1].append(node)
    return rows


def _draw_node(node: Node) -> str:
    if node.content is None:
        return draw("path", d=f"M{node.x:.1f} {node.y:.1f}v{node.height:.1f}", stroke=PALE, stroke_width=1.3)
    if isinstance(node.content, str):
        return write_text_at(node.x, node.y + 13, node.content, 12, "middle", fill=RELATION, font_style="italic")
    wide = node.width - BETWEEN
    box = draw(
        "rect",
        x=node.x - wide / 2,
        y=node.y,
        width=wide,
        height=node.height,
        rx=8,
        fill=BOX,
        stroke=BOX_EDGE,
        stroke_width=1.2,
    )
    parts, y = [box], node.y + 6.0
    for line in node.content.name:
        y += LINE
        parts.append(write_text_at(node.x, y - 3, line, 13, "middle", fill=INK, font_weight="bold"))
    for line in node.content.values:
        y += SMALL
        parts.append(write_text_at(node.x, y - 3, line, 12, "middle", fill=VALUE))
    return draw("g", "".join(parts))


def draw_edges(node: Node, between: float, head: float = 8.0) -> list[str]:
    """Curves to what is joined with a node below it; the end of an edge has a head.

    Args:
        node: A node that has a place.
        between: How much of a node's width is left free beside it.
        head: Length of a head.
    """
    lines, half = [], 0.56 * head
    for other in node.below:
        x0, y0, x1, y1 = node.x, node.y + node.height, other.x, other.y
        if _is_end(node):
            x0 += _spread(node.below, other, node, between)
            if other.turned:
                lines.append(draw("path", d=f"M{x0:.1f} {y0:.1f}l-{half:.1f} {head:.1f}h{2 * half:.1f}z", fill=PALE))
                y0 += head - 1
        if _is_end(other):
            x1 += _spread(other.above, node, other, between)
            if not node.turned:
                lines.append(draw("path", d=f"M{x1:.1f} {y1:.1f}l-{half:.1f} -{head:.1f}h{2 * half:.1f}z", fill=PALE))
                y1 -= head - 1
        middle = (y0 + y1) / 2
        curve = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
        lines.append(draw("path", d=curve, fill="none", stroke=PALE, stroke_width=1.3))
    return lines


def _is_end(node: Node) -> bool:
    """Whether edges begin and end at a node, which labels and places where they pass only stand on."""
    return node.content is not None and not isinstance(node.content, str)


def _spread(others: list[Node], one: Node, box: Node, between: float) -> float:
    """Where along the edge of a box a line begins or ends: those of several stand apart, in their order."""
    order = sorted(others, key=lambda node: node.x)
    step = min(24.0, (box.width - between - 16) / len(order))
    return (order.index(one) - (len(order) - 1) / 2) * step


def _draw_chips(texts: list[str], width: float) -> tuple[list[str], float]:
    """Scene attributes as labels in the middle, and where the graph begins below them."""
    lines = list[list[tuple[str, float]]]()
    for text in texts:
        wide = measure_text(text, 12) + 16
        if not lines or sum(one + 8 for _, one in lines[-1]) + wide > width:
            lines.append([])
        lines[-1].append((text, wide))
    parts, y = list[str](), float(MARGIN)
    for line in lines:
        x = MARGIN + (width - sum(wide + 8 for _, wide in line) + 8) / 2
        for text, wide in line:
            parts.append(draw("rect", x=x, y=y, width=wide, height=20, rx=10, fill=SCENE, stroke=SCENE_EDGE))
            parts.append(write_text_at(x + wide / 2, y + 14, text, 12, "middle"))
            x += wide + 8
        y += 26
    return parts, y + (GAP - 6 if texts else 0)
