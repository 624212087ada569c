"""Opening pictures, videos and folders of frames: whatever a file is called, only formats that are known are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ...errors import GasError, describe_error
from ...regular_files import find_obstacle, read_regular
from ..judges.protocol import Shown
from ..pictures import READERS, choose_frames, open_picture, open_shown

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
VIDEOS = (".mp4", ".webm", ".mov", ".mkv", ".avi")
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""What a picture may be, whatever its name says: others of PIL's run programs of the system."""
FRAMES = 16
"""Frames that are taken of longer videos."""

_NUMBER = re.compile(r"(?:.*[^0-9])?([0-9]{1,18})", re.DOTALL)


def check_files(root: Path, names: Sequence[str], frames: int = FRAMES) -> dict[str, str]:
    """Opens pictures, some at a time, and says what is wrong with those that cannot be read.

    Raises:
        GasError: This machine lacks what it takes to read one of them.
    """

    def complain(name: str) -> str:
        try:
            open_file(root / name, frames)
        except GasError as error:
            if error.exit_status == 1:
                raise
            return str(error)
        return ""

    with ThreadPoolExecutor(READERS) as pool:
        try:
            reasons = list(pool.map(complain, names))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {name: reason for name, reason in zip(names, reasons, strict=True) if reason}


def open_file(path: Path, frames: int = FRAMES) -> Shown:
    """Opens a picture, a video, or a folder of frames.

    Args:
        path: Where it is.
        frames: Of more frames so many are taken, each from the middle of a part of the video.

    Returns: The picture, or the frames, in mode RGB.

    Raises:
        GasError: It cannot be read; or, with the exit status 1, the package is missing that reads such videos.
    """
    if path.is_dir():
        return _open_folder(path, frames)
    if path.suffix.lower() in VIDEOS:
        return _open_video(path, frames)
    return open_bytes(read_regular(path, "it"), frames)


def open_bytes(content: bytes, frames: int = FRAMES) -> Shown:
    """Opens what a file of a picture holds, which may be one that moves.

    Raises:
        GasError: It cannot be read.
    """
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
        if image.format == "MPO" or getattr(image, "n_frames", 1) == 1:
            return open_picture(image)
        found = []
        for place in choose_frames(image.n_frames, frames):  # type: ignore[attr-defined]
            image.seek(place)
            found.append(image.copy())
    except UnidentifiedImageError:
        raise GasError("it is no picture, or a damaged one") from None
    except GasError:
        raise
    except Exception as error:  # what is wrong with a file is told in a dozen types
        raise GasError(f"it cannot be read: {describe_error(error)}") from error
    return open_shown(found)


def _open_folder(path: Path, frames: int) -> Shown:
    numbers = {
        file: number
        for file in sorted(path.iterdir())
        if file.suffix.lower() in PICTURES and (number := read_number(file.stem)) is not None and file.name[0] != "."
    }
    files = sorted(numbers, key=lambda file: (numbers[file], file.name))
    if not files:
        raise GasError("it has no frames")
    found = []
    for place in choose_frames(len(files), frames):
        try:
            frame = open_bytes(read_regular(files[place], "it"))
        except GasError as error:
            raise GasError(f"frame {place + 1} of {len(files)}: {error}") from error
        found.append(frame if isinstance(frame, Image.Image) else frame[0])
    return open_shown(found)


def _open_video(path: Path, frames: int) -> Shown:
    if obstacle := find_obstacle(path):
        raise GasError(f"it {obstacle}")
    try:
        av = import_module("av")
    except ImportError as error:
        what = f"{path.suffix} files need the package av"
        raise GasError(f"{what}: pip install av, or give frames as folders of pictures", exit_status=1) from error
    try:
        with av.open(str(path)) as video:
            there = sum(1 for _ in video.decode(video=0))
        if not there:
            raise GasError("it has no frames")
        chosen = set(choose_frames(there, frames))
        with av.open(str(path)) as video:
            return open_shown([one.to_image() for place, one in enumerate(video.decode(video=0)) if place in chosen])
    except (av.FFmpegError, IndexError) as error:
        raise GasError(f"it cannot be read as a video: {describe_error(error)}") from error


def read_number(text: str) -> int | None:
    """The number at the end of a name, if there is one."""
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else None
