"""How the values of a recipe are read: numbers, ranges and names, and what is said when one cannot be meant."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from ...errors import escape as escape

LARGEST_COUNT = 1000  # of objects, attributes, ... in one scene: beyond it no caption could be read

RANGE = r"([0-9.]+) *- *([0-9.]+)"


Named = TypeVar("Named", str, int)


class Range(NamedTuple):
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int


class FloatRange(NamedTuple):
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float


def refuse(message: str, hint: str = "", kind: str = "recipe") -> PydanticCustomError:
    """Return the error to raise; `validation.py` shows its message and hint as they are."""
    return PydanticCustomError(kind, "{message}", {"message": message, "hint": hint})


def show(value: object) -> str:
    """Write a value the way that YAML does, so that people recognise it, in one line that is not too long."""
    words = {"True": "true", "False": "false", "None": "null"}
    text = str(list(value) if isinstance(value, tuple) else value)
    text = escape(words.get(text, text) if not isinstance(value, str) else text)
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def read_text(value: Any) -> str:
    """Take text only. The loader tries again with the text in the file, since YAML 1.1 reads `no` as false."""
    if not isinstance(value, str):
        hint = "put it in quotes: YAML does not read it as text" if isinstance(value, bool | int | float) else ""
        raise refuse(f"must be text, not {show(value)}", hint, kind="recipe_text")
    if not value.strip():
        raise refuse("must not be empty", "leave the key out to get its default")
    if not value.isprintable():
        raise refuse(f"{show(value)} has characters that cannot be printed")
    return value


def read_number(value: Any) -> float:
    """Take a number, also one that YAML 1.1 reads as text (`1e-4`); true and false are not numbers."""
    number = value
    if isinstance(value, str):
        try:
            number = float(value) if re.search("[.eE]", value) else int(value)
        except ValueError:
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise refuse(f"must be a number, not {show(value)}")
    if isinstance(number, float) and not math.isfinite(number):
        raise refuse(f"must be a finite number, not {show(value)}")
    return number


def read_whole(value: Any) -> int:
    """Take a whole number, also when it is written `3.0` or `1e4`."""
    try:
        number = read_number(value)
    except PydanticCustomError:
        number = math.nan
    if number != number or number != int(number):
        short = re.fullmatch(r"(\d{1,6})([km])", str(value).strip().casefold())
        hint = f"write {short[1]}{'000' if short[2] == 'k' else '000000'}" if short else ""
        raise refuse(f"must be a whole number, not {show(value)}", hint)
    return int(number)


def read_range(value: Any, read: Any = read_whole, least: int = 0) -> tuple[Any, Any]:
    """Take `[low, high]`, `low-high` or one number and return both ends."""
    hint = "write one number or a range, such as [3, 9] or 3-9"
    if isinstance(value, str) and (found := re.fullmatch(RANGE, value.strip())):
        value = found.groups()
    ends = value if isinstance(value, list | tuple) else (value, value)
    if isinstance(value, dict) or len(ends) != 2:
        raise refuse(f"must be [low, high] or one number, not {show(value)}", hint)
    try:
        low, high = map(read, ends)
    except PydanticCustomError as error:
        raise refuse(error.message(), hint) from error
    for end in (low, high):
        if not least <= end <= LARGEST_COUNT:
            raise refuse(f"must be between {least} and {LARGEST_COUNT}, not {show(end)}", hint)
    if low > high:
        raise refuse(f"the low end {low} is above the high end {high}", f"write [{high}, {low}]")
    return low, high


def read_top(value: Any) -> int | float:
    """Take a share as a float (`10%` is 0.1) or a count as an int."""
    hint = "write a share such as 10% or a whole number of concepts"
    if isinstance(value, str) and value.strip().endswith("%"):
        # Rounded so that a share survives being written and read again.
        percent = round(float(read_number(value.strip()[:-1].strip())), 6)
        if not 0 < percent <= 100:
            raise refuse(f"{show(value)} is not a share between 0% and 100%", hint)
        return percent / 100
    if isinstance(value, float):
        raise refuse(f"{show(value)} could be a share or a count", hint)
    count = read_whole(value)
    if count < 1:
        raise refuse(f"must be at least 1, not {count}", hint)
    return count


def write_top(value: int | float | None) -> int | str | None:
    """Write a share as it is read: 0.1 is `10%`."""
    return f"{round(value * 100, 6):.9g}%" if isinstance(value, float) else value


def wrap_one(value: Any) -> Any:
    """Let one name stand for a list of one."""
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, dict):
        raise refuse("must be a list of names, not a mapping", "write [first, second]")
    return [value]


def refuse_none(value: Any) -> Any:
    """Refuse an empty list, which would leave nothing: who means everything leaves the key out."""
    if isinstance(value, list) and not value:
        raise refuse("must name at least one", "leave the key out to get its default")
    return value


def refuse_repeats(values: tuple[Named, ...]) -> tuple[Named, ...]:
    """Let every name or number stand in a list once."""
    seen: set[Named] = set()
    for value in values:
        if value in seen:
            raise refuse(f"{show(value)} is named twice")
        seen.add(value)
    return values


Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT), BeforeValidator(read_whole)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_COUNT), BeforeValidator(read_whole)]
Number = Annotated[float, Field(ge=0, le=LARGEST_COUNT), BeforeValidator(read_number)]
Text = Annotated[str, BeforeValidator(read_text)]
Names = Annotated[
    tuple[Text, ...],
    BeforeValidator(wrap_one, json_schema_input_type=str | list[str]),
    AfterValidator(refuse_repeats),
]
SomeNames = Annotated[Names, BeforeValidator(refuse_none, json_schema_input_type=str | list[str])]
RangeText = Annotated[str, Field(pattern=f"^{RANGE}$")]
AsList = PlainSerializer(list)
Counts = Annotated[
    Range,
    PlainValidator(
        lambda value: Range(*read_range(value)), json_schema_input_type=Count | tuple[Count, Count] | RangeText
    ),
    AsList,
]
PositiveCounts = Annotated[
    Range,
    PlainValidator(
        lambda value: Range(*read_range(value, least=1)),
        json_schema_input_type=PositiveCount | tuple[PositiveCount, PositiveCount] | RangeText,
    ),
    AsList,
]
Numbers = Annotated[
    FloatRange,
    PlainValidator(
        lambda value: FloatRange(*map(float, read_range(value, read_number))),
        json_schema_input_type=Number | tuple[Number, Number] | RangeText,
    ),
    AsList,
]


def read_shares(value: Any) -> FloatRange:
    """Take a range of shares, both from 0 to 1."""
    low, high = read_range(value, read_number)
    if high > 1 or low == high:
        raise refuse(f"must be two shares from 0 to 1, not {show(value)}", "write a range, such as [0.1, 0.9]")
    return FloatRange(float(low), float(high))


Shares = Annotated[FloatRange, PlainValidator(read_shares, json_schema_input_type=tuple[float, float]), AsList]
AnyNumber = Annotated[float, BeforeValidator(read_number)]


class Part(BaseModel):
    """What all parts of a recipe have in common: they cannot be changed, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


def shorten(fields: dict[str, Any], only: str) -> Any:
    """Return the short form of a mapping that has no other key than `only`."""
    return fields[only] if list(fields) == [only] else fields


def expand(only: str, json_schema: Any) -> BeforeValidator:
    """Read the short form of a mapping: its value of `only` alone; `json_schema` is the type of both forms."""

    def read_short(value: Any) -> Any:
        return value if isinstance(value, dict | BaseModel | list) else {only: value}

    return BeforeValidator(read_short, json_schema_input_type=json_schema)
