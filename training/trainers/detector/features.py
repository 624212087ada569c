"""What a backbone of timm says of pictures: computed once for each, whoever asks, and kept in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image, ImageOps
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from timm.data import create_transform, resolve_model_data_config

from ....builders.folder.files import open_part
from ....errors import GasError
from ...models import choose_device, explain_loading
from ...pictures import READERS, open_picture
from ...recipes.detector import Detector, Preparation
from ...sandbox import spectrum as spectrum  # timm then knows it
from ...upstream import count_processes, find_rank, wait_for_all
from .sources import read_bytes

CHUNK = 1024
"""Pictures whose features share a file: what a run that is killed has to do again, at most."""
FEATURES, DIGESTS = "features", "digests"


@dataclass(frozen=True)
class Backbone:
    """A frozen model, and how pictures come to it.

    Attributes:
        model: A model of timm without a head: pictures -> features, shape (pictures, width).
        transform: The arguments of `timm.data.create_transform`.
        size: Width and height that pictures are prepared to.
        identity: A digest of all that features follow from but the picture.
        device: Where it computes.
    """

    model: Any
    transform: dict[str, Any]
    size: int
    identity: str
    device: str


def make_model(recipe: Detector, pretrained: bool, classes: int = 0) -> Any:
    """Makes a backbone, whose weights are otherwise random, drawn by the seed."""
    folder = Path(recipe.backbone).is_dir()
    name = f"local-dir:{recipe.backbone}" if folder else recipe.backbone
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return timm.create_model(name, pretrained=pretrained, num_classes=classes, **recipe.options).eval()


def describe_input(model: Any, recipe: Detector) -> tuple[int, dict[str, Any]]:
    """The size that pictures are prepared to, and the arguments of `create_transform`, which then scales no more."""
    config = resolve_model_data_config(model)
    size = recipe.prepare.size or max(config["input_size"][1:])
    keys = ("interpolation", "mean", "std")
    return size, {"input_size": [3, size, size], "crop_pct": 1.0, **{key: config[key] for key in keys}}


def open_backbone(recipe: Detector) -> Backbone:
    """Loads a backbone with its weights.

    Raises:
        GasError: They cannot be had.
    """
    with explain_loading("the detector", recipe.backbone, extra="train"):
        model = make_model(recipe, recipe.pretrained).requires_grad_(False)
    size, transform = describe_input(model, recipe)
    digest = sha256(json.dumps([size, transform, recipe.prepare.model_dump(mode="json"), timm.__version__]).encode())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode() + tensor.cpu().numpy().tobytes())
    device = choose_device("the detector", None)
    return Backbone(model.to(device), transform, size, digest.hexdigest()[:16], device)


def prepare_picture(stored: bytes, digest: str, preparation: Preparation, size: int) -> Image.Image:
    """Cuts the middle square of a picture, scales it, and stores it once more as all others are.

    Raises:
        GasError: It cannot be read.
    """
    image = ImageOps.fit(open_picture({"bytes": stored, "path": None}), (size, size), Image.Resampling.BICUBIC)
    if preparation.format == "png":
        return image
    low, high = preparation.quality
    again = BytesIO()
    image.save(again, "JPEG", quality=low + int(digest[:8], 16) % (high - low + 1))
    return Image.open(again).convert("RGB")


class FeatureCache:
    """Features in files of `folder`, by the digest of the picture's file; a cache of one backbone and preparation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, np.ndarray] = {}
        self._read: set[Path] = set()

    def load(self) -> None:
        """Reads the files that were not read yet; what a broken one had is computed anew."""
        for path in sorted(set(self.folder.glob("*.safetensors")) - self._read):
            try:
                with safe_open(path, "np") as file:
                    digests = json.loads(file.metadata()[DIGESTS])
                    self.known |= dict(zip(digests, file.get_tensor(FEATURES), strict=True))
                self._read.add(path)
            except (SafetensorError, OSError, TypeError, LookupError, ValueError):
                path.unlink(missing_ok=True)

    def add(self, digests: Sequence[str], features: np.ndarray) -> None:
        """Writes features of pictures, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = sha256(" ".join(digests).encode()).hexdigest()[:16]
        with open_part(self.folder / f"{name}.safetensors") as part:
            save_file({FEATURES: features}, part, {DIGESTS: json.dumps(list(digests))})


def compute_features(
    rows: Any, digests: Sequence[str], backbone: Backbone, recipe: Detector, cache: FeatureCache
) -> np.ndarray:
    """What the backbone says of each picture, float32, shape (pictures, width); each process computes a part.

    Args:
        rows: With `image`, not decoded.
        digests: Of each picture's file.
        backbone: Who says it.
        recipe: How pictures are prepared, and how many are looked at together.
        cache: Where features lie already, and are put.

    Raises:
        GasError: A picture cannot be read; it says which.
    """
    cache.load()
    places = {digest: place for place, digest in reversed(list(enumerate(digests))) if digest not in cache.known}
    missing = sorted(places.items(), key=lambda one: one[1])
    for number, chunk in enumerate(split(missing, CHUNK)):
        if number % count_processes() == find_rank():
            found = [_look(rows, part, backbone, recipe) for part in split(chunk, recipe.batch_size)]
            cache.add([digest for digest, _ in chunk], np.concatenate(found))
    wait_for_all()
    cache.load()
    return np.stack([cache.known[digest] for digest in digests])


def _look(rows: Any, part: Sequence[tuple[str, int]], backbone: Backbone, recipe: Detector) -> np.ndarray:
    to_tensor = create_transform(**backbone.transform)

    def open_one(job: tuple[tuple[str, int], Any]) -> torch.Tensor:
        (digest, place), image = job
        try:
            return to_tensor(prepare_picture(read_bytes(image), digest, recipe.prepare, backbone.size))
        except GasError as error:
            raise GasError(f"picture {place}: {error}") from error

    images = rows.select([place for _, place in part])["image"]
    with ThreadPoolExecutor(READERS) as pool:
        batch = torch.stack(list(pool.map(open_one, zip(part, images, strict=True))))
    with torch.no_grad():
        return backbone.model(batch.to(backbone.device)).float().cpu().numpy()


def split(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Cuts a list into parts of `size`; the last has what is left."""
    yield from (values[start : start + size] for start in range(0, len(values), size))
