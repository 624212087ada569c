"""`gas train`: checks a recipe and its data, trains, and writes down what was trained with what."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import GasError
from ..version import __version__
from .data import describe_data, load_rows
from .recipe import Finetune, Grpo, LoadedTraining, dump_training
from .upstream import list_versions, require

RECORD = "run.json"


def run_training(
    loaded: LoadedTraining, dry_run: bool = False, report: Callable[[str], None] = print
) -> Mapping[str, Any]:
    """Runs a training, or with `dry_run` only checks that it could begin. No weight is loaded before all is checked.

    The folder then holds `recipe.yaml` (resolved), `run.json` (versions, data, results) and what the kind of training
    writes. A training that was stopped goes on from its last checkpoint when it is started again.

    Returns: What `run.json` holds.

    Raises:
        RecipeError: Something is wrong with the recipe, its keys for other packages, or its data; all at once.
        GasError: A package is missing, or the folder holds another training.
    """
    recipe = loaded.recipe
    require("torch", "transformers", "diffusers", "peft", "accelerate", "trl", "PIL")
    quiet_others()
    if isinstance(recipe, Grpo):
        from .grpo import COLUMNS, check_grpo as check, train_grpo as train  # noqa: I001
    else:
        assert isinstance(recipe, Finetune)
        from .diffusion import COLUMNS, check_finetune as check, train_finetune as train  # type: ignore[no-redef,assignment]  # noqa: I001
    folder = recipe.folder
    if not dry_run:
        _check_folder(folder, recipe)
    rows = load_rows(recipe.data, COLUMNS)
    if problems := check(recipe, rows):  # type: ignore[arg-type]
        raise loaded.locate(problems)
    record: dict[str, Any] = {
        "recipe": recipe.name,
        "kind": recipe.kind,
        "generate_any_scene": __version__,
        "python": platform.python_version(),
        "packages": list_versions(),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "data": describe_data(recipe.data, rows),
    }
    if dry_run:
        return record
    main = is_main_process()
    if main:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "recipe.yaml").write_text(dump_training(recipe), encoding="utf-8")
        _write_record(folder, record)
    started = time.time()
    results = train(recipe, rows, folder, report if main else lambda _: None)  # type: ignore[arg-type]
    record |= {"seconds": round(time.time() - started, 1), "results": results}
    if main:
        _write_record(folder, record)
    return record


def is_main_process() -> bool:
    """Whether this is the first of the processes that `accelerate launch` or `torchrun` started, or the only one."""
    return os.environ.get("RANK", "0") == "0"


def quiet_others() -> None:
    """No progress bars and no advice of other packages, unless somebody watches."""
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
    if not record.is_file():
        return
    hint = "give another folder with --set output=..., or remove this one"
    if "results" in json.loads(record.read_text(encoding="utf-8")):
        raise GasError(f"{folder} holds a training that is done; {hint}")
    if written.read_text(encoding="utf-8") != dump_training(recipe):
        raise GasError(f"{folder} holds another training, which was stopped: its recipe.yaml differs; {hint}")


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    beside = folder / f".{RECORD}"
    beside.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.rename(folder / RECORD)
