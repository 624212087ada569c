"""What all kinds of trainings have in common, and evaluations with them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from ...builders.recipe.fields import Part, Text
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
