"""Recipes that people hand in: all that is wrong with one is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import Problem, RecipeError
from ..recipe.loading import LoadedRecipe, load_recipe


def load_checked(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedRecipe:
    """Loads a recipe. Where that fails, looks for what else a build would find wrong with it, to tell it at once.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: There is no such recipe.
    """
    try:
        return load_recipe(name_or_path, overrides)
    except RecipeError as error:
        raise RecipeError([*error.problems, *_find_further(error)]) from error


def _find_further(error: RecipeError) -> list[Problem]:
    """What is wrong with the rest of a recipe, but for the sections whose wrong values were left out."""
    from .writer import create_writer  # heavy, and a recipe without mistakes needs none to be read

    if error.rest is None:
        return []
    try:
        create_writer(error.rest)
    except RecipeError as further:
        unknown = "unknown key"  # whose section is whole without it
        spoiled = {_name_section(one.key) for one in error.problems if not one.message.startswith(unknown)}
        return [one for one in further.problems if not spoiled & {_name_section(one.key), "taxonomy"}]
    return []


def _name_section(key: str | None) -> str:
    """The part of a recipe where a key stands: `structure`, `content.objects`."""
    return ".".join((key or "").split(".")[: 2 if key and key.startswith("content.") else 1])
