"""What a recipe may say of content: which concepts fill the structures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from .fields import (
    Count,
    Counts,
    Names,
    Number,
    Part,
    PositiveCount,
    PositiveCounts,
    Range,
    SomeNames,
    Text,
    read_number,
    read_text,
    read_top,
    read_whole,
    refuse,
    shorten,
    wrap_one,
    write_top,
)

MOST_CARDS = 10_000  # of one concept in a deck: a deck is held in memory
MOST_GROUPS = 64  # of objects that stand together: a bit each
SMALLEST_SHARE = 0.001  # of objects that stand for several: their deck is, too
PLACE = "location"
"""The kind of scene attributes that a setting is one of."""
AS_MEANT = ("tier", "visible")
"""Keys that mean another value where they are left out beside a list of concepts."""
EXACT = ("only", "values", "predicates")
"""Keys that list the concepts of a table, and nothing else is used."""
WORD_LISTS = tuple(
    ("content", table, key)
    for table, exact in (
        ("objects", "only"),
        ("attributes", "values"),
        ("relations", "predicates"),
        ("scene_attributes", "values"),
    )
    for key in (exact, "exclude")
)
"""Keys that take vocabularies and files of names."""


class ConceptFilter(Part):
    """What all tables of concepts have."""

    visible: Annotated[Literal["yes", "hard", "no"], BeforeValidator(read_text)] = Field(
        default="yes",
        examples=["no"],
        description="How well concepts are seen at least: yes, by anybody; hard, by some; no, it does not matter. "
        "Left out, it is yes in the tier common and no in others.",
    )

    @model_validator(mode="before")
    @classmethod
    def choose_visible(cls, value: Any) -> Any:
        """Larger tiers are there for their size, and what is listed by name is wanted, in whatever tier it is."""
        if not isinstance(value, dict):
            return value
        if "tier" not in value and any(value.get(key) for key in EXACT):
            value = {**value, "tier": "full"}
        if "visible" not in value and value.get("tier", "common") != "common":
            value = {**value, "visible": "no"}
        return value


class Copies(Part):
    """How many alike things objects stand for."""

    count: PositiveCounts = Field(description="Things of one object; all numbers equally often.")
    share: Annotated[float, Field(ge=SMALLEST_SHARE, le=1), BeforeValidator(read_number)] = Field(
        default=1.0, description="The share of objects that get such a number; the others are one thing."
    )

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing."""
        fields = handler(self)
        if self.share == 1:
            del fields["share"]
        return shorten(fields, "count")


def read_fixed(value: Any) -> Any:
    """Take `none` for no value at all."""
    return () if value == "none" else wrap_one(value)


def write_fixed(values: tuple[str, ...]) -> list[str] | str:
    """Write no value as it is read."""
    return list(values) or "none"


def read_copies(value: Any) -> Any:
    """Take a range where it stands alone."""
    return value if isinstance(value, dict | Copies) or value is None else {"count": value}


MinFrequency = Annotated[
    Number | None,
    Field(description="The least word frequency of a concept, on the Zipf scale.", examples=[3.0]),
]
Top = Annotated[
    Annotated[
        int | float,
        PlainValidator(read_top, json_schema_input_type=Annotated[int, Field(ge=1)] | str),
        PlainSerializer(write_top),
    ]
    | None,
    Field(description="Only the most frequent concepts: a share (10%) or a number of them.", examples=["10%"]),
]


Exclude = Annotated[
    SomeNames | None,
    Field(description="Without these: ids, words, kinds or categories, a vocabulary, or a file of names."),
]


class ObjectFilter(ConceptFilter):
    """Which concepts become objects."""

    tier: Literal["common", "visible", "full"] = Field(
        default="common",
        examples=["full"],
        description="How much of the taxonomy: everyday things, all that can be seen, or everything.",
    )
    under: SomeNames = Field(
        default=(),
        description="Only these concepts and what lies under them: ids or names.",
        examples=[["animal.n.01", "vehicle.n.01"]],
    )
    only: SomeNames | None = Field(
        default=None,
        description="Exactly these concepts: ids, names, a vocabulary such as coco80, or a file of names.",
        examples=["coco80"],
    )
    exclude: Names = Field(
        default=(),
        description="Without these concepts and what lies under them: ids, names, kinds, a vocabulary, or a file.",
        examples=[["weapon.n.01"]],
    )
    min_frequency: MinFrequency = None
    top: Top = None
    weights: dict[Text, Annotated[int, Field(ge=0, le=MOST_CARDS), BeforeValidator(read_whole)]] = Field(
        default={},
        description="Cards of a concept in the deck, by id: 1 for those not named, 0 leaves a concept out.",
        examples=[{"dog.n.01": 5}],
    )
    # None rather than false, so that recipes without it keep their fingerprints.
    distinct: bool | None = Field(
        default=None,
        description="Whether no two objects of a scene have one name, so that no question is about `the first dog`.",
        examples=[True],
    )
    together: dict[Text, SomeNames] | None = Field(
        default=None,
        max_length=MOST_GROUPS,
        description="Groups by their names, such as kitchen: the objects of a scene are all of one group. Ids or "
        "names, exactly these; what is in no group is left out.",
        examples=[{"kitchen": ["stove", "bowl", "cook"], "street": ["car", "bus", "building"]}],
    )
    copies: Annotated[
        Copies | None, BeforeValidator(read_copies, json_schema_input_type=PositiveCounts | Copies | None)
    ] = Field(
        default=None,
        description="How many alike things an object stands for that can be counted: three red balls. Else 1.",
        examples=[[1, 6]],
    )


class AttributeFilter(ConceptFilter):
    """Which attributes objects get."""

    tier: Literal["common", "full"] = Field(
        default="common", examples=["full"], description="How much of the taxonomy to use."
    )
    kinds: Names | None = Field(
        default=None,
        description="Only these kinds, such as color or material; all when left out.",
        examples=[["color", "material"]],
    )
    values: SomeNames | None = Field(
        default=None,
        description="Exactly these: ids, words such as red, a vocabulary such as basic_colors, or a file.",
        examples=["basic_colors"],
    )
    exclude: Exclude = Field(default=None, examples=[["smiling"]])
    min_frequency: MinFrequency = None
    top: Top = None
    max_per_object: Count | None = Field(default=None, description="The most attributes of one object.", examples=[2])
    only_on: dict[Text, SomeNames] | None = Field(
        default=None,
        description="By attribute, or kind of attributes: the only objects that have it, as ids, names or kinds, with "
        "what lies under them. What is said of an attribute counts before what is said of its kind.",
        examples=[{"color": ["clothing", "vehicle"], "sleeping": ["cat", "dog"]}],
    )


class RelationFilter(ConceptFilter):
    """Which relations join objects."""

    tier: Literal["common", "full"] = Field(
        default="common", examples=["full"], description="How much of the taxonomy to use."
    )
    categories: Names | None = Field(
        default=None,
        description="Only these categories, such as spatial or interactional; all when left out.",
        examples=[["spatial", "interactional"]],
    )
    predicates: SomeNames | None = Field(
        default=None,
        description="Exactly these: ids, predicates such as next to, a vocabulary, or a file of names.",
        examples=[["next to", "behind"]],
    )
    exclude: Exclude = Field(default=None, examples=[["riding"]])
    min_frequency: MinFrequency = None
    top: Top = None


class SceneAttributeFilter(ConceptFilter):
    """Which attributes the whole picture gets."""

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": {
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                "description": "A kind, such as location: values of which every scene has one, or none.",
            }
        }
    )

    tier: Literal["common", "full"] = Field(
        default="common", examples=["full"], description="How much of the taxonomy to use."
    )
    count: Counts = Field(default=Range(0, 0), description="Scene attributes in a scene.")
    kinds: Names | None = Field(
        default=None,
        description="Only these kinds, such as weather or artist; all that the modality has when left out.",
        examples=[["weather", "time_of_day"]],
    )
    values: SomeNames | None = Field(
        default=None,
        description="Exactly these: ids, words such as kitchen, a vocabulary, or a file of names.",
        examples=[["sunny", "foggy"]],
    )
    exclude: Exclude = Field(default=None, examples=[["foggy"]])
    fixed: dict[Text, Annotated[Names, BeforeValidator(read_fixed), PlainSerializer(write_fixed)]] | None = Field(
        default=None,
        description="By kind: values of which every scene has one, or none. `location: [kitchen]` may stand alone.",
        examples=[{"location": ["kitchen"], "weather": "none"}],
    )

    @model_validator(mode="before")
    @classmethod
    def gather_kinds(cls, value: Any) -> Any:
        """Take kinds that stand beside the other keys."""
        if not isinstance(value, dict) or not (kinds := set(value) - set(cls.model_fields)):
            return value
        rest = {key: one for key, one in value.items() if key not in kinds}
        fixed = rest.get("fixed", {})
        if isinstance(fixed, dict):
            rest["fixed"] = {**fixed, **{key: one for key, one in value.items() if key in kinds}}
        return rest


class Plausibility(Part):
    """How near in meaning concepts are to what a scene has already."""

    neighbours: PositiveCount = Field(
        default=30, description="From how many concepts, those nearest in meaning, each one is drawn; after types."
    )
    temperature: Annotated[float, Field(ge=0, le=1), BeforeValidator(read_number)] = Field(
        default=0.0,
        description="0: the neighbours alone; 1: all that types allow; between, n of m that types allow, "
        "n = neighbours^(1 - temperature) * m^temperature.",
    )
    model: Text | None = Field(
        default=None,
        description="A model of sentence-transformers, by name or folder; the shipped vectors without it.",
    )

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing."""
        fields = handler(self)
        return {name: value for name, value in fields.items() if value or name == "neighbours"}


class Content(Part):
    """What fills the structures."""

    objects: ObjectFilter = Field(default=ObjectFilter(), description="Which concepts become objects.")
    attributes: AttributeFilter = Field(default=AttributeFilter(), description="Which attributes objects get.")
    relations: RelationFilter = Field(default=RelationFilter(), description="Which relations join objects.")
    scene_attributes: SceneAttributeFilter = Field(
        default=SceneAttributeFilter(), description="Which attributes the whole picture gets."
    )
    constraints: Literal["typed", "none"] = Field(
        default="typed",
        description="typed: attributes and relations only where they make sense; none: anywhere.",
    )
    dynamic: Annotated[float, Field(ge=0, le=1), BeforeValidator(read_number)] = Field(
        default=0.0,
        description="The least share of scenes with a relation in which something moves, such as 0.8.",
        examples=[0.8],
    )
    plausibility: Plausibility | None = Field(
        default=None,
        description="Draws concepts that are near in meaning to what the scene has already.",
        examples=[{"neighbours": 30}],
    )
    setting: Text | None = Field(
        default=None,
        description="A place where all scenes are, such as kitchen; objects are near to it in meaning.",
        examples=["kitchen"],
    )

    @model_validator(mode="after")
    def check_places(self) -> Content:
        """A scene is in one place."""
        if self.setting is not None and PLACE in (self.scene_attributes.fixed or {}):
            raise refuse("`setting` and `scene_attributes.location` both say where scenes are", "keep one of them")
        return self

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what asks for nothing, so that it leaves fingerprints as they were."""
        fields = handler(self)
        for name in ("dynamic", "plausibility", "setting"):
            if not fields.get(name):
                fields.pop(name, None)
        return fields
