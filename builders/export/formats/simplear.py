"""Captions for SimpleAR, a JSON array.

After wdrink/SimpleAR: simpar/train/t2i_data.py (GRPOT2IDataset).
"""

from __future__ import annotations

from pathlib import Path

from ..layout import PROMPT, Layout, Row, Tally

SPLITS = ("train",)
SCENE = "a scene: "


def convert_simplear(row: Row, tally: Tally) -> list[Row]:
    """An item of the JSON list of GRPOT2IDataset, which wants a path, opens no image, and puts `A photo of ` in front.

    What ends with a full stop is no phrase that can follow this, but a sentence.
    """
    caption = row["caption"]
    return [{"caption": f"{SCENE}{caption}" if caption.endswith(".") else caption, "image_path": ""}]


def lay_out(_: Path) -> Layout:
    return Layout(convert_simplear, begin="[\n", between=",\n", end="\n]\n", columns=PROMPT)
