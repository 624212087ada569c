"""Scenes whose difficulty follows the rewards, in the place of a dataset's in its own order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ....builders.rows.single import open_writer
from ....errors import GasError, Problem, RecipeError
from ...curriculum.streaming import LEVELS, Stream, open_stream
from ...recipes.grpo import Grpo

CURRICULUM = "curriculum.jsonl"
"""The log of the stream: all scenes with their levels, and what they were rewarded with."""


def open_scenes(recipe: Grpo, make_row: Callable[[dict[str, Any]], dict[str, Any]], log: Path | None = None) -> Stream:
    """Opens the stream that a recipe asks for; with a log that is there it goes on from that.

    Raises:
        GasError: The dataset's recipe has no levels that can be chosen from, or the log is of another stream.
    """
    data = recipe.data
    assert data.recipe and recipe.curriculum
    overrides = dict(data.overrides)
    if open_writer(data.recipe, overrides).plan.recipe.difficulty is None:
        overrides["difficulty"] = LEVELS
    return open_stream(open_writer(data.recipe, overrides), data.split, recipe.curriculum, make_row, log)


def check_curriculum(recipe: Grpo, values: Mapping[str, Any]) -> list[Problem]:
    """Finds what a stream of scenes cannot be made of, or trained on."""
    problems = list[Problem]()
    try:
        open_scenes(recipe, dict)
    except RecipeError:
        pass  # told of the rows, too
    except GasError as error:
        problems.append(Problem(str(error), key="data.overrides"))
    if not values.get("max_steps", 0) > 0:
        what = "a curriculum has no end, so it is to be said when the training has"
        problems.append(Problem(what, key="trainer.max_steps", hint="add it, such as `max_steps: 500`"))
    return problems


def follow_rewards(scenes: Stream, functions: Sequence[Any], weights: Sequence[float] | None) -> list[Any]:
    """Has a stream follow what a training's rewards give; those that do not count it is not told."""
    counted = [weight for weight in weights or [1.0] * len(functions) if weight]
    return [*scenes.follow(functions[: len(counted)], counted), *functions[len(counted) :]]
