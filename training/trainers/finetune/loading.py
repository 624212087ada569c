"""The model that is trained: loaded frozen, but for what is trained, and saved as diffusers loads it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import free_memory
from diffusers.utils import logging as diffusers_logging
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from transformers.utils import logging as transformers_logging

from ....builders.folder.files import remove_tree, write_text
from ....builders.foundation.counter_rng import derive_key
from ....errors import Problem, RecipeError, describe_error
from ...recipes.finetune import Finetune, Flow
from ...upstream import read_keys
from .families import FAMILIES, Family, count_channels
from .recipe_check import ADAPTER, LORA_WEIGHTS, explain_model, find_weights
from .sharding import gather


@dataclass
class Model:
    """A pipeline whose denoiser is trained.

    Attributes:
        recipe: Of the training.
        pipeline: Without its encoders, once these are dropped.
        family: How its class is trained.
        scheduler: That of training, which knows how much noise there is at each timestep.
        latent_shape: Channels, height and width of a picture's latents.
        dtype: What is computed with.
        device: Where.
    """

    recipe: Finetune
    pipeline: Any
    family: Family
    scheduler: Any
    latent_shape: tuple[int, int, int]
    dtype: torch.dtype
    device: torch.device

    @property
    def denoiser(self) -> Any:
        """What is trained, not wrapped."""
        return getattr(self.pipeline, self.family.denoiser)

    @property
    def flow(self) -> Flow | None:
        """How a flow is learned; None where noise is."""
        return (self.recipe.flow or Flow()) if self.family.is_flow else None

    @property
    def text_length(self) -> dict[str, int]:
        """What captions are encoded with."""
        length = self.recipe.max_sequence_length
        return {} if length is None else {"max_sequence_length": length}

    def list_encoders(self) -> list[str]:
        """The components that have weights and are not trained."""
        parts = self.pipeline.components.items()
        return [name for name, part in parts if isinstance(part, torch.nn.Module) and name != self.family.denoiser]

    def drop_encoders(self) -> None:
        """Frees their memory."""
        for name in self.list_encoders():
            setattr(self.pipeline, name, None)
        free_memory()

    def open_pipeline(self) -> Any:
        """The whole pipeline with the denoiser as it is now, to make pictures; the encoders are loaded anew."""
        given = {self.family.denoiser: self.denoiser, "dtype": self.dtype}
        pipeline = _open(self.recipe, type(self.pipeline), given)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline.to(self.device)


def find_dtype(recipe: Finetune) -> torch.dtype:
    """What is computed with."""
    return {"fp16": torch.float16, "bf16": torch.bfloat16}.get(recipe.mixed_precision, torch.float32)


def load_model(recipe: Finetune, device: torch.device) -> Model:
    """Loads a model frozen, in the precision to compute with, but for the weights to train: these are float32.

    Its encoders are on the device; the denoiser is not yet, for which there is room once they are dropped.

    Raises:
        RecipeError: The model or the adapter cannot be loaded.
    """
    if not sys.stderr.isatty():
        diffusers_logging.disable_progress_bar()
        transformers_logging.disable_progress_bar()
    dtype = find_dtype(recipe)
    try:
        kind = DiffusionPipeline.load_config(recipe.model, revision=recipe.revision)["_class_name"]
        family = FAMILIES[kind]
        # An adapter that is gone on from is float32, and takes the precision of what it is loaded into.
        precise = recipe.method == "full" or recipe.start_from
        kinds = {family.denoiser: torch.float32 if precise else dtype, "default": dtype}
        pipeline = _open(recipe, DiffusionPipeline, {"dtype": kinds})
    except OSError as error:
        raise RecipeError([explain_model(recipe.model, error)]) from error
    chosen = FlowMatchEulerDiscreteScheduler if family.is_flow else DDPMScheduler
    side = recipe.resolution // pipeline.vae_scale_factor
    shape = (count_channels(pipeline.vae.config), side, side)
    model = Model(recipe, pipeline, family, chosen.from_config(pipeline.scheduler.config), shape, dtype, device)
    for name in model.list_encoders():
        getattr(pipeline, name).requires_grad_(False).to(device)
    _choose_weights(model)
    if recipe.gradient_checkpointing:
        model.denoiser.enable_gradient_checkpointing()
    return model


@contextmanager
def hush_packages() -> Iterator[None]:
    """Lets diffusers and transformers tell nothing but errors, for a while."""
    packages = (diffusers_logging, transformers_logging)
    told = [package.get_verbosity() for package in packages]
    for package in packages:
        package.set_verbosity_error()
    try:
        yield
    finally:
        for package, before in zip(packages, told, strict=True):
            package.set_verbosity(before)


def _open(recipe: Finetune, kind: Any, given: Mapping[str, Any]) -> Any:
    """Opens a recipe's pipeline, that of Stable Diffusion without what hides pictures."""
    pipeline = kind.from_pretrained(recipe.model, revision=recipe.revision, **given)
    if "safety_checker" in pipeline.components:
        pipeline.safety_checker = None
    return pipeline


def _choose_weights(model: Model) -> None:
    """Leaves those weights of the denoiser to train that the recipe says."""
    recipe, family, denoiser = model.recipe, model.family, model.denoiser
    denoiser.requires_grad_(recipe.method == "full")
    if recipe.start_from:
        _load_adapter(recipe, family, denoiser)
    elif recipe.method == "lora":
        keys, _ = read_keys(recipe.lora, LoraConfig, "lora")
        torch.manual_seed(derive_key("finetune adapter", recipe.seed))
        denoiser.add_adapter(LoraConfig(**{"target_modules": family.layers, **keys}), ADAPTER)
    for weight in denoiser.parameters():
        weight.data = weight.data.to(torch.float32 if weight.requires_grad else model.dtype)


def _load_adapter(recipe: Finetune, family: Family, denoiser: Any) -> None:
    file = find_weights(Path(recipe.start_from or ""))
    try:
        denoiser.load_lora_adapter(file.parent, prefix=family.denoiser, weight_name=file.name, adapter_name=ADAPTER)
    except (RuntimeError, ValueError) as error:
        what = f"{file} does not fit `{recipe.model}`: {describe_error(error, 300)}"
        raise RecipeError([Problem(what, key="start_from", hint="take the model that it was trained on")]) from error
    for name, weight in denoiser.named_parameters():
        weight.requires_grad_("lora_" in name)


def save_model(model: Model, folder: Path, card: str, sheet: Path, writes: bool = True) -> None:
    """Saves what was trained as diffusers loads it, with its card and perhaps a sheet of pictures.

    All is written beside its place, then moved there. Where weights are shared out over processes, all must take part,
    of which one `writes`.
    """
    recipe, name, kind = model.recipe, model.family.denoiser, type(model.pipeline)
    lora = recipe.method == "lora"
    state = get_peft_model_state_dict(model.denoiser, adapter_name=ADAPTER) if lora else model.denoiser.state_dict()
    whole = {key: gather(one) for key, one in state.items()}
    if not writes:
        return
    beside = folder.with_name(f"{folder.name}.part")
    remove_tree(beside)
    if lora:
        metadata = _sort_sets(model.denoiser.peft_config[ADAPTER].to_dict())
        kind.save_lora_weights(beside, **{f"{name}_lora_layers": whole, f"{name}_lora_adapter_metadata": metadata})
        _sort_header(beside / LORA_WEIGHTS)
    else:
        # The other parts as they were, not in the precision that was computed with.
        pipeline = kind.from_pretrained(recipe.model, revision=recipe.revision)
        getattr(pipeline, name).float().load_state_dict(whole)
        pipeline.save_pretrained(beside)
    write_text(beside / "README.md", card)
    if sheet.is_file():
        shutil.copyfile(sheet, beside / sheet.name)
    remove_tree(folder)
    beside.rename(folder)


def _sort_header(path: Path) -> None:
    """Sorts what safetensors writes in an order of chance, or else equal trainings would give files that differ."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # tensors begin at multiples of 8, as safetensors has them
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[end:])


def _sort_sets(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config whose sets are sorted lists, or else equal trainings would give files that differ."""
    return {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
