"""What a recipe may say: one tree of Pydantic models, and the JSON Schema that editors use.

Nothing here reads a recipe's file (see `loading.py`) or knows the taxonomy: names of concepts are checked where it is
loaded.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WrapSerializer,
    WrapValidator,
    field_validator,
    model_serializer,
)

from .content import Content
from .difficulty import Difficulty, read_difficulty
from .fields import (
    Names,
    Part,
    SomeNames,
    Text,
    expand,
    read_text,
    read_whole,
    refuse,
    refuse_repeats,
    shorten,
    show,
    wrap_one,
)
from .filters import Filter, FilterName, check_filters, read_filter
from .questions import QuestionKind, Questions, read_questions
from .structure import Structure
from .text import Captions, Paraphrase, Wordings, read_captions, read_wordings, write_captions

SplitName = Literal["train", "validation", "test"]
Edit = Literal["relation_reversed", "attributes_swapped", "attribute", "object", "count", "predicate"]
Modality = Literal["image", "video", "3d"]

Unseen = Literal["object_attribute", "object_relation_object", "object_pair", "structure", "concept"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)
EDITS: tuple[Edit, ...] = get_args(Edit)

# A config `<name>_captions` shows the captions of `<name>`, so no recipe can have such a name itself.
VIEW_SUFFIXES = ("_captions", "_questions", "_scene_graphs")

# Folders that a built dataset has beside its configs.
RECIPES, LISTS = "recipes", "dropped"
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""What Windows takes for a device in any folder."""

LARGEST_SPLIT = 10**11
LARGEST_SEED = 2**63 - 1


def read_edits(value: Any) -> Any:
    """Read what `pairs` says: one name or a list of them, or true and false for all and none."""
    if isinstance(value, bool) or value is None:
        return EDITS if value else None
    return wrap_one(value) or None


def leave_out_false(value: bool | None) -> bool | None:
    """Take false for nothing said, so that it changes no fingerprint."""
    return value or None


class Split(Part):
    """One split of the dataset."""

    size: Annotated[int, Field(ge=0, le=LARGEST_SPLIT), BeforeValidator(read_whole)] = Field(
        description="Rows in the split; 0 leaves it out.", examples=[1000]
    )

    unseen: Annotated[tuple[Unseen, ...], BeforeValidator(wrap_one), AfterValidator(refuse_repeats)] = Field(
        default=(),
        description="Kinds of compositions of which no other split has any that this one has.",
        examples=[["object_attribute"]],
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

    name: Text = Field(
        description="The name of the dataset's config: small letters, digits and underscores.", examples=["pets"]
    )
    version: Text = Field(default="1.0.0", description="The recipe's version, X.Y.Z.", examples=["1.2.0"])
    description: str = Field(
        default="",
        description="One paragraph: what the dataset teaches or measures.",
        examples=["Pets and furniture."],
    )
    license: Text = Field(
        default="unknown",
        description="The dataset's license as the Hub writes it, such as cc-by-4.0.",
        examples=["cc-by-4.0"],
    )
    language: Text = Field(
        default="en",
        description="The language of the taxonomy's words and of the templates, a code of ISO 639: for the card.",
        examples=["de"],
    )
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), BeforeValidator(read_whole)] = Field(
        default=0, description="Another seed gives other scenes.", examples=[7]
    )
    taxonomy: Names = Field(
        default=("default",),
        min_length=1,
        description="Names or folders of concepts; later ones add to earlier ones.",
        examples=[["default", "./mine"]],
    )
    modality: Modality = Field(default="image", description="Which scene attributes exist.", examples=["video"])
    structure: Structure = Field(
        description="Which scene graphs to make, before they have content.",
        examples=[{"complexity": [3, 9], "objects": [2, 4]}],
    )
    content: Content = Field(
        default=Content(), description="What fills the structures.", examples=[{"objects": {"under": ["animal.n.01"]}}]
    )
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
    edits: Annotated[bool | None, AfterValidator(leave_out_false)] = Field(
        default=None,
        description="Whether each pair gets an instruction that makes its picture of the scene's, for the column "
        "`edit`.",
        examples=[True],
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
    difficulty: Annotated[
        Difficulty | None, BeforeValidator(read_difficulty, json_schema_input_type=Difficulty | bool | int | None)
    ] = Field(
        default=None,
        description="Levels of difficulty, for the column `difficulty`; or one level alone.",
        examples=[{"levels": 3, "order": "ascending"}],
    )
    wordings: Annotated[
        Wordings | None, BeforeValidator(read_wordings, json_schema_input_type=Wordings | SomeNames | None)
    ] = Field(
        default=None,
        description="Templates that every scene is put in, too, for the column `wordings`; or a mapping with `count`.",
        examples=[["short", "long"]],
    )
    splits: dict[SplitName, Annotated[Split, expand("size", Annotated[int, Field(ge=0)] | Split)]] = Field(
        description="Rows in each split: a number, or a mapping with `size`.", examples=[{"train": 2000, "test": 200}]
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

    @field_validator("language")
    @classmethod
    def check_language(cls, language: str) -> str:
        """Take what looks like a code of ISO 639, which is what the Hub lists languages by."""
        if not re.fullmatch("[a-z]{2,3}", language):
            raise refuse(
                f"{show(language)} is no language",
                "write two or three small letters of ISO 639, such as `de`",
            )
        return language

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

    @field_validator("edits")
    @classmethod
    def check_edits(cls, edits: bool | None, info: ValidationInfo) -> bool | None:
        """Refuse instructions for what is not edited."""
        if edits and "pairs" in info.data and not info.data["pairs"]:
            raise refuse("`edits` has nothing to instruct without `pairs`", "add `pairs: true`, or a list of edits")
        return edits

    @field_validator("difficulty")
    @classmethod
    def check_order(cls, difficulty: Difficulty | None, info: ValidationInfo) -> Difficulty | None:
        """Refuse to sort what filters take rows out of: levels would not end where they should."""
        if difficulty and difficulty.order == "ascending" and info.data.get("filters"):
            raise refuse("`order: ascending` does not go with `filters`", "leave one of them out; sort the rows after")
        return difficulty

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

        Sizes of splits are not in it, since a larger split begins with the rows of the smaller one, unless it is
        sorted by difficulty. Neither are keys
        without a value, so that a key that later versions add leaves the rows of recipes without it as they are.
        """
        fields = self.model_dump(
            mode="json", exclude_none=True, exclude={"version", "description", "license", "language"}
        )
        for name in Paraphrase.RUN_TIME if self.paraphrase else ():
            fields["paraphrase"].pop(name, None)
        options = {name: split.model_dump(exclude={"size"}, exclude_none=True) for name, split in self.splits.items()}
        if self.difficulty and self.difficulty.order == "ascending":
            options = {name: {**options[name], "size": split.size} for name, split in self.splits.items()}
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
            if "$ref" in key:  # a part of which nothing is said yet
                key["anyOf"] = [{"$ref": key.pop("$ref")}, {"type": "null"}]
    extends = {"type": "string", "description": "The recipe that this one changes: a shipped one's name, or a path."}
    schema["properties"] = {"extends": extends, **schema["properties"]}
    schema["title"] = "Recipe of a Generate Any Scene dataset"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
