"""Bar charts as SVG: horizontal bars, each of one piece or of several that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .colors import BARS, GROUND, INK, PALE
from .svg import cut_text, draw, measure_text, write_page, write_text_at

PANEL, MARGIN, BAR, STEP, HEAD = 380, 16, 13, 20, 30
LABEL = 170
"""Most that labels before bars are wide; all are in pixels."""


@dataclass(frozen=True)
class Bar:
    """A bar.

    Attributes:
        label: What stands before it.
        parts: Its lengths by what they stand for; without names, one length under an empty name.
        text: What stands behind it.
        ground: How long it could be at most; not drawn if 0.
    """

    label: str
    parts: Mapping[str, float]
    text: str
    ground: float = 0.0


@dataclass(frozen=True)
class Panel:
    """Bars on one scale.

    Attributes:
        title: What stands above.
        bars: The bars.
        note: What stands below, in small print.
        mark: A length at which a line is drawn, if not 0.
        full: Whether every bar is drawn as long as all the others, so that its parts are shares.
        color: Of bars of one piece.
    """

    title: str
    bars: Sequence[Bar]
    note: str = ""
    mark: float = 0.0
    full: bool = False
    color: str = BARS[0]


def draw_chart(panel: Panel) -> str:
    """Draws a chart."""
    drawn = draw("g", _draw_panel(panel), transform=f"translate({MARGIN} {MARGIN})")
    return write_page(PANEL + 2 * MARGIN, _measure_panel(panel) + 2 * MARGIN - 4, panel.title, [drawn])


def _list_names(panel: Panel) -> list[str]:
    """What parts of bars stand for."""
    return list(dict.fromkeys(name for bar in panel.bars for name in bar.parts if name))


def _list_legend(panel: Panel) -> list[tuple[float, int, str]]:
    """Place, line and name of each entry of a legend."""
    entries, x, line = list[tuple[float, int, str]](), 0.0, 0
    for name in _list_names(panel):
        width = 18 + measure_text(name, 11) + 12
        if x and x + width > PANEL:
            x, line = 0.0, line + 1
        entries.append((x, line, name))
        x += width
    return entries


def _measure_panel(panel: Panel) -> float:
    legend = _list_legend(panel)
    lines = legend[-1][1] + 1 if legend else 0
    return HEAD + 18 * lines + STEP * len(panel.bars) + (16 if panel.note else 0)


def _draw_panel(panel: Panel) -> str:
    parts = [write_text_at(0, 14, panel.title, 14, font_weight="bold")]
    legend = _list_legend(panel)
    colors = dict(zip(_list_names(panel), BARS * len(legend), strict=False))
    for x, line, name in legend:
        parts.append(draw("rect", x=x, y=HEAD - 5 + 18 * line, width=11, height=11, rx=2, fill=colors[name]))
        parts.append(write_text_at(x + 16, HEAD + 5 + 18 * line, name, 11))
    top = HEAD + 18 * (legend[-1][1] + 1 if legend else 0)
    label = min(LABEL, max((measure_text(bar.label) for bar in panel.bars), default=0.0)) + 8
    room = PANEL - label - 8 - max((measure_text(bar.text, 11) for bar in panel.bars), default=0.0)
    most = max([panel.mark, *(max(sum(bar.parts.values()), bar.ground) for bar in panel.bars)], default=0.0) or 1.0
    for number, bar in enumerate(panel.bars):
        y = top + STEP * number
        total = sum(bar.parts.values())
        scale = room / ((total or 1.0) if panel.full else most)
        parts.append(write_text_at(label - 8, y + 11, cut_text(bar.label, LABEL), 12, "end"))
        if bar.ground:
            parts.append(draw("rect", x=label, y=y, width=bar.ground * scale, height=BAR, rx=2, fill=GROUND))
        x = label
        for name, length in bar.parts.items():
            if length:
                parts.append(
                    draw("rect", x=x, y=y, width=length * scale, height=BAR, rx=2, fill=colors.get(name, panel.color))
                )
            x += length * scale
        parts.append(write_text_at(PANEL, y + 11, bar.text, 11, "end", fill=PALE))
    bottom = top + STEP * len(panel.bars)
    if panel.mark:
        x = label + panel.mark * room / most
        parts.append(
            draw("line", x1=x, y1=top - 4, x2=x, y2=bottom - 3, stroke=INK, stroke_width=1, stroke_dasharray="3 3")
        )
    if panel.note:
        parts.append(write_text_at(0, bottom + 9, cut_text(panel.note, PANEL, 11), 11, fill=PALE))
    return "\n".join(["", *parts, ""])
