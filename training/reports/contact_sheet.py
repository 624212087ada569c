"""Pictures of what a training did."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIDE, GAP, TEXT = 144, 12, 66
"""Width of a picture on a contact sheet, space between, and height of the text above, in pixels."""
COLUMNS = 4
FRAME, INK = (190, 190, 190), (30, 30, 30)


def paste_sheet(path: Path, pairs: Sequence[tuple[str, Image.Image, float, Image.Image, float]]) -> None:
    """Pastes pictures before and after side by side, below caption and the shares of right answers.

    Args:
        path: The PNG file to write.
        pairs: Caption, picture and share before, picture and share after.
    """
    scenes = [
        (caption, [(f"before: {share:.0%} right", one), (f"after: {other:.0%} right", two)])
        for caption, one, share, two, other in pairs
    ]
    paste_models(path, scenes)


def paste_models(path: Path, scenes: Sequence[tuple[str, Sequence[tuple[str, Image.Image]]]]) -> None:
    """Pastes the pictures of several models side by side, below a caption.

    Args:
        path: The PNG file to write.
        scenes: Captions, each with what stands below the pictures, and these; as many in all scenes.
    """
    models = len(scenes[0][1])
    columns = min(max(1, 2 * COLUMNS // models), len(scenes))
    rows = -(-len(scenes) // columns)
    width, height = models * (SIDE + GAP) + GAP, SIDE + TEXT + GAP + 18
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, (caption, shown) in enumerate(scenes):
        left, top = (number % columns) * width + GAP, (number // columns) * height + GAP
        lines = textwrap.wrap(caption, 23 * models)
        above = "\n".join(lines if len(lines) <= 4 else [*lines[:3], lines[3] + " ..."])
        draw.multiline_text((left, top), above, fill=INK, font=font)
        for place, (text, image) in enumerate(shown):
            x, y = left + place * (SIDE + GAP), top + TEXT
            sheet.paste(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, y))
            draw.rectangle((x - 1, y - 1, x + SIDE, y + SIDE), outline=FRAME)
            draw.text((x, y + SIDE + 3), text, fill=INK, font=font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
