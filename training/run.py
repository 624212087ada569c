"""`gas train`: checks a recipe and its data, trains, and writes down what was trained with what."""

from __future__ import annotations

import json
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from ..builders.folder.files import remove_tree, write_text
from ..builders.rows.loading import drop_consequences
from ..errors import GasError, Problem, RecipeError, gather_problems
from ..version import __version__
from .cards import MODEL, RECORD, add_card, read_record
from .data import describe_data, load_rows
from .estimates import Estimate
from .publishing import check_push, push_model
from .recipes.common import Training
from .recipes.loading import LoadedTraining, dump_training, load_training
from .sources import check_sources
from .upstream import count_processes, identify_files, is_first, list_versions, require

ELSEWHERE = "give another folder with --set output=..., or remove this one"
PARTS = ("check", "train", "find_inputs", "COLUMNS", "LOG", "RESULTS", "REQUIRED")
"""What a trainer offers; `trainers/__init__.py` says what each is."""


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
    recipe, folder, first = loaded.recipe, loaded.recipe.folder, is_first()
    trainer, rows, problems = check_training(loaded)
    if problems:
        raise RecipeError(problems)
    if recipe.push and first:
        check_push(recipe.push)
    if hasattr(trainer, "prepare"):
        trainer.prepare(recipe, report if first else lambda _: None)
    record: dict[str, Any] = {
        "recipe": recipe.name,
        "kind": recipe.kind,
        "generate_any_scene": __version__,
        "python": platform.python_version(),
        "packages": list_versions(),
        "processes": count_processes(),
        "data": describe_data(recipe.data, rows),
        "inputs": {key: identify_files(*one) for key, one in trainer.find_inputs(recipe).items()},
    }
    if first:
        _check_inputs(folder, record, trainer.LOG)
    if not dry_run:
        if first:
            _clear_failed_start(folder, recipe, trainer.LOG)
            write_text(folder / "recipe.yaml", dump_training(recipe))
            _write_record(folder, record)
        started = time.time()
        results = trainer.train(recipe, rows, folder, report if first else lambda _: None)
        record |= {"seconds": round(time.time() - started, 1), "results": results}
        if first:
            add_card(recipe, results, folder)
            _write_record(folder, record)
    end_processes()
    if first and recipe.push and not dry_run:
        record["pushed"] = push_trained(recipe)
        _write_record(folder, record)
    return record if first else {}


def estimate_training(loaded: LoadedTraining) -> Estimate:
    """Computes what a training takes, after all that `run_training` checks; no weight is loaded.

    Raises:
        RecipeError: Something is wrong with the recipe, its keys for other packages, or its data.
        GasError: A package is missing, or nothing is known of this kind.
    """
    trainer, rows, problems = check_training(loaded)
    if problems:
        raise RecipeError(problems)
    if not hasattr(trainer, "estimate"):
        raise GasError(
            f"what a training of the kind {loaded.recipe.kind} takes cannot be computed; leave --estimate out"
        )
    found: Estimate = trainer.estimate(loaded.recipe, rows)
    return found


def load_checked(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedTraining:
    """Loads a recipe of a training. Where that fails, looks for what else is wrong with it, to tell it at once.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: There is no such recipe.
    """
    try:
        return load_training(name_or_path, overrides)
    except RecipeError as error:
        further = list[Problem]()
        with gather_problems(further):
            further += check_training(error.rest)[2] if error.rest else ()
        raise RecipeError([*error.problems, *drop_consequences(further, error.problems)]) from error


def check_training(loaded: LoadedTraining) -> tuple[ModuleType, Any, list[Problem]]:
    """Finds all that is wrong with a recipe, its keys for other packages, and its data; no weight is loaded.

    Returns: The trainer; the rows, None where they cannot be had; and the problems, each with its place.

    Raises:
        GasError: The Hub has to be asked and cannot be reached, a package is missing, or the folder for results holds
            another training.
    """
    recipe, problems, rows = loaded.recipe, list[Problem](), None
    try:
        check_sources(recipe)  # before packages that take long to import, where there is no way to the Hub
    except RecipeError as error:
        problems += error.problems
    # Of what has no such revision nothing is known either.
    missing = {(one.key or "").replace("revision", name) for one in problems for name in ("model", "path")}
    trainer = find_trainer(recipe.kind)
    require(*trainer.REQUIRED)
    quiet_others()
    if is_first():  # others may come later, when it has begun to write
        _check_folder(recipe.folder, recipe, trainer.LOG)
    if "data.path" not in missing:
        with gather_problems(problems):
            rows = load_rows(recipe.data, trainer.COLUMNS, also=getattr(trainer, "ALSO", ()))
    problems += trainer.check(recipe, rows, missing)
    if recipe.push and (MODEL not in trainer.RESULTS or not recipe.leaves_one_model):
        what = f"a training of the kind {recipe.kind} leaves no `{MODEL}/` to push"
        if not recipe.leaves_one_model:
            what = f"each seed has its own `{MODEL}/`, and one is pushed"
        problems.append(Problem(what, key="push", hint="leave it out"))
    return trainer, rows, list(loaded.document.locate(problems).problems)


def push_trained(recipe: Training) -> str:
    """Pushes what was trained, and gives the address. What fails here takes nothing from a training that is done.

    Raises:
        GasError: The Hub refuses, or somebody stops it; it says the command that pushes later.
    """
    assert recipe.push
    try:
        return push_model(recipe.folder, recipe.push).url
    except (GasError, KeyboardInterrupt) as error:
        later = f"the command for that is gas push {recipe.folder} --repo {recipe.push}"
        what = f"the training is done, and its model is not pushed: {str(error) or 'stopped'}"
        raise GasError(f"{what}; {later}", exit_status=1) from error


def describe_run(recipe: Training, record: Mapping[str, Any]) -> list[str]:
    """Lines for people: what came out of a training, and where it lies."""
    if "results" not in record:
        return [f"{recipe.name} can begin: {record['data']['rows']:,} rows, results into {recipe.folder}"]
    lines = [f"{recipe.name}: done in {record['seconds']:,.0f} s"]
    if variety := record["results"].get("distinct_pictures"):
        told = f"{variety['first']:.2f} in the first steps, {variety['last']:.2f} in the last"
        lines.append(f"  of a caption's pictures differ: {told}")
    held_out = record["results"].get("held_out")
    if held_out:
        for name in ("before", "after", "gain"):
            low, high = held_out[name]["interval"]
            lines.append(f"  held out, {name + ':':<8}{held_out[name]['mean']:6.3f}  (95 %: {low:.3f} to {high:.3f})")
        blind = ", ".join(f"{name} {share:.3f}" for name, share in held_out.get("without_looking", {}).items())
        lines += [f"  without looking: {blind}"] if blind else []
        for group in ("by_kind", "by_predicate"):
            for name, shares in held_out.get(group, {}).items():
                known = {what: shares[what] for what in ("before", "after", "blank", "constant") if what in shares}
                told = "  ".join(f"{what} {share:.2f}" for what, share in known.items())
                if gain := shares.get("gain"):
                    low, high = gain["interval"]
                    told += f"  gain {gain['mean']:+.2f} ({low:+.2f} to {high:+.2f})"
                lines.append(f"  {group.replace('_', ' ')}, {name}: {told}  ({shares['questions']:,} questions)")
    lines += [f"  {line}" for line in record["results"].get("table", ())]
    results = {**find_trainer(recipe.kind).RESULTS, RECORD: "results, versions, data"}
    there = {name: what for name, what in results.items() if (recipe.folder / name).exists()}
    lines += [f"  {recipe.folder / name}: {what}" for name, what in there.items()]
    return [*lines, f"  {record['pushed']}: the same model"] if record.get("pushed") else lines


def find_trainer(kind: str) -> ModuleType:
    """Imports what trains a kind: the module or package of its name in `trainers`, which offers all `PARTS`.

    Raises:
        GasError: There is none, a package that it imports is missing, or it lacks parts.
    """
    name = f"{__package__}.trainers.{kind}"
    if find_spec(name) is None:
        raise GasError(f"the kind {kind} has no trainer; add training/trainers/{kind}.py", exit_status=1)
    require(name)
    trainer = import_module(name)
    if missing := [part for part in PARTS if not hasattr(trainer, part)]:
        hint = "training/trainers/__init__.py says what each is"
        raise GasError(f"the trainer of the kind {kind} has no {', '.join(missing)}; {hint}", exit_status=1)
    return trainer


def end_processes() -> None:
    """Leaves the group of processes, if there is one: torch complains otherwise when they end."""
    if "accelerate" in sys.modules and (state := import_module("accelerate").PartialState)._shared_state:
        state().destroy_process_group()


def quiet_others() -> None:
    """No deprecations that packages tell each other; no progress bars of theirs unless somebody watches."""
    import datasets
    from huggingface_hub.utils import disable_progress_bars

    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    if sys.stderr.isatty():
        return
    datasets.disable_progress_bars()
    disable_progress_bars()  # which transformers heeds when it is imported later
    for name in {"diffusers", "transformers"} & sys.modules.keys():
        import_module(f"{name}.utils.logging").disable_progress_bar()


def _check_folder(folder: Path, recipe: Any, log: str) -> None:
    """Refuses a folder that holds another training, or one that is done."""
    record, written = folder / RECORD, folder / "recipe.yaml"
    if folder.exists() and not folder.is_dir():
        raise GasError(f"{folder} is a file; give a folder with --set output=...")
    if not written.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise GasError(f"{folder} holds something else; give another folder with --set output=...")
        return
    if record.is_file() and "results" in read_record(folder):
        raise GasError(f"{folder} holds a training that is done; {ELSEWHERE}")
    if _has_begun(folder, log) and written.read_text(encoding="utf-8") != dump_training(recipe):
        raise GasError(f"{folder} holds another training, which was stopped: its recipe.yaml differs; {ELSEWHERE}")


def _has_begun(folder: Path, log: str) -> bool:
    """Whether a step was trained: until then there is nothing that another training could spoil."""
    return ((folder / log).is_file() and (folder / log).stat().st_size > 0) or any((folder / "checkpoints").glob("*"))


def _check_inputs(folder: Path, record: Mapping[str, Any], log: str) -> None:
    """Refuses to go on with other rows, pictures or models than those that a training began with."""
    if not _has_begun(folder, log) or not (folder / RECORD).is_file():
        return
    begun = read_record(folder)
    before = {"data": begun["data"].get("fingerprint"), **begun["inputs"]}
    now = {"data": record["data"]["fingerprint"], **record["inputs"]}
    if changed := [key for key in now if before.get(key) != now[key]]:
        what = f"{folder} holds another training, which was stopped: what `{changed[0]}` names has changed since"
        raise GasError(f"{what}; {ELSEWHERE}")


def _clear_failed_start(folder: Path, recipe: Any, log: str) -> None:
    """Removes what another recipe left that never trained a step."""
    written = folder / "recipe.yaml"
    if written.is_file() and not _has_begun(folder, log) and written.read_text("utf-8") != dump_training(recipe):
        for name in ("base", "base.part", "checkpoints"):
            remove_tree(folder / name)
        for name in (log, RECORD):
            (folder / name).unlink(missing_ok=True)


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    write_text(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
