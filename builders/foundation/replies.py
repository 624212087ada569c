"""Replies of models that cost money or time, on disk by what was asked: none is paid for twice.

One file for all builds of a user, which processes share. What was kept first stays: of a model that replies otherwise
each time, it decides.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ...errors import GasError
from .disk_cache import find_folder

KIND, FILE = "replies", "replies.sqlite"
PATIENCE = 60.0
"""Seconds to wait for another process that writes."""
_lock = threading.Lock()


def digest_request(request: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what is asked, and of whom."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def find_replies(keys: Sequence[str]) -> dict[str, str]:
    """The replies that are kept, by the digests of what was asked.

    Raises:
        GasError: The file cannot be read.
    """
    with _open() as file:
        found = (file.execute("SELECT key, reply FROM replies WHERE key = ?", (key,)).fetchone() for key in keys)
        return dict(one for one in found if one)


def keep_reply(key: str, reply: str) -> None:
    """Keeps a reply, unless there is one.

    Raises:
        GasError: The file cannot be written.
    """
    with _open() as file:
        file.execute("INSERT OR IGNORE INTO replies VALUES (?, ?)", (key, reply))


@contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    path = find_folder(KIND) / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock, closing(sqlite3.connect(path, timeout=PATIENCE)) as file, file:
            file.execute("CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)")
            yield file
    except (sqlite3.Error, OSError) as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: Exception) -> GasError:
    hint = "`gas cache clear replies` removes it" if isinstance(error, sqlite3.DatabaseError) else "mend the folder"
    return GasError(f"{path}: replies of models cannot be kept there: {error}; {hint}", exit_status=1)
