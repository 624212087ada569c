"""Files with a line of JSON for each update that something was written about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ....builders.folder.files import write_text


def cut_log(path: Path, updates: int) -> None:
    """Drops what comes after an update, so that a file has each update once."""
    kept = [json.dumps(entry) + "\n" for entry in read_log(path) if entry["update"] <= updates]
    write_text(path, "".join(kept))


def read_log(path: Path) -> list[dict[str, Any]]:
    """A file's entries; a line without an end is none, but what was written when a training was killed."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]
