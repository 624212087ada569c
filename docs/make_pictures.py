"""Draws the pictures of the README from a row of a shipped recipe: `python docs/make_pictures.py`.

A test compares them with what is drawn now.
"""

from __future__ import annotations

from pathlib import Path

from generate_any_scene import scene
from generate_any_scene.builders.drawing.rows import draw_row

RECIPE, INDEX = "multi_object", 1821
QUESTIONS = (
    "Is there an armadillo in the picture?",
    "How many scented candles are there in the picture?",
    "What color are the scented candles?",
    "Are the scented candles brand-new?",
    "What is sniffing the butter?",
    "Which words fill the gap: the butter is ___ the scented candles?",
)
WIDTHS = {"scene.svg": 830, "scene-narrow.svg": 430}


def draw_pictures() -> dict[str, str]:
    """Returns the pictures by the name of their file in docs/.

    Raises:
        KeyError: The row does not have one of the questions any more: choose others, and look at the pictures.
    """
    row = scene(RECIPE, INDEX)
    # Several questions may have one text, such as with and without choices: the last one has choices.
    asked = {question["question"]: question for question in row["questions"]}
    return {name: draw_row(row, [asked[text] for text in QUESTIONS], width) for name, width in WIDTHS.items()}


if __name__ == "__main__":
    for name, picture in draw_pictures().items():
        (Path(__file__).parent / name).write_text(picture, encoding="utf-8")
