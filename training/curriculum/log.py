"""The log of a stream, JSON Lines: a head that says of what it is, then draws and reports in the order they came in.

    {"stream": 1, "recipe": "sandbox", "split": "train", "fingerprint": "9f...", "levels": 3, "policy": {...}}
    {"place": 0, "level": 1, "index": 2, "id": "sandbox/train/000000002"}
    {"place": 0, "step": 0, "count": 8, "reward": 0.75, "spread": 0.25}

A stream goes on from its log as if it had never stopped, or is replayed from it without any rewards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import GasError
from .history import Draw, Report

VERSION = 1
DRAW = {"place": int, "level": int, "index": int, "id": str}
REPORT = {"place": int, "step": int, "count": int, "reward": (int, float, type(None)), "spread": (int, float)}


def write_line(path: Path, line: Mapping[str, Any] | Draw | Report) -> None:
    """Adds a line to a log.

    Raises:
        GasError: The file cannot be written.
    """
    values = line if isinstance(line, Mapping) else asdict(line)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
    except OSError as error:
        raise GasError(f"the log {path} cannot be written: {error.strerror}", exit_status=1) from error


def read_log(path: str | Path) -> tuple[dict[str, Any], list[Draw | Report]]:
    """Reads a log: its head, then what was drawn and reported. The end of a line that was cut off is no line.

    Raises:
        GasError: There is no such file, or it is no log.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise GasError(f"the log {path} cannot be read: {reason}") from error
    lines = list(_read_lines(path, text[: text.rfind("\n") + 1]))
    if not lines or lines[0].get("stream") != VERSION or not _fits(lines[0].get("levels"), int):
        hint = 'give a file that `gas.stream(..., log="FILE")` wrote'
        raise GasError(f"{path} is no log of a stream: its first line is no head of version {VERSION}; {hint}")
    head, drawn = lines[0], 0
    events = list[Draw | Report]()
    for number, line in enumerate(lines[1:], 2):
        kind, keys = (Draw, DRAW) if "index" in line else (Report, REPORT)
        if line.keys() != keys.keys() or not all(_fits(line[key], keys[key]) for key in keys):
            raise GasError(f"{path}:{number}: a line has either {', '.join(DRAW)}, or {', '.join(REPORT)}")
        is_known = line["place"] == drawn if kind is Draw else 0 <= line["place"] < drawn
        if not is_known or not 1 <= line.get("level", 1) <= head["levels"]:
            told = "a level that is not there" if is_known else f"place {line['place']}, where {drawn} is the next one"
            raise GasError(f"{path}:{number}: {told}; a log is added to, and never changed")
        drawn += kind is Draw
        events.append(kind(**line))
    return head, events


def cut_off(path: Path) -> None:
    """Removes the end of a log's last line, where its writer was stopped in it.

    Raises:
        GasError: The file cannot be read or written.
    """
    try:
        text = path.read_bytes()
        if (whole := text.rfind(b"\n") + 1) < len(text):
            with path.open("r+b") as file:
                file.truncate(whole)
    except OSError as error:
        raise GasError(f"the log {path} cannot be used: {error.strerror}; give another file") from error


def _read_lines(path: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        try:
            read = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise GasError(f"{path}:{number}: this is no JSON; a log has an object a line") from error
        if not isinstance(read, dict):
            raise GasError(f"{path}:{number}: this is no JSON object")
        yield read


def _fits(value: Any, types: Any) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)
