"""What an exam asks: sheets, each a picture with questions and the answers that are right about it.

A question with the answer of its row is a statement about the scene. Of the picture that shows the scene it is true,
or false as foils are; of a spoiled picture only questions are asked whose answer the error changes. So each kind of
question is asked of true statements and of false ones, and each error of the same questions before and after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ...builders.foundation.counter_rng import derive_key
from .scenes import Scene, make_scenes
from .shapes import draw_things
from .spoiling import ERRORS, find_changed, spoil_scene
from .truth import STEPS, answer_question, leave_number

VERSION = "1"
"""Another version asks other questions, so that its figures do not compare."""
CHANGED, ALIKE = 3, 2
"""Questions of a spoiled picture, and of a picture in one form with the same of yes, no and other answers, at most."""


@dataclass(frozen=True)
class Item:
    """A question about a picture.

    Attributes:
        question: As rows have it; its `answer` is right about the picture.
        place: Of the question in the scene's row.
        is_true: Whether the statement that is asked about is true: yes is right, or the answer that the scene's row
            has.
        detail: What of its kind is asked: colors or sizes, left and right or above and below, small numbers or larger
            ones; "" for all other kinds.
    """

    question: Mapping[str, Any]
    place: int
    is_true: bool
    detail: str


@dataclass(frozen=True)
class Sheet:
    """A picture and what is asked about it.

    Attributes:
        scene: What is in the picture.
        error: What is wrong with it, a key of `ERRORS`, or "" for nothing.
        items: The questions.
    """

    scene: Scene
    error: str
    items: tuple[Item, ...]

    @property
    def id(self) -> str:
        return f"{self.scene.id}/{self.error or 'right'}"

    def draw(self) -> Image.Image:
        """Draws the picture, mode RGB."""
        return draw_things(self.scene.things, self.scene.clutter)


def make_exam(scenes: int, seed: int = 0) -> list[Sheet]:
    """Makes an exam: of each scene the picture that shows it, and one for each error that is possible in it.

    Args:
        scenes: How many; a third of each level.
        seed: Another seed gives another exam.
    """
    return [sheet for scene in make_scenes(scenes, seed) for sheet in make_sheets(scene, seed)]


def make_sheets(scene: Scene, seed: int) -> list[Sheet]:
    """The sheets of one scene."""
    random = np.random.default_rng(derive_key(seed, "errors", scene.id))
    spoiled = {error: spoil_scene(scene, error, random) for error in ERRORS}
    chosen = {
        error: _choose(scene, find_changed(scene, one), CHANGED, random) for error, one in spoiled.items() if one
    }
    asked = {place for places in chosen.values() for place in places}
    asked |= set(_choose_right(scene, random))
    return [
        _make_sheet(scene, scene, "", sorted(asked)),
        *(_make_sheet(scene, one, error, chosen[error]) for error, one in spoiled.items() if one),
    ]


def _choose(scene: Scene, places: Sequence[int], most: int, random: np.random.Generator) -> list[int]:
    """Draws some questions, of as many forms of kinds as there are."""
    seen: Counter[tuple[str, str]] = Counter()
    ranked: list[tuple[int, int, int]] = []
    for place in random.permutation(np.array(places, dtype=int)).tolist():
        form = scene.questions[place]["kind"], scene.questions[place]["form"]
        seen[form] += 1
        ranked.append((seen[form], len(ranked), place))
    return sorted(place for *_, place in sorted(ranked)[:most])


def _choose_right(scene: Scene, random: np.random.Generator) -> list[int]:
    """Draws questions about the picture that shows the scene, of each form of a kind the same number of each sort."""
    seen: Counter[tuple[str, str, str]] = Counter()
    chosen = []
    for place in random.permutation(len(scene.questions)).tolist():
        one = scene.questions[place]
        sort = one["kind"], one["form"], one["answer"] if one["form"] == "yes_no" else ""
        if answer_question(one["question"], scene.things, one["choices"]):
            seen[sort] += 1
            if seen[sort] <= ALIKE:
                chosen.append(place)
    return chosen


def _make_sheet(scene: Scene, shown: Scene, error: str, places: Sequence[int]) -> Sheet:
    new = {old: number for number, old in enumerate(places)}
    items = []
    for place in places:
        one = scene.questions[place]
        answer = answer_question(one["question"], shown.things, one["choices"])
        assert answer is not None
        aliases = one["aliases"] if answer == one["answer"] else sorted({leave_number(answer)} - {answer})
        depends_on = [new[parent] for parent in one["depends_on"] if parent in new]
        question = {**one, "answer": answer, "aliases": aliases, "depends_on": depends_on}
        is_true = answer == ("yes" if one["form"] == "yes_no" else one["answer"])
        items.append(Item(question, place, is_true, _find_detail(one, scene.graph)))
    return Sheet(shown, error, tuple(items))


def _find_detail(question: Mapping[str, Any], graph: Mapping[str, Any]) -> str:
    elements = [element.split("/") for element in question["elements"]]
    numbers = next((map(int, rest) for name, *rest in elements if name == question["kind"]), iter(()))
    if question["kind"] == "attribute":
        item, place = numbers
        return graph["objects"][item]["attributes"][place]["kind"]
    if question["kind"] == "relation":
        (place,) = numbers
        across = STEPS[graph["relations"][place]["predicate"]][0] != 0
        return "left and right" if across else "above and below"
    if question["kind"] == "count":
        return "up to two" if question["answer"] in ("zero", "one", "two") else "three and more"
    return ""
