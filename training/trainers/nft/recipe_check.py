"""What is wrong with a recipe of DiffusionNFT, found from configs and all rows: no weight is loaded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import diffusers

from ....errors import Problem
from ...recipes.nft import Nft
from ...rewards.checking import check_rewards, check_rows
from ...rewards.opening import list_judge_models
from ...upstream import count_processes, read_keys
from ..finetune import recipe_check as finetune
from ..finetune.families import FAMILIES
from .policy import read_as_finetune
from .training_loop import COLUMNS, SANDBOX_COLUMNS

OURS = {**finetune.OURS, "latents": "each picture has its own", "height": "say `resolution`"}
OURS |= {"width": "say `resolution`", "prompt_embeds": "the rows say it"}
"""What pipelines are called with and the recipe says elsewhere."""


def check(recipe: Nft, rows: Any, missing: Collection[str] = ()) -> list[Problem]:
    """Finds what a training would stumble over: keys, rows, models and their names."""
    problems: list[Problem] = []
    if count_processes() > 1:
        what = "reinforcement learning of a diffusion model runs in one process"
        problems.append(Problem(what, key="kind", hint="start it by `gas train` alone"))
    problems += _check_model(recipe, missing)
    others = (
        ("held_out.data", recipe.held_out.data if recipe.held_out else None, COLUMNS),
        ("sandbox_model.data", recipe.sandbox_model.data if recipe.sandbox_model else None, SANDBOX_COLUMNS),
    )
    problems += check_rows(recipe, rows, others, missing)
    return [*problems, *check_rewards(recipe, missing)]


def find_inputs(recipe: Nft) -> dict[str, tuple[str, str | None]]:
    """The models and files that a training depends on, with their revisions, by key."""
    models = finetune.find_inputs(read_as_finetune(recipe, recipe.model)) if recipe.model else {}
    return {**models, **list_judge_models(recipe)}


def _check_model(recipe: Nft, missing: Collection[str]) -> list[Problem]:
    """What fine-tuning would find, and what pipelines are called with."""
    kind = diffusers.PRXPixelPipeline if recipe.sandbox_model else None
    away = {*missing, "model"} if recipe.sandbox_model else missing
    as_finetune = read_as_finetune(recipe, recipe.model or "unused")
    problems = finetune.check(as_finetune, None, away)
    problems = [one for one in problems if one.key != "flow"]  # which no recipe of this kind has
    if "model" not in away and not {one.key for one in problems} & {"model", "revision"}:
        name = diffusers.DiffusionPipeline.load_config(recipe.model, revision=recipe.revision)["_class_name"]
        kind = getattr(diffusers, name)
        if not FAMILIES[name].is_flow:
            able = ", ".join(one for one, family in FAMILIES.items() if family.is_flow)
            problems.append(Problem(f"`{recipe.model}` is a {name}, which predicts noise", key="model", hint=able))
    if kind:
        problems += read_keys(recipe.options, vars(kind)["__call__"], "options", OURS)[1]
    return problems
