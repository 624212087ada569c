"""What all kinds of trainings have in common, and evaluations with them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from ...builders.hub.client import is_repo_name
from ...builders.recipe.fields import Part, Text, refuse, show
from ..fields import Rows, WholeOrZero


class Job(Part):
    """What all trainings and evaluations have in common."""

    name: Text = Field(description="Its name.")
    description: str = Field(default="", description="One paragraph: what it is for.")
    kind: Text = Field(description="What is done.")
    output: Text | None = Field(
        default=None, description="The folder for results; `runs/` and the name when left out."
    )
    seed: WholeOrZero = Field(default=0, description="Another seed gives another run.")

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return Path(self.output or f"runs/{self.name}")


class Training(Job):
    """What all trainings have in common."""

    data: Rows = Field(description="Rows to train on.")
    push: Text | None = Field(
        default=None, description="A model repository on the Hub to push `model/` to when it is done: me/adapter."
    )

    @property
    def leaves_one_model(self) -> bool:
        """Whether there is a `model/` at the end, and not one in a folder of each seed or reward."""
        return True

    @field_validator("push")
    @classmethod
    def check_push(cls, name: str | None) -> str | None:
        """A name that the Hub takes."""
        if name is not None and not is_repo_name(name):
            raise refuse(f"{show(name)} is no name of a repository", "write it as OWNER/NAME, such as me/adapter")
        return name
