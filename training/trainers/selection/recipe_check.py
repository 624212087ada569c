"""What is wrong with a recipe for training on selected pictures; no weight is loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from ....errors import Problem, RecipeError, gather_problems
from ...data import load_rows
from ...evaluation.backends.loading import check_backend
from ...metrics.loading import check_options, find_metric, takes_judge
from ...recipes.selection import Selection
from .captions import MORE, count_captions
from .students import load_stage


def check(recipe: Selection, rows: Any = None, missing: Collection[str] = ()) -> list[Problem]:
    """Finds what the stages would stumble over, from recipes, configs and rows."""
    problems = list(_check_pictures(recipe))
    problems += _check_score(recipe, rows)
    problems += _check_captions(recipe, rows)
    with gather_problems(problems):
        for name, data in recipe.held_out.items():
            load_rows(data, ("id", "caption", "questions"), f"held_out.{name}", also=MORE)
        if recipe.mine:
            load_rows(recipe.mine.data, ("id", "caption", "questions", "scene_graph"), "mine.data")
    if recipe.training and "pictures.model" not in missing:
        problems += _check_training(recipe)
    return problems


def find_inputs(recipe: Selection) -> dict[str, tuple[str, str | None]]:
    """The model that learns, if it is there already; what a teacher is, each stage writes down."""
    if recipe.sandbox or not recipe.pictures.model:
        return {}
    return {"pictures.model": (recipe.pictures.model, getattr(recipe.pictures, "revision", None))}


def _check_pictures(recipe: Selection) -> Iterator[Problem]:
    yield from check_backend(recipe.pictures)
    for problem in check_backend(recipe.teacher) if recipe.teacher else ():
        key = (problem.key or "pictures").replace("pictures", "teacher", 1)
        yield replace(problem, key=key)


def _check_score(recipe: Selection, rows: Any) -> list[Problem]:
    ((name, options),) = recipe.score.items()
    problems: list[Problem] = []
    with gather_problems(problems, f"score.{name}"):
        metric, asks = find_metric(name), takes_judge(name)
        check_options(name, metric, {"judge": None, **options} if asks else options)
        if metric.needs == "sets":
            what = f"{name} measures all pictures of a scene together, and tells none from another"
            raise RecipeError([Problem(what, key="score", hint="take another, such as vqascore")])
        if (asks or metric.needs == "answers") and recipe.judge is None:
            what = f"nobody answers, whom {name} would ask"
            raise RecipeError([Problem(what, key="judge", hint="such as `judge: {model: Qwen/Qwen3-VL-4B-Instruct}`")])
        if metric.needs == "answers" and rows is not None and "questions" not in rows.column_names:
            what = f"{name} needs `questions`, which the data has not"
            raise RecipeError([Problem(what, key="score", hint="take vqascore or clip_score, which read captions")])
    return problems


def _check_captions(recipe: Selection, rows: Any) -> list[Problem]:
    """Too few captions, of the recipe or of an arm."""
    needed, problems = count_captions(recipe), list[Problem]()
    if rows is not None:
        problems += _count(rows.num_rows, needed, "data")
    for name, arm in recipe.arms.items():
        key = f"arms.{name}.data"
        if arm.data:
            with gather_problems(problems):
                own = load_rows(arm.data, ("caption", "image") if arm.real else ("caption",), key, also=MORE)
                problems += _count(own.num_rows, needed, key)
        if arm.mined and recipe.data.recipe is None:
            what = "captions that lean on what was mined are made by a dataset recipe"
            problems.append(Problem(what, key="data", hint="such as `data: {recipe: multi_object}`"))
    return problems


def _count(there: int, needed: int, key: str) -> list[Problem]:
    if there >= needed:
        return []
    what = f"the data has {there:,} captions, and `iterations` of `captions` take {needed:,}"
    return [Problem(what, key=key, hint=f"give more, such as `overrides: {{splits: {{train: {needed}}}}}`")]


def _check_training(recipe: Selection) -> list[Problem]:
    """What is wrong with the recipe of the fine-tuning, as if it stood under `training.overrides`."""
    from ..finetune import check as check_stage

    try:
        stage = load_stage(recipe, recipe.seed).recipe
        found = check_stage(stage, None, {"data"})
    except RecipeError as error:
        found = list(error.problems)
    return [replace(one, file=None, line=None, column=None, key=f"training.overrides.{one.key}") for one in found]
