"""Trains a pipeline of diffusers on images with captions, by LoRA or in full (the paper's Appendices C.1.3, C.4).

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, DistributedType, GradientAccumulationPlugin
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from tqdm.auto import tqdm

from ....builders.foundation.counter_rng import deal, derive_key
from ....errors import GasError
from ...data import load_rows
from ...evaluation.backends.diffusers import find_limits
from ...json_lines import cut_lines, read_lines
from ...judges.settings import open_judge
from ...recipes.finetune import Finetune
from ...upstream import identify_files, read_keys
from .buckets import choose_shapes, deal_shapes, list_shapes, measure_pictures
from .cache import Cache
from .card import write_card
from .checkpoints import load_checkpoint, save_checkpoint
from .families import count_pixels
from .loading import Model, load_model, save_model
from .losses import compute_loss
from .recipe_check import VALIDATION_COLUMNS, find_optimizer
from .samples import Samples, count_truncated, encode_batch, fill_cache, read_batches
from .sharding import SharedOptimizer, gather
from .validation import ENTRIES, SHEET, Validator, describe_gain

NOT_WHOLE = {DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM, DistributedType.XLA}
LOG = "log.jsonl"
REPORTS = 20
"""Lines for people about the loss, where there is no progress bar."""
FREE = {"name", "description", "output", "gradient_checkpointing", "checkpoint_every", "cache", "trackers", "push"}
FREE |= {"batch_size", "gradient_accumulation_steps", "validation"}
"""Keys of a recipe that may change when a training goes on, two sizes as long as their product stays."""


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
        the means of the first and last tenth of the updates; `truncated_captions`, the share that is longer than a
        text encoder reads; `trainable_parameters`; `held_out`, where the recipe has a validation; and of what this
        call did, `seconds` and `images_per_second`.

    Raises:
        RecipeError: The model or the adapter cannot be loaded, or the rows hold no images or captions.
        GasError: A row cannot be read, the folder has checkpoints of another training, or the loss is not finite.
    """
    accelerator = open_accelerator(recipe, folder)
    tell = report if accelerator.is_main_process else lambda line: None
    model = load_model(recipe, accelerator.device)
    limits = find_limits(model.pipeline, model.text_length)
    truncated = count_truncated(limits, model.pipeline, rows) / rows.num_rows
    if truncated:
        tell(f"{truncated:.1%} of the captions are longer than the text encoder reads; their ends are not seen")
    rows = rows.cast_column("image", datasets.Image(decode=False))
    shapes = find_shapes(model, rows) if recipe.buckets else None
    cache = open_cache(model, rows, accelerator, tell, shapes) if recipe.cache else None
    course = open_course(recipe, model, accelerator, rows.num_rows, tell)
    batches = open_batches(course, open_samples(course, rows, cache, shapes), folder, tell)
    validator = open_validator(course, folder) if recipe.validation else None
    began = time.perf_counter()
    take_updates(course, batches, validator, folder, tell)
    seconds = time.perf_counter() - began
    results = {
        **describe_course(course, folder, rows.num_rows),
        "truncated_captions": truncated,
        **({"held_out": describe_gain(folder)} if validator else {}),
    }
    if accelerator.is_main_process or course.is_split:
        card = write_card(recipe, results, SHEET if validator else None)
        with course.averaged():
            save_model(model, folder / "model", card, folder / SHEET, accelerator.is_main_process)
    accelerator.wait_for_everyone()
    if recipe.trackers:
        accelerator.end_training()
    images = (course.updates - course.done) * course.images_per_update
    return {**results, "seconds": round(seconds, 3), "images_per_second": round(images / seconds, 3)}


@dataclass
class Course:
    """A training under way.

    Attributes:
        recipe, model, accelerator: Of the training.
        denoiser: The model's, as accelerate wraps it.
        trained: Its weights that are trained, by name.
        optimizer, schedule: What changes them.
        ema: Their moving average; None where there is none.
        updates: How many there are in all.
        images_per_update: Of all processes.
        identity: What a training must have in common with this one to be gone on from.
        done: The update that was gone on from; 0 at the beginning.
    """

    recipe: Finetune
    model: Model
    accelerator: Accelerator
    denoiser: Any
    trained: Mapping[str, torch.nn.Parameter]
    optimizer: Any
    schedule: Any
    ema: EMAModel | None
    updates: int
    images_per_update: int
    identity: Mapping[str, Any]
    done: int = 0

    @property
    def is_split(self) -> bool:
        """Whether each process holds a part of the weights."""
        return bool(self.accelerator.distributed_type == DistributedType.FSDP)

    @property
    def stateful(self) -> dict[str, Any]:
        """What changes beside the weights, by name."""
        parts = {"optimizer": self.optimizer, "schedule": self.schedule, "ema": self.ema}
        parts["scaler"] = self.accelerator.scaler
        if self.is_split:
            parts["optimizer"] = SharedOptimizer(self.optimizer, list(self.trained.values()))
        return {name: part for name, part in parts.items() if part is not None}

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Puts the moving average into the place of the weights, for a while."""
        if self.ema is None:
            yield
            return
        self.ema.store(self.trained.values())
        self.ema.copy_to(self.trained.values())
        try:
            yield
        finally:
            self.ema.restore(self.trained.values())


def describe_course(course: Course, folder: Path, rows: int) -> dict[str, Any]:
    """What `train` returns of all its updates."""
    tenth = max(1, course.updates // 10)
    logged = [entry["loss"] for entry in read_lines(folder / LOG)]
    return {
        "updates": course.updates,
        "epochs": round(course.updates * course.images_per_update / rows, 3),
        "images_per_update": course.images_per_update,
        "first_loss": average(logged[:tenth]),
        "last_loss": average(logged[-tenth:]),
        "trainable_parameters": sum(weight.numel() for weight in course.trained.values()),
    }


def open_accelerator(recipe: Finetune, folder: Path) -> Accelerator:
    """Begins the processes' group, and trackers, if there are any.

    Raises:
        GasError: It was launched in a way that splits the model.
    """
    AcceleratorState._reset_state()  # a training before this one, in the same process, may have had another precision
    accumulation = GradientAccumulationPlugin(num_steps=recipe.gradient_accumulation_steps, sync_with_dataloader=False)
    # In full, the last block of a transformer has weights for words that nothing is made of.
    unused = DistributedDataParallelKwargs(find_unused_parameters=recipe.method == "full")
    accelerator = Accelerator(
        mixed_precision=recipe.mixed_precision,
        gradient_accumulation_plugin=accumulation,
        kwargs_handlers=[unused],
        log_with=list(recipe.trackers) or None,
        project_dir=folder / "trackers",
    )
    if accelerator.distributed_type in NOT_WHOLE:
        what = f"{accelerator.distributed_type.value} splits the model, which this training does not support"
        raise GasError(f"{what}; launch it without", exit_status=1)
    if accelerator.distributed_type == DistributedType.FSDP:
        _prepare_split(accelerator, recipe)
    if recipe.trackers:
        accelerator.init_trackers(recipe.name)
    return accelerator


def _prepare_split(accelerator: Accelerator, recipe: Finetune) -> None:
    """Refuses what is not known to be right where each process holds a part of the weights."""
    if not accelerator.is_fsdp2:
        raise GasError("FSDP of version 1 is not supported; launch it with --fsdp_version 2", exit_status=1)
    parts = {"ema": recipe.ema, "validation": recipe.validation, "use_8bit_adam": recipe.use_8bit_adam}
    if given := [key for key, value in parts.items() if value]:
        raise GasError(f"`{given[0]}` needs whole weights, and FSDP splits them; leave it out, or launch without")
    # Or else transformers would load encoders in the first process alone, and accelerate stumble over buffers.
    os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] = "false"
    accelerator.state.fsdp_plugin.cpu_ram_efficient_loading = False


def open_course(
    recipe: Finetune, model: Model, accelerator: Accelerator, rows: int, tell: Callable[[str], None]
) -> Course:
    """Makes what trains a model."""
    trained = list_trained(model)
    images_per_update = recipe.batch_size * recipe.gradient_accumulation_steps * accelerator.num_processes
    updates = count_updates(recipe, rows, images_per_update)
    if recipe.max_steps and updates < recipe.max_steps:
        tell(f"{updates} updates are all: `epochs: {recipe.epochs}` ends before `max_steps: {recipe.max_steps}`")
    if recipe.warmup_steps >= updates:
        tell(f"`warmup_steps: {recipe.warmup_steps}` takes all {updates} updates, so `lr` is never reached")
    kind = find_optimizer(recipe)
    keys, _ = read_keys(recipe.optimizer, kind, "optimizer")
    denoiser, optimizer = accelerator.prepare(model.denoiser, kind(trained.values(), **keys))
    if accelerator.distributed_type == DistributedType.FSDP:  # which puts parts of weights into their places
        trained = list_trained(model)
    # Not prepared: accelerate would step the schedule once for each process.
    schedule = get_scheduler(
        recipe.lr_scheduler, optimizer, num_warmup_steps=recipe.warmup_steps, num_training_steps=updates
    )
    ema = EMAModel(trained.values(), decay=recipe.ema) if recipe.ema else None
    return Course(
        recipe=recipe, model=model, accelerator=accelerator, denoiser=denoiser, trained=trained, optimizer=optimizer,
        schedule=schedule, ema=ema, updates=updates, images_per_update=images_per_update,
        identity={**recipe.model_dump(mode="json", exclude=FREE), "rows": rows, "images": images_per_update},
    )  # fmt: skip


def list_trained(model: Model) -> dict[str, torch.nn.Parameter]:
    """The weights that are trained, by name."""
    return {name: weight for name, weight in model.denoiser.named_parameters() if weight.requires_grad}


def count_updates(recipe: Finetune, rows: int, images_per_update: int) -> int:
    """Updates until the recipe's end; the last one may take images of the epoch after."""
    ends = [recipe.max_steps, recipe.epochs and math.ceil(recipe.epochs * rows / images_per_update)]
    return min(end for end in ends if end is not None)


def open_batches(
    course: Course, samples: Samples, folder: Path, tell: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Goes on from the last checkpoint, if there is one, and gives the batches from there on.

    Each process has its part of every batch: with two of them and a batch size of 2, positions 0, 1 and 2, 3.
    """
    size, state = course.recipe.batch_size, course.accelerator
    course.done = load_checkpoint(folder / "checkpoints", course.identity, course.trained, course.stateful)
    if course.done:
        tell(f"goes on after update {course.done} of {course.updates}")
    first = course.done * course.images_per_update + state.process_index * size
    starts = range(first, course.updates * course.images_per_update, size * state.num_processes)
    return read_batches(samples, starts, size)


def open_samples(
    course: Course, rows: datasets.Dataset, cache: Cache | None, shapes: np.ndarray | None = None
) -> Samples:
    """Deals rows out over all positions of a training."""
    recipe, model, positions = course.recipe, course.model, course.updates * course.images_per_update
    if shapes is None:
        order = deal(derive_key("finetune order", recipe.seed), rows.num_rows, 0, positions)
    else:
        order = deal_shapes(shapes, recipe.seed, course.updates, course.images_per_update)
    return Samples(
        rows=rows,
        order=order,
        seed=recipe.seed,
        image_processor=model.pipeline.image_processor,
        resolution=recipe.resolution,
        latent_shape=model.latent_shape,
        flow=model.flow,
        cache=cache,
        shapes=shapes,
    )


def find_shapes(model: Model, rows: datasets.Dataset) -> np.ndarray:
    """Height and width that each row's picture is brought to, in pixels, shape (rows, 2)."""
    factor = count_pixels(model.family, model.pipeline.vae.config)
    return choose_shapes(measure_pictures(rows), list_shapes(model.recipe.resolution, factor))


def open_cache(
    model: Model,
    rows: datasets.Dataset,
    state: Accelerator,
    tell: Callable[[str], None],
    shapes: np.ndarray | None = None,
) -> Cache:
    """Encodes what is not in the cache yet, each process its share, and drops the encoders."""
    recipe = model.recipe
    local = Path(recipe.model).exists()
    parts = [f"{recipe.model}/{name}" for name in sorted(model.list_encoders())] if local else [recipe.model]
    encoders = {
        "pipeline": type(model.pipeline).__name__,
        "weights": [identify_files(part, recipe.revision) for part in parts],
        "dtype": str(model.dtype),
        "resolution": recipe.resolution,
        **({"buckets": True} if model.recipe.buckets else {}),
        **model.text_length,
    }
    cache = Cache(Path(recipe.cache or ""), encoders)
    tell(f"latents and encoded captions are in {cache.folder}")
    own = range(state.process_index, rows.num_rows, state.num_processes)
    fill_cache(model, rows, cache, own, recipe.batch_size, shapes)
    state.wait_for_everyone()
    model.drop_encoders()
    return cache


def open_validator(course: Course, folder: Path) -> Validator:
    """Opens the held-out rows and the judge."""
    settings, accelerator = course.recipe.validation, course.accelerator
    assert settings
    rows = load_rows(settings.data, VALIDATION_COLUMNS, "validation.data")
    if accelerator.is_main_process:
        cut_lines(folder / ENTRIES, course.done if course.done else -1)
    accelerator.wait_for_everyone()
    judge = open_judge(settings.judge, str(accelerator.device))
    return Validator(course.model, settings, rows, judge, accelerator, folder)


def take_updates(
    course: Course,
    batches: Iterator[dict[str, Any]],
    validator: Validator | None,
    folder: Path,
    tell: Callable[[str], None],
) -> None:
    """Takes all updates that are left, and writes down what came of them.

    Raises:
        GasError: A row cannot be read, or the loss is not finite.
    """
    recipe, updates, main = course.recipe, course.updates, course.accelerator.is_main_process
    shown = main and sys.stderr.isatty()
    if main:
        cut_lines(folder / LOG, course.done)
    measured = {entry["update"] for entry in read_lines(folder / ENTRIES)} if validator else set()
    course.denoiser.train()
    with open(folder / LOG if main else os.devnull, "a", encoding="utf-8", buffering=1) as log:

        def validate(update: int) -> None:
            if validator and update not in measured:
                with course.averaged():
                    found = validator.measure(update)
                course.accelerator.log({f"validation/{name}": value for name, value in found.items()}, step=update)
                tell(f"validation after update {update} of {updates}: accuracy {found['accuracy']:.3f}")

        validate(0)
        for update in tqdm(
            range(course.done + 1, updates + 1), recipe.name, updates, initial=course.done, disable=not shown
        ):
            entry = take_update(course, batches, update)
            log.write(json.dumps(entry) + "\n")
            course.accelerator.log({name: value for name, value in entry.items() if name != "update"}, step=update)
            if not shown and update % max(1, updates // REPORTS) == 0:
                tell(f"update {update} of {updates}: loss {entry['loss']}")
            if recipe.validation and (update % recipe.validation.every == 0 or update == updates):
                validate(update)
            if (main or course.is_split) and recipe.checkpoint_every and update % recipe.checkpoint_every == 0:
                place = folder / "checkpoints"
                save_checkpoint(place, update, course.identity, course.trained, course.stateful, main)
                tell(f"checkpoint after update {update} of {updates}")


def take_update(course: Course, batches: Iterator[dict[str, Any]], update: int) -> dict[str, Any]:
    """Takes one update, of as many batches as make one.

    Returns: Its line in the log: `update`, `loss`, `lr` and `grad_norm`.

    Raises:
        GasError: A row cannot be read, or the loss is not finite.
    """
    recipe, model, accelerator = course.recipe, course.model, course.accelerator
    guided = bool(getattr(model.denoiser.config, "guidance_embeds", False))
    losses, norm = [], torch.zeros(())
    for batch in islice(batches, recipe.gradient_accumulation_steps):
        with accelerator.accumulate(course.denoiser):
            # What is dropped out follows from the position, too, or could not go on as it was.
            torch.manual_seed(derive_key("finetune dropout", recipe.seed, batch["position"][0]))
            encoded = encode_batch(model, batch)
            loss = compute_loss(
                model.family, model.scheduler, course.denoiser, encoded, model.flow, recipe.snr_gamma, guided
            )
            accelerator.backward(loss)
            losses.append(loss.detach())
            if accelerator.sync_gradients:
                norm = gather(accelerator.clip_grad_norm_(course.trained.values(), recipe.max_grad_norm))
            course.optimizer.step()
            course.optimizer.zero_grad()
    entry = {
        "update": update,
        "loss": read_finite(accelerator.reduce(torch.stack(losses).mean(), "mean")),
        "lr": course.schedule.get_last_lr()[0],
        "grad_norm": read_finite(norm),
    }
    if None in entry.values() and not accelerator.scaler:  # which leaves out updates that overflow
        what = f"the loss or the gradient of update {update} is not finite"
        raise GasError(f"{what}; take a smaller `optimizer.lr`", exit_status=1)
    if not course.optimizer.step_was_skipped:
        course.schedule.step()
        if course.ema:
            course.ema.step(course.trained.values())
    return entry


def read_finite(number: torch.Tensor) -> float | None:
    """None for what JSON has no number for."""
    return float(number) if math.isfinite(number) else None


def average(losses: list[float | None]) -> float | None:
    """The mean of those that are numbers."""
    finite = [loss for loss in losses if loss is not None]
    return sum(finite) / len(finite) if finite else None
