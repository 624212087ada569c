"""Questions of the exam as multiple choice: what the Hub's own runner of benchmarks can ask without code of ours."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from ...taxonomy.english.numerals import write_number
from ..pictures import encode_png
from .papers import Sheet
from .spoiling import MOST

NUMBERS = [write_number(number) for number in range(MOST + 1)]
"""Choices of a question about a number, as many as there may be of a shape."""


def list_choices(question: Mapping[str, Any]) -> Sequence[str]:
    """The choices of a question; none where it is open."""
    if question["form"] == "yes_no":
        return ["yes", "no"]
    if question["form"] == "count":
        return NUMBERS
    return list(question["choices"])


def write_picture(sheet: Sheet) -> bytes:
    """A sheet's picture as PNG."""
    return encode_png(sheet.draw())


def write_uri(picture: bytes) -> str:
    """A PNG as a data URI, which is how `inspect-ai` takes pictures of a dataset."""
    return f"data:image/png;base64,{b64encode(picture).decode()}"


def list_rows(sheets: Sequence[Sheet]) -> Iterator[dict[str, Any]]:
    """Lists the questions with choices, the right one by its letter."""
    for sheet in sheets:
        image = write_uri(write_picture(sheet))
        for item in sheet.items:
            if choices := list_choices(item.question):
                yield {
                    "id": f"{sheet.id}/{item.place}",
                    "image": image,
                    "question": item.question["question"],
                    "choices": list(choices),
                    "target": ascii_uppercase[list(choices).index(item.question["answer"])],
                    "form": item.question["form"],
                    "kind": item.question["kind"],
                    "is_true": item.is_true,
                    "error": sheet.error,
                    "scene": sheet.scene.id,
                }
