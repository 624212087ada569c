"""The folder that a build writes: a Hub dataset repository as it stands.

    README.md                               the card
    manifest.json                           fingerprints, versions, SHA-256 and rows of each file
    recipes/<config>.yaml                   the recipe with everything that it extends
    <config>/<split>-00000-of-00002.parquet

Files are written into a folder beside their place, the work folder, and moved there when all are complete. A config is
taken out of the manifest before its files change and put back after, so what the manifest names is whole at every
moment. What is finished stays in the work folder when a build is stopped, so that the same build goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import GasError

MANIFEST, CARD, WORK, LOCK = "manifest.json", "README.md", ".building", ".gas.lock"
NEW = ".{}.new"
"""What a text is called until it is complete."""
PART, RECORD = ".part", ".json"
"""Ends of names in the work folder: a Parquet file that is not complete, and the record of one that is."""
GENERATOR = "generate-any-scene"


@contextmanager
def open_folder(out: Path) -> Iterator[Path]:
    """Takes a folder for one build and gives a work folder in it, which holds what the build before it finished.

    A build that fails leaves there what it finished, and nothing behind if that is nothing.

    Raises:
        GasError: The folder holds something else, cannot be written, or another build is at work in it.
    """
    made = not out.exists()
    ours = (WORK, LOCK, NEW.format(MANIFEST))
    with explain_disk(out):
        if out.exists() and not out.is_dir():
            raise GasError(f"{out} is a file; choose another folder with --out")
        if not made and not (out / MANIFEST).exists() and any(path.name not in ours for path in out.iterdir()):
            raise GasError(f"{out} holds files that no build wrote; choose an empty or new folder with --out")
        if not made:
            read_manifest(out)
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise GasError(
                f"another build is writing to {out}; wait for it, or choose another folder with --out", exit_status=1
            ) from error
        work = out / WORK
        try:
            work.mkdir(exist_ok=True)
            yield work
            shutil.rmtree(work, ignore_errors=True)
        except BaseException:
            with suppress(OSError):  # the first error says more
                _remove_unfinished(work)
            raise
        finally:
            (out / LOCK).unlink(missing_ok=True)
            lock.release()
            if made and not any(out.iterdir()):
                out.rmdir()


def _remove_unfinished(work: Path) -> None:
    """Removes what takes space and is of no use; all, if nothing is finished."""
    if not any(work.rglob(f"*{RECORD}")):
        shutil.rmtree(work)
    for part in work.rglob(f"*{PART}"):
        part.unlink()


@contextmanager
def explain_disk(out: Path) -> Iterator[None]:
    """Turns what the disk refuses into one clear message."""
    try:
        yield
    except OSError as error:
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
        raise GasError(
            f"{out}: {what.get(name, error.strerror or error)}, or choose another folder with --out",
            exit_status=1 if name in full else 2,
        ) from error


def _name_errno(error: OSError) -> str:
    import errno

    return errno.errorcode.get(error.errno or 0, "")


def read_manifest(out: Path) -> dict[str, Any]:
    """The manifest of a folder; one without configs when there is none.

    Raises:
        GasError: There is a file of that name which no build wrote.
    """
    path = out / MANIFEST
    if not path.exists():
        return {"generator": GENERATOR, "configs": {}}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        known = (
            isinstance(manifest, dict)
            and manifest.get("generator") == GENERATOR
            and isinstance(manifest["configs"], dict)
        )
    except (ValueError, KeyError, OSError):
        known = False
    if not known:
        raise GasError(f"{path} was not written by a build; choose another folder with --out")
    return manifest


def read_built_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder to be read.

    Raises:
        GasError: No build wrote the folder.
    """
    if not (folder / MANIFEST).is_file():
        what = f"has no {MANIFEST}" if folder.is_dir() else "is no folder"
        raise GasError(f"{folder} {what}; give a folder that `gas build` wrote")
    try:
        return read_manifest(folder)
    except GasError as error:
        raise GasError(
            f"{folder / MANIFEST} was not written by a build; give a folder that `gas build` wrote"
        ) from error


def write_text(path: Path, text: str) -> None:
    """Writes a file beside its place and moves it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(NEW.format(path.name))
    beside.write_text(text, encoding="utf-8", newline="\n")
    sync_file(beside)
    os.replace(beside, path)


def sync_file(path: Path) -> None:
    """Waits until a file is on the disk, so that a machine that stops does not leave its name without its bytes."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_manifest(out: Path, manifest: dict[str, Any]) -> None:
    """Writes the manifest, configs by name."""
    ordered = {**manifest, "configs": dict(sorted(manifest["configs"].items()))}
    write_text(out / MANIFEST, json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")


def hash_file(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
