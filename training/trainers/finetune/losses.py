"""What is learned: to tell the noise in a picture, or the flow from picture to noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers.training_utils import (
    compute_density_for_timestep_sampling,
    compute_loss_weighting_for_sd3,
    compute_snr,
)
from torch import Tensor

from ...recipes.finetune import Flow
from .families import Family, Question


def draw_time(flow: Flow | None, chance: torch.Generator) -> Tensor:
    """Draws how far from noise a picture is, as a part of the scheduler's timesteps, from 0 to 1; shape ().

    All alike for denoisers that predict noise (None), and by diffusers' densities for those that predict a flow.
    """
    keys = flow.model_dump(include={"logit_mean", "logit_std", "mode_scale"}) if flow else {}
    scheme = flow.weighting_scheme if flow else "none"
    return compute_density_for_timestep_sampling(scheme, 1, generator=chance, **keys)[0]


def compute_loss(
    family: Family,
    scheduler: Any,
    denoiser: Any,
    batch: Mapping[str, Any],
    flow: Flow | None = None,
    snr_gamma: float | None = None,
    guided: bool = False,
) -> Tensor:
    """How wrong a denoiser is about a batch.

    Args:
        family: Of its pipeline.
        scheduler: That of training, which knows how much noise there is at each timestep.
        denoiser: What is asked.
        batch: As `encode_batch` gives it, on the denoiser's device.
        flow: How a flow is learned; None where noise is.
        snr_gamma: Where noise is learned, the limit of min-SNR weights (Hang et al. 2023); None for equal weights.
        guided: Whether the denoiser was distilled from guidance, and is told how much.

    Returns: Its mean over the batch, shape ().
    """
    latents = batch["mean"]
    if family.is_drawn:
        latents = latents + batch["deviation"] * batch["vae_noise"]
    count = scheduler.config.num_train_timesteps
    places = (batch["time"] * count).long().clamp(max=count - 1)
    guidance = torch.full_like(batch["time"], flow.guidance_scale) if flow and guided else None
    dtype = batch["text"][0]["states"].dtype  # what is computed with

    def ask(noisy: Tensor, timesteps: Tensor) -> Tensor:
        asked = Question(noisy.to(dtype), timesteps, batch["text"], batch["sizes"], guidance)
        return family.predict(denoiser, asked).float()

    if flow:
        return _compute_flow_loss(scheduler, ask, latents, batch["noise"], places, flow)
    return _compute_noise_loss(scheduler, ask, latents, batch["noise"], places, snr_gamma)


def _compute_flow_loss(scheduler: Any, ask: Any, latents: Tensor, noise: Tensor, places: Tensor, flow: Flow) -> Tensor:
    """As diffusers' scripts have it, with the shift of the scheduler's sigmas."""
    timesteps, sigmas = (values.to(latents.device)[places] for values in (scheduler.timesteps, scheduler.sigmas))
    sigmas = sigmas.view(-1, 1, 1, 1)
    noisy = (1 - sigmas) * latents + sigmas * noise
    said, target = ask(noisy, timesteps), noise - latents
    if flow.precondition_outputs:  # the picture is compared, and not the flow to it
        said, target = noisy - sigmas * said, latents
    weights = compute_loss_weighting_for_sd3(flow.weighting_scheme, sigmas).float()
    return (weights * (said - target) ** 2).mean()


def _compute_noise_loss(
    scheduler: Any, ask: Any, latents: Tensor, noise: Tensor, timesteps: Tensor, snr_gamma: float | None
) -> Tensor:
    """Of the predicted noise (Ho et al. 2020) or velocity (Salimans & Ho 2022)."""
    noisy = scheduler.add_noise(latents, noise, timesteps)
    velocity = scheduler.config.prediction_type == "v_prediction"
    target = scheduler.get_velocity(latents, noise, timesteps) if velocity else noise
    said = ask(noisy, timesteps)
    if snr_gamma is None:
        return torch.nn.functional.mse_loss(said, target)
    snr = compute_snr(scheduler, timesteps)
    weights = snr.clamp(max=snr_gamma) / (snr + 1 if velocity else snr)
    return ((said - target) ** 2).mean(dim=(1, 2, 3)).mul(weights).mean()
