"""Generators of the sandbox's pictures, each with artefacts of its own, for detectors to find.

The sandbox's own decoder draws with the renderer of its real pictures and so leaves none. These make a picture anew
from one that a camera has seen:

    blur          half the pixels, enlarged by interpolation
    ringing       all frequencies above a half of the highest cut off
    mosaic        each square of 4 x 4 pixels replaced by the nearest one of a learned codebook
    autoencoder   a convolutional autoencoder that enlarges by repeating pixels
    transposed    one that enlarges by transposed convolutions, whose steps overlap: a fine checkerboard

What is learned is learned anew from a seed, on pictures of random scenes that are in no dataset.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import numpy as np

from ..models import limit_threads
from .pictures import CODES, TOKENS, draw_tokens, photograph
from .settings import Remake

EXAMPLES = 256
"""Pictures that a generator learns from, all full of shapes."""
PATCH, CODEBOOK, ROUNDS = 4, 256, 8
"""Pixels of a side of the mosaic's squares, how many there are, and rounds of k-means."""
STEPS, BATCH, CROP, RATE = 400, 16, 24, 5e-3
"""Updates of an autoencoder, cutouts of each, their width and height in pixels, and the highest learning rate."""
TOGETHER = 256
"""Pictures that are made at once."""


def remake_rows(rows: Any, name: str, seed: int) -> Any:
    """Puts what a generator makes of each picture of a dataset in its place, in a dataset in memory."""
    import datasets
    from PIL import Image

    pictures = [np.asarray(image.convert("RGB")) for image in rows["image"]]
    made: list[Any] = []
    for start in range(0, len(pictures), TOGETHER):
        made += [Image.fromarray(one) for one in remake(np.stack(pictures[start : start + TOGETHER]), name, seed)]
    features = datasets.Features({**rows.features, "image": datasets.Image()})
    kept = {column: rows[column] for column in rows.column_names if column != "image"}
    return datasets.Dataset.from_dict({**kept, "image": made}, features)


def remake(pictures: np.ndarray, name: str, seed: int) -> np.ndarray:
    """Makes pictures anew: uint8, shape (pictures, 72, 72, 3), as they were given.

    Args:
        pictures: Those that a camera has seen.
        name: Of a generator, one of `Remake`.
        seed: What it has learned follows from it.
    """
    if name not in get_args(Remake):
        raise ValueError(f"the sandbox has no generator `{name}`")
    light = pictures.astype(np.float32) / 255
    if name == "blur":
        made = _enlarge(light)
    elif name == "ringing":
        made = _cut_frequencies(light)
    elif name == "mosaic":
        made = _lay_mosaic(light, _learn_codebook(seed))
    else:
        made = _decode(light, _learn_autoencoder(name, seed))
    return (made * 255).round().clip(0, 255).astype(np.uint8)


@cache
def _draw_examples(seed: int) -> np.ndarray:
    """Pictures of random scenes as a camera has them: float32 from 0 to 1, shape (EXAMPLES, 72, 72, 3)."""
    random = np.random.default_rng(seed)
    examples = []
    for number in range(EXAMPLES):
        tokens = np.zeros(TOKENS, dtype=np.int64)
        cells = random.permutation(TOKENS)[: random.integers(5, TOKENS + 1)]
        tokens[cells] = random.integers(1, CODES, len(cells))
        examples.append(np.asarray(photograph(draw_tokens(tokens.tolist()), seed * EXAMPLES + number)))
    return np.stack(examples).astype(np.float32) / 255


def _enlarge(light: np.ndarray) -> np.ndarray:
    import torch

    tensor = torch.from_numpy(light).permute(0, 3, 1, 2)
    small = torch.nn.functional.avg_pool2d(tensor, 2)
    large = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    return large.permute(0, 2, 3, 1).numpy()


def _cut_frequencies(light: np.ndarray) -> np.ndarray:
    waves = np.fft.fft2(light, axes=(1, 2))
    along, across = (np.abs(np.fft.fftfreq(size)) for size in light.shape[1:3])
    waves[:, (along[:, None] > 0.25) | (across[None] > 0.25)] = 0
    return np.fft.ifft2(waves, axes=(1, 2)).real.astype(np.float32)


def _cut_patches(light: np.ndarray) -> np.ndarray:
    """Squares, row by row: shape (pictures, squares, numbers of a square)."""
    count, height, width, colors = light.shape
    cut = light.reshape(count, height // PATCH, PATCH, width // PATCH, PATCH, colors)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(count, -1, PATCH * PATCH * colors)


def _find_nearest(patches: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return ((codes**2).sum(axis=1) - 2 * patches @ codes.T).argmin(axis=-1)


@cache
def _learn_codebook(seed: int) -> np.ndarray:
    """k-means over squares of the examples: shape (CODEBOOK, numbers of a square)."""
    patches = _cut_patches(_draw_examples(seed)).reshape(-1, PATCH * PATCH * 3)
    random = np.random.default_rng(seed)
    patches = patches[random.permutation(len(patches))[:10_000]]
    codes = patches[:CODEBOOK].copy()
    for _ in range(ROUNDS):
        nearest = _find_nearest(patches, codes)
        for code in np.unique(nearest):
            codes[code] = patches[nearest == code].mean(axis=0)
    return codes


def _lay_mosaic(light: np.ndarray, codes: np.ndarray) -> np.ndarray:
    count, height, width, colors = light.shape
    laid = codes[_find_nearest(_cut_patches(light), codes)]
    laid = laid.reshape(count, height // PATCH, width // PATCH, PATCH, PATCH, colors)
    return laid.transpose(0, 1, 3, 2, 4, 5).reshape(light.shape)


def _make_autoencoder(name: str) -> Any:
    from torch import nn

    def enlarge(inner: int, outer: int) -> list[Any]:
        if name == "transposed":
            return [nn.ConvTranspose2d(inner, outer, 3, stride=2, padding=1, output_padding=1)]
        return [nn.Upsample(scale_factor=2), nn.Conv2d(inner, outer, 3, padding=1)]

    return nn.Sequential(
        nn.Conv2d(3, 24, 3, stride=2, padding=1), nn.SiLU(),
        nn.Conv2d(24, 48, 3, stride=2, padding=1), nn.SiLU(), nn.Conv2d(48, 8, 1),
        nn.Conv2d(8, 48, 3, padding=1), nn.SiLU(),
        *enlarge(48, 24), nn.SiLU(), *enlarge(24, 16), nn.SiLU(), nn.Conv2d(16, 3, 3, padding=1),
    )  # fmt: skip


@cache
def _learn_autoencoder(name: str, seed: int) -> Any:
    """Trains one on the examples, with the squared error; the numbers in its middle are 8 a square of 4 x 4 pixels."""
    import torch

    with torch.random.fork_rng(devices=[]), limit_threads(1):
        torch.manual_seed(seed)
        model = _make_autoencoder(name)
        examples = _to_tensor(_draw_examples(seed)).contiguous()
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
        for _ in range(STEPS):
            top, left = torch.randint(examples.shape[-1] - CROP + 1, (2,)).tolist()
            batch = examples[torch.randint(len(examples), (BATCH,)), :, top : top + CROP, left : left + CROP]
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(batch), batch).backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def _decode(light: np.ndarray, model: Any) -> np.ndarray:
    import torch

    with torch.no_grad(), limit_threads(1):
        return (model(_to_tensor(light)).permute(0, 2, 3, 1).numpy() + 1) / 2


def _to_tensor(light: np.ndarray) -> Any:
    """From -1 to 1, colors first."""
    import torch

    return torch.from_numpy(light).permute(0, 3, 1, 2) * 2 - 1
