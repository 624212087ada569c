"""Background consistency: whether the scene of a video stays the same from frame to frame.

Source: VBench (Huang et al. 2024), dimension `background_consistency`, on the frames that are given.

Formula: of a video, the mean over its frames but the first of (cosine with the frame before + cosine with the first
frame) / 2, each cosine at least 0, of CLIP ViT-B/32's embeddings. Frames are scaled and cut as VBench does it. Of a
model, the mean over videos (VBench weighs each by its frames; they are alike where all are as long). A picture has no
number.

Range: 0 to 1, in practice 0.85 to 1. Higher is more consistent: a still picture has 1.

Blind to: what the caption says, motion, and what stands outside of the middle square.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..judges.protocol import Shown
from .clip import ClipOptions
from .vbench import CLIP, measure_videos, scale_frames

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Metric(ClipOptions):
    """See the file."""

    model: str = "openai/clip-vit-base-patch32"

    name: ClassVar[str] = "background_consistency"
    needs: ClassVar[Literal["pictures"]] = "pictures"

    @property
    def id(self) -> str:
        return self.spell_id()

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, nothing is read."""
        return measure_videos(pictures, self.batch_size, self._embed)

    def _embed(self, images: list[Any]) -> Tensor:
        return self.embed_pixels(scale_frames(images, CLIP))
