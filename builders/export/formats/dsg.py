"""Questions for DSG, CSV.

After j-min/DSG: dsg-1k-anns.csv, dsg/data_utils.py (how it is read), dsg/vqa_utils.py (how it is scored).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..layout import DOMAINS, Layout, Row, Tally, count_things, find_element, find_topic, is_true, write_cells

SPLITS = ("test",)

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


def convert_dsg(row: Row, tally: Tally) -> list[list[Any]]:
    """Rows of `dsg-1k-anns.csv`: yes/no questions with the answer yes, since the scorer takes `yes` as right.

    `proposition_id` counts what is kept of a scene from 1. A dependency on a question that is left out becomes one on
    what that depends on; `dependency` is 0 without any. Objects are `entity - whole`, relations `spatial` or `action`,
    scene attributes `global - -`, numbers `other - count` with `==2` behind the name, as in DSG-1k.

    The loader splits `dependency` only where pandas takes it for text, which it does not for a number alone; so what
    has one parent, or none, has that number twice, which the scorer takes as once.
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
        dependency = ",".join(map(str, sorted(parents) if len(parents) > 1 else [*(parents or {0})] * 2))
        form = f"{broad} - {detailed} ({keywords})"
        text, asked = row["caption"], question["question"]
        records.append([row["id"], text, keywords, number, dependency, broad, detailed, form, asked])
    tally.questions += len(records)
    return records


def _describe_dsg(row: Row, question: Row) -> tuple[str, str, list[str]]:
    """Broad and detailed category, and the words of the tuple."""
    topic = find_topic(row, question)
    if question["kind"] == "count":
        names = count_things([find_element(row, name).item for name in question["elements"]])
        return "other", "count", [*names, *([f"=={names.total()}"] if len(names) == 1 else [])]
    if topic.domain == "object":
        return "entity", "whole", [topic.word]
    if topic.domain == "scene":
        return "global", "-", [topic.word]
    if topic.holder:
        return "attribute", DSG_ATTRIBUTES.get(topic.item["kind"], "state"), [topic.holder["name"], topic.word]
    ends = [row["scene_graph"]["objects"][topic.item[end]]["name"] for end in ("subject", "object")]
    return "relation", "spatial" if topic.item["category"] == "spatial" else "action", [*ends, topic.word]


def lay_out(_: Path) -> Layout:
    return Layout(convert_dsg, write_cells, f"{','.join(DSG_COLUMNS)}\n", kinds=DOMAINS)
