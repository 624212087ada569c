"""Rows as HTML for notebooks: the caption underlined by what it mentions, the scene graph, questions with answers.

The page around is somebody else's, so styles are those of one class of elements. They follow the reader's light or
dark scheme. What a row says is text, never markup.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from .colors import DARK, INK, LINE, MENTIONS, NO, OTHER, PALE, PAPER, YES
from .scene_graphs import draw_graph
from .svg import FONT, draw, escape_text

Row = Mapping[str, Any]
CLASS = "gas-scene"
FORMS = {"yes_no": "yes/no", "multiple_choice": "multiple choice"}
SHOWN = 8
"""Questions of a scene that are seen at once; a click shows the others."""
STYLE = f"""
.gas-scene {{ background: {PAPER}; color: {INK}; border: 1px solid {LINE}; border-radius: 8px; margin: 8px 0;
  padding: 12px 18px; max-width: 960px; box-sizing: border-box; font: 14px/1.45 {FONT}; overflow-wrap: anywhere }}
.gas-scene div, .gas-scene summary {{ color: inherit; background: none }}
.gas-scene .gas-small {{ color: {PALE}; font-size: 12px }}
.gas-scene .gas-caption {{ font-size: 18px; line-height: 1.7; margin: 4px 0 10px; white-space: pre-line }}
.gas-scene .gas-mention {{ border-bottom-style: solid; border-bottom-width: 2px; padding-bottom: 1px }}
.gas-scene .gas-parts {{ display: flex; flex-wrap: wrap; gap: 12px 24px; align-items: flex-start;
  margin-top: 8px }}
.gas-scene .gas-asked {{ flex: 1 1 320px; min-width: 0 }}
.gas-scene .gas-drawn {{ flex: 0 1 auto; min-width: 0 }}
.gas-scene svg {{ max-width: 100%; height: auto; display: block }}
.gas-scene .gas-question {{ display: flex; gap: 16px; justify-content: space-between; align-items: baseline;
  border-top: 1px solid {LINE}; padding: 5px 0 }}
.gas-scene .gas-answer {{ border-radius: 12px; padding: 1px 9px; font-weight: bold; flex: none; max-width: 50% }}
.gas-scene .gas-pair {{ border-top: 1px solid {LINE}; margin-top: 10px; padding-top: 8px }}
.gas-scene summary {{ cursor: pointer; padding: 5px 0 }}
"""


def write_rows(rows: Iterable[Row]) -> str:
    """Writes rows below each other, each with what it has: a caption, a scene graph, questions, an edited scene."""
    return draw("div", _write_style() + "".join(map(_write_row, rows)))


def _write_style() -> str:
    light = "".join(f".{CLASS} .gas-of-{name} {{ border-color: {color} }}\n" for name, color in MENTIONS.items())
    answers = {"yes": YES, "no": NO, "other": OTHER}
    light += "".join(
        f".{CLASS} .gas-{name} {{ background: {ground}; color: {ink} }}\n" for name, (ground, ink) in answers.items()
    )
    styles = STYLE + light
    dark = re.sub("|".join(DARK), lambda color: DARK[color[0]], styles)
    looks = ((name, one, other) for one, other in DARK.items() for name in ("fill", "stroke"))
    drawn = "\n".join(f'.{CLASS} [{name}="{one}"] {{ {name}: {other} }}' for name, one, other in looks)
    return f"<style>{styles}@media (prefers-color-scheme: dark) {{{dark}{drawn}\n}}</style>"


def _write_row(row: Row) -> str:
    parts = [_write_part("small", escape_text(str(row.get("id", ""))))] if row.get("id") else []
    if "caption" in row:
        parts.append(_write_caption(row["caption"], row.get("mentions") or (), row))
    if row.get("mentions"):
        keys = (draw("span", name, **{"class": f"gas-mention gas-of-{name}"}) for name in MENTIONS)
        parts.append(_write_part("small", "underlined: " + " ".join(keys)))
    columns = []
    if "scene_graph" in row:
        picture = draw_graph({"scene_attributes": (), **row}, str(row.get("caption", "scene graph")), styled=False)
        columns.append(_write_part("drawn", picture))
    if row.get("questions"):
        columns.append(_write_part("asked", _write_questions(row["questions"])))
    if columns:
        parts.append(_write_part("parts", "".join(columns)))
    if pair := row.get("pair"):
        edit = _write_part("small", f"pair: {escape_text(pair['edit'].replace('_', ' '))}")
        asked = "".join(_write_question(row["questions"][one["question"]], one["answer"]) for one in pair["changed"])
        told = row.get("edit")
        instruction = _write_part("caption", f"→ {escape_text(told['instruction'])}") if told else ""
        caption = _write_part("caption", escape_text(pair["caption"]))
        parts.append(_write_part("pair", edit + instruction + caption + asked))
    return draw("div", "".join(parts) or "an empty row", **{"class": CLASS})


def _write_part(name: str, content: str) -> str:
    return draw("div", content, **{"class": f"gas-{name}"})


def _write_caption(caption: str, mentions: Iterable[Row], row: Row) -> str:
    """The caption, of which each letter is underlined by the shortest mention that has it."""
    mentions = sorted(mentions, key=lambda one: one["end"] - one["start"])
    bounds = {0, len(caption), *(one[end] for one in mentions for end in ("start", "end"))}
    pieces = []
    for start, end in pairwise(sorted(bound for bound in bounds if 0 <= bound <= len(caption))):
        text = escape_text(caption[start:end])
        of = next((one["element"] for one in mentions if one["start"] <= start and end <= one["end"]), None)
        looks = {"class": f"gas-mention gas-of-{of.split('/')[0]}", "title": _describe(of, row)} if of else {}
        pieces.append(draw("span", text, **looks) if of else text)
    return _write_part("caption", "".join(pieces) or " ")


def _describe(element: str, row: Row) -> str:
    """An element's name with what it is: `object/0: dog.n.01`."""
    name, *numbers = element.split("/")
    places = [int(number) for number in numbers]
    if name == "scene":
        what = row["scene_attributes"][places[0]]["kind"] if "scene_attributes" in row else ""
    elif "scene_graph" not in row:
        what = ""
    elif name == "relation":
        what = row["scene_graph"]["relations"][places[0]]["category"]
    else:
        item = row["scene_graph"]["objects"][places[0]]
        what = item["concept"] if name == "object" else item["attributes"][places[1]]["kind"]
    return f"{element}: {what}" if what else element


def _write_questions(questions: list[Row]) -> str:
    """The first questions of each sort, and a click away the others."""
    sorts, ranks = Counter[tuple[str, ...]](), []
    for number, question in enumerate(questions):
        sort = (question["kind"], question["form"], question["answer"] if question["form"] == "yes_no" else "")
        ranks.append((sorts[sort], number))
        sorts[sort] += 1
    first = sorted(number for _, number in sorted(ranks)[:SHOWN])
    shown = "".join(_write_question(questions[number]) for number in first)
    rest = [question for number, question in enumerate(questions) if number not in first]
    if not rest:
        return shown
    summary = draw("summary", f"{len(rest):,} more question{'s' if len(rest) > 1 else ''}")
    return shown + draw("details", summary + "".join(map(_write_question, rest)))


def _write_question(question: Row, other: str | None = "") -> str:
    """A question with its answer, or with that of an edited scene, where it may have none."""
    form = FORMS.get(question["form"], question["form"])
    facts = filter(None, dict.fromkeys((question["kind"], form, " / ".join(question["choices"]))))
    told = draw("div", escape_text(" · ".join(facts)), **{"class": "gas-small"})
    asked = draw("div", escape_text(question["question"]) + told)
    text = question["answer"] if other == "" else other or "no answer"
    name = text if text in ("yes", "no") else "other"
    return _write_part("question", asked + draw("div", escape_text(text), **{"class": f"gas-answer gas-{name}"}))
