"""DiffusionNFT (Zheng et al. 2025, arXiv 2509.16117): what good pictures teach a flow model, and what bad ones do.

Only the forward process is needed: noise is added to pictures that were sampled, by any sampler. With `v` the flow
from a picture to its noise, `v_old` what the sampling weights say and `v_theta` what the trained ones do,

    v+ = (1 - beta) v_old + beta v_theta        v- = (1 + beta) v_old - beta v_theta
    loss = r ||v+ - v||^2 + (1 - r) ||v- - v||^2

A good picture (r near 1) draws `v_theta` to its flow, and a bad one (r near 0) pushes it away. Errors are those of
the picture that a velocity leads to, each divided by its own mean, as in the paper's adaptive weighting.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

LEAST = 1e-5
"""The least that an error is divided by."""


def grade_rewards(rewards: Sequence[float | None], size: int, clip: float) -> Tensor:
    """How good each picture is among those of its caption, from 0 to 1; what nothing rewards is half good.

    Args:
        rewards: Of pictures, those of a caption beside each other.
        size: Pictures of a caption.
        clip: So many standard deviations, of all rewards, off its caption's mean is a picture wholly good or bad.

    Returns: Shape (pictures,).
    """
    known = torch.tensor([float("nan") if one is None else one for one in rewards], dtype=torch.float32)
    groups = known.view(-1, size)
    advantages = (groups - groups.nanmean(dim=1, keepdim=True)).flatten().nan_to_num()
    deviation = known[~known.isnan()].std(unbiased=False)
    if not deviation > 0:
        return torch.full_like(known, 0.5)
    return 0.5 + (advantages / (deviation * clip)).clamp(-1, 1) / 2


def compare_velocities(said: Tensor, old: Tensor, flow: Tensor, sigmas: Tensor, grades: Tensor, beta: float) -> Tensor:
    """The loss of a batch, shape ().

    Args:
        said: Velocities by the trained weights, (batch, ...).
        old: By the sampling weights, of the same shape.
        flow: From pictures to their noise, of the same shape.
        sigmas: How much noise there is, from 0 to 1, (batch,).
        grades: As `grade_rewards` gives them, (batch,).
        beta: How far the implicit velocities lie from `old`.
    """
    better = (1 - beta) * old + beta * said
    worse = (1 + beta) * old - beta * said
    part = sigmas.view(-1, *[1] * (flow.dim() - 1))
    good, bad = (_measure_error(part * (one - flow)) for one in (better, worse))
    return (grades * good + (1 - grades) * bad).mean()


def _measure_error(off: Tensor) -> Tensor:
    """Mean squares of each picture, over its own mean distance."""
    off = off.flatten(1)
    return (off**2).mean(dim=1) / off.detach().abs().mean(dim=1).clamp(min=LEAST)
