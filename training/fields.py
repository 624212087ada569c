"""Fields that recipes of trainings, the model of the sandbox and judges have in common: numbers, and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..builders.recipe.fields import Part, Text, expand, read_number, read_whole, refuse, refuse_repeats
from ..builders.rows.wordings import CHOICES

Whole = Annotated[int, Field(ge=1), BeforeValidator(read_whole)]
WholeOrZero = Annotated[int, Field(ge=0), BeforeValidator(read_whole)]
Seeds = Annotated[tuple[WholeOrZero, ...], AfterValidator(refuse_repeats)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(read_number)]
Verbatim = dict[str, Any]
"""Keys and values of upstream's own."""


def _write_place(value: Any) -> Any:
    """Take a place as text, as names are."""
    return str(value) if type(value) is int else value


class Data(Part):
    """Rows to train on: those of a dataset recipe, or whatever `datasets.load_dataset` opens."""

    recipe: Text | None = Field(
        default=None, description="A dataset recipe, by its name or path; its rows are made when they are asked for."
    )
    overrides: Verbatim = Field(
        default={}, description="Keys of the dataset recipe to override, such as {seed: 1, splits: {train: 100}}."
    )
    draw: Literal["sandbox", "camera"] | None = Field(
        default=None,
        description="sandbox: add the column `image`, a picture of each scene of the sandbox; camera: a photo of it.",
    )
    path: Text | None = Field(
        default=None, description="What `load_dataset` opens: a folder, a dataset on the Hub, or a format."
    )
    name: Text | None = Field(default=None, description="Its config.")
    data_dir: Text | None = Field(default=None, description="A folder in it.")
    data_files: Text | tuple[Text, ...] | dict[Text, Any] | None = Field(default=None, description="Files in it.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    split: Text = Field(default="train", description="The split, also a part of one: `train[:10%]`.")
    columns: dict[Text, Text] = Field(
        default={}, description="What its columns are called where that differs, such as {caption: text}."
    )
    limit: Whole | None = Field(default=None, description="Take only the first rows.")
    wording: Annotated[Text, BeforeValidator(_write_place, json_schema_input_type=str | int)] | None = Field(
        default=None, description=f"Of rows with `wordings`, what takes the caption's place: {CHOICES}."
    )

    @model_validator(mode="after")
    def check_source(self) -> Data:
        """One source, and nothing that belongs to the other."""
        if (self.recipe is None) == (self.path is None):
            raise refuse("give either `recipe` or `path`", "such as `data: {recipe: multi_object}`")
        others = {"name", "data_dir", "data_files", "revision"} if self.recipe else {"overrides"}
        if others := {key for key in others if getattr(self, key)}:
            raise refuse(f"`{min(others)}` does not go with `{'recipe' if self.recipe else 'path'}`", "leave it out")
        return self


Rows = Annotated[Data, expand("recipe", str | Data)]

SOURCES: Mapping[str, set[str]] = {
    "recipe": {"recipe", "overrides", "draw"},
    "path": {"path", "name", "data_dir", "data_files", "revision"},
}
"""Keys of `Data` that say where rows are from, and those that go with them."""
