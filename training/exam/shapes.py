"""What shapes of the exam look like, and pictures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from ..sandbox.pictures import draw_shape

SIDE = 448
"""Pixels of a picture's side."""
SHAPES = (
    "arrow",
    "circle",
    "crescent",
    "cross",
    "diamond",
    "heart",
    "hexagon",
    "semicircle",
    "square",
    "star",
    "triangle",
)
"""No two of them go by one name: a ring may be called a circle, and a square on its corner a square."""
COLORS: Mapping[str, tuple[int, int, int]] = {
    "black": (20, 20, 20),
    "blue": (30, 80, 220),
    "green": (20, 140, 50),
    "orange": (255, 135, 0),
    "pink": (255, 130, 190),
    "purple": (125, 40, 170),
    "red": (215, 20, 35),
    "yellow": (250, 215, 30),
}
SIZES: Mapping[str, int] = {"small": 14, "": 23, "large": 36}
"""Radius in pixels; what has no size in words is in between."""
GROUND, STROKE = (255, 255, 255), (214, 214, 214)
FINER = 4
"""Masks are drawn so many times as large, and then shrunk, so that edges are smooth."""


@dataclass(frozen=True)
class Thing:
    """A shape in a picture: what it is, and its center in pixels; y goes down."""

    shape: str
    color: str
    size: str
    x: int
    y: int

    @property
    def radius(self) -> int:
        return SIZES[self.size]


@dataclass(frozen=True)
class Stroke:
    """A thin gray line that is nothing: clutter."""

    start: tuple[int, int]
    end: tuple[int, int]


def draw_things(things: Sequence[Thing], clutter: Sequence[Stroke] = ()) -> Image.Image:
    """Draws a picture, mode RGB, 448 x 448; what comes later covers what came before."""
    picture = Image.new("RGB", (SIDE, SIDE), GROUND)
    draw = ImageDraw.Draw(picture)
    for stroke in clutter:
        draw.line((stroke.start, stroke.end), fill=STROKE, width=2)
    for thing in things:
        mask = draw_mask(thing.shape, thing.radius)
        half = mask.width // 2
        picture.paste(COLORS[thing.color], (thing.x - half, thing.y - half), mask)
    return picture


@lru_cache
def draw_mask(shape: str, radius: int) -> Image.Image:
    """How much of each pixel a shape fills, mode L; its center is that of the mask, whose sides are even."""
    side = 2 * radius + 4
    mask = Image.new("1", (side * FINER, side * FINER))
    _draw(ImageDraw.Draw(mask), shape, side * FINER / 2, radius * FINER)
    return mask.convert("L").reduce(FINER)


@lru_cache
def fill_mask(shape: str, radius: int) -> np.ndarray:
    """The pixels that a shape fills wholly, bool."""
    return np.asarray(draw_mask(shape, radius)) == 255


def _draw(draw: ImageDraw.ImageDraw, shape: str, center: float, r: float) -> None:
    """Fills a shape around a center on the diagonal; those that the sandbox has not, or has less clearly, here."""

    def at(*places: tuple[float, float]) -> list[tuple[float, float]]:
        return [(center + r * x, center + r * y) for x, y in places]

    box = at((-1, -1), (1, 1))
    if shape == "arrow":
        head, shaft = [(0.1, -0.75), (1, 0), (0.1, 0.75)], [(0.1, 0.25), (-1, 0.25), (-1, -0.25), (0.1, -0.25)]
        draw.polygon(at(*head, *shaft), fill=1)
    elif shape == "crescent":
        draw.ellipse(box, fill=1)
        draw.ellipse(at((-0.45, -0.85), (1.25, 0.85)), fill=0)
    elif shape == "diamond":
        draw.polygon(at((0, -1), (0.62, 0), (0, 1), (-0.62, 0)), fill=1)
    elif shape == "heart":
        draw.ellipse(at((-1, -0.9), (0.04, 0.14)), fill=1)
        draw.ellipse(at((-0.04, -0.9), (1, 0.14)), fill=1)
        draw.polygon(at((-0.94, -0.13), (0, -0.4), (0.94, -0.13), (0, 0.95)), fill=1)
    elif shape == "hexagon":
        draw.polygon(at(*((cos(turn * pi / 3), sin(turn * pi / 3)) for turn in range(6))), fill=1)
    elif shape == "semicircle":
        draw.pieslice(at((-1, -0.5), (1, 1.5)), 180, 360, fill=1)
    elif shape == "square":
        draw.rectangle(at((-0.85, -0.85), (0.85, 0.85)), fill=1)
    else:
        draw_shape(draw, shape, center, center, r)
