"""Rewards compared: of each seed a base, and from it a training by each of them.

seed_<n>/base/      the sandbox's model, where the recipe makes one
seed_<n>/<reward>/  a training as one by a single reward leaves it, and what came out of it in results.json
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ....builders.folder.files import write_text
from ...data import describe_data
from ...json_lines import read_lines
from ...recipes.grpo import BASE, Grpo
from ...recipes.loading import dump_training
from ...reports.comparing import Measured, compare_seeds, list_lines
from ...reports.contact_sheet import paste_models
from ...reports.curves import draw_curves
from ...reports.markdown import draw_table
from ...rewards.settings import RewardSettings
from ...stages import Stages
from ...upstream import identify_files, is_first, wait_for_all
from .training import LOG, load_held_out, make_sandbox_model, open_sampler, train_policy

OUTCOME, TABLE, STAGES = "results.json", "table.md", "stages.jsonl"
ALL = "all"
"""What the table of all kinds of questions is called."""


def train(recipe: Grpo, rows: Any, folder: Path, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Trains by the recipe's reward (`train_policy`), or by each of its `rewards` with each seed (`compare_rewards`).

    Raises:
        GasError: Nothing is learned, or the judge does not answer.
    """
    return (compare_rewards if recipe.rewards else train_policy)(recipe, rows, folder, report)


def compare_rewards(recipe: Grpo, rows: Any, folder: Path, report: Callable[[str], None]) -> dict[str, Any]:
    """Trains by each reward with each seed, or goes on with what is not there yet, and compares what came out.

    Returns: For JSON, what `compare_seeds` gives of all questions and of each kind, `pictures`, what `list_pictures`
        gives, and the lines of the `table`.
    """
    stages = Stages(folder, folder / STAGES, report)
    for seed in recipe.find_seeds():
        _train_seed(recipe, rows, stages, seed)
    wait_for_all()
    sets = read_held_out(recipe, folder)
    models = [*recipe.rewards, BASE]
    pairs = [(one, other) for place, one in enumerate(models) for other in models[place + 1 :]]
    compared, pictures = compare_seeds(sets, pairs), list_pictures(recipe, folder)
    table = [*list_lines(compared), "", *describe_pictures(pictures)]
    if is_first():
        write_text(folder / TABLE, "".join(f"{line}\n" for line in table))
        draw_curves(folder / "rewards.png", list_panels(recipe, folder))
        paste_models(folder / "held_out.png", list_groups(recipe, folder))
    wait_for_all()
    return {**compared, "pictures": pictures, "table": table}


def _train_seed(recipe: Grpo, rows: Any, stages: Stages, seed: int) -> None:
    """Makes the base of a seed, and trains it by each reward."""
    place = stages.root / f"seed_{seed}"
    own = recipe.model_copy(update={"seed": seed, "seeds": (), "rewards": {}})
    if recipe.sandbox_model:
        made_from = {"seed": seed, "prompt": recipe.prompt, "model": recipe.sandbox_model.model_dump(mode="json")}
        base = stages.run(place / BASE, made_from, partial(make_sandbox_model, own, stages.report))
        own = own.model_copy(update={"model": str(base), "sandbox_model": None})
    for name, reward in recipe.rewards.items():
        arm = own.model_copy(update={"reward": reward, "output": str(place / name), "name": f"{recipe.name} {name}"})
        others = {other: settings for other, settings in recipe.rewards.items() if other != name}
        made_from = {
            "recipe": arm.model_dump(mode="json", exclude={"name", "description", "output", "model"}),
            "others": {other: settings.model_dump(mode="json") for other, settings in others.items()},
            "model": identify_files(str(arm.model), arm.revision),
            "data": describe_data(recipe.data, rows)["fingerprint"],
        }
        stages.run(place / name, made_from, partial(_train_arm, arm, rows, others, stages.report))


def _train_arm(
    arm: Grpo,
    rows: Any,
    others: Mapping[str, RewardSettings],
    report: Callable[[str], None],
    folder: Path,
) -> None:
    if is_first():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "recipe.yaml", dump_training(arm))
    wait_for_all()
    results = train_policy(arm, rows, folder, report, others)
    if is_first():
        write_text(folder / OUTCOME, json.dumps(results, indent=2) + "\n")


def read_held_out(recipe: Grpo, folder: Path) -> dict[str, dict[int, dict[str, Measured]]]:
    """What was measured of the base and of each reward's model, by seed: of all questions, and of each kind."""
    sets: dict[str, dict[int, dict[str, Measured]]] = {}
    for seed in recipe.find_seeds():
        for name in recipe.rewards:
            place = folder / f"seed_{seed}" / name
            lines = read_lines(place / "held_out.jsonl")
            shares = _read_outcome(place)["held_out"]["by_kind"]
            for model, when in ((BASE, "before"), (name, "after")):
                kinds = {kind: one[when] for kind, one in shares.items()}
                scores = {str(scene): line[when] for scene, line in enumerate(lines)}
                sets.setdefault(ALL, {}).setdefault(seed, {})[model] = Measured(scores, kinds)
                for kind in kinds:
                    own = {
                        str(scene): line["by_kind"][kind][when]
                        for scene, line in enumerate(lines)
                        if kind in line["by_kind"]
                    }
                    sets.setdefault(kind, {}).setdefault(seed, {})[model] = Measured(own)
    return sets


def list_pictures(recipe: Grpo, folder: Path) -> dict[str, dict[str, float]]:
    """Of each model, the means over seeds of what tells a collapse, and of all rewards.

    Returns: `distinct_pictures`, the share of a training caption's pictures that differ from each other, and each
        reward, in the first step for the base and in the last tenth of the steps for others; in the sandbox
        `all_in_the_top_row`, the share of held-out pictures.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for seed in recipe.find_seeds():
        for name in recipe.rewards:
            place = folder / f"seed_{seed}" / name
            lines, held_out = read_lines(place / LOG), _read_outcome(place)["held_out"]
            last = lines[-max(len(lines) // 10, 1) :]
            for model, some, when in ((BASE, lines[:1], "before"), (name, last, "after")):
                figures = {"distinct_pictures": _average(some, "distinct_pictures")}
                if rows := held_out.get("all_in_the_top_row"):
                    figures["all_in_the_top_row"] = rows[when]
                for reward in recipe.rewards:
                    figures[reward] = _average(some, _name_reward(reward, name))
                for figure, value in figures.items():
                    found.setdefault(model, {}).setdefault(figure, []).append(value)
    return {model: {name: float(np.mean(some)) for name, some in found[model].items()} for model in found}


def describe_pictures(pictures: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A table of `list_pictures`, in Markdown."""
    names = list(pictures[BASE])
    rows = [[model, *(f"{figures[name]:.3f}" for name in names)] for model, figures in pictures.items()]
    title = "Pictures of training captions that differ, and rewards: first step of the base, last tenth of the others"
    return [title, "", *draw_table(["model", *(name.replace("_", " ") for name in names)], rows)]


def list_panels(recipe: Grpo, folder: Path) -> dict[str, dict[str, list[list[float]]]]:
    """What is drawn of each step: every reward in every training, what questions are worth by kind, and variety."""
    panels: dict[str, dict[str, list[list[float]]]] = {}
    answers = next((name for name, one in recipe.rewards.items() if one.of == "answers"), None)
    for name in recipe.rewards:
        for seed in recipe.find_seeds():
            lines = read_lines(folder / f"seed_{seed}" / name / LOG)
            figures = {f"reward {reward}": _name_reward(reward, name) for reward in recipe.rewards}
            figures |= {"pictures of a caption that differ": "distinct_pictures"}
            prefix = "" if name == answers else f"{answers}/"
            for figure in sorted({key for line in lines for key in line if key.startswith(f"{prefix}by_kind/")}):
                figures[f"questions: {figure.rpartition('/')[2]}"] = figure
            for title, figure in figures.items():
                values = [line[figure] for line in lines if figure in line]
                panels.setdefault(title, {}).setdefault(name, []).append(values)
    return panels


def list_groups(recipe: Grpo, folder: Path) -> list[tuple[str, list[tuple[str, Image.Image]]]]:
    """Held-out captions with the pictures that the first seed's models make of them, as they were judged."""
    assert recipe.held_out
    seed = recipe.find_seeds()[0]
    place, rows = folder / f"seed_{seed}", load_held_out(recipe)
    shown = range(min(recipe.held_out.shown, rows.num_rows))
    captions = rows["caption"][: len(shown)]
    groups: list[tuple[str, list[tuple[str, Image.Image]]]] = [(caption, []) for caption in captions]
    own = recipe.model_copy(update={"seed": seed})
    base = (str(place / BASE), None) if recipe.sandbox_model else (str(recipe.model), recipe.revision)
    for name in (BASE, *recipe.rewards):
        arm = next(iter(recipe.rewards)) if name == BASE else name
        lines = read_lines(place / arm / "held_out.jsonl")
        model = base if name == BASE else (str(place / name / "model"), None)
        pictures, _ = open_sampler(own, *model)(shown, captions)
        for group, line, picture in zip(groups, lines, pictures, strict=False):
            share = line["before" if name == BASE else "after"]
            group[1].append((f"{name}: {share:.0%} right", picture))
    return groups


def _name_reward(reward: str, training: str) -> str:
    """The figure of a step's mean reward, in the log of a training by that one or by another."""
    return "reward" if reward == training else f"rewards/{reward}/mean"


def _average(lines: Sequence[Mapping[str, float]], figure: str) -> float:
    return float(np.mean([line[figure] for line in lines]))


def _read_outcome(folder: Path) -> Any:
    return json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
