"""Read YAML that strangers wrote and check it against a model, with the place of every mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from ...errors import Problem, RecipeError
from .fields import escape, show

LARGEST_FILE = 1_000_000  # bytes
MOST_NODES = 50_000
LONGEST_NUMBER = 128  # bits; to print a much longer one takes Python a quadratic time
GATHERED = "fixed"
"""What a model calls the keys of a mapping that it does not know one by one."""
DEEPEST = 30  # levels of lists and mappings; composing YAML is recursive

# Dates are left as text: no key of ours holds one, and `2024-01-01` may well be a name.
TYPED_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")}
PLAIN_TAGS = TYPED_TAGS | {f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "value", "seq", "map")}

# YAML 1.1 reads 010 as eight and 1:30 as ninety; as text, one is ten where a number is wanted, and the other is none.
OTHER_BASES = re.compile("[-+]?(0[0-9_]+|[0-9_]+(:[0-9_.]+)+)")

KeyPath = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Place:
    """Where a key or an item of a list stands; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None


@dataclass
class Document:
    """A mapping from YAML.

    Attributes:
        value: The mapping, of plain Python values.
        places: Where each key and each item of a list stands, by its path.
        texts: How each scalar is written, where Python's value no longer shows it (`no`, `1.0`).
        problems: What is wrong without making the file unreadable.
        sources: The files that it was merged from, the file itself first.
        inherited: Those of them that their user cannot change: shipped ones, under a file or an override.
    """

    value: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    texts: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    sources: tuple[str, ...] = ()
    inherited: Set[str] = frozenset()

    def find_place(self, path: KeyPath) -> Place:
        """Return the place of the longest beginning of `path` that has one."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return Place(self.sources[0] if self.sources else "")

    def find_written(self, path: KeyPath) -> KeyPath:
        """Return where a file has what a model has at `path`: a list may stand for a mapping that has it at a key.

        What a model gathers under `GATHERED` stands one level higher.
        """
        if path not in self.places and GATHERED in path:
            path = tuple(part for part in path if part != GATHERED)
        lists = (place for place, part in enumerate(path[1:]) if isinstance(part, int))
        shorter = (path[:place] + path[place + 1 :] for place in lists)
        return path if path in self.places else next((one for one in shorter if one in self.places), path)

    def find_stated(self, path: KeyPath) -> KeyPath:
        """Return the beginning of `path` that is stated: the short form of a mapping has none of its keys."""
        value: Any = self.value
        for end, part in enumerate(path):
            if isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            elif isinstance(value, dict):
                value = value.get(part)
            elif value is not None:
                return path[:end]
        return path

    def find_mendable(self, path: KeyPath) -> Place:
        """Return where a user can mend what is wrong at `path`: in what they write, not in what that extends.

        That is the key itself, or else one below it, or the closest above it, or the name of what is extended.
        """
        place = self.find_place(path)
        if place.file not in self.inherited:
            return place
        own = {key: one for key, one in self.places.items() if one.file not in self.inherited}
        below = sorted((key for key in own if key[: len(path)] == path), key=len)
        above = [path[:end] for end in range(len(path) - 1, 0, -1)]
        return next((own[key] for key in (*below, *above, ("extends",), (), *own) if key in own), place)

    def name_origin(self, file: str) -> str:
        """Return what messages call a file: a shipped one has the name of the recipe that the user extends."""
        if file not in self.inherited:
            return file
        return PurePath(next(source for source in self.sources if source in self.inherited)).stem.removeprefix("_")

    def locate_problem(self, problem: Problem, path: KeyPath) -> Problem:
        """Give a problem at a path its key, and the place where a user can mend it."""
        path = self.find_stated(path)
        place, stated = self.find_mendable(path), self.find_place(path)
        message = problem.message
        if stated != place and path in self.places:
            message += f" (inherited from {self.name_origin(stated.file)})"
        key = escape(".".join(map(str, path))) or None
        return replace(
            problem, message=message, file=place.file or None, line=place.line, column=place.column, key=key
        )

    def locate(self, problems: Iterable[Problem]) -> RecipeError:
        """An error with the place in a file of each key that problems name, but of those that have a place.

        Of the keys that take part in a problem, the first that the user states counts.
        """
        located = []
        for problem in problems:
            if problem.key and not problem.file:
                paths = [split_place(key) for key in (problem.key, *problem.others)]
                own = (path for path in paths if self.find_place(path).file not in self.inherited)
                problem = self.locate_problem(problem, next(own, paths[0]))
            located.append(problem)
        return RecipeError(located)

    def report(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Add a problem at a path."""
        self.problems.append(self.locate_problem(Problem(message, hint=hint), path))


def split_place(key: str) -> KeyPath:
    """Return the path of a dotted key, in which numbers are places in lists."""
    return tuple(int(part) if part.isdecimal() else part for part in key.split("."))


class Loader(yaml.SafeLoader):
    """A safe loader that refuses aliases, which make a small file expand to a huge one, and what is deep or long."""

    nodes = 0
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a node, as `yaml.composer.Composer` calls it for each."""
        event = self.peek_event()
        self.nodes += 1
        self.depth += 1
        problem = ""
        if isinstance(event, yaml.AliasEvent):
            problem = f"`*{event.anchor}` is an alias, which recipes do without; write its value out"
        elif self.depth > DEEPEST or self.nodes > MOST_NODES:
            problem = f"more than {DEEPEST} levels or {MOST_NODES:,} values"
        if problem:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_yaml(data: bytes, file: str) -> Document:
    """Read the mapping that a YAML file holds.

    Args:
        data: What the file holds.
        file: What errors call it.

    Raises:
        RecipeError: When it cannot be read at all; lesser problems are in the document.
    """
    if len(data) > LARGEST_FILE:
        raise RecipeError([Problem(f"larger than {LARGEST_FILE:,} bytes", file, hint="is this a recipe?")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise RecipeError([Problem("not UTF-8", file, line, column, hint="save the file as UTF-8")]) from error
    node, loader = compose(text, file)
    if not isinstance(node, yaml.MappingNode):
        what = "is empty" if node is None else "must hold a mapping of keys to values"
        line = node.start_mark.line + 1 if node else 1
        hint = "write `key: value` lines; `gas list` names recipes to start from"
        raise RecipeError([Problem(what, file, line, 1, hint=hint)])
    document = Document(sources=(file,), places={(): Place(file, 1, 1)})
    document.value = build(node, (), document, loader)
    if not isinstance(document.value, dict):
        raise_problems(document)
    return document


def read_value(text: str, path: KeyPath, file: str) -> Document:
    """Read one YAML value, such as `[3, 5]`, as a document that has nothing else, at `path`."""
    document = Document(sources=(file,), places={path: Place(file)})
    try:
        node, loader = compose(text, file)
    except RecipeError as error:
        message, key = error.problems[0].message, ".".join(map(str, path))
        raise RecipeError([Problem(message, file, key=key, hint="quote it, for the shell and for YAML")]) from error
    wrapped = wrap(build(node, path, document, loader) if node else None, path, file)
    # Of what is not in a file, lines would mislead.
    problems = [replace(problem, line=None, column=None) for problem in document.problems]
    return replace(wrapped, texts=document.texts, problems=problems)


def wrap(value: Any, path: KeyPath, file: str) -> Document:
    """Make a document of one value: mappings of one key each, with the value at `path`."""
    document = Document(sources=(file,), places=dict.fromkeys(list_paths(value, path), Place(file)))
    for key in reversed(path):
        value = {key: value}
    document.value = value
    return document


def list_paths(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, item in items:
        yield from list_paths(item, (*path, key))


def compose(text: str, file: str) -> tuple[yaml.Node | None, Loader]:
    """Parse YAML into nodes, which know their lines."""
    try:
        loader = Loader(text)
        return loader.get_single_node(), loader
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        code = error.character if isinstance(error.character, int) else ord(error.character)
        what = f"a character that YAML does not allow: U+{code:04X}"
        raise RecipeError([Problem(what, file, line, column, hint="remove it")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = escape(", ".join(part for part in (error.context, error.problem) if part))
        hint = "indent with spaces, not with tabs" if "\\t" in what else ""
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise RecipeError([Problem(f"not valid YAML: {what}", file, line, column, hint=hint)]) from error


def build(node: yaml.Node, path: KeyPath, document: Document, loader: Loader) -> Any:
    """Turn a node into plain Python values and note where its parts stand."""
    if node.tag not in PLAIN_TAGS:
        document.report(path, f"the tag `{node.tag.replace('tag:yaml.org,2002:', '!!')}` is not allowed", "remove it")
        return None
    if isinstance(node, yaml.MappingNode):
        return dict(build_pairs(node, path, document, loader))
    if isinstance(node, yaml.SequenceNode):
        values = []
        for index, item in enumerate(node.value):
            here = (*path, index)
            document.places[here] = find_start(item, document)
            values.append(build(item, here, document, loader))
        return values
    if node.tag not in TYPED_TAGS or OTHER_BASES.fullmatch(node.value):
        return node.value
    try:
        value = loader.construct_object(node)
    except (ValueError, LookupError):  # `!!bool x`, or thousands of digits
        value = math.nan
    if value is math.nan or (isinstance(value, int) and value.bit_length() > LONGEST_NUMBER):
        document.report(path, f"{show(node.value)} cannot be read as YAML's type {node.tag.rpartition(':')[2]}")
        return None
    if value is not None:
        document.texts[path] = node.value
    return value


def build_pairs(
    node: yaml.MappingNode, path: KeyPath, document: Document, loader: Loader
) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a mapping, as they are written, with their values."""
    seen: dict[str, Place] = {}
    for key_node, value_node in node.value:
        place = find_start(key_node, document)
        if not isinstance(key_node, yaml.ScalarNode):
            document.places[(*path, "?")] = place
            document.report((*path, "?"), "a key must be text", "quote values that hold {braces}")
            continue
        if not key_node.value.isprintable():
            document.places[(*path, "?")] = place
            document.report((*path, "?"), f"the key {show(key_node.value)} has characters that cannot be printed")
            continue
        # As it is written: YAML 1.1 would make `no` and `on` booleans.
        key = key_node.value
        here = (*path, key)
        document.places[here] = place
        if key in seen:
            document.report(here, f"{show(key)} stands here twice", f"remove it here or in line {seen[key].line}")
            continue
        seen[key] = place
        yield key, build(value_node, here, document, loader)


def find_start(node: yaml.Node, document: Document) -> Place:
    return Place(document.sources[0], node.start_mark.line + 1, node.start_mark.column + 1)


def merge(
    under: Document, over: Document, whole: Set[str] = frozenset(), short: Mapping[str, str] = MappingProxyType({})
) -> Document:
    """Lay one document over another: mappings merge, everything else (lists, too) replaces.

    Args:
        under: What is changed.
        over: What it is changed by.
        whole: Keys whose mappings replace, too.
        short: Keys whose value may be that of one of their own keys alone, by that key: a mapping is laid over it.
    """
    for key, only in short.items():
        if isinstance(over.value.get(key), dict) and not isinstance(under.value.get(key, {}), dict):
            under = spell_out(under, key, only)
    replaced: set[KeyPath] = set()
    kept = {key: value for key, value in under.value.items() if key not in whole or key not in over.value}
    value = merge_values(kept, over.value, (), replaced)

    def keep(entries: dict[KeyPath, Any]) -> dict[KeyPath, Any]:
        # All that stood below a replaced key goes with it.
        return {
            path: entry
            for path, entry in entries.items()
            if not any(path[:end] in replaced for end in range(len(path) + 1))
        }

    # What an override puts between its key and the file's keys has no place yet.
    new = {path: over.find_place(path) for path in replaced}
    return Document(
        value,
        new | keep(under.places) | over.places,
        keep(under.texts) | over.texts,
        under.problems + over.problems,
        over.sources + under.sources,
        under.inherited | over.inherited,
    )


def spell_out(document: Document, key: str, only: str) -> Document:
    """Return a document in which a key has a mapping, where it has the value of that mapping's key `only` alone."""

    def move(entries: dict[KeyPath, Any]) -> dict[KeyPath, Any]:
        return {(key, only, *path[1:]) if path[:1] == (key,) else path: entry for path, entry in entries.items()}

    value = {**document.value, key: {only: document.value[key]}}
    places = move(document.places) | {(key,): document.find_place((key,))}
    return replace(document, value=value, places=places, texts=move(document.texts))


def merge_values(under: Any, over: Any, path: KeyPath, replaced: set[KeyPath]) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        replaced.add(path)
        return over
    merged = dict(under)
    for key, value in over.items():
        merged[key] = merge_values(under.get(key), value, (*path, key), replaced)
    return merged


def raise_problems(document: Document) -> None:
    """Raise all problems of a document, those of its own file first, in the order of the lines."""
    order = {source: index for index, source in enumerate(document.sources)}

    def rank(problem: Problem) -> tuple[float, int, int]:
        return order.get(problem.file or "", math.inf), problem.line or 0, problem.column or 0

    if document.problems:
        raise RecipeError(sorted(dict.fromkeys(document.problems), key=rank))
