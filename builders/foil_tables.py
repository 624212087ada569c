"""What foils are drawn from, and what excludes what: tables that are worked out once for a recipe or a taxonomy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..taxonomy import Taxonomy, nearness
from .arrays import Ragged, offsets_of
from .pools import find_objects
from .scenes import Plan

FEWEST_ALIKE = 4
"""Objects of the same kinds from which foils are drawn; fewer would be the same again and again."""
SAME_GROUP = 8.0
"""How much rather a foil is of the same group as the truth than of another one of the kind."""
BALANCING = 15
"""Rounds in which weights of foils are balanced."""
MOST_TABULATED = 5000
"""Objects of a tier for which kinship is looked up in a table of pairs; it is worked out for more."""


@lru_cache(maxsize=8)
def list_foil_objects(plan: Plan, countable: bool) -> list[tuple[Ragged, np.ndarray]]:
    """What to draw foils from, the best first, each with the list that serves for every object of the taxonomy."""
    classes, table = plan.pools.classes, plan.taxonomy.objects
    good = np.ones(table.num_rows, dtype=bool)
    if countable:
        good = np.array(table["countability"].to_pylist()) == "count"
    own = np.unique(plan.pools.objects)
    own, of_tier = own[good[own]], find_objects(plan.taxonomy, plan.recipe.content.objects.tier)
    every = np.zeros(table.num_rows, dtype=np.int64)
    alike = [own[classes.of[own] == one].tolist() for one in range(len(classes))]
    by_class = Ragged.from_lists([rows if len(rows) >= FEWEST_ALIKE else [] for rows in alike])
    return [
        (by_class, classes.of),
        *((Ragged(rows, np.array([0, len(rows)])), every) for rows in (own, of_tier[good[of_tier]])),
    ]


@lru_cache(maxsize=4)
def list_foil_attributes(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """Foils of each attribute on an object of each class (attribute * classes + class), and how often to draw them.

    They are of the same kind and not near it, and mostly of the same group, whose members exclude each other.
    """
    deck, size = plan.pools.foil_attributes, plan.taxonomy.attributes.num_rows
    groups, kinds = (number_texts(plan.taxonomy, column)[deck.rows] for column in ("group", "kind"))
    allowed = ~find_near_attributes(plan.taxonomy)[np.ix_(deck.rows, deck.rows)] & (kinds[:, None] == kinds)
    fits, classes = deck.fits[deck.classes], len(plan.pools.classes)
    share = np.bincount(plan.pools.classes.of[plan.pools.objects], minlength=classes)
    truth, place, foil = np.nonzero(allowed[:, None, :] & fits.T[None, :, :])
    lengths = np.bincount(deck.rows[truth] * classes + place, minlength=size * classes)
    # How often the truth stands on an object of the class.
    chance = (fits * share / np.maximum(fits @ share, 1)[:, None])[truth, place]
    weights = np.where(groups[truth] == groups[foil], SAME_GROUP, 1.0)
    return Ragged(deck.rows[foil], offsets_of(lengths)), balance_chances(lengths[lengths > 0], weights, foil, chance)


@lru_cache(maxsize=4)
def list_foil_scene_attributes(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """Foils of each scene attribute: those of its kind that are not near it; and how often to draw them."""
    decks, near = plan.pools.scene_attributes, find_near_scene_attributes(plan.taxonomy)
    lists: list[np.ndarray] = [decks.values[:0]] * len(near)
    for deck in range(len(decks)):
        for row in decks[deck]:
            lists[row] = decks[deck][~near[row, decks[deck]]]
    lengths = np.array([len(one) for one in lists], dtype=np.int64)
    foils = np.concatenate(lists) if lists else decks.values
    even = np.ones(len(foils))
    return Ragged(foils, offsets_of(lengths)), balance_chances(lengths[lengths > 0], even, foils, even)


def balance_chances(lengths: np.ndarray, weights: np.ndarray, foils: np.ndarray, usages: np.ndarray) -> np.ndarray:
    """Changes the weights of foils so that all are drawn alike often, as far as what they exclude allows.

    Otherwise a word that many others exclude would mostly be false when it is asked about, and one that few exclude
    nearly always true.

    Args:
        lengths: Foils in each list, none of them 0.
        weights: How rather one foil of a list is drawn than another, lists one after the other.
        foils: Number of each foil.
        usages: How often the list of each is drawn from.

    Returns:
        Running totals of the weights, from 0, shape (foils + 1,).
    """
    starts, list_of = offsets_of(lengths)[:-1], np.repeat(np.arange(len(lengths)), lengths)
    factors = np.ones(int(foils.max(initial=-1)) + 1)
    for _ in range(BALANCING if len(foils) else 0):
        drawn = weights * factors[foils]
        drawn *= usages / np.add.reduceat(drawn, starts)[list_of]
        usage = np.bincount(foils, drawn, minlength=len(factors))
        factors = np.clip(factors / np.maximum(usage, 1e-3) ** 0.7, 1e-3, 1e3)
    return np.concatenate([[0.0], np.cumsum(weights * factors[foils])])


@lru_cache(maxsize=4)
def tabulate_relatives(plan: Plan) -> tuple[np.ndarray, np.ndarray] | None:
    """A place for each object of the taxonomy, and which of them are kin either way; None where they are too many.

    Nothing is kin to what stands at the last place, which is for no object at all.
    """
    rows = _list_possible(plan)
    if len(rows) > MOST_TABULATED:
        return None
    place = np.full(plan.taxonomy.objects.num_rows, len(rows), dtype=np.int32)
    place[rows] = np.arange(len(rows))
    is_a = find_kinship(plan)(*np.broadcast_arrays(rows[:, None], rows[None, :]))
    table = np.zeros((len(rows) + 1, len(rows) + 1), dtype=bool)
    table[:-1, :-1] = is_a | is_a.T
    return place, table


def _list_possible(plan: Plan) -> np.ndarray:
    """Rows of all objects that are in scenes or foils."""
    of_tier = find_objects(plan.taxonomy, plan.recipe.content.objects.tier)
    return np.unique(np.concatenate([of_tier, *plan.pools.seed.objects]))


@lru_cache(maxsize=4)
def find_kinship(plan: Plan) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells, element by element, whether objects are what others are called: a poodle is a dog.

    Names decide: an omelet is a dish in any sense of "dish". Both arguments are rows of the taxonomy's objects, of one
    shape; -1 gives anything.
    """
    lineage = list_lineages(plan.taxonomy)
    rows = _list_possible(plan)
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


@lru_cache(maxsize=4)
def find_near_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Which attributes may hold along with each other, or have a word in common, bool, shape (rows, rows)."""
    near = _find_alike(taxonomy, "attributes", ("name", "adjective")) | nearness.find_near_attributes(taxonomy)
    # "Ivory" is a color and a material: who hears the word does not know which.
    texts = number_texts(taxonomy)
    for text in np.flatnonzero(np.bincount(texts) > 1):
        rows = np.flatnonzero(texts == text)
        near[rows] = near[rows].any(axis=0)
        near[:, rows] = near[:, rows].any(axis=1, keepdims=True)
    return near


@lru_cache(maxsize=4)
def find_near_scene_attributes(taxonomy: Taxonomy) -> np.ndarray:
    return _find_alike(taxonomy, "scene_attributes", ("name",)) | nearness.find_near_scene_attributes(taxonomy)


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


@lru_cache(maxsize=8)
def number_texts(taxonomy: Taxonomy, column: str = "adjective", table: str = "attributes") -> np.ndarray:
    """Numbers of the texts in a column of a table."""
    return getattr(taxonomy, table)[column].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
