"""What a recipe may say of captions, further wordings and paraphrases."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from .fields import (
    LARGEST_COUNT,
    Count,
    Number,
    Part,
    PositiveCount,
    SomeNames,
    Text,
    read_number,
    refuse,
    shorten,
)

HOTTEST = 2  # temperature that servers take


CLIP_TOKENS = 77
"""What CLIP's text encoder reads."""


def read_tokens(value: Any) -> Any:
    """Take the name of the encoder for the number of tokens that it reads."""
    return CLIP_TOKENS if value == "clip" else value


class Captions(Part):
    """How scenes are put into words, or a share of them."""

    template: Text = Field(
        default="default",
        description="A template in templates/captions, or a path beside the recipe.",
        examples=["prompt"],
    )
    weight: Annotated[float, Field(gt=0, le=LARGEST_COUNT), BeforeValidator(read_number)] = Field(
        default=1.0,
        description="In a list: how many scenes get this template, against the others' weights.",
        examples=[2],
    )

    unambiguous: bool = Field(
        default=False,
        description="Whether scenes are made of what can be read in one way; in a list, one that asks is enough.",
        examples=[True],
    )

    count_alike: bool = Field(
        default=False,
        description="Whether objects without relations that are alike are counted: two red balls.",
        examples=[True],
    )

    frames: PositiveCount | None = Field(
        default=None,
        description="How many of the template's frames are used, from the first; all when left out.",
        examples=[1],
    )

    max_words: PositiveCount | None = Field(
        default=None, description="No caption has more words, as white space parts them.", examples=[40]
    )

    max_tokens: (
        Annotated[
            PositiveCount,
            BeforeValidator(read_tokens, json_schema_input_type=int | Annotated[str, Field(pattern="^clip$")]),
        ]
        | None
    ) = Field(
        default=None,
        description="No caption has more tokens of CLIP, the two around it among them; clip for the 77 that it reads.",
        examples=["clip"],
    )

    @property
    def limit(self) -> str:
        """Say in words how long captions may be; an empty text where they may be as long as they are."""
        limits = {"words": self.max_words, "tokens of CLIP": self.max_tokens}
        return " and ".join(f"{most} {what}" for what, most in limits.items() if most is not None)

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
        min_length=1,
        description="Templates in templates/captions, or paths beside the recipe, in this order.",
        examples=[["short", "long"]],
    )
    count: PositiveCount | None = Field(
        default=None, description="Wordings of a scene; as many as there are templates when left out.", examples=[4]
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


class Paraphrase(Part):
    """Who words scenes anew, and how."""

    RUN_TIME: ClassVar = ("url", "api_key", "concurrency", "timeout", "retries", "dtype")
    """What no text depends on, so that it is not in the fingerprint."""

    model: Text = Field(
        description="A chat model: what the server calls it, or a folder or a name on the Hub.",
        examples=["Qwen/Qwen3-8B"],
    )
    url: Text | None = Field(
        default=None,
        description="The address of an OpenAI-compatible server; without it the model is loaded here.",
        examples=["http://localhost:8000/v1"],
    )
    count: PositiveCount = Field(default=2, description="Paraphrases of a scene.", examples=[4])
    template: Text = Field(
        default="default",
        description="A template in templates/paraphrases, or a path beside the recipe.",
        examples=["default"],
    )
    tries: PositiveCount = Field(
        default=3, description="How often one is asked for before it is left out.", examples=[5]
    )
    temperature: Number = Field(
        default=1.0, description="How freely words are chosen; 0 for the likeliest.", examples=[0.7]
    )
    system: str = Field(
        default="", description="What the system says before; nothing, perhaps.", examples=["You write captions."]
    )
    max_new_tokens: PositiveCount = Field(default=512, description="The longest paraphrase.", examples=[200])
    revision: Text | None = Field(
        default=None, description="Of a model that is loaded: a branch, tag or commit.", examples=["main"]
    )
    dtype: Text = Field(default="auto", description="Of the weights of a model that is loaded.", examples=["bfloat16"])
    chat_template: dict[str, Any] = Field(
        default={},
        description="Arguments of its chat template, such as {enable_thinking: false}.",
        examples=[{"enable_thinking": False}],
    )
    extra_body: dict[str, Any] = Field(
        default={}, description="Further fields of requests, as the server knows them.", examples=[{"top_p": 0.9}]
    )
    api_key: Text | None = Field(
        default=None,
        description="The environment variable that holds the server's key, such as OPENAI_API_KEY.",
        examples=["OPENAI_API_KEY"],
    )
    concurrency: PositiveCount = Field(
        default=16, description="Texts that the server has in hand at once.", examples=[64]
    )
    timeout: Annotated[float, Field(gt=0), BeforeValidator(read_number)] = Field(
        default=120.0, description="Seconds that the server may take for one.", examples=[300]
    )
    retries: Count = Field(
        default=5, description="How often one is asked for again after a failure of the server.", examples=[8]
    )

    @field_validator("temperature")
    @classmethod
    def check_temperature(cls, temperature: float) -> float:
        """Refuse what no server takes."""
        if temperature > HOTTEST:
            raise refuse(f"{temperature:g} is no temperature", f"write a number from 0 to {HOTTEST}")
        return temperature
