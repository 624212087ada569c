"""Seed graphs: the structures that contain one, each completion once (paper section 3.1, step 1).

A seed graph's elements are told apart by what the recipe says of them: elements of which it says the same have one
colour, from 1 on. What may be anything has colour 0, like all that is added, unless something coloured hangs on it.
A completion is a structure with colours that contains the seed graph, up to isomorphism; so two ways to find the seed
graph in one structure are one completion exactly when scenes could not tell them apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

from ..recipe.structure import SeedGraph
from .bounds import SeedShape
from .components import (
    Coloring,
    Component,
    ComponentLimits,
    close_edges,
    find_components,
    find_numberings,
    list_symmetries,
    place_attributes,
)


@dataclass(frozen=True)
class SeedSlots:
    """The coloured elements of a seed graph, in the order of their colours: what a completion's seed columns hold.

    Attributes:
        shape: The seed graph's shape.
        objects: Number in the recipe of each coloured object.
        attributes: (object, attribute) numbers in the recipe of each coloured attribute.
        relations: Number in the recipe of each coloured relation.
    """

    shape: SeedShape
    objects: tuple[int, ...]
    attributes: tuple[tuple[int, int], ...]
    relations: tuple[int, ...]


def read_seed(seed: SeedGraph) -> SeedSlots:
    """Colours a recipe's seed graph."""
    relations = _colour([(r.predicate, r.category) for r in seed.relations])
    places = [(i, j) for i, item in enumerate(seed.objects) for j in range(len(item.attributes))]
    specs = [seed.objects[i].attributes[j] for i, j in places]
    attributes = dict(zip(places, _colour([(spec.kind, spec.value) for spec in specs]), strict=True))
    edges = tuple((r.subject, r.object, colour) for r, colour in zip(seed.relations, relations, strict=True))
    held = [sorted(attributes[i, j] for j in range(len(item.attributes))) for i, item in enumerate(seed.objects)]
    objects = _colour([(item.concept, item.under, *filter(None, held[i])) for i, item in enumerate(seed.objects)])
    # What may be anything is still to be chosen with care where something coloured hangs on it. And objects of one
    # colour are to be interchangeable, so that the same content fits both.
    for _ in objects:
        signatures = [
            (
                objects[i],
                *sorted((colour, objects[o]) for s, o, colour in edges if s == i and colour),
                *sorted((-colour, objects[s]) for s, o, colour in edges if o == i and colour),
            )
            for i in range(len(objects))
        ]
        objects = _colour([signature if signature != (0,) else () for signature in signatures])
    shape = SeedShape(
        tuple(objects),
        tuple(tuple(attributes[i, j] for j in range(len(item.attributes))) for i, item in enumerate(seed.objects)),
        edges,
    )
    return SeedSlots(
        shape,
        tuple(sorted((i for i, colour in enumerate(objects) if colour), key=objects.__getitem__)),
        tuple(sorted((place for place in places if attributes[place]), key=attributes.__getitem__)),
        tuple(sorted((i for i, colour in enumerate(relations) if colour), key=relations.__getitem__)),
    )


def _colour(specs: list[tuple[Any, ...]]) -> list[int]:
    """Numbers the distinct specs from 1 on; one that says nothing is 0."""
    numbers: dict[tuple[Any, ...], int] = {}
    return [numbers.setdefault(spec, len(numbers) + 1) if any(spec) else 0 for spec in specs]


# An object of a graph that grows: its colour, those of its attributes that are not 0, and how many attributes are.
_Object = tuple[int, tuple[int, ...], int]
_Relation = tuple[int, int, int]
_Piece = tuple[tuple[_Object, ...], tuple[_Relation, ...]]


def enumerate_cores(shape: SeedShape, limits: ComponentLimits) -> Iterator[tuple[Component, ...]]:
    """Yields what completions are without the components that have nothing of the seed graph, each once.

    Any such graph becomes the seed graph again when what was added to it is taken away, a relation at a time, farthest
    ends first, and none of the steps leaves a component without a part of the seed graph. So all of them grow from the
    seed graph by a relation between two objects, or by a new object on a new relation; and then by attributes.

    Args:
        shape: The seed graph.
        limits: Bounds of all components of the seed graph together.
    """
    seen: set[tuple[Component, ...]] = set()
    level = {_split(_list_objects(shape), shape.relations)}
    for _ in range(len(shape.relations), limits.relations + 1):
        grown: set[tuple[_Piece, ...]] = set()
        for pieces in sorted(level):
            for core in _place_attributes(pieces, limits):
                if core not in seen:
                    seen.add(core)
                    yield core
            grown.update(_split(*more) for more in _extend(pieces, limits))
        level = grown


def _list_objects(shape: SeedShape) -> list[_Object]:
    return [
        (colour, tuple(sorted(filter(None, colours))), colours.count(0))
        for colour, colours in zip(shape.objects, shape.attributes, strict=True)
    ]


def _extend(
    pieces: tuple[_Piece, ...], limits: ComponentLimits
) -> Iterator[tuple[list[_Object], tuple[_Relation, ...]]]:
    """Adds a relation in every way that keeps the graph acyclic and within the limits."""
    objects, relations = _join(pieces)
    size = len(objects)
    complexity = size + len(relations) + sum(len(colours) + count for _, colours, count in objects)
    incoming, outgoing = Counter(o for _, o, _ in relations), Counter(s for s, _, _ in relations)
    pairs = {(s, o) for s, o, _ in relations}
    reach = close_edges(size, tuple(pairs))
    candidates = []
    if complexity + 1 <= limits.complexity:
        candidates += [
            (objects, s, o) for s, o in permutations(range(size), 2) if (s, o) not in pairs and not reach[o] >> s & 1
        ]
    if complexity + 2 <= limits.complexity and size < limits.objects:
        more = [*objects, (0, (), 0)]
        candidates += [(more, *pair) for i in range(size) for pair in ((i, size), (size, i))]
    for some, s, o in candidates:
        if outgoing[s] < limits.out_degree and incoming[o] < limits.in_degree:
            yield some, (*relations, (s, o, 0))


def _join(pieces: tuple[_Piece, ...]) -> tuple[list[_Object], tuple[_Relation, ...]]:
    objects: list[_Object] = []
    relations: list[_Relation] = []
    for some, edges in pieces:
        relations += [(s + len(objects), o + len(objects), colour) for s, o, colour in edges]
        objects += some
    return objects, tuple(relations)


def _split(objects: list[_Object], relations: tuple[_Relation, ...]) -> tuple[_Piece, ...]:
    """The connected pieces of a graph, each in canonical numbering, sorted: equal for isomorphic graphs."""
    pieces = []
    for members in find_components(len(objects), ((s, o) for s, o, _ in relations)):
        number = {i: place for place, i in enumerate(members)}
        edges = [(number[s], number[o], colour) for s, o, colour in relations if s in number]
        some = [objects[i] for i in members]
        order = _find_numberings(some, edges)[0]
        pieces.append(_renumber(some, edges, order))
    return tuple(sorted(pieces))


def _find_numberings(colours: Sequence[Any], relations: Iterable[_Relation]) -> list[list[int]]:
    edges = tuple((s, o) for s, o, _ in relations)
    return find_numberings(len(colours), edges, colours, tuple(colour for _, _, colour in relations))


def _renumber(objects: list[_Object], relations: Iterable[_Relation], order: list[int]) -> _Piece:
    moved = sorted(range(len(objects)), key=order.__getitem__)
    return tuple(objects[i] for i in moved), tuple(sorted((order[s], order[o], colour) for s, o, colour in relations))


def _place_attributes(pieces: tuple[_Piece, ...], limits: ComponentLimits) -> Iterator[tuple[Component, ...]]:
    """Puts attributes on all objects in every way, those of the seed graph among them."""
    objects, relations = _join(pieces)
    most = min(limits.attributes, limits.complexity - len(objects) - len(relations))
    choices = [_place_on_piece(piece, most, limits.attributes_per_object) for piece in pieces]
    for chosen in product(*choices):
        if sum(sum(component.attributes) for component in chosen) <= most:
            yield tuple(sorted(chosen))


def _place_on_piece(piece: _Piece, most: int, per_object: tuple[int, int]) -> list[Component]:
    # Once all attributes are placed, those of colour 0 that the seed graph has are like any other: without them the
    # piece may have a canonical numbering of its own and more symmetries.
    bare = [(colour, colours) for colour, colours, _ in piece[0]]
    numberings = _find_numberings(bare, piece[1])
    objects, relations = _renumber(list(piece[0]), piece[1], numberings[0])
    symmetries = list_symmetries(numberings)
    coloring = Coloring(
        tuple(colour for colour, _, _ in objects),
        tuple(colours for _, colours, _ in objects),
        tuple(colour for _, _, colour in relations),
    )
    is_colored = any(coloring.objects) or any(coloring.attributes) or any(coloring.relations)
    least = tuple(max(per_object[0], len(colours) + count) for _, colours, count in objects)
    edges = tuple((s, o) for s, o, _ in relations)
    placements = {
        max(tuple(counts[i] for i in symmetry) for symmetry in symmetries)
        for counts in place_attributes(least, most, per_object[1])
    }
    return [Component(counts, edges, coloring if is_colored else ()) for counts in sorted(placements)]
