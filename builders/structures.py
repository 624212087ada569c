"""Structures: every scene graph without content that the constraints leave, once (paper section 3.1, step 1)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..errors import Problem, RecipeError
from .arrays import Ragged
from .components import Component, ComponentLimits, enumerate_components
from .limits import Limits, find_conflict

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
        topologies: Canonical text of each structure: equal if and only if isomorphic.
    """

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    components: np.ndarray
    attribute_counts: Ragged
    subjects: Ragged
    targets: Ragged
    topologies: pa.StringArray

    def __len__(self) -> int:
        return len(self.objects)

    @property
    def complexity(self) -> np.ndarray:
        return self.objects + self.attributes + self.relations


def enumerate_structures(limits: Limits) -> StructureTable:
    """Lists every structure within the limits, none twice, simplest first.

    Raises:
        RecipeError: Two constraints exclude each other, nothing fits all of them, or too many structures do.
    """
    if conflict := find_conflict(limits):
        raise RecipeError([conflict])
    if count_at_least(limits) > MOST_STRUCTURES:
        raise _refuse_size(limits)
    rows: list[tuple[Component, ...]] = []
    for parts in _combine_components(limits):
        rows.append(parts)
        if len(rows) > MOST_STRUCTURES:
            raise _refuse_size(limits)
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
        )
    )
    return _tabulate(rows)


def _refuse_size(limits: Limits) -> RecipeError:
    hint = f"lower its upper bound (now {limits.complexity[1]}) or bound objects, attributes or relations"
    return RecipeError(
        [Problem(f"more than {MOST_STRUCTURES:,} structures fit", key="structure.complexity", hint=hint)]
    )


def count_at_least(limits: Limits) -> int:
    """A lower bound on the number of structures, in no time: what would take hours to list is refused at once.

    A structure on n objects stands for at most n! graphs on numbered objects, and those are counted in closed form.
    Where degrees or components are bounded, the bound is 0.
    """
    most = min(limits.objects[1], limits.complexity[1])
    if min(limits.in_degree[1], limits.out_degree[1]) < most - 1 or limits.in_degree[0] or limits.out_degree[0]:
        return 0
    if limits.components[0] > 1 or limits.components[1] < most or limits.attributes_per_object[0]:
        return 0
    total = 0
    relations = min(limits.relations[1], limits.complexity[1])
    attributes = min(limits.attributes[1], limits.complexity[1])
    for objects, graphs in enumerate(_count_numbered_graphs(most, relations), start=1):
        placements = _count_placements(objects, attributes, limits.attributes_per_object[1])
        fitting = sum(
            some * ways
            for relation_count, some in enumerate(graphs)
            for attribute_count, ways in enumerate(placements)
            if limits.allow(objects, attribute_count, relation_count, components=1)
        )
        total += fitting // math.factorial(objects)
        if total > MOST_STRUCTURES:
            break
    return total


def _count_numbered_graphs(most_objects: int, most_relations: int) -> Iterator[list[int]]:
    """Yields, for 1, 2, ... numbered objects, the number of acyclic digraphs with 0, 1, ... relations.

    Robinson's recurrence with relations marked: of n objects k are without incoming relations, and each of the other
    n - k may have one from each of those (OEIS A081064).
    """
    counts: list[list[int]] = [[1]]
    for objects in range(1, most_objects + 1):
        total = [0] * (most_relations + 1)
        for sources in range(1, objects + 1):
            sign, pairs = (-1) ** (sources + 1) * math.comb(objects, sources), sources * (objects - sources)
            for at, graphs in enumerate(counts[objects - sources]):
                for more in range(min(pairs, most_relations - at) + 1):
                    total[at + more] += sign * math.comb(pairs, more) * graphs
        counts.append(total)
        yield total


def _count_placements(objects: int, most: int, per_object: int) -> list[int]:
    """Ways to put 0, 1, ... attributes on numbered objects."""
    ways = [1] + [0] * most
    for _ in range(objects):
        ways = [sum(ways[max(0, total - per_object) : total + 1]) for total in range(most + 1)]
    return ways


def _combine_components(limits: Limits) -> Iterator[tuple[Component, ...]]:
    """Yields each multiset of components within the limits, as a tuple with the most complex component first."""
    library = sorted(enumerate_components(_bound_component(limits)), key=lambda c: (c.complexity, c))
    measures = [(c.complexity, c.objects, sum(c.attributes), len(c.edges)) for c in library]
    room = (limits.complexity[1], limits.objects[1], limits.attributes[1], limits.relations[1])

    def extend(
        start: int, chosen: tuple[Component, ...], used: tuple[int, int, int, int]
    ) -> Iterator[tuple[Component, ...]]:
        if chosen and limits.allow(objects=used[1], attributes=used[2], relations=used[3], components=len(chosen)):
            yield chosen
        if len(chosen) == limits.components[1]:
            return
        for i in range(start, len(library)):
            complexity, objects, attributes, relations = measures[i]
            if used[0] + complexity > room[0]:
                return
            if used[1] + objects <= room[1] and used[2] + attributes <= room[2] and used[3] + relations <= room[3]:
                total = (used[0] + complexity, used[1] + objects, used[2] + attributes, used[3] + relations)
                yield from extend(i, (library[i], *chosen), total)

    yield from extend(0, (), (0, 0, 0, 0))


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


def _tabulate(rows: list[tuple[Component, ...]]) -> StructureTable:
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
    return StructureTable(
        objects,
        attributes,
        relations,
        components,
        attribute_counts=Ragged.from_lists(counts),
        subjects=Ragged.from_lists(subjects),
        targets=Ragged.from_lists(targets),
        topologies=pa.array(["+".join(part.topology for part in parts) for parts in rows], pa.string()),
    )
