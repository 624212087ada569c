"""Real and made pictures by name, and which of them are trained on: no caption is in two parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import datasets
import fsspec
import numpy as np

from ....builders.foundation.counter_rng import derive_key
from ...data import load_rows
from ...fields import Data
from ...recipes.detector import Detector

REAL = "real"
"""What the pictures of `data` are called."""
BESIDE = ":real"
"""What is added to the name of an unseen generator for the real pictures that are tested beside it."""
TRAIN, VALIDATION, TEST, LEFT_OUT = range(4)
"""Parts of pictures."""


@dataclass(frozen=True)
class Source:
    """Pictures of one origin.

    Attributes:
        name: `real`, a generator's name, or that with `:real`.
        key: Where the recipe has it.
        data: What was opened.
        rows: A `datasets.Dataset` with `image`, not decoded, and maybe `caption`.
    """

    name: str
    key: str
    data: Data
    rows: Any

    @property
    def is_made(self) -> bool:
        """Whether a generator made them."""
        return self.name != REAL and not self.name.endswith(BESIDE)


@dataclass(frozen=True)
class Pictures:
    """What is known of the pictures of one origin.

    Attributes:
        is_made: Whether a generator made them.
        scenes: The caption of each, or a digest of its content where there are no captions.
        parts: TRAIN, VALIDATION, TEST or LEFT_OUT of each, int8.
        features: What the backbone says of each, float32, shape (pictures, width).
    """

    is_made: bool
    scenes: list[str]
    parts: np.ndarray
    features: np.ndarray

    def find(self, part: int) -> np.ndarray:
        """The places of a part's pictures."""
        return np.flatnonzero(self.parts == part)


def list_data(recipe: Detector) -> Iterator[tuple[str, str, Data]]:
    """Lists all rows that a recipe names but those of `data`: name, key and data."""
    yield from ((name, f"made.{name}", data) for name, data in recipe.made.items())
    for name, data in recipe.unseen.items():
        yield name, f"unseen.{name}", data
        if data.real:
            yield name + BESIDE, f"unseen.{name}.real", data.real


def open_source(name: str, key: str, data: Data, rows: Any = None) -> Source:
    """Opens pictures, as they are stored; what a generator of the sandbox does to them is not done yet.

    Raises:
        RecipeError: See `load_rows`.
    """
    rows = load_rows(data, ("image",), key, also=("caption",)) if rows is None else rows
    return Source(name, key, data, rows.cast_column("image", datasets.Image(decode=False)))


def digest_pictures(rows: Any) -> list[str]:
    """SHA-256 of each picture's file."""
    return [sha256(read_bytes(image)).hexdigest() for batch in rows.iter(256) for image in batch["image"]]


def read_bytes(image: Mapping[str, Any]) -> bytes:
    """The file of a picture, on this disk, in an archive or elsewhere."""
    if image["bytes"] is not None:
        return image["bytes"]
    with fsspec.open(image["path"], "rb") as file:
        return file.read()


def name_scenes(rows: Any, digests: list[str]) -> list[str]:
    """What pictures must have in common to be in the same part: the caption, or else the content."""
    if "caption" not in rows.column_names:
        return digests
    return [" ".join(caption.split()) for caption in rows["caption"]]


def choose_part(scene: str, recipe: Detector) -> int:
    """TRAIN, VALIDATION or TEST, which follows from the seed and the scene alone, wherever it stands."""
    place = derive_key(recipe.seed, "part", scene) / 2**64
    if place < recipe.test:
        return TEST
    return VALIDATION if place < recipe.test + recipe.validation else TRAIN


def choose_parts(scenes: Mapping[str, list[str]], recipe: Detector) -> dict[str, np.ndarray]:
    """The part of each picture, by source; unseen ones are tested on, but for scenes that others are trained on."""
    known = {name for name in scenes if name == REAL or name in recipe.made}
    parts = {name: np.array([choose_part(one, recipe) for one in scenes[name]], dtype=np.int8) for name in known}
    used = {scene for name in known for scene, part in zip(scenes[name], parts[name], strict=True) if part != TEST}
    for name in scenes.keys() - known:
        parts[name] = np.array([LEFT_OUT if one in used else TEST for one in scenes[name]], dtype=np.int8)
    return parts


def count_largest(parts: Mapping[str, np.ndarray], mixtures: Collection[Mapping[str, float]]) -> int:
    """The largest scale that all mixtures have pictures for."""

    def count(name: str) -> int:
        return int((parts[name] == TRAIN).sum())

    most = [count(REAL)]
    for mixture in mixtures:
        whole = sum(mixture.values())
        most.append(min(int(count(name) * whole / share) for name, share in mixture.items()))
    return 2 * min(most)


def share_out(count: int, mixture: Mapping[str, float]) -> dict[str, int]:
    """How many pictures each generator of a mixture gives; what is left over goes to the first ones."""
    whole = sum(mixture.values())
    shares = {name: int(count * share / whole) for name, share in mixture.items()}
    for name in list(shares)[: count - sum(shares.values())]:
        shares[name] += 1
    return shares
