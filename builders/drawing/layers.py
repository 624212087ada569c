"""Layers: where the nodes of a directed graph stand, from top to bottom, with few crossings and none over another.

A node stands below all that has an edge to it. An edge that passes by a layer keeps a place in it, and so does its
label, if it has one, in a layer between those of nodes (Sugiyama, Tagawa and Toda 1981). Orders within layers come
from the mean places of neighbors, then from swaps of two beside each other while these take crossings away; the best
order of several starts is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

ROUNDS = 8
"""Times that layers are put in order from each start, each by its neighbors."""
STARTS = 12
PLACED = 24
"""Times that nodes move towards their neighbors."""


@dataclass(eq=False)
class Node:
    """A node, a label of an edge, or a place where an edge passes a layer.

    Attributes:
        width: Pixels, with what is left free beside it.
        height: Pixels; that of the layer, where an edge passes.
        content: What is drawn there; None where an edge passes.
        x: Its middle.
        y: Its upper edge.
        above, below: Nodes that it is joined with, in the layers beside.
        turned: Whether the edge that it is a part of goes upwards, as one of a circle must.
    """

    width: float
    height: float = 0.0
    content: Any = None
    x: float = 0.0
    y: float = 0.0
    above: list[Node] = field(default_factory=list, repr=False)
    below: list[Node] = field(default_factory=list, repr=False)
    turned: bool = False


Layers = list[list[Node]]


def make_layers(
    nodes: Sequence[Node], edges: Sequence[tuple[int, int]], labels: Sequence[Node], passing: float
) -> Layers:
    """Puts all nodes that have edges into layers, and joins them.

    Args:
        nodes: The nodes.
        edges: Numbers of the nodes where each begins and ends.
        labels: One of each edge, or none of any.
        passing: Pixels that an edge needs to pass a layer.
    """
    back = _find_back(len(nodes), edges)
    # What closes a circle is laid out the other way around; its head is at its upper end.
    downward = [edge[::-1] if number in back else edge for number, edge in enumerate(edges)]
    depth = _find_depths(len(nodes), downward)
    step = 2 if labels else 1
    layers: Layers = [[] for _ in range(step * max(depth, default=0) + 1)]
    joined = {end for edge in edges for end in edge}
    for number, node in enumerate(nodes):
        if number in joined:
            layers[step * depth[number]].append(node)
    for number, (upper, lower) in enumerate(downward):
        last, start = nodes[upper], step * depth[upper]
        for place in range(start + 1, step * depth[lower]):
            node = labels[number] if labels and place == start + 1 else Node(passing)
            node.turned = number in back
            layers[place].append(node)
            _join(last, node)
            last = node
        _join(last, nodes[lower])
    return [layer for layer in layers if layer]


def _find_back(count: int, edges: Sequence[tuple[int, int]]) -> set[int]:
    """Numbers of the edges without which none lead in a circle: those back to where one came from."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, (start, _) in enumerate(edges):
        leaving[start].append(number)
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
            target = edges[number][1]
            if target in open_:
                back.add(number)
            elif target not in done:
                open_.add(target)
                way.append((target, iter(leaving[target])))
    return back


def _find_depths(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """How far down each node stands, below all that has an edge to it."""
    depth = [0] * count
    for _ in range(count):
        before = list(depth)
        for upper, lower in edges:
            depth[lower] = max(depth[lower], depth[upper] + 1)
        if depth == before:
            break
    # A node where no edge ends comes down to just above the nearest that it has one to.
    ending = {lower for _, lower in edges}
    for number in range(count):
        ends = [depth[lower] for upper, lower in edges if upper == number]
        if ends and number not in ending:
            depth[number] = min(ends) - 1
    return depth


def _join(upper: Node, lower: Node) -> None:
    upper.below.append(lower)
    lower.above.append(upper)


def order_layers(layers: Layers) -> None:
    """Sorts the nodes of all layers so that few edges cross."""
    best, fewest = [list(layer) for layer in layers], count_crossings(layers)
    starts = [_turn_layers(best, number) for number in range(STARTS)]
    for start in starts:
        for layer, nodes in zip(layers, start, strict=True):
            layer[:] = nodes
        for turn in range(ROUNDS):
            if not fewest:
                break
            _sort_by_neighbors(layers, turn % 2 == 0)
            while _swap_neighbors(layers):
                pass
            if (crossings := count_crossings(layers)) < fewest:
                best, fewest = [list(layer) for layer in layers], crossings
    for layer, nodes in zip(layers, best, strict=True):
        layer[:] = nodes


def _turn_layers(layers: Layers, number: int) -> Layers:
    """Another order to start from, the same for number 0: layers turned by steps of their own, some of them back."""
    turned = []
    for place, layer in enumerate(layers):
        at = number * (place + 1) % max(1, len(layer))
        some = [*layer[at:], *layer[:at]]
        turned.append(some[::-1] if (number >> place % 3) % 2 else some)
    return turned


def count_crossings(layers: Layers) -> int:
    """How many pairs of edges cross."""
    total = 0
    for upper, lower in pairwise(layers):
        places = {node: place for place, node in enumerate(lower)}
        ends = [[places[other] for other in node.below] for node in upper]
        total += sum(_count_pairs(one, other) for number, one in enumerate(ends) for other in ends[number + 1 :])
    return total


def _count_pairs(left: list[int], right: list[int]) -> int:
    """How many edges to the left places cross edges to the right ones, of a node that stands left of another."""
    return sum(one > other for one in left for other in right)


def _sort_by_neighbors(layers: Layers, down: bool) -> None:
    """Sorts every layer by the mean place of its neighbors in the one before; two that tie stay as they are."""
    for before, layer in pairwise(layers if down else layers[::-1]):
        places = {node: place for place, node in enumerate(before)}
        means = {}
        for number, node in enumerate(layer):
            near = [places[other] for other in (node.above if down else node.below)]
            means[node] = sum(near) / len(near) if near else float(number)
        layer.sort(key=means.__getitem__)


def _swap_neighbors(layers: Layers) -> bool:
    """Swaps nodes beside each other where fewer edges cross then; says whether there were any."""
    places = {node: place for layer in layers for place, node in enumerate(layer)}
    swapped = False
    for layer in layers:
        for place in range(len(layer) - 1):
            one, other = layer[place : place + 2]
            ends = [
                ([places[node] for node in left], [places[node] for node in right])
                for left, right in ((one.above, other.above), (one.below, other.below))
            ]
            if sum(_count_pairs(right, left) - _count_pairs(left, right) for left, right in ends) < 0:
                layer[place : place + 2] = [other, one]
                places[one], places[other] = place + 1, place
                swapped = True
    return swapped


def place_layers(layers: Layers, gap: float) -> float:
    """Gives every node its place: across near its neighbors, without a way into others, and down by layers.

    Args:
        layers: Nodes in order.
        gap: Pixels between layers.

    Returns:
        Where the lowest layer ends.
    """
    for layer in layers:
        _pack(layer, [0.0] * len(layer))
    for turn in range(PLACED):
        for layer in layers if turn % 2 else layers[::-1]:
            wishes = []
            for node in layer:
                near = (node.above if turn % 2 else node.below) or [node]
                wishes.append(sum(other.x for other in near) / len(near))
            _pack(layer, wishes)
    left = min((node.x - node.width / 2 for layer in layers for node in layer), default=0.0)
    bottom = -gap
    for layer in layers:
        top = bottom + gap
        height = max(node.height for node in layer)
        for node in layer:
            node.x -= left
            node.height = node.height if node.content is not None else height
            node.y = top + (height - node.height) / 2
        bottom = top + height
    return bottom


def _pack(layer: list[Node], wishes: list[float]) -> None:
    """Places nodes in their order near their wishes: in the middle of how far left and how far right they fit."""
    left, right = list(wishes), list(wishes)
    for i in range(1, len(layer)):
        left[i] = max(left[i], left[i - 1] + (layer[i - 1].width + layer[i].width) / 2)
    for i in range(len(layer) - 2, -1, -1):
        right[i] = min(right[i], right[i + 1] - (layer[i + 1].width + layer[i].width) / 2)
    for node, low, high in zip(layer, left, right, strict=True):
        node.x = (low + high) / 2


def measure_layers(layers: Layers) -> float:
    """How wide the layers are."""
    return max((node.x + node.width / 2 for layer in layers for node in layer), default=0.0)
