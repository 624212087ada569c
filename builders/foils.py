"""What a false statement puts in the place of the truth.

The rule that makes it false: the scene graph is all that is in the picture. An object that is not in it is absent; an
attribute that it does not give an object, out of those that exclude each other, is not the object's. Relations have
rules of their own, in `relation_foils`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .arrays import Ragged, pad_lists
from .decks import derive_key, hash_numbers
from .foil_tables import (
    find_kinship,
    find_near_attributes,
    find_near_scene_attributes,
    list_foil_attributes,
    list_foil_objects,
    list_foil_scene_attributes,
    list_lineages,
    number_texts,
    tabulate_relatives,
)
from .scenes import Plan, Scenes

TURNS = 8
"""Draws before foils are compared with each other, and again as many before a question goes without one."""


def draw_foil_objects(
    key: int,
    plan: Plan,
    scenes: Scenes,
    scene_of: np.ndarray,
    asked: np.ndarray,
    taken: Sequence[np.ndarray] = (),
    countable: bool = False,
    alike: bool = False,
) -> np.ndarray:
    """An object for each question of which nothing in its scene is a kind, and which is no kind of anything there.

    Names decide, not concepts: a dish of any sense is there when an omelet is. Where there are such, the foil is of
    the same kinds as what is asked about, so that it is neither easy to tell nor more frequent than the truth. Where
    the recipe's own objects are too few, any object of its tier will do. No two questions of a scene have the same
    foil, but for those that have others already.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        scene_of: Scene of each question.
        asked: Object (a row of the taxonomy) that each question is about.
        taken: Foils that the questions have already.
        countable: Whether only what can be counted will do.
        alike: Whether only what takes the same attributes and relations will do.

    Returns:
        Rows of the taxonomy's objects, or -1 where chance found none, shape (questions,).
    """
    are_kin, names = _compare(plan, pad_lists(scenes.objects), scene_of), list_lineages(plan.taxonomy)[:, 0]

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        good = ~are_kin(rows, foils)
        for one in taken:
            good &= (one[rows] < 0) | (names[one[rows]] != names[foils])
        return good

    found = np.full(len(scene_of), -1, dtype=np.int64)
    for turn, (lists, list_of) in enumerate(list_foil_objects(plan, countable)[: 1 if alike else None]):
        # A scene may well have the same wrong choice twice.
        owner = None if taken else scene_of
        found = draw_until_fit(derive_key(key, turn), found, lists, list_of[asked], fits, owner, names)
    return found


def _compare(plan: Plan, present: np.ndarray, scene_of: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells whether foils are kin, either way, to anything in the scenes of questions."""
    if tables := tabulate_relatives(plan):
        place, related = tables
        places = np.where(present >= 0, place[present], len(related) - 1)[scene_of]
        return lambda rows, foils: related[places[rows], place[foils][:, None]].any(axis=1)
    is_a, present = find_kinship(plan), present[scene_of]

    def are_kin(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = present[rows]
        foils = np.broadcast_to(foils[:, None], others.shape)
        return ((others >= 0) & (is_a(others, foils) | is_a(foils, others))).any(axis=1)

    return are_kin


def draw_foil_attributes(
    key: int, plan: Plan, scenes: Scenes, asked: np.ndarray, taken: list[np.ndarray]
) -> np.ndarray:
    """An attribute for each attribute of the block that its object does not have.

    It comes from the same group or, where that has no other, from the same kind, and has no word in common with any
    attribute of the object. No object is asked about the same foil twice.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        asked: Which attributes want one, bool.
        taken: Foils that the attributes have already.

    Returns:
        Rows of the taxonomy's attributes, or -1, shape (attributes of the block,).
    """
    classes = plan.pools.classes
    holders = np.repeat(np.arange(len(scenes.attributes)), scenes.attributes.lengths)
    beside = pad_lists(scenes.attributes)[holders]
    near = find_near_attributes(plan.taxonomy)
    rows = np.flatnonzero(asked)

    def fits(some: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = np.concatenate([beside[rows[some]], *(one[rows[some]][:, None] for one in taken)], axis=1)
        return ~((others >= 0) & near[foils[:, None], others]).any(axis=1)

    lists, chances = list_foil_attributes(plan)
    list_of = scenes.attributes.values * len(classes) + classes.of[scenes.objects.values[holders]]
    found = np.full(len(holders), -1, dtype=np.int64)
    texts = number_texts(plan.taxonomy)
    found[rows] = draw_until_fit(key, found[rows], lists, list_of[rows], fits, holders[rows], texts, chances)
    return found


def draw_foil_scene_attributes(
    key: int, plan: Plan, scenes: Scenes, asked: np.ndarray, taken: Sequence[np.ndarray] = ()
) -> np.ndarray:
    """A scene attribute of the same kind for each one of the block, without a word in common with any of its scene.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        asked: Which scene attributes want one, bool.
        taken: Foils that they have already.

    Returns:
        Rows of the taxonomy's scene attributes, or -1, shape (scene attributes of the block,).
    """
    concepts = scenes.scene_attributes.values
    scene_of = np.repeat(np.arange(len(scenes)), scenes.scene_attributes.lengths)
    beside = np.concatenate([pad_lists(scenes.scene_attributes)[scene_of], *(one[:, None] for one in taken)], axis=1)
    near = find_near_scene_attributes(plan.taxonomy)
    rows = np.flatnonzero(asked)

    def fits(some: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = beside[rows[some]]
        return ~((others >= 0) & near[foils[:, None], others]).any(axis=1)

    lists, chances = list_foil_scene_attributes(plan)
    found = np.full(len(concepts), -1, dtype=np.int64)
    labels = np.arange(len(near))
    found[rows] = draw_until_fit(key, found[rows], lists, concepts[rows], fits, scene_of[rows], labels, chances)
    return found


def draw_until_fit(
    key: int,
    found: np.ndarray,
    lists: Ragged,
    list_of: np.ndarray,
    fits: Callable[[np.ndarray, np.ndarray], np.ndarray],
    owner: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    chances: np.ndarray | None = None,
    turns: int = TURNS,
) -> np.ndarray:
    """Draws for each question without a foil (-1) from its list until the choice fits.

    Args:
        key: Key of the choices.
        found: Foils, or -1.
        lists: What to draw from.
        list_of: List of each question.
        fits: Tells whether questions (numbers) can have foils.
        owner: What each question is about: two of one owner never get foils of the same label. All may be alike when
            it is not given.
        labels: A number for each foil.
        chances: How often to draw each of `lists.values`, as running totals from 0; all alike when not given.
        turns: How often to draw at most, apart from repeats.
    """
    found = found.copy()
    sizes, starts, values = lists.lengths, lists.offsets[:-1], lists.values

    def draw(turn: int, rows: np.ndarray) -> np.ndarray:
        """Draws for these questions; returns those that are still without a foil."""
        first, size = starts[list_of[rows]], sizes[list_of[rows]]
        chance = hash_numbers(derive_key(key, turn), rows)
        if chances is None:
            places = first + (chance % size.astype(np.uint64)).astype(np.int64)
        else:
            low, high = chances[first], chances[first + size]
            places = np.searchsorted(chances, low + (high - low) * (chance / 2.0**64), side="right") - 1
            places = np.clip(places, first, first + size - 1)
        foils = values[places]
        good = fits(rows, foils)
        found[rows[good]] = foils[good]
        return rows[~good]

    rows = np.flatnonzero((found < 0) & (sizes[list_of] > 0)) if len(found) else np.zeros(0, dtype=np.int64)
    for turn in range(turns):
        rows = draw(turn, rows) if len(rows) else rows
    if owner is None or labels is None:
        return found
    # Of two alike the first keeps its foil. That is seldom, so it is looked for when the others have theirs.
    rows = np.union1d(rows, _drop_repeats(found, owner, labels, np.flatnonzero(found >= 0)))
    asked = np.zeros(int(owner.max(initial=-1)) + 1, dtype=bool)
    asked[owner[rows]] = True
    beside = np.flatnonzero(asked[owner])
    for turn in range(TURNS, 2 * TURNS):
        if len(rows):
            rows = draw(turn, rows)
            rows = np.union1d(rows, _drop_repeats(found, owner, labels, beside[found[beside] >= 0]))
    return found


def _drop_repeats(found: np.ndarray, owner: np.ndarray, labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Takes away foils whose label another of these questions has already for the same owner; returns whose."""
    codes = owner[among] * len(labels) + labels[found[among]]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    repeats = np.sort(among[order[1:][codes[1:] == codes[:-1]]])
    found[repeats] = -1
    return repeats
