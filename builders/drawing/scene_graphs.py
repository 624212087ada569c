"""Scene graphs as SVG: objects in boxes with their attributes, relations as arrows with labels, from top to bottom.

Objects stand in layers, each below all that has a relation to it. What a relation is called stands in a layer of its
own between two of those, and a relation that passes by a layer keeps a place in it. So boxes, labels and arrows have
places of their own, and none covers another, however many there are (Sugiyama, Tagawa and Toda 1981).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any

from .svg import INK, PALE, draw, measure_text, wrap_text, write_page, write_text_at

MARGIN, BETWEEN, LABEL_GAP, WIDEST = 18, 26, 10, 150
LINE, SMALL = 16, 15
GAP, PASSING = 26.0, 14.0
"""Between layers, and the width that a relation needs to pass a layer."""
ROW, CHIPS = 800, 560
"""Widths up to which objects without relations, and scene attributes, stand side by side."""
ROUNDS = 12
"""Times that layers are put in order, each by its neighbours."""
BOX, BOX_EDGE, VALUE, RELATION, SCENE = "#e8f1fb", "#3b6ea5", "#8a5a00", "#8a2f8a", "#eef6ec"


@dataclass(eq=False)
class Node:
    """A box, a label, or a place where a relation passes a layer.

    Attributes:
        sort: `object`, `label` or `passing`.
        lines: Its text.
        values: Of an object, lines of its attributes.
        x: Its middle.
        y: Its upper edge.
        room: Height of the layer that a relation passes.
        above, below: Nodes that it is joined with, in the layers beside.
        turned: Whether the relation that it is a part of goes upwards, as one of a circle must.
    """

    sort: str
    lines: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    room: float = 0.0
    above: list[Node] = field(default_factory=list, repr=False)
    below: list[Node] = field(default_factory=list, repr=False)
    turned: bool = False

    @property
    def width(self) -> float:
        """Pixels, with what is left free beside it."""
        if self.sort == "passing":
            return PASSING
        sizes = [*(measure_text(line, 13) for line in self.lines), *(measure_text(line, 12) for line in self.values)]
        return max(64.0, max(sizes) + 20) + BETWEEN if self.sort == "object" else sizes[0] + 2 * LABEL_GAP

    @property
    def height(self) -> float:
        if self.sort == "object":
            return 14.0 + LINE * len(self.lines) + SMALL * len(self.values)
        return 18.0 if self.sort == "label" else self.room


def draw_graph(row: dict[str, Any], title: str) -> str:
    """Draws the scene graph of a row; scene attributes stand above it."""
    parts, width, height = lay_out_graph(row, 320.0)
    return write_page(width, height, title, parts)


def lay_out_graph(row: dict[str, Any], narrowest: float = 0.0) -> tuple[list[str], float, float]:
    """Draws the scene graph of a row without a page around it.

    Args:
        row: A row of a dataset.
        narrowest: The least width of the graph, without margins.

    Returns:
        Elements of SVG, and the width and the height that they need, margins included.
    """
    graph = row["scene_graph"]
    nodes = [
        Node(
            "object",
            wrap_text(label_object(item), WIDEST, 13),
            [line for attribute in item["attributes"] for line in wrap_text(attribute["value"], WIDEST, 12)],
        )
        for item in graph["objects"]
    ]
    layers = _make_layers(nodes, graph["relations"])
    for turn in range(ROUNDS):
        _order_layers(layers, turn % 2 == 0)
    _place_across(layers)
    joined = [node for layer in layers for node in layer]
    rows = _split_rows([node for node in nodes if node not in joined])
    chips = [f"{item['kind'].replace('_', ' ')}: {item['value']}" for item in row["scene_attributes"]]
    widths = [measure_text(text, 12) + 24 for text in chips]
    width = max([narrowest, min(sum(widths), CHIPS), *widths, *map(_find_edge, layers), *map(_measure_row, rows)])
    header, top = _draw_chips(chips, width)
    bottom = _place_down(layers, top)
    for some in rows:
        x = (width - _measure_row(some)) / 2
        for node in some:
            node.x, node.y = x + node.width / 2, bottom
            x += node.width
        bottom += max(node.height for node in some) + GAP
    shift = (width - max(map(_find_edge, layers), default=0.0)) / 2
    for node in joined:
        node.x += shift
    arrows = [line for node in joined for line in _draw_lines(node)]
    boxes = [_draw_node(node) for node in (*joined, *chain.from_iterable(rows))]
    moved = draw("g", "\n".join(["", *arrows, *boxes, ""]), transform=f"translate({MARGIN} 0)")
    return [*header, moved], width + 2 * MARGIN, bottom - GAP + MARGIN


def label_object(item: dict[str, Any]) -> str:
    """What an object is called, and how many it stands for, if several; rows of earlier versions do not say so."""
    return f"{count} × {item['name']}" if (count := item.get("count", 1)) > 1 else item["name"]


def _make_layers(nodes: list[Node], relations: list[dict[str, Any]]) -> list[list[Node]]:
    """Puts the objects that have relations into every other layer, and what joins them into those between."""
    back = _find_back(len(nodes), relations)
    # What closes a circle is laid out the other way around; its head is at its upper end.
    edges = [
        (one["object"], one["subject"]) if number in back else (one["subject"], one["object"])
        for number, one in enumerate(relations)
    ]
    depth = [0] * len(nodes)
    for _ in nodes:
        before = list(depth)
        for upper, lower in edges:
            depth[lower] = max(depth[lower], depth[upper] + 1)
        if depth == before:
            break
    # An object where no relation ends comes down to just above the nearest that it has a relation to.
    ending = {lower for _, lower in edges}
    for number in range(len(nodes)):
        ends = [depth[lower] for upper, lower in edges if upper == number]
        if ends and number not in ending:
            depth[number] = min(ends) - 1
    layers: list[list[Node]] = [[] for _ in range(2 * max(depth, default=0) + 1)]
    joined = {end for edge in edges for end in edge}
    for number, node in enumerate(nodes):
        if number in joined:
            layers[2 * depth[number]].append(node)
    for number, (upper, lower) in enumerate(edges):
        last, start = nodes[upper], 2 * depth[upper]
        for place in range(start + 1, 2 * depth[lower]):
            node = Node("label", [" ".join(wrap_text(relations[number]["predicate"], 2 * WIDEST, 12, 1))])
            node = node if place == start + 1 else Node("passing")
            node.turned = number in back
            layers[place].append(node)
            _join(last, node)
            last = node
        _join(last, nodes[lower])
    return [layer for layer in layers if layer]


def _find_back(count: int, relations: list[dict[str, Any]]) -> set[int]:
    """Numbers of the relations without which no relations lead in a circle: those back to where one came from."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, one in enumerate(relations):
        leaving[one["subject"]].append(number)
    back, done, open_ = set[int](), set[int](), set[int]()
    for root in range(count):
        way = [(root, iter(leaving[root]))] if root not in done else []
        open_.update(root for root, _ in way)
        while way:
            at, left = way[-1]
            number = next(left, -1)
            if number < 0:
                way.pop()
                open_.discard(at)
                done.add(at)
                continue
            target = relations[number]["object"]
            if target in open_:
                back.add(number)
            elif target not in done:
                open_.add(target)
                way.append((target, iter(leaving[target])))
    return back


def _join(upper: Node, lower: Node) -> None:
    upper.below.append(lower)
    lower.above.append(upper)


def _order_layers(layers: list[list[Node]], down: bool) -> None:
    """Sorts every layer by the mean place of its neighbours in the one before; two that tie stay as they are."""
    ordered = layers if down else layers[::-1]
    for before, layer in pairwise(ordered):
        means = {}
        for number, node in enumerate(layer):
            near = [before.index(other) for other in (node.above if down else node.below)]
            means[node] = sum(near) / len(near) if near else float(number)
        layer.sort(key=means.__getitem__)


def _find_edge(layer: list[Node]) -> float:
    return max(node.x + node.width / 2 for node in layer)


def _place_across(layers: list[list[Node]]) -> None:
    """Moves every node towards the middle of its neighbours as far as those beside it let it, and all to the left."""
    for layer in layers:
        x = 0.0
        for node in layer:
            node.x = x + node.width / 2
            x += node.width
    for turn in range(2 * ROUNDS):
        for layer in layers if turn % 2 else layers[::-1]:
            wishes = []
            for node in layer:
                near = (node.above if turn % 2 else node.below) or [node]
                wishes.append(sum(other.x for other in near) / len(near))
            _pack(layer, wishes)
    left = min((node.x - node.width / 2 for layer in layers for node in layer), default=0.0)
    for layer in layers:
        for node in layer:
            node.x -= left


def _pack(layer: list[Node], wishes: list[float]) -> None:
    """Places nodes in their order near their wishes: in the middle of how far left and how far right they fit."""
    left, right = list(wishes), list(wishes)
    for i in range(1, len(layer)):
        left[i] = max(left[i], left[i - 1] + (layer[i - 1].width + layer[i].width) / 2)
    for i in range(len(layer) - 2, -1, -1):
        right[i] = min(right[i], right[i + 1] - (layer[i + 1].width + layer[i].width) / 2)
    for node, low, high in zip(layer, left, right, strict=True):
        node.x = (low + high) / 2


def _place_down(layers: list[list[Node]], top: float) -> float:
    for layer in layers:
        height = max(node.height for node in layer)
        for node in layer:
            node.room = height
            node.y = top + (height - node.height) / 2
        top += height + GAP
    return top


def _measure_row(nodes: list[Node]) -> float:
    return sum(node.width for node in nodes)


def _split_rows(nodes: list[Node]) -> list[list[Node]]:
    rows: list[list[Node]] = []
    for node in nodes:
        if not rows or _measure_row([*rows[-1], node]) > ROW:
            rows.append([])
        rows[-1].append(node)
    return rows


def _draw_node(node: Node) -> str:
    if node.sort == "passing":
        return draw("path", d=f"M{node.x:.1f} {node.y:.1f}v{node.height:.1f}", stroke=PALE, stroke_width=1.3)
    if node.sort == "label":
        return write_text_at(node.x, node.y + 13, node.lines[0], 12, "middle", fill=RELATION, font_style="italic")
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
    for line in node.lines:
        y += LINE
        parts.append(write_text_at(node.x, y - 3, line, 13, "middle", fill=INK, font_weight="bold"))
    for line in node.values:
        y += SMALL
        parts.append(write_text_at(node.x, y - 3, line, 12, "middle", fill=VALUE))
    return draw("g", "".join(parts))


def _draw_lines(node: Node) -> list[str]:
    """Curves to what is joined with a node below it; the end of a relation has a head."""
    lines = []
    for other in node.below:
        x0, y0, x1, y1 = node.x, node.y + node.height, other.x, other.y
        if node.sort == "object":
            x0 += _spread(node.below, other, node)
            if other.turned:
                lines.append(draw("path", d=f"M{x0:.1f} {y0:.1f}l-4.5 8h9z", fill=PALE))
                y0 += 7
        if other.sort == "object":
            x1 += _spread(other.above, node, other)
            if not node.turned:
                lines.append(draw("path", d=f"M{x1:.1f} {y1:.1f}l-4.5 -8h9z", fill=PALE))
                y1 -= 7
        middle = (y0 + y1) / 2
        curve = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
        lines.append(draw("path", d=curve, fill="none", stroke=PALE, stroke_width=1.3))
    return lines


def _spread(others: list[Node], one: Node, box: Node) -> float:
    """Where along the edge of a box a line begins or ends: those of several stand apart, in their order."""
    order = sorted(others, key=lambda node: node.x)
    step = min(24.0, (box.width - BETWEEN - 16) / len(order))
    return (order.index(one) - (len(order) - 1) / 2) * step


def _draw_chips(texts: list[str], width: float) -> tuple[list[str], float]:
    """Scene attributes as labels, and where the graph begins below them."""
    parts, x, y = list[str](), float(MARGIN), float(MARGIN)
    for text in texts:
        wide = measure_text(text, 12) + 16
        if x > MARGIN and x + wide > MARGIN + width:
            x, y = float(MARGIN), y + 26
        parts.append(draw("rect", x=x, y=y, width=wide, height=20, rx=10, fill=SCENE, stroke="#7ba26b"))
        parts.append(write_text_at(x + wide / 2, y + 14, text, 12, "middle"))
        x += wide + 8
    return parts, y + (20 + GAP if texts else 0)
