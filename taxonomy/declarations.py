"""Reads `taxonomy.toml`: the kinds of attributes and the columns that the tables beside it have of their own.

[attributes.emotion]                       a kind of attributes of objects
question = "What emotion {do} {object} show?"

[scene_attributes.mood]                    a kind of attributes of whole scenes
phrase = "in a {} mood"
sentence = "the mood of the picture is {}"
yes_no = "Is the mood {}?"
question = "What is the mood of the {medium}?"

[columns]                                  further columns of tables, which templates print by these names
objects = ["gender"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from ..errors import GasError, advise
from .places import find_declarations, read_table_file
from .schema import ATTRIBUTE_KINDS, COLUMNS, SCENE_ATTRIBUTE_KINDS, TABLES

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""A kind or a column."""
TAKES = "takes_from"
LARGEST = 100_000
"""Bytes of a file."""
MOST_COLUMNS = 40
"""Further columns of a table."""
LONGEST = 200
"""Letters of a text."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

TEXTS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "attributes": MappingProxyType({"question": ("object", "be", "do", "medium")}),
        "scene_attributes": MappingProxyType(
            {
                "phrase": ("", "a"),
                "sentence": ("", "a"),
                "yes_no": ("", "phrase", "medium"),
                "question": ("medium",),
            }
        ),
    }
)
"""For each table that may have kinds of its own: the texts of a kind, with the placeholders that each may have."""
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"phrase": ("", "a"), "sentence": ("", "a"), "yes_no": ("", "phrase")}
)
"""Texts that say a value, with the placeholders of which they need one."""
SHIPPED_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"attributes": ATTRIBUTE_KINDS, "scene_attributes": SCENE_ATTRIBUTE_KINDS}
)

Kinds = Mapping[str, Mapping[str, str]]
"""The texts of each kind."""


@dataclass(frozen=True)
class Declarations:
    """What tables have of their own.

    Attributes:
        kinds: For each table of `TEXTS`, its kinds with their texts.
        columns: For each table, its further columns.
        takes_from: Of kinds of attributes, the kinds that lose the words which they have, too.
    """

    kinds: Mapping[str, Kinds] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def list_kinds(self, table: str) -> tuple[str, ...]:
        """Lists the kinds of a table, those that are shipped first."""
        return (*SHIPPED_KINDS.get(table, ()), *self.kinds.get(table, {}))

    def say(self, table: str, text: str) -> dict[str, str]:
        """Finds one of the texts of all kinds of a table, by the kind; kinds without it are left out."""
        return {kind: texts[text] for kind, texts in self.kinds.get(table, {}).items() if text in texts}

    def lay_over(self, below: Declarations) -> Declarations:
        """Joins declarations: what these say of a kind counts, and columns add up."""
        kinds = {table: {**below.kinds.get(table, {}), **self.kinds.get(table, {})} for table in TEXTS}
        columns = {
            table: tuple(dict.fromkeys((*below.columns.get(table, ()), *self.columns.get(table, ()))))
            for table in TABLES
        }
        return Declarations(kinds, columns, {**below.takes_from, **self.takes_from})


NOTHING = Declarations()


def read_declarations(content: bytes, source: str) -> Declarations:
    """Reads one file.

    Args:
        content: The bytes of the file.
        source: Its name for messages.

    Raises:
        GasError: It is not TOML, or says what it cannot; the message has all mistakes.
    """
    if len(content) > LARGEST:
        raise GasError(f"{source}: it has more than {LARGEST:,} bytes")
    try:
        stated = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise GasError(f"{source}: not UTF-8 text; save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise GasError(f"{source}: not TOML: {error}") from error
    problems = [f"{source}: {problem}" for problem in _find_problems(stated)]
    if problems:
        raise GasError("\n".join(problems))
    takes_from = {kind: tuple(texts.pop(TAKES, ())) for kind, texts in stated.get("attributes", {}).items()}
    kinds = {table: stated.get(table, {}) for table in TEXTS}
    columns = {table: tuple(names) for table, names in stated.get("columns", {}).items()}
    return Declarations(kinds, columns, takes_from)


def load_declarations(place: Traversable) -> Declarations:
    """Reads what a folder declares, which may be nothing.

    Raises:
        GasError: Its file cannot be read, is not TOML, or says what it cannot.
    """
    file = find_declarations(place)
    return read_declarations(read_table_file(file), str(file)) if file else NOTHING


def _find_problems(stated: Mapping[str, Any]) -> Iterator[str]:
    for section, value in stated.items():
        if section != "columns" and section not in TEXTS:
            yield f"[{section}] is unknown; {advise(section, (*TEXTS, 'columns'))}"
        elif not isinstance(value, dict):
            example = "objects = [...]" if section == "columns" else f"[{section}.mine]"
            yield f"`{section}` must be a table, such as {example}"
        elif section == "columns":
            yield from _find_wrong_columns(value)
        else:
            for kind, texts in value.items():
                yield from (f"[{section}.{kind}]: {problem}" for problem in _find_wrong_texts(section, kind, texts))


def _find_wrong_columns(columns: Mapping[str, Any]) -> Iterator[str]:
    for table, names in columns.items():
        place = f"[columns] {table}"
        if table not in TABLES:
            yield f"{place} is no table; {advise(table, TABLES)}"
        elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            yield f'{place} must be a list of names, such as ["gender"]'
        elif len(names) > MOST_COLUMNS:
            yield f"{place}: at most {MOST_COLUMNS} columns are allowed"
        else:
            for name in names:
                if not NAME.fullmatch(name):
                    yield f"{place}: {name!r} is no name; {_describe_names()}"
                elif name in COLUMNS[table]:
                    yield f"{place}: every table has the column {name!r}; choose another name"
                elif names.count(name) > 1:
                    yield f"{place}: {name!r} is named twice"


def _find_wrong_texts(table: str, kind: str, texts: Any) -> Iterator[str]:
    if not NAME.fullmatch(kind):
        yield f"{kind!r} is no name of a kind; {_describe_names()}"
        return
    if kind in SHIPPED_KINDS[table]:
        yield f"this kind is shipped; choose another name, such as `my_{kind}`"
    if not isinstance(texts, dict):
        yield "must be a table of texts"
        return
    keys = (*TEXTS[table], *([TAKES] if table == "attributes" else []))
    for name, text in texts.items():
        if name not in keys:
            yield f"`{name}` is unknown; {advise(name, keys)}"
        elif name == TAKES:
            if not isinstance(text, list) or not all(one in ATTRIBUTE_KINDS for one in text):
                yield f"`{name}` must be a list of shipped kinds: {', '.join(ATTRIBUTE_KINDS)}"
        elif not isinstance(text, str) or not text.strip() or not text.isprintable() or len(text) > LONGEST:
            yield f"`{name}` must be a text of one line, of at most {LONGEST} letters"
        else:
            yield from (f"`{name}`: {problem}" for problem in _find_wrong_placeholders(table, name, text))
    if "sentence" in texts and not {"phrase", "yes_no"} <= texts.keys():
        yield "a kind with a `sentence` needs a `phrase`, for prompts, and `yes_no`, for questions, too"


def _find_wrong_placeholders(table: str, name: str, text: str) -> Iterator[str]:
    allowed, found = TEXTS[table][name], PLACEHOLDER.findall(text)
    shown = ", ".join(f"{{{one}}}" for one in allowed)
    for one in found:
        if one not in allowed:
            yield f"{{{one}}} is unknown; it may have {shown}"
    if re.search("[{}]", PLACEHOLDER.sub("", text)):
        yield f"a brace stands alone; it may have {shown}"
    needed = NEEDED.get(name, ("object",) if table == "attributes" else ())
    if needed and not set(needed) & set(found):
        yield f"it must have {' or '.join(f'{{{one}}}' for one in needed)}"


def _describe_names() -> str:
    return "write small letters, digits and underscores, a letter first"


def join_declarations(parts: Iterable[Declarations]) -> Declarations:
    """Lays later declarations over earlier ones."""
    joined = NOTHING
    for part in parts:
        joined = part.lay_over(joined)
    return joined
