"""The folder that a build writes: a Hub dataset repository as it stands.

    README.md                               the card
    card-assets/<config>-scenes.svg         its pictures
    manifest.json                           fingerprints, versions, SHA-256 and rows of each file
    recipes/<config>.yaml                   the recipe with everything that it extends
    <config>/<split>-00000-of-00002.parquet

On a disk, files are written into a folder beside their place, the work folder, and moved there when all are complete.
A store (`s3://...`, `hf://buckets/...`) cannot move files, but shows none before it is complete: there they are
written to their place, and the work folder has only their records. A config is taken out of the manifest before its
files change and put back after, so what the manifest names is whole at every moment. What is finished stays when a
build is stopped, so that the same build goes on where it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from filelock import FileLock, Timeout

from ...errors import GasError

if TYPE_CHECKING:
    from upath import UPath

AnyPath: TypeAlias = "Path | UPath"
"""Of a file on a disk, or in a store that fsspec reaches."""
MANIFEST, CARD, WORK, LOCK = "manifest.json", "README.md", ".building", ".gas.lock"
ASSETS = "card-assets"
"""The folder of the card's pictures: no config has such a name, since there is no hyphen in one."""
NEW = ".{}.new"
"""What a text is called until it is complete."""
PART, RECORD = ".part", ".json"
"""Ends of names in the work folder: a Parquet file that is not complete, and the record of one that is."""
GENERATOR = "generate-any-scene"
KEYED = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "hf"})
"""Stores whose files need no folder; s3fs would make a bucket where a folder is asked for."""


@dataclass(frozen=True)
class Folder:
    """A folder that is being built.

    Attributes:
        out: The folder.
        work: The work folder in it: what the build before it finished, too.
    """

    out: AnyPath
    work: AnyPath

    @property
    def files(self) -> AnyPath:
        """Where Parquet files are written."""
        return self.work if is_local(self.out) else self.out


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


def is_local(path: AnyPath) -> bool:
    """Whether a path is on this machine's disks."""
    return isinstance(path, Path)


@contextmanager
def open_folder(out: AnyPath) -> Iterator[Folder]:
    """Takes a folder for one build.

    A build that fails leaves what it finished in the work folder, and nothing behind if that is nothing. A store has
    no locks: two builds at once into one folder there are not noticed.

    Raises:
        GasError: The folder holds something else, cannot be written, or another build is at work in it.
    """
    with explain_disk(out):
        made = not out.exists()
        if not made:
            _refuse_others(out)
        if isinstance(out, Path):
            with _lock_folder(out, made) as folder:
                yield folder
        else:
            yield Folder(out, out / WORK)
            remove_tree(out / WORK)


def _refuse_others(out: AnyPath) -> None:
    """Refuses what is there and is no build's."""
    if not out.is_dir():
        raise GasError(f"{out} is a file; choose another folder with --out")
    stopped = not is_local(out) and (out / WORK).exists()  # which left Parquet files in their places
    if not (out / MANIFEST).exists() and not stopped:
        ours = (WORK, LOCK, NEW.format(MANIFEST))
        if any(path.name not in ours for path in out.iterdir()):
            raise GasError(f"{out} holds files that no build wrote; choose an empty or new folder with --out")
    read_manifest(out)


@contextmanager
def _lock_folder(out: Path, made: bool) -> Iterator[Folder]:
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
        yield Folder(out, work)
        remove_tree(work)
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
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise GasError(
            f"{out}: {what.get(name, reason)}, or choose another folder with --out",
            exit_status=1 if name in full else 2,
        ) from error


def is_of_store(error: Exception) -> bool:
    """Whether it comes from a client of a store: many of their errors are no OSError."""
    return type(error).__module__.partition(".")[0] in {"aiohttp", "azure", "botocore", "google", "httpx", "httpx2"}


def _name_errno(error: Exception) -> str:
    return errno.errorcode.get(getattr(error, "errno", None) or 0, "")


def read_manifest(out: AnyPath) -> dict[str, Any]:
    """The manifest of a folder; one without configs when there is none.

    Raises:
        GasError: There is a file of that name which no build wrote.
    """
    path = out / MANIFEST
    if not path.exists():
        return {"generator": GENERATOR, "configs": {}}
    try:
        text = path.read_text(encoding="utf-8")
    except (ValueError, OSError):
        text = ""
    return check_manifest(text, str(path), "choose another folder with --out")


def check_manifest(text: str, name: str, hint: str) -> dict[str, Any]:
    """What a manifest says.

    Raises:
        GasError: No build wrote it.
    """
    try:
        manifest = json.loads(text)
        known = manifest["generator"] == GENERATOR and isinstance(manifest["configs"], dict)
    except (ValueError, LookupError, TypeError):
        known = False
    if not known:
        raise GasError(f"{name} was not written by a build; {hint}")
    return manifest


def read_built_manifest(folder: AnyPath) -> dict[str, Any]:
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


def write_text(path: AnyPath, text: str) -> None:
    """Writes a file whole: beside its place, and moves it there."""
    if not isinstance(path, Path):
        with open_part(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(NEW.format(path.name))
    beside.write_text(text, encoding="utf-8", newline="\n")
    _sync_file(beside)
    os.replace(beside, path)


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
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whatever is left of a build that was killed writes to a file of its own.
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    yield part
    _sync_file(part)
    os.replace(part, path)


def _sync_file(path: Path) -> None:
    """Waits until a file is on the disk, so that a machine that stops does not leave its name without its bytes."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def remove_tree(path: AnyPath) -> None:
    """Removes a folder with all that is in it, if it is there."""
    if isinstance(path, Path):
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.fs.rm(path.path, recursive=True)


def write_manifest(out: AnyPath, manifest: dict[str, Any]) -> None:
    """Writes the manifest, configs by name."""
    ordered = {**manifest, "configs": dict(sorted(manifest["configs"].items()))}
    write_text(out / MANIFEST, json.dumps(ordered, indent=2, ensure_ascii=False) + "\n")


def hash_file(path: AnyPath) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
