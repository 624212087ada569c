"""What a false statement puts in the place of the truth.

The rule that makes it false: the scene graph is all that is in the picture. An object that is not in it is absent; an
attribute that it does not give an object, out of those that exclude each other, is not the object's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa

from ..taxonomy import Taxonomy
from .arrays import Ragged
from .decks import derive_key, hash_numbers
from .scenes import Plan, Scenes

TURNS = 16
"""Draws before a question goes without a foil."""


def draw_foil_objects(key: int, plan: Plan, scenes: Scenes, scene_of: np.ndarray) -> np.ndarray:
    """An object for each question that is not in its scene: not by name, and neither above nor below any object there.

    Returns:
        Rows of the taxonomy's objects, or -1 where chance found none, shape (questions,).
    """
    choices = np.unique(plan.pools.objects)
    enter, leave = _nest_objects(plan.taxonomy)
    names = _number_names(plan.taxonomy)
    present = _pad(scenes.objects)[scene_of]
    there = present >= 0

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others, foil = present[rows], foils[:, None]
        related = (enter[foil] <= enter[others]) & (enter[others] < leave[foil])
        related |= (enter[others] <= enter[foil]) & (enter[foil] < leave[others])
        return ~(there[rows] & (related | (names[foil] == names[others]))).any(axis=1)

    return _draw(key, np.zeros(len(scene_of), dtype=np.int64), Ragged(choices, np.array([0, len(choices)])), fits)


def draw_foil_attributes(
    key: int, plan: Plan, scenes: Scenes, attributes: np.ndarray, taken: list[np.ndarray]
) -> np.ndarray:
    """An attribute for each question that its object does not have: of the same group or else of the same kind.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        attributes: Number of the attribute in the block that each question is about.
        taken: Foils that the questions have already.

    Returns:
        Rows of the taxonomy's attributes, or -1.
    """
    pools, table = plan.pools, plan.taxonomy.attributes
    family = _find_families(table, pools.attributes)
    holder = np.repeat(np.arange(len(scenes.attributes)), scenes.attributes.lengths)
    concepts, holders = scenes.attributes.values[attributes], holder[attributes]
    classes = len(pools.object_room)
    lists = _list_choices(plan)
    beside = _pad(scenes.attributes)[holders]
    alike = _find_alike(plan.taxonomy, "attributes")

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = np.concatenate([beside[rows], *(one[rows][:, None] for one in taken)], axis=1)
        return ~((others >= 0) & alike[foils[:, None], others]).any(axis=1)

    wanted = family[concepts] * classes + pools.object_class[scenes.objects.values[holders]]
    return _draw(key, wanted, lists, fits)


def draw_foil_scene_attributes(key: int, plan: Plan, concepts: np.ndarray) -> np.ndarray:
    """A scene attribute of the same kind for each question, without a word in common with the truth; rows, or -1."""
    decks, table = plan.pools.scene_attributes, plan.taxonomy.scene_attributes
    deck_of = np.full(table.num_rows, -1, dtype=np.int64)
    deck_of[decks.values] = np.repeat(np.arange(len(decks)), decks.lengths)
    alike = _find_alike(plan.taxonomy, "scene_attributes")

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        return ~alike[foils, concepts[rows]]

    return _draw(key, deck_of[concepts], decks, fits)


def _draw(key: int, list_of: np.ndarray, lists: Ragged, fits) -> np.ndarray:
    """Draws from each question's list until the choice fits."""
    found = np.full(len(list_of), -1, dtype=np.int64)
    open_rows = np.flatnonzero(lists.lengths[list_of] > 0)
    for turn in range(TURNS):
        if not len(open_rows):
            break
        sizes = lists.lengths[list_of[open_rows]].astype(np.uint64)
        pick = (hash_numbers(derive_key(key, turn), open_rows) % sizes).astype(np.int64)
        foils = lists.values[lists.offsets[:-1][list_of[open_rows]] + pick]
        good = fits(open_rows, foils)
        found[open_rows[good]] = foils[good]
        open_rows = open_rows[~good]
    return found


def _pad(ragged: Ragged) -> np.ndarray:
    """Lists as rows of one array, filled up with -1."""
    width = int(ragged.lengths.max(initial=0))
    padded = np.full((len(ragged), width), -1, dtype=np.int64)
    padded[np.arange(width) < ragged.lengths[:, None]] = ragged.values
    return padded


@lru_cache(maxsize=4)
def _nest_objects(taxonomy: Taxonomy) -> tuple[np.ndarray, np.ndarray]:
    """Numbers objects so that what lies under `a` is a run: all `it` with `enter[a] <= enter[it] < leave[a]`."""
    parents = taxonomy.parent_index
    children: list[list[int]] = [[] for _ in range(len(parents))]
    roots: list[int] = []
    for row, parent in enumerate(parents.tolist()):
        (children[parent] if parent >= 0 else roots).append(row)
    enter, leave = np.zeros(len(parents), dtype=np.int64), np.zeros(len(parents), dtype=np.int64)
    stack, clock = [(row, False) for row in roots], 0
    while stack:
        row, done = stack.pop()
        if done:
            leave[row] = clock
            continue
        enter[row] = clock
        clock += 1
        stack.append((row, True))
        stack.extend((child, False) for child in children[row])
    return enter, leave


@lru_cache(maxsize=4)
def _number_names(taxonomy: Taxonomy) -> np.ndarray:
    return taxonomy.objects["name"].combine_chunks().dictionary_encode().indices.to_numpy()


def _find_families(table: pa.Table, pool: np.ndarray) -> np.ndarray:
    """Number of the group of each attribute, or of its kind where the pool has no other of the group."""
    groups, group_of = np.unique(table["group"].to_pylist(), return_inverse=True)
    kind_of = np.unique(table["kind"].to_pylist(), return_inverse=True)[1]
    members = np.bincount(group_of[pool], minlength=len(groups))
    return np.where(members[group_of] > 1, group_of, len(groups) + kind_of)


@lru_cache(maxsize=4)
def _list_choices(plan: Plan) -> Ragged:
    """Attributes of the pool for each family and class of objects that they apply to."""
    pools = plan.pools
    family = _find_families(plan.taxonomy.attributes, pools.attributes)
    kind_family = _find_families(plan.taxonomy.attributes, np.zeros(0, dtype=np.int64))
    classes, families = len(pools.object_room), int(kind_family.max(initial=0)) + 1
    lists: list[list[int]] = [[] for _ in range(families * classes)]
    for card, row in enumerate(pools.attributes.tolist()):
        for one in np.flatnonzero(pools.attribute_fits[pools.attribute_class[card]]).tolist():
            for member_of in {int(family[row]), int(kind_family[row])}:
                lists[member_of * classes + one].append(row)
    return Ragged.from_lists(lists)


@lru_cache(maxsize=8)
def _find_alike(taxonomy: Taxonomy, table: str) -> np.ndarray:
    """Which rows have a word of their names in common ("light blue" and "blue"), bool, shape (rows, rows)."""
    rows_of: dict[str, list[int]] = {}
    names = getattr(taxonomy, table)["name"].to_pylist()
    for row, name in enumerate(names):
        for word in set(name.lower().replace("-", " ").split()) - {"a", "an", "and", "in", "of", "the"}:
            rows_of.setdefault(word, []).append(row)
    alike = np.zeros((len(names), len(names)), dtype=bool)
    for rows in rows_of.values():
        alike[np.ix_(rows, rows)] = True
    return alike
