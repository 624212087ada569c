"""Subject consistency: whether what a video shows stays the same from frame to frame.

Source: VBench (Huang et al. 2024), dimension `subject_consistency`, on the frames that are given.

Formula: of a video, the mean over its frames but the first of (cosine with the frame before + cosine with the first
frame) / 2, each cosine at least 0, of DINO ViT-B/16's CLS tokens. Frames are scaled to 224 pixels on the shorter side
as VBench does it, and position embeddings between those of the square as DINO's code does it. Of a model, the mean
over videos (VBench weighs each by its frames; they are alike where all are as long). A picture has no number.

Range: 0 to 1, in practice 0.8 to 1. Higher is more consistent: a still picture has 1, so it is read beside a measure
of motion.

Blind to: what the caption says, motion, and whether the subject was right in the first place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..judges.protocol import Shown
from .networks import NetworkOptions
from .vbench import DINO, measure_videos, scale_frames

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Metric(NetworkOptions):
    """See the file."""

    model: str = "facebook/dino-vitb16"

    name: ClassVar[str] = "subject_consistency"
    needs: ClassVar[Literal["pictures"]] = "pictures"

    @property
    def id(self) -> str:
        return self.spell_id()

    def load(self) -> Any:
        network = self.load_network("ViTModel", add_pooling_layer=False)
        network.embeddings.interpolate_pos_encoding = partial(_place_patches, network.embeddings)
        return network

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, nothing is read."""
        return measure_videos(pictures, self.batch_size, self._embed)

    def _embed(self, images: list[Any]) -> Tensor:
        import torch

        pixels = scale_frames(images, DINO).to(self.place, self.network.dtype)
        with torch.inference_mode():
            found = self.network(pixel_values=pixels, interpolate_pos_encoding=True).last_hidden_state[:, 0]
            return torch.nn.functional.normalize(found.float(), dim=-1)


def _place_patches(embeddings: Any, patches: Tensor, height: int, width: int) -> Tensor:
    """The positions of patches: the learned square grid, scaled as DINO's own code scales it.

    transformers scales it to the number of patches; DINO scales it by a factor that is a little larger.
    """
    import torch

    positions: Tensor = embeddings.position_embeddings
    side = math.isqrt(positions.shape[1] - 1)
    rows, columns = height // embeddings.patch_size, width // embeddings.patch_size
    if rows == columns == side:
        return positions
    grid = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    factors = ((rows + 0.1) / side, (columns + 0.1) / side)
    scaled = torch.nn.functional.interpolate(grid, scale_factor=factors, mode="bicubic")
    return torch.cat((positions[:, :1], scaled.flatten(2).transpose(1, 2)), dim=1)
