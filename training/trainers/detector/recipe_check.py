"""What is wrong with a detector's recipe, found from configs and rows: no weight is loaded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch

from ....errors import Problem, RecipeError, advise, gather_problems
from ...models import shorten
from ...pictures import check_pictures
from ...recipes.detector import Detector
from ...upstream import is_first
from .features import describe_input, make_model
from .sources import (
    REAL,
    TEST,
    TRAIN,
    VALIDATION,
    Source,
    choose_parts,
    count_largest,
    digest_pictures,
    list_data,
    name_scenes,
    open_source,
    share_out,
)


def check(recipe: Detector, rows: Any = None, missing: Collection[str] = ()) -> list[Problem]:
    """Finds what a training would stumble over, from configs and all pictures: no weight is loaded."""
    problems = [*_check_mixtures(recipe)]
    size, wrong = _check_backbone(recipe)
    sources: dict[str, Source] = {}
    if rows is not None:
        sources[REAL] = open_source(REAL, "data", recipe.data, rows)
    for name, key, data in list_data(recipe):
        if f"{key}.path" not in missing:
            with gather_problems(wrong):
                sources[name] = open_source(name, key, data)
    problems += wrong
    if is_first():
        for source in sources.values():
            problems += check_pictures(source.rows, size, source.key)
    if not problems and len(sources) == 1 + len(list(list_data(recipe))):
        problems += _check_sizes(recipe, sources)
    return problems


def find_inputs(recipe: Detector) -> dict[str, tuple[str, str | None]]:
    """The backbone, where it is a folder; of timm's own, the run's record has the version of timm."""
    return {"backbone": (recipe.backbone, None)} if Path(recipe.backbone).is_dir() else {}


def _check_mixtures(recipe: Detector) -> list[Problem]:
    problems = []
    for mixture, shares in recipe.mixtures.items():
        for name in shares:
            if name not in recipe.made:
                what = f"`made` has no generator `{name}`"
                problems.append(Problem(what, key=f"mixtures.{mixture}.{name}", hint=advise(name, recipe.made)))
        if not shares:
            problems.append(Problem("names no generator", key=f"mixtures.{mixture}", hint="such as {sd15: 1}"))
    return problems


def _check_backbone(recipe: Detector) -> tuple[int, list[Problem]]:
    """The size that pictures are prepared to, and what is wrong; a model without weights looks at one."""
    if problem := _check_name(recipe):
        return 1, [problem]
    try:
        with torch.device("meta"):
            model = make_model(recipe, pretrained=False)
        size, _ = describe_input(model, recipe)
        shape = model(torch.zeros(1, 3, size, size, device="meta")).shape
    except (TypeError, ValueError, RuntimeError, AssertionError, KeyError, OSError) as error:
        key = "options" if recipe.options else "prepare.size" if recipe.prepare.size else "backbone"
        return 1, [Problem(f"`{recipe.backbone}` cannot be made so: {shorten(error)}", key=key)]
    if len(shape) != 2:
        what = f"`{recipe.backbone}` gives no single list of features for a picture, but the shape {tuple(shape)}"
        return size, [Problem(what, key="backbone", hint="take another, or another `options.global_pool`")]
    return size, []


def _check_name(recipe: Detector) -> Problem | None:
    name = recipe.backbone
    if Path(name).exists():
        if (Path(name) / "config.json").is_file():
            return None
        hint = "give a folder that `timm.models.save_for_hf` wrote"
        return Problem(f"`{name}` has no config.json of timm", key="backbone", hint=hint)
    if any(sign in name for sign in "/\\:"):
        return Problem(f"there is no folder `{name}`", key="backbone", hint="give a folder, or a name of timm's")
    kind = name.partition(".")[0]
    if not timm.is_model(kind):
        return Problem(f"timm has no model `{kind}`", key="backbone", hint=advise(kind, timm.list_models()))
    if recipe.pretrained:
        there = [one for one in timm.list_pretrained() if one.partition(".")[0] == kind]
        if name not in (kind, *there):
            return Problem(f"timm has no weights `{name}`", key="backbone", hint=advise(name, there))
        if not there:
            what = f"timm has no weights of `{name}`"
            return Problem(what, key="backbone", hint="take another, or `pretrained: false`")
    return None


def _check_sizes(recipe: Detector, sources: dict[str, Source]) -> list[Problem]:
    scenes = {name: name_scenes(source.rows, digest_pictures(source.rows)) for name, source in sources.items()}
    problems: list[Problem] = []
    for _, run in recipe.list_runs(recipe.folder):
        with gather_problems(problems):
            check_parts(run, choose_parts(scenes, run))
        if problems:  # those of other seeds are much the same
            break
    return problems


def check_parts(recipe: Detector, parts: dict[str, np.ndarray]) -> None:
    """Every part of every source has pictures, and every scale as many as it needs.

    Raises:
        RecipeError: One has not.
    """
    problems = []
    keys = {REAL: "data", **{name: key for name, key, _ in list_data(recipe)}}
    words = {TRAIN: "train on", VALIDATION: "validate on", TEST: "test on"}
    for name, found in parts.items():
        wanted = (TRAIN, VALIDATION, TEST) if name in (REAL, *recipe.made) else (TEST,)
        for part in wanted:
            if not (found == part).any():
                what = f"of {len(found):,} pictures none is left to {words[part]}"
                hint = "parts are of captions: give more of them, or other shares by `validation` and `test`"
                problems.append(Problem(what, key=keys[name], hint=hint))
    mixtures = recipe.list_mixtures()
    for scale in recipe.scales:
        for name, count in _count_needed(scale, mixtures).items():
            there = int((parts[name] == TRAIN).sum())
            if there < count:
                most = count_largest(parts, mixtures.values())
                what = f"{scale:,} pictures need {count:,} of `{keys[name]}` to train on, and there are {there:,}"
                problems.append(Problem(what, key="scales", hint=f"take {most:,} at most, or give more pictures"))
                break
        if scale < 4:
            problems.append(Problem(f"{scale} pictures are too few", key="scales", hint="take 4 at least"))
    if problems:
        raise RecipeError(problems)


def _count_needed(scale: int, mixtures: dict[str, dict[str, float]]) -> dict[str, int]:
    """How many pictures of each source a scale needs at most."""
    needed = {REAL: scale // 2}
    for mixture in mixtures.values():
        for name, count in share_out(scale // 2, mixture).items():
            needed[name] = max(count, needed.get(name, 0))
    return needed
