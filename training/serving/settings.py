"""How answers count, and how much the server takes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from ...builders.recipe.fields import Part
from ...builders.recipe.loading import drop_nulls, read_overrides
from ...builders.recipe.validation import validate
from ...builders.recipe.yaml_document import Document, merge
from ..fields import Positive, Whole, WholeOrZero

MEGABYTE = 2**20


class ServingSettings(Part):
    """What `gas serve --set` takes."""

    by: Literal["probability", "words"] = Field(
        default="probability",
        description="A question is worth how probable the judge finds its answer; or, by words, 1 if it is right.",
        examples=["words"],
    )
    dependencies: bool = Field(
        default=True, description="A question is worth no more than those that it depends on.", examples=[False]
    )
    mean: Literal["kinds", "questions"] = Field(
        default="kinds",
        description="Over kinds of questions, of the mean in each; or over questions.",
        examples=["questions"],
    )
    combine: Literal["mean", "least"] = Field(
        default="mean",
        description="Of several judges, the mean or the least of what a question is worth counts.",
        examples=["least"],
    )
    questions: Whole | None = Field(
        default=None,
        description="How many of a prompt's questions are asked, always the same; all when left out.",
        examples=[12],
    )
    seed: WholeOrZero = Field(default=0, description="Draws those questions.", examples=[1])
    batch: Whole = Field(default=32, description="Pictures that judges are asked about at once.", examples=[64])
    timeout: Positive = Field(
        default=110.0,
        description="Seconds after which a request is given up; less than clients wait, so that they learn why.",
        examples=[50],
    )
    waiting: Whole = Field(
        default=16384, description="Requests that may be open at once; more are told to come again.", examples=[1000]
    )
    pictures: Whole = Field(
        default=4096,
        description="Pictures that are held to be scored; further requests wait for their turn.",
        examples=[1024],
    )
    memory: Whole = Field(
        default=1024, description="Megabytes of requests that are held; further ones wait unread.", examples=[256]
    )
    body: Whole = Field(default=256, description="Megabytes that one request may have.", examples=[64])
    pixels: Whole = Field(default=2**22, description="Pixels that a picture may have.", examples=[1048576])
    frames: Whole = Field(default=64, description="Frames that a video may have.", examples=[16])

    @property
    def most_bytes(self) -> int:
        """The largest request; one that is larger than all that is held would never be read."""
        return min(self.body, self.memory) * MEGABYTE


def read_settings(overrides: Iterable[str] | Mapping[str, Any] = ()) -> ServingSettings:
    """Reads settings as `--set` takes them.

    Raises:
        RecipeError: With all that is wrong with keys and values.
    """
    document = Document()
    for one in read_overrides(overrides):
        document = merge(document, one)
    document.value = drop_nulls(document.value)
    return validate(ServingSettings, document)
