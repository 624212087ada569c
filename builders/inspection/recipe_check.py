"""Checks a recipe as a build would, without writing anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ...errors import Problem, RecipeError
from ...taxonomy.guesses import describe_guesses
from ..recipe.loading import LoadedRecipe, load_recipe
from ..rows.writer import create_writer

SAMPLE = 256
"""Scenes that are written in memory, so that templates and content are tried, too."""


@dataclass(frozen=True)
class ValidReport:
    """What a valid recipe leaves to draw from.

    Attributes:
        row_by_row: Parts of templates that look at words, which makes them slow.
        guessed: What is said by rule of words of a user's own, a line a table.
    """

    name: str
    version: str
    structures: int
    objects: int
    attributes: int
    relations: int
    scene_attributes: int
    row_by_row: list[str]
    guessed: list[str]


def load_checked(name_or_path: str, overrides: Iterable[str] = ()) -> LoadedRecipe:
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


def validate_recipe(loaded: LoadedRecipe) -> ValidReport:
    """Plans the recipe and writes a few rows of it in memory.

    Raises:
        GasError: What a build of the recipe would raise.
    """
    writer = create_writer(loaded)
    writer.write_block(next(iter(loaded.recipe.splits)), 0, SAMPLE)
    plan, pools = writer.plan, writer.plan.pools
    return ValidReport(
        loaded.recipe.name,
        loaded.recipe.version,
        len(plan.structures.table),
        len(np.unique(pools.objects)),
        len(pools.attributes),
        len(pools.relations),
        len(pools.scene_attributes.values),
        sorted(writer.captions.tracer.row_by_row | writer.questions.tracer.row_by_row),
        describe_guesses(loaded.recipe.taxonomy, loaded.folder),
    )
