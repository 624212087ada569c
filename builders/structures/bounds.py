"""What bounds structures, each bound described once; the code that reads, checks, shows and offers bounds follows.

A new bound is a field of `Limits`, and a key of the recipe (`recipe/structure.py`). Enumeration and the options
of commands need nothing else. Two closed forms are written by hand: `limits.list_sizes`, and the counting of pieces in
`counting.py`; `tests/builders/structures/test_bounds.py` compares them with brute force for every field of `Limits`.

Only the standard library is imported here, so that the command can list its options at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, get_origin, get_type_hints

from .components import Component, find_components

Interval = tuple[int, int]


class Counts(NamedTuple):
    """How many of each a structure, or a part of one, has."""

    objects: int
    attributes: int
    relations: int
    components: int

    @property
    def complexity(self) -> int:
        return self.objects + self.attributes + self.relations


@dataclass(frozen=True)
class Bound:
    """What is said of one bound. One of `total`, `mean` and `each` is given: it measures what is bounded.

    Attributes:
        key: Its key in a recipe.
        help: What is bounded, for readers of the command's help.
        total: A structure's value from its counts. Two graphs side by side have the sum of theirs.
        mean: A structure's value from its counts. Two graphs side by side have one between theirs; more relations
            between the same objects never lower it.
        each: Values of one component, all of which are bounded. What is added to a graph never lowers the largest.
        is_most: Whether the recipe's key is one number, the upper bound.
        is_whole: Whether the values are whole numbers.
    """

    key: str
    help: str
    total: Callable[[Counts], int] | None = None
    mean: Callable[[Counts], float] | None = None
    each: Callable[[Component], Sequence[int]] | None = None
    is_most: bool = False

    @property
    def is_whole(self) -> bool:
        return self.mean is None


@dataclass(frozen=True)
class SeedShape:
    """A seed graph without its words, by which completions are enumerated.

    Attributes:
        objects: Colour of each object.
        attributes: Colours of each object's attributes.
        relations: (subject, object, colour) of each relation.
    """

    objects: tuple[int, ...]
    attributes: tuple[tuple[int, ...], ...]
    relations: tuple[tuple[int, int, int], ...]

    @property
    def counts(self) -> Counts:
        """What it has when nothing is added; what is added can only join its components."""
        return Counts(len(self.objects), sum(map(len, self.attributes)), len(self.relations), len(self.parts))

    @property
    def parts(self) -> list[Component]:
        """Its components without colours, to be measured: the objects are in the order of the seed graph."""
        edges = [(s, o) for s, o, _ in self.relations]
        return [
            Component(
                tuple(len(self.attributes[i]) for i in members),
                tuple((members.index(s), members.index(o)) for s, o in edges if s in members),
            )
            for members in find_components(len(self.objects), edges)
        ]


def is_within(value: float, interval: tuple[float, float]) -> bool:
    """Whether a value is in an interval, its ends included."""
    return interval[0] <= value <= interval[1]


@dataclass(frozen=True)
class Limits:
    """Inclusive bounds, and a seed graph to contain; hashable, so that tables of structures can be kept by them."""

    complexity: Annotated[
        Interval,
        Bound("structure.complexity", "Objects + attributes + relations.", total=attrgetter("complexity")),
    ]
    objects: Annotated[Interval, Bound("structure.objects", "Objects in a scene.", total=attrgetter("objects"))]
    attributes: Annotated[
        Interval,
        Bound(
            "structure.attributes",
            "Attributes in a scene, over all of its objects.",
            total=attrgetter("attributes"),
        ),
    ]
    relations: Annotated[
        Interval, Bound("structure.relations", "Relations in a scene.", total=attrgetter("relations"))
    ]
    average_degree: Annotated[
        tuple[float, float],
        Bound(
            "structure.average_degree",
            "2 x relations / objects.",
            mean=lambda counts: 2 * counts.relations / counts.objects,
        ),
    ]
    components: Annotated[
        Interval,
        Bound(
            "structure.components",
            "Weakly connected components of objects and relations; a lone object is one.",
            total=attrgetter("components"),
        ),
    ]
    in_degree: Annotated[
        Interval,
        Bound(
            "structure.degree.in", "Relations that end at an object, for each object.", each=attrgetter("in_degrees")
        ),
    ]
    out_degree: Annotated[
        Interval,
        Bound(
            "structure.degree.out",
            "Relations that start at an object, for each object.",
            each=attrgetter("out_degrees"),
        ),
    ]
    attributes_per_object: Annotated[
        Interval,
        Bound(
            "content.attributes.max_per_object",
            "Attributes of one object, for each object.",
            each=attrgetter("attributes"),
            is_most=True,
        ),
    ]
    seed_graph: SeedShape | None = None

    def allow(self, counts: Counts) -> bool:
        """Whether a structure with these counts fits, as far as counts can tell."""
        return self.allow_means(counts) and all(
            is_within(total(counts), getattr(self, name)) for name, total in TOTALS
        )

    def allow_means(self, counts: Counts) -> bool:
        """Whether means of a structure with these counts fit."""
        return all(is_within(mean(counts), getattr(self, name)) for name, mean in MEANS)

    def leave_room(self, counts: Counts) -> bool:
        """Whether no total exceeds its upper bound, so that something larger or equal may fit."""
        return all(total(counts) <= getattr(self, name)[1] for name, total in TOTALS)

    def allow_component(self, component: Component) -> bool:
        """Whether a component fits the bounds on each component and each object."""
        return all(is_within(value, getattr(self, name)) for name, each in EACH for value in each(component))


BOUNDS: dict[str, Bound] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Limits, include_extras=True).items()
    if get_origin(hint) is Annotated
}
TOTALS = tuple((name, bound.total) for name, bound in BOUNDS.items() if bound.total)
MEANS = tuple((name, bound.mean) for name, bound in BOUNDS.items() if bound.mean)
EACH = tuple((name, bound.each) for name, bound in BOUNDS.items() if bound.each)


def bound_limits(complexity: Interval, **bounds: Any) -> Limits:
    """Limits with these bounds; what is not named is bounded by the complexity alone."""
    open_bounds: dict[str, Any] = dict.fromkeys(BOUNDS, (0, complexity[1]))
    return Limits(**{**open_bounds, "complexity": complexity, **bounds})
