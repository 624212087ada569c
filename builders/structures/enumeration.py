"""Structures: every scene graph without content that the constraints leave, once (paper section 3.1, step 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from ...arrow import make_texts
from ...errors import Problem, RecipeError
from ..foundation.ragged import Ragged
from .components import Coloring, Component, ComponentLimits, enumerate_components
from .counting import count_structures, find_largest_complexity
from .limits import Limits, find_conflict
from .seed_graphs import SeedShape, enumerate_cores

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
    beside = _leave_seed(limits) if limits.seed_graph else limits
    if beside is None:
        return
    count = count_structures(beside)
    if not count.ignores_degrees and (count.total > MOST_STRUCTURES or not count.is_complete):
        at_least = "at least " if limits.seed_graph or not count.is_complete else ""
        raise _refuse_size(limits, f"{at_least}{max(count.total, MOST_STRUCTURES):,}")


def _leave_seed(limits: Limits) -> Limits | None:
    """Bounds of what can stand beside the seed graph, each such structure another completion; or None.

    Two graphs side by side have an average degree between theirs, so that of the seed graph has to fit as well.
    """
    shape = limits.seed_graph
    assert shape is not None
    objects, attributes, relations = shape.counts
    if not limits.average_degree[0] <= 2 * relations / objects <= limits.average_degree[1]:
        return None
    taken = {
        "complexity": objects + attributes + relations,
        "objects": objects,
        "attributes": attributes,
        "relations": relations,
        "components": shape.components,
    }
    bounds: dict[str, Any] = {}
    for name, less in taken.items():
        low, high = getattr(limits, name)
        bounds[name] = (max(low - less, 0), high - less)
    return replace(limits, **bounds, seed_graph=None)


def _refuse_size(limits: Limits, count: str) -> RecipeError:
    largest = None if limits.seed_graph else find_largest_complexity(limits, MOST_STRUCTURES)
    value = f" to {largest}" if largest else ""
    hint = f"lower its upper bound{value} (now {limits.complexity[1]}) or bound objects, attributes or relations"
    message = f"{count} structures fit, more than the {MOST_STRUCTURES:,} that can be listed"
    return RecipeError([Problem(message, key="structure.complexity", hint=hint)])


Parts = tuple[Component, ...]


def _combine_components(limits: Limits) -> Iterator[Parts]:
    """Yields each multiset of components within the limits, as a tuple with the most complex component first."""
    return _add_components((), _sort_library(enumerate_components(_bound_component(limits))), limits)


def _complete_seed(limits: Limits, shape: SeedShape) -> Iterator[Parts]:
    """Yields each completion of a seed graph within the limits, the components in the same order."""
    objects, attributes, relations = shape.counts
    left = replace(
        limits,
        complexity=(0, limits.complexity[1] - objects - attributes - relations),
        objects=(0, limits.objects[1] - objects),
        attributes=(0, limits.attributes[1] - attributes),
        relations=(0, limits.relations[1] - relations),
        components=(0, limits.components[1]),
    )
    library = _sort_library(enumerate_components(_bound_component(left)))
    uncolored = cache(Component.uncolored)
    seen: set[Parts] = set()
    for core in enumerate_cores(shape, _bound_component(replace(limits, components=(0, limits.components[1])))):
        for parts in _add_components(core, library, limits):
            parts = tuple(
                sorted(parts, key=lambda part: (part.complexity, uncolored(part), part.coloring), reverse=True)
            )
            # A part of the seed graph that may be anything looks like what is added.
            if all(part.coloring for part in core) or parts not in seen:
                seen.add(parts)
                yield parts


Measured = tuple[tuple[int, int, int, int], Component]


def _measure(component: Component) -> tuple[int, int, int, int]:
    """Complexity, objects, attributes and relations."""
    return component.complexity, component.objects, sum(component.attributes), len(component.edges)


def _sort_library(components: Iterable[Component]) -> list[Measured]:
    measured = [(_measure(component), component) for component in components]
    return sorted(measured, key=lambda one: (one[0][0], one[1]))


def _add_components(core: Parts, library: Sequence[Measured], limits: Limits) -> Iterator[Parts]:
    """Yields the core with each multiset of components of the library that is within the limits."""
    room = (limits.complexity[1], limits.objects[1], limits.attributes[1], limits.relations[1])

    def extend(start: int, chosen: Parts, used: tuple[int, ...]) -> Iterator[Parts]:
        if chosen and limits.allow(objects=used[1], attributes=used[2], relations=used[3], components=len(chosen)):
            yield chosen
        if len(chosen) >= limits.components[1]:
            return
        for i in range(start, len(library)):
            (complexity, objects, attributes, relations), component = library[i]
            if used[0] + complexity > room[0]:
                return
            if used[1] + objects <= room[1] and used[2] + attributes <= room[2] and used[3] + relations <= room[3]:
                total = (used[0] + complexity, used[1] + objects, used[2] + attributes, used[3] + relations)
                yield from extend(i, (component, *chosen), total)

    return extend(0, core, tuple(map(sum, zip((0, 0, 0, 0), *map(_measure, core), strict=True))))


def _bound_component(limits: Limits) -> ComponentLimits:
    # The other components hold at least one object each.
    others = max(limits.components[0] - 1, 0)
    return ComponentLimits(
        complexity=limits.complexity[1] - others,
        objects=limits.objects[1] - others,
        attributes=limits.attributes[1],
        relations=limits.relations[1],
        attributes_per_object=limits.attributes_per_object,
        in_degree=limits.in_degree,
        out_degree=limits.out_degree,
    )


def _tabulate(rows: list[Parts]) -> StructureTable:
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
    topology = cache(lambda part: part.uncolored().topology)
    if any(part.coloring for part in rows[0]):
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
        topologies=make_texts("+".join(map(topology, parts)) for parts in rows),
        seed_objects=seeds[0],
        seed_attributes=seeds[1],
        seed_relations=seeds[2],
    )


def _find_seed(parts: Parts) -> tuple[list[int], list[int], list[int]]:
    """Numbers of the coloured objects, attributes and relations of a structure, in the order of their colours."""
    objects: list[tuple[int, int]] = []
    attributes: list[tuple[int, int]] = []
    edges: list[tuple[int, int, int]] = []
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
