"""What a client asks, and why something is refused."""

from __future__ import annotations

import base64
import binascii
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from ...errors import GasError
from ..pictures import open_picture

FORMATS = ("JPEG", "PNG", "WEBP")
"""What clients send; each further format would be one more decoder for strangers' bytes."""


class RequestError(GasError):
    """Why a request, or a picture of it, gets no score.

    Attributes:
        status: What HTTP calls it: 4xx where the client has to change something, 5xx where server or judge fail.
        again: Seconds after which the same request may succeed; None where it is not worth asking again.
    """

    def __init__(self, message: object, status: int, again: int | None = None) -> None:
        super().__init__(message, exit_status=1)
        self.status = status
        self.again = again


@dataclass(frozen=True)
class Ask:
    """A picture to be scored.

    Attributes:
        prompt: The text that it was made for.
        pictures: Its file, or those of the frames of a video.
        scene: The id of the row of the prompt, where the client tells it.
        rewards: The names of the rewards that the client asks for; empty where its dialect has no names.
    """

    prompt: str
    pictures: Sequence[bytes] = field(repr=False)
    scene: str | None = None
    rewards: Sequence[str] = ()


def decode_base64(text: str, name: str) -> bytes:
    """Decodes what JSON has of a picture; a `data:` address in front of it is left out.

    Raises:
        RequestError: It is no base64.
    """
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"{name} is no base64: {error}", 400) from error


def check_picture(file: bytes, most: int, name: str) -> None:
    """Looks at how a picture's file begins, before anything of it is decoded.

    Args:
        file: The file.
        most: How many pixels it may have.
        name: What it is called in a refusal.

    Raises:
        RequestError: It is no picture of a known format, or has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is the lower bound
            width, height = Image.open(BytesIO(file), formats=FORMATS).size
    except Image.DecompressionBombError as error:
        raise RequestError(f"{name} has too many pixels; send at most {most:,}", 413) from error
    except Exception as error:  # what is wrong with a file is told in a dozen types
        what = f"is no picture, but {len(file):,} bytes that cannot be read"
        raise RequestError(f"{name} {what}; send a file of {', '.join(FORMATS)}", 400) from error
    if width * height > most:
        what = f"{name} has {width} x {height} pixels, and {most:,} are the most"
        raise RequestError(f"{what}; send a smaller one, or start the server with --set pixels={width * height}", 413)


def open_pictures(files: Sequence[bytes]) -> Image.Image | tuple[Image.Image, ...]:
    """Decodes a picture, or the frames of a video.

    Raises:
        RequestError: One cannot be read.
    """
    try:
        opened = tuple(open_picture(Image.open(BytesIO(file), formats=FORMATS)) for file in files)
    except GasError as error:
        raise RequestError(f"the picture cannot be used: {error}", 400) from error
    return opened[0] if len(opened) == 1 else opened
