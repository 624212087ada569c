"""Planted errors: a scene's picture with one thing wrong, in a way that changes the answer to one of its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from .scenes import ANYWHERE, LEVELS, Scene, can_be_seen, place_thing
from .shapes import COLORS, SHAPES, SIDE, Thing
from .truth import STEPS, answer_question, leave_number, stand

TRIES = 40
"""How often an error is drawn before it is given up."""
MOST = 7
"""Things of a shape, at most."""

Spoil = Callable[[Scene, np.random.Generator], list[Thing] | None]


def spoil_scene(scene: Scene, error: str, random: np.random.Generator) -> Scene | None:
    """Plants an error in a scene.

    Returns: The scene with other things in it, and the same questions; None where the error is not possible.
    """
    for _ in range(TRIES):
        things = ERRORS[error](scene, random)
        if things and can_be_seen(things):
            spoiled = replace(scene, things=tuple(things))
            if find_changed(scene, spoiled):
                return spoiled
    return None


def find_changed(scene: Scene, spoiled: Scene) -> list[int]:
    """The places of the questions that have one answer in each of two pictures, and not the same."""
    places = []
    for place, one in enumerate(scene.questions):
        before, after = (answer_question(one["question"], each.things, one["choices"]) for each in (scene, spoiled))
        if before and after and leave_number(before) != leave_number(after):
            places.append(place)
    return places


def _draw(items: Sequence[str], random: np.random.Generator) -> str:
    return items[int(random.integers(len(items)))]


def _draw_shape(scene: Scene, random: np.random.Generator) -> str:
    """A shape of the scene."""
    return _draw(sorted({thing.shape for thing in scene.things}), random)


def _leave_out(scene: Scene, random: np.random.Generator) -> list[Thing]:
    """All things of a shape are missing."""
    shape = _draw_shape(scene, random)
    return [thing for thing in scene.things if thing.shape != shape]


def _add(scene: Scene, random: np.random.Generator) -> list[Thing] | None:
    """Something is there that should not be."""
    there = {thing.shape for thing in scene.things}
    kind = _draw([shape for shape in SHAPES if shape not in there], random), _draw(list(COLORS), random), ""
    return _place(list(scene.things), kind, scene, random)


def _place(
    things: list[Thing], kind: tuple[str, str, str], scene: Scene, random: np.random.Generator
) -> list[Thing] | None:
    return things if place_thing(things, kind, ANYWHERE, LEVELS[scene.level].covered, random) else None


def _swap_colors(scene: Scene, random: np.random.Generator) -> list[Thing]:
    """Things of two shapes have each other's color; or, where they have the same, those of one have another."""
    one, other = random.permutation(sorted({thing.shape for thing in scene.things}))[:2].tolist()
    colors = {thing.shape: thing.color for thing in scene.things}
    others = [color for color in COLORS if color not in colors.values()]
    new = {one: colors[other], other: colors[one]} if colors[one] != colors[other] else {one: _draw(others, random)}
    return [replace(thing, color=new.get(thing.shape, thing.color)) for thing in scene.things]


def _miscount(scene: Scene, random: np.random.Generator) -> list[Thing] | None:
    """There is one more or one fewer of a shape."""
    shape = _draw_shape(scene, random)
    alike = [thing for thing in scene.things if thing.shape == shape]
    if len(alike) > 1 and (len(alike) == MOST or random.random() < 0.5):
        left_out = alike[random.integers(len(alike))]
        return [thing for thing in scene.things if thing is not left_out]
    one = alike[0]
    return _place(list(scene.things), (one.shape, one.color, one.size), scene, random)


def _mirror(scene: Scene, random: np.random.Generator) -> list[Thing]:
    """All places are mirrored along the axis of a relation; the shapes themselves are not."""
    relation = scene.graph["relations"][random.integers(len(scene.graph["relations"]))]
    across = STEPS[relation["predicate"]][0] != 0
    return [replace(thing, x=SIDE - thing.x) if across else replace(thing, y=SIDE - thing.y) for thing in scene.things]


def _move(scene: Scene, random: np.random.Generator) -> list[Thing] | None:
    """One thing stands where a relation does not hold any more, and the opposite one neither."""
    relation = scene.graph["relations"][random.integers(len(scene.graph["relations"]))]
    shapes = [scene.graph["objects"][relation[end]]["name"] for end in ("subject", "object")]
    movable = [place for place, thing in enumerate(scene.things) if thing.shape in shapes]
    place = movable[random.integers(len(movable))]
    moved = scene.things[place]
    rest = [thing for number, thing in enumerate(scene.things) if number != place]
    ends = [[thing for thing in rest if thing.shape == shape] for shape in shapes]
    ends[shapes.index(moved.shape)].append(moved)
    for _ in range(TRIES):
        things = _place(list(rest), (moved.shape, moved.color, moved.size), scene, random)
        if things:
            ends[shapes.index(moved.shape)][-1] = things[-1]
            subjects, targets = ends
            predicate = relation["predicate"]
            if stand(subjects, predicate, targets) is False and stand(targets, predicate, subjects) is False:
                return things
    return None


ERRORS: Mapping[str, Spoil] = {
    "missing": _leave_out,
    "added": _add,
    "swapped_color": _swap_colors,
    "wrong_count": _miscount,
    "mirrored": _mirror,
    "moved": _move,
}
"""What can be wrong with a picture."""
