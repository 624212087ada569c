"""What a recipe may say: one tree of Pydantic models, and the JSON Schema that editors use.

Nothing here reads a recipe's file (see `loading.py`) or knows the taxonomy: names of concepts are checked where it is
loaded. The kinds of questions are the names of files.
"""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
    field_validator,
    model_serializer,
    model_validator,
)

from .fields import (
    LARGEST_COUNT,
    AnyNumber,
    Count,
    Counts,
    Names,
    Number,
    Numbers,
    Part,
    PositiveCount,
    PositiveCounts,
    Range,
    Shares,
    SomeNames,
    Text,
    expand,
    read_number,
    read_text,
    read_top,
    read_whole,
    refuse,
    refuse_repeats,
    shorten,
    show,
    wrap_one,
    write_top,
)
from .networkx_graphs import read_graph

SplitName = Literal["train", "validation", "test"]
Edit = Literal["relation_reversed", "attributes_swapped", "attribute", "object", "count", "predicate"]
Modality = Literal["image", "video", "3d"]
Form = Literal["yes_no", "open", "multiple_choice", "count"]

Unseen = Literal["object_attribute", "object_relation_object", "object_pair", "structure", "concept"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
EDITS: tuple[Edit, ...] = get_args(Edit)
FORMS: tuple[Form, ...] = get_args(Form)

DEFAULT_QUESTIONS = ("object", "attribute", "relation", "count", "scene")
"""What a recipe asks that names no kinds. A new kind is not among them, since it would change the recipe's rows."""


def list_question_kinds() -> tuple[str, ...]:
    """List the kinds of questions: the files in `questions/kinds`, those that are asked by default first."""
    folder = Path(__file__).parents[1] / "questions" / "kinds"
    others = {file.name for file in iter_modules([str(folder)])}.difference(DEFAULT_QUESTIONS)
    return (*DEFAULT_QUESTIONS, *sorted(others))


QUESTION_KINDS = list_question_kinds()
if TYPE_CHECKING:
    QuestionKind = str
else:
    QuestionKind = Literal[QUESTION_KINDS]  # a type checker does not know which files there are; Pydantic does

STRUCTURE_NUMBERS = ("objects", "attributes", "relations", "complexity", "components", "average_degree")
ROW_NUMBERS = ("caption_length", "caption_words", *(f"structure.{name}" for name in STRUCTURE_NUMBERS))
"""Numbers of a row itself that `filters` may ask for: characters and words of its caption, the column `structure`."""


def list_scores() -> tuple[str, ...]:
    """List what else may score captions: the files in `training/filters`, none of which is loaded."""
    return tuple(sorted(file.name for file in iter_modules([str(Path(__file__).parents[2] / "training" / "filters")])))


SCORES = list_scores()
if TYPE_CHECKING:
    FilterName = str
else:
    FilterName = Literal[(*ROW_NUMBERS, *SCORES)]

# A config `<name>_captions` shows the captions of `<name>`, so no recipe can have such a name itself.
VIEW_SUFFIXES = ("_captions", "_questions", "_scene_graphs")

# Folders that a built dataset has beside its configs.
RECIPES, LISTS = "recipes", "dropped"
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What Windows takes for a device in any folder."""

LARGEST_SPLIT = 10**11
LARGEST_SEED = 2**63 - 1
MOST_SEEDS = 50  # objects of a seed graph
MOST_CARDS = 10_000  # of one concept in a deck: a deck is held in memory
HOTTEST = 2  # temperature that servers take
SMALLEST_SHARE = 0.001  # of objects that stand for several: their deck is, too


def read_edits(value: Any) -> Any:
    """Read what `pairs` says: one name or a list of them, or true and false for all and none."""
    if isinstance(value, bool) or value is None:
        return EDITS if value else None
    return wrap_one(value) or None


class Degree(Part):
    """How many relations an object takes part in."""

    in_: Counts | None = Field(
        default=None, alias="in", description="Relations that end at an object, for each object."
    )
    out: Counts | None = Field(default=None, description="Relations that start at an object, for each object.")


class SeedAttribute(Part):
    """An attribute that an object of a seed graph has: a value, any of a kind, or any at all."""

    kind: Text | None = Field(default=None, description="A kind such as color; any when left out.")
    value: Text | None = Field(default=None, description="A value such as red; any of the kind when left out.")


class SeedObject(Part):
    """An object that every scene has: a concept, any under some concepts, or any at all."""

    concept: Text | None = Field(default=None, description="A concept: an id or a name.")
    under: SomeNames = Field(default=(), description="Any of these concepts and what lies under them: ids or names.")
    attributes: tuple[SeedAttribute, ...] = Field(default=(), description="Attributes that it has at least.")

    @model_validator(mode="after")
    def check_choice(self) -> SeedObject:
        """One of the two: together they say the same twice, or contradict each other."""
        if self.concept is not None and self.under:
            raise refuse("`concept` and `under` exclude each other", "keep one of them")
        return self


class SeedRelation(Part):
    """A relation that every scene has: a predicate, any of a category, or any at all."""

    subject: Count = Field(description="Where it starts: the number of an object of the seed graph, from 0.")
    predicate: Text | None = Field(default=None, description="A predicate such as chasing; any when left out.")
    category: Text | None = Field(default=None, description="A category such as spatial; any when left out.")
    object: Count = Field(description="Where it ends: the number of an object of the seed graph, from 0.")


class SeedGraph(Part):
    """A scene graph that is part of every scene, as far as it is laid down."""

    objects: tuple[SeedObject, ...] = Field(min_length=1, max_length=MOST_SEEDS, description="Its objects.")
    relations: tuple[SeedRelation, ...] = Field(default=(), description="Its relations.")

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

    complexity: PositiveCounts = Field(description="Objects + attributes + relations.")
    objects: PositiveCounts | None = Field(default=None, description="Objects in a scene.")
    attributes: Counts | None = Field(default=None, description="Attributes in a scene, over all of its objects.")
    relations: Counts | None = Field(default=None, description="Relations in a scene.")
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
    )
    seed_graph: Annotated[SeedGraph, BeforeValidator(read_graph, json_schema_input_type=SeedGraph)] | None = Field(
        default=None,
        description="A scene graph that every scene contains.",
        examples=[{"objects": [{"concept": "dog.n.01"}]}],
    )


PLACE = "location"
"""The kind of scene attributes that a setting is one of."""
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
        default="common", description="How much of the taxonomy: everyday things, all that can be seen, or everything."
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
    copies: Annotated[
        Copies | None, BeforeValidator(read_copies, json_schema_input_type=PositiveCounts | Copies | None)
    ] = Field(
        default=None,
        description="How many alike things an object stands for that can be counted: three red balls. Else 1.",
        examples=[[1, 6]],
    )


class AttributeFilter(ConceptFilter):
    """Which attributes objects get."""

    tier: Literal["common", "full"] = Field(default="common", description="How much of the taxonomy to use.")
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


class RelationFilter(ConceptFilter):
    """Which relations join objects."""

    tier: Literal["common", "full"] = Field(default="common", description="How much of the taxonomy to use.")
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

    tier: Literal["common", "full"] = Field(default="common", description="How much of the taxonomy to use.")
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


class Captions(Part):
    """How scenes are put into words, or a share of them."""

    template: Text = Field(
        default="default", description="A template in templates/captions, or a path beside the recipe."
    )
    weight: Annotated[float, Field(gt=0, le=LARGEST_COUNT), BeforeValidator(read_number)] = Field(
        default=1.0, description="In a list: how many scenes get this template, against the others' weights."
    )

    unambiguous: bool = Field(
        default=False,
        description="Whether scenes are made of what can be read in one way; in a list, one that asks is enough.",
    )

    count_alike: bool = Field(
        default=False,
        description="Whether objects without relations that are alike are counted: two red balls.",
    )

    frames: PositiveCount | None = Field(
        default=None, description="How many of the template's frames are used, from the first; all when left out."
    )

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing, so that options that later versions add leave fingerprints as they are."""
        fields = handler(self)
        for name in set(fields) - {"template"}:
            if fields[name] == type(self).model_fields[name].default:
                del fields[name]
        return shorten(fields, "template")


def read_captions(value: Any, handler: ValidatorFunctionWrapHandler) -> tuple[Captions, ...]:
    """Take a list of templates, or one of them, whose mistakes are not said to be in a list."""
    if isinstance(value, list | tuple):
        return handler(value)
    return (Captions.model_validate(value if isinstance(value, dict | Captions) else {"template": value}),)


def write_captions(value: Any, handler: SerializerFunctionWrapHandler) -> Any:
    """Write a list of one as that one."""
    written = handler(value)
    return written[0] if len(written) == 1 else written


class Wordings(Part):
    """The same scenes in other words."""

    templates: SomeNames = Field(
        min_length=1, description="Templates in templates/captions, or paths beside the recipe, in this order."
    )
    count: PositiveCount | None = Field(
        default=None, description="Wordings of a scene; as many as there are templates when left out."
    )

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing, and write the templates alone as their list."""
        fields = handler(self)
        if self.count is None:
            fields.pop("count", None)
        return shorten(fields, "templates")

    def count_wordings(self) -> int:
        """How many wordings every scene has."""
        return self.count or len(self.templates)


def read_wordings(value: Any) -> Any:
    """Take templates where they stand alone."""
    return value if isinstance(value, dict | Wordings) or value is None else {"templates": value}


ASK = {
    "visible": "what anybody sees in a picture",
    "all": "also what few see in a picture, or nobody",
}
"""What `questions.ask` may be, in words."""


class Questions(Part):
    """What is asked about scenes."""

    kinds: Annotated[tuple[QuestionKind, ...], BeforeValidator(wrap_one), AfterValidator(refuse_repeats)] = Field(
        default=DEFAULT_QUESTIONS, description="The kinds of questions to ask; an empty list for none."
    )
    forms: (
        Annotated[tuple[Form, ...], Field(min_length=1), BeforeValidator(wrap_one), AfterValidator(refuse_repeats)]
        | None
    ) = Field(
        default=None,
        description="Only questions of these forms; all when left out. A kind that is never asked so is not asked.",
        examples=[["yes_no"]],
    )
    ask: Literal["visible", "all"] = Field(
        default="visible",
        description="visible: what anybody sees in a picture; all: also what few see, or nobody, such as an ISO.",
    )

    def asks(self, form: str) -> bool:
        """Tell whether questions of a form are asked."""
        return self.forms is None or form in self.forms

    def describe(self) -> str:
        """Say in words what is asked."""
        if not self.kinds:
            return "none"
        forms = f" as {', '.join(self.forms)}" if self.forms else ""
        return f"{', '.join(self.kinds)}{forms} ({self.ask}: {ASK[self.ask]})"

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing, and write the kinds alone as their list."""
        fields = handler(self)
        if self.forms is None:
            fields.pop("forms", None)
        if fields.get("ask") == "visible":
            del fields["ask"]
        return shorten(fields, "kinds")


def read_questions(value: Any) -> Any:
    """Take kinds of questions where they stand alone."""
    return value if isinstance(value, dict | Questions) else {"kinds": value}


class Paraphrase(Part):
    """Who words scenes anew, and how."""

    RUN_TIME: ClassVar = ("url", "api_key", "concurrency", "timeout", "retries", "dtype")
    """What no text depends on, so that it is not in the fingerprint."""

    model: Text = Field(description="A chat model: what the server calls it, or a folder or a name on the Hub.")
    url: Text | None = Field(
        default=None,
        description="The address of an OpenAI-compatible server; without it the model is loaded here.",
    )
    count: PositiveCount = Field(default=2, description="Paraphrases of a scene.")
    template: Text = Field(
        default="default", description="A template in templates/paraphrases, or a path beside the recipe."
    )
    tries: PositiveCount = Field(default=3, description="How often one is asked for before it is left out.")
    temperature: Number = Field(default=1.0, description="How freely words are chosen; 0 for the likeliest.")
    system: str = Field(default="", description="What the system says before; nothing, perhaps.")
    max_new_tokens: PositiveCount = Field(default=512, description="The longest paraphrase.")
    revision: Text | None = Field(default=None, description="Of a model that is loaded: a branch, tag or commit.")
    dtype: Text = Field(default="auto", description="Of the weights of a model that is loaded.")
    chat_template: dict[str, Any] = Field(
        default={}, description="Arguments of its chat template, such as {enable_thinking: false}."
    )
    extra_body: dict[str, Any] = Field(default={}, description="Further fields of requests, as the server knows them.")
    api_key: Text | None = Field(
        default=None, description="The environment variable that holds the server's key, such as OPENAI_API_KEY."
    )
    concurrency: PositiveCount = Field(default=16, description="Texts that the server has in hand at once.")
    timeout: Annotated[float, Field(gt=0), BeforeValidator(read_number)] = Field(
        default=120.0, description="Seconds that the server may take for one."
    )
    retries: Count = Field(default=5, description="How often one is asked for again after a failure of the server.")

    @field_validator("temperature")
    @classmethod
    def check_temperature(cls, temperature: float) -> float:
        """Refuse what no server takes."""
        if temperature > HOTTEST:
            raise refuse(f"{temperature:g} is no temperature", f"write a number from 0 to {HOTTEST}")
        return temperature


class Filter(Part):
    """Which rows are kept, by one number of each."""

    min: AnyNumber | None = Field(default=None, description="The least number of a row that is kept.")
    max: AnyNumber | None = Field(default=None, description="The largest number of a row that is kept.")
    quantile: Shares | None = Field(
        default=None,
        description="Which rows of each block of 8,192 candidates are kept, as two shares of them by their numbers: "
        "[0, 0.5] keeps the lower half.",
    )
    model: Text | None = Field(default=None, description="The model that scores captions: on the Hub, or a folder.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    dtype: Literal["float32", "bfloat16", "float16"] | None = Field(
        default=None, description="In what it computes; float32 when left out."
    )
    label: Text | None = Field(default=None, description="Of a classifier of several labels, the one that counts.")

    @model_validator(mode="after")
    def check_bounds(self) -> Filter:
        """Refuse what keeps all rows, or none."""
        if self.min is None and self.max is None and self.quantile is None:
            raise refuse("keeps every row", "add `min`, `max` or `quantile`")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise refuse(f"`min` {self.min:g} is above `max` {self.max:g}", "exchange them")
        return self

    def describe(self) -> str:
        """Say in words what is kept."""
        ends = {"at least": self.min, "at most": self.max}
        bounds = [f"{words} {end:,g}" for words, end in ends.items() if end is not None]
        if self.quantile:
            low, high = (f"{100 * share:g} %" for share in self.quantile)
            bounds.append(f"of each block from {low} to {high}")
        return ", ".join(bounds)

    def options(self) -> dict[str, Any]:
        """Return what a model is opened with."""
        return self.model_dump(include={"model", "revision", "dtype", "label"}, exclude_none=True)


def read_filter(value: Any) -> Any:
    """Take a range where it stands alone."""
    if isinstance(value, dict | Filter):
        return value
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise refuse(f"must be [low, high] or a mapping, not {show(value)}", "such as {max: 400}")
    return {"min": value[0], "max": value[1]}


def check_filters(filters: dict[str, Filter] | None) -> dict[str, Filter] | None:
    """Refuse a model where a number is one of the row itself, and take no filters for none."""
    for name, one in (filters or {}).items():
        if name in ROW_NUMBERS and (options := one.options()):
            hint = f"{' and '.join(SCORES)} are scores of models"
            raise refuse(f"`{name}` is a number of the row, and has no `{min(options)}`", hint)
    return filters or None


class Split(Part):
    """One split of the dataset."""

    size: Annotated[int, Field(ge=0, le=LARGEST_SPLIT), BeforeValidator(read_whole)] = Field(
        description="Rows in the split; 0 leaves it out."
    )

    unseen: Annotated[tuple[Unseen, ...], BeforeValidator(wrap_one), AfterValidator(refuse_repeats)] = Field(
        default=(), description="Kinds of compositions of which no other split has any that this one has."
    )

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing, so that recipes without it keep their fingerprints."""
        fields = handler(self)
        if not fields.get("unseen"):
            fields.pop("unseen", None)
        return shorten(fields, "size")


class Recipe(Part):
    """A dataset of scene graphs, captions and questions, as one YAML file states it."""

    name: Text = Field(description="The name of the dataset's config: small letters, digits and underscores.")
    version: Text = Field(default="1.0.0", description="The recipe's version, X.Y.Z.")
    description: str = Field(default="", description="One paragraph: what the dataset teaches or measures.")
    license: Text = Field(
        default="unknown", description="The dataset's license as the Hub writes it, such as cc-by-4.0."
    )
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), BeforeValidator(read_whole)] = Field(
        default=0, description="Another seed gives other scenes."
    )
    taxonomy: Names = Field(
        default=("default",), min_length=1, description="Names or folders of concepts; later ones add to earlier ones."
    )
    modality: Modality = Field(default="image", description="Which scene attributes exist.")
    structure: Structure = Field(description="Which scene graphs to make, before they have content.")
    content: Content = Field(default=Content(), description="What fills the structures.")
    captions: Annotated[
        Annotated[tuple[Annotated[Captions, expand("template", str | Captions)], ...], Field(min_length=1)],
        WrapValidator(read_captions, json_schema_input_type=str | Captions | list[str | Captions]),
        WrapSerializer(write_captions),
    ] = Field(
        default=(Captions(),),
        description="How scenes are put into words: a template, a mapping with it, or a list of them.",
        examples=[{"template": "prompt", "count_alike": True}],
    )
    questions: Annotated[
        Questions,
        BeforeValidator(read_questions, json_schema_input_type=Questions | QuestionKind | list[QuestionKind]),
    ] = Field(
        default=Questions(),
        description="What to ask: kinds of questions, or a mapping with `kinds` and options.",
        examples=[{"kinds": ["object", "attribute"], "forms": ["yes_no"]}],
    )
    pairs: Annotated[
        Annotated[tuple[Edit, ...], AfterValidator(refuse_repeats)] | None,
        BeforeValidator(read_edits, json_schema_input_type=bool | Edit | tuple[Edit, ...] | None),
    ] = Field(
        default=None,
        description="What may be changed in a scene, one thing each, for the column `pair`; true for all of these.",
        examples=[["relation_reversed", "attribute"]],
    )
    paraphrase: Paraphrase | None = Field(
        default=None,
        description="Who words scenes anew, for the column `paraphrases`: a language model.",
        examples=[{"model": "Qwen/Qwen3-8B", "count": 2}],
    )
    filters: Annotated[
        dict[
            FilterName,
            Annotated[Filter, BeforeValidator(read_filter, json_schema_input_type=Filter | tuple[float, float])],
        ]
        | None,
        AfterValidator(check_filters),
    ] = Field(
        default=None,
        description="Which rows are kept once they are made, by numbers of them: a range, or a mapping with `min`, "
        "`max` or `quantile`.",
        examples=[{"caption_words": {"max": 40}}],
    )
    wordings: Annotated[
        Wordings | None, BeforeValidator(read_wordings, json_schema_input_type=Wordings | SomeNames | None)
    ] = Field(
        default=None,
        description="Templates that every scene is put in, too, for the column `wordings`; or a mapping with `count`.",
        examples=[["short", "long"]],
    )
    splits: dict[SplitName, Annotated[Split, expand("size", Annotated[int, Field(ge=0)] | Split)]] = Field(
        description="Rows in each split: a number, or a mapping with `size`."
    )

    @field_validator("name")
    @classmethod
    def check_name(cls, name: str) -> str:
        """Refuse names that cannot be a config's, or that are those of another config's views."""
        if not re.fullmatch("[a-z][a-z0-9_]{0,99}", name):
            raise refuse(
                f"{show(name)} is not a name",
                "write at most 100 small letters, digits and underscores, a letter first, such as `my_scenes`",
            )
        if DEVICE.fullmatch(name):
            raise refuse(f"{show(name)} is a device on Windows, and cannot be a folder there", "choose another name")
        if name in (RECIPES, LISTS):
            raise refuse(f"{show(name)} is a folder that a built dataset has for itself", "choose another name")
        for suffix in VIEW_SUFFIXES:
            if name.endswith(suffix):
                raise refuse(f"{show(name)} may not end in `{suffix}`", "such names show one part of another config")
        return name

    @field_validator("version")
    @classmethod
    def check_version(cls, version: str) -> str:
        """Take three numbers, as semver.org defines them, without labels."""
        if not re.fullmatch(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}", version):
            raise refuse(f"{show(version)} is not a version", "write three numbers, such as 1.0.0")
        return version

    @field_validator("license")
    @classmethod
    def check_license(cls, license: str) -> str:
        """Take what looks like one of the Hub's identifiers; which ones exist is the Hub's matter."""
        if not re.fullmatch("[a-z0-9][a-z0-9.+-]{0,63}", license):
            raise refuse(
                f"{show(license)} is not a license identifier", "write it as the Hub does, such as cc-by-4.0 or mit"
            )
        return license

    @field_validator("description", mode="before")
    @classmethod
    def join_lines(cls, description: Any) -> str:
        """Make one line of one paragraph, however the file wraps it."""
        if not isinstance(description, str):
            return read_text(description)
        if re.search(r"\n\s*\n", description.strip()):
            raise refuse("must be one paragraph", "remove the empty line")
        joined = " ".join(description.split())
        return read_text(joined) if joined else ""

    @field_validator("splits")
    @classmethod
    def order_splits(cls, splits: dict[SplitName, Split]) -> dict[SplitName, Split]:
        """Leave out the empty splits and put the others in the usual order."""
        filled = {name: splits[name] for name in SPLITS if name in splits and splits[name].size}
        if "train" in filled and filled["train"].unseen:
            raise refuse(
                "train cannot be unseen: it is what other splits are compared with",
                "move `unseen` to validation or test",
            )
        if not filled:
            raise refuse("every split is empty", "give at least one of them rows, such as `train: 1000`")
        return filled

    @property
    def caption_keys(self) -> dict[str, Captions]:
        """The templates of captions, by the key under which a file states them."""
        if len(self.captions) == 1:
            return {"captions": self.captions[0]}
        return {f"captions.{number}": captions for number, captions in enumerate(self.captions)}

    @property
    def wording_keys(self) -> dict[str, Captions]:
        """The templates of wordings, by the key under which a file states them."""
        templates = self.wordings.templates if self.wordings else ()
        return {f"wordings.templates.{number}": Captions(template=one) for number, one in enumerate(templates)}

    def content_fields(self) -> dict[str, Any]:
        """Return what rows depend on, as JSON can hold it: the recipe's part of the fingerprint.

        Sizes of splits are not in it, since a larger split begins with the rows of the smaller one. Neither are keys
        without a value, so that a key that later versions add leaves the rows of recipes without it as they are.
        """
        fields = self.model_dump(mode="json", exclude_none=True, exclude={"version", "description", "license"})
        for name in Paraphrase.RUN_TIME if self.paraphrase else ():
            fields["paraphrase"].pop(name, None)
        options = {name: split.model_dump(exclude={"size"}, exclude_none=True) for name, split in self.splits.items()}
        fields["splits"] = {name: option for name, option in options.items() if option}
        return fields


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a recipe's file, for editors.

    No key is required in it, because every one of them may come from the recipe that a file extends.
    """
    schema = Recipe.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        if part["title"] != "Split":
            part.pop("required", None)
        for key in part["properties"].values():
            key.pop("title", None)
    extends = {"type": "string", "description": "The recipe that this one changes: a shipped one's name, or a path."}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    schema["title"] = "Recipe of a Generate Any Scene dataset"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
