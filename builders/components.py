"""Connected pieces of scene graphs: acyclic digraphs with attributes on their objects, one per isomorphism class.

Every structure is a multiset of such pieces, so two structures are isomorphic exactly when their sorted lists of
pieces are equal. That turns graph isomorphism, which is needed for the pieces alone, into the comparison of small
lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

Edges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, order=True)
class Component:
    """A weakly connected piece, its objects numbered so that every edge goes from a lower to a higher number.

    Attributes:
        attributes: Number of attributes on each object.
        edges: Sorted (subject, object) pairs.
    """

    attributes: tuple[int, ...]
    edges: Edges

    @property
    def objects(self) -> int:
        return len(self.attributes)

    @property
    def complexity(self) -> int:
        return len(self.attributes) + sum(self.attributes) + len(self.edges)

    @property
    def topology(self) -> str:
        """Canonical text: attributes on each object, then the edges, as in `1.0.2:0>1,0>2`."""
        counts = ".".join(map(str, self.attributes))
        return counts + (":" + ",".join(f"{s}>{o}" for s, o in self.edges) if self.edges else "")


@dataclass(frozen=True)
class ComponentLimits:
    """What bounds one piece. Upper bounds prune while it grows; lower bounds are checked when it is complete."""

    complexity: int
    objects: int
    attributes: int
    relations: int
    attributes_per_object: tuple[int, int]
    in_degree: tuple[int, int]
    out_degree: tuple[int, int]


def enumerate_components(limits: ComponentLimits) -> Iterator[Component]:
    """Yields every connected piece within the limits, none twice."""
    low_in, low_out = limits.in_degree[0], limits.out_degree[0]
    for size, edges in _grow_skeletons(limits):
        incoming, outgoing = Counter(o for _, o in edges), Counter(s for s, _ in edges)
        if min(incoming[i] for i in range(size)) < low_in or min(outgoing[i] for i in range(size)) < low_out:
            continue
        most = min(limits.attributes, limits.complexity - size - len(edges))
        symmetries = canonicalize(size, edges)[1]
        for counts in _place_attributes(size, most, limits.attributes_per_object):
            if all(tuple(counts[i] for i in symmetry) <= counts for symmetry in symmetries):
                yield Component(counts, edges)


def _grow_skeletons(limits: ComponentLimits) -> Iterator[tuple[int, Edges]]:
    """Yields (objects, edges) of connected acyclic digraphs, each class once, in canonical numbering.

    A connected graph has an edge whose removal leaves it connected, or it is a tree and has a leaf. So all of those
    with m edges come from those with m - 1: by an edge between two objects, or by a new object on a new edge.
    """
    level: dict[tuple[int, Edges], None] = {(1, ()): None}
    if limits.objects < 1 or limits.complexity < 1:
        return
    yield 1, ()
    for _ in range(limits.relations):
        grown: dict[tuple[int, Edges], None] = {}
        for size, edges in level:
            for new_size, more in _extend(size, edges, limits):
                grown.setdefault((new_size, canonicalize(new_size, more)[0]))
        level = grown
        yield from level


def _extend(size: int, edges: Edges, limits: ComponentLimits) -> Iterator[tuple[int, Edges]]:
    incoming, outgoing = Counter(o for _, o in edges), Counter(s for s, _ in edges)
    reach = _close(size, edges)
    candidates = []
    if size + len(edges) + 1 <= limits.complexity:
        candidates += [
            (size, (s, o))
            for s in range(size)
            for o in range(size)
            if s != o and (s, o) not in edges and not reach[o] >> s & 1
        ]
    if size < limits.objects and size + len(edges) + 2 <= limits.complexity:
        candidates += [(size + 1, pair) for i in range(size) for pair in ((i, size), (size, i))]
    for new_size, (s, o) in candidates:
        if outgoing[s] < limits.out_degree[1] and incoming[o] < limits.in_degree[1]:
            yield new_size, (*edges, (s, o))


def _close(size: int, edges: Edges) -> list[int]:
    """Bit sets of what each object reaches; edges go from lower to higher numbers."""
    reach = [0] * size
    for s, o in sorted(edges, reverse=True):
        reach[s] |= 1 << o | reach[o]
    return reach


def canonicalize(size: int, edges: Edges) -> tuple[Edges, list[tuple[int, ...]]]:
    """Renumbers an acyclic digraph canonically.

    Objects are first told apart by their depth and by repeated refinement with their neighbours' colours; among those
    that remain alike, one is singled out at a time, and the smallest edge list wins. Depth comes first, so the
    numbering is topological.

    Returns:
        The canonical edges, and the symmetries of the canonical graph as permutations (the identity is the first).
    """
    successors: list[list[int]] = [[] for _ in range(size)]
    predecessors: list[list[int]] = [[] for _ in range(size)]
    for s, o in edges:
        successors[s].append(o)
        predecessors[o].append(s)
    best: Edges | None = None
    orders: list[list[int]] = []

    def refine(colours: list[int]) -> list[int]:
        while True:
            keys = [
                (colours[i], sorted(colours[j] for j in successors[i]), sorted(colours[j] for j in predecessors[i]))
                for i in range(size)
            ]
            ranks = {repr(key): rank for rank, key in _rank(keys)}
            refined = [ranks[repr(key)] for key in keys]
            if refined == colours:
                return colours
            colours = refined

    def search(colours: list[int]) -> None:
        nonlocal best
        colours = refine(colours)
        groups = Counter(colours)
        tied = next((colour for colour in sorted(groups) if groups[colour] > 1), None)
        if tied is not None:
            for i in range(size):
                if colours[i] == tied:
                    search([2 * c + (c == tied and j != i) for j, c in enumerate(colours)])
            return
        found: Edges = tuple(sorted((colours[s], colours[o]) for s, o in edges))
        if best is None or found < best:
            best = found
            orders.clear()
        if found == best:
            orders.append(colours)

    search(_measure_depths(size, predecessors))
    first = {number: i for i, number in enumerate(orders[0])}
    return best or (), [tuple(order[first[number]] for number in range(size)) for order in orders]


def _rank(keys: list) -> Iterator[tuple[int, tuple]]:
    """Numbers the distinct keys by how many objects have a smaller one, so that a final colouring is a numbering."""
    ordered = sorted(keys)
    yield 0, ordered[0]
    for rank, (before, key) in enumerate(pairwise(ordered), start=1):
        if key != before:
            yield rank, key


def _measure_depths(size: int, predecessors: list[list[int]]) -> list[int]:
    depths: dict[int, int] = {}

    def depth(i: int) -> int:
        if i not in depths:
            depths[i] = 1 + max((depth(j) for j in predecessors[i]), default=-1)
        return depths[i]

    return [depth(i) for i in range(size)]


def _place_attributes(size: int, most: int, per_object: tuple[int, int]) -> Iterator[tuple[int, ...]]:
    """Yields every way to put at most `most` attributes on `size` objects, each with a number within `per_object`."""
    low, high = per_object
    if size == 0:
        yield ()
        return
    for count in range(low, min(high, most - low * (size - 1)) + 1):
        for rest in _place_attributes(size - 1, most - count, per_object):
            yield (count, *rest)
