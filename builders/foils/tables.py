"""Candidate lists of foils, and tables of what excludes what: worked out once for a recipe or a taxonomy.

A list of foils holds a candidate as often as it is to be drawn, so a weighted draw is one look-up. Weights make each
concept come up as a foil about as often as it is true, so that how often a word is asked about tells nothing.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np

from ... import arrow
from ...taxonomy import Taxonomy, nearness
from ..content.compatibility import match_objects
from ..content.copies import find_countable
from ..content.filters import list_all_fixed, list_fixed_rows
from ..content.plan import Plan
from ..content.selection import find_objects, find_scene_attributes
from ..foundation.counter_rng import hash_numbers
from ..foundation.ragged import Bits, Ragged, offsets_of
from .kinship import list_possible, tabulate_kinship

COPIES = 8
"""Places in a list for each candidate, on average; how many it gets says how often it is drawn."""
FEWEST_ALIKE = 4
"""Least number of objects of the same kinds from which foils are drawn; fewer would repeat again and again."""
BALANCING = 15
"""Rounds in which weights of foils are balanced (damped iterative proportional fitting)."""


@lru_cache(maxsize=8)
def list_foil_objects(plan: Plan, countable: bool) -> list[tuple[Ragged, np.ndarray]]:
    """Candidates for objects, the best first: lists, and which of them serves for each object of the taxonomy.

    First those of its class that it does not show itself, then any that the recipe deals, then any that it would if it
    were less narrow.
    """
    classes, table = plan.pools.classes, plan.taxonomy.objects
    good = np.ones(table.num_rows, dtype=bool)
    if countable:
        good = find_countable(plan.taxonomy)
    own = np.unique(plan.pools.objects)
    own, dealt = own[good[own]], find_objects(plan.recipe, plan.taxonomy)
    every = np.zeros(table.num_rows, dtype=np.int64)
    alike = [own[classes.of[own] == one].tolist() for one in range(len(classes))]
    return [
        _leave_out_kin(plan, Ragged.from_lists(alike), classes.of),
        *((Ragged(rows, np.array([0, len(rows)])), every) for rows in (own, dealt[good[dealt]])),
    ]


def _leave_out_kin(plan: Plan, lists: Ragged, of: np.ndarray) -> tuple[Ragged, np.ndarray]:
    """Lists of objects without what each object shows, if it is not too many objects; short lists become empty."""
    if tables := tabulate_kinship(plan):
        (place, shows), rows = tables, list_possible(plan)
        lists = lists.take(of[rows])
        apart = ~shows.have(place[rows][lists.owners], place[lists.values])
        lists = Ragged(lists.values[apart], offsets_of(np.bincount(lists.owners[apart], minlength=len(lists))))
        # Nobody asks about other objects: any list will do.
        of = np.zeros_like(of)
        of[rows] = np.arange(len(rows))
    short = lists.lengths < FEWEST_ALIKE
    kept = ~short[lists.owners]
    return Ragged(lists.values[kept], offsets_of(np.where(short, 0, lists.lengths))), of


@lru_cache(maxsize=4)
def list_foil_attributes(plan: Plan, seen: bool) -> Ragged:
    """Foils of each attribute on an object of each class (attribute * classes + class), each as often as it is drawn.

    They are of the same kind, and the attribute excludes them; `seen` leaves those that anybody sees in a picture.
    """
    deck, size = plan.pools.foil_attributes, plan.taxonomy.attributes.num_rows
    kinds = number_texts(plan.taxonomy, "kind")[deck.rows]
    allowed = find_excluding_attributes(plan.taxonomy)[np.ix_(deck.rows, deck.rows)] & (kinds[:, None] == kinds)
    if seen:
        allowed &= arrow.match_texts(plan.taxonomy.attributes["visible"], "yes")[deck.rows]
    fits, classes = deck.fits[deck.classes], len(plan.pools.classes)
    share = np.bincount(plan.pools.classes.of[plan.pools.objects], minlength=classes)
    # (truths, object classes, foils), cards of the deck of foils: a foil must fit the class that the truth stands on.
    goes = allowed[:, None, :] & fits.T[None, :, :]
    truth, place, foil = np.unravel_index(np.flatnonzero(goes), goes.shape)  # faster than np.nonzero
    lengths = np.bincount(deck.rows[truth] * classes + place, minlength=size * classes)
    # (cards, classes): how often the truth stands on an object of the class, dealt evenly to all that it fits.
    usages = fits * share / np.maximum(fits @ share, 1)[:, None]
    weights = allowed * balance_factors(kinds, allowed.astype(float), fits, usages)
    return _deal_out(Ragged(deck.rows[foil], offsets_of(lengths)), weights[truth, foil])


@lru_cache(maxsize=4)
def list_foil_scene_attributes(plan: Plan) -> Ragged:
    """Foils of each scene attribute, each as often as it is drawn: those of its kind that are not near it.

    Where all scenes have the same one, they are those that the recipe would deal if it did not fix it.
    """
    near = find_near_scene_attributes(plan.taxonomy)
    fixed = [
        rows if (~near[np.ix_(rows, rows)]).any(axis=1).all() else _list_kind(plan, rows)
        for rows in list_all_fixed(plan.recipe, plan.taxonomy).values()
    ]
    decks = Ragged.from_lists([rows.tolist() for rows in (*plan.pools.scene_attributes.lists(), *fixed)])
    order = np.argsort(decks.values, kind="stable")  # lists stand in the order of their truths
    rows, kinds = decks.values[order], decks.owners[order]
    true = np.concatenate([plan.pools.scene_attributes.values, list_fixed_rows(plan.recipe, plan.taxonomy)])
    allowed = ~near[np.ix_(rows, rows)] & (kinds[:, None] == kinds) & np.isin(rows, true)[:, None]
    truth, foil = np.nonzero(allowed)
    lengths = np.bincount(rows[truth], minlength=len(near))
    every = np.ones((len(rows), 1))
    return _deal_out(Ragged(rows[foil], offsets_of(lengths)), balance_factors(kinds, allowed, every, every)[foil])


def _list_kind(plan: Plan, rows: np.ndarray) -> np.ndarray:
    """Scene attributes of one kind, and all of that kind that the recipe would deal if it fixed none."""
    kinds, wider = plan.taxonomy.scene_attributes["kind"], find_scene_attributes(plan.recipe, plan.taxonomy)
    alike = wider[arrow.match_texts(kinds, kinds[int(rows[0])].as_py())[wider]]
    return np.unique(np.concatenate([rows, alike]))


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
def find_excluding_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Which attributes (column) are false of what has others (row), as all that are called alike are, bool.

    Returns:
        Shape (rows, rows). It is not symmetric: what is of gold is not of plastic, but plastic may be gold in color.
    """
    excluding = nearness.find_excluding_attributes(taxonomy) & ~find_near_attributes(taxonomy)
    texts = number_texts(taxonomy)
    for text in np.flatnonzero(np.bincount(texts) > 1):
        rows = np.flatnonzero(texts == text)
        excluding[:, rows] = excluding[:, rows].all(axis=1, keepdims=True)
    return excluding


@lru_cache(maxsize=4)
def find_sizes(taxonomy: Taxonomy) -> np.ndarray:
    """Which attributes are sizes, bool: nobody judges one without a measure, for a huge mouse is a small animal."""
    return arrow.match_texts(taxonomy.attributes["group"], "size")


@lru_cache(maxsize=4)
def find_seen_attributes(plan: Plan) -> np.ndarray:
    """Which attributes anybody sees in a picture of one object, bool; all of them where the recipe asks all."""
    attributes = plan.taxonomy.attributes
    if plan.recipe.questions.ask == "all":
        return np.ones(attributes.num_rows, dtype=bool)
    return arrow.match_texts(attributes["visible"], "yes") & ~find_sizes(plan.taxonomy)


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
