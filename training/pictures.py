"""Pictures as people see them, in 8 bits of red, green and blue: what is trained on, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..builders.recipe.fields import show
from ..errors import GasError, Problem, describe_error

READERS = 4
"""Threads that read pictures: most of that work is PIL's, which lets others run."""
SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
TRANSPARENT = ("RGBA", "LA", "PA", "RGBa", "La")
LONGEST = 4
"""Of a picture so many times as long as wide, a square shows a quarter, which its caption hardly describes."""
ENLARGED = 16
"""A picture that is scaled up so many times is a few blurred spots."""

ORIENTATION, TURNED = 0x0112, 5
"""The tag of EXIF that says how a picture is turned, and the first value that lays it on its side."""


def open_picture(value: Any) -> Image.Image:
    """Opens what a row has as a picture: one of PIL's, or `bytes` and `path` as `datasets.Image(decode=False)` gives.

    Returns: The picture as a viewer shows it, mode RGB.

    Raises:
        GasError: It is missing, cannot be read, moves, or has colors that nothing says how to show.
    """
    if value is None:
        raise GasError("there is no picture")
    try:
        if not isinstance(value, Image.Image | Mapping):
            raise GasError(f"it is no picture, but {show(value)}; open it with PIL.Image")
        image = value if isinstance(value, Image.Image) else _open_raw(value)
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":  # which has the same picture in other sizes
            raise GasError(f"it has {frames} frames")
        image.load()
        return _flatten(ImageOps.exif_transpose(image))
    except GasError:
        raise
    except Exception as error:  # what is wrong with a file is told in a dozen types
        reason = describe_error(error)
        raise GasError(f"it cannot be read: {reason}") from error


def encode_png(image: Image.Image) -> bytes:
    """A picture as the content of a PNG file, which keeps every pixel."""
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def measure_picture(value: Any) -> tuple[int, int]:
    """Width and height of what `open_picture` gives, by what its file begins with.

    Raises:
        GasError: It cannot be read.
    """
    try:
        image = value if isinstance(value, Image.Image) else _open_raw(value)
        turned = image.getexif().get(ORIENTATION, 1) >= TURNED
    except Exception as error:  # what is wrong with a file is told in a dozen types
        raise GasError(f"it cannot be read: {describe_error(error)}") from error
    width, height = image.size
    return (height, width) if turned else (width, height)


def _open_raw(value: Any) -> Image.Image:
    if value["bytes"] is not None:
        return Image.open(BytesIO(value["bytes"]))
    if Path(value["path"]).is_file():
        return Image.open(value["path"])
    import datasets

    return datasets.Image().decode_example(value)


def _flatten(image: Image.Image) -> Image.Image:
    """8 bits a color, laid on white."""
    if image.mode in (*SIXTEEN_BITS, "I", "F"):
        return _scale(image)
    if image.mode in TRANSPARENT or "transparency" in image.info:
        if image.mode == "La":
            image = image.convert("LA")
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _scale(image: Image.Image) -> Image.Image:
    """Gray of more than 8 bits."""
    array = np.asarray(image).astype(np.float64)
    if image.mode == "F":
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise GasError("it has numbers that are not from 0 to 1, of which nothing says which is white")
        gray = array
    elif image.mode == "I" and (image.format != "PNG" or array.min() < 0 or array.max() > 65535):
        raise GasError("it has whole numbers of 32 bits, of which nothing says which is white")
    else:
        gray = array / 65535
    if "transparency" in image.info:
        gray = np.where(array == image.info["transparency"], 1, gray)
    return Image.fromarray((gray * 255).round().astype(np.uint8)).convert("RGB")


def open_shown(shown: Any) -> Image.Image | tuple[Image.Image, ...]:
    """Opens what a judge looks at: a picture; or the frames of a video, or views of a thing, in the size of the first.

    Raises:
        GasError: See `open_picture`; it says which frame it is.
    """
    if not isinstance(shown, Sequence) or isinstance(shown, str | bytes):
        return open_picture(shown)
    if not shown:
        raise GasError("it has no frames")
    frames = []
    for place, frame in enumerate(shown):
        try:
            frames.append(open_picture(frame))
        except GasError as error:
            raise GasError(f"frame {place + 1} of {len(shown)}: {error}") from error
    size = frames[0].size
    return tuple(frame if frame.size == size else frame.resize(size) for frame in frames)


def open_each(shown: Sequence[Any]) -> dict[int, Image.Image | tuple[Image.Image, ...]]:
    """Opens all that a judge looks at, each object once: by its `id`, what `open_shown` gives.

    Raises:
        GasError: One cannot be opened; it says which.
    """
    found: dict[int, Image.Image | tuple[Image.Image, ...]] = {}
    for place, one in enumerate(shown):
        if id(one) not in found:
            try:
                found[id(one)] = open_shown(one)
            except GasError as error:
                raise GasError(f"picture {place + 1} of {len(shown)} cannot be judged: {error}") from error
    return found


def choose_frames(there: int, most: int) -> list[int]:
    """The places of so many frames at most, each in the middle of a part of the video: 2, 6, 10, 14 of 16."""
    count = min(there, most)
    return [(2 * place + 1) * there // (2 * count) for place in range(count)]


def lay_grid(frames: Sequence[Image.Image], side: int | None = None) -> Image.Image:
    """Lays frames out in a grid, row by row.

    Args:
        frames: Those of a video, or views of a thing, in their order, all of one size.
        side: Of how many rows and columns; by default 3 for nine frames, which are views, and 2 for all others. Of
            more frames than places, as many are taken as `choose_frames` does, as the paper's code; places that are
            left stay white.
    """
    side = side or (3 if len(frames) == 9 else 2)
    width, height = frames[0].size
    grid = Image.new("RGB", (side * width, side * height), "white")
    for number, place in enumerate(choose_frames(len(frames), side * side)):
        row, column = divmod(number, side)
        grid.paste(frames[place], (column * width, row * height))
    return grid


def check_pictures(rows: Any, resolution: int, key: str = "data") -> list[Problem]:
    """Reads all pictures of rows, and says how many cannot be trained on, which is the first, and why."""

    def complain(value: Any) -> str:
        try:
            size = open_picture(value).size
        except GasError as error:
            return str(error)
        if min(size) * ENLARGED < resolution:
            return f"it has {size[0]} x {size[1]} pixels, which `resolution: {resolution}` scales up too far"
        if max(size) > LONGEST * min(size):
            return f"it has {size[0]} x {size[1]} pixels, of which a square shows less than a quarter"
        return ""

    wrong: dict[int, str] = {}
    with ThreadPoolExecutor(READERS) as pool:
        start = 0
        for batch in rows.select_columns("image").iter(64):
            reasons = list(pool.map(complain, batch["image"]))
            wrong |= {start + place: reason for place, reason in enumerate(reasons) if reason}
            start += len(reasons)
    if not wrong:
        return []
    row, reason = next(iter(wrong.items()))
    what = f"{len(wrong):,} of {rows.num_rows:,} pictures cannot be trained on; the first, of row {row}"
    return [Problem(f"{what}: {reason}", key=key, hint="mend it, or leave its row out")]
