"""What a false statement about a relation puts in its place: another relation, another object, the other direction.

The scene graph is all that is in the picture, and `relation_logic` tells what may hold although it is not stated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from .arrays import Ragged, pad_lists
from .decks import derive_key, hash_numbers
from .foil_tables import number_texts
from .foils import draw_until_fit
from .recipe_fields import LARGEST_COUNT
from .relation_logic import RelationFacts, read_logic
from .scenes import Plan, Scenes


def draw_foil_relations(
    key: int, plan: Plan, scenes: Scenes, facts: RelationFacts, taken: Sequence[np.ndarray] = ()
) -> np.ndarray:
    """A relation for some of the block that does not hold between the same objects.

    In space much holds that nobody states, so there the foil is one that the truth excludes; elsewhere it is another
    of the same category that is not near the truth. One is drawn from all of the category, and only once: so the truth
    would have come up as often for the foil, and no predicate is more often true than false where it is asked about.

    Returns:
        Rows of the taxonomy's relations, or -1, shape (relations of the block,).
    """
    logic, concepts = read_logic(plan.taxonomy), scenes.relations.values
    categories = number_texts(plan.taxonomy, "category", "relations")
    spatial = np.array(plan.taxonomy.relations["category"].to_pylist()) == "spatial"
    can_join, in_space = _find_joins(plan), spatial[concepts]
    subjects, targets = (scenes.objects.values[end] for end in (facts.subjects, facts.targets))
    lists, breadth = _list_foil_relations(plan)
    # In space the truth itself excludes the foil.
    beside = (facts.find_beside(facts.subjects) | facts.find_beside(facts.targets)) & ~in_space[:, None]

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        heads, truths = logic.head[foils], logic.head[concepts[rows]]
        good = can_join(foils, subjects[rows], targets[rows]) & ~logic.near[heads, truths]
        sure = logic.excludes[heads, truths] & ~logic.hedged[concepts[rows]] & ~logic.hedged[foils]
        good &= ~in_space[rows] | sure
        for one in taken:
            good &= (one[rows] < 0) | ~logic.near[heads, logic.head[one[rows]]]
        # Nor may other relations of the two objects lead there ("behind" what is behind it).
        others = concepts[facts.others[rows]]
        inverse = logic.inverse[others]
        leads = logic.near[heads[:, None], logic.head[others]]
        leads |= (inverse >= 0) & logic.near[heads[:, None], inverse]
        # What goes with more objects than the truth would come up as a foil more often than the other way around.
        luck = hash_numbers(derive_key(key, "luck"), rows) / 2.0**64
        good &= luck * breadth[foils] < breadth[concepts[rows]]
        return good & ~(leads & beside[rows]).any(axis=1)

    found = np.full(len(concepts), -1, dtype=np.int64)
    return draw_until_fit(key, found, lists, categories[concepts], fits, turns=1)


@lru_cache(maxsize=4)
def _list_foil_relations(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """The pool's relations of each category, and with how many pairs of objects each relation of the taxonomy goes."""
    taxonomy, pools = plan.taxonomy, plan.pools
    categories = number_texts(taxonomy, "category", "relations")
    rows = np.unique(np.concatenate([pools.relations.rows, *(deck.rows for deck in pools.seed.relations)]))
    lists = [rows[categories[rows] == one].tolist() for one in range(categories.max(initial=-1) + 1)]
    breadth = np.ones(taxonomy.relations.num_rows)
    if pools.classes.typed:
        share = np.bincount(pools.classes.of[pools.objects], minlength=len(pools.classes))
        for column in ("subject_kinds", "object_kinds"):
            bits = taxonomy.kind_bits(taxonomy.relations[column])
            kinds, which = np.unique(bits, return_inverse=True)
            breadth *= ((kinds[:, None] & pools.classes.kinds) != 0)[which] @ share
    return Ragged.from_lists(lists), breadth


@lru_cache(maxsize=4)
def _find_joins(plan: Plan) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells whether relations make sense between objects; all are rows of the taxonomy."""
    if not plan.pools.classes.typed:
        return lambda relations, subjects, targets: np.ones(len(relations), dtype=bool)
    taxonomy = plan.taxonomy
    kinds = taxonomy.kind_bits(taxonomy.objects["kinds"])
    subject_kinds, object_kinds = (
        taxonomy.kind_bits(taxonomy.relations[column]) for column in ("subject_kinds", "object_kinds")
    )
    return lambda relations, subjects, targets: (
        (subject_kinds[relations] & kinds[subjects] != 0) & (object_kinds[relations] & kinds[targets] != 0)
    )


def can_turn(plan: Plan, scenes: Scenes, facts: RelationFacts) -> np.ndarray:
    """Whether each relation of the block certainly does not hold the other way around, but makes sense so, bool."""
    concepts = scenes.relations.values
    subjects, targets = (scenes.objects.values[end] for end in (facts.subjects, facts.targets))
    return read_logic(plan.taxonomy).asymmetric[concepts] & _find_joins(plan)(concepts, targets, subjects)


def draw_foil_targets(key: int, plan: Plan, scenes: Scenes, facts: RelationFacts) -> np.ndarray:
    """Another object of the scene for each relation, to which its subject does not stand in this relation.

    None for relations in space, where it may well do so without anybody's stating it, nor where any relation joins the
    two objects, or leads on from the target.

    Returns:
        Objects of the block, or -1, shape (relations of the block,).
    """
    concepts = scenes.relations.values
    scene = np.repeat(np.arange(len(scenes)), scenes.relations.lengths)
    spatial = np.array(plan.taxonomy.relations["category"].to_pylist()) == "spatial"
    every = pad_lists(Ragged(np.arange(len(scenes.objects.values)), scenes.objects.offsets))[scene]
    row, column = np.nonzero((every >= 0) & ~spatial[concepts][:, None])
    objects, subjects, targets = every[row, column], facts.subjects[row], facts.targets[row]
    good = (objects != subjects) & (objects != targets)
    values = scenes.objects.values
    good &= _find_joins(plan)(concepts[row], values[subjects], values[objects])
    others = facts.others[row]
    starts, ends = facts.subjects[others], facts.targets[others]
    for one in (subjects, targets):
        joined = (starts == one[:, None]) & (ends == objects[:, None])
        joined |= (starts == objects[:, None]) & (ends == one[:, None])
        good &= ~(joined & (others >= 0)).any(axis=1)
    # Nor any chain of relations of one sort that ends there.
    leads = (facts.forward | facts.backward)[row] & ((starts == objects[:, None]) | (ends == objects[:, None]))
    good &= ~leads.any(axis=1)
    chance = np.zeros(every.shape, dtype=np.uint64)
    chance[row[good], column[good]] = hash_numbers(key, row[good] * (LARGEST_COUNT + 1) + column[good]) | np.uint64(1)
    if not every.shape[1]:
        return np.full(len(concepts), -1, dtype=np.int64)
    best = chance.argmax(axis=1)
    at = np.arange(len(concepts))
    return np.where(chance[at, best] > 0, every[at, best], -1)
