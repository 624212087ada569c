"""JSON Lines of trainings: a line for each update, picture or stage, which a program that is killed may leave cut."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..builders.folder.files import write_text
from ..errors import GasError
from ..regular_files import open_regular


def read_lines(path: Path) -> list[dict[str, Any]]:
    """A file's entries, none where there is no file.

    A last line that has no end and is no JSON is none, but what was written when a training was killed.

    Raises:
        GasError: A line is damaged, or the file cannot be read.
    """
    if not path.exists():
        return []
    entries = []
    # Of bytes, since texts have more ends of lines than JSON has: U+2028 may stand in a caption.
    with open_regular(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as error:
                if not line.endswith(b"\n"):
                    break
                raise GasError(f"{path}:{number}: the line is damaged: {error}; remove it") from error
            if not isinstance(entry, dict):
                raise GasError(f"{path}:{number}: the line is no JSON object; remove it")
            entries.append(entry)
    return entries


def write_lines(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Writes a file of entries, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries))


def cut_lines(path: Path, last: int, key: str = "update") -> None:
    """Drops what comes after an update, so that a file has each update once; `key` is the entry's number.

    Raises:
        GasError: A line is damaged, or has no such number.
    """
    entries = read_lines(path)
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry.get(key), int):
            raise GasError(f"{path}:{number}: the line has no number `{key}`; remove it")
    write_lines(path, [entry for entry in entries if entry[key] <= last])
