"""What is wrong with a recipe for Stable Diffusion, found from configs and rows: no weight is loaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import datasets
import torch
from accelerate import PartialState
from diffusers import AutoencoderKL, DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.optimization import SchedulerType
from huggingface_hub import errors as hub
from peft import LoraConfig
from safetensors import SafetensorError, safe_open

from ....errors import Problem, advise
from ...pictures import check_pictures
from ...recipes.finetune import Finetune
from ...upstream import is_first, read_keys

LORA_WEIGHTS = "pytorch_lora_weights.safetensors"
"""What diffusers calls the file of an adapter."""
TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]
"""The layers that get an adapter if `lora` does not say: the attention's, as in diffusers' own LoRA script."""
SCHEDULES = [schedule.value for schedule in SchedulerType if schedule != SchedulerType.PIECEWISE_CONSTANT]
"""All of diffusers' but the one that needs a text of rules."""
ADAPTER = "default"
"""Its name while it is trained; files do not have it."""
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
    ours = {"params": "`method` says what is trained"}
    optimizer, problems = read_keys(recipe.optimizer, torch.optim.AdamW, "optimizer", ours)
    if not problems:
        problems += _try("optimizer", lambda: torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], **optimizer))
    if recipe.lr_scheduler not in SCHEDULES:
        what = f"diffusers has no schedule `{recipe.lr_scheduler}`"
        problems.append(Problem(what, key="lr_scheduler", hint=advise(recipe.lr_scheduler, SCHEDULES)))
    lora, wrong = read_keys(recipe.lora, LoraConfig, "lora")
    problems += wrong
    if recipe.mixed_precision == "fp16" and PartialState().device.type == "cpu":
        what = "fp16 needs a GPU, and there is none here"
        problems.append(Problem(what, key="mixed_precision", hint="take `no` or `bf16`"))
    if recipe.start_from:
        problems += _check_start(Path(recipe.start_from))
    if "model" not in missing:
        problems += _check_model(recipe, None if wrong or recipe.method == "full" else lora)
    if rows is not None and is_first():
        problems += check_pictures(rows.cast_column("image", datasets.Image(decode=False)), recipe.resolution)
    return problems


def find_inputs(recipe: Finetune) -> dict[str, tuple[str, str | None]]:
    """The models and files that a training depends on, with their revisions, by key."""
    start = {"start_from": (str(find_weights(Path(recipe.start_from))), None)} if recipe.start_from else {}
    return {"model": (recipe.model, recipe.revision), **start}


def _check_model(recipe: Finetune, lora: Mapping[str, Any] | None) -> list[Problem]:
    model = recipe.model
    if Path(model).is_file():
        hint = "give a folder, as `StableDiffusionPipeline.from_single_file(...)` saves it"
        return [Problem(f"`{model}` is a file", key="model", hint=hint)]
    try:
        index = StableDiffusionPipeline.load_config(model, revision=recipe.revision)
        parts = [index.get(part, [None, None])[1] for part in ("unet", "text_encoder", "vae")]
        names = [index.get("_class_name"), *parts]
        if names != ["StableDiffusionPipeline", "UNet2DConditionModel", "CLIPTextModel", "AutoencoderKL"]:
            found = f"{names[0]} of {', '.join(str(name) for name in names[1:])}"
            what = f"`{model}` is no Stable Diffusion 1.x or 2.x, but a {found}"
            hint = "take one such as stable-diffusion-v1-5/stable-diffusion-v1-5"
            return [Problem(what, key="model", hint=hint)]
        unet = UNet2DConditionModel.load_config(model, subfolder="unet", revision=recipe.revision)
        vae = AutoencoderKL.load_config(model, subfolder="vae", revision=recipe.revision)
        scheduler = DDPMScheduler.load_config(model, subfolder="scheduler", revision=recipe.revision)
    except OSError as error:
        return [explain_model(model, error)]
    problems = []
    factor = 2 ** (len(vae["block_out_channels"]) - 1)
    if recipe.resolution % factor:
        what = f"{recipe.resolution} is no multiple of {factor}, the pixels of one side of a latent"
        hint = f"take {max(1, round(recipe.resolution / factor)) * factor}"
        problems.append(Problem(what, key="resolution", hint=hint))
    if (prediction := scheduler.get("prediction_type", "epsilon")) not in ("epsilon", "v_prediction"):
        what = f"`{model}` predicts `{prediction}`; the loss is known for epsilon and v_prediction"
        problems.append(Problem(what, key="model", hint="take another"))
    if lora is not None and not recipe.start_from:
        problems += _try("lora", lambda: _try_adapter(unet, lora))
    return problems


def _try_adapter(unet_config: Mapping[str, Any], lora: Mapping[str, Any]) -> None:
    """An adapter in a UNet without weights; peft checks values only then, and the layers that they name."""
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(unet_config)
        init = lora.get("init_lora_weights", True)
        if init not in (True, False, "gaussian", "orthogonal"):
            raise ValueError(f"`init_lora_weights: {init}` changes the base model, which an adapter's file leaves out")
        unet.add_adapter(LoraConfig(**{"target_modules": TARGETS, **lora}), ADAPTER)
    if others := [name for name, weight in unet.named_parameters() if weight.requires_grad and "lora_" not in name]:
        raise ValueError(f"this would train {others[0]}, too, which an adapter's file leaves out")


def _try(key: str, make: Callable[[], object]) -> list[Problem]:
    try:
        make()
    except (TypeError, ValueError) as error:
        return [Problem(" ".join(str(error).split()), key=key)]
    return []


def explain_model(model: str, error: OSError) -> Problem:
    """Why a model cannot be had, and what mends it."""
    reason = " ".join(str(error).split())
    if Path(model).is_dir():
        what, hint = f"cannot be read: {reason}", "give the folder that `save_pretrained` of a pipeline wrote"
        return Problem(f"`{model}` {what}", key="model", hint=hint)
    for kind, key, what, hint in REFUSALS:
        if isinstance(error.__context__, kind):  # of which diffusers tells only that there was some error
            return Problem(f"`{model}` {what}", key=key, hint=hint)
    return Problem(f"`{model}` cannot be had: {reason}", key="model")


def _check_start(path: Path) -> list[Problem]:
    file = find_weights(path)
    if not file.is_file():
        hint = f"did you mean {path / 'model'}?" if (path / "model" / LORA_WEIGHTS).is_file() else ""
        return [Problem(f"there is no {file}", key="start_from", hint=hint)]
    try:
        with safe_open(file, "pt") as weights:
            others = [name for name in weights.keys() if not name.startswith("unet.")]  # noqa: SIM118
    except SafetensorError as error:
        return [Problem(f"{file} cannot be read: {error}", key="start_from")]
    if others:
        hint = f"give a {LORA_WEIGHTS} of an earlier training"
        return [Problem(f"{file} holds {others[0]}, which is not of a UNet's adapter", key="start_from", hint=hint)]
    return []


def find_weights(path: Path) -> Path:
    """The file of an adapter's weights: a folder's, or the path itself."""
    return path / LORA_WEIGHTS if path.is_dir() else path
