"""A folder that is being built: its lock, and the work folder in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import GasError
from ..foundation.replacing import NEW
from .files import PART, RECORD, AnyPath, explain_disk, is_local, remove_tree, resolve_inside
from .manifest import LOCK, MANIFEST, RESERVED, WORK, read_manifest


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
    for name in (*RESERVED, *map(NEW.format, RESERVED)):
        resolve_inside(out, name)
    for config in read_manifest(out).configs.values():
        for path in config.list_digests():  # the card is made of some of them
            resolve_inside(out, path)


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
