"""A row as one picture: its caption with what it mentions in color, its scene graph, some questions with answers.

The picture follows the reader's light or dark scheme where styles are allowed (a README on GitHub, a page of one's
own), and is the light one where they are not: the style only replaces the colors that the attributes name.
"""

from __future__ import annotations

import re
from typing import Any

from .scene_graphs import BOX, BOX_EDGE, RELATION, SCENE, VALUE, lay_out_graph
from .svg import INK, LINE, PALE, PAPER, draw, escape_text, measure_text, wrap_text, write_page, write_text_at

Row = dict[str, Any]
EDGE, SPACE = 24.0, 16.0
"""Between the border of the picture and what is in it, and between its parts."""
BESIDE = 320
"""The least width that questions need to stand beside the graph; they stand below it otherwise."""
MOST_LINES = 9
"""Of one question."""
CAPTION, QUESTION, CHOICES = 18, 15, 13
"""Sizes of letters."""
BOLD = 1.08
"""How much wider bold letters are, at most."""
SCENE_TEXT = "#3f6d31"
YES, NO, OTHER = ("#e3f3e4", "#1a6b2e"), ("#fce9e7", "#a3271c"), ("#eceff3", "#38424f")
"""Ground and letters of an answer."""
MENTIONS = {"object": BOX_EDGE, "attribute": VALUE, "relation": RELATION, "scene": SCENE_TEXT}
DARK = {
    INK: "#e6edf3",
    PALE: "#9ea7b3",
    LINE: "#3a424c",
    PAPER: "#0f141b",
    BOX: "#15263a",
    BOX_EDGE: "#79b0e8",
    VALUE: "#e0b04a",
    RELATION: "#d9a0e0",
    SCENE: "#182a1a",
    SCENE_TEXT: "#8fc47f",
    YES[0]: "#163320",
    YES[1]: "#7ad08d",
    NO[0]: "#3d1a18",
    NO[1]: "#f2958c",
    OTHER[0]: "#252c36",
    OTHER[1]: "#cdd5df",
}
"""Colors on a dark page, by those on a light one."""


def draw_row(row: Row, questions: list[Row], width: float) -> str:
    """Draws a row.

    Args:
        row: A row of a dataset.
        questions: Those of its questions to show.
        width: Pixels. Questions stand beside the graph where there is room for both.
    """
    inner = width - 2 * EDGE
    caption, y = _draw_caption(row, EDGE + 8, inner)
    y += SPACE
    graph, wide, high = lay_out_graph(row)
    scale = min(1.0, inner / wide)
    wide, high = scale * wide, scale * high
    beside = inner - wide - SPACE >= BESIDE
    x, top, room = (EDGE + wide + SPACE, y, inner - wide - SPACE) if beside else (EDGE, y + high + 2 * SPACE, inner)
    title = f"{len(questions)} of {len(row['questions'])} questions"
    asked, bottom = _draw_questions(questions, title, x, top, room)
    if beside:
        bottom = max(bottom, y + SPACE + high)
        place = (EDGE - SPACE / 2, (y + SPACE + bottom - high) / 2)
    else:
        place = ((width - wide) / 2, y + SPACE)
        asked.append(_draw_rule(EDGE, top - SPACE, inner))
    heading = [_draw_rule(EDGE, y - SPACE, inner), _write_heading(EDGE, y, "scene graph")]
    parts = [_write_style(), *caption, *heading, _place(graph, *place, scale), *asked]
    return write_page(width, bottom + EDGE / 2, row["caption"], parts)


def _write_style() -> str:
    rules = (f'[{name}="{light}"]{{{name}:{dark}}}' for light, dark in DARK.items() for name in ("fill", "stroke"))
    return draw("style", f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}")


def _draw_caption(row: Row, top: float, width: float) -> tuple[list[str], float]:
    """Lines of the caption, and where they end."""
    lines, left = [list[str]()], 0.0
    for word, color in _list_words(row):
        wide = measure_text(word, CAPTION) * (BOLD if color else 1.0)
        if left and left + wide > width and word[0] not in ".,":
            lines.append([])
            left = 0.0
        looks = {"fill": color, "font_weight": "bold"} if color else {}
        lines[-1].append(draw("tspan", escape_text(word), **looks) if color else escape_text(word))
        left += wide
    texts = []
    for number, line in enumerate(lines):
        y = top + CAPTION * (0.8 + 1.45 * number)
        texts.append(draw("text", "".join(line), x=EDGE, y=y, fill=INK, font_size=CAPTION))
    return texts, top + CAPTION * 1.45 * len(lines) + SPACE / 2


def _list_words(row: Row) -> list[tuple[str, str]]:
    """Words of the caption, each with the space after it, and the color of what mentions it; empty without any."""
    caption, colors = row["caption"], {}
    for mention in row["mentions"]:
        color = MENTIONS[mention["element"].split("/")[0]]
        colors.update(dict.fromkeys(range(mention["start"], mention["end"]), color))
    # A full stop or a comma after a word is a piece of its own, since it is not mentioned.
    return [(one.group(), colors.get(one.start(), "")) for one in re.finditer(r"[^\s.,]+\s*|[.,]+\s*", caption)]


def _write_heading(x: float, y: float, text: str) -> str:
    return write_text_at(x, y + 9, text.upper(), 11, fill=PALE, letter_spacing=0.8)


def _draw_rule(x: float, y: float, width: float) -> str:
    return draw("path", d=f"M{x:.1f} {y:.1f}h{width:.1f}", stroke=LINE)


def _place(parts: list[str], x: float, y: float, scale: float) -> str:
    smaller = f" scale({scale:.3f})" if scale < 1 else ""
    return draw("g", "\n".join(["", *parts, ""]), transform=f"translate({x:.1f} {y:.1f}){smaller}")


def _draw_questions(questions: list[Row], title: str, x: float, y: float, width: float) -> tuple[list[str], float]:
    """Questions below each other, with their answers on the right, and where they end."""
    parts = [_write_heading(x, y, title)]
    y += SPACE + 6
    for number, question in enumerate(questions):
        if number:
            parts.append(_draw_rule(x, y, width))
        chip, wide = _draw_answer(question["answer"], x + width, y + 7)
        parts.append(chip)
        room = width - wide - SPACE
        texts = [(question["question"], QUESTION, INK), (" / ".join(question["choices"]), CHOICES, PALE)]
        lines = [
            (line, size, color)
            for text, size, color in texts
            if text
            for line in wrap_text(text, room, size, MOST_LINES)
        ]
        y += 5
        for text, size, color in lines:
            y += size + 5
            parts.append(write_text_at(x, y - 1, text, size, fill=color))
        y += 11
    return parts, y


def _draw_answer(answer: str, right: float, y: float) -> tuple[str, float]:
    """An answer on a ground of its own that ends at `right`, and its width."""
    ground, letters = {"yes": YES, "no": NO}.get(answer, OTHER)
    width = measure_text(answer, QUESTION) + 14
    box = draw("rect", x=right - width, y=y, width=width, height=24, rx=12, fill=ground)
    looks = {"fill": letters, "font_weight": "bold"}
    return box + write_text_at(right - width / 2, y + 17, answer, QUESTION - 1, "middle", **looks), width
