"""Connected pieces of scene graphs: acyclic digraphs with attributes on their objects, one per isomorphism class.

Every structure is a multiset of such pieces, so two structures are isomorphic exactly when their sorted lists of
pieces are equal. That turns graph isomorphism, which is needed for the pieces alone, into the comparison of small
lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

Edges = tuple[tuple[int, int], ...]


class Coloring(NamedTuple):
    """Colours, which tell elements of a seed graph from each other and from the rest (colour 0).

    A component with colours is a vertex-coloured graph, its edges coloured, too: two of them are the same when an
    isomorphism keeps the colours. Without colours it is the plain graph of a structure.

    Attributes:
        objects: Colour of each object.
        attributes: Colours of each object's attributes, those of colour 0 left out.
        relations: Colour of each edge.
    """

    objects: tuple[int, ...]
    attributes: tuple[tuple[int, ...], ...]
    relations: tuple[int, ...]


@dataclass(frozen=True, order=True)
class Component:
    """A weakly connected piece, its objects numbered so that every edge goes from a lower to a higher number.

    Attributes:
        attributes: Number of attributes on each object.
        edges: Sorted (subject, object) pairs.
        coloring: Colours; none when all are 0.
    """

    attributes: tuple[int, ...]
    edges: Edges
    coloring: Coloring | tuple[()] = ()

    @property
    def objects(self) -> int:
        return len(self.attributes)

    @cached_property
    def complexity(self) -> int:
        return len(self.attributes) + sum(self.attributes) + len(self.edges)

    @cached_property
    def topology(self) -> str:
        """Canonical text of a piece without coloring: attributes on each object, the edges, as in `1.0.2:0>1,0>2`."""
        counts = ".".join(map(str, self.attributes))
        return counts + (":" + ",".join(f"{s}>{o}" for s, o in self.edges) if self.edges else "")

    @property
    def in_degrees(self) -> list[int]:
        """Edges that end at each object."""
        ends = [o for _, o in self.edges]
        return [ends.count(i) for i in range(self.objects)]

    @property
    def out_degrees(self) -> list[int]:
        """Edges that start at each object."""
        starts = [s for s, _ in self.edges]
        return [starts.count(i) for i in range(self.objects)]

    @cached_property
    def uncolored(self) -> Component:
        """The canonical piece that is left without coloring."""
        if not self.coloring:
            return self
        order, edges, symmetries = _canonicalize_again(self.objects, self.edges)
        counts = [count for _, count in sorted(zip(order, self.attributes, strict=True))]
        return Component(max(tuple(counts[i] for i in symmetry) for symmetry in symmetries), edges)


@dataclass(frozen=True)
class ComponentLimits:
    """Upper bounds, which prune a piece while it grows, and all that one object may have of attributes."""

    complexity: int
    objects: int
    attributes: int
    relations: int
    attributes_per_object: tuple[int, int]
    in_degree: int
    out_degree: int


def enumerate_components(limits: ComponentLimits) -> Iterator[Component]:
    """Yields every connected piece within the limits, none twice."""
    for size, edges in _grow_skeletons(limits):
        most = min(limits.attributes, limits.complexity - size - len(edges))
        symmetries = canonicalize(size, edges)[2]
        low, high = limits.attributes_per_object
        for counts in place_attributes((low,) * size, most, high):
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
                grown.setdefault((new_size, canonicalize(new_size, more)[1]))
        level = grown
        yield from level


def _extend(size: int, edges: Edges, limits: ComponentLimits) -> Iterator[tuple[int, Edges]]:
    incoming, outgoing = Counter(o for _, o in edges), Counter(s for s, _ in edges)
    reach = close_edges(size, edges)
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
        if outgoing[s] < limits.out_degree and incoming[o] < limits.in_degree:
            yield new_size, (*edges, (s, o))


def find_components(size: int, edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Lists the objects of each weakly connected component of a graph."""
    piece_of = list(range(size))
    for s, o in edges:
        old, new = piece_of[o], piece_of[s]
        piece_of = [new if piece == old else piece for piece in piece_of]
    return [[i for i, one in enumerate(piece_of) if one == piece] for piece in dict.fromkeys(piece_of)]


def close_edges(size: int, edges: Edges) -> list[int]:
    """Bit sets of what each object reaches; edges go from lower to higher numbers."""
    reach = [0] * size
    for s, o in sorted(edges, reverse=True):
        reach[s] |= 1 << o | reach[o]
    return reach


def canonicalize(size: int, edges: Edges) -> tuple[list[int], Edges, list[tuple[int, ...]]]:
    """Renumbers an acyclic digraph canonically; the numbering is topological.

    Returns:
        The new number of each object, the edges between them, and the symmetries of the canonical graph as
        permutations (the identity is the first).
    """
    numberings = find_numberings(size, edges)
    order = numberings[0]
    return order, tuple(sorted((order[s], order[o]) for s, o in edges)), list_symmetries(numberings)


# A coloured piece comes with many different attributes.
_canonicalize_again = lru_cache(maxsize=1 << 14)(canonicalize)


def list_symmetries(numberings: list[list[int]]) -> list[tuple[int, ...]]:
    """The symmetries that lead from the first numbering to each."""
    first = {number: i for i, number in enumerate(numberings[0])}
    return [tuple(order[first[number]] for number in range(len(order))) for order in numberings]


def find_numberings(
    size: int, edges: Edges, colours: Sequence[Any] = (), edge_colours: Sequence[int] = ()
) -> list[list[int]]:
    """Finds all canonical numberings of an acyclic digraph, perhaps with colours on objects and edges.

    Objects are first told apart by their depth and colour and by repeated refinement with their neighbours; among
    those that remain alike, one is singled out at a time, and the smallest edge list wins. Depth comes first, so the
    numbering is topological.

    Args:
        size: Number of objects.
        edges: (subject, object) pairs.
        colours: Colour of each object, of any type that can be sorted; all alike when empty.
        edge_colours: Colour of each edge; all alike when empty.

    Returns:
        New numbers of the objects, once for each symmetry.
    """
    colours_of_edges = edge_colours or (0,) * len(edges)
    # A neighbour, and the colour of the edge to it as what makes any two ranks differ.
    successors: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    predecessors: list[list[tuple[int, int]]] = [[] for _ in range(size)]
    for (s, o), colour in zip(edges, colours_of_edges, strict=True):
        successors[s].append((o, colour * (2 * size + 2)))
        predecessors[o].append((s, colour * (2 * size + 2)))
    best: tuple[tuple[int, int, int], ...] | None = None
    orders: list[list[int]] = []

    def refine(ranks: list[int]) -> list[int]:
        while True:
            keys = [
                (
                    ranks[i],
                    tuple(sorted([ranks[j] + shift for j, shift in successors[i]])),
                    tuple(sorted([ranks[j] + shift for j, shift in predecessors[i]])),
                )
                for i in range(size)
            ]
            refined = _rank_keys(keys)
            if refined == ranks:
                return ranks
            ranks = refined

    def search(ranks: list[int]) -> None:
        nonlocal best
        ranks = refine(ranks)
        groups = Counter(ranks)
        tied = next((rank for rank in sorted(groups) if groups[rank] > 1), None)
        if tied is not None:
            for i in range(size):
                if ranks[i] == tied:
                    search([2 * rank + (rank == tied and j != i) for j, rank in enumerate(ranks)])
            return
        found = tuple(
            sorted((ranks[s], ranks[o], colour) for (s, o), colour in zip(edges, colours_of_edges, strict=True))
        )
        if best is None or found < best:
            best = found
            orders.clear()
        if found == best:
            orders.append(ranks)

    depths = _measure_depths(size, [[j for j, _ in before] for before in predecessors])
    search(_rank_keys(list(zip(depths, colours, strict=True))) if colours else depths)
    return orders


def _rank_keys(keys: list) -> list[int]:
    """Ranks each key by how many objects have a smaller one, so that a final ranking is a numbering."""
    ranks: dict[Any, int] = {}
    for rank, key in enumerate(sorted(keys)):
        ranks.setdefault(key, rank)
    return [ranks[key] for key in keys]


def _measure_depths(size: int, predecessors: list[list[int]]) -> list[int]:
    depths: dict[int, int] = {}

    def depth(i: int) -> int:
        if i not in depths:
            depths[i] = 1 + max((depth(j) for j in predecessors[i]), default=-1)
        return depths[i]

    return [depth(i) for i in range(size)]


def place_attributes(least: tuple[int, ...], most: int, most_each: int) -> Iterator[tuple[int, ...]]:
    """Yields every way to put at most `most` attributes on objects, on each at least `least`, at most `most_each`."""
    if not least:
        yield ()
        return
    rest = least[1:]
    for count in range(least[0], min(most_each, most - sum(rest)) + 1):
        for others in place_attributes(rest, most - count, most_each):
            yield (count, *others)
