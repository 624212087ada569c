"""A row as one picture: its caption with what it mentions in color, its scene graph, some questions with answers."""

from __future__ import annotations

from typing import Any

from .captions import draw_caption
from .colors import INK, LINE, NO, OTHER, PALE, YES
from .scene_graphs import lay_out_graph
from .svg import draw, measure_text, place, wrap_text, write_page, write_text_at

Row = dict[str, Any]
EDGE, SPACE = 24.0, 16.0
"""Between the border of the picture and what is in it, and between its parts."""
BESIDE = 320
"""The least width that questions need to stand beside the graph; they stand below it otherwise."""
MOST_LINES = 9
"""Of one question."""
CAPTION, QUESTION, CHOICES = 18, 15, 13
"""Sizes of letters."""


def draw_row(row: Row, questions: list[Row], width: float) -> str:
    """Draws a row.

    Args:
        row: A row of a dataset.
        questions: Those of its questions to show.
        width: Pixels. Questions stand beside the graph where there is room for both.
    """
    inner = width - 2 * EDGE
    caption, y = draw_caption(row, EDGE, EDGE + 8, inner, CAPTION)
    y += 1.5 * SPACE
    graph, wide, high = lay_out_graph(row)
    scale = min(1.0, inner / wide)
    wide, high = scale * wide, scale * high
    beside = inner - wide - SPACE >= BESIDE
    x, top, room = (EDGE + wide + SPACE, y, inner - wide - SPACE) if beside else (EDGE, y + high + 2 * SPACE, inner)
    title = f"{len(questions)} of {len(row['questions'])} questions"
    asked, bottom = _draw_questions(questions, title, x, top, room)
    if beside:
        bottom = max(bottom, y + SPACE + high)
        corner = (EDGE - SPACE / 2, (y + SPACE + bottom - high) / 2)
    else:
        corner = ((width - wide) / 2, y + SPACE)
        asked.append(_draw_rule(EDGE, top - SPACE, inner))
    heading = [_draw_rule(EDGE, y - SPACE, inner), _write_heading(EDGE, y, "scene graph")]
    parts = [*caption, *heading, place(graph, *corner, scale), *asked]
    return write_page(width, bottom + EDGE / 2, row["caption"], parts)


def _write_heading(x: float, y: float, text: str) -> str:
    return write_text_at(x, y + 9, text.upper(), 11, fill=PALE, letter_spacing=0.8)


def _draw_rule(x: float, y: float, width: float) -> str:
    return draw("path", d=f"M{x:.1f} {y:.1f}h{width:.1f}", stroke=LINE)


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
