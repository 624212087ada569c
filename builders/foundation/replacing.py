"""Files that are there whole or not at all: written beside their place, and moved there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NEW = ".{}.new"
"""What a file is called until it is complete."""


@contextmanager
def replace_file(path: Path, beside: Path | None = None) -> Iterator[Path]:
    """Gives a place beside a file; what is written there becomes the file at the end, at once and whole.

    Args:
        path: The file. The folder that it is in is made if it is not there.
        beside: The place, which must be in the same file system; by default `NEW`. Those who may write the same file
            at the same time need places of their own.

    Raises:
        OSError: It cannot be written. The file is as it was, and nothing is left beside it.
    """
    beside = beside or path.with_name(NEW.format(path.name))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)  # a stranger's link would be followed
    try:
        yield beside
        _sync_file(beside)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):  # the first error says more
            beside.unlink(missing_ok=True)
        raise


def _sync_file(path: Path) -> None:
    """Waits until a file is on the disk, so that a machine that stops does not leave its name without its bytes."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
