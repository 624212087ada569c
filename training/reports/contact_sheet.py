"""Pictures of what a training did."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIDE, GAP, TEXT = 144, 12, 66
"""Width of a picture on a contact sheet, space between, and height of the text above, in pixels."""
ACROSS = 8
FRAME, INK = (190, 190, 190), (30, 30, 30)


def paste_sheet(path: Path, pairs: Sequence[tuple[str, Image.Image, float, Image.Image, float]]) -> None:
    """Pastes pictures before and after side by side, below caption and the shares of right answers.

    Args:
        path: The PNG file to write.
        pairs: Caption, picture and share before, picture and share after.
    """
    paste_groups(
        path,
        [
            (caption, [(f"before: {share:.0%} right", before), (f"after: {other:.0%} right", after)])
            for caption, before, share, after, other in pairs
        ],
    )


def paste_groups(path: Path, groups: Sequence[tuple[str, Sequence[tuple[str, Image.Image]]]]) -> None:
    """Pastes the pictures of each caption side by side, below the caption.

    Args:
        path: The PNG file to write.
        groups: A caption, and its pictures with the words below each; all captions have as many.
    """
    across = len(groups[0][1])
    columns = min(max(ACROSS // across, 1), len(groups))
    rows = -(-len(groups) // columns)
    width, height = across * (SIDE + GAP) + GAP, SIDE + TEXT + GAP + 18
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, (caption, pictures) in enumerate(groups):
        left, top = (number % columns) * width + GAP, (number // columns) * height + GAP
        lines = textwrap.wrap(caption, 23 * across)
        text = "\n".join(lines if len(lines) <= 4 else [*lines[:3], lines[3] + " ..."])
        draw.multiline_text((left, top), text, fill=INK, font=font)
        for place, (words, image) in enumerate(pictures):
            x, y = left + place * (SIDE + GAP), top + TEXT
            sheet.paste(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, y))
            draw.rectangle((x - 1, y - 1, x + SIDE, y + SIDE), outline=FRAME)
            draw.text((x, y + SIDE + 3), words, fill=INK, font=font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
