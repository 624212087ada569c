"""LPIPS: how different the pictures of one scene look, patch by patch.

Source: Zhang et al. 2018, by its own package `lpips` 0.1.4, whose numbers these are. Kept because the paper's tables
have it; DINO distance says more about diversity.

Formula: of a set, the mean over all pairs of its pictures of LPIPS v0.1, on pictures scaled to squares of `size`
pixels. Of a model, the mean over sets; a set of one has no number.

Range: 0 (all alike) to about 1. Higher is more diverse, not better.

Blind to: what is in the pictures: the same scene moved by some pixels counts as different, and noise most of all.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...errors import GasError
from ..models import choose_device, explain_loading
from .networks import open_frame
from .protocol import check_option

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, kw_only=True)
class Metric:
    """See the file.

    Attributes:
        net: Whose features are compared: `alex`, `vgg` or `squeeze`. Their weights are torchvision's.
        size: To how many pixels a side pictures are scaled.
        device: Where it computes; by default on a GPU, if there is one.
        batch_size: How many pairs it sees at once, which changes no number.
    """

    net: Literal["alex", "vgg", "squeeze"] = "alex"
    size: int = 256
    device: str | None = None
    batch_size: int = 32

    needs: ClassVar[Literal["sets"]] = "sets"

    def __post_init__(self) -> None:
        check_option("lpips", "net", self.net, ("alex", "vgg", "squeeze"))
        for name in ("size", "batch_size"):
            if getattr(self, name) < 1:
                raise GasError(f"lpips: {name} must be at least 1, not {getattr(self, name)}")
        find = "download them first, into the folder of $TORCH_HOME"
        with explain_loading("lpips", f"torchvision's weights of {self.net}", extra="paper", find=find):
            self.network  # noqa: B018

    @property
    def id(self) -> str:
        return f"lpips@{self.net},{self.size}"

    @cached_property
    def place(self) -> str:
        return choose_device("lpips", self.device)

    @cached_property
    def network(self) -> Any:
        import lpips

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how it calls torchvision
            network = lpips.LPIPS(net=self.net, verbose=False)
        return network.to(self.place).eval().requires_grad_(False)

    def measure(self, sets: Sequence[Sequence[Image]]) -> list[float | None]:
        """See `SetsMetric`."""
        return [self._measure_set(place, one) for place, one in enumerate(sets)]

    def _measure_set(self, place: int, pictures: Sequence[Image]) -> float | None:
        import torch
        from PIL.Image import Resampling
        from torchvision.transforms.functional import pil_to_tensor

        if len(pictures) < 2:
            return None
        side = (self.size, self.size)
        images = [open_frame(place, one).resize(side, Resampling.BICUBIC) for one in pictures]
        pixels = torch.stack([pil_to_tensor(image) for image in images]).to(self.place).float() / 127.5 - 1
        pairs = list(combinations(range(len(images)), 2))
        found: list[float] = []
        for start in range(0, len(pairs), self.batch_size):
            ones, others = zip(*pairs[start : start + self.batch_size], strict=True)
            with torch.inference_mode():
                found += self.network(pixels[list(ones)], pixels[list(others)]).flatten().tolist()
        return fmean(found)
