"""The formats of `gas export` that hold pictures with their captions, a file each, named as `--format` is.

A file has a docstring, whose first line says in help and completion what is written, and after what it is made; and

    lay_out(pictures) -> dict[str, str]

all other files of the folder and their texts, of pictures that lie in it and their captions, each on one line. Paths
start in the folder, so that it can be moved. Pictures are taken whole and never flipped: left and right stand in
captions. Each format has the settings of our own recipes for the models that both can train, so far as they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import PurePosixPath
from typing import Final

from ..formats import read_first_lines

PICTURES: Final = "pictures"
"""The folder of pictures within that of a format."""
UPDATES, ACCUMULATED, RANK, RATE, SIDE = 1000, 4, 16, 1e-4, 1024
"""Updates, pictures in each, rank and scale of LoRA, learning rate, pixels: those of `finetune_today`."""


def list_picture_formats() -> dict[str, str]:
    """Names of all formats that hold pictures, and what each writes. No file is imported."""
    return read_first_lines(__path__)


def load_picture_format(name: str) -> Callable[[Mapping[str, str]], dict[str, str]]:
    """The function that lays out a format that is listed."""
    lay_out: Callable[[Mapping[str, str]], dict[str, str]] = import_module(f".{name}", __package__).lay_out
    return lay_out


def write_beside(pictures: Mapping[str, str]) -> dict[str, str]:
    """Each caption in a file beside its picture: `0.txt` for `0.png`."""
    return {str(PurePosixPath(path).with_suffix(".txt")): caption for path, caption in pictures.items()}
