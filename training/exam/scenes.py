"""Scenes of the exam: what a row's scene graph says, laid out in a picture so that all of it is true there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations, count
from math import cos, hypot, pi, sin
from typing import Any

import numpy as np

from ...builders.foundation.counter_rng import derive_key
from ...builders.rows.single import open_writer
from ...builders.rows.writer import RowWriter
from ..sandbox.judge import find_patches
from .shapes import COLORS, SIDE, SIZES, Stroke, Thing, draw_mask, fill_mask
from .truth import STEPS, answer_question


@dataclass(frozen=True)
class Level:
    """How hard pictures are.

    Attributes:
        overrides: Keys of the exam's recipe.
        strokes: Lines of clutter.
        covered: Pairs of things of which one covers a part of the other, at most.
    """

    overrides: Mapping[str, Any]
    strokes: int = 0
    covered: int = 0


def _override(objects: Any, relations: Any, attributes: Any, copies: Any) -> dict[str, Any]:
    structure = {"objects": objects, "relations": relations, "attributes": attributes}
    return {"structure": structure, "content": {"objects": {"copies": copies}}}


LEVELS: Mapping[int, Level] = {
    1: Level(_override([2, 2], [1, 1], [1, 4], [1, 3])),
    2: Level(_override([2, 3], [1, 2], [2, 6], [1, 5]), strokes=12, covered=1),
    3: Level(_override([3, 3], [1, 2], [3, 6], [2, 6]), strokes=30, covered=3),
}
EDGE, GAP = 4, 5
"""Pixels between a thing and the picture's edge, and between things."""
SEEN = 0.75
"""The least share of a thing that is left to be seen, in one piece."""
CLOSEST, FARTHEST = 0.62, 0.85
"""How far apart the centers of two things are that cover each other, of the sum of their radii."""
ROWS = 128
"""Rows that are taken of a block."""
PLACES, LAYOUTS = 60, 300
"""How often a place for a thing is drawn, and a layout for a scene, before that is given up."""


@dataclass(frozen=True)
class Scene:
    """A row with a layout in which all that it says is true.

    Attributes:
        id: Of the row.
        level: How hard it is.
        graph: The row's scene graph.
        questions: The row's questions.
        things: What is in the picture; what comes later covers what came before.
        clutter: Lines that are nothing.
    """

    id: str
    level: int
    graph: Mapping[str, Any]
    questions: Sequence[Mapping[str, Any]]
    things: tuple[Thing, ...]
    clutter: tuple[Stroke, ...]


def make_scenes(number: int, seed: int) -> list[Scene]:
    """Makes scenes, as many of each level, the easy ones first where the number does not part evenly."""
    scenes = []
    for place, level in enumerate(LEVELS):
        wanted = (number + len(LEVELS) - 1 - place) // len(LEVELS)
        found = _lay_out_all(level, seed)
        scenes += [next(found) for _ in range(wanted)]
    return scenes


def _lay_out_all(level: int, seed: int) -> Iterator[Scene]:
    """The scenes of a level that have room in a picture, without end."""
    writer = _open_exam(level, seed)
    rows = (row for block in count() for row in writer.write_block("train", block, ROWS).to_pylist())
    for index, row in enumerate(rows):
        random = np.random.default_rng(derive_key(seed, "exam", level, index))
        things = lay_out(row["scene_graph"], row["questions"], LEVELS[level].covered, random)
        if things:
            clutter = tuple(_draw_stroke(random) for _ in range(LEVELS[level].strokes))
            name = f"exam/level-{level}/{index:09d}"
            yield Scene(name, level, row["scene_graph"], row["questions"], things, clutter)


def _open_exam(level: int, seed: int) -> RowWriter:
    recipe = files(__package__) / "exam.yaml"
    return open_writer(str(recipe), {"seed": seed, **LEVELS[level].overrides})


def lay_out(
    graph: Mapping[str, Any], questions: Sequence[Mapping[str, Any]], covered: int, random: np.random.Generator
) -> tuple[Thing, ...]:
    """Places everything in a scene so that all questions that have an answer there have that of the row.

    Returns: The things, the largest first; none where no layout was found.
    """
    groups = _read_groups(graph, random)
    parts = sorted(zip(groups, _find_bands(graph), strict=True), key=lambda part: -SIZES[part[0][0][2]])
    for _ in range(LAYOUTS):
        things: list[Thing] = []
        kept = all(
            place_thing(things, kind, band, covered, random) for (kind, number), band in parts for _ in range(number)
        )
        if kept and can_be_seen(things) and _is_true(things, questions):
            return tuple(things)
    return ()


def _is_true(things: Sequence[Thing], questions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether questions have the row's answers; those about attributes may have none, since sizes may not compare."""
    answers = [answer_question(one["question"], things, one["choices"]) for one in questions]
    return all(
        answer == one["answer"] or (answer is None and one["kind"] == "attribute")
        for answer, one in zip(answers, questions, strict=True)
    )


Kind = tuple[str, str, str]
"""Shape, color and size of a thing."""


def _read_groups(graph: Mapping[str, Any], random: np.random.Generator) -> list[tuple[Kind, int]]:
    """What each object is, and how many of it there are; a color that it has not in words is none that another has."""
    values = [{one["kind"]: one["value"] for one in item["attributes"]} for item in graph["objects"]]
    named = {one.get("color") for one in values}
    free = iter(random.permutation([color for color in COLORS if color not in named]).tolist())
    return [
        ((item["name"], one.get("color") or next(free), one.get("size", "")), item["count"])
        for item, one in zip(graph["objects"], values, strict=True)
    ]


Band = tuple[tuple[float, float], tuple[float, float]]
"""From where to where in the picture, across and down."""


def _find_bands(graph: Mapping[str, Any]) -> list[Band]:
    """Where each object has room so that all relations hold: along each axis, in strips one after the other."""
    number = len(graph["objects"])
    strips: list[list[tuple[float, float]]] = []
    for axis in range(2):
        pairs = [
            (one["subject"], one["object"]) if step < 0 else (one["object"], one["subject"])
            for one in graph["relations"]
            if (step := STEPS[one["predicate"]][axis])
        ]
        ranks = [0] * number
        for _ in range(number):
            for first, second in pairs:
                ranks[second] = max(ranks[second], ranks[first] + 1)
        width = SIDE / (max(ranks) + 1)
        bound = {place for pair in pairs for place in pair}
        strips.append(
            [(rank * width, rank * width + width) if one in bound else (0, SIDE) for one, rank in enumerate(ranks)]
        )
    return list(zip(*strips, strict=True))


ANYWHERE: Band = ((0.0, SIDE), (0.0, SIDE))


def place_thing(things: list[Thing], kind: Kind, band: Band, covered: int, random: np.random.Generator) -> bool:
    """Adds a thing where there is room for it, and says whether there was."""
    radius = SIZES[kind[2]]
    (left, right), (top, bottom) = band
    inset = radius + EDGE
    if right - left < 2 * inset or bottom - top < 2 * inset:
        return False
    covering = _find_covering(things)
    paired = {thing for pair in covering for thing in pair}
    free = [thing for thing in things if thing.color != kind[1] and thing not in paired]
    is_allowed = len(covering) < covered
    for _ in range(PLACES):
        x, y = random.uniform(left + inset, right - inset), random.uniform(top + inset, bottom - inset)
        if is_allowed and free and random.random() < 0.5:  # one covers a part of the other
            other, turn = free[random.integers(len(free))], random.uniform(0, 2 * pi)
            reach = random.uniform(CLOSEST, FARTHEST) * (radius + other.radius)
            x, y = other.x + reach * cos(turn), other.y + reach * sin(turn)
            if not (left + inset <= x <= right - inset and top + inset <= y <= bottom - inset):
                continue
        thing = Thing(*kind, round(x), round(y))
        close = [other for other in things if _is_close(thing, other)]
        if not close or (is_allowed and len(close) == 1 and close[0] in free and not _collide(thing, close[0])):
            things.append(thing)
            return True
    return False


def _is_close(one: Thing, other: Thing) -> bool:
    """Whether two may cover each other; corners reach out of a thing's radius."""
    return hypot(one.x - other.x, one.y - other.y) < 1.12 * (one.radius + other.radius) + GAP


def _collide(one: Thing, other: Thing) -> bool:
    """Whether two cannot be told apart, or one covers too much of the other."""
    if one.color == other.color:
        return _is_close(one, other)
    return hypot(one.x - other.x, one.y - other.y) < CLOSEST * (one.radius + other.radius)


def _find_covering(things: Sequence[Thing]) -> list[tuple[Thing, Thing]]:
    return [pair for pair in combinations(things, 2) if _is_close(*pair)]


def can_be_seen(things: Sequence[Thing]) -> bool:
    """Whether no two things of a color touch, and enough of each is left to be seen, in one piece.

    A thing covers one other, or is covered by it, at most.
    """
    if any(_collide(*pair) for pair in combinations(things, 2)):
        return False
    covering = _find_covering(things)
    if not covering:
        return True
    owner = np.zeros((SIDE, SIDE), dtype=np.int16)
    for number, thing in enumerate(things, 1):
        _cut(owner, thing)[np.asarray(draw_mask(thing.shape, thing.radius)) > 0] = number
    close = [thing for pair in covering for thing in pair]
    if len(set(close)) < len(close):
        return False
    for number, thing in enumerate(things, 1):
        if thing in close:
            whole = fill_mask(thing.shape, thing.radius)
            seen = whole & (_cut(owner, thing) == number)
            if seen.sum() < SEEN * whole.sum() or len(find_patches(seen)) != 1 or not _shows_extent(seen, whole):
                return False
    return True


def _shows_extent(seen: np.ndarray, whole: np.ndarray) -> bool:
    """Whether a shape is seen as far as it reaches: to the left or the right, and to the top or the bottom."""
    ends = [
        (np.flatnonzero(seen.any(axis=axis))[[0, -1]], np.flatnonzero(whole.any(axis=axis))[[0, -1]])
        for axis in (0, 1)
    ]
    return all((one == other).any() for one, other in ends)


def _cut(array: np.ndarray, thing: Thing) -> np.ndarray:
    """The part of a picture's array that a thing's mask lies on."""
    half = thing.radius + 2
    return array[thing.y - half : thing.y + half, thing.x - half : thing.x + half]


def _draw_stroke(random: np.random.Generator) -> Stroke:
    x, y = random.integers(0, SIDE, 2).tolist()
    turn, length = random.uniform(0, 2 * pi), random.uniform(30, 120)
    return Stroke((x, y), (round(x + length * cos(turn)), round(y + length * sin(turn))))
