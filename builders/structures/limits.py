"""A recipe's constraints on structures as plain bounds, and what is wrong with them when nothing can fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ...errors import Problem
from ..recipe.model import Recipe
from .seed_graphs import SeedShape, read_seed

Bounds = tuple[int, int]


@dataclass(frozen=True)
class Limits:
    """Inclusive bounds, and a seed graph to contain; hashable, so that tables of structures can be kept by them."""

    complexity: Bounds
    objects: Bounds
    attributes: Bounds
    relations: Bounds
    average_degree: tuple[float, float]
    components: Bounds
    in_degree: Bounds
    out_degree: Bounds
    attributes_per_object: Bounds
    seed_graph: SeedShape | None = None

    def allow(self, objects: int, attributes: int, relations: int, components: int) -> bool:
        """Whether a structure with these counts fits, as far as counts can tell."""
        return all(
            low <= value <= high
            for value, (low, high) in (
                (objects + attributes + relations, self.complexity),
                (objects, self.objects),
                (attributes, self.attributes),
                (relations, self.relations),
                (2 * relations / objects, self.average_degree),
                (components, self.components),
            )
        )


def read_limits(recipe: Recipe) -> Limits:
    """Takes the bounds from a recipe; what it leaves open is bounded by the complexity."""
    structure, degree = recipe.structure, recipe.structure.degree
    given = {
        "objects": structure.objects,
        "attributes": structure.attributes,
        "relations": structure.relations,
        "average_degree": structure.average_degree,
        "components": structure.components,
        "in_degree": degree.in_ if degree else None,
        "out_degree": degree.out if degree else None,
    }
    bounds: dict[str, Any] = {name: tuple(bound) for name, bound in given.items() if bound is not None}
    if recipe.content.attributes.max_per_object is not None:
        bounds["attributes_per_object"] = (0, recipe.content.attributes.max_per_object)
    if structure.seed_graph:
        bounds["seed_graph"] = read_seed(structure.seed_graph).shape
    return bound_limits((structure.complexity.low, structure.complexity.high), **bounds)


def bound_limits(complexity: Bounds, **bounds: Any) -> Limits:
    """Limits with these bounds; what is not named is bounded by the complexity alone."""
    most = complexity[1]
    open_bounds = {name: (0, most) for name in KEYS if name not in ("complexity", "average_degree", "seed_graph")}
    fields: dict[str, Any] = {"average_degree": (0.0, 2.0 * most), **open_bounds, **bounds}
    return Limits(complexity=complexity, **fields)


KEYS = {
    "complexity": "structure.complexity",
    "objects": "structure.objects",
    "attributes": "structure.attributes",
    "relations": "structure.relations",
    "average_degree": "structure.average_degree",
    "components": "structure.components",
    "in_degree": "structure.degree.in",
    "out_degree": "structure.degree.out",
    "attributes_per_object": "content.attributes.max_per_object",
    "seed_graph": "structure.seed_graph",
}


def find_conflict(limits: Limits) -> Problem | None:
    """Says which constraints exclude each other, or None when counts alone find nothing wrong.

    Tries each constraint alone, then pairs and larger sets: the smallest set that leaves nothing is what a user must
    change.
    """
    names = [name for name in KEYS if name != "seed_graph" or limits.seed_graph]
    for size in (1, 2, 3, 4):
        for chosen in combinations(names, size):
            if not _leaves_something(limits, chosen):
                parts = [_show(limits, chosen[0]), *(f"{KEYS[name]}: {_show(limits, name)}" for name in chosen[1:])]
                together = f"{', '.join(parts[:-1])} and {parts[-1]} exclude each other"
                message = together if size > 1 else f"{parts[0]} leaves no scene graph"
                return Problem(message, key=KEYS[chosen[0]], hint=_hint(limits, chosen))
    return None


def _leaves_something(limits: Limits, chosen: tuple[str, ...]) -> bool:
    """Whether some numbers of objects, attributes, relations and components satisfy the chosen constraints."""
    # Without the complexity nothing bounds the search; what needs more objects than this is not told apart from what
    # is impossible.
    most = limits.complexity[1] if "complexity" in chosen else max(64, limits.objects[0], limits.complexity[1])
    if any(name in chosen and getattr(limits, name)[0] > 0 for name in ("in_degree", "out_degree")):
        return False  # an acyclic graph has an object where nothing ends and one where nothing starts

    least = (1, 0, 0)
    if limits.seed_graph and "seed_graph" in chosen:
        least = limits.seed_graph.counts
        for name in ("in_degree", "out_degree", "attributes_per_object"):
            if name in chosen and getattr(limits.seed_graph, name) > getattr(limits, name)[1]:
                return False

    def bounds(name: str, low: int, high: int) -> range:
        given = getattr(limits, name)
        return range(max(low, given[0]), min(high, given[1]) + 1) if name in chosen else range(low, high + 1)

    for objects in bounds("objects", least[0], most):
        per_object = limits.attributes_per_object[1] if "attributes_per_object" in chosen else most
        attributes = bounds("attributes", least[1], per_object * objects)
        for components in bounds("components", 1, objects):
            largest = objects - components + 1
            fewest = max(objects - components, least[2])
            for relations in bounds("relations", fewest, largest * (largest - 1) // 2):
                total = bounds("complexity", objects + relations, objects + relations + most * objects)
                degree = 2 * relations / objects
                if (
                    max(attributes.start, total.start - objects - relations)
                    < min(attributes.stop, total.stop - objects - relations)
                    and (
                        "average_degree" not in chosen
                        or limits.average_degree[0] <= degree <= limits.average_degree[1]
                    )
                    and _fits_degrees(limits, chosen, objects, relations)
                ):
                    return True
    return False


def _fits_degrees(limits: Limits, chosen: tuple[str, ...], objects: int, relations: int) -> bool:
    """In a topological order, object i is the end of at most i relations; likewise backwards for starts."""
    return all(
        relations <= sum(min(i, getattr(limits, name)[1]) for i in range(objects))
        for name in ("in_degree", "out_degree")
        if name in chosen
    )


def _show(limits: Limits, name: str) -> str:
    if name == "seed_graph":
        counts = limits.seed_graph.counts if limits.seed_graph else ()
        words = zip(counts, ("object", "attribute", "relation"), strict=True)
        return ", ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in words if count)
    low, high = getattr(limits, name)
    if name == "attributes_per_object":
        return str(high)
    return f"[{low}, {high}]" if low != high else str(low)


def _hint(limits: Limits, chosen: tuple[str, ...]) -> str:
    for name in ("in_degree", "out_degree"):
        if name in chosen and getattr(limits, name)[0] > 0:
            return f"in a graph without cycles one object has degree 0 there: begin {KEYS[name]} at 0"
    if "complexity" in chosen:
        return "complexity is the number of objects, attributes and relations together"
    return "widen one of them"
