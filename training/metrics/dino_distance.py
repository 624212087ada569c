"""DINO distance: how different the pictures of one scene are, by a network that knows no words.

Source: DINOv2 (Oquab et al. 2023); as a measure of diversity in place of LPIPS, which compares pixels' neighborhoods.

Formula: of a set, the mean over all pairs of its pictures of 1 - the cosine of their embeddings: the CLS token of the
last layer, after its norm. Pictures are prepared as the model's own processor says: the shorter side is scaled, the
middle cut out. Of a model, the mean over sets; a set of one has no number.

Range: 0 (all alike) to 2, in practice 0 to 0.9. Higher is more diverse, not better: pictures that do not show their
caption are diverse, so it is read beside a score of that.

Blind to: whether the pictures show the scene, what lies outside of the middle square, fine texture and exact places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from .networks import NetworkOptions, open_frame

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Metric(NetworkOptions):
    """See the file."""

    model: str = "facebook/dinov2-base"

    name: ClassVar[str] = "dino_distance"
    needs: ClassVar[Literal["sets"]] = "sets"

    @property
    def id(self) -> str:
        return self.spell_id()

    def load(self) -> Any:
        return self.load_network("AutoModel")

    @cached_property
    def processor(self) -> Any:
        from transformers import AutoImageProcessor

        return AutoImageProcessor.from_pretrained(self.model, backend="pil", **self.source)

    def prepare(self, network: Any) -> Any:
        self.processor  # noqa: B018
        return super().prepare(network)

    def measure(self, sets: Sequence[Sequence[Image]]) -> list[float | None]:
        """See `SetsMetric`."""
        return [self._measure_set(place, one) for place, one in enumerate(sets)]

    def _measure_set(self, place: int, pictures: Sequence[Image]) -> float | None:
        import torch

        found = []
        for start in range(0, len(pictures), self.batch_size):
            images = [open_frame(place, one) for one in pictures[start : start + self.batch_size]]
            pixels = self.processor(images, return_tensors="pt")["pixel_values"].to(self.place, self.network.dtype)
            with torch.inference_mode():
                found.append(self.network(pixel_values=pixels).last_hidden_state[:, 0].float())
        return measure_spread(torch.nn.functional.normalize(torch.cat(found), dim=-1)) if found else None


def measure_spread(embeddings: Tensor) -> float | None:
    """1 - cosine, the mean over all pairs of unit vectors, shape [pictures, dimensions]; None of less than two."""
    count = len(embeddings)
    if count < 2:
        return None
    cosines = embeddings @ embeddings.T
    return 1 - ((cosines.sum() - cosines.trace()) / (count * (count - 1))).item()
