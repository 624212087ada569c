"""What is true of things in a picture: the answers to questions about shapes, colors, sizes, numbers and places.

A question that has not one answer that everybody would give has none here: of a star that stands level with a heart,
or a size where all are alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from ...taxonomy.english.inflection import make_plural
from ...taxonomy.english.numerals import write_number
from .shapes import COLORS, SHAPES, SIZES, Thing

STEPS = {"to the left of": (-1, 0), "to the right of": (1, 0), "above": (0, -1), "below": (0, 1)}
"""Where the subject of a relation stands, seen from its object; y goes down."""
LEVEL = 12
"""What differs by fewer pixels stands level."""
PLURALS = {make_plural(shape): shape for shape in SHAPES}

Reply = Callable[[Sequence[Thing]], str | None]


def answer_question(question: str, things: Sequence[Thing], choices: Sequence[str] = ()) -> str | None:
    """Answers a question as a row has it, from the things in a picture.

    Returns: The answer; None where it has none, or none of its choices.

    Raises:
        ValueError: It is no question of the exam.
    """
    answer = _read(question, tuple(choices))(things)
    return None if choices and answer not in choices else answer


@lru_cache(maxsize=65536)
def _read(question: str, choices: tuple[str, ...]) -> Reply:
    for pattern, make in PATTERNS:
        if match := re.fullmatch(pattern, question, flags=re.IGNORECASE):
            return make(match, choices)
    raise ValueError(f"the exam asks no such question: {question!r}")


def leave_number(answer: str) -> str:
    """An answer without its number: `circle` for `circles`, which nobody gets wrong who knows the one."""
    return PLURALS.get(answer, answer)


def _find(things: Sequence[Thing], name: str) -> list[Thing]:
    """The things of a name, singular or plural."""
    shape = leave_number(name)
    return [thing for thing in things if thing.shape == shape]


def _refer(things: Sequence[Thing], name: str) -> list[Thing]:
    """What `the circle` or `the circles` are; nothing where there are not one, or not several."""
    found = _find(things, name)
    return found if (len(found) > 1) == (name in PLURALS) else []


def _name(things: Sequence[Thing]) -> str | None:
    """What things are called that all have one shape."""
    shapes = Counter(thing.shape for thing in things)
    if len(shapes) != 1:
        return None
    ((shape, number),) = shapes.items()
    return make_plural(shape) if number > 1 else shape


def _choose(choices: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    fitting = [choice for choice in choices if fits(choice)]
    return fitting[0] if len(fitting) == 1 else None


def _tell(is_true: bool | None) -> str | None:
    return None if is_true is None else "yes" if is_true else "no"


def has_value(things: Sequence[Thing], value: str, every: Sequence[Thing]) -> bool | None:
    """Whether all of some things have a color or a size, where sizes of `every` can be told apart."""
    if not things:
        return None
    if value in COLORS:
        return all(thing.color == value for thing in things)
    sizes = {thing.size for thing in things}
    return sizes == {value} if {"small", "large"} <= {thing.size for thing in every} and "" not in sizes else None


def stand(subjects: Sequence[Thing], predicate: str, targets: Sequence[Thing]) -> bool | None:
    """Whether all of some things stand to the left of others, and so on.

    They do where each is past the edge of each other. They do not where none is past the center of any, or where one
    of either is past the edges of all of the others on the opposite side. In between nothing is said.
    """
    if not subjects or not targets:
        return None
    right, down = STEPS[predicate]
    ahead = np.array([[(one.x - other.x) * right + (one.y - other.y) * down for other in targets] for one in subjects])
    reach = np.array([[one.radius + other.radius for other in targets] for one in subjects])
    if (ahead >= reach).all():
        return True
    behind = ahead <= -reach
    return False if (ahead <= LEVEL).all() or behind.all(axis=0).any() or behind.all(axis=1).any() else None


def _is_there(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _tell(bool(_find(things, match["name"])))


def _which_is_there(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _choose(choices, lambda choice: bool(_find(things, choice)))


def _how_many(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: write_number(len(_find(things, match["name"])))


def _has(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _tell(has_value(_refer(things, match["name"]), match["value"], things))


def _what_value(match: re.Match, choices: Sequence[str]) -> Reply:
    values = choices or [value for value in (COLORS if match["group"] == "color" else SIZES) if value]
    return lambda things: _choose(
        values, lambda value: has_value(_refer(things, match["name"]), value, things) is True
    )


def _what_has(match: re.Match, choices: Sequence[str]) -> Reply:
    def reply(things: Sequence[Thing]) -> str | None:
        found = [(thing, has_value([thing], match["value"], things)) for thing in things]
        return _name([thing for thing, has in found if has]) if None not in (has for _, has in found) else None

    return reply


def _is_at(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _tell(stand(_refer(things, match["name"]), match["side"], _refer(things, match["target"])))


def _what_is_at(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _name_standing(things, match["name"], lambda one, ends: stand([one], match["side"], ends))


def _at_what(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _name_standing(things, match["name"], lambda one, ends: stand(ends, match["side"], [one]))


def _name_standing(
    things: Sequence[Thing], name: str, stands: Callable[[Thing, Sequence[Thing]], bool | None]
) -> str | None:
    """What stands so to what has a name: all things of a shape, and none of another."""
    ends = _refer(things, name)
    others = [thing for thing in things if thing not in ends]
    found = [stands(one, ends) for one in others] if ends else [None]
    standing = [one for one, is_so in zip(others, found, strict=False) if is_so]
    is_whole = None not in found and standing and len(standing) == len(_find(things, standing[0].shape))
    return _name(standing) if is_whole else None


def _are_more(match: re.Match, choices: Sequence[str]) -> Reply:
    return lambda things: _tell(len(_find(things, match["name"])) > len(_find(things, match["target"])))


def _which_most(match: re.Match, choices: Sequence[str]) -> Reply:
    def reply(things: Sequence[Thing]) -> str | None:
        numbers = [len(_find(things, choice)) for choice in choices]
        return _choose(choices, lambda choice: len(_find(things, choice)) == max(numbers))

    return reply


NAMES = "|".join((*SHAPES, *PLURALS))
NAME, TARGET = rf"(?P<name>{NAMES})", rf"(?P<target>{NAMES})"
VALUE = rf"(?P<value>{'|'.join((*COLORS, *filter(None, SIZES)))})"
SIDE = rf"(?P<side>{'|'.join(STEPS)})"
MEDIUM, BE = "in the picture", "(?:is|are)"
PATTERNS: tuple[tuple[str, Callable[[re.Match, Sequence[str]], Reply]], ...] = (
    (rf"{BE} there (?:a|an|any) {NAME} {MEDIUM}\?", _is_there),
    (rf"which of these is {MEDIUM}\?", _which_is_there),
    (rf"how many {NAME} are there {MEDIUM}\?", _how_many),
    (rf"{BE} the {NAME} {VALUE}\?", _has),
    (rf"what (?P<group>color|size) {BE} the {NAME}\?", _what_value),
    (rf"what {MEDIUM} is {VALUE}\?", _what_has),
    (rf"{BE} the {NAME} {SIDE} the {TARGET}\?", _is_at),
    (rf"what {BE} {SIDE} the {NAME}\?", _what_is_at),
    (rf"what {BE} the {NAME} {SIDE}\?", _at_what),
    (rf"are there more {NAME} than {TARGET} {MEDIUM}\?", _are_more),
    (rf"which of these are there most of {MEDIUM}\?", _which_most),
)
"""Every way in which a question of the exam reads, and what reads it."""
