"""`gas export` of pictures with their captions: the folders that other trainers read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from ..builders.export.picture_formats import PICTURES, load_picture_format
from ..builders.folder.files import fill_folder
from ..errors import GasError, RecipeError
from .data import load_rows
from .fields import Data
from .pictures import ORIENTATION, READERS, encode_png, open_picture

BATCH = 64
"""Pictures that are in memory at once."""
KEPT = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
"""Files that every trainer reads, and how their names end."""


def export_pictures(
    source: str,
    format_: str,
    out: Path | None,
    config: str | None = None,
    split: str | None = None,
    report: Callable[[int], None] = lambda rows: None,
    wording: str | None = None,
) -> str:
    """Writes pictures, captions and the configs of a trainer into a folder, which is there only when it is whole.

    Args:
        source: What `load_dataset` opens, or pictures with their captions' files: as `path` in the data of a training.
        format_: The name of a format that holds pictures.
        out: The folder, which must be empty or not there.
        config: The config of the dataset.
        split: Its split; by default `train`.
        report: Called with the number of pictures that were just written.
        wording: Which of the rows' wordings takes the caption's place, as in the data of a training.

    Returns: What was written, in a line.

    Raises:
        GasError: There are no pictures with captions, one of them cannot be read, or the folder holds something.
    """
    if out is None:
        raise GasError(f"{format_} is a folder with pictures: name it with --out")
    try:
        rows = load_rows(
            Data(path=source, name=config, split=split or "train", wording=wording), ("caption", "image"), key=source
        )
    except RecipeError as error:
        what = "a folder with pictures and metadata.jsonl, pictures with .txt beside them, or a dataset with `image`"
        raise GasError(f"{error.problems[0].message}: {source}; {format_} holds pictures: give {what}") from error
    with fill_folder(out) as folder:
        pictures = {}
        for path, caption in write_pictures(rows, folder):
            pictures[path] = " ".join(caption.split())
            report(1)
        for path, text in load_picture_format(format_)(pictures).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return f"wrote {len(pictures):,} pictures with their captions into {out}"


def write_pictures(rows: Any, folder: Path) -> Iterator[tuple[str, str]]:
    """Writes all pictures of rows; yields the path of each within the folder, and its caption.

    Raises:
        GasError: One cannot be read; it says of which row it is.
    """
    import datasets

    (folder / PICTURES).mkdir()
    width, start = len(str(rows.num_rows - 1)), 0
    with ThreadPoolExecutor(READERS) as pool:
        for batch in rows.cast_column("image", datasets.Image(decode=False)).iter(BATCH):
            numbers = range(start, start + len(batch["image"]))
            files = pool.map(_encode, numbers, batch["image"])
            for number, caption, (suffix, content) in zip(numbers, batch["caption"], files, strict=True):
                path = f"{PICTURES}/{number:0{width}}{suffix}"
                (folder / path).write_bytes(content)
                yield path, caption
            start = numbers.stop


def _encode(number: int, value: Any) -> tuple[str, bytes]:
    """A picture's file as it is, if trainers see in it what a viewer shows, else as a PNG."""
    try:
        picture = open_picture(value)
    except GasError as error:
        raise GasError(f"the picture of row {number}: {error}; mend it, or leave its row out") from error
    content = value["bytes"]
    if content is None and Path(value["path"]).is_file():
        content = Path(value["path"]).read_bytes()
    if content:
        with Image.open(BytesIO(content)) as image:
            plain = image.mode == "RGB" and "transparency" not in image.info
            # Trainers pass over what EXIF says of how a picture is turned.
            if plain and image.format in KEPT and image.getexif().get(ORIENTATION, 1) == 1:
                return KEPT[image.format], content
    return ".png", encode_png(picture)
