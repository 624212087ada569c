"""What a false statement puts in the place of the truth.

The rule that makes it false: the scene graph is all that is in the picture. An object that is not in it is absent; an
attribute that it does not give an object, out of those that exclude each other, is not the object's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..taxonomy import Taxonomy
from .arrays import Ragged, pad_lists
from .decks import derive_key, hash_numbers
from .pools import find_objects
from .scenes import Plan, Scenes

TURNS = 16
"""Draws before a question goes without a foil."""
MOST_TABULATED = 5000
"""Objects of a tier for which kinship is looked up in a table of pairs; it is worked out for more."""


def draw_foil_objects(key: int, plan: Plan, scenes: Scenes, scene_of: np.ndarray) -> np.ndarray:
    """An object for each question of which nothing in its scene is a kind, and which is no kind of anything there.

    Names decide, not concepts: a dish of any sense is there when an omelet is. Where the recipe's own objects are too
    few, any object of its tier will do. No scene is asked about the same foil twice.

    Returns:
        Rows of the taxonomy's objects, or -1 where chance found none, shape (questions,).
    """
    is_a = find_kinship(plan)
    names = list_lineages(plan.taxonomy)[:, 0]
    present = pad_lists(scenes.objects)[scene_of]

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = present[rows]
        foils = np.broadcast_to(foils[:, None], others.shape)
        return ~((others >= 0) & (is_a(others, foils) | is_a(foils, others))).any(axis=1)

    found = np.full(len(scene_of), -1, dtype=np.int64)
    one_list = np.zeros(len(scene_of), dtype=np.int64)
    of_tier = find_objects(plan.taxonomy, plan.recipe.content.objects.tier)
    for turn, choices in enumerate((np.unique(plan.pools.objects), of_tier)):
        lists = Ragged(choices, np.array([0, len(choices)]))
        found = _draw(derive_key(key, turn), found, lists, one_list, fits, scene_of, names)
    return found


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
    pools = plan.pools
    holders = np.repeat(np.arange(len(scenes.attributes)), scenes.attributes.lengths)
    family = _find_families(plan.taxonomy, pools.foil_attributes.rows)[scenes.attributes.values]
    beside = pad_lists(scenes.attributes)[holders]
    alike = _find_alike(plan.taxonomy, "attributes", ("name", "adjective"))

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = np.concatenate([beside[rows], *(one[rows][:, None] for one in taken)], axis=1)
        return ~((others >= 0) & alike[foils[:, None], others]).any(axis=1)

    list_of = family * len(pools.classes) + pools.classes.of[scenes.objects.values[holders]]
    rows = np.flatnonzero(asked)
    found = np.full(len(holders), -1, dtype=np.int64)
    found[rows] = _draw(
        key,
        found[rows],
        _list_choices(plan),
        list_of[rows],
        lambda some, foils: fits(rows[some], foils),
        holders[rows],
        _number_texts(plan.taxonomy),
    )
    return found


def draw_foil_scene_attributes(key: int, plan: Plan, scenes: Scenes) -> np.ndarray:
    """A scene attribute of the same kind for each one of the block, without a word in common with any of its scene.

    Returns:
        Rows of the taxonomy's scene attributes, or -1, shape (scene attributes of the block,).
    """
    decks, concepts = plan.pools.scene_attributes, scenes.scene_attributes.values
    deck_of = np.full(plan.taxonomy.scene_attributes.num_rows, -1, dtype=np.int64)
    deck_of[decks.values] = np.repeat(np.arange(len(decks)), decks.lengths)
    scene_of = np.repeat(np.arange(len(scenes)), scenes.scene_attributes.lengths)
    beside = pad_lists(scenes.scene_attributes)[scene_of]
    alike = _find_alike(plan.taxonomy, "scene_attributes", ("name",))

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = beside[rows]
        return ~((others >= 0) & alike[foils[:, None], others]).any(axis=1)

    found = np.full(len(concepts), -1, dtype=np.int64)
    return _draw(key, found, decks, deck_of[concepts], fits, scene_of, np.arange(len(alike)))


def _draw(
    key: int,
    found: np.ndarray,
    lists: Ragged,
    list_of: np.ndarray,
    fits: Callable[[np.ndarray, np.ndarray], np.ndarray],
    owner: np.ndarray,
    labels: np.ndarray,
) -> np.ndarray:
    """Draws for each question without a foil (-1) from its list until the choice fits.

    Args:
        key: Key of the choices.
        found: Foils, or -1.
        lists: What to draw from.
        list_of: List of each question.
        fits: Tells whether questions (numbers) can have foils.
        owner: What each question is about: two of one owner never get foils of the same label.
        labels: A number for each foil.
    """
    found = found.copy()
    sizes, starts, values = lists.lengths, lists.offsets[:-1], lists.values
    rows = np.flatnonzero((found < 0) & (sizes[list_of] > 0)) if len(found) else np.zeros(0, dtype=np.int64)
    for turn in range(TURNS):
        if not len(rows):
            break
        pick = (hash_numbers(derive_key(key, turn), rows) % sizes[list_of[rows]].astype(np.uint64)).astype(np.int64)
        foils = values[starts[list_of[rows]] + pick]
        good = fits(rows, foils)
        found[rows[good]] = foils[good]
        rows = rows[~good]
        if turn < TURNS // 2 or not len(rows):
            # Of two alike the first keeps its foil. That is seldom, so it is looked for when the others have theirs.
            rows = np.union1d(rows, _drop_repeats(found, owner, labels))
    _drop_repeats(found, owner, labels)
    return found


def _drop_repeats(found: np.ndarray, owner: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Takes away foils whose label another question of the same owner has already; returns whose."""
    have = np.flatnonzero(found >= 0)
    order = np.argsort(owner[have] * len(labels) + labels[found[have]], kind="stable")
    codes = (owner[have] * len(labels) + labels[found[have]])[order]
    repeats = np.sort(have[order[1:][codes[1:] == codes[:-1]]])
    found[repeats] = -1
    return repeats


@lru_cache(maxsize=4)
def find_kinship(plan: Plan) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells, element by element, whether objects are what others are called: a poodle is a dog.

    Names decide: an omelet is a dish in any sense of "dish". Both arguments are rows of the taxonomy's objects, of one
    shape; -1 gives anything.
    """
    lineage = list_lineages(plan.taxonomy)
    rows = find_objects(plan.taxonomy, plan.recipe.content.objects.tier)
    rows = np.unique(np.concatenate([rows, *plan.pools.seed.objects]))
    if len(rows) > MOST_TABULATED:
        return lambda some, others: (lineage[some] == lineage[others, 0][..., None]).any(axis=-1)
    place = np.zeros(len(lineage), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    called: dict[int, list[int]] = {}
    for i, name in enumerate(lineage[rows, 0].tolist()):
        called.setdefault(name, []).append(i)
    table = np.zeros((len(rows), len(rows)), dtype=bool)
    for i, names in enumerate(lineage[rows].tolist()):
        for name in names:
            table[i, called.get(name, [])] = True
    return lambda some, others: table[place[some], place[others]]


@lru_cache(maxsize=4)
def list_lineages(taxonomy: Taxonomy) -> np.ndarray:
    """Numbers of the name of each object, of its parent's name, and so on up to the root; then -1.

    Returns:
        int32, shape (objects, levels).
    """
    names = taxonomy.objects["name"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int32)
    parents, at = taxonomy.parent_index, np.arange(len(names))
    levels = []
    while (at >= 0).any():
        levels.append(np.where(at >= 0, names[at], -1))
        at = np.where(at >= 0, parents[at], -1)
    return np.stack(levels, axis=1)


def _find_families(taxonomy: Taxonomy, pool: np.ndarray) -> np.ndarray:
    """Number of the group of each attribute, or of its kind where the pool has no other of the group."""
    groups, kinds = _number_texts(taxonomy, "group"), _number_texts(taxonomy, "kind")
    members = np.bincount(groups[pool], minlength=groups.max(initial=0) + 1)
    return np.where(members[groups] > 1, groups, len(members) + kinds)


@lru_cache(maxsize=8)
def _number_texts(taxonomy: Taxonomy, column: str = "adjective") -> np.ndarray:
    """Numbers of the texts in a column of the attributes."""
    return taxonomy.attributes[column].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)


@lru_cache(maxsize=4)
def _list_choices(plan: Plan) -> Ragged:
    """Attributes of the pool for each family and class of objects that they apply to."""
    pools, deck = plan.pools, plan.pools.foil_attributes
    family = _find_families(plan.taxonomy, deck.rows)
    kind_family = _find_families(plan.taxonomy, np.zeros(0, dtype=np.int64))
    classes, families = len(pools.classes), int(kind_family.max(initial=0)) + 1
    lists: list[list[int]] = [[] for _ in range(families * classes)]
    for card, row in enumerate(deck.rows.tolist()):
        for one in np.flatnonzero(deck.fits[deck.classes[card]]).tolist():
            for member_of in {int(family[row]), int(kind_family[row])}:
                lists[member_of * classes + one].append(row)
    return Ragged.from_lists(lists)


@lru_cache(maxsize=8)
def _find_alike(taxonomy: Taxonomy, table: str, columns: tuple[str, ...]) -> np.ndarray:
    """Which rows of a table have a word in common ("light blue" and "blue"), bool, shape (rows, rows).

    Words that most rows of a kind have ("ISO 100", "ISO 200") do not count.
    """
    rows = getattr(taxonomy, table)
    kinds = rows["kind"].to_pylist()
    texts = zip(*(rows[column].to_pylist() for column in columns), strict=True)
    words = [
        set(" ".join(cells).lower().replace("-", " ").split()) - {"a", "an", "and", "in", "of", "the"}
        for cells in texts
    ]
    of_kind = Counter(kinds)
    usual = {
        pair
        for pair, count in Counter(
            (kind, word) for kind, one in zip(kinds, words, strict=True) for word in one
        ).items()
        if count > of_kind[pair[0]] / 2
    }
    rows_of: dict[str, list[int]] = {}
    for row, (kind, one) in enumerate(zip(kinds, words, strict=True)):
        for word in one:
            if (kind, word) not in usual:
                rows_of.setdefault(word, []).append(row)
    alike = np.eye(len(kinds), dtype=bool)
    for members in rows_of.values():
        alike[np.ix_(members, members)] = True
    return alike
