"""How recipes and programs say which levels of difficulty a stream seeks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from ...builders.recipe.fields import Part, expand, read_number, refuse
from ..fields import Positive, Whole

Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(read_number)]
OF_TARGET = ("success", "width")


class CurriculumSettings(Part):
    """Which levels of difficulty a stream of scenes seeks, and how it finds out about them."""

    policy: Literal["uniform", "target", "spread"] = Field(
        default="spread",
        description="uniform: all levels alike; target: levels whose mean reward is near `success`; spread: levels in "
        "which rewards of a scene's pictures differ most.",
    )
    success: Share = Field(default=0.5, description="With `target`: the mean reward that is sought.")
    width: Positive = Field(
        default=0.2, description="With `target`: a level as far as this from `success` gets 0.6 of what the best gets."
    )
    least: Share = Field(
        default=0.2, description="The part of the stream that all levels share alike, so that each is still tried."
    )
    memory: Whole = Field(
        default=64, description="Over how many of a level's scenes its figures are a mean: older ones fade."
    )

    @model_validator(mode="after")
    def check_keys(self) -> CurriculumSettings:
        """Nothing that belongs to another policy."""
        given = [key for key in OF_TARGET if getattr(self, key) != type(self).model_fields[key].default]
        if given and self.policy != "target":
            raise refuse(f"`{given[0]}` does not go with `policy: {self.policy}`", "leave it out")
        return self


CurriculumField = Annotated[CurriculumSettings, expand("policy", str | CurriculumSettings)]
