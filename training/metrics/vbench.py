"""What VBench does to frames: preparing them for its networks, and how consistent they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...errors import GasError
from ..judges.protocol import Shown
from .networks import list_frames, open_frame

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

SIDE = 224


class Preparation(NamedTuple):
    """How frames are prepared.

    Attributes:
        mode: How they are scaled, until the shorter side has `SIDE` pixels.
        cut: Whether the middle square is cut out.
        mean, deviation: Of red, green and blue from 0 to 1, which become 0 and 1.
    """

    mode: str
    cut: bool
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


CLIP = Preparation("bicubic", True, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
DINO = Preparation("bilinear", False, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def scale_frames(frames: Sequence[Image], preparation: Preparation) -> Tensor:
    """Frames of one size, or of any that are cut: shape [frames, 3, height, width].

    VBench scales bytes without smoothing before, unlike the image processors of transformers.
    """
    import torch
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.functional import center_crop, normalize, pil_to_tensor, resize

    mode = InterpolationMode(preparation.mode)
    scaled = [resize(pil_to_tensor(frame), [SIDE], mode, antialias=False) for frame in frames]
    pixels = torch.stack([center_crop(one, [SIDE]) if preparation.cut else one for one in scaled])
    return normalize(pixels.float() / 255, list(preparation.mean), list(preparation.deviation))


def measure_consistency(embeddings: Tensor) -> float:
    """VBench's consistency of the frames of a video, of which there are two or more.

    Args:
        embeddings: Unit vectors of the frames in their order, shape [frames, dimensions].

    Returns: The mean over all frames but the first of the cosines with the one before and with the first, each at
        least 0.
    """
    before = (embeddings[1:] * embeddings[:-1]).sum(dim=-1).clamp(min=0)
    first = (embeddings[1:] @ embeddings[0]).clamp(min=0)
    return ((before + first) / 2).mean().item()


def measure_videos(
    pictures: Sequence[Shown], batch_size: int, embed: Callable[[list[Image]], Tensor]
) -> list[float | None]:
    """The consistency of each video's frames, which are embedded in batches; None of a picture.

    Raises:
        GasError: A frame cannot be read, or has another size than those before.
    """
    import torch

    def embed_video(place: int, frames: Sequence[Image]) -> Tensor:
        batches = []
        for start in range(0, len(frames), batch_size):
            images = [open_frame(place, frame) for frame in frames[start : start + batch_size]]
            if len(sizes := {image.size for image in images}) > 1:
                raise GasError(f"video {place + 1} of those to be measured has frames of {len(sizes)} sizes")
            batches.append(embed(images))
        return torch.cat(batches)

    videos = [list_frames(shown) for shown in pictures]
    return [
        measure_consistency(embed_video(place, frames)) if len(frames) > 1 else None
        for place, frames in enumerate(videos)
    ]
