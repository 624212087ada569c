"""What a recipe may say of rows that are left out once they are made; scores of models are the names of files."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    Field,
    model_validator,
)

from .fields import (
    AnyNumber,
    Part,
    Shares,
    Text,
    refuse,
    show,
)

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


class Filter(Part):
    """Which rows are kept, by one number of each."""

    min: AnyNumber | None = Field(default=None, description="The least number of a row that is kept.", examples=[0.4])
    max: AnyNumber | None = Field(
        default=None, description="The largest number of a row that is kept.", examples=[400]
    )
    quantile: Shares | None = Field(
        default=None,
        description="Which rows of each block of 8,192 candidates are kept, as two shares of them by their numbers: "
        "[0, 0.5] keeps the lower half.",
        examples=[[0, 0.5]],
    )
    model: Text | None = Field(
        default=None,
        description="The model that scores captions: on the Hub, or a folder.",
        examples=["openai-community/gpt2"],
    )
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.", examples=["main"])
    dtype: Literal["float32", "bfloat16", "float16"] | None = Field(
        default=None, description="In what it computes; float32 when left out.", examples=["bfloat16"]
    )
    label: Text | None = Field(
        default=None, description="Of a classifier of several labels, the one that counts.", examples=["plausible"]
    )

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
