"""SVG as text: the same bytes everywhere, complete without anything that a page's content security policy may block.

The Hub serves a repository's files under a policy that allows no scripts and, in some browsers, no styles. So all
looks are attributes of elements, and the one style only replaces colors for readers with a dark scheme. Fonts are the
reader's, so widths of texts are estimates on the wide side.
"""

from __future__ import annotations

import re
from html import escape

from .colors import DARK, INK, LINE, PAPER

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 does not have, or that nothing shows."""
COLOR = re.compile(r'\b(fill|stroke)="(#[0-9a-f]{6})"')
BOLD = 1.12
"""How much wider bold letters are, at most."""
NARROW, WIDE = frozenset("fijlrtI.,:;|!'()[] "), frozenset("mwMW@%&")


def draw(tag: str, content: str = "", **attributes: object) -> str:
    """One element; `_` in names of attributes stands for `-`, and numbers have at most one decimal."""
    parts = [f' {name.replace("_", "-")}="{escape_text(write_number(value))}"' for name, value in attributes.items()]
    return f"<{tag}{''.join(parts)}>{content}</{tag}>" if content else f"<{tag}{''.join(parts)}/>"


def write_number(value: object) -> str:
    """A number as short as it can be; other values as they are."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0", value == 0) if isinstance(value, float) else str(value)


def escape_text(text: str) -> str:
    """A text as XML holds it."""
    return escape(NOT_XML.sub("\ufffd", text))


def write_text_at(x: float, y: float, text: str, size: float = 12, anchor: str = "start", **attributes: object) -> str:
    """A line of text; `y` is its base line."""
    looks: dict[str, object] = {"fill": INK, "font_size": size, "text_anchor": anchor, **attributes}
    return draw("text", escape_text(text), x=float(x), y=float(y), **looks)


def place(parts: list[str], x: float, y: float, scale: float = 1.0) -> str:
    """Elements moved to a place, and made smaller if the scale is below 1."""
    smaller = f" scale({scale:.3f})" if scale < 1 else ""
    return draw("g", "\n".join(["", *parts, ""]), transform=f"translate({x:.1f} {y:.1f}){smaller}")


def write_page(width: float, height: float, title: str, parts: list[str], styled: bool = True) -> str:
    """A picture on paper of its own, which can be read on a page of any color.

    Args:
        width: Pixels.
        height: Pixels.
        title: What readers of screens are told, and those who point at the picture.
        parts: Elements.
        styled: Add the colors for dark pages. Leave them out inside of a page that has styles of its own: there they
            would be everybody's.
    """
    paper = draw("rect", x=0.5, y=0.5, width=float(width - 1), height=float(height - 1), rx=8, fill=PAPER, stroke=LINE)
    drawn = "\n".join([paper, *parts])
    style = [write_style(drawn)] if styled else []
    return (
        draw(
            "svg",
            "\n".join(["", draw("title", escape_text(title)), *style, drawn, ""]),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {write_number(float(width))} {write_number(float(height))}",
            width=float(width),
            height=float(height),
            role="img",
            font_family=FONT,
        )
        + "\n"
    )


def write_style(content: str) -> str:
    """A style that gives elements the colors of a dark page where readers have a dark scheme."""
    looks = [look for look in dict.fromkeys(COLOR.findall(content)) if look[1] in DARK]
    rules = "".join(f'[{name}="{color}"]{{{name}:{DARK[color]}}}' for name, color in looks)
    return draw("style", f"@media (prefers-color-scheme: dark){{{rules}}}")


def measure_text(text: str, size: float = 12) -> float:
    """About how wide a text is at most, whatever the font."""
    return size * sum(map(_measure_letter, text))


def _measure_letter(letter: str) -> float:
    if ord(letter) >= 0x2E80:  # Chinese, Japanese, Korean, pictures
        return 1.05
    if letter in NARROW:
        return 0.36
    return 0.92 if letter in WIDE else 0.7 if letter.isupper() else 0.6


def cut_text(text: str, width: float, size: float = 12) -> str:
    """A text that is not wider than this, with three dots where it was cut."""
    if measure_text(text, size) <= width:
        return text
    while text and measure_text(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap_text(text: str, width: float, size: float = 12, most: int = 3) -> list[str]:
    """Lines of a text that are not wider than this; what would be too many lines is cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and measure_text(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines[most - 1 :] = [" ".join(lines[most - 1 :])]
    return [cut_text(line, width, size) for line in lines] or [""]
