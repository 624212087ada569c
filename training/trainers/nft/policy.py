"""The model that is trained: opened as fine-tuning opens it, or the sandbox's; and pictures by its own pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, PRXPixelPipeline
from PIL import Image
from torch import Tensor

from ...evaluation.backends.diffusers import BATCHED
from ...recipes.finetune import Finetune, Flow
from ...recipes.nft import Nft
from ..finetune.families import Family, Question, Text
from ..finetune.loading import Model, hush_packages, load_model

TOGETHER = BATCHED | {"PRXPixelPipeline"}
"""Pipelines that make pictures of several captions at once."""
NEAREST = 0.05
"""The least noise that PRX's pipeline divides by."""


def read_as_finetune(recipe: Nft, model: str) -> Finetune:
    """What fine-tuning would be told to open the same model, and its optimizer, for as many updates."""
    shared = Finetune.model_fields.keys() & Nft.model_fields.keys() - {"kind", "model", "batch_size"}
    guidance = recipe.options.get("guidance_scale", Flow().guidance_scale)
    return Finetune(
        **{name: getattr(recipe, name) for name in shared},
        kind="finetune",
        model=model,
        max_steps=recipe.steps * recipe.updates,
        gradient_accumulation_steps=1,
        flow=Flow(guidance_scale=guidance),
    )


def open_model(recipe: Finetune, is_sandbox: bool, device: torch.device) -> Model:
    """Opens a model to be trained."""
    if not is_sandbox:
        return load_model(recipe, device)
    pipeline = PRXPixelPipeline.from_pretrained(recipe.model, dtype=torch.float32)
    shape = (3, recipe.resolution, recipe.resolution)
    scheduler = FlowMatchEulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.text_encoder.requires_grad_(False).to(device)
    return Model(recipe, pipeline, PIXELS, scheduler, shape, torch.float32, device)


def sample_pictures(
    model: Model, captions: Sequence[str], seeds: Sequence[int], at_once: int, options: Mapping[str, Any]
) -> tuple[list[Image.Image], Tensor]:
    """Makes a picture of each caption by the model's pipeline, from a seed of its own.

    Args:
        model: Its denoiser and its encoders are on their device.
        captions: Of the pictures.
        seeds: Of the pictures.
        at_once: How many are made together, of one caption where the pipeline cannot mix them.
        options: What the pipeline is called with.

    Returns: The pictures, and the latents that they are decoded from, as the denoiser has them, on the CPU.
    """
    pipeline, side = model.pipeline, model.recipe.resolution
    pipeline.set_progress_bar_config(disable=True)
    images: list[Image.Image] = []
    latents: list[Tensor] = []
    for places in split_captions(captions, at_once, type(pipeline).__name__ in TOGETHER):
        generators = [torch.Generator().manual_seed(seeds[place]) for place in places]
        with _record_latents(model) as found, hush_packages(), torch.no_grad():
            made = pipeline(
                prompt=[captions[place] for place in places],
                generator=generators,
                output_type="latent" if model.family is PIXELS else "pil",
                **{"height": side, "width": side, **options},
            ).images
        if model.family is PIXELS:
            found, made = [made], pipeline.image_processor.postprocess(made.float(), output_type="pil")
        images += made
        latents += [one.float().cpu() for one in found]
    return images, torch.cat(latents)


def split_captions(captions: Sequence[str], at_once: int, together: bool) -> Iterator[list[int]]:
    """Places of captions, so many at once; each time of one caption, if they cannot be mixed."""
    some: list[int] = []
    for place, caption in enumerate(captions):
        if len(some) == at_once or (some and not together and caption != captions[some[0]]):
            yield some
            some = []
        some.append(place)
    yield some


@contextmanager
def _record_latents(model: Model) -> Iterator[list[Tensor]]:
    """Gathers what the VAE decodes, for a while, which is the same for all pipelines, whatever their sampler has."""
    found: list[Tensor] = []
    if model.family is PIXELS:
        yield found
        return
    vae = model.pipeline.vae
    decode = vae.decode

    def record(latents: Tensor, *given: Any, **named: Any) -> Any:
        whole = latents.float().squeeze(2) if model.family.has_frames else latents.float()
        found.append(model.family.normalize(vae, whole))
        return decode(latents, *given, **named)

    vae.decode = record
    try:
        yield found
    finally:
        del vae.decode  # what hid the method of its class


def _encode_words(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, mask, *_ = pipeline.encode_prompt(captions, do_classifier_free_guidance=False, **options)
    return [{"states": one, "mask": own} for one, own in zip(states, mask, strict=True)]


def _ask_pixels(transformer: Any, asked: Question) -> Tensor:
    """It says the picture, which its pipeline makes a velocity of in the same way."""
    sigmas = asked.timesteps / 1000
    said = transformer(asked.noisy, sigmas, asked.stack("states"), asked.stack("mask"), return_dict=False)[0]
    velocity: Tensor = (asked.noisy - said) / sigmas.clamp(min=NEAREST).view(-1, 1, 1, 1)
    return velocity


PIXELS = Family("transformer", [], _encode_words, _ask_pixels, lambda vae, latents: latents, is_drawn=False)
"""PRX's pixel pipeline, the sandbox's: pictures are its latents."""
