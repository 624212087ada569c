"""The encoder of the sandbox: pictures and captions in one space as CLIP has them, learned on scenes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from torch import nn

from ...errors import GasError
from .pictures import CELL, COLORS, GRID, SHAPES, SIZES, TOKENS, draw_cells, encode_scene

WIDTH, LAYERS, HEADS, DIMENSIONS = 128, 2, 4, 64
WORDS = 48
"""Words of a caption that are read."""
LOOKS = 4
"""Pictures that are drawn of each scene: what a caption leaves open differs in them."""
BATCH, RATE = 128, 1e-3
LIKE = (("above", "below"), ("left", "right"), tuple(COLORS), SHAPES, tuple(size for size in SIZES if size))
"""Words of which another one makes a caption wrong."""


def split_words(caption: str) -> list[str]:
    return re.findall(r"\w+", caption.lower())[:WORDS]


def contradict(words: Sequence[str], random: np.random.Generator) -> list[str]:
    """A caption that is wrong by one word: a side, color, shape or size is another one."""
    places = [(place, group) for place, word in enumerate(words) for group in LIKE if word in group]
    if not places:
        return list(words)
    place, group = places[random.integers(len(places))]
    others = [word for word in group if word != words[place]]
    return [*words[:place], others[random.integers(len(others))], *words[place + 1 :]]


def cut_pictures(pictures: Sequence[Image]) -> torch.Tensor:
    """The cells of pictures: float32 from 0 (the ground) to 1, shape (pictures, TOKENS, numbers of a cell).

    Raises:
        GasError: One has another size than pictures of the sandbox.
    """
    side = GRID * CELL
    if wrong := next((one.size for one in pictures if one.size != (side, side)), None):
        raise GasError(f"a picture of {wrong} pixels is none of the sandbox's, which are {side} wide")
    pixels = np.stack([np.asarray(one.convert("RGB"), dtype=np.float32) for one in pictures])
    cells = pixels.reshape(-1, GRID, CELL, GRID, CELL, 3).swapaxes(2, 3).reshape(-1, TOKENS, CELL * CELL * 3)
    return torch.from_numpy(1 - cells / 255)


class Tower(nn.Module):
    """A small transformer over places, whose mean is projected to a point on the unit sphere."""

    def __init__(self, first: nn.Module, places: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 2 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.first, self.where = first, nn.Parameter(torch.randn(places, WIDTH) * 0.02)
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.last = nn.Linear(WIDTH, DIMENSIONS, bias=False)

    def forward(self, shown: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Points of what is shown; `there` says which of its places hold anything, shape (rows, places)."""
        hidden = self.first(shown) + self.where[: there.shape[1]]
        hidden = self.layers(hidden, src_key_padding_mask=~there)
        mean = (hidden * there[..., None]).sum(dim=1) / there.sum(dim=1, keepdim=True)
        return nn.functional.normalize(self.last(mean), dim=-1)


class Encoder(nn.Module):
    """Two towers, of pictures and of captions.

    Attributes:
        vocabulary: The number of each word; 0 is for what follows the last word, and 1 for other words.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.vocabulary = {word: place for place, word in enumerate(words, 2)}
        self.pictures = Tower(nn.Linear(CELL * CELL * 3, WIDTH), TOKENS)
        self.captions = Tower(nn.Embedding(len(words) + 2, WIDTH), WORDS)
        self.heat = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))

    def read(self, captions: Sequence[Sequence[str]]) -> torch.Tensor:
        """Numbers of the words of captions, shape (captions, longest)."""
        numbers = [torch.tensor([self.vocabulary.get(word, 1) for word in some] or [1]) for some in captions]
        return nn.utils.rnn.pad_sequence(numbers, batch_first=True)

    def place_pictures(self, cells: torch.Tensor) -> torch.Tensor:
        """Points of pictures, as `cut_pictures` gives them."""
        return self.pictures(cells, torch.ones(cells.shape[:2], dtype=torch.bool))

    def place_captions(self, numbers: torch.Tensor) -> torch.Tensor:
        """Points of captions, as `read` gives them."""
        return self.captions(numbers, numbers > 0)

    @torch.no_grad()
    def compare(self, pictures: Sequence[Image], captions: Sequence[str]) -> list[float]:
        """The cosine of each picture and its caption.

        Raises:
            GasError: A picture is none of the sandbox's.
        """
        shown = self.place_pictures(cut_pictures(pictures))
        told = self.place_captions(self.read([split_words(caption) for caption in captions]))
        return (shown * told).sum(dim=1).tolist()


@dataclass(frozen=True)
class Lessons:
    """What an encoder learns from.

    Attributes:
        words: Of each caption.
        pictures: Tokens of pictures of each, shape (captions, LOOKS, TOKENS).
    """

    words: list[list[str]]
    pictures: np.ndarray


def train_encoder(rows: Any, steps: int, hard_negatives: bool, seed: int) -> Encoder:
    """Trains an encoder to find the caption of each picture, and the picture of each caption, among those of a batch.

    Args:
        rows: A dataset with `caption` and `scene_graph`.
        steps: Updates.
        hard_negatives: Whether a picture also has to be told from its caption with one word changed.
        seed: Of weights, pictures and the order of rows.
    """
    random = np.random.default_rng(seed)
    words = [split_words(caption) for caption in rows["caption"]]
    seeds = random.integers(2**62, size=(len(words), LOOKS)).tolist()
    drawn = [
        [encode_scene(graph, one) for one in some] for graph, some in zip(rows["scene_graph"], seeds, strict=True)
    ]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(sorted({word for some in words for word in some}))
    _train(encoder, Lessons(words, np.array(drawn)), steps, hard_negatives, random)
    return encoder.eval()


def _train(encoder: Encoder, lessons: Lessons, steps: int, hard_negatives: bool, random: np.random.Generator) -> None:
    cells = torch.from_numpy(1 - draw_cells() / 255)
    size = min(BATCH, len(lessons.words))
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps + 1)
    for _ in range(steps):
        chosen = random.choice(len(lessons.words), size, replace=False)
        tokens = lessons.pictures[chosen, random.integers(LOOKS, size=size)]
        told = [lessons.words[place] for place in chosen]
        told += [contradict(some, random) for some in told] if hard_negatives else []
        shown = encoder.place_pictures(cells[torch.from_numpy(tokens)])
        logits = encoder.heat.exp().clamp(max=100) * shown @ encoder.place_captions(encoder.read(told)).T
        right = torch.arange(size)
        loss = nn.functional.cross_entropy(logits, right) + nn.functional.cross_entropy(logits[:, :size].T, right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
