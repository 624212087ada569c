"""What is wrong with a recipe of DiffusionNFT, found from configs and all rows: no weight is loaded."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import diffusers

from ....errors import GasError, Problem, advise, gather_problems
from ...data import load_rows
from ...judges.marking import Question, choose_questions, read_questions, word_question
from ...judges.settings import RewardJudge
from ...judges.trust import read_weights
from ...recipes.nft import Nft
from ...rewards.by_similarity import find_picture_metric
from ...sandbox.judge import SandboxJudge, read_question
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
    if rows is not None:
        problems += _check_questions(recipe, rows, "data")
    if recipe.held_out and "held_out.data.path" not in missing:
        with gather_problems(problems):
            held_out = load_rows(recipe.held_out.data, COLUMNS, "held_out.data")
            problems += _check_questions(recipe, held_out, "held_out.data")
    if recipe.sandbox_model and "sandbox_model.data.path" not in missing:
        with gather_problems(problems):
            load_rows(recipe.sandbox_model.data, SANDBOX_COLUMNS, "sandbox_model.data")
    return [*problems, *_check_reward(recipe)]


def find_inputs(recipe: Nft) -> dict[str, tuple[str, str | None]]:
    """The models and files that a training depends on, with their revisions, by key."""
    models = finetune.find_inputs(read_as_finetune(recipe, recipe.model)) if recipe.model else {}
    judges = {f"{key}.model": (one.model, one.revision) for key, one in list_judges(recipe).items()}
    return {**models, **{key: (name, revision) for key, (name, revision) in judges.items() if name}}


def list_judges(recipe: Nft) -> dict[str, RewardJudge]:
    """Who is asked, by the key where it stands, but for those behind a server."""
    others = {f"reward.judges.{place}": one for place, one in enumerate(recipe.reward.judges)}
    return {key: one for key, one in {"judge": recipe.judge, **others}.items() if one.kind != "endpoint"}


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


def _check_questions(recipe: Nft, rows: Any, key: str) -> list[Problem]:
    """Whether each row has questions that are asked, and that the sandbox's judge can read, if it is asked."""
    kinds: set[str] = set()
    empty, unread = [], dict[int, str]()
    by_sandbox = any(one.kind == "sandbox" for one in list_judges(recipe).values())
    for place, asked in enumerate(rows["questions"][:]):
        try:
            chosen = choose_questions(asked, recipe.question_kinds)
        except GasError as error:
            return [Problem(f"row {place}: {error}", key=key)]
        kinds |= {one["kind"] for one in read_questions(asked)}
        if not chosen:
            empty.append(place)
        elif by_sandbox and (words := _find_unreadable(chosen)):
            unread[place] = words
    if strange := [kind for kind in recipe.question_kinds or () if kind not in kinds]:
        hint = advise(strange[0], sorted(kinds))
        return [Problem(f"no row has a question of the kind `{strange[0]}`", key="question_kinds", hint=hint)]
    problems = []
    if empty:
        what = f"{len(empty):,} of {rows.num_rows:,} rows have no questions, so nothing rewards them; the first is row"
        problems.append(Problem(f"{what} {empty[0]}", key=key, hint="ask for other kinds, or leave these rows out"))
    if unread:
        place, words = next(iter(unread.items()))
        what = f"{len(unread):,} of {rows.num_rows:,} rows ask what the judge cannot answer; row {place}: {words}"
        problems.append(Problem(what, key=key, hint="take `recipe: sandbox`, or `judge: {kind: model}`"))
    return problems


def _find_unreadable(questions: list[Question]) -> str:
    """The first question that the sandbox's judge does not understand, in its words."""
    found: list[Problem] = []
    for one in questions:
        with gather_problems(found):
            read_question(word_question(one))
    return found[0].message if found else ""


def _check_reward(recipe: Nft) -> list[Problem]:
    problems: list[Problem] = []
    if recipe.reward.of != "answers":
        with gather_problems(problems, "reward.of"):
            find_picture_metric(recipe.reward.of)
            with gather_problems(problems, "reward.options"):
                find_picture_metric(recipe.reward.of, recipe.reward.options)
    for key, judge in list_judges(recipe).items():
        if judge.weights:
            with gather_problems(problems, f"{key}.weights"):
                known = SandboxJudge.id if judge.kind == "sandbox" else None
                read_weights(judge.weights, known, by=recipe.reward.by)
    return problems
