"""Aesthetic quality: how people would rate the look of a picture, or of the frames of a video.

Source: VBench (Huang et al. 2024), dimension `aesthetic_quality`, with the linear head of LAION's first aesthetic
predictor (https://github.com/LAION-AI/aesthetic-predictor, `sa_0_4_vit_l_14_linear.pth`), which is not on the Hub:
`head` is that file.

Formula: a linear function of the unit embedding of CLIP ViT-L/14, divided by 10; of frames or views the mean. Frames
are scaled and cut as VBench does it. Of a model, the mean over pictures.

Range: about 0 to 1, in practice 0.3 to 0.7. Higher is better.

Blind to: what the caption says; and it likes what its raters liked, paintings more than photographs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Literal

from ...errors import GasError
from ..judges.protocol import Shown
from .clip import ClipOptions
from .networks import measure_frames
from .vbench import CLIP, scale_frames

PUBLISHED = "sa_0_4_vit_l_14_linear.pth"


@dataclass(frozen=True, kw_only=True)
class Metric(ClipOptions):
    """See the file.

    Attributes:
        head: The file of the linear head: `weight` of shape [1, dimensions], and `bias`.
    """

    head: str
    model: str = "openai/clip-vit-large-patch14"

    name: ClassVar[str] = "aesthetic_quality"
    needs: ClassVar[Literal["pictures"]] = "pictures"

    @property
    def id(self) -> str:
        return self.spell_id(f"head-{sha256(Path(self.head).read_bytes()).hexdigest()[:8]}")

    def prepare(self, network: Any) -> Any:
        """Puts the head beside the network."""
        import torch

        linear = torch.nn.Linear(network.config.projection_dim, 1)
        try:
            linear.load_state_dict(torch.load(self.head, map_location="cpu", weights_only=True))
        except Exception as error:  # what is wrong with files is told in a dozen types
            where = "https://github.com/LAION-AI/aesthetic-predictor"
            message = f"aesthetic_quality: {self.head} is no linear head for {self.model}; take {PUBLISHED} of {where}"
            raise GasError(message) from error
        network.aesthetic_head = linear
        return super().prepare(network)

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, nothing is read."""

        def measure(images: list[Any], places: list[int]) -> list[float]:
            embeddings = self.embed_pixels(scale_frames(images, CLIP))
            found: list[float] = (self.network.aesthetic_head(embeddings).squeeze(-1) / 10).tolist()
            return found

        return measure_frames(pictures, self.batch_size, measure)
