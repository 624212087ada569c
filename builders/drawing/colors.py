"""The colors of all pictures: one for each part of a scene, in all kinds of pictures, on light pages and on dark ones.

Pictures name the light ones in attributes; `svg.write_style` adds a style that replaces them for readers with a dark
scheme. Where a page's policy allows no styles in pictures, they stay light, on paper of their own.
"""

from __future__ import annotations

INK, PALE, LINE, PAPER, GROUND = "#1f2937", "#5b6472", "#d0d7de", "#ffffff", "#eceff3"
BOX, BOX_EDGE = "#e8f1fb", "#3b6ea5"
VALUE, RELATION = "#8a5a00", "#8a2f8a"
SCENE, SCENE_EDGE, SCENE_TEXT = "#eef6ec", "#7ba26b", "#3f6d31"
SEED, SEED_EDGE = "#fdebd7", "#b3702a"
"""Objects that every structure has."""
YES, NO, OTHER = ("#e3f3e4", "#1a6b2e"), ("#fce9e7", "#a3271c"), (GROUND, "#38424f")
"""Ground and letters of an answer."""
MENTIONS = {"object": BOX_EDGE, "attribute": VALUE, "relation": RELATION, "scene": SCENE_TEXT}
"""Letters and lines that stand for a part of a scene."""
BARS = ("#3b70a8", "#e0a030", "#a83250", "#8fc47f", "#5b4a9a", "#b8d8f0", "#7a4a00", "#9aa3ad")
"""Parts of a bar, on light and dark paper. Any two of the first four are told apart with any color vision."""
DARK = {
    INK: "#e6edf3",
    PALE: "#9ea7b3",
    LINE: "#3a424c",
    PAPER: "#0f141b",
    GROUND: "#252c36",
    BOX: "#15263a",
    BOX_EDGE: "#79b0e8",
    VALUE: "#e0b04a",
    RELATION: "#d9a0e0",
    SCENE: "#182a1a",
    SCENE_EDGE: "#4d7042",
    SCENE_TEXT: "#8fc47f",
    SEED: "#3a2814",
    SEED_EDGE: "#e0a56a",
    YES[0]: "#163320",
    YES[1]: "#7ad08d",
    NO[0]: "#3d1a18",
    NO[1]: "#f2958c",
    OTHER[1]: "#cdd5df",
}
"""Colors on a dark page, by those on a light one; the others serve on both."""
