"""Questions for TIFA, a JSON array.

After Yushi-Hu/tifa: tifa_v1.0/README.md, sample/sample_question_answers.json, tifascore/question_gen.py (the types of
elements), tifascore/tifa_score.py (what is read of a question).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ...text.lexicon import NUMBERS
from ..layout import DOMAINS, Element, Layout, Row, Tally, find_topic, load_concepts

SPLITS = ("test",)

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
    objects = load_concepts(recipe).objects
    types = {}
    for concept, kinds in zip(objects["id"].to_pylist(), objects["kinds"].to_pylist(), strict=True):
        named = {*(kinds or "").split("|")}
        for type_, of in TIFA_OBJECTS:
            if named & of:
                types[concept] = type_
                break
    return types


def lay_out(recipe: Path) -> Layout:
    convert = partial(convert_tifa, types=type_objects(recipe))
    return Layout(convert, begin="[\n", between=",\n", end="\n]\n", kinds=DOMAINS)
