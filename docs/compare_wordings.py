"""A small model that learns scenes in one wording, beside one that learns them in three.

`python docs/compare_wordings.py` does all of it; with `--seeds 1` it takes a fifth of the time.

Both learn the same scenes of the sandbox, as often, and are tested on a wording that one of them knows and on two that
neither saw. Then three models of unlike strength are put in order by a wording that they know, by another one, and by
paraphrases, which a server of this machine writes by rules. What is there is not made again.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from generate_any_scene.builders.recipe.yaml_document import Document
from generate_any_scene.builders.rows.wordings import PARAPHRASE
from generate_any_scene.console import remark, say
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.evaluation.backends.sandbox import COLUMNS
from generate_any_scene.training.evaluation.figures import describe_runs
from generate_any_scene.training.evaluation.running import run_evaluation
from generate_any_scene.training.evaluation.tables import Run
from generate_any_scene.training.fields import Data
from generate_any_scene.training.models import limit_threads
from generate_any_scene.training.recipes.evaluation import Evaluation
from generate_any_scene.training.recipes.loading import LoadedTraining
from generate_any_scene.training.reports.comparing import Measured, compare_seeds, draw_table, list_lines
from generate_any_scene.training.sandbox.model import find_or_make_model
from generate_any_scene.training.sandbox.settings import SandboxModel
from paraphrase_by_rules import MODEL, serve  # type: ignore[import-not-found]

ARMS = {"one": "prompt", "all": "mixed"}
"""What a model learns of the wordings of `LEARNED`."""
LEARNED, TESTED = ("prompt", "terse", "verbose"), ("prompt", "short", "long")
PROMPT = "{caption}<image>"
PORT = 8917
"""Where the server of paraphrases is."""
STRENGTHS = (4, 2, 1)
"""Models that are put in order have this part of the updates: a quarter, half, all."""


def describe_data(wordings: tuple[str, ...], wording: str, split: str, rows: int) -> Data:
    """Scenes of one or two shapes, in a wording."""
    structure = {"objects": [1, 2], "relations": [0, 1]}
    others = [one for one in wordings if one != PARAPHRASE]
    overrides = {"structure": structure, "wordings": others, "splits": {"train": 10_000, "test": 1000}}
    if wording == PARAPHRASE:
        server = {"model": MODEL, "url": f"http://127.0.0.1:{PORT}/v1", "count": 1}
        splits = {"train": 0, "validation": 0, split: rows}
        overrides = {"structure": structure, "paraphrase": server, "splits": splits}
    return Data(recipe="sandbox", overrides=overrides, split=split, limit=rows, wording=wording)


def make_model(folder: Path, wording: str, scenes: int, steps: int, seed: int) -> Path:
    """Trains a model on scenes in a wording of `LEARNED`, unless it is there."""
    data = describe_data(LEARNED, wording, "train", scenes)
    settings = SandboxModel(hidden_size=96, layers=2, heads=4, data=data, steps=steps, learning_rate=3e-3)
    with limit_threads(1):
        load = partial(load_rows, data, COLUMNS)
        find_or_make_model(settings, PROMPT, load, folder, seed, lambda line: remark(f"{folder}: {line}"))
    return folder


def evaluate(model: Path, wording: str, scenes: int, seed: int, known: tuple[str, ...] = TESTED) -> Run:
    """Evaluates a model on scenes in a wording, with the sandbox's judge."""
    recipe = Evaluation.model_validate(
        {
            "name": "wordings",
            "kind": "evaluation",
            "model": model.name,
            "data": describe_data(known, wording, "test", scenes),
            "pictures": {"backend": "sandbox", "model": str(model), "batch_size": 500},
            "prompt": PROMPT,
            "judge": {"kind": "sandbox"},
            "by": "words",
            "metrics": {"answer_accuracy": {}},
            "baselines": False,
            "seed": seed,
            "output": str(model.with_name(f"{model.name}_{wording}")),
        }
    )
    run = run_evaluation(LoadedTraining(recipe, Document()))
    assert run is not None
    return run


def measure(run: Run) -> Measured:
    """The share of right answers of each scene."""
    return Measured({one["scene"]: one["value"] for one in run.scores.to_pylist()})


def compare_arms(out: Path, seeds: list[int], scenes: int, tested: int, steps: int) -> list[str]:
    """Tables, in Markdown, of both arms on all wordings of `TESTED`."""
    sets: dict[str, dict[int, dict[str, Measured]]] = {wording: {seed: {} for seed in seeds} for wording in TESTED}
    for seed in seeds:
        for arm, wording in ARMS.items():
            model = make_model(out / f"seed_{seed}" / arm, wording, scenes, steps, seed)
            for other in TESTED:
                sets[other][seed][arm] = measure(evaluate(model, other, tested, seed))
    return list_lines(compare_seeds(sets, [("all", "one")]))


def rank_models(out: Path, seed: int, scenes: int, tested: int, steps: int, wordings: tuple[str, ...]) -> list[str]:
    """A table, in Markdown, of three models on some wordings, and how alike each two of these order them."""
    runs = []
    for part in STRENGTHS:
        model = make_model(out / "ranked" / f"steps_{steps // part}", "mixed", scenes, steps // part, seed)
        runs += [evaluate(model, wording, tested, seed, wordings) for wording in wordings]
    found = describe_runs(runs, by=[])
    rows = [
        [runs[one["run"]].model, one["wording"], _show(one), _show(one.get("agreement"))] for one in found["wordings"]
    ]
    lines = draw_table(["model", "wording", "right answers", "agreement with the first"], rows)
    for one in found["wording_orders"]:
        pair = f"{one['wording']} and {one['other']}"
        lines += [
            "",
            f"{pair}: Spearman {_show(one['spearman'])}, Kendall {_show(one['kendall'])}, {one['models']} models",
        ]
    return lines


def _show(estimate: dict[str, Any] | None) -> str:
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})" if estimate else ""


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """What is done, and how large."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/wordings"), help="the folder of models and evaluations")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--scenes", type=int, default=2000, help="that a model learns")
    parser.add_argument("--tested", type=int, default=128, help="scenes that it is tested on")
    parser.add_argument("--steps", type=int, default=300, help="updates of a model")
    parser.add_argument(
        "--ranked", nargs=2, default=("verbose", "long"), help="two wordings that put three models in order"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Makes what is not there yet, and prints tables."""
    given = read_arguments(arguments)
    size = given.scenes, given.tested, given.steps
    lines = compare_arms(given.out, given.seeds, *size)
    with serve(PORT):
        lines += ["", *rank_models(given.out, given.seeds[0], *size, (*given.ranked, PARAPHRASE))]
    say("\n".join(lines))


if __name__ == "__main__":
    main()
