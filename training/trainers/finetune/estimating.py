"""What a training of a pipeline takes, from its configs: a step is gone through on tensors without numbers.

What a step keeps for its gradients is counted where autograd saves it, by the code of diffusers and peft itself, on
fake tensors of a CPU, which have shapes and precisions but no memory.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from peft import LoraConfig
from safetensors import safe_open
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from ...estimates import Estimate
from ...recipes.finetune import Finetune
from ...upstream import count_processes, read_keys
from .checkpoints import KEPT
from .families import FAMILIES, Family, Question, count_channels, count_pixels_of_latent
from .loading import find_dtype
from .recipe_check import ADAPTER, find_weights, load_configs, read_index
from .training_loop import count_updates

CLIP_TOKENS = 77
FLOAT = 4
"""Bytes of a number in float32."""
SMALL, BLOCK = 4096, 256
"""Of bitsandbytes: smaller tensors stay in 32 bits, and so many numbers share a scale in 32 bits."""
NOTES = (
    "weights and optimizer are counted from configs; activations by a step on tensors without numbers, as autograd "
    "saves them on a CPU (a GPU's kernels may keep a little more or less)",
    "not counted: what kernels need for a moment, the device's own context (about 0.5 GB), and pieces of memory that "
    "cannot be used; a tenth more is wise",
    "time is not measured: TFLOP are those of the denoiser alone, without encoders, pictures read and validation; how "
    "many a device keeps up, only a run can tell",
)


def estimate(recipe: Finetune, rows: Any) -> Estimate:
    """Computes what a training takes; nothing is loaded but configs.

    Args:
        recipe: One that `recipe_check.check` finds nothing wrong with.
        rows: With `caption`, as many as are trained on.
    """
    index = read_index(recipe)
    family = FAMILIES[index["_class_name"]]
    configs = load_configs(recipe, index, (family.denoiser, "vae"))
    denoiser = _make_denoiser(recipe, index, family, configs[family.denoiser])
    trained = [weight.numel() for weight in denoiser.parameters() if weight.requires_grad]
    if recipe.start_from:
        with safe_open(find_weights(Path(recipe.start_from)), "pt") as file:
            trained = [math.prod(file.get_slice(name).get_shape()) for name in file.keys()]  # noqa: SIM118
    captions = list(dict.fromkeys(rows["caption"]))
    text = shape_text(recipe, index, configs[family.denoiser], captions)
    latents = _shape_latents(recipe, configs["vae"], family)
    step = _take_step(recipe, family, denoiser, text, latents)
    encoders = _count_encoders(recipe, index, family)
    cache = rows.num_rows * _count_picture(family, latents) + len(captions) * _count_caption(recipe, text)
    images = recipe.batch_size * recipe.gradient_accumulation_steps * count_processes()
    return Estimate(
        rows=rows.num_rows,
        updates=count_updates(recipe, rows.num_rows, images),
        images_per_update=images,
        memory={
            **_count_weights(denoiser),
            **_count_training(recipe, trained),
            "activations": step.kept + step.largest,
            **({} if recipe.cache else encoders),
        },
        before=encoders if recipe.cache else {},
        disk={**({"cache": cache} if recipe.cache else {}), **_count_files(recipe, trained, encoders)},
        operations=step.operations * recipe.gradient_accumulation_steps * count_processes(),
        notes=NOTES,
    )


# Weights.


def _make_denoiser(recipe: Finetune, index: Mapping[str, Any], family: Family, config: Mapping[str, Any]) -> Any:
    """The denoiser with what is trained, as `loading.load_model` has it, on no device."""
    with torch.device("meta"):
        denoiser = getattr(diffusers, index[family.denoiser][1]).from_config(config)
        denoiser.requires_grad_(recipe.method == "full")
        if recipe.method == "lora":
            lora, _ = read_keys(recipe.lora, LoraConfig, "lora")
            denoiser.add_adapter(LoraConfig(**{"target_modules": family.layers, **lora}), ADAPTER)
    for weight in denoiser.parameters():
        weight.data = weight.data.to(torch.float32 if weight.requires_grad else find_dtype(recipe))
    return denoiser


def _count_weights(denoiser: Any) -> dict[str, int]:
    frozen = sum(weight.nbytes for weight in denoiser.parameters() if not weight.requires_grad)
    return {"weights that stay": frozen} if frozen else {}


def _count_training(recipe: Finetune, trained: list[int]) -> dict[str, int]:
    """What there is of each weight that is trained, given the sizes of their tensors."""
    whole = FLOAT * sum(trained)
    counted = {"weights that are trained": whole, "their gradients": whole}
    if count_processes() > 1:
        counted["gradients to exchange"] = whole
    counted["optimizer"] = sum(map(count_8bit, trained)) if recipe.use_8bit_adam else 2 * whole
    return counted | ({"their moving average": whole} if recipe.ema else {})


def count_8bit(size: int) -> int:
    """Two moments of a tensor as bitsandbytes keeps them."""
    return 2 * (size * FLOAT if size < SMALL else size + FLOAT * math.ceil(size / BLOCK))


def _count_encoders(recipe: Finetune, index: Mapping[str, Any], family: Family) -> dict[str, int]:
    """Bytes of the other components that have weights."""
    found = {}
    for name, entry in index.items():
        if name.startswith("_") or name == family.denoiser or not isinstance(entry, list):
            continue
        library, kind = entry
        with torch.device("meta"):
            if library == "transformers" and hasattr(one := getattr(transformers, kind), "config_class"):
                config = one.config_class.from_pretrained(recipe.model, subfolder=name, revision=recipe.revision)
                found[name] = one(config)
            elif library == "diffusers" and issubclass(one := getattr(diffusers, kind), diffusers.ModelMixin):
                found[name] = one.from_config(load_configs(recipe, index, (name,))[name])
    width = find_dtype(recipe).itemsize
    return {name: width * sum(weight.numel() for weight in part.parameters()) for name, part in found.items()}


# A step.


@dataclass
class Kept:
    """Storages that autograd keeps, each once.

    Attributes:
        others: Storages that are there anyway, of weights.
        found: The others, by where they are; held here, or else another one could come to be there.
    """

    others: set[int]
    found: dict[int, Any] = field(default_factory=dict)

    def take(self, tensor: Tensor) -> Tensor:
        """Is called by autograd with what it keeps."""
        storage = tensor.untyped_storage()
        if storage._cdata not in self.others:
            self.found[storage._cdata] = storage
        return tensor

    def watch(self) -> Any:
        """Takes all that is kept meanwhile."""
        return saved_tensors_hooks(self.take, lambda tensor: tensor)

    def count(self) -> int:
        """Their bytes."""
        return sum(storage.nbytes() for storage in self.found.values())


@dataclass(frozen=True)
class Step:
    """What a step takes.

    Attributes:
        kept: Bytes that are kept for the gradients.
        largest: Bytes that the largest block takes when it is gone through anew, with gradient checkpointing.
        operations: Floating-point operations of the step, with its gradients.
    """

    kept: int
    largest: int
    operations: int


def measure_step(family: Family, denoiser: Any, asked: Question, autocast: Any, checkpointing: bool) -> Step:
    """Asks a denoiser as a training does, and counts.

    Args:
        family: Of its pipeline.
        denoiser: On fake tensors, or real ones.
        asked: The same.
        autocast: The context that it computes in.
        checkpointing: Whether blocks keep only what comes in.
    """
    own = {one.untyped_storage()._cdata for one in (*denoiser.parameters(), *denoiser.buffers())}
    kept, blocks = Kept(own), [0]

    def run_block(block: Callable[..., Any], *given: Any) -> Any:
        for one in given:
            if isinstance(one, Tensor) and one.is_floating_point():
                kept.take(one)
        inner = Kept(own)
        with inner.watch():
            said = block(*given)
        blocks.append(inner.count())
        return said

    if checkpointing:
        denoiser.enable_gradient_checkpointing(run_block)
    with kept.watch(), autocast, FlopCounterMode(display=False) as counter:
        family.predict(denoiser, asked).float().pow(2).mean()
    whole = all(weight.requires_grad for weight in denoiser.parameters())
    # Backwards, a product of matrices takes another one for what came in, and one for a weight that is trained.
    times = 2 + whole + checkpointing
    return Step(kept.count(), max(blocks), times * counter.get_total_flops())


def _take_step(
    recipe: Finetune, family: Family, denoiser: Any, text: Mapping[str, tuple[int, ...]], latents: tuple[int, int, int]
) -> Step:
    batch, dtype = recipe.batch_size, find_dtype(recipe)
    mixed = dtype != torch.float32
    with FakeTensorMode():
        make = partial(torch.empty, dtype=dtype)
        _move_to_fake(denoiser)
        captions = [{name: make(shape) for name, shape in text.items()} for _ in range(batch)]
        guided = torch.ones(batch) if getattr(denoiser.config, "guidance_embeds", False) else None
        asked = Question(make((batch, *latents)), torch.ones(batch), captions, torch.ones(batch, 6), guided)
        autocast = torch.autocast("cpu", torch.bfloat16, enabled=mixed)
        return measure_step(family, denoiser.train(), asked, autocast, recipe.gradient_checkpointing)


def _move_to_fake(module: Any) -> None:
    """Gives a module without a device fake tensors on a CPU, also where they are no weights."""
    for part in module.modules():
        for table in (part._parameters, part._buffers, vars(part)):
            for name, one in table.items():
                if isinstance(one, torch.nn.Parameter):
                    fake = torch.empty(one.shape, dtype=one.dtype)
                    table[name] = torch.nn.Parameter(fake, requires_grad=one.requires_grad)
                elif isinstance(one, Tensor):
                    table[name] = torch.empty(one.shape, dtype=one.dtype)


# What is encoded.


def _shape_latents(recipe: Finetune, vae: Mapping[str, Any], family: Family) -> tuple[int, int, int]:
    side = recipe.resolution // count_pixels_of_latent(family, vae)
    return count_channels(vae), side, side


def shape_text(
    recipe: Finetune, index: Mapping[str, Any], config: Mapping[str, Any], captions: list[str]
) -> dict[str, tuple[int, ...]]:
    """Of what the denoiser reads of a caption; where captions have lengths of their own, that of the longest."""
    name = index["_class_name"]
    default = inspect.signature(getattr(diffusers, name).__call__).parameters.get("max_sequence_length")
    most = recipe.max_sequence_length or (default.default if default else CLIP_TOKENS)
    if name in ("ZImagePipeline", "QwenImagePipeline"):  # about so many tokens a word, and what is said around them
        most = min(most, 16 + math.ceil(1.5 * max(len(caption.split()) for caption in captions)))
    widths = ("cross_attention_dim", "joint_attention_dim", "cap_feat_dim")
    width = next(config[key] for key in widths if key in config)
    shapes: dict[str, tuple[int, ...]] = {"states": (most, width)}
    if name == "StableDiffusion3Pipeline":
        shapes["states"] = (CLIP_TOKENS + most, width)
    if name == "StableDiffusionXLPipeline":
        added = 6 * config["addition_time_embed_dim"]
        shapes["pooled"] = (config["projection_class_embeddings_input_dim"] - added,)
    if config.get("pooled_projection_dim"):
        shapes["pooled"] = (config["pooled_projection_dim"],)
    if name == "Flux2KleinPipeline":
        shapes["ids"] = (most, 4)
    return shapes


def _count_picture(family: Family, latents: tuple[int, int, int]) -> int:
    """Bytes of a picture in the cache."""
    return math.prod(latents) * FLOAT * (2 if family.is_drawn else 1)


def _count_caption(recipe: Finetune, text: Mapping[str, tuple[int, ...]]) -> int:
    """Bytes of a caption in the cache."""
    return find_dtype(recipe).itemsize * sum(map(math.prod, text.values()))


def _count_files(recipe: Finetune, trained: list[int], encoders: Mapping[str, int]) -> dict[str, int]:
    """Checkpoints have all that changes; a pipeline is saved whole, its other parts as they were."""
    parts = _count_training(recipe, trained)
    changing = sum(size for what, size in parts.items() if "gradients" not in what)
    kept = {f"checkpoints, {KEPT} of them": KEPT * changing} if recipe.checkpoint_every else {}
    return {**kept, "model": FLOAT * sum(trained) + (sum(encoders.values()) if recipe.method == "full" else 0)}
