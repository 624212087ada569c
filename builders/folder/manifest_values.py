"""The values of a manifest: which of them a build writes, and what is said of others."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ..recipe.fields import show
from ..recipe.model import DEVICE

LONGEST = 1000
"""Letters of a path."""


def refuse(message: str, *key: str | int) -> PydanticCustomError:
    """The error to raise; the key is where, from the model that raises it."""
    return PydanticCustomError("manifest", "{message}", {"message": message, "key": key})


def check_path(path: str) -> str:
    """Takes paths of files inside a folder, as a build writes them on all systems."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in path or ":" in path:
        raise refuse(f"{show(path)} is not inside the folder")
    strange = any(DEVICE.fullmatch(part) or part[-1] in ". " or len(part.encode()) > 255 for part in parts)
    if strange or not path.isprintable() or len(path) > LONGEST:
        raise refuse(f"{show(path)} is no name of a file")
    return path


Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Release = Annotated[str, Field(pattern="^[0-9A-Za-z][0-9A-Za-z.!+_-]*$", max_length=100)]
Word = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=100)]
Complexity = Annotated[str, Field(pattern="^[1-9][0-9]{0,3}$")]
FilePath = Annotated[str, AfterValidator(check_path)]

TYPES = {
    **{"int_type": "a whole number", "float_type": "a number", "string_type": "text", "list_type": "a list"},
    **{"tuple_type": "a list", "dict_type": "a mapping", "model_type": "a mapping"},
}
"""What Pydantic's errors ask for."""


def explain_error(details: Any) -> tuple[tuple[str | int, ...], str]:
    """The key and the message of one of Pydantic's errors."""
    kind, key, context, value = details["type"], details["loc"], details.get("ctx", {}), details["input"]
    key = tuple(part for part in key if part != "[key]") + context.get("key", ())
    if kind == "missing":
        return key, "is missing"
    if kind in TYPES:
        return key, f"must be {TYPES[kind]}, not {show(value)}"
    if kind == "string_pattern_mismatch":
        return key, f"{show(value)} is not what a build writes there"
    if kind == "literal_error":
        return key, f"{show(value)} is not one of {context['expected']}"
    if kind == "too_short":
        return key, "must hold at least one"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']:,}" if "ge" in context else f"at most {context['le']:,}"
        return key, f"must be {bound}, not {show(value)}"
    return key, context.get("message", details["msg"])
