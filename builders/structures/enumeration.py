"""Structures: every scene graph without content that the constraints leave, once (paper section 3.1, step 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import add, attrgetter
from typing import Any

import numpy as np
import pyarrow as pa

from ...arrow import make_texts
from ...errors import Problem, RecipeError
from ..foundation.ragged import Ragged
from .bounds import TOTALS, Counts, Limits, SeedShape
from .components import Coloring, Component, ComponentLimits, enumerate_components
from .counting import count_structures, find_largest_complexity
from .limits import find_conflict
from .seed_graphs import enumerate_cores

MOST_STRUCTURES = 400_000
"""More than this many are refused: the list would no longer fit comfortably in memory."""


@dataclass(frozen=True)
class StructureTable:
    """All structures that fit, one row each, in columns.

    Objects of a structure are numbered so that every relation goes from a lower to a higher number and the largest
    component comes first. Attributes are numbered through all objects of a structure.

    Attributes:
        objects, attributes, relations, components: Counts, int32, shape (structures,).
        attribute_counts: Attributes on each object, flattened over structures.
        subjects, targets: Object numbers of each relation's two ends, flattened over structures.
        topologies: Canonical text of each structure without colours: equal if and only if isomorphic.
        seed_objects, seed_attributes, seed_relations: Numbers within each structure of the coloured elements of the
            seed graph, in the order of their colours, int32, shape (structures, coloured elements).
    """

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    components: np.ndarray
    attribute_counts: Ragged
    subjects: Ragged
    targets: Ragged
    topologies: pa.StringArray
    seed_objects: np.ndarray
    seed_attributes: np.ndarray
    seed_relations: np.ndarray

    def __len__(self) -> int:
        return len(self.objects)

    @property
    def complexity(self) -> np.ndarray:
        return self.objects + self.attributes + self.relations

    @property
    def score(self) -> np.ndarray:
        """What structures add to the difficulty of scenes, where relations count twice."""
        return self.complexity + self.relations


def enumerate_structures(limits: Limits) -> StructureTable:
    """Lists every structure within the limits, or every completion of a seed graph, none twice, simplest first.

    Raises:
        RecipeError: Two constraints exclude each other, nothing fits all of them, or too many structures do.
    """
    check_limits(limits)
    rows: list[tuple[Component, ...]] = []
    shape = limits.seed_graph
    for parts in _complete_seed(limits, shape) if shape else _combine_components(limits):
        rows.append(parts)
        if len(rows) > MOST_STRUCTURES:
            raise _refuse_size(limits, f"more than {MOST_STRUCTURES:,}")
    if not rows:
        raise RecipeError(
            [
                Problem(
                    "no scene graph fits all of these constraints together", key="structure", hint="widen one of them"
                )
            ]
        )
    rows.sort(
        key=lambda parts: (
            sum(p.complexity for p in parts),
            sum(p.objects for p in parts),
            [p.topology for p in parts],
            [p.coloring for p in parts],
        )
    )
    return _tabulate(rows)


def check_limits(limits: Limits) -> None:
    """Refuses what cannot be enumerated, in no time.

    Raises:
        RecipeError: Two constraints exclude each other, or too many structures fit.
    """
    if conflict := find_conflict(limits):
        raise RecipeError([conflict])
    beside = leave_seed(limits) if limits.seed_graph else limits
    if beside is None:
        return
    count = count_structures(beside)
    if not count.ignores_degrees and (count.total > MOST_STRUCTURES or not count.is_complete):
        at_least = "at least " if limits.seed_graph or not count.is_complete else ""
        raise _refuse_size(limits, f"{at_least}{max(count.total, MOST_STRUCTURES):,}")


def leave_seed(limits: Limits) -> Limits | None:
    """Bounds of what can stand beside the seed graph, each such structure another completion; or None.

    Two graphs side by side have the sum of their totals, means between theirs, and the components of both. So with
    the totals lowered by its own, what fits beside the seed graph makes a completion if the seed graph fits the rest.
    """
    shape = limits.seed_graph
    assert shape is not None
    if not limits.allow_means(shape.counts) or not all(map(limits.allow_component, shape.parts)):
        return None
    bounds: dict[str, Any] = {}
    for name, total in TOTALS:
        low, high = getattr(limits, name)
        less = total(shape.counts)
        if less > high:
            return None
        bounds[name] = (max(low - less, 0), high - less)
    return replace(limits, **bounds, seed_graph=None)


def _refuse_size(limits: Limits, count: str) -> RecipeError:
    largest = None if limits.seed_graph else find_largest_complexity(limits, MOST_STRUCTURES)
    value = f" to {largest}" if largest else ""
    hint = f"lower its upper bound{value} (now {limits.complexity[1]}) or bound objects, attributes or relations"
    message = f"{count} structures fit, more than the {MOST_STRUCTURES:,} that can be listed"
    return RecipeError([Problem(message, key="structure.complexity", hint=hint)])


Parts = tuple[Component, ...]
LONE_OBJECT = Counts(1, 0, 0, 1)
"""No component has less of anything."""


def _combine_components(limits: Limits) -> Iterator[Parts]:
    """Yields each multiset of components within the limits, as a tuple with the most complex component first."""
    others = max(limits.components[0] - 1, 0)  # they hold at least one object each
    return _add_components([()], _list_library(limits, Counts(others, 0, 0, others)), limits)


def _complete_seed(limits: Limits, shape: SeedShape) -> Iterator[Parts]:
    """Yields each completion of a seed graph within the limits, the components in the same order."""
    library = _list_library(limits, shape.counts)
    uncolored = cache(attrgetter("uncolored"))  # many cores have equal components
    seen: set[Parts] = set()
    cores = enumerate_cores(shape, _bound_component(limits, Counts(0, 0, 0, 0)))
    fitting = (core for core in cores if all(map(limits.allow_component, core)))
    for parts in _add_components(fitting, library, limits):
        parts = tuple(sorted(parts, key=lambda part: (part.complexity, uncolored(part), part.coloring), reverse=True))
        if parts not in seen:  # a part of the seed graph that may be anything looks like what is added
            seen.add(parts)
            yield parts


def _bound_component(limits: Limits, others: Counts) -> ComponentLimits:
    """Upper bounds on a component, where the others of its structure have at least these counts."""
    most = {name: getattr(limits, name)[1] - total(others) for name, total in TOTALS}
    return ComponentLimits(
        complexity=most["complexity"],
        objects=most["objects"],
        attributes=most["attributes"],
        relations=most["relations"],
        attributes_per_object=limits.attributes_per_object,
        in_degree=limits.in_degree[1],
        out_degree=limits.out_degree[1],
    )


def _count(component: Component) -> Counts:
    return Counts(component.objects, sum(component.attributes), len(component.edges), 1)


def _list_library(limits: Limits, others: Counts) -> list[tuple[Component, Counts]]:
    """Lists the components that fit beside others with at least these counts, the simplest first."""
    components = enumerate_components(_bound_component(limits, others))
    library = [(component, _count(component)) for component in components if limits.allow_component(component)]
    return sorted(library, key=lambda one: (one[0].complexity, one[0]))


def _add_components(
    cores: Iterable[Parts], library: Sequence[tuple[Component, Counts]], limits: Limits
) -> Iterator[Parts]:
    """Yields each core with each multiset of components of the library that is within the limits."""
    # Many structures have the same counts.
    allow, leave_room = cache(limits.allow), cache(limits.leave_room)

    def extend(start: int, chosen: Parts, counts: Counts) -> Iterator[Parts]:
        if chosen and allow(counts):
            yield chosen
        if not leave_room(Counts._make(map(add, counts, LONE_OBJECT))):
            return
        for i in range(start, len(library)):
            component, more = library[i]
            together = Counts._make(map(add, counts, more))
            if leave_room(together):
                yield from extend(i, (component, *chosen), together)
            elif together.complexity > limits.complexity[1]:
                return

    for core in cores:
        counts = Counts._make(map(sum, zip((0, 0, 0, 0), *map(_count, core), strict=True)))
        yield from extend(0, core, counts)


def _tabulate(rows: list[Parts]) -> StructureTable:
    # Lists with an entry a row: attributes on each object, both ends of each relation, and the four counts.
    counts, subjects, targets, totals = [], [], [], []
    for parts in rows:
        shift, edges = 0, []
        for part in parts:
            edges += [(s + shift, o + shift) for s, o in part.edges]
            shift += part.objects
        edges.sort()
        counts.append([n for part in parts for n in part.attributes])
        subjects.append([s for s, _ in edges])
        targets.append([o for _, o in edges])
        totals.append((shift, sum(counts[-1]), len(edges), len(parts)))
    objects, attributes, relations, components = np.array(totals, dtype=np.int32).T
    if any(part.coloring for part in rows[0]):
        # Objects, attributes, relations: each of shape (rows, elements of the seed graph that have a colour).
        seeds = [np.array(column, dtype=np.int32) for column in zip(*map(_find_seed, rows), strict=True)]
    else:
        seeds = [np.zeros((len(rows), 0), dtype=np.int32)] * 3
    return StructureTable(
        objects,
        attributes,
        relations,
        components,
        attribute_counts=Ragged.from_lists(counts),
        subjects=Ragged.from_lists(subjects),
        targets=Ragged.from_lists(targets),
        topologies=make_texts("+".join(part.uncolored.topology for part in parts) for parts in rows),
        seed_objects=seeds[0],
        seed_attributes=seeds[1],
        seed_relations=seeds[2],
    )


def _find_seed(parts: Parts) -> tuple[list[int], list[int], list[int]]:
    """Numbers of the coloured objects, attributes and relations of a structure, in the order of their colours."""
    objects: list[tuple[int, int]] = []  # (colour, number)
    attributes: list[tuple[int, int]] = []  # (colour, number)
    edges: list[tuple[int, int, int]] = []  # (subject, object, colour): sorted, they are in the table's order
    shift, attribute_shift = 0, 0
    for part in parts:
        coloring = part.coloring or Coloring((0,) * part.objects, ((),) * part.objects, (0,) * len(part.edges))
        edges += [
            (s + shift, o + shift, colour) for (s, o), colour in zip(part.edges, coloring.relations, strict=True)
        ]
        for i, colours in enumerate(coloring.attributes):
            objects.append((coloring.objects[i], shift + i))
            attributes += [(colour, attribute_shift + j) for j, colour in enumerate(colours)]
            attribute_shift += part.attributes[i]
        shift += part.objects
    relations = [(colour, number) for number, (_, _, colour) in enumerate(sorted(edges))]

    def list_numbers(some: list[tuple[int, int]]) -> list[int]:
        return [number for colour, number in sorted(some) if colour]

    return list_numbers(objects), list_numbers(attributes), list_numbers(relations)
