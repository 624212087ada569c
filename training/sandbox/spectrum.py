"""A backbone without weights to learn: how strong each spatial frequency is in a picture, as a model of timm.

    import generate_any_scene.training.sandbox.spectrum
    timm.create_model("sandbox_spectrum")

Every fourth square of 8 x 8 pixels of the gray picture goes through the discrete cosine transform, and of each of its
64 frequencies the logarithm of the mean strength is a feature. What generators leave there is how they were first told
apart from cameras by linear layers (Frank et al. 2020, "Leveraging Frequency Analysis for Deep Fake Image
Recognition").
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import torch
from timm.models import register_model
from torch import nn

SIDE, STEP = 8, 4
"""Width and height of a square in pixels, and how far apart squares are."""
LEAST = 0.1
"""Is added to strengths, of gray levels from 0 to 255, so that all have a logarithm."""
NAME = "sandbox_spectrum"


class Spectrum(nn.Module):
    """Pictures, float32 from 0 to 1, shape (pictures, 3, height, width) -> features, shape (pictures, 64)."""

    def __init__(self, num_classes: int = 0) -> None:
        super().__init__()
        self.num_features = SIDE * SIDE
        self.pretrained_cfg = {
            "input_size": (3, 72, 72),
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": (0.0, 0.0, 0.0),
            "std": (1.0, 1.0, 1.0),
        }
        self.register_buffer("waves", _list_waves())
        self.head = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def get_classifier(self) -> nn.Module:
        """The layer on the features."""
        return self.head

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """The features of pictures, or what the layer on them says."""
        gray = pictures.mean(dim=1, keepdim=True) * 255
        strengths = nn.functional.conv2d(gray, self.waves, stride=STEP).abs().mean(dim=(2, 3))
        found: torch.Tensor = self.head(torch.log(strengths + LEAST))
        return found


def _list_waves() -> torch.Tensor:
    """The cosines of all frequencies, orthonormal: shape (64, 1, SIDE, SIDE)."""
    places = torch.arange(SIDE, dtype=torch.float64)
    waves = torch.cos(pi * (2 * places + 1) * places[:, None] / (2 * SIDE)) * sqrt(2 / SIDE)
    waves[0] /= sqrt(2)
    return (waves[:, None, :, None] * waves[None, :, None, :]).reshape(-1, 1, SIDE, SIDE).float()


@register_model
def sandbox_spectrum(
    pretrained: bool = False,
    pretrained_cfg: Any = None,
    pretrained_cfg_overlay: Any = None,
    cache_dir: Any = None,
    num_classes: int = 0,
) -> Spectrum:
    """The model of that name, with what timm gives to every one; there are no weights to load."""
    return Spectrum(num_classes)
