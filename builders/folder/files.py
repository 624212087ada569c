"""Files on a disk or in a store: written whole, hashed, removed; and what is said when that fails."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, overload

from ...errors import GasError, describe_error
from ...regular_files import open_regular
from ..foundation.replacing import replace_file
from ..recipe.fields import escape

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"
"""Of a file on a disk, or in a store that fsspec reaches."""
PART, RECORD = ".part", ".json"
VERDICT, ORDER = ".kept.json", ".order.json"
"""Ends of names in the work folder: a Parquet file that is not complete, the record of one that is, which candidates
filters keep, and what a job is to make."""
KEYED = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "hf"})
"""Stores whose files need no folder; s3fs would make a bucket where a folder is asked for."""


def find_place(text: str) -> AnyPath:
    """The path that a text means: on the disk, or in any store that fsspec knows, if it begins with `name://`.

    Raises:
        GasError: The package for such a store is not installed, or there is none of that name.
    """
    if "://" not in text:
        return Path(text)
    from upath import UPath

    try:
        path = UPath(text)
        path.fs  # noqa: B018  # which loads the package for it
    except (ImportError, ValueError) as error:
        raise GasError(f"{text}: {error}") from error
    return Path(path.path) if path.protocol in ("file", "local") else path


@overload
def resolve_inside(folder: Path, path: str) -> Path: ...
@overload
def resolve_inside(folder: AnyPath, path: str) -> AnyPath: ...
def resolve_inside(folder: AnyPath, path: str) -> AnyPath:
    """The place of a file of a folder.

    Args:
        folder: The folder, which may be a stranger's; itself it may be a link.
        path: A path from it that is inside by its letters.

    Raises:
        GasError: A link on the way leads out of the folder. In a store there are none.
    """
    place = folder / path
    if isinstance(folder, Path):
        root, real = os.path.realpath(folder), os.path.realpath(str(place))
        roots = [root]
        if os.path.basename(os.path.dirname(root)) == "snapshots":
            # The Hub's client keeps what it downloads there, as links to its own folder beside.
            roots.append(os.path.join(root, "..", "..", "blobs"))
        if not any(os.path.commonpath([real, one]) == one for one in map(os.path.realpath, roots)):
            raise GasError(f"{escape(str(place))} is a link that leads out of {folder}; put the file itself there")
    return place


def is_local(path: AnyPath) -> bool:
    """Whether a path is on this machine's disks."""
    return isinstance(path, Path)


@contextmanager
def explain_disk(out: AnyPath) -> Iterator[None]:
    """Turns what the disk or the store refuses into one clear message."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, OSError) and not is_of_store(error):
            raise
        again = "and run the command again, which goes on where it was"
        full = {
            "ENOSPC": f"the disk is full: free some space {again}",
            "EDQUOT": f"the disk quota is used up: free some space {again}",
            "EFBIG": f"a file is larger than the system allows: raise the limit (ulimit -f) {again}",
        }
        what = full | {
            "EACCES": "it cannot be written: check its permissions",
            "EPERM": "it cannot be written: check its permissions",
            "EROFS": "the disk is read-only",
        }
        name = _name_errno(error)
        reason = getattr(error, "strerror", None) or describe_error(error)
        raise GasError(
            f"{out}: {what.get(name, reason)}, or choose another folder with --out",
            exit_status=1 if name in full else 2,
        ) from error


def is_of_store(error: Exception) -> bool:
    """Whether it comes from a client of a store: many of their errors are no OSError."""
    return type(error).__module__.partition(".")[0] in {"aiohttp", "azure", "botocore", "google", "httpx", "httpx2"}


def _name_errno(error: Exception) -> str:
    return errno.errorcode.get(getattr(error, "errno", None) or 0, "")


def write_text(path: AnyPath, text: str) -> None:
    """Writes a file whole: beside its place, and moves it there."""
    if not isinstance(path, Path):
        with open_part(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
        return
    with replace_file(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def open_part(path: AnyPath) -> Iterator[Path]:
    """Gives the path of a file on a disk; what is written there becomes `path` at the end, at once and whole."""
    if not isinstance(path, Path):
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder, path.name)
            yield part
            if path.protocol not in KEYED:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.fs.put_file(str(part), path.path)
        return
    # Whatever is left of a build that was killed writes to a file of its own.
    with replace_file(path, path.with_name(f"{path.name}.{os.getpid()}{PART}")) as part:
        yield part


def remove_tree(path: AnyPath) -> None:
    """Removes a folder with all that is in it, if it is there."""
    if isinstance(path, Path):
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.fs.rm(path.path, recursive=True)


@contextmanager
def fill_folder(folder: Path) -> Iterator[Path]:
    """Gives a place beside a folder that is empty or not there; what is written there becomes the folder at the end.

    Raises:
        GasError: The folder holds something. It is as it was, and nothing is left beside it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GasError(f"{folder} holds something; give an empty folder, or a new one")
    there = folder.resolve()
    beside = there.with_name(f".{there.name}.part")
    remove_tree(beside)
    beside.mkdir(parents=True)
    try:
        yield beside
        if there.exists():  # it may be where the user is, and stays
            for one in beside.iterdir():
                one.rename(there / one.name)
        else:
            beside.rename(there)
    finally:
        remove_tree(beside)


def hash_file(path: AnyPath) -> str:
    """SHA-256 (hex) of a file.

    Raises:
        GasError: It is missing, not a regular file, or cannot be read.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
