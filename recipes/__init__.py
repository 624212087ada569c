"""Recipes, as YAML: datasets to build, and runs of training and evaluation on them."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePath

SUFFIXES = (".yaml", ".yml")


def list_recipes(kind: str = "datasets") -> list[str]:
    """Name the shipped recipes of a kind, which is a folder here. None of them is read."""
    return [name for name in list_files(kind) if not name.startswith("_")]


def list_files(kind: str) -> dict[str, Traversable]:
    """Map the names of all shipped recipes of a kind, parents too, to their files."""
    folder = resources.files(__package__) / kind
    files = {PurePath(file.name).stem: file for file in folder.iterdir() if file.name.endswith(SUFFIXES)}
    return dict(sorted(files.items()))
