"""What is wrong with a recipe for a pipeline of diffusers, found from configs and rows: no weight is loaded."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import datasets
import diffusers
import torch
from accelerate import PartialState
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers
from diffusers.optimization import SchedulerType
from huggingface_hub import errors as hub
from peft import LoraConfig
from safetensors import SafetensorError, safe_open

from ....errors import Problem, RecipeError, advise, describe_error, gather_problems
from ...data import load_rows
from ...judges.marking import choose_questions
from ...pictures import check_pictures
from ...recipes.finetune import Finetune
from ...upstream import is_first, read_keys
from .buckets import list_shapes
from .families import FAMILIES, Family, count_pixels

LORA_WEIGHTS = "pytorch_lora_weights.safetensors"
"""What diffusers calls the file of an adapter."""
VALIDATION_COLUMNS = ("caption", "questions")
SCHEDULES = [schedule.value for schedule in SchedulerType if schedule != SchedulerType.PIECEWISE_CONSTANT]
"""All of diffusers' but the one that needs a text of rules."""
ADAPTER = "default"
"""Its name while it is trained; files do not have it."""
OURS = {
    "prompt": "the rows say it",
    "generator": "each picture has its own",
    "num_images_per_prompt": "a picture is made of each row",
    "output_type": "pictures are judged",
    "return_dict": "leave it out",
}
"""What pipelines are called with and the recipe says elsewhere."""
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
REFUSALS = (
    (hub.GatedRepoError, "model", "is for those who accept its terms", f"accept them on its page, then {LOG_IN}"),
    (hub.RevisionNotFoundError, "revision", "has no such branch, tag or commit", "see its page on the Hub"),
    (hub.LocalEntryNotFoundError, "model", "is no folder, nor in the cache, and the Hub cannot be reached", ""),
    (hub.RepositoryNotFoundError, "model", "is no folder, nor a model on the Hub that you may see", LOG_IN),
    (hub.HFValidationError, "model", "is no folder, nor a name on the Hub", "check its spelling"),
    (hub.EntryNotFoundError, "model", "is no pipeline of diffusers: it has no model_index.json", "take another"),
)
"""What the Hub raises, the key that mends it, what it means and how; the first that fits."""


def check(recipe: Finetune, rows: datasets.Dataset | None = None, missing: Collection[str] = ()) -> list[Problem]:
    """Finds what a training would stumble over, from configs and all rows, if there are any: no weight is loaded.

    The model's configs are downloaded where they are not in the cache.
    """
    problems = _check_optimizer(recipe)
    if recipe.lr_scheduler not in SCHEDULES:
        what = f"diffusers has no schedule `{recipe.lr_scheduler}`"
        problems.append(Problem(what, key="lr_scheduler", hint=advise(recipe.lr_scheduler, SCHEDULES)))
    lora, wrong = read_keys(recipe.lora, LoraConfig, "lora")
    problems += wrong
    if recipe.mixed_precision == "fp16" and PartialState().device.type == "cpu":
        what = "fp16 needs a GPU, and there is none here"
        problems.append(Problem(what, key="mixed_precision", hint="take `no` or `bf16`"))
    problems += _check_trackers(recipe)
    index: Mapping[str, Any] = {}
    if "model" not in missing:
        with gather_problems(problems):
            index = read_index(recipe)
    family = FAMILIES.get(index.get("_class_name", ""))
    if recipe.start_from:
        problems += _check_start(Path(recipe.start_from), family)
    if family:
        problems += _check_model(recipe, index, family, None if wrong or recipe.method == "full" else lora)
    if rows is not None and is_first():
        problems += check_pictures(rows.cast_column("image", datasets.Image(decode=False)), recipe.resolution)
    if recipe.validation and "validation.data.path" not in missing:
        with gather_problems(problems):
            problems += _check_validation(recipe)
    return problems


def find_inputs(recipe: Finetune) -> dict[str, tuple[str, str | None]]:
    """The models and files that a training depends on, with their revisions, by key."""
    start = {"start_from": (str(find_weights(Path(recipe.start_from))), None)} if recipe.start_from else {}
    return {"model": (recipe.model, recipe.revision), **start}


def find_optimizer(recipe: Finetune) -> Any:
    """The class of the optimizer; that of bitsandbytes keeps what it remembers in 8 bits."""
    if not recipe.use_8bit_adam:
        return torch.optim.AdamW
    return import_module("bitsandbytes.optim").AdamW8bit


def _check_optimizer(recipe: Finetune) -> list[Problem]:
    if recipe.use_8bit_adam and not find_spec("bitsandbytes"):
        what = "an optimizer of 8 bits needs bitsandbytes, which is not installed"
        return [Problem(what, key="use_8bit_adam", hint="pip install bitsandbytes, or leave it out")]
    kind = find_optimizer(recipe)
    keys, problems = read_keys(recipe.optimizer, kind, "optimizer", {"params": "`method` says what is trained"})
    return problems or _try("optimizer", lambda: kind([torch.nn.Parameter(torch.zeros(1))], **keys))


def _check_trackers(recipe: Finetune) -> list[Problem]:
    here = {str(tracker.value) for tracker in get_available_trackers()}
    problems = []
    for name in recipe.trackers:
        if name not in LOGGER_TYPE_TO_CLASS:
            what = f"accelerate knows no tracker `{name}`"
            problems.append(Problem(what, key="trackers", hint=advise(name, LOGGER_TYPE_TO_CLASS)))
        elif name not in here:
            what = f"the tracker {name} is not installed"
            problems.append(Problem(what, key="trackers", hint=f"pip install {name.replace('_', '-')}"))
    return problems


def _check_validation(recipe: Finetune) -> list[Problem]:
    """Whether each held-out row has questions, of the kinds that are asked."""
    assert recipe.validation
    rows, kinds = (
        load_rows(recipe.validation.data, VALIDATION_COLUMNS, "validation.data"),
        recipe.validation.question_kinds,
    )
    without = [place for place, some in enumerate(rows["questions"]) if not choose_questions(some, kinds)]
    if not without:
        return []
    what = f"{len(without):,} of {rows.num_rows:,} rows have no question{' of these kinds' if kinds else ''}"
    where = "validation.question_kinds" if kinds else "validation.data"
    return [Problem(f"{what}; row {without[0]} is the first", key=where, hint="take other rows, or leave these out")]


def read_index(recipe: Finetune) -> Mapping[str, Any]:
    """What a pipeline says of its parts, if it is one that can be trained.

    Raises:
        RecipeError: It is not, or is not there.
    """
    model = recipe.model
    if Path(model).is_file():
        hint = "give a folder, as `StableDiffusionPipeline.from_single_file(...)` saves it"
        raise RecipeError([Problem(f"`{model}` is a file", key="model", hint=hint)])
    try:
        index: Mapping[str, Any] = diffusers.DiffusionPipeline.load_config(model, revision=recipe.revision)
    except OSError as error:
        raise RecipeError([explain_model(model, error)]) from error
    if (name := index.get("_class_name")) not in FAMILIES:
        what = f"`{model}` is a {name}, which is none of those that can be trained"
        raise RecipeError([Problem(what, key="model", hint=f"take one of {', '.join(FAMILIES)}")])
    return index


def _check_model(
    recipe: Finetune, index: Mapping[str, Any], family: Family, lora: Mapping[str, Any] | None
) -> list[Problem]:
    """What does not go with a model, of the recipe or of the model itself."""
    model, kind = recipe.model, getattr(diffusers, index["_class_name"])
    try:
        parts = load_configs(recipe, index, (family.denoiser, "vae", "scheduler"))
    except OSError as error:
        return [explain_model(model, error)]
    except (LookupError, TypeError, AttributeError):
        what = f"`{model}` has not all parts of a {index['_class_name']} that diffusers knows"
        return [Problem(what, key="model", hint="give the folder that `save_pretrained` of a pipeline wrote")]
    problems = _check_keys(recipe, family, kind)
    factor = count_pixels(family, parts["vae"])
    if recipe.resolution % factor:
        unit = "token" if family.patch > 1 else "latent"
        what = f"{recipe.resolution} is no multiple of {factor}, the pixels of one side of a {unit}"
        hint = f"take {max(1, round(recipe.resolution / factor)) * factor}"
        problems.append(Problem(what, key="resolution", hint=hint))
    most = parts[family.denoiser].get("pos_embed_max_size")
    if recipe.buckets and most and (longest := list_shapes(recipe.resolution, factor).max() // factor) > most:
        what = f"the longest of images would have {longest} tokens, and `{model}` knows places for {most}"
        problems.append(Problem(what, key="buckets", hint="leave it out, or take a smaller `resolution`"))
    predicts = parts["scheduler"].get("prediction_type", "epsilon")
    if not family.is_flow and predicts not in ("epsilon", "v_prediction"):
        what = f"`{model}` predicts `{predicts}`; the loss is known for epsilon and v_prediction"
        problems.append(Problem(what, key="model", hint="take another"))
    if lora is not None and not recipe.start_from:
        denoiser = getattr(diffusers, index[family.denoiser][1])
        problems += _try("lora", lambda: _try_adapter(denoiser, parts[family.denoiser], family, lora))
    return problems


def load_configs(recipe: Finetune, index: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The configs of components of diffusers, by name."""
    return {
        name: getattr(diffusers, index[name][1]).load_config(recipe.model, subfolder=name, revision=recipe.revision)
        for name in names
    }


def _check_keys(recipe: Finetune, family: Family, kind: Any) -> list[Problem]:
    """Keys that mean nothing to a pipeline, and those that it is called with."""
    takes = inspect.signature(kind.__call__).parameters
    what = "a flow" if family.is_flow else "noise"
    others = {
        "flow": recipe.flow is not None and not family.is_flow,
        "snr_gamma": recipe.snr_gamma is not None and family.is_flow,
        "max_sequence_length": recipe.max_sequence_length is not None and "max_sequence_length" not in takes,
    }
    problems = [
        Problem(f"`{key}` means nothing to a {kind.__name__}, which predicts {what}", key=key, hint="leave it out")
        for key, wrong in others.items()
        if wrong
    ]
    if recipe.validation:
        call = vars(kind)["__call__"]
        problems += read_keys(recipe.validation.options, call, "validation.options", OURS)[1]
    return problems


def _try_adapter(kind: Any, config: Mapping[str, Any], family: Family, lora: Mapping[str, Any]) -> None:
    """An adapter in a denoiser without weights; peft checks values only then, and the layers that they name."""
    with torch.device("meta"):
        denoiser = kind.from_config(config)
        init = lora.get("init_lora_weights", True)
        if init not in (True, False, "gaussian", "orthogonal"):
            raise ValueError(f"`init_lora_weights: {init}` changes the base model, which an adapter's file leaves out")
        denoiser.add_adapter(LoraConfig(**{"target_modules": family.layers, **lora}), ADAPTER)
    trained = [name for name, weight in denoiser.named_parameters() if weight.requires_grad]
    if others := [name for name in trained if "lora_" not in name]:
        raise ValueError(f"this would train {others[0]}, too, which an adapter's file leaves out")


def _try(key: str, make: Callable[[], object]) -> list[Problem]:
    try:
        make()
    except (TypeError, ValueError) as error:
        return [Problem(describe_error(error), key=key)]
    return []


def explain_model(model: str, error: OSError) -> Problem:
    """Why a model cannot be had, and what mends it."""
    reason = describe_error(error)
    if Path(model).is_dir():
        what, hint = f"cannot be read: {reason}", "give the folder that `save_pretrained` of a pipeline wrote"
        return Problem(f"`{model}` {what}", key="model", hint=hint)
    for kind, key, what, hint in REFUSALS:
        if isinstance(error.__context__, kind):  # of which diffusers tells only that there was some error
            return Problem(f"`{model}` {what}", key=key, hint=hint)
    return Problem(f"`{model}` cannot be had: {reason}", key="model")


def _check_start(path: Path, family: Family | None) -> list[Problem]:
    file = find_weights(path)
    if not file.is_file():
        hint = f"did you mean {path / 'model'}?" if (path / "model" / LORA_WEIGHTS).is_file() else ""
        return [Problem(f"there is no {file}", key="start_from", hint=hint)]
    try:
        with safe_open(file, "pt") as weights:
            names = list(weights.keys())
    except SafetensorError as error:
        return [Problem(f"{file} cannot be read: {error}", key="start_from")]
    if family and (others := [name for name in names if not name.startswith(f"{family.denoiser}.")]):
        what = f"{file} holds {others[0]}, which is not of an adapter of the {family.denoiser}"
        return [Problem(what, key="start_from", hint=f"give a {LORA_WEIGHTS} of an earlier training")]
    return []


def find_weights(path: Path) -> Path:
    """The file of an adapter's weights: a folder's, or the path itself."""
    return path / LORA_WEIGHTS if path.is_dir() else path
