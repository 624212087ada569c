"""What makes pictures of visual tokens."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from ..errors import GasError, describe_error
from .recipes.grpo import Decoder as Settings
from .sandbox import pictures


class Decoder(Protocol):
    """Makes pictures of codes.

    Attributes:
        codebook: Codes that there are; they are 0 to `codebook` - 1.
        tokens: Codes of a picture.
    """

    @property
    def codebook(self) -> int: ...

    @property
    def tokens(self) -> int: ...

    def decode(self, codes: np.ndarray) -> list[Image.Image]:
        """Makes a picture of each row of codes, shape (pictures, tokens)."""
        ...


@dataclass(frozen=True)
class SandboxDecoder:
    """Draws the shapes that codes stand for."""

    codebook: int = pictures.CODES
    tokens: int = pictures.TOKENS

    def decode(self, codes: np.ndarray) -> list[Image.Image]:
        """Draws each row of codes."""
        return [pictures.draw_tokens(row) for row in codes.tolist()]


@dataclass
class TorchScriptDecoder:
    """Runs a TorchScript file that takes codes, shape (pictures, rows, columns), and gives pixels from -1 to 1.

    That is how the Cosmos tokenizers are published (`decoder.jit` of Cosmos-1.0-Tokenizer-DV8x16x16): for video, so
    that codes have a dimension of time before rows and columns, and pixels one after their channels.

    Attributes:
        path: The file.
        codebook: Codes that there are.
        grid: Rows and columns of codes.
        image_size: Width and height that pictures are shrunk to; as they are when None.
        batch_size: Pictures made at once.
        device: Where.

    Raises:
        GasError: The file cannot be read.
    """

    path: Path
    codebook: int
    grid: tuple[int, int]
    image_size: int | None = None
    batch_size: int = 4
    device: torch.device | str = "cpu"
    network: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # torch's successors of TorchScript do not read these files
            try:
                self.network = torch.jit.load(str(self.path), map_location=self.device).eval()
            except RuntimeError as error:
                reason = describe_error(error)
                raise GasError(f"{self.path} cannot be loaded as a TorchScript file: {reason}") from error

    @property
    def tokens(self) -> int:
        return self.grid[0] * self.grid[1]

    @torch.no_grad()
    def decode(self, codes: np.ndarray) -> list[Image.Image]:
        """Decodes rows of codes, batch by batch."""
        images: list[Image.Image] = []
        for start in range(0, len(codes), self.batch_size):
            batch = torch.from_numpy(codes[start : start + self.batch_size]).to(self.device)
            pixels = self.network(batch.reshape(len(batch), 1, *self.grid)).float()
            # Channels first, then time, of which a still picture has one step.
            pixels = pixels.squeeze(2).clamp(-1, 1).permute(0, 2, 3, 1)
            images += [Image.fromarray(array) for array in ((pixels + 1) * 127.5).round().byte().cpu().numpy()]
        if self.image_size:
            size = (self.image_size, self.image_size)
            images = [image.resize(size, Image.Resampling.LANCZOS) for image in images]
        return images


def make_decoder(settings: Settings, device: torch.device | str) -> Decoder:
    """Makes the decoder that a recipe asks for."""
    if settings.kind == "sandbox":
        return SandboxDecoder()
    assert settings.path and settings.codebook and settings.grid  # the recipe's model sees to it
    return TorchScriptDecoder(
        Path(settings.path), settings.codebook, settings.grid, settings.image_size, settings.batch_size, device
    )


@dataclass
class CompletionDecoder:
    """Makes pictures of a policy's completions.

    Attributes:
        decoder: Makes pictures of codes.
        offset: The id of code 0.
        out_of_range: Share of the last ids that were no code.
    """

    decoder: Decoder
    offset: int
    out_of_range: float = field(default=0.0, init=False)

    def __call__(self, completion_ids: Sequence[Sequence[int]]) -> list[Image.Image]:
        """Decodes completions; what is no visual id becomes the nearest one."""
        codes, self.out_of_range = split_ids(completion_ids, self.offset, self.decoder)
        return self.decoder.decode(codes)


def split_ids(ids: Sequence[Sequence[int]], offset: int, decoder: Decoder) -> tuple[np.ndarray, float]:
    """Turns token ids of completions into codes; what is no visual id becomes the nearest one.

    Args:
        ids: Of each completion, which may be too short.
        offset: The id of code 0.
        decoder: What the codes are for.

    Returns: Codes, int64, shape (completions, tokens), and the share of ids that were out of range or missing.
    """
    codes = np.full((len(ids), decoder.tokens), -1, dtype=np.int64)
    for row, completion in zip(codes, ids, strict=True):
        row[: len(completion)] = np.asarray(completion[: decoder.tokens]) - offset
    inside = (codes >= 0) & (codes < decoder.codebook)
    return codes.clip(0, decoder.codebook - 1), float(1 - inside.mean()) if inside.size else 0.0
