"""Checks a recipe as a build would, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import RecipeError
from ...taxonomy.guesses import describe_guesses, describe_shared_words
from ..content.draw import draw_block
from ..content.filter_report import describe_excluded
from ..recipe.loading import LoadedRecipe
from ..rows.writer import create_writer
from .weaknesses import find_dropped, find_weaknesses

SAMPLE = 256
"""Scenes that are written in memory, so that templates and content are tried, too."""


@dataclass(frozen=True)
class ValidReport:
    """What a valid recipe leaves to draw from.

    Attributes:
        row_by_row: Parts of templates that look at words, which makes them slow.
        excluded: How much each `exclude` takes, a line a table.
        guessed: What is said by rule of words of a user's own, a line a table.
        warnings: What the recipe asks for and its scenes do not show, each with a number and its place.
    """

    name: str
    version: str
    structures: int
    objects: int
    attributes: int
    relations: int
    scene_attributes: int
    row_by_row: list[str]
    excluded: list[str]
    guessed: list[str]
    warnings: list[str]


def validate_recipe(loaded: LoadedRecipe) -> ValidReport:
    """Plans the recipe and writes a few rows of it in memory.

    Raises:
        GasError: What a build of the recipe would raise, but for models of filters, which it alone looks for.
    """
    writer = create_writer(loaded)
    writer.paraphrases = None  # a model is asked by builds alone
    plan, pools = writer.plan, writer.plan.pools
    split = next(iter(loaded.recipe.splits))
    scenes = draw_block(plan, split, 0, 0, SAMPLE)
    rows = writer.write(scenes, split)
    dropped = loaded.locate(RecipeError(find_dropped(writer, split)))
    return ValidReport(
        loaded.recipe.name,
        loaded.recipe.version,
        len(plan.structures.table),
        len(np.unique(pools.objects)),
        len(pools.attributes),
        len(pools.relations),
        len(pools.scene_attributes.values),
        sorted(writer.captions.tracer.row_by_row | writer.questions.tracer.row_by_row),
        list(describe_excluded(loaded.recipe, plan.taxonomy)),
        describe_guesses(loaded.recipe.taxonomy, loaded.folder),
        [
            *map(str, find_weaknesses(loaded, plan, scenes, rows)),
            *map(str, dropped.problems),
            *describe_shared_words(plan.taxonomy),
        ],
    )
