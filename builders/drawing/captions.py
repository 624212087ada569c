"""Captions as SVG, with what they mention in the color of that part of a scene."""

from __future__ import annotations

import re
from typing import Any

from .colors import INK, MENTIONS
from .svg import BOLD, draw, escape_text, measure_text

SPACING = 1.45
"""From line to line, by the size of letters."""


def draw_caption(row: dict[str, Any], x: float, top: float, width: float, size: float) -> tuple[list[str], float]:
    """Draws the caption of a row.

    Args:
        row: A row of a dataset.
        x: The left edge.
        top: The upper edge.
        width: Up to which width a line goes.
        size: Of letters; all are in pixels.

    Returns:
        Elements of SVG, one a line, and where the last ends.
    """
    lines, left = [list[str]()], 0.0
    for word, color in _list_words(row):
        wide = measure_text(word, size) * (BOLD if color else 1.0)
        if left and left + wide > width and word[0] not in ".,":
            lines.append([])
            left = 0.0
        looks = {"fill": color, "font_weight": "bold"} if color else {}
        lines[-1].append(draw("tspan", escape_text(word), **looks) if color else escape_text(word))
        left += wide
    texts = []
    for number, line in enumerate(lines):
        y = top + size * (0.8 + SPACING * number)
        texts.append(draw("text", "".join(line), x=float(x), y=y, fill=INK, font_size=size))
    return texts, top + size * SPACING * len(lines)


def _list_words(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Words of the caption, each with the space after it, and the color of what mentions it; empty without any."""
    caption, colors = row["caption"], {}
    for mention in row["mentions"]:
        color = MENTIONS[mention["element"].split("/")[0]]
        colors.update(dict.fromkeys(range(mention["start"], mention["end"]), color))
    # A full stop or a comma after a word is a piece of its own, since it is not mentioned.
    return [(one.group(), colors.get(one.start(), "")) for one in re.finditer(r"[^\s.,]+\s*|[.,]+\s*", caption)]
