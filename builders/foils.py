"""What a false statement puts in the place of the truth.

The rule that makes it false: the scene graph is all that is in the picture. An object that is not in it is absent; an
attribute that it does not give an object, out of those that exclude each other, is not the object's. Relations have
rules of their own, in `relation_foils`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from ..taxonomy import Taxonomy
from .arrays import Ragged, pad_lists
from .decks import derive_key, draw_below
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

Fits = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Whether questions (numbers) can have foils (rows of the taxonomy)."""
AreKin = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Whether objects (rows of the taxonomy) are kin to anything in scenes (numbers, which come first)."""

TURNS = 4
"""Draws before foils are compared with each other, and again as many before a question goes without one."""


def draw_foil_objects(
    key: int,
    plan: Plan,
    scenes: Scenes,
    are_kin: AreKin,
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
        are_kin: What `find_kin` gives for it.
        scene_of: Scene of each question.
        asked: Object (a row of the taxonomy) that each question is about.
        taken: Foils that the questions have already.
        countable: Whether only what can be counted will do.
        alike: Whether only what takes the same attributes and relations will do.

    Returns:
        Rows of the taxonomy's objects, or -1 where chance found none, shape (questions,).
    """
    names, ids = list_lineages(plan.taxonomy)[:, 0], scenes.identify(scene_of)

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        good = ~are_kin(scene_of[rows], foils)
        for one in taken:
            good &= (one[rows] < 0) | (names[one[rows]] != names[foils])
        return good

    found = np.full(len(scene_of), -1, dtype=np.int64)
    for turn, (lists, list_of) in enumerate(list_foil_objects(plan, countable)[: 1 if alike else None]):
        # A scene may well have the same wrong choice twice.
        owner = None if taken else scene_of
        found = draw_until_fit(derive_key(key, turn), ids, found, lists, list_of[asked], fits, owner, names)
    return found


def find_kin(plan: Plan, scenes: Scenes) -> AreKin:
    """Gives a function that tells whether objects (rows of the taxonomy) are kin, either way, to any of a scene."""
    present = pad_lists(scenes.objects).T
    if tables := tabulate_relatives(plan):
        place, table = tables
        # What is no object has the last place, which is kin to nothing.
        rows = np.where(present >= 0, place[present], table.shape[1] - 1)
        starts, masks, flat = rows // 8 * table.shape[1], (1 << rows % 8).astype(np.uint8), table.reshape(-1)

        def are_kin(scene: np.ndarray, objects: np.ndarray) -> np.ndarray:
            found, columns = np.zeros(len(scene), dtype=np.uint8), place[objects]
            for start, mask in zip(starts, masks, strict=True):
                found |= flat.take(start[scene] + columns) & mask[scene]
            return found != 0

        return are_kin
    is_a = find_kinship(plan)

    def are_kin_by_lineage(scene: np.ndarray, objects: np.ndarray) -> np.ndarray:
        found = np.zeros(len(scene), dtype=bool)
        for row in present:
            others = row[scene]
            found |= (others >= 0) & (is_a(others, objects) | is_a(objects, others))
        return found

    return are_kin_by_lineage


def draw_foil_attributes(key: int, plan: Plan, scenes: Scenes, taken: Sequence[np.ndarray] = ()) -> np.ndarray:
    """An attribute for each attribute of the block that its object does not have.

    It comes from the same group or, where that has no other, from the same kind, and has no word in common with any
    attribute of the object. No object is asked about the same foil twice.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        taken: Foils that the attributes have already.

    Returns:
        Rows of the taxonomy's attributes, or -1, shape (attributes of the block,).
    """
    classes = plan.pools.classes
    holders = np.repeat(np.arange(len(scenes.attributes)), scenes.attributes.lengths)
    beside = [*pad_lists(scenes.attributes)[holders].T, *taken]
    fits = _exclude_near(_pad_table(find_near_attributes, plan.taxonomy), beside)
    list_of = scenes.attributes.values * len(classes) + classes.of[scenes.objects.values[holders]]
    ids = scenes.identify(np.repeat(np.arange(len(scenes)), scenes.objects.lengths)[holders])
    lists, texts = list_foil_attributes(plan), number_texts(plan.taxonomy)
    return draw_until_fit(key, ids, np.full(len(holders), -1), lists, list_of, fits, holders, texts)


def draw_foil_scene_attributes(key: int, plan: Plan, scenes: Scenes, taken: Sequence[np.ndarray] = ()) -> np.ndarray:
    """A scene attribute of the same kind for each one of the block, without a word in common with any of its scene.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        taken: Foils that they have already.

    Returns:
        Rows of the taxonomy's scene attributes, or -1, shape (scene attributes of the block,).
    """
    concepts = scenes.scene_attributes.values
    scene_of = np.repeat(np.arange(len(scenes)), scenes.scene_attributes.lengths)
    near = _pad_table(find_near_scene_attributes, plan.taxonomy)
    fits = _exclude_near(near, [*pad_lists(scenes.scene_attributes)[scene_of].T, *taken])
    lists, ids = list_foil_scene_attributes(plan), scenes.identify(scene_of)
    return draw_until_fit(key, ids, np.full(len(ids), -1), lists, concepts, fits, scene_of, np.arange(len(near)))


def _exclude_near(near: np.ndarray, beside: list[np.ndarray]) -> Fits:
    """Gives a function that tells whether foils are near none of what stands beside the questions' elements."""
    size, flat = len(near), near.reshape(-1)

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        bad = np.zeros(len(rows), dtype=bool)
        for others in beside:
            bad |= flat.take(foils * size + others[rows], mode="wrap")
        return ~bad

    return fits


@lru_cache(maxsize=8)
def _pad_table(find: Callable[[Taxonomy], np.ndarray], taxonomy: Taxonomy) -> np.ndarray:
    """A table of what is near what, with a last row and column for what is near nothing: -1 leads there."""
    return np.pad(find(taxonomy), (0, 1))


def draw_until_fit(
    key: int,
    ids: np.ndarray,
    found: np.ndarray,
    lists: Ragged,
    list_of: np.ndarray,
    fits: Fits,
    owner: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> np.ndarray:
    """Draws for each question without a foil (-1) from its list until the choice fits.

    Args:
        key: Key of the choices.
        ids: What chance goes by, a number for each question.
        found: Foils, or -1.
        lists: What to draw from, all of a list alike.
        list_of: List of each question.
        fits: Tells whether questions (numbers) can have foils.
        owner: What each question is about: two of one owner never get foils of the same label. All may be alike when
            it is not given.
        labels: A number for each foil.
    """
    sizes, starts, values = lists.lengths, lists.offsets[:-1], lists.values
    rows = np.flatnonzero(found < 0)
    rows = rows[sizes[list_of[rows]] > 0]
    if not len(rows):
        return found
    found = found.copy()

    def draw(turn: int, rows: np.ndarray) -> np.ndarray:
        """Draws for these questions; returns those that are still without a foil."""
        one = list_of[rows]
        foils = values[starts[one] + draw_below(derive_key(key, turn), ids[rows], sizes[one])]
        good = fits(rows, foils)
        found[rows[good]] = foils[good]
        return rows[~good]

    asked = np.zeros(0 if owner is None else int(owner.max()) + 1, dtype=bool)
    if owner is not None:
        asked[owner[rows]] = True
    for turn in range(TURNS):
        rows = draw(turn, rows) if len(rows) else rows
    if owner is None or labels is None:
        return found
    # Of two alike the first keeps its foil. That is seldom, so it is looked for when the others have theirs.
    turn = TURNS
    while True:
        beside = np.flatnonzero(asked[owner])
        rows = np.sort(np.append(rows, _drop_repeats(found, owner, labels, beside[found[beside] >= 0])))
        if turn == 2 * TURNS or not len(rows):
            return found
        asked[:] = False
        asked[owner[rows]] = True
        rows = draw(turn, rows)
        turn += 1


def _drop_repeats(found: np.ndarray, owner: np.ndarray, labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Takes away foils whose label another of these questions has already for the same owner; returns whose."""
    codes = owner[among] * len(labels) + labels[found[among]]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    repeats = np.sort(among[order[1:][codes[1:] == codes[:-1]]])
    found[repeats] = -1
    return repeats
