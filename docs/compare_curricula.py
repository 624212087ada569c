"""Scenes of all levels of difficulty alike, beside a stream that follows the rewards.

`python docs/compare_curricula.py` does all of it; with `--seeds 1` it takes a fifth of the time.

With each seed a base is made, and trained by `gas train sandbox_curriculum` with each policy. Every few steps the
model is tested on the same held-out scenes, as many of each level. What is there is not made again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from generate_any_scene.builders.folder.files import remove_tree, write_text
from generate_any_scene.console import remark, say
from generate_any_scene.training.curriculum.history import Report
from generate_any_scene.training.curriculum.log import read_log
from generate_any_scene.training.generate import judge_rows
from generate_any_scene.training.judges.settings import open_judge
from generate_any_scene.training.metrics.over_seeds import estimate_over_seeds
from generate_any_scene.training.models import limit_threads
from generate_any_scene.training.recipes.grpo import Grpo
from generate_any_scene.training.recipes.loading import load_training
from generate_any_scene.training.reports.curves import draw_models
from generate_any_scene.training.reports.markdown import draw_table
from generate_any_scene.training.run import quiet_others
from generate_any_scene.training.stages import Stages
from generate_any_scene.training.trainers.grpo.curriculum import CURRICULUM
from generate_any_scene.training.trainers.grpo.training import (
    load_held_out,
    make_sandbox_model,
    open_sampler,
    train_policy,
)

ARMS: dict[str, Any] = {"uniform": "uniform", "target": "target", "spread": "spread"}
"""What `curriculum` of each arm is; the first is what the others are compared with."""
BASE, OUTCOME = "base", "accuracies.json"
ACCURACY = 0.72
"""What is to be reached, found with seeds 101 and 102."""


def load_arm(curriculum: Any, seed: int, steps: int, every: int, overrides: Sequence[str] = ()) -> Grpo:
    """The shipped recipe with a policy and a seed, whose model is kept every few steps."""
    keys = [f"seed={seed}", f"curriculum={json.dumps(curriculum)}", f"trainer.max_steps={steps}"]
    kept = ["trainer.save_strategy=steps", f"trainer.save_steps={every}", "trainer.save_only_model=true"]
    recipe = load_training("sandbox_curriculum", [*keys, *kept, *overrides]).recipe
    assert isinstance(recipe, Grpo)
    return recipe


def train_arm(recipe: Grpo, base: Path, folder: Path) -> None:
    """Trains a base, and tests it and what it is every few steps."""
    remove_tree(folder)
    folder.mkdir(parents=True)
    own = recipe.model_copy(update={"model": str(base), "sandbox_model": None})
    rows = load_held_out(own)  # only the judge's first questions are looked at
    train_policy(own.model_copy(update={"held_out": None}), rows, folder, lambda line: remark(f"{folder}: {line}"))
    models = {0: base} | {int(one.name.partition("-")[2]): one for one in folder.glob("checkpoints/checkpoint-*")}
    with limit_threads(1):
        found = {
            step: judge_rows(open_sampler(own, str(models[step])), open_judge(own.judge, "cpu"), own, rows).shares
            for step in sorted(models)
        }
    write_text(folder / OUTCOME, json.dumps(found) + "\n")
    remove_tree(folder / "checkpoints")


def run_seed(stages: Stages, recipes: dict[str, Grpo], seed: int) -> None:
    """Makes the base of a seed, and trains it in each arm."""
    place = stages.root / f"seed_{seed}"
    first = next(iter(recipes.values()))
    settings = first.sandbox_model
    assert settings
    made_from = {"seed": seed, "model": settings.model_dump(mode="json")}
    base = stages.run(place / BASE, made_from, partial(make_sandbox_model, first, stages.report))
    for arm, recipe in recipes.items():
        stages.run(place / arm, {"recipe": recipe.model_dump(mode="json")}, partial(train_arm, recipe, base))


def measure_idle(folder: Path) -> float:
    """The share of scenes whose pictures were all rewarded alike."""
    reports = [event for event in read_log(folder / CURRICULUM)[1] if isinstance(event, Report)]
    return float(np.mean([one.spread == 0 for one in reports]))


def find_step(accuracies: dict[int, float], wanted: float) -> float | None:
    """The step in which an accuracy is reached, on straight lines from test to test; None if it never is."""
    steps = sorted(accuracies)
    for step, later in pairwise(steps):
        before, after = accuracies[step], accuracies[later]
        if before < wanted <= after:
            return step + (later - step) * (wanted - before) / (after - before)
    return 0.0 if accuracies[steps[0]] >= wanted else None


def read_arm(folder: Path, wanted: float) -> dict[str, Any]:
    """What came out of an arm with a seed."""
    tests = {int(step): float(np.mean(shares)) for step, shares in json.loads((folder / OUTCOME).read_text()).items()}
    return {
        "groups without spread": measure_idle(folder),
        f"steps to {wanted:g}": find_step(tests, wanted),
        "accuracy at the end": tests[max(tests)],
        "mean accuracy of all tests": float(np.mean(list(tests.values()))),
        "tests": tests,
    }


def write_tables(root: Path, arms: Sequence[str], seeds: Sequence[int], wanted: float, steps: int) -> list[str]:
    """Tables, in Markdown, of what all arms reached with each seed, and how they differ from the first."""
    found = {arm: [read_arm(root / f"seed_{seed}" / arm, wanted) for seed in seeds] for arm in arms}
    lines = []
    for figure in [name for name in found[arms[0]][0] if name != "tests"]:
        rows = []
        for arm in arms:
            given = [one[figure] for one in found[arm]]
            values = [steps if value is None else value for value in given]  # at least
            others = [steps if one[figure] is None else one[figure] for one in found[arms[0]]]
            shown = [f"over {steps}" if value is None else _show(value) for value in given]
            differences = [value - other for value, other in zip(values, others, strict=True)]
            compared = "" if arm == arms[0] or len(seeds) < 2 else _show_estimate(estimate_over_seeds(differences))
            rows.append([arm, *shown, _show(float(np.mean(values))), compared])
        lines += [f"{figure[:1].upper()}{figure[1:]}", ""]
        lines += [*draw_table(["policy", *map(str, seeds), "mean", f"less {arms[0]} (95 %)"], rows), ""]
    tests = sorted(found[arms[0]][0]["tests"])
    curves = {arm: [[one["tests"][step] for step in tests] for one in found[arm]] for arm in arms}
    draw_models(root / "curricula.png", list(map(str, tests)), curves, "Held-out scenes of all levels", "accuracy")
    return lines[:-1]


def _show(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def _show_estimate(found: dict[str, float]) -> str:
    low, high = found["low"], found["high"]
    digits = 1 if max(abs(low), abs(high)) >= 1 else 3
    return f"{found['value']:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """What is done, and how large."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/curricula"), help="the folder of all models")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS), help="policies to compare")
    parser.add_argument("--steps", type=int, default=36, help="of reinforcement learning")
    parser.add_argument("--every", type=int, default=4, help="steps from test to test")
    parser.add_argument("--accuracy", type=float, default=ACCURACY, help="that is to be reached")
    parser.add_argument("--set", nargs="*", default=[], help="other keys of the recipe, as `gas train` takes them")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Makes what is not there yet, and prints tables."""
    given = read_arguments(arguments)
    quiet_others()
    stages = Stages(given.out, given.out / "stages.jsonl", remark)
    for seed in given.seeds:
        recipes = {arm: load_arm(ARMS[arm], seed, given.steps, given.every, given.set) for arm in given.arms}
        run_seed(stages, recipes, seed)
    say("\n".join(write_tables(given.out, given.arms, given.seeds, given.accuracy, given.steps)))


if __name__ == "__main__":
    main()
