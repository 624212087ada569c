"""Reads the JSON files of a public GAS metadata folder, and says where they are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import GasError
from ..read_tsv import raise_problems
from .metadata_layout import FILES


@dataclass(frozen=True)
class Metadata:
    """What a folder says.

    Attributes:
        objects: Names of objects.
        attributes: (category, text).
        relations: (category, text).
        scene_attributes: (group, class, text).
        parents: Names of objects with their parents'.
    """

    objects: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    relations: list[tuple[str, str]] = field(default_factory=list)
    scene_attributes: list[tuple[str, str, str]] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)


def is_metadata(folder: Path) -> bool:
    """Tells whether a folder holds one of the files."""
    return any((folder / f"{name}.json").is_file() for name in FILES[:4])


def read_metadata(folder: Path) -> Metadata:
    """Reads the files that are there.

    Raises:
        GasError: A file is not JSON (with line and column), or not of the shape that it should have (with the key).
    """
    values = {name: _read_json(folder / f"{name}.json") for name in FILES}
    problems: list[str] = []
    found: dict[str, list[Any]] = {}
    for name, depth in (("objects", 0), ("attributes", 1), ("relations", 1), ("scene_attributes", 2)):
        source = str(folder / f"{name}.json")
        found[name] = list(_walk(values[name], depth, (), source, problems)) if values[name] is not None else []
    parents: dict[str, str] = {}
    for parent, child in _walk_edges(values["taxonomy"], str(folder / "taxonomy.json"), problems):
        parents.setdefault(child, parent)
    raise_problems(problems)
    return Metadata(
        [text for (text,) in found["objects"]],
        found["attributes"],
        found["relations"],
        found["scene_attributes"],
        parents,
    )


def _read_json(file: Path) -> Any:
    if not file.is_file():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise GasError(f"{file}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise GasError(f"{file}: this is not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise GasError(f"{file}: too many brackets inside each other") from error
    except OSError as error:
        raise GasError(f"{file}: cannot be read: {error.strerror}", exit_status=1) from error


def _walk(
    value: Any, depth: int, path: tuple[str, ...], source: str, problems: list[str]
) -> Iterator[tuple[str, ...]]:
    """Walks down mappings of the given depth to lists of strings."""
    where = f"{source}: {' > '.join(path)}" if path else source
    if depth and isinstance(value, dict):
        for key, part in value.items():
            # A group without classes is its own class.
            missing = isinstance(part, list) and depth == 2
            yield from _walk(
                part, depth - 2 if missing else depth - 1, (*path, key, *[key] * missing), source, problems
            )
        return
    if depth or not isinstance(value, list):
        shape = ("a list of strings", "a mapping of categories to lists", "a mapping of groups to classes to lists")
        problems.append(f"{where}: must be {shape[depth]}, not {_describe(value)}")
        return
    for number, text in enumerate(value, start=1):
        if not isinstance(text, str) or not text.strip():
            problems.append(f"{where}: item {number} must be a string with a word in it, not {_describe(text)}")
        else:
            yield (*path, text.strip())


def _walk_edges(value: Any, source: str, problems: list[str]) -> Iterator[tuple[str, str]]:
    """Finds (parent, child) in pairs, in mappings with these keys, or in mappings of parents to children."""
    if value is None:
        return
    if isinstance(value, dict) and isinstance(value.get("edges"), list):
        value = value["edges"]
    if isinstance(value, dict):
        stack = list(value.items())
        while stack:
            parent, children = stack.pop()
            if isinstance(children, str):
                children = [children]
            if not isinstance(children, list | dict):
                problems.append(f"{source}: {parent}: must be a child, a list or a mapping, not {_describe(children)}")
                continue
            for child in children:
                if isinstance(child, str):
                    yield parent, child
                else:
                    problems.append(f"{source}: {parent}: a child must be a string, not {_describe(child)}")
            stack += children.items() if isinstance(children, dict) else ()
        return
    if not isinstance(value, list):
        problems.append(f"{source}: must be a list of [parent, child] or a mapping, not {_describe(value)}")
        return
    for number, edge in enumerate(value, start=1):
        pair = edge
        if isinstance(edge, dict):
            pair = [edge.get("parent", edge.get("source")), edge.get("child", edge.get("target"))]
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(end, str) for end in pair):
            yield pair[0], pair[1]
        else:
            problems.append(f"{source}: edge {number} must be [parent, child], not {_describe(edge)}")


def _describe(value: Any) -> str:
    for type_, name in ((str, "string"), (list, "list"), (dict, "mapping")):
        if isinstance(value, type_):
            return f"a {name}" if value else f"an empty {name}"
    return "null" if value is None else "true or false" if isinstance(value, bool) else "a number"
