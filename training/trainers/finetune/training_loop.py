"""Trains Stable Diffusion 1.x and 2.x on images with captions, by LoRA or in full (the paper's Appendices C.1.3, C.4).

A training is a sequence of positions 0, 1, 2, ... through all epochs. The row at a position, its noise and timestep
follow from the seed and the position alone. So two processes that share a batch train as one process would, and what
was stopped goes on from its last checkpoint as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType, GradientAccumulationPlugin
from diffusers import DDPMScheduler, StableDiffusionPipeline
from diffusers.optimization import get_scheduler
from diffusers.utils import logging as diffusers_logging
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch.utils.data import default_collate
from tqdm.auto import tqdm
from transformers.utils import logging as transformers_logging

from ....builders.folder.files import remove_tree, write_text
from ....builders.foundation.counter_rng import deal, derive_key
from ....errors import GasError, Problem, RecipeError
from ...pictures import READERS, open_picture
from ...recipes.finetune import Finetune
from ...upstream import read_keys
from .checkpoints import load_checkpoint, save_checkpoint
from .recipe_check import ADAPTER, LORA_WEIGHTS, TARGETS, explain_model, find_weights

NOT_WHOLE = {DistributedType.FSDP, DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM, DistributedType.XLA}
LOG = "log.jsonl"
REPORTS = 20
"""Lines for people about the loss, where there is no progress bar."""
AHEAD = 2
"""Batches that they are ahead of the training."""
FREE = {"name", "description", "output", "gradient_checkpointing", "checkpoint_every"}
FREE |= {"batch_size", "gradient_accumulation_steps"}
"""Keys of a recipe that may change when a training goes on, the last two as long as their product stays."""


def train(
    recipe: Finetune, rows: datasets.Dataset, folder: Path, report: Callable[[str], None] = print
) -> dict[str, Any]:
    """Trains, goes on where a training in the same folder was stopped, and saves what diffusers loads.

    Works the same in one process and in several, started by `accelerate launch` or `torchrun`; they share the folder.
    With LoRA `folder/model` holds `pytorch_lora_weights.safetensors`, for `load_lora_weights`; else a pipeline, for
    `from_pretrained`. `folder/log.jsonl` has a line for each update. Seeds torch's global generators.

    Args:
        recipe: One that `recipe_check.check` finds nothing wrong with.
        rows: With the columns `caption` (text) and `image` (of the feature `datasets.Image`).
        folder: Where to save, and where checkpoints are.
        report: Takes a line for people, in the main process.

    Returns: For JSON, the same in all processes: `updates`; `epochs`; `images_per_update`; `first_loss`, `last_loss`,
        the means of the first and last tenth of the updates; `truncated_captions`, the share that is longer than the
        text encoder reads; `trainable_parameters`; and of what this call did, `seconds` and `images_per_second`.

    Raises:
        RecipeError: The model or the adapter cannot be loaded, or the rows hold no images or captions.
        GasError: A row cannot be read, the folder has checkpoints of another training, or the loss is not finite.
    """
    accumulation = GradientAccumulationPlugin(num_steps=recipe.gradient_accumulation_steps, sync_with_dataloader=False)
    accelerator = Accelerator(mixed_precision=recipe.mixed_precision, gradient_accumulation_plugin=accumulation)
    if accelerator.distributed_type in NOT_WHOLE:
        what = f"{accelerator.distributed_type.value} splits the model, which this training does not support"
        raise GasError(f"{what}; launch it without", exit_status=1)
    main, processes = accelerator.is_main_process, accelerator.num_processes
    tell = report if main else lambda line: None

    # What is trained, and for how long.
    pipeline = load_pipeline(recipe, accelerator.device)
    truncated = count_truncated(pipeline.tokenizer, rows) / rows.num_rows
    if truncated:
        tell(f"{truncated:.1%} of the captions are longer than the text encoder reads; their ends are not seen")
    trained = {name: weight for name, weight in pipeline.unet.named_parameters() if weight.requires_grad}
    images_per_update = recipe.batch_size * recipe.gradient_accumulation_steps * processes
    updates = count_updates(recipe, rows.num_rows, images_per_update)

    if recipe.max_steps and updates < recipe.max_steps:
        tell(f"{updates} updates are all: `epochs: {recipe.epochs}` ends before `max_steps: {recipe.max_steps}`")
    if recipe.warmup_steps >= updates:
        tell(f"`warmup_steps: {recipe.warmup_steps}` takes all {updates} updates, so `lr` is never reached")

    keys, _ = read_keys(recipe.optimizer, torch.optim.AdamW, "optimizer")
    unet, optimizer = accelerator.prepare(pipeline.unet, torch.optim.AdamW(trained.values(), **keys))
    # Not prepared: accelerate would step the schedule once for each process.
    schedule = get_scheduler(
        recipe.lr_scheduler, optimizer, num_warmup_steps=recipe.warmup_steps, num_training_steps=updates
    )

    checkpoints, log_file = folder / "checkpoints", folder / LOG
    identity = {**recipe.model_dump(mode="json", exclude=FREE), "rows": rows.num_rows, "images": images_per_update}
    stateful = {"optimizer": optimizer, "schedule": schedule}
    stateful |= {"scaler": accelerator.scaler} if accelerator.scaler else {}
    done = load_checkpoint(checkpoints, identity, trained, stateful)
    if done:
        tell(f"goes on after update {done} of {updates}")

    # Each process has its part of every batch: with two of them and a batch size of 2, positions 0, 1 and 2, 3.
    side = recipe.resolution // pipeline.vae_scale_factor
    samples = Samples(
        rows=rows.cast_column("image", datasets.Image(decode=False)),
        order=deal(derive_key("finetune order", recipe.seed), rows.num_rows, 0, updates * images_per_update),
        seed=recipe.seed,
        image_processor=pipeline.image_processor,
        resolution=recipe.resolution,
        latent_shape=(pipeline.vae.config.latent_channels, side, side),
    )
    first = done * images_per_update + accelerator.process_index * recipe.batch_size
    starts = range(first, updates * images_per_update, recipe.batch_size * processes)
    batches = read_batches(samples, starts, recipe.batch_size)

    unet.train()
    began = time.perf_counter()
    shown = main and sys.stderr.isatty()
    if main:
        cut_log(log_file, done)
    with open(log_file if main else os.devnull, "a", encoding="utf-8", buffering=1) as log:
        for update in tqdm(range(done + 1, updates + 1), recipe.name, updates, initial=done, disable=not shown):
            losses = []
            for batch in islice(batches, recipe.gradient_accumulation_steps):
                with accelerator.accumulate(unet):
                    # What is dropped out follows from the position, too, or could not go on as it was.
                    torch.manual_seed(derive_key("finetune dropout", recipe.seed, int(batch["position"][0])))
                    loss = compute_loss(pipeline, unet, batch)
                    accelerator.backward(loss)
                    losses.append(loss.detach())
                    if accelerator.sync_gradients:
                        norm = accelerator.clip_grad_norm_(trained.values(), recipe.max_grad_norm)
                    optimizer.step()
                    optimizer.zero_grad()
            entry = {
                "update": update,
                "loss": read_finite(accelerator.reduce(torch.stack(losses).mean(), "mean")),
                "lr": schedule.get_last_lr()[0],
                "grad_norm": read_finite(norm),
            }
            if None in entry.values() and not accelerator.scaler:  # which leaves out updates that overflow
                what = f"the loss or the gradient of update {update} is not finite"
                raise GasError(f"{what}; take a smaller `optimizer.lr`", exit_status=1)
            if not optimizer.step_was_skipped:
                schedule.step()
            log.write(json.dumps(entry) + "\n")
            if not shown and update % max(1, updates // REPORTS) == 0:
                tell(f"update {update} of {updates}: loss {entry['loss']}")
            if main and recipe.checkpoint_every and update % recipe.checkpoint_every == 0:
                save_checkpoint(checkpoints, update, identity, trained, stateful)
                tell(f"checkpoint after update {update} of {updates}")
    seconds = time.perf_counter() - began

    if main:
        save_model(recipe, pipeline, folder / "model")
    accelerator.wait_for_everyone()
    tenth = max(1, updates // 10)
    logged = [entry["loss"] for entry in read_log(log_file)]
    return {
        "updates": updates,
        "epochs": round(updates * images_per_update / rows.num_rows, 3),
        "images_per_update": images_per_update,
        "first_loss": average(logged[:tenth]),
        "last_loss": average(logged[-tenth:]),
        "truncated_captions": truncated,
        "trainable_parameters": sum(weight.numel() for weight in trained.values()),
        "seconds": round(seconds, 3),
        "images_per_second": round((updates - done) * images_per_update / seconds, 3),
    }


def count_updates(recipe: Finetune, rows: int, images_per_update: int) -> int:
    """Updates until the recipe's end; the last one may take images of the epoch after."""
    ends = [recipe.max_steps, recipe.epochs and math.ceil(recipe.epochs * rows / images_per_update)]
    return min(end for end in ends if end is not None)


def load_pipeline(recipe: Finetune, device: torch.device) -> StableDiffusionPipeline:
    """Loads the model frozen, in the precision to compute with, but for the weights to train: these are float32."""
    if not sys.stderr.isatty():
        diffusers_logging.disable_progress_bar()
        transformers_logging.disable_progress_bar()
    dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(recipe.mixed_precision, torch.float32)
    try:
        pipeline = StableDiffusionPipeline.from_pretrained(
            recipe.model, revision=recipe.revision, dtype={"unet": torch.float32, "default": dtype},
            safety_checker=None, requires_safety_checker=False,
        )  # fmt: skip
    except OSError as error:
        raise RecipeError([explain_model(recipe.model, error)]) from error
    pipeline.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)  # that of training
    pipeline.vae.requires_grad_(False)
    pipeline.text_encoder.requires_grad_(False)
    unet = pipeline.unet.requires_grad_(recipe.method == "full")
    if recipe.start_from:
        file = find_weights(Path(recipe.start_from))
        try:
            unet.load_lora_adapter(file.parent, prefix="unet", weight_name=file.name, adapter_name=ADAPTER)
        except (RuntimeError, ValueError) as error:
            what = f"{file} does not fit `{recipe.model}`: {' '.join(str(error).split())[:300]}"
            raise RecipeError(
                [Problem(what, key="start_from", hint="take the model that it was trained on")]
            ) from error
        for name, weight in unet.named_parameters():
            weight.requires_grad_("lora_" in name)
    elif recipe.method == "lora":
        keys, _ = read_keys(recipe.lora, LoraConfig, "lora")
        torch.manual_seed(derive_key("finetune adapter", recipe.seed))
        unet.add_adapter(LoraConfig(**{"target_modules": TARGETS, **keys}), ADAPTER)
    for weight in unet.parameters():
        if not weight.requires_grad:
            weight.data = weight.data.to(dtype)
    if recipe.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    return pipeline.to(device)


def count_truncated(tokenizer: Any, rows: datasets.Dataset) -> int:
    """Counts captions that the text encoder does not read to their ends.

    Raises:
        RecipeError: The columns are not what they should be.
    """
    if not isinstance(rows.features["image"], datasets.Image):
        what = f"the column `image` holds {rows.features['image']}, no images"
        raise RecipeError([Problem(what, key="data", hint="cast it: `cast_column('image', datasets.Image())`")])
    truncated = 0
    for captions in rows.select_columns("caption").with_format(None).iter(1000):
        if not all(isinstance(caption, str) for caption in captions["caption"]):
            raise RecipeError([Problem("some rows have no text in the column `caption`", key="data")])
        lengths = tokenizer(captions["caption"], return_length=True, verbose=False)["length"]
        truncated += sum(length > tokenizer.model_max_length for length in lengths)
    return truncated


@dataclass(frozen=True)
class Samples:
    """What is trained on at each position: `samples[position]`.

    Attributes:
        rows: With `caption` and `image`.
        order: The row at each position, int64, shape (positions,): all rows, shuffled anew for each epoch.
        image_processor: The pipeline's.
        latent_shape: Channels, height and width of a latent.
    """

    rows: datasets.Dataset
    order: np.ndarray
    seed: int
    image_processor: Any
    resolution: int
    latent_shape: tuple[int, int, int]

    def __getitem__(self, position: int) -> dict[str, Any]:
        index, size = int(self.order[position]), self.resolution
        row = self.rows[index]
        if row["image"] is None:
            raise GasError(f"row {index} has no image; leave it out")
        try:
            image = open_picture(row["image"])
        except GasError as error:
            reason = str(error).removeprefix("it ")
            raise GasError(f"the image of row {index} {reason}; leave that row out") from error
        # On the CPU: another device would draw other numbers.
        chance = torch.Generator().manual_seed(derive_key("finetune sample", self.seed, position))
        return {
            "position": position,
            "caption": row["caption"],
            # The short side is scaled, the long one cropped. Nothing is flipped: captions say left and right.
            "pixels": self.image_processor.preprocess(image, size, size, resize_mode="crop")[0],
            "timestep": torch.rand((), generator=chance),  # as a part of all that there are
            "noise": torch.randn(self.latent_shape, generator=chance),
            "vae_noise": torch.randn(self.latent_shape, generator=chance),
        }


def read_batches(samples: Samples, starts: Iterable[int], size: int) -> Iterator[dict[str, Any]]:
    """Gives the batch of `size` positions from each start on, while threads read those that follow."""
    ahead: deque[list[Future[dict[str, Any]]]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        for start in starts:
            ahead.append([pool.submit(samples.__getitem__, start + place) for place in range(size)])
            if len(ahead) > AHEAD:
                yield default_collate([sample.result() for sample in ahead.popleft()])
        while ahead:
            yield default_collate([sample.result() for sample in ahead.popleft()])


def compute_loss(pipeline: StableDiffusionPipeline, unet: Any, batch: Mapping[str, Any]) -> torch.Tensor:
    """The mean squared error of the predicted noise (Ho et al. 2020) or velocity (Salimans & Ho 2022)."""
    vae, tokenizer, noising = pipeline.vae, pipeline.tokenizer, pipeline.scheduler
    with torch.no_grad():
        encoded = vae.encode(batch["pixels"].to(vae.device, vae.dtype)).latent_dist
        noise, vae_noise = batch["noise"].to(vae.device), batch["vae_noise"].to(vae.device)
        latents = (encoded.mean.float() + encoded.std.float() * vae_noise) * vae.config.scaling_factor
        tokens = tokenizer(batch["caption"], padding="max_length", truncation=True, return_tensors="pt")
        states = pipeline.text_encoder(tokens.input_ids.to(vae.device))[0]
    timesteps = (batch["timestep"] * noising.config.num_train_timesteps).long().to(vae.device)
    noisy = noising.add_noise(latents, noise, timesteps)
    velocity = noising.config.prediction_type == "v_prediction"
    target = noising.get_velocity(latents, noise, timesteps) if velocity else noise
    return torch.nn.functional.mse_loss(unet(noisy, timesteps, states).sample.float(), target)


def save_model(recipe: Finetune, pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Saves what was trained as diffusers loads it: beside its place, then moved there."""
    beside = folder.with_name(f"{folder.name}.part")
    remove_tree(beside)
    if recipe.method == "lora":
        StableDiffusionPipeline.save_lora_weights(
            beside,
            unet_lora_layers=get_peft_model_state_dict(pipeline.unet, adapter_name=ADAPTER),
            unet_lora_adapter_metadata=_sort_sets(pipeline.unet.peft_config[ADAPTER].to_dict()),
        )
        _sort_header(beside / LORA_WEIGHTS)
    else:
        # The other parts as they were, not in the precision that was computed with.
        whole = StableDiffusionPipeline.from_pretrained(recipe.model, revision=recipe.revision, unet=pipeline.unet)
        whole.save_pretrained(beside)
    remove_tree(folder)
    beside.rename(folder)


# The log.


def cut_log(path: Path, updates: int) -> None:
    """Drops what comes after an update, so that the log has each update once."""
    kept = [json.dumps(entry) + "\n" for entry in read_log(path) if entry["update"] <= updates]
    write_text(path, "".join(kept))


def read_log(path: Path) -> list[dict[str, Any]]:
    """The log's entries; a line without an end is none, but what was written when a training was killed."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def read_finite(number: torch.Tensor) -> float | None:
    """None for what JSON has no number for."""
    return float(number) if math.isfinite(number) else None


def average(losses: list[float | None]) -> float | None:
    """The mean of those that are numbers."""
    finite = [loss for loss in losses if loss is not None]
    return sum(finite) / len(finite) if finite else None


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
