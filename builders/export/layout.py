"""What a layout is, what an export counts, and what a row says of the elements of its questions."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from ...taxonomy import Taxonomy, load_taxonomy
from ..recipe.loading import load_recipe

Row = dict[str, Any]

COLUMNS = ("id", "caption", "scene_graph", "scene_attributes", "questions")
"""What layouts need of a row, if they do not say otherwise."""
PROMPT, GRAPH = ("id", "caption"), ("caption", "scene_graph", "scene_attributes")
"""What layouts of prompts need, and those of scene graphs."""

DOMAINS = {"object": "object", "count": "object", "attribute": "attribute", "relation": "relation", "scene": "scene"}
"""Which of its elements a question of each kind is about: the kinds that layouts know which sort questions by kind."""


@dataclass
class Tally:
    """What an export wrote and what it left out.

    Attributes:
        read: Rows that were read.
        questions: Questions in the file.
        scenes: Scenes that are in the file.
        empty: Scenes of which there was nothing to write.
        left_out: How many questions, or parts of scenes, of each sort the layout cannot hold.
        rewards: Of how many of the scenes in the file there is something for each of several rewards.
        held: How often each part that the readers of the file need is there.
        missing: Those of these parts that are not there.
    """

    read: int = 0
    questions: int = 0
    scenes: int = 0
    empty: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    rewards: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    def leave_out(self, question: Row) -> None:
        if question["form"] == "yes_no":
            self.left_out[f"yes/no with the answer {question['answer']}"] += 1
        elif question["choices"]:
            self.left_out["multiple-choice"] += 1
        else:
            self.left_out["open"] += 1


@dataclass(frozen=True)
class Layout:
    """A file format.

    Attributes:
        convert: Makes records of a row, whose questions are all of a kind that the layout knows.
        write: Makes one line of a record.
        begin, between, end: What is written before the first line, between two, and after the last one.
        columns: What is needed of a row.
        kinds: The kinds of questions that the layout knows; None for one that holds questions of any kind.
        needs: What a reader of the file stops without.
        schema: The columns of a Parquet file of the records; None for a file of lines.
    """

    convert: Callable[[Row, Tally], Sequence[Any]]
    write: Callable[[Any], str] = json.dumps
    begin: str = ""
    between: str = "\n"
    end: str = "\n"
    columns: tuple[str, ...] = COLUMNS
    kinds: Collection[str] | None = None
    needs: tuple[str, ...] = ()
    schema: pa.Schema | None = None

    def convert_known(self, row: Row, tally: Tally) -> Sequence[Any]:
        """Makes records of a row; questions of kinds that the layout does not know are left out and counted."""
        if self.kinds is not None:
            row = drop_kinds(row, self.kinds, tally)
        return self.convert(row, tally)


Format: TypeAlias = Callable[..., Layout | dict[str, Layout]]
"""Lays out a format for the rows of a recipe file, with the options that it takes; see `formats`."""


def load_concepts(recipe: Path) -> Taxonomy:
    """The taxonomy of a recipe file.

    Raises:
        GasError: The recipe cannot be read or its taxonomy is not there.
    """
    loaded = load_recipe(recipe)
    return load_taxonomy(loaded.recipe.taxonomy, loaded.folder)


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


def count_things(objects: Sequence[Row]) -> Counter[str]:
    """Of how many things of a scene each name is."""
    names: Counter[str] = Counter()
    for one in objects:
        names[one["name"]] += read_count(one)
    return names


def read_count(item: Row) -> int:
    """How many things an object stands for; rows of earlier versions do not say so, and mean one."""
    return item.get("count", 1)


def drop_kinds(row: Row, known: Collection[str], tally: Tally) -> Row:
    """A row without its questions of unknown kinds, which are counted; the row itself where it has none.

    What depended on such a question depends on what that depends on.
    """
    questions = row["questions"]
    if all(question["kind"] in known for question in questions):
        return row
    kept: list[Row] = []
    parents: list[list[int]] = []  # for each question of the row, what stands for it among those that are kept
    for question in questions:
        above = sorted({parent for index in question["depends_on"] for parent in parents[index]})
        if question["kind"] in known:
            parents.append([len(kept)])
            kept.append({**question, "depends_on": above})
        else:
            parents.append(above)
            tally.left_out[f"questions of the kind `{question['kind']}`"] += 1
    return {**row, "questions": kept}


def find_topic(row: Row, question: Row) -> Element:
    """The first element that a question of its kind is about; of a foil, what it stands in the place of."""
    domain = DOMAINS[question["kind"]]
    return next(find_element(row, name) for name in question["elements"] if name.startswith(f"{domain}/"))


def write_cells(cells: Sequence[Any]) -> str:
    """A line of CSV, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def is_true(question: Row) -> bool:
    return question["form"] == "yes_no" and question["answer"] == "yes"
