"""Recipes that people hand in: all that is wrong with one is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import GasError, Problem, RecipeError
from ..recipe.loading import LoadedRecipe, load_recipe


def load_checked(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedRecipe:
    """Loads a recipe. Where that fails, looks for what else a build would find wrong with it, to tell it at once.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: There is no such recipe.
    """
    with tell_all():
        return load_recipe(name_or_path, overrides)


def load_source(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedRecipe:
    """Loads a recipe where a built folder might stand, too, and is not.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: It is neither.
    """
    try:
        return load_checked(name_or_path, overrides)
    except RecipeError:
        raise
    except GasError as error:
        message = f"{error}; or give a folder that `gas build` wrote"
        raise GasError(message, exit_status=error.exit_status) from error


@contextmanager
def tell_all() -> Iterator[None]:
    """Adds to what is wrong with a recipe what else a build would find wrong with it."""
    try:
        yield
    except RecipeError as error:
        raise RecipeError([*error.problems, *drop_consequences(_find_further(error), error.problems)]) from error


def _find_further(error: RecipeError) -> Sequence[Problem]:
    """What is wrong with the rest of a recipe."""
    from .writer import create_writer  # heavy, and a recipe without mistakes needs none to be read

    if error.rest is None or "taxonomy" in {_name_section(one.key) for one in error.problems}:
        return ()
    try:
        create_writer(error.rest)
    except RecipeError as further:
        return further.problems
    return ()


def drop_consequences(further: Iterable[Problem], problems: Iterable[Problem]) -> list[Problem]:
    """Further problems, but for those of sections whose wrong values were left out."""
    # Without an unknown key its section is whole.
    spoiled = {_name_section(one.key) for one in problems if not one.message.startswith("unknown key")}
    return [one for one in further if not spoiled & {*map(_name_section, (one.key, *one.others))}]


def _name_section(key: str | None) -> str:
    """The part of a recipe where a key stands: `structure`, `content.objects`."""
    return ".".join((key or "").split(".")[: 2 if key and key.startswith("content.") else 1])
