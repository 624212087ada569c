"""`gas train`: checks a recipe and its data, trains, and writes down what was trained with what."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..builders.folder.files import write_text
from ..errors import GasError, Problem, RecipeError
from ..version import __version__
from .data import describe_data, load_rows
from .recipes.common import Training
from .recipes.loading import LoadedTraining, dump_training
from .upstream import list_versions, require

RECORD = "run.json"
REQUIRED = ("torch", "transformers", "diffusers", "peft", "accelerate", "trl", "PIL", "matplotlib")


def run_training(
    loaded: LoadedTraining, dry_run: bool = False, report: Callable[[str], None] = print
) -> dict[str, Any]:
    """Runs a training, or with `dry_run` only checks that it could begin. No weight is loaded before all is checked.

    The folder then holds `recipe.yaml` (resolved), `run.json` (versions, data, results) and what the kind of training
    writes. A training that was stopped goes on from its last checkpoint when it is started again.

    Returns: What `run.json` holds; nothing on other processes than the first.

    Raises:
        RecipeError: Something is wrong with the recipe, its keys for other packages, or its data.
        GasError: A package is missing, or the folder holds another training.
    """
    recipe, folder = loaded.recipe, loaded.recipe.folder
    require(*REQUIRED)
    quiet_others()
    check, train, columns = _find_trainer(recipe)
    is_first = os.environ.get("RANK", "0") == "0"
    if is_first:  # others may come later, when it has begun to write
        _check_folder(folder, recipe)
    try:
        rows = load_rows(recipe.data, columns)
        problems = check(recipe, rows)
    except RecipeError as error:
        problems = list(error.problems)
    if problems:
        raise loaded.document.locate(problems)
    record: dict[str, Any] = {
        "recipe": recipe.name,
        "kind": recipe.kind,
        "generate_any_scene": __version__,
        "python": platform.python_version(),
        "packages": list_versions(),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "data": describe_data(recipe.data, rows),
    }
    if not dry_run:
        if is_first:
            write_text(folder / "recipe.yaml", dump_training(recipe))
            _write_record(folder, record)
        started = time.time()
        results = train(recipe, rows, folder, report if is_first else lambda _: None)
        record |= {"seconds": round(time.time() - started, 1), "results": results}
        if is_first:
            _write_record(folder, record)
    end_processes()
    return record if is_first else {}


def describe_run(recipe: Training, record: Mapping[str, Any]) -> list[str]:
    """Lines for people: what came out of a training, and where it lies."""
    if "results" not in record:
        return [f"{recipe.name} can begin: {record['data']['rows']:,} rows, results into {recipe.folder}"]
    lines = [f"{recipe.name}: done in {record['seconds']:,.0f} s"]
    held_out = record["results"].get("held_out")
    if held_out:
        for name in ("before", "after", "gain"):
            low, high = held_out[name]["interval"]
            lines.append(f"  held out, {name + ':':<8}{held_out[name]['mean']:6.3f}  (95 %: {low:.3f} to {high:.3f})")
    places = {
        "model": "the model",
        "held_out.png": "pictures before and after",
        "rewards.png": "the reward of each step",
        "run.json": "results, versions, data",
    }
    there = {name: what for name, what in places.items() if (recipe.folder / name).exists()}
    return [*lines, *(f"  {recipe.folder / name}: {what}" for name, what in there.items())]


def _find_trainer(recipe: Training) -> tuple[Callable[..., list[Problem]], Callable[..., dict], tuple[str, ...]]:
    """What checks a recipe, what trains by it, and the columns that it needs."""
    if recipe.kind == "grpo":
        from .trainers import grpo

        return grpo.check_grpo, grpo.train_grpo, grpo.COLUMNS
    from .trainers.finetune import check as diffusion_check
    from .trainers.finetune import train as diffusion

    return diffusion_check.check_finetune, diffusion.train_finetune, diffusion_check.COLUMNS


def end_processes() -> None:
    """Leaves the group of processes, if there is one: torch complains otherwise when they end."""
    from accelerate import PartialState

    if PartialState._shared_state:
        PartialState().destroy_process_group()


def quiet_others() -> None:
    """No deprecations that packages tell each other; no progress bars of theirs unless somebody watches."""
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    if sys.stderr.isatty():
        return
    import datasets
    import diffusers
    import transformers

    datasets.disable_progress_bars()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def _check_folder(folder: Path, recipe: Any) -> None:
    """Refuses a folder that holds another training, or one that is done."""
    record, written = folder / RECORD, folder / "recipe.yaml"
    if folder.exists() and not folder.is_dir():
        raise GasError(f"{folder} is a file; give a folder with --set output=...")
    if not written.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise GasError(f"{folder} holds something else; give another folder with --set output=...")
        return
    hint = "give another folder with --set output=..., or remove this one"
    if record.is_file() and "results" in json.loads(record.read_text(encoding="utf-8")):
        raise GasError(f"{folder} holds a training that is done; {hint}")
    if written.read_text(encoding="utf-8") != dump_training(recipe):
        raise GasError(f"{folder} holds another training, which was stopped: its recipe.yaml differs; {hint}")


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    write_text(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
