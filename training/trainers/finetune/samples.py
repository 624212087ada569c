"""What is trained on at each position: a picture and a caption, and what chance adds to them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np
import torch
from PIL import Image

from ....builders.foundation.counter_rng import derive_key
from ....errors import GasError, Problem, RecipeError
from ...pictures import READERS, open_picture
from ...recipes.finetune import Flow
from .cache import Cache
from .families import Text, encode_pictures
from .loading import Model, hush_packages
from .losses import draw_time

AHEAD = 2
"""Batches that readers are ahead of the training."""
Sample = Mapping[str, Any]


@dataclass(frozen=True)
class Samples:
    """What is trained on at each position: `samples[position]`.

    Attributes:
        rows: With `caption` and `image`, the latter not decoded.
        order: The row at each position, int64, shape (positions,): all rows, shuffled anew for each epoch.
        seed: Of the training.
        image_processor: The pipeline's.
        resolution: Width and height of pictures, in pixels.
        latent_shape: Channels, height and width of a latent.
        flow: How a flow is learned; None where noise is.
        cache: What was encoded before; None where encoders are asked at each step.
        shapes: Height and width of each row's picture, in pixels, (rows, 2); None where all are squares.
    """

    rows: datasets.Dataset
    order: np.ndarray
    seed: int
    image_processor: Any
    resolution: int
    latent_shape: tuple[int, int, int]
    flow: Flow | None = None
    cache: Cache | None = None
    shapes: np.ndarray | None = None

    def __getitem__(self, position: int) -> Sample:
        row = self.rows[(index := int(self.order[position]))]
        height, width = find_sides(self.shapes, index, self.resolution)
        channels, *sides = self.latent_shape
        latent = (channels, sides[0] * height // self.resolution, sides[1] * width // self.resolution)
        # On the CPU: another device would draw other numbers.
        chance = torch.Generator().manual_seed(derive_key("finetune sample", self.seed, position))
        return {
            "position": position,
            "time": draw_time(self.flow, chance),
            "noise": torch.randn(latent, generator=chance),
            "vae_noise": torch.randn(latent, generator=chance),
            **(self.cache.load(row) if self.cache else self.read(row, index)),
        }

    def read(self, row: Mapping[str, Any], index: int) -> Sample:
        """A row's caption, and its picture for the VAE."""
        sides = find_sides(self.shapes, index, self.resolution)
        return {"caption": row["caption"], **read_picture(row, index, self.image_processor, *sides)}


def find_sides(shapes: np.ndarray | None, index: int, resolution: int) -> tuple[int, int]:
    """Height and width of a row's picture, in pixels."""
    height, width = (resolution, resolution) if shapes is None else shapes[index].tolist()
    return height, width


def read_picture(
    row: Mapping[str, Any], index: int, image_processor: Any, height: int, width: int | None = None
) -> dict[str, torch.Tensor]:
    """A row's picture for the VAE: scaled so that it just covers height and width (a square without the latter).

    What is beyond is cropped. Nothing is flipped: captions say left and right.

    Returns: `pixels`, from -1 to 1, (3, height, width); `sizes`, (6,), as `Question` has them.

    Raises:
        GasError: There is none, or it cannot be read.
    """
    if row["image"] is None:
        raise GasError(f"row {index} has no image; leave it out")
    try:
        image = open_picture(row["image"])
    except GasError as error:
        reason = str(error).removeprefix("it ")
        raise GasError(f"the image of row {index} {reason}; leave that row out") from error
    sides = (height, height if width is None else width)
    pixels = image_processor.preprocess(image, *sides, resize_mode="crop")[0]
    return {"pixels": pixels, "sizes": describe_sizes(image, *sides)}


def describe_sizes(image: Image.Image, height: int, width: int) -> torch.Tensor:
    """What SDXL is told of a picture: its height and width, top and left of the crop, height and width of the crop."""
    across, down = image.size
    by_width = width * down >= height * across  # the width is what is just covered
    scaled = (width * down // across, width) if by_width else (height, height * across // down)
    top, left = (side // 2 - kept // 2 for side, kept in zip(scaled, (height, width), strict=True))
    return torch.tensor([down, across, top, left, height, width])


def read_batches(samples: Samples, starts: Iterable[int], size: int) -> Iterator[dict[str, Any]]:
    """Gives the batch of `size` positions from each start on, while threads read those that follow."""
    ahead: deque[list[Future[Sample]]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        for start in starts:
            ahead.append([pool.submit(samples.__getitem__, start + place) for place in range(size)])
            if len(ahead) > AHEAD:
                yield join_samples([sample.result() for sample in ahead.popleft()])
        while ahead:
            yield join_samples([sample.result() for sample in ahead.popleft()])


def join_samples(samples: Sequence[Sample]) -> dict[str, Any]:
    """A batch: tensors are stacked, and lists made of the rest."""
    columns = {name: [sample[name] for sample in samples] for name in samples[0]}
    return {
        name: torch.stack(values) if isinstance(values[0], torch.Tensor) else values
        for name, values in columns.items()
    }


def encode_batch(model: Model, batch: Mapping[str, Any]) -> dict[str, Any]:
    """A batch as `compute_loss` takes it, on the model's device; what no cache has is encoded."""
    found = dict(batch)
    if "pixels" in found:
        found |= encode_pictures(model.family, model.pipeline.vae, found.pop("pixels"))
        found["text"] = encode_captions(model, found.pop("caption"))
    found["text"] = [{name: part.to(model.device) for name, part in one.items()} for one in found["text"]]
    return {name: part.to(model.device) if isinstance(part, torch.Tensor) else part for name, part in found.items()}


@torch.no_grad()
def encode_captions(model: Model, captions: Sequence[str]) -> Sequence[Text]:
    """What the denoiser reads of each caption."""
    with hush_packages():  # what is cut is counted
        return model.family.encode_captions(
            model.pipeline, list(captions), {"device": model.device, **model.text_length}
        )


def fill_cache(
    model: Model,
    rows: datasets.Dataset,
    cache: Cache,
    own: Sequence[int],
    size: int,
    shapes: np.ndarray | None = None,
) -> None:
    """Encodes what a cache lacks of some rows, in batches of `size` and of one shape."""
    texts = {cache.find_text(caption): caption for caption in rows.select(own)["caption"]}
    lacking = [(path, caption) for path, caption in texts.items() if not path.is_file()]
    for start in range(0, len(lacking), size):
        paths, captions = zip(*lacking[start : start + size], strict=True)
        for path, text in zip(paths, encode_captions(model, captions), strict=True):
            cache.save(path, text)
    pictures = {cache.find_picture(rows[place]): place for place in own}
    lacking_by_sides = defaultdict(list)
    for path, place in pictures.items():
        if not path.is_file():
            lacking_by_sides[find_sides(shapes, place, model.recipe.resolution)].append((path, place))
    batches = [
        (sides, places[start : start + size])
        for sides, places in lacking_by_sides.items()
        for start in range(0, len(places), size)
    ]
    processor = model.pipeline.image_processor
    for sides, some in batches:
        batch = join_samples([read_picture(rows[place], place, processor, *sides) for _, place in some])
        encoded = {"sizes": batch["sizes"], **encode_pictures(model.family, model.pipeline.vae, batch["pixels"])}
        for number, (path, _) in enumerate(some):
            cache.save(path, {name: values[number] for name, values in encoded.items()})


def count_truncated(limits: Mapping[str, int], pipeline: Any, rows: datasets.Dataset) -> int:
    """Counts captions that some text encoder does not read to their ends.

    Args:
        limits: The tokens that each tokenizer of the pipeline reads, by its name.
        pipeline: It has these.
        rows: With the column `caption`.

    Raises:
        RecipeError: The columns are not what they should be.
    """
    if not isinstance(rows.features["image"], datasets.Image):
        what = f"the column `image` holds {rows.features['image']}, no images"
        raise RecipeError([Problem(what, key="data", hint="cast it: `cast_column('image', datasets.Image())`")])
    truncated = 0
    for captions in rows.select_columns("caption").with_format(None).iter(1000):
        if not all(isinstance(caption, str) for caption in captions["caption"]):
            raise RecipeError([Problem("some rows have no text in the column `caption`", key="data")])
        cut = np.zeros(len(captions["caption"]), dtype=bool)
        for name, limit in limits.items():
            found = getattr(pipeline, name)(captions["caption"], return_length=True, verbose=False)
            cut |= np.array([len(ids) for ids in found["input_ids"]]) > limit
        truncated += int(cut.sum())
    return truncated
