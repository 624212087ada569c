"""How many structures fit, in closed form: none is listed.

Burnside's lemma: graphs on unlabelled objects are as many as, on average over all permutations of numbered objects, a
permutation leaves as they are. Those are counted for each cycle type as Robinson does ("Counting unlabeled acyclic
digraphs", Combinatorial Mathematics V, Springer 1977): by inclusion-exclusion over sets of objects where no relation
ends. Connected pieces are what remains when all that smaller pieces make is taken away (inverse Euler transform).

The arrays are tables of coefficients: `made[c, n, m, a]` is the number of structures with c components, n objects, m
relations and a attributes, and an array with fewer axes has the last of these. The numbers are Python's, of any size.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from .bounds import Counts, Limits
from .limits import list_sizes

CycleType = tuple[tuple[int, int], ...]  # (length, number of cycles of that length), the shortest first
Shape = tuple[int, int, int]  # objects, relations, attributes

MOST_WORK = 5_000_000
"""Steps that one count may take, of 100 to 200 ns: a second at most."""
MOST_OBJECTS = 5_000
"""So many lone objects alone are more work than that, and so is so high a complexity."""


@dataclass(frozen=True)
class StructureCount:
    """How many structures fit.

    Attributes:
        by_complexity: Number of structures of each complexity that has any.
        is_complete: False when counting all of them would take too long; then at least these fit.
        ignores_degrees: True when bounds on in-degrees or out-degrees may exclude some; these are counted too.
    """

    by_complexity: dict[int, int]
    is_complete: bool
    ignores_degrees: bool

    @property
    def total(self) -> int:
        return sum(self.by_complexity.values())


def count_structures(limits: Limits) -> StructureCount:
    """Counts the structures within the limits, in about two seconds at most.

    Exact for every bound but those on degrees; a seed graph is not looked at. Where all structures would be too much
    work, those up to some complexity or up to some number of objects are counted, whichever are more.
    """
    room = _find_room(limits)
    is_complete = room.measure_work() <= MOST_WORK
    parts = [limits] if is_complete else [_cut(limits, "complexity"), _cut(limits, "objects")]
    by_complexity = max(map(_count_within, parts), key=lambda counts: sum(counts.values()))
    return StructureCount(by_complexity, is_complete, room.ignores_degrees)


def find_largest_complexity(limits: Limits, most: int) -> int | None:
    """The largest upper bound on complexity under which some structures fit, and at most `most`; None without one.

    It may be lower than it has to be where degrees are bounded, or where nobody could list what is left out anyway: it
    is at most what `count_structures` can count.
    """
    part = limits if _find_room(limits).measure_work() <= MOST_WORK else _cut(limits, "complexity")
    total = 0
    for complexity, number in _count_within(part).items():
        if total + number > most:
            return complexity - 1 if total else None
        total += number
    return part.complexity[1] if total else None


@dataclass(frozen=True)
class _Room:
    """Upper bounds on what one structure has, as tight as all the limits together make them.

    Attributes:
        components: 0 when their number is not bounded; then they need not be told apart.
        piece_objects, piece_complexity: What one connected piece has.
    """

    objects: int
    relations: int
    attributes: int
    components: int
    piece_objects: int
    piece_complexity: int
    attributes_per_object: tuple[int, int]
    ignores_degrees: bool

    def measure_work(self) -> float:
        """About how many steps it takes to count; stops at what is too much."""
        # A permutation of n objects has about 4 * 1.6^n choices of some of its cycles, over all cycle types.
        work = sum(4 * 1.6**n for n in range(1, min(self.piece_objects, 40) + 1)) * (300 + self.relations**2)
        low, high = self.attributes_per_object
        for n in range(1, self.piece_objects + 1):
            for m in range(n - 1, min(self.relations, n * (n - 1) // 2) + 1):
                kinds = max(min(high * n, self.attributes, self.piece_complexity - n - m) - low * n + 1, 0)
                repeats = min(self.objects // n, self.relations // m if m else self.objects)
                cells = (self.objects + 1 - n) * (self.relations + 1 - m) * (self.attributes + 1) / 2
                work += (self.components + 1) * cells * (kinds * min(repeats, 1 + math.log(1 + kinds)) + repeats / 2)
                if work > MOST_WORK:
                    return work
        return work


def _find_room(limits: Limits) -> _Room:
    apart = max(limits.components[0], 1)
    degree = min(limits.in_degree[1], limits.out_degree[1])
    most = [(0, 0, 0, 0)]
    for size in list_sizes(limits):
        relations = size.relations[-1]
        most.append((size.objects, relations, size.attributes[-1], min(size.objects - apart, relations) + 1))
        if size.objects > MOST_OBJECTS:
            break
    objects, relations, attributes, piece_objects = map(max, zip(*most, strict=True))
    are_counted = apart > 1 or limits.components[1] < objects
    return _Room(
        objects=objects,
        relations=relations,
        attributes=attributes,
        components=min(limits.components[1], objects) if are_counted else 0,
        piece_objects=piece_objects,
        piece_complexity=limits.complexity[1] - apart + 1,
        attributes_per_object=limits.attributes_per_object,
        ignores_degrees=degree < min(relations, piece_objects - 1),
    )


def _cut(limits: Limits, name: str) -> Limits:
    """Lowers one upper bound until counting is affordable."""
    low, high = getattr(limits, name)
    bounds: list[dict[str, Any]] = [{name: (low, bound)} for bound in range(min(high, MOST_OBJECTS) + 1)]
    parts = [replace(limits, **bound) for bound in bounds]
    return parts[bisect_left(parts, True, key=lambda part: _find_room(part).measure_work() > MOST_WORK) - 1]


def _count_within(limits: Limits) -> dict[int, int]:
    """Number of structures of each complexity: all multisets of connected pieces that fit."""
    room = _find_room(limits)
    # Of length 1 along the components where their number is not bounded: then no piece moves along that axis.
    made = np.zeros((room.components + 1, room.objects + 1, room.relations + 1, room.attributes + 1), dtype=object)
    made[0, 0, 0, 0] = 1
    for shape, kinds in _count_pieces(room):
        _add_pieces(made, (min(room.components, 1), *shape), kinds)
    counts: Counter[int] = Counter()
    for components, n, m, a in np.argwhere(made[:, 1:]).tolist():
        if limits.allow(Counts(n + 1, a, m, components if room.components else limits.components[0])):
            counts[n + 1 + m + a] += made[components, n + 1, m, a]
    return dict(sorted(counts.items()))


def _add_pieces(made: np.ndarray, shape: tuple[int, ...], kinds: int) -> None:
    """Adds to what has been made everything that it makes with one piece or more of a shape that has so many kinds.

    Args:
        made: Number of structures by counts, changed in place.
        shape: What one piece has of each count, an axis of `made` each.
        kinds: Number of pieces of this shape.
    """
    before = made.copy()
    for pieces in range(1, min((size - 1) // one for size, one in zip(made.shape, shape, strict=True) if one) + 1):
        moved = [pieces * one for one in shape]
        # What has room for so many pieces more, moved to where it is with them; a multiset of them is chosen freely.
        fitting = before[tuple(slice(size - one) for size, one in zip(made.shape, moved, strict=True))]
        made[tuple(slice(one, None) for one in moved)] += math.comb(kinds + pieces - 1, pieces) * fitting


def _count_pieces(room: _Room) -> Iterator[tuple[Shape, int]]:
    """Yields how many connected structures there are of each shape that has any."""
    # Structures of pieces with fewer than n objects, by objects, relations and attributes.
    made = np.zeros((room.piece_objects + 1, room.relations + 1, room.attributes + 1), dtype=object)
    made[0, 0, 0] = 1
    for n, graphs in enumerate(_count_graphs(room), start=1):
        connected = graphs - made[n]
        for m, a in np.argwhere(connected).tolist():
            if n + m + a <= room.piece_complexity:
                yield (n, m, a), connected[m, a]
                _add_pieces(made, (n, m, a), connected[m, a])


def _count_graphs(room: _Room) -> Iterator[np.ndarray]:
    """Yields, for 1, 2, ... objects, how many structures there are (Burnside's lemma), as graphs[m, a].

    The number of relations is a polynomial's exponent: arrays are its coefficients, `np.convolve` is their product.
    """

    @cache
    def count_fixed(cycles: CycleType) -> np.ndarray:
        """Acyclic digraphs that a permutation leaves as they are, by relations; signs alternate as in Robinson."""
        total = np.zeros(room.relations + 1, dtype=object)
        total[0] = int(not cycles)
        for chosen in product(*(range(times + 1) for _, times in cycles)):
            if not any(chosen):
                continue
            sources = [(length, some) for (length, _), some in zip(cycles, chosen, strict=True)]
            others = tuple(
                (one, times - some) for (one, times), some in zip(cycles, chosen, strict=True) if some < times
            )
            # Relations that the permutation carries into each other are there together.
            orbits: Counter[int] = Counter()
            for (length, some), (other, times) in product(sources, others):
                orbits[math.lcm(length, other)] += math.gcd(length, other) * some * times
            graphs = count_fixed(others)
            for length, number in orbits.items():
                graphs = np.convolve(graphs, choose(length, number))[: room.relations + 1]
            ways = math.prod(math.comb(times, some) for (_, times), some in zip(cycles, chosen, strict=True))
            total += (-1) ** (sum(chosen) + 1) * ways * graphs
        return total

    @cache
    def choose(length: int, number: int) -> np.ndarray:
        """Any of so many orbits, by relations."""
        ways = np.zeros(room.relations + 1, dtype=object)
        ways[::length] = [math.comb(number, some) for some in range(room.relations // length + 1)]
        return ways

    def place_attributes(cycles: CycleType) -> np.ndarray:
        """Placements that a permutation leaves as they are, by attributes: objects of a cycle have equally many."""
        total = np.zeros(room.attributes + 1, dtype=object)
        total[0] = 1
        low, high = room.attributes_per_object
        for length, times in cycles:
            one = np.zeros(room.attributes + 1, dtype=object)
            one[low * length : high * length + 1 : length] = 1
            for _ in range(times):
                total = np.convolve(total, one)[: room.attributes + 1]
        return total

    for n in range(1, room.piece_objects + 1):
        total = np.zeros((room.relations + 1, room.attributes + 1), dtype=object)
        for cycles in _list_cycle_types(n, n):
            permutations = math.factorial(n) // math.prod(one**times * math.factorial(times) for one, times in cycles)
            total += permutations * np.outer(count_fixed(cycles), place_attributes(cycles))
        yield total // math.factorial(n)


def _list_cycle_types(size: int, longest: int) -> Iterator[CycleType]:
    if size == 0:
        yield ()
    for length in range(min(size, longest), 0, -1):
        for times in range(1, size // length + 1):
            for shorter in _list_cycle_types(size - length * times, length - 1):
                yield (*shorter, (length, times))
