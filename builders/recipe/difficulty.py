"""What a recipe may say of how difficult its scenes are."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from .fields import Number, Part, read_whole, refuse, show

MOST_LEVELS = 100
MOST_PARTS = 1000
"""Rows in which every level has exactly its share, at most."""

Level = Annotated[int, Field(ge=1, le=MOST_LEVELS), BeforeValidator(read_whole)]


class Difficulty(Part):
    """Levels of difficulty, and how many rows are of each."""

    levels: Annotated[int, Field(ge=2, le=MOST_LEVELS), BeforeValidator(read_whole)] = Field(
        default=3,
        description="How many levels there are: all scores of structures (objects + attributes + 2 x relations), cut "
        "into runs of as many scores each.",
        examples=[5],
    )
    order: Literal["mixed", "ascending"] = Field(
        default="mixed", description="In which order levels come in a split.", examples=["ascending"]
    )
    shares: tuple[Number, ...] | None = Field(
        default=None,
        description="How many rows each level gets, against the others, from the easiest; as many when left out.",
        examples=[[50, 30, 20]],
    )
    only: Level | None = Field(default=None, description="Every row is of this level, from 1.", examples=[2])

    @model_validator(mode="after")
    def check_levels(self) -> Difficulty:
        """Refuse shares of other levels than there are, and a level that is not there."""
        if self.only is not None and self.only > self.levels:
            raise refuse(f"there is no level {self.only} of {self.levels}", f"write at most {self.levels}")
        if self.only is not None and self.order != "mixed":
            raise refuse("one level alone has no order", "leave `order` or `only` out")
        if self.shares is not None:
            if len(self.shares) != self.levels:
                raise refuse(f"{len(self.shares)} shares are not {self.levels}", "write one for each level")
            if not any(self.shares):
                raise refuse("every share is 0", "give one of the levels some")
            if sum(self.list_parts()) > MOST_PARTS:
                hint = "write whole percentages, such as [50, 30, 20]"
                raise refuse(f"{show(self.shares)} are too fine: they are even in more than {MOST_PARTS:,} rows", hint)
        return self

    def list_parts(self) -> tuple[int, ...]:
        """How many rows each level has of the fewest in which all have their shares."""
        if self.only is not None:
            return tuple(int(level == self.only) for level in range(1, self.levels + 1))
        shares = [Fraction(str(share)) for share in self.shares or [1] * self.levels]
        whole = lcm(*(share.denominator for share in shares))
        parts = [int(share * whole) for share in shares]
        return tuple(part // gcd(*parts) for part in parts)

    @model_serializer(mode="wrap")
    def write_short(self, handler: SerializerFunctionWrapHandler) -> Any:
        """Leave out what says nothing."""
        fields = handler(self)
        return {name: fields[name] for name in fields if name in ("levels", "order") or fields[name] is not None}


def read_difficulty(value: Any) -> Any:
    """Take one level alone for a mapping with `only`, and true and false for all defaults and nothing."""
    if isinstance(value, bool):
        return {} if value else None
    return {"only": value} if isinstance(value, int) else value
