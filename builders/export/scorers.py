"""The files that TIFA, DSG and GenEval 2 score: how each is written, and what it makes of a row.

The layouts are after the data files and the loaders of

    tifa       Yushi-Hu/tifa: tifa_v1.0/README.md, sample/sample_question_answers.json, tifascore/question_gen.py (the
               types of elements), tifascore/tifa_score.py (what is read of a question)
    dsg        j-min/DSG: dsg-1k-anns.csv, dsg/data_utils.py (how it is read), dsg/vqa_utils.py (how it is scored)
    geneval2   facebookresearch/GenEval2: README.md (Benchmark Structure), evaluation.py, soft_tifa_analysis.py

A question that a layout cannot hold is left out and counted; so is one of a kind that it does not know, since each of
them says of what kind a question is. Layouts of trainers are in `trainers.py`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ...taxonomy import load_taxonomy
from ..recipe.loading import load_recipe
from ..text.lexicon import NUMBERS
from .layout import DOMAINS, Element, Format, Layout, Row, Tally, find_element, find_topic, is_true

DIGITS = {word: str(number) for number, word in enumerate(NUMBERS)}

TIFA_OBJECTS = (
    ("animal/human", {"person", "animal"}),
    ("food", {"food"}),
    ("location", {"building", "room", "landform", "water"}),
)
"""The type in TIFA of an object that is of one of these kinds in the taxonomy; the first that fits, else `object`."""

TIFA_ATTRIBUTES = {"color": "color", "material": "material", "shape": "shape"}
"""All other kinds are `attribute`, as `busy` and `stainless` are in TIFA's own examples."""

TIFA_RELATIONS = {"spatial": "spatial", "symbolic": "other"}
"""All other categories, what somebody or something does or feels, are `activity`."""

TIFA_COUNT = 4
"""TIFA offers the numbers 1 to 4 when it asks how many there are."""

DSG_COLUMNS = (
    "item_id",
    "text",
    "keywords",
    "proposition_id",
    "dependency",
    "category_broad",
    "category_detailed",
    "tuple",
    "question_natural_language",
)
DSG_ATTRIBUTES = {
    "color": "color",
    "material": "material",
    "shape": "shape",
    "texture": "texture",
    "size": "scale",
    "architecture": "type",
}
"""All other kinds are `state`, as `sad` and `disposable` are in DSG-1k."""


def convert_tifa(row: Row, tally: Tally, types: dict[str, str]) -> list[Row]:
    """Questions as in `tifa_v1.0_question_answers.json`, all that have choices; `coco_val_id` is not ours to give.

    TIFA maps every answer to the nearest choice, so an open question is left out; the same with choices stays. `How
    many` gets TIFA's own choices, 1 to 4, or up to the answer, unless the row asks it with choices itself. Numbers are
    in digits, as TIFA has them. Yes/no questions may have the answer `no`, which the scorer compares as any other. Of
    questions that differ in their choices alone the first stays: the scorer keeps its log by their text.
    """
    chosen = {
        tuple(question["elements"])
        for question in row["questions"]
        if question["kind"] == "count" and question["form"] == "multiple_choice"
    }
    records, texts = [], set()
    for question in row["questions"]:
        choices, answer = question["choices"], question["answer"]
        if question["form"] == "yes_no":
            choices = ["yes", "no"]
        elif question["kind"] == "count" and {answer, *choices} <= DIGITS.keys():
            answer, choices = DIGITS[answer], [DIGITS[choice] for choice in choices]
            if not choices and tuple(question["elements"]) not in chosen:
                number = int(answer)
                choices = [str(choice) for choice in range(min(number, 1), max(number, TIFA_COUNT) + 1)]
        if not choices or question["question"] in texts:
            tally.leave_out(question)
            continue
        texts.add(question["question"])
        topic = find_topic(row, question)
        records.append(
            {
                "id": row["id"],
                "caption": row["caption"],
                "question": question["question"],
                "choices": choices,
                "answer": answer,
                "element_type": _type_tifa(question, topic, types),
                "element": topic.word,
            }
        )
    tally.questions += len(records)
    return records


def _type_tifa(question: Row, topic: Element, types: dict[str, str]) -> str:
    if question["kind"] == "count":
        return "counting"
    if topic.domain == "object":
        return types.get(topic.item["concept"], "object")
    if topic.domain == "relation":
        return TIFA_RELATIONS.get(topic.item["category"], "activity")
    if topic.domain == "scene":
        return "location" if topic.item["kind"] == "location" else "attribute"
    return TIFA_ATTRIBUTES.get(topic.item["kind"], "attribute")


def type_objects(recipe: Path) -> dict[str, str]:
    """The type in TIFA of every concept that is not just an `object`, by the taxonomy of a recipe.

    Raises:
        GasError: The recipe cannot be read or its taxonomy is not there.
    """
    loaded = load_recipe(recipe)
    objects = load_taxonomy(loaded.recipe.taxonomy, loaded.folder).objects
    types = {}
    for concept, kinds in zip(objects["id"].to_pylist(), objects["kinds"].to_pylist(), strict=True):
        named = {*(kinds or "").split("|")}
        for type_, of in TIFA_OBJECTS:
            if named & of:
                types[concept] = type_
                break
    return types


def convert_dsg(row: Row, tally: Tally) -> list[list[Any]]:
    """Rows of `dsg-1k-anns.csv`: yes/no questions with the answer yes, since the scorer takes `yes` as right.

    `proposition_id` counts what is kept of a scene from 1. A dependency on a question that is left out becomes one on
    what that depends on; `dependency` is 0 without any. Objects are `entity - whole`, relations `spatial` or `action`,
    scene attributes `global - -`, numbers `other - count` with `==2` behind the name, as in DSG-1k.

    The loader splits `dependency` only where pandas takes the column for text, which it does once a proposition has
    two parents, as relations have; of a dataset without, it has to be read with `dtype={"dependency": str}`.
    """
    records: list[list[Any]] = []
    known: list[set[int]] = []
    for question in row["questions"]:
        parents = {number for index in question["depends_on"] for number in known[index]}
        if not is_true(question):
            tally.leave_out(question)
            known.append(parents)
            continue
        number = len(records) + 1
        known.append({number})
        broad, detailed, words = _describe_dsg(row, question)
        keywords = ", ".join(words)
        dependency = ",".join(map(str, sorted(parents))) or "0"
        form = f"{broad} - {detailed} ({keywords})"
        text, asked = row["caption"], question["question"]
        records.append([row["id"], text, keywords, number, dependency, broad, detailed, form, asked])
    tally.questions += len(records)
    return records


def _describe_dsg(row: Row, question: Row) -> tuple[str, str, list[str]]:
    """Broad and detailed category, and the words of the tuple."""
    topic = find_topic(row, question)
    if question["kind"] == "count":
        names = list(dict.fromkeys(find_element(row, name).word for name in question["elements"]))
        return "other", "count", [*names, *([f"=={len(question['elements'])}"] if len(names) == 1 else [])]
    if topic.domain == "object":
        return "entity", "whole", [topic.word]
    if topic.domain == "scene":
        return "global", "-", [topic.word]
    if topic.holder:
        return "attribute", DSG_ATTRIBUTES.get(topic.item["kind"], "state"), [topic.holder["name"], topic.word]
    ends = [row["scene_graph"]["objects"][topic.item[end]]["name"] for end in ("subject", "object")]
    return "relation", "spatial" if topic.item["category"] == "spatial" else "action", [*ends, topic.word]


def convert_geneval2(row: Row, tally: Tally) -> list[Row]:
    """A line of `geneval2_data.jsonl`: one question for each atom of the prompt, if there is any.

    The scorer expects a number where a question begins with `How many` and `Yes` everywhere else, so what has another
    answer is left out, and so is what asks once more about the same atom. The skill of a relation is `position` when
    it is spatial and else `verb`; of a scene attribute it is `attribute`, since the analysis knows no other skills
    (and no `atom_count` but 3 to 10).
    """
    atoms: dict[tuple[str, ...], tuple[list[str], str]] = {}
    for question in row["questions"]:
        counts = question["question"].startswith("How many") and question["kind"] == "count"
        if not (counts or is_true(question)):
            tally.leave_out(question)
            continue
        atom = (question["kind"], *question["elements"])
        if atom in atoms:
            tally.left_out["repeated"] += 1
            if not counts or atoms[atom][0][1] != "Yes":
                continue
        pair = [question["question"], question["answer"] if counts else "Yes"]
        atoms[atom] = pair, _name_skill(row, question)
    tally.questions += len(atoms)
    record = {
        "prompt": row["caption"],
        "atom_count": count_atoms(row),
        "vqa_list": [pair for pair, _ in atoms.values()],
        "skills": [skill for _, skill in atoms.values()],
    }
    return [record] if atoms else []


def count_atoms(row: Row) -> int:
    """Atoms as GenEval 2 counts them: a name once, its number unless it is one, attributes, relations."""
    objects = row["scene_graph"]["objects"]
    names = Counter(one["name"] for one in objects)
    numbers = sum(count > 1 for count in names.values())
    attributes = sum(len(one["attributes"]) for one in objects) + len(row["scene_attributes"])
    return len(names) + numbers + attributes + len(row["scene_graph"]["relations"])


def _name_skill(row: Row, question: Row) -> str:
    if question["kind"] in ("object", "count"):
        return question["kind"]
    topic = find_topic(row, question)
    if topic.domain != "relation":
        return "attribute"
    return "position" if topic.item["category"] == "spatial" else "verb"


def _write_cells(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


# JSON stays ASCII: the scorers open their files in whatever encoding the machine has.
SCORERS: dict[str, Format] = {
    "tifa": lambda recipe: Layout(
        partial(convert_tifa, types=type_objects(recipe)), begin="[\n", between=",\n", end="\n]\n", kinds=DOMAINS
    ),
    "dsg": lambda recipe: Layout(convert_dsg, _write_cells, f"{','.join(DSG_COLUMNS)}\n", kinds=DOMAINS),
    "geneval2": lambda recipe: Layout(convert_geneval2, kinds=DOMAINS),
}
"""How each is written, of the rows of a recipe file: a JSON array, CSV, and JSON lines."""
