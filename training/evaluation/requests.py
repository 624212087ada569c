"""An evaluation as the command line and Python ask for it, without a recipe or over one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from ...builders.folder.manifest import MANIFEST
from ...builders.recipe.loading import SUFFIXES
from ...errors import GasError, RecipeError
from ...recipes import list_recipes
from ..judges.protocol import Judge
from ..judges.settings import read_judge
from ..recipes.loading import EVALUATION, LoadedTraining, load_evaluation
from ..sources import FOLDERS
from .tables import RECORD

REGISTERED = "gas"
"""What `load_dataset` makes rows of any shipped recipe by, and what a build calls its folder."""


Metrics: TypeAlias = str | Iterable[str] | Mapping[str, Mapping[str, Any]]
"""What is measured: a name, names, or names with options."""


def read_request(
    recipe: str | Path | None = None,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    *,
    images: str | Path | None = None,
    dataset: str | Path | None = None,
    config: str | None = None,
    split: str | None = None,
    judge: str | Judge | None = None,
    by: str | None = None,
    metrics: Metrics = (),
    model: str | None = None,
    out: str | Path | None = None,
) -> LoadedTraining:
    """Reads an evaluation: a recipe, or pictures and a dataset, or a recipe with others of these.

    Args:
        recipe: A shipped recipe's name, or the path of a .yaml file.
        overrides: `key=value` texts, as `--set` takes them, or a mapping.
        images: The folder of pictures, which are named by their scenes.
        dataset: A dataset recipe, by its name or path, or what `load_dataset` opens: a folder, a name on the Hub.
        config: Its config.
        split: Its split, `test` when left out.
        judge: Who answers, as `read_judge` takes it; or a judge, who takes the place of the recipe's.
        by: `words` or `probability`.
        metrics: What is measured, by name, perhaps with options.
        model: What the model is called.
        out: The folder for results.

    Raises:
        RecipeError: With all that is wrong with keys and values.
        GasError: It does not say what is evaluated, or there is no such recipe.
    """
    parts: dict[str, Any] = {}
    if images is not None:
        parts["pictures"] = {"backend": "folder", "path": str(images)}
    if dataset is not None:
        parts["data"] = choose_data(str(dataset), config, split or "test")
    elif config is not None or split is not None:
        raise GasError("--config and --split belong to --dataset; give it, too")
    if judge is not None:
        named = read_judge(judge).model_dump(mode="json", exclude_none=True) if isinstance(judge, str) else None
        parts["judge"] = named  # of one that is open already the recipe says nothing
    if metrics:
        options = metrics if isinstance(metrics, Mapping) else {}
        names = [metrics] if isinstance(metrics, str) else metrics
        parts["metrics"] = {name: dict(options.get(name, {})) for name in names}
    given = {"by": by, "model": model, "output": out and str(out)}
    parts |= {key: value for key, value in given.items() if value is not None}
    if recipe is None:
        if images is None or dataset is None:
            hint = "such as gas evaluate smoke, or gas evaluate --images out --dataset multi_object --judge sandbox"
            raise GasError(f"name a recipe, or give --images and --dataset: {hint}")
        parts |= {"name": f"evaluate-{Path(images).absolute().name}", "kind": EVALUATION}
    elif (Path(recipe) / RECORD).exists():
        raise GasError(
            f"{recipe} is an evaluation that is done; gas evaluate {recipe} takes only --against and --ratings"
        )
    try:
        return load_evaluation(recipe, overrides, parts)
    except RecipeError as error:
        from .running import find_further

        raise RecipeError([*error.problems, *find_further(error)]) from error


def choose_data(dataset: str, config: str | None, split: str) -> dict[str, Any]:
    """Where scenes are from, as recipes say it; `gas` with a config is what was built there, or else the recipe."""
    if dataset == REGISTERED and not Path(dataset, MANIFEST).exists():
        if config is None:
            raise GasError(f"--dataset {REGISTERED} needs --config; gas list shows what there is")
        return {"recipe": config, "split": split}
    if config is None and (dataset in list_recipes() or dataset.endswith(SUFFIXES)):
        return {"recipe": dataset, "split": split}
    # What a folder is called may be a name on the Hub, too.
    path = f"./{dataset}" if Path(dataset).is_dir() and not dataset.startswith(FOLDERS) else dataset
    return {"path": path, "split": split, **({"name": config} if config else {})}
