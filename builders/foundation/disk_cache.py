"""On-disk cache of Arrow tables, written atomically and keyed by a hash of the code that made them.

A file is a SHA-256 digest and an Arrow stream. One that is damaged or lacking is made again: the cache saves work, and
nothing depends on it. Whoever keeps a table puts `hash_code` of the packages that decide about its content, and what
else it depends on, into the file's name, so that other code never reads it.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
import warnings
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import platformdirs
import pyarrow as pa

from ...errors import GasWarning
from .replacing import replace_file

DIGEST = 32  # bytes of SHA-256 before the Arrow stream


def find_folder(kind: str) -> Path:
    """The folder of tables of a kind, in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("generate-any-scene", appauthor=False)) / kind


@lru_cache(maxsize=8)
def hash_code(*packages: str) -> str:
    """SHA-256 (hex) of the code in packages (by their full names), which decides what is in a table."""
    digest = hashlib.sha256()
    for package in packages:
        modules = [file for file in files(package).iterdir() if file.name.endswith(".py")]
        for module in sorted(modules, key=lambda module: module.name):
            digest.update(module.read_bytes())
    return digest.hexdigest()


def read_batch(path: Path) -> pa.RecordBatch | None:
    """Reads a kept table; None when there is none or the file is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        return None
    with pa.ipc.open_stream(pa.py_buffer(content)[DIGEST:]) as stream:
        return stream.read_next_batch()


def keep_batch(path: Path, batch: pa.RecordBatch) -> None:
    """Writes a table beside its place and moves it there, so that two processes can do so at once."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_batch(batch)
    content = sink.getvalue().to_pybytes()
    try:
        with replace_file(path, path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")) as beside:
            beside.write_bytes(hashlib.sha256(content).digest() + content)
    except OSError as error:
        kind = path.parent.name
        warnings.warn(
            f"{kind} are not kept for the next time: {path.parent}: {error.strerror}", GasWarning, stacklevel=2
        )


def clear_folder(kind: str) -> int:
    """Removes all that is kept of a kind and returns how many files there were."""
    folder = find_folder(kind)
    count = sum(path.is_file() for path in folder.rglob("*"))
    shutil.rmtree(folder, ignore_errors=True)
    return count
