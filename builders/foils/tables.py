"""Candidate lists of foils, and tables of what excludes what: worked out once for a recipe or a taxonomy.

A list of foils holds a candidate as often as it is to be drawn, so a weighted draw is one look-up. Weights make each
concept come up as a foil about as often as it is true, so that how often a word is asked about tells nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ... import arrow
from ...taxonomy import Taxonomy, nearness
from ..content.filters import find_objects
from ..content.plan import Plan
from ..content.scene_attributes import match_objects
from ..foundation.counter_rng import hash_numbers
from ..foundation.ragged import Bits, Ragged, expand_ranges, offsets_of

COPIES = 8
"""Places in a list for each candidate, on average; how many it gets says how often it is drawn."""
FEWEST_ALIKE = 4
"""Least number of objects of the same kinds from which foils are drawn; fewer would repeat again and again."""
SAME_GROUP = 8.0
"""Sampling weight of foils in the truth's own group, relative to 1 for the rest of its kind."""
BALANCING = 15
"""Rounds in which weights of foils are balanced (damped iterative proportional fitting)."""
MOST_TABULATED = 5000
"""Objects of a tier up to which kinship is looked up in a table of pairs; for more it is worked out by lineage."""


@lru_cache(maxsize=8)
def list_foil_objects(plan: Plan, countable: bool) -> list[tuple[Ragged, np.ndarray]]:
    """Candidates for objects, the best first: lists, and which of them serves for each object of the taxonomy.

    First objects of the same class, then any that the recipe deals, then any of its tier.
    """
    classes, table = plan.pools.classes, plan.taxonomy.objects
    good = np.ones(table.num_rows, dtype=bool)
    if countable:
        good = arrow.match_texts(table["countability"], "count")
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
def list_foil_attributes(plan: Plan) -> Ragged:
    """Foils of each attribute on an object of each class (attribute * classes + class), each as often as it is drawn.

    They are of the same kind and not near it, and mostly of the same group, whose members exclude each other.
    """
    deck, size = plan.pools.foil_attributes, plan.taxonomy.attributes.num_rows
    groups, kinds = (number_texts(plan.taxonomy, column)[deck.rows] for column in ("group", "kind"))
    allowed = ~find_near_attributes(plan.taxonomy)[np.ix_(deck.rows, deck.rows)] & (kinds[:, None] == kinds)
    fits, classes = deck.fits[deck.classes], len(plan.pools.classes)
    share = np.bincount(plan.pools.classes.of[plan.pools.objects], minlength=classes)
    # (truths, object classes, foils), cards of the deck of foils: a foil must fit the class that the truth stands on.
    goes = allowed[:, None, :] & fits.T[None, :, :]
    truth, place, foil = np.unravel_index(np.flatnonzero(goes), goes.shape)  # faster than np.nonzero
    lengths = np.bincount(deck.rows[truth] * classes + place, minlength=size * classes)
    # (cards, classes): how often the truth stands on an object of the class, dealt evenly to all that it fits.
    usages = fits * share / np.maximum(fits @ share, 1)[:, None]
    weights = np.where(groups[:, None] == groups, SAME_GROUP, 1.0) * allowed
    weights *= balance_factors(kinds, weights, fits, usages)
    return _deal_out(Ragged(deck.rows[foil], offsets_of(lengths)), weights[truth, foil])


@lru_cache(maxsize=4)
def list_foil_scene_attributes(plan: Plan) -> Ragged:
    """Foils of each scene attribute, each as often as it is drawn: those of its kind that are not near it."""
    decks, near = plan.pools.scene_attributes, find_near_scene_attributes(plan.taxonomy)
    rows, kinds = decks.values, decks.owners
    allowed = ~near[np.ix_(rows, rows)] & (kinds[:, None] == kinds)
    truth, foil = np.nonzero(allowed)
    lengths = np.bincount(rows[truth], minlength=len(near))
    every = np.ones((len(rows), 1))
    return _deal_out(Ragged(rows[foil], offsets_of(lengths)), balance_factors(kinds, allowed, every, every)[foil])


@lru_cache(maxsize=4)
def tabulate_shown(taxonomy: Taxonomy) -> tuple[np.ndarray, Bits]:
    """A number for each scene attribute, the same where they show the same, and which objects each number shows."""
    cells: dict[str, int] = {}
    number = np.array([cells.setdefault(cell, len(cells)) for cell in taxonomy.scene_attributes["shows"].to_pylist()])
    return number, Bits.pack(match_objects(taxonomy, [cell.split("|") for cell in cells]))


def balance_factors(kinds: np.ndarray, weights: np.ndarray, fits: np.ndarray, usages: np.ndarray) -> np.ndarray:
    """Finds by what to multiply the weights of foils so that all are drawn alike often, as far as may be.

    Otherwise a word that many others exclude would mostly be false when it is asked about, and one that few exclude
    nearly always true.

    Args:
        kinds: Kind of each concept; a foil is of the same kind as the truth.
        weights: How rather one is drawn as a foil for another (row by column) than others, 0 for never.
        fits: Which of them go with each class of objects, shape (concepts, classes).
        usages: How often a foil is drawn for each of them on an object of each class, shape (concepts, classes).

    Returns:
        A factor for each as a foil. They are rounded, so that they do not depend on the order in which a machine adds.
    """
    factors = np.ones(len(kinds))
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        own, goes = weights[np.ix_(rows, rows)], fits[rows].T.astype(float)
        for _ in range(BALANCING):
            # t: truths, f: foils, c: object classes. `drawn` (t, f) are weights; `shares` (t, c) is how often one of
            # weight 1 is drawn; `usage` (f,) is how often each foil is, and should be 1. 0.7 damps the step.
            # Not `@`, whose threads get in the way of those of other processes.
            drawn = own * factors[rows]
            shares = usages[rows] / np.maximum(np.einsum("tf,cf->tc", drawn, goes), 1e-9)
            usage = (np.einsum("tf,tc->cf", drawn, shares) * goes).sum(axis=0)
            factors[rows] = np.clip(factors[rows] / np.maximum(usage, 1e-3) ** 0.7, 1e-3, 1e3)
    return np.round(factors, 9)


def _deal_out(lists: Ragged, weights: np.ndarray) -> Ragged:
    """Repeats each of a list by its weight, on average `COPIES` times: then all places of a list are drawn alike."""
    sizes, starts = lists.lengths, lists.offsets[:-1]
    # (entries of the lists,): the running share of a list's weight, from which runs of places follow by rounding down
    # (systematic sampling): entry `i` gets the places from `befores[i]` to before `ends[i]`.
    list_of = np.repeat(np.arange(len(lists)), sizes)
    totals = np.append(0.0, np.cumsum(weights))
    shares = (totals[1:] - totals[starts][list_of]) / (totals[lists.offsets[1:]] - totals[starts])[list_of]
    # Where a list begins to count is random, so that what is seldom drawn stands in some lists, not in none.
    begins = hash_numbers(0, list_of) / 2.0**64
    ends = np.floor(shares * (COPIES * sizes)[list_of] + begins).astype(np.int64)
    befores = np.append(0, ends[:-1])
    befores[starts[sizes > 0]] = 0
    return Ragged(np.repeat(lists.values, ends - befores), offsets_of(COPIES * sizes))


@lru_cache(maxsize=4)
def tabulate_relatives(plan: Plan) -> tuple[np.ndarray, Bits] | None:
    """A place for each object of the taxonomy, and which of them are kin either way; None where they are too many."""
    if tables := _tabulate_kinship(plan):
        place, is_a = tables
        return place, Bits.pack(is_a | is_a.T)
    return None


@lru_cache(maxsize=4)
def _tabulate_kinship(plan: Plan) -> tuple[np.ndarray, np.ndarray] | None:
    """A place for each object of the taxonomy, and which objects (row) are what others (column) are called.

    Nothing is kin to what stands at the last place, which is for objects that are in no scene or foil, and for -1.
    """
    rows = _list_possible(plan)
    if len(rows) > MOST_TABULATED:
        return None
    place = np.full(plan.taxonomy.objects.num_rows, len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    # A join on names: for each name in a lineage, (rows, levels), the objects that are called so; -1 finds none.
    lineage = list_lineages(plan.taxonomy)[rows]
    order = np.argsort(lineage[:, 0], kind="stable")
    starts, ends = (np.searchsorted(lineage[order, 0], lineage.reshape(-1), side) for side in ("left", "right"))
    table = np.zeros((len(rows) + 1, len(rows) + 1), dtype=bool)
    some = np.repeat(np.arange(len(rows)), (ends - starts).reshape(lineage.shape).sum(axis=1))
    table[some, order[expand_ranges(starts, ends - starts)]] = True
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
    if tables := _tabulate_kinship(plan):
        place, is_a = tables[0], Bits.pack(tables[1])
        return lambda some, others: is_a.have(place.take(some), place.take(others))
    lineage = list_lineages(plan.taxonomy)
    return lambda some, others: (lineage[some] == lineage[others, 0][..., None]).any(axis=-1)


@lru_cache(maxsize=4)
def find_hypernyms(plan: Plan) -> np.ndarray:
    """Which objects of the taxonomy others in scenes may be called as well, bool: a dog, for there are poodles."""
    lineages = list_lineages(plan.taxonomy)
    return np.isin(lineages[:, 0], lineages[_list_possible(plan), 1:])


@lru_cache(maxsize=4)
def list_lineages(taxonomy: Taxonomy) -> np.ndarray:
    """Numbers of the name of each object, of its parent's name, and so on up to the root; then -1.

    Returns:
        int32, shape (objects, levels).
    """
    # Level by level for all objects at once: `at` is the ancestor of each, or -1 above the root.
    names = arrow.number_texts(taxonomy.objects["name"]).astype(np.int32)
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
    """Which scene attributes may hold along with each other, or have a word in common, bool, shape (rows, rows).

    Words are looked at for what lists nothing near: for the others somebody has.
    """
    bare = arrow.match_texts(taxonomy.scene_attributes["near"], "")
    alike = _find_alike(taxonomy, "scene_attributes", ("name",)) & (bare[:, None] | bare)
    return alike | nearness.find_near_scene_attributes(taxonomy)


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
        if len(members) > 1:
            alike[np.array(members)[:, None], members] = True
    return alike


@lru_cache(maxsize=8)
def number_texts(taxonomy: Taxonomy, column: str = "adjective", table: str = "attributes") -> np.ndarray:
    """Numbers of the texts in a column of a table."""
    return arrow.number_texts(getattr(taxonomy, table)[column])
