"""The formats of `gas export` that hold edits of pictures, a file each, named as `--format` is.

A file has a docstring, whose first line says in help and completion what is written, and after what it is made; and

    lay_out(edits) -> dict[str, str]

all other files of the folder and their texts, of pictures that lie in it. Paths start in the folder, so that it can be
moved. Each folder also has `edits.jsonl`, with the questions by which an edit is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from ..formats import read_first_lines


@dataclass(frozen=True)
class PictureEdit:
    """An edit of a picture.

    Attributes:
        source: The picture that is edited, a path within the folder.
        target: What it should become.
        instruction: What is to be done, on one line.
    """

    source: str
    target: str
    instruction: str


def list_edit_formats() -> dict[str, str]:
    """Names of all formats that hold edits of pictures, and what each writes. No file is imported."""
    return read_first_lines(__path__)


def load_edit_format(name: str) -> Callable[[Sequence[PictureEdit]], dict[str, str]]:
    """The function that lays out a format that is listed."""
    lay_out: Callable[[Sequence[PictureEdit]], dict[str, str]] = import_module(f".{name}", __package__).lay_out
    return lay_out
