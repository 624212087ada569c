"""What a recipe may say of structures: scene graphs before they have content."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from .fields import (
    Count,
    Counts,
    Numbers,
    Part,
    PositiveCounts,
    SomeNames,
    Text,
    refuse,
)
from .networkx_graphs import read_graph

MOST_SEEDS = 50  # objects of a seed graph


class Degree(Part):
    """How many relations an object takes part in."""

    in_: Counts | None = Field(
        default=None, alias="in", description="Relations that end at an object, for each object.", examples=[[0, 2]]
    )
    out: Counts | None = Field(
        default=None, description="Relations that start at an object, for each object.", examples=[[0, 3]]
    )


class SeedAttribute(Part):
    """An attribute that an object of a seed graph has: a value, any of a kind, or any at all."""

    kind: Text | None = Field(default=None, description="A kind such as color; any when left out.", examples=["color"])
    value: Text | None = Field(
        default=None, description="A value such as red; any of the kind when left out.", examples=["red"]
    )


class SeedObject(Part):
    """An object that every scene has: a concept, any under some concepts, or any at all."""

    concept: Text | None = Field(default=None, description="A concept: an id or a name.", examples=["dog.n.01"])
    under: SomeNames = Field(
        default=(),
        description="Any of these concepts and what lies under them: ids or names.",
        examples=[["vehicle.n.01"]],
    )
    attributes: tuple[SeedAttribute, ...] = Field(
        default=(), description="Attributes that it has at least.", examples=[[{}, {"kind": "color"}]]
    )

    @model_validator(mode="after")
    def check_choice(self) -> SeedObject:
        """One of the two: together they say the same twice, or contradict each other."""
        if self.concept is not None and self.under:
            raise refuse("`concept` and `under` exclude each other", "keep one of them")
        return self


class SeedRelation(Part):
    """A relation that every scene has: a predicate, any of a category, or any at all."""

    subject: Count = Field(
        description="Where it starts: the number of an object of the seed graph, from 0.", examples=[0]
    )
    predicate: Text | None = Field(
        default=None, description="A predicate such as chasing; any when left out.", examples=["chasing"]
    )
    category: Text | None = Field(
        default=None, description="A category such as spatial; any when left out.", examples=["spatial"]
    )
    object: Count = Field(
        description="Where it ends: the number of an object of the seed graph, from 0.", examples=[1]
    )


class SeedGraph(Part):
    """A scene graph that is part of every scene, as far as it is laid down."""

    objects: tuple[SeedObject, ...] = Field(
        min_length=1,
        max_length=MOST_SEEDS,
        description="Its objects.",
        examples=[[{"concept": "dog.n.01"}, {"under": ["vehicle.n.01"]}]],
    )
    relations: tuple[SeedRelation, ...] = Field(
        default=(), description="Its relations.", examples=[[{"subject": 0, "predicate": "chasing", "object": 1}]]
    )

    @model_validator(mode="after")
    def check_relations(self) -> SeedGraph:
        """Refuse what no scene graph can contain: loops, two relations between the same two objects, cycles."""
        pairs: list[tuple[int, int]] = []
        for relation in self.relations:
            pair = (relation.subject, relation.object)
            place = f"relation {len(pairs)}"
            if max(pair) >= len(self.objects):
                raise refuse(
                    f"{place} names object {max(pair)}", f"there are {len(self.objects)} objects, numbered from 0"
                )
            if pair[0] == pair[1]:
                raise refuse(f"{place} joins object {pair[0]} with itself", "a relation joins two objects")
            if pair in pairs:
                raise refuse(f"{place} joins the same objects as another one", "keep one of them")
            pairs.append(pair)
        ends = dict.fromkeys(range(len(self.objects)))
        while starts := [one for one in ends if not any(s in ends and o == one for s, o in pairs)]:
            for one in starts:
                del ends[one]
        if ends:
            cycle = ", ".join(map(str, ends))
            raise refuse(f"the relations lead in a circle through objects {cycle}", "turn one of them around")
        return self


class Structure(Part):
    """Which scene graphs to make, before they have content. What is left out is not constrained."""

    complexity: PositiveCounts = Field(description="Objects + attributes + relations.", examples=[[3, 9]])
    objects: PositiveCounts | None = Field(default=None, description="Objects in a scene.", examples=[[2, 6]])
    attributes: Counts | None = Field(
        default=None, description="Attributes in a scene, over all of its objects.", examples=[[0, 4]]
    )
    relations: Counts | None = Field(default=None, description="Relations in a scene.", examples=[2])
    average_degree: Numbers | None = Field(default=None, description="2 x relations / objects.", examples=[[0.5, 2]])
    components: PositiveCounts | None = Field(
        default=None,
        description="Weakly connected components of objects and relations; a lone object is one.",
        examples=[[1, 4]],
    )
    degree: Degree | None = Field(
        default=None, description="Relations into and out of each object.", examples=[{"in": [0, 2], "out": [0, 3]}]
    )
    distribution: Literal["objects_first", "uniform"] = Field(
        default="objects_first",
        description="objects_first: every number of objects equally often; uniform: every structure that fits.",
        examples=["uniform"],
    )
    seed_graph: Annotated[SeedGraph, BeforeValidator(read_graph, json_schema_input_type=SeedGraph)] | None = Field(
        default=None,
        description="A scene graph that every scene contains.",
        examples=[{"objects": [{"concept": "dog.n.01"}]}],
    )
