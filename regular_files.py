"""The door to files that may be a stranger's: a FIFO or a device in the place of a file would never end."""

from __future__ import annotations

import errno
import os
import stat
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from .errors import GasError, explain_os_error

if TYPE_CHECKING:
    from upath import UPath

AnyFile: TypeAlias = "Path | UPath | Traversable"
"""On a disk, in a store, or in a package."""
UNREADABLE, FOLDER, SPECIAL = "cannot be read", "is a folder", "is not a regular file"
LARGEST = 1 << 26
"""Bytes of a file that is read whole: a manifest of 250,000 files."""


def find_obstacle(file: AnyFile) -> str:
    """Says why a file cannot be read, in words that follow its name, such as `is missing`; nothing if it can."""
    if not isinstance(file, Path):
        return "" if file.is_file() else "is missing"
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except (OSError, ValueError) as error:  # a loop of links, a folder that is closed, a name that no file can have
        return f"{UNREADABLE}: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(mode):
        return FOLDER if stat.S_ISDIR(mode) else SPECIAL
    return "" if os.access(file, os.R_OK) else f"{UNREADABLE}: {os.strerror(errno.EACCES)}"


def open_regular(file: AnyFile, name: str = "", hint: str = "") -> IO[Any]:
    """Opens a file for reading, as bytes.

    Args:
        file: The file.
        name: What errors call it, if that is not its path.
        hint: What to do if it cannot be read.

    Raises:
        GasError: It is missing, not a regular file, or cannot be read.
        OSError: A store does not give it.
    """
    if not isinstance(file, Path):
        return file.open("rb")
    obstacle, exit_status = find_obstacle(file), 2
    if not obstacle:
        try:
            return file.open("rb")
        except OSError as error:
            obstacle, exit_status = (
                f"{UNREADABLE}: {error.strerror or error}",
                explain_os_error(error, file).exit_status,
            )
    said = f"{name or file} {obstacle}"
    raise GasError(f"{said}; {hint}" if hint else said, exit_status=exit_status)


def read_regular(file: AnyFile, name: str = "", hint: str = "") -> bytes:
    """Reads a file whole; see `open_regular`.

    Raises:
        GasError: It is of more than LARGEST bytes, too.
    """
    with open_regular(file, name, hint) as stream:
        content = bytes(stream.read(LARGEST + 1))
    if len(content) > LARGEST:
        said = f"{name or file} is larger than {LARGEST:,} bytes"
        raise GasError(f"{said}; {hint}" if hint else said)
    return content
