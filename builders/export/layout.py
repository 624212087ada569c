"""What a layout is, what an export counts, and what a row says of the elements of its questions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

Row = dict[str, Any]


COLUMNS = ("id", "caption", "scene_graph", "scene_attributes", "questions")
"""What layouts need of a row, if they do not say otherwise."""


DOMAINS = {"object": "object", "count": "object", "attribute": "attribute", "relation": "relation", "scene": "scene"}
"""Which of its elements a question of each kind is about."""


@dataclass
class Tally:
    """What an export wrote and what it left out.

    Attributes:
        questions: Questions in the file.
        scenes: Scenes that are in the file.
        empty: Scenes of which there was nothing to write.
        left_out: How many questions, or parts of scenes, of each sort the layout cannot hold.
    """

    questions: int = 0
    scenes: int = 0
    empty: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def leave_out(self, question: Row) -> None:
        if question["form"] == "yes_no":
            self.left_out[f"yes/no with the answer {question['answer']}"] += 1
        elif question["choices"]:
            self.left_out["multiple-choice"] += 1
        else:
            self.left_out["open"] += 1


@dataclass(frozen=True)
class Layout:
    """A file format: `convert` makes records of a row, of which it needs `columns`; `write` makes one line each."""

    convert: Callable[[Row, Tally], Sequence[Any]]
    write: Callable[[Any], str] = json.dumps
    begin: str = ""
    between: str = "\n"
    end: str = "\n"
    columns: tuple[str, ...] = COLUMNS


Format: TypeAlias = Callable[[Path], Layout | dict[str, Layout]]
"""Makes the layout of a file for the rows of a recipe; or layouts by the names of files, in which `{split}` stands for
the split's."""


@dataclass(frozen=True)
class Element:
    """An element of a scene graph: its `domain`, its words, and `item` and `holder` as the row has them."""

    domain: str
    word: str
    item: Row
    holder: Row | None = None


def find_element(row: Row, name: str) -> Element:
    """What a row says of an element such as `attribute/0/1`."""
    domain, *numbers = name.split("/")
    first, *rest = map(int, numbers)
    if domain == "scene":
        item = row["scene_attributes"][first]
        return Element(domain, item["value"], item)
    item = row["scene_graph"]["relations" if domain == "relation" else "objects"][first]
    if domain == "relation":
        return Element(domain, item["predicate"], item)
    if domain == "object":
        return Element(domain, item["name"], item)
    attribute = item["attributes"][rest[0]]
    return Element(domain, attribute["value"], attribute, item)


def find_topic(row: Row, question: Row) -> Element | None:
    """The first element that a question of its kind is about; of a foil, what it stands in the place of."""
    domain = DOMAINS.get(question["kind"], "")
    return next((find_element(row, name) for name in question["elements"] if name.startswith(f"{domain}/")), None)


def is_true(question: Row) -> bool:
    return question["form"] == "yes_no" and question["answer"] == "yes"
