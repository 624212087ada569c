"""The judge of the sandbox: it finds all shapes of a picture and answers every question about them, in words.

It looks at pixels alone: not at tokens, and not at the scene graph that a picture was made for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from PIL import Image, ImageDraw

from ...errors import GasError
from ...taxonomy.english.numerals import write_number
from ..pictures import open_each
from .pictures import CELL, COLORS, GRID, GROUND, SHAPES, SIZES, STEPS, draw_shape

SIDE = 12
"""Shapes are told apart by what they fill of 12 x 12 fields around them."""
LEAST = 6
"""Specks of fewer pixels, of a picture 72 wide, are nothing."""


@dataclass(frozen=True)
class Thing:
    """A shape in a picture: what it is, and its center in pixels of a picture 72 wide; y goes down."""

    shape: str
    color: str
    size: str
    x: float
    y: float


def find_things(picture: Image.Image) -> list[Thing]:
    """Finds all shapes of a picture: connected pixels that are nearest to one color."""
    colors = np.asarray(picture.convert("RGB").quantize(palette=_make_palette(), dither=Image.Dither.NONE))
    scale = GRID * CELL / picture.width
    things = []
    colors = np.where(colors <= len(COLORS), colors, 0)  # the palette is filled up with more of the ground
    for patch in find_patches(colors):
        rows, starts, ends = zip(*patch.runs, strict=True)
        top, left, height, width = rows[0], min(starts), rows[-1] - rows[0] + 1, max(ends) - min(starts)
        if (sum(ends) - sum(starts)) * scale**2 >= LEAST:
            mask = np.zeros((height, width), dtype=bool)
            for row, start, end in patch.runs:
                mask[row - top, start - left : end - left] = True
            shape = _name_shape(_sample(mask))
            size = _name_size(shape, max(height, width) * scale)
            center = (left + (width - 1) / 2) * scale, (top + (height - 1) / 2) * scale
            things.append(Thing(shape, list(COLORS)[patch.color - 1], size, *center))
    return sorted(things, key=lambda thing: (thing.y, thing.x))


def measure_top_row(pictures: Sequence[Image.Image]) -> float:
    """The share of pictures whose shapes are all in the top row, which is where a policy that gives up places ends."""
    things = [find_things(picture) for picture in pictures]
    return float(np.mean([all(thing.y < CELL for thing in some) for some in things]))


@lru_cache
def _make_palette() -> Image.Image:
    """The ground's color first, then those of shapes."""
    colors = [GROUND, *COLORS.values()]
    palette = Image.new("P", (1, 1))
    # What is left of 256 entries would be black.
    palette.putpalette([value for color in colors + [GROUND] * (256 - len(colors)) for value in color])
    return palette


@dataclass(frozen=True)
class Patch:
    """Connected pixels of one color: its number, and runs of pixels (row, start, end), from the top down."""

    color: int
    runs: list[tuple[int, int, int]]


def find_patches(colors: np.ndarray) -> list[Patch]:
    """Finds all patches of a picture of numbered colors, shape (height, width), but for the ground's, which is 0."""
    height, width = colors.shape
    edges = np.ones((height, width + 1), dtype=bool)
    edges[:, 1:-1] = colors[:, 1:] != colors[:, :-1]
    rows, starts = np.nonzero(edges[:, :-1])
    ends = np.nonzero(edges[:, 1:])[1] + 1
    kinds = colors[rows, starts]
    kept = kinds > 0
    runs = list(zip(*(one[kept].tolist() for one in (rows, starts, ends, kinds)), strict=True))
    owner = list(range(len(runs)))

    def find(run: int) -> int:
        while owner[run] != run:
            owner[run] = run = owner[owner[run]]
        return run

    above = 0
    for number, (row, start, end, kind) in enumerate(runs):
        while runs[above][0] < row - 1:
            above += 1
        for other in range(above, number):
            other_row, other_start, other_end, other_kind = runs[other]
            if other_row >= row or other_start >= end:
                break
            if kind == other_kind and start < other_end:
                owner[find(number)] = find(other)
    patches: dict[int, Patch] = {}
    for number, (row, start, end, kind) in enumerate(runs):
        patches.setdefault(find(number), Patch(kind, [])).runs.append((row, start, end))
    return list(patches.values())


def _sample(mask: np.ndarray) -> bytes:
    """What a mask fills of SIDE x SIDE fields, whatever its size."""
    rows, columns = (((np.arange(SIDE) + 0.5) * length / SIDE).astype(int) for length in mask.shape)
    return mask[np.ix_(rows, columns)].tobytes()


@lru_cache(maxsize=4096)
def _name_shape(sample: bytes) -> str:
    """The shape that differs in the fewest fields, at any of the sizes."""
    differences = [(sum(a != b for a, b in zip(sample, other, strict=True)), name) for other, name in _list_samples()]
    return min(differences)[1]


@lru_cache
def _list_samples() -> tuple[tuple[bytes, str], ...]:
    """What shapes fill at each size, with a center on a pixel and between two, which few pixels show differently."""
    cases = [(shape, radius, shift) for shape in SHAPES for radius in (*SIZES.values(), 40) for shift in (0, 0.5)]
    return tuple((_sample(_draw_box(*case)), case[0]) for case in cases)


@lru_cache
def _draw_box(shape: str, radius: int, shift: float) -> np.ndarray:
    """A shape within the box around it, bool."""
    mask = Image.new("1", (2 * radius + 4, 2 * radius + 4))
    draw_shape(ImageDraw.Draw(mask), shape, radius + 1 + shift, radius + 1 + shift, radius)
    filled = np.asarray(mask, dtype=np.uint8) > 0
    rows, columns = np.nonzero(filled)
    return filled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def _name_size(shape: str, extent: float) -> str:
    """The size whose shape is nearest in extent: the longer side of the box around it, in pixels."""
    return min(SIZES, key=lambda size: abs(max(_draw_box(shape, SIZES[size], 0.5).shape) - extent))


Reply = Callable[[list[Thing]], str]
NAMES = "|".join(sorted({*SHAPES, *(f"{shape}s" for shape in SHAPES), "crosses", "shape", "shapes"}, key=len)[::-1])
VALUES = "|".join((*COLORS, *(size for size in SIZES if size)))
SIDES = "|".join(STEPS)
MEDIUM = "(?:picture|image)"


@lru_cache(maxsize=65536)
def read_question(question: str) -> Reply:
    """Reads a question of the sandbox and gives what answers it from the shapes of a picture.

    Raises:
        GasError: It is no question about shapes, colors, sizes and places.
    """
    text, _, choices = question.partition("?")
    for pattern, make in PATTERNS:
        if match := re.fullmatch(pattern, text.strip(), flags=re.IGNORECASE):
            return make(match, choices)
    raise GasError(f"the sandbox's judge does not understand `{question}`")


def _is_there(match: re.Match, choices: str) -> Reply:
    name = match["name"]
    return lambda things: "yes" if any(thing.shape == name for thing in things) else "no"


def _how_many(match: re.Match, choices: str) -> Reply:
    return lambda things: write_number(sum(_is_called(thing, match["name"]) for thing in things))


def _is_called(thing: Thing, name: str) -> bool:
    return name in (thing.shape, f"{thing.shape}s", f"{thing.shape}es", "shape", "shapes")


def _about_one(name: str, reply: Callable[[Thing, list[Thing]], str]) -> Reply:
    """`The circle` is there once, or else nothing is said about it."""

    def answer(things: list[Thing]) -> str:
        alike = [thing for thing in things if thing.shape == name]
        return reply(alike[0], things) if len(alike) == 1 else f"there are {write_number(len(alike))} of {name}"

    return answer


def _has(match: re.Match, choices: str) -> Reply:
    value = match["value"]
    return _about_one(match["name"], lambda thing, _: "yes" if value in (thing.color, thing.size) else "no")


def _what_color(match: re.Match, choices: str) -> Reply:
    return _about_one(match["name"], lambda thing, _: thing.color)


def _what_size(match: re.Match, choices: str) -> Reply:
    return _about_one(match["name"], lambda thing, _: thing.size or "medium")


def _what_has(match: re.Match, choices: str) -> Reply:
    value = match["value"]
    return lambda things: _join([thing.shape for thing in things if value in (thing.color, thing.size)])


def _which_describes(match: re.Match, choices: str) -> Reply:
    words = _list_words(choices, (*COLORS, *SIZES))
    return _about_one(
        match["name"], lambda thing, _: _join([word for word in words if word in (thing.color, thing.size)])
    )


def _which_is_there(match: re.Match, choices: str) -> Reply:
    words = _list_words(choices, SHAPES)
    return lambda things: _join([word for word in words if any(thing.shape == word for thing in things)])


def _stands(thing: Thing, predicate: str, other: Thing) -> bool:
    right, down = STEPS[predicate]
    return (thing.x - other.x) * right + (thing.y - other.y) * down > CELL / 2


def _is_at(match: re.Match, choices: str) -> Reply:
    name, predicate, target = match["name"], match["side"], match["target"]

    def reply(thing: Thing, things: list[Thing]) -> str:
        def about(other: Thing, _: list[Thing]) -> str:
            return "yes" if _stands(thing, predicate, other) else "no"

        if match["article"] == "the":
            return _about_one(target, about)(things)
        others = [other for other in things if other.shape == target and other is not thing]
        return "yes" if any(_stands(thing, predicate, other) for other in others) else "no"

    if match["subject"] == "the":
        return _about_one(name, reply)
    return lambda things: "yes" if "yes" in [reply(thing, things) for thing in things if thing.shape == name] else "no"


def _what_is_at(match: re.Match, choices: str) -> Reply:
    predicate = match["side"]
    return _about_one(
        match["name"],
        lambda thing, things: _join([other.shape for other in things if _stands(other, predicate, thing)]),
    )


def _at_what(match: re.Match, choices: str) -> Reply:
    predicate = match["side"]
    return _about_one(
        match["name"],
        lambda thing, things: _join([other.shape for other in things if _stands(thing, predicate, other)]),
    )


def _list_words(choices: str, known: Sequence[str]) -> list[str]:
    """Those of the known words that the choices hold."""
    return [word for word in known if word and re.search(rf"\b{word}\b", choices)]


def _join(words: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(words)) or "nothing"


ONE = f"the (?P<name>{NAMES})"
PATTERNS: tuple[tuple[str, Callable[[re.Match, str], Reply]], ...] = (
    (rf"is there an? (?P<name>{NAMES}) in the {MEDIUM}", _is_there),
    (rf"which of these is in the {MEDIUM}", _which_is_there),
    (rf"how many (?P<name>{NAMES}) are there in the {MEDIUM}", _how_many),
    (rf"is {ONE} (?P<value>{VALUES})", _has),
    (rf"what color is {ONE}", _what_color),
    (rf"what size is {ONE}", _what_size),
    (rf"which of these describes {ONE}", _which_describes),
    (rf"what in the {MEDIUM} is (?P<value>{VALUES})", _what_has),
    (rf"is (?P<subject>the|an?) (?P<name>{NAMES}) (?P<side>{SIDES}) (?P<article>the|an?) (?P<target>{NAMES})", _is_at),
    (rf"what is (?P<side>{SIDES}) {ONE}", _what_is_at),
    (rf"what is {ONE} (?P<side>{SIDES})", _at_what),
)
"""Every way in which a question of the sandbox reads, up to its question mark, and what reads it."""


def _reply(question: str, things: list[Thing]) -> str:
    return read_question(question)(things)


Shown = Image.Image | Sequence[Image.Image]
"""What a judge looks at, as `judges/protocol.py` has it."""


@dataclass(frozen=True)
class SandboxJudge:
    """Answers from the pixels, always right; a `judges.protocol.Judge`.

    Attributes:
        find: Finds what is in a picture.
        reply: Answers a question in words from what was found; of what is not there once, how often it is there.
    """

    find: Callable[[Image.Image], list[Any]] = find_things
    reply: Callable[[str, list[Any]], str] = _reply
    id: ClassVar[str] = "sandbox"

    def answer(self, images: Sequence[Shown], questions: Sequence[str]) -> list[str]:
        """Answers in words; of several frames about the first."""
        opened = open_each(images).items()
        seen = {key: self.find(picture[0] if isinstance(picture, tuple) else picture) for key, picture in opened}
        return [self.reply(text, seen[id(image)]) for image, text in zip(images, questions, strict=True)]

    def probability(self, images: Sequence[Shown], questions: Sequence[str], answers: Sequence[str]) -> list[float]:
        """1 for what it would answer, 0 for all else."""
        replies = self.answer(images, questions)
        return [float(reply.casefold() == answer.casefold()) for reply, answer in zip(replies, answers, strict=True)]
