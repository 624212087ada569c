"""A recipe's constraints on structures as bounds, and what is wrong with them when nothing can fit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from itertools import combinations
from typing import Any, NamedTuple

from ...errors import Problem
from ..recipe.fields import LARGEST_COUNT
from ..recipe.model import Recipe
from .bounds import BOUNDS, EACH, MEANS, TOTALS, Counts, Interval, Limits, bound_limits
from .seed_graphs import read_seed

OPEN = (0, 10**9)
"""Excludes nothing."""
MOST_TOGETHER = 4
"""Bounds of which it is tried whether they exclude each other."""
KEYS = {**{name: bound.key for name, bound in BOUNDS.items()}, "seed_graph": "structure.seed_graph"}


def read_limits(recipe: Recipe) -> Limits:
    """Takes the bounds from a recipe; what it leaves open is bounded by the complexity."""
    return bound_limits(**read_bounds(recipe))


def read_bounds(recipe: Recipe) -> dict[str, Any]:
    """What a recipe says of the fields of `Limits`, and nothing of those that it leaves open."""
    given = {name: _find_value(recipe, bound.key) for name, bound in BOUNDS.items()}
    bounds: dict[str, Any] = {
        name: tuple(value) if isinstance(value, tuple) else (0, value)
        for name, value in given.items()
        if value is not None
    }
    if recipe.structure.seed_graph:
        bounds["seed_graph"] = read_seed(recipe.structure.seed_graph).shape
    return bounds


def _find_value(recipe: Recipe, key: str) -> Any:
    """What a recipe says at a key; a key such as `in`, which Python reserves, is the field `in_`."""

    def enter(part: Any, name: str) -> Any:
        return getattr(part, name if hasattr(part, name) else f"{name}_", None)

    return reduce(enter, key.split("."), recipe)


class Size(NamedTuple):
    """Structures with so many objects: the numbers of relations and of attributes that some of them can have."""

    objects: int
    relations: range
    attributes: range


def list_sizes(limits: Limits) -> Iterator[Size]:
    """Yields what structures within the limits can have, by their number of objects; a seed graph is not looked at.

    Exact where degrees are not bounded: every number of the two ranges occurs in a structure that fits. Bounds on
    degrees may exclude more.
    """
    apart = max(limits.components[0], 1)
    # An acyclic graph has an object where no relation ends and one where none starts.
    if limits.components[1] < apart or max(limits.in_degree[0], limits.out_degree[0]) > 0:
        return
    degree = min(limits.in_degree[1], limits.out_degree[1])
    low, high = limits.attributes_per_object
    for objects in range(max(limits.objects[0], apart), min(limits.objects[1], limits.complexity[1]) + 1):
        # Fewest relations: trees, as many as may be. Most: all of them in one component beside lone objects.
        fewest = max(objects - limits.components[1], 0)
        relations = _clip(range(fewest, _count_most_relations(objects - apart + 1, degree) + 1), limits.relations)
        for name, mean in MEANS:
            relations = _clip_mean(relations, objects, mean, getattr(limits, name))
        attributes = _clip(range(low * objects, high * objects + 1), limits.attributes)
        least, most = limits.complexity[0] - objects, limits.complexity[1] - objects
        if relations and attributes:
            relations = _clip(relations, (least - attributes[-1], most - attributes[0]))
        if relations and attributes:
            attributes = _clip(attributes, (least - relations[-1], most - relations[0]))
        if relations and attributes:
            yield Size(objects, relations, attributes)


def _count_most_relations(objects: int, degree: int) -> int:
    """In a topological order, object i is the end of at most i relations; likewise backwards for starts."""
    degree = min(degree, objects - 1)
    return degree * (2 * objects - degree - 1) // 2


def _clip(values: range, interval: Interval) -> range:
    return range(max(values.start, interval[0]), min(values.stop, interval[1] + 1))


def _clip_mean(
    relations: range, objects: int, mean: Callable[[Counts], float], interval: tuple[float, float]
) -> range:
    """The numbers of relations with which the mean is within an interval; it grows with them."""

    def measure(number: int) -> float:
        return mean(Counts(objects, 0, number, 1))

    start = bisect_left(relations, interval[0], key=measure)
    return relations[start : bisect_right(relations, interval[1], key=measure)]


def find_conflict(limits: Limits) -> Problem | None:
    """Says which constraints exclude each other, or None when counts alone find nothing wrong."""
    chosen = find_conflicting(limits)
    if not chosen:
        return None
    first, *others = (KEYS[name] for name in chosen)
    if not others:
        return Problem(f"{_show(limits, chosen[0])} leaves no scene graph", key=first, hint=_hint(limits, chosen))
    parts = [f"{KEYS[name]}: {_show(limits, name)}" for name in chosen]
    message = f"{', '.join(parts[:-1])} and {parts[-1]} exclude each other"
    return Problem(message, key=first, hint=_hint(limits, chosen), others=tuple(others))


def find_conflicting(limits: Limits) -> tuple[str, ...]:
    """Names the constraints that exclude each other; none when counts alone find nothing wrong.

    Tries each constraint alone, then pairs and larger sets: the smallest set that leaves nothing is what a user must
    change.
    """
    implied = (0, limits.complexity[1])
    names = [name for name in KEYS if getattr(limits, name) not in (implied, None)]
    for size in range(1, MOST_TOGETHER + 1):
        for chosen in combinations(names, size):
            if not _leaves_something(_open_others(limits, chosen)):
                return chosen
    return ()


def _open_others(limits: Limits, chosen: tuple[str, ...]) -> Limits:
    """The chosen constraints alone."""
    others = {name: OPEN for name in BOUNDS if name not in chosen}
    if "complexity" in others and "objects" in others:
        # Nothing else bounds the search; what needs more objects than this is not told apart from what is impossible.
        others["objects"] = (0, max(LARGEST_COUNT, limits.complexity[1], limits.objects[0]))
    return replace(limits, **others, seed_graph=limits.seed_graph if "seed_graph" in chosen else None)


def _leaves_something(limits: Limits) -> bool:
    """Whether some counts are within the limits."""
    raised: dict[str, Any] = {}
    if shape := limits.seed_graph:
        for name, each in EACH:
            if max(max(each(part)) for part in shape.parts) > getattr(limits, name)[1]:
                return False
        least = shape.counts._replace(components=0)  # what is added may join them all
        for name, total in TOTALS:
            low, high = getattr(limits, name)
            raised[name] = (max(low, total(least)), high)
    return any(True for _ in list_sizes(replace(limits, **raised)))


def _show(limits: Limits, name: str) -> str:
    if name == "seed_graph":
        counts = limits.seed_graph.counts[:3] if limits.seed_graph else ()
        words = zip(counts, ("object", "attribute", "relation"), strict=True)
        return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in words if count)
    low, high = getattr(limits, name)
    is_one = low == 0 if BOUNDS[name].is_most else low == high
    return str(high) if is_one else f"[{low}, {high}]"


def _hint(limits: Limits, chosen: tuple[str, ...]) -> str:
    for name in ("in_degree", "out_degree"):
        if name in chosen and getattr(limits, name)[0] > 0:
            return f"in a graph without cycles one object has degree 0 there: begin {KEYS[name]} at 0"
    if "complexity" in chosen:
        return "complexity is the number of objects, attributes and relations together"
    return "widen one of them"
