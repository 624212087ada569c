"""Foils of relations: another relation, another object, or the other direction, in the place of the truth.

A foil is false in every picture of the scene: what the truth excludes, what does not hold both ways, what is not
there. Whatever else may hold although nobody states it (`relation_logic.py`) is no foil.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ...arrow import find_rows, match_texts
from ...taxonomy import Taxonomy
from ...taxonomy.english.predicates import find_form
from ..content.copies import find_grouping
from ..content.facts import find_saying
from ..content.plan import Plan
from ..content.scenes import Scenes
from ..foundation.counter_rng import derive_key, draw_below, hash_numbers
from ..foundation.ragged import Ragged, expand_ranges, number_rows, offsets_of
from ..recipe.fields import LARGEST_COUNT
from .kinship import list_lineages
from .relation_logic import RelationFacts, read_logic
from .tables import number_texts


def sample_foil_relations(key: int, plan: Plan, scenes: Scenes, facts: RelationFacts, draws: int = 1) -> np.ndarray:
    """Relations for some of the block that the truth excludes, and that are not near each other.

    Each is drawn once: so the truth would have come up as often for the foil, and no predicate is more often true than
    false where it is asked about.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        facts: What its relations say.
        draws: How often to draw for each relation; not every draw yields a foil.

    Returns:
        Rows of the taxonomy's relations, or -1, shape (relations of the block, draws).
    """
    logic, concepts = read_logic(plan.taxonomy), scenes.relations.values
    lists, breadth = _list_foil_relations(plan)
    found = np.full((len(concepts), draws), -1, dtype=np.int64)
    # Candidates in columns, an entry for each relation and draw: `rows` is the relation (of the block), `draw` its
    # place in `found`, `foils` a row of the taxonomy. Each step below leaves fewer of them.
    rows = np.repeat(np.flatnonzero(lists.lengths.take(concepts)), draws)
    draw = rows * draws + np.arange(len(rows)) % draws
    ids = (scenes.identify(scenes.relations.owners)[:, None] * draws + np.arange(draws)).reshape(-1).take(draw)
    truths = concepts.take(rows)
    foils = lists.values.take(lists.offsets.take(truths) + draw_below(key, ids, lists.lengths.take(truths)))
    subjects, targets = (scenes.objects.values.take(end.take(rows)) for end in (facts.subjects, facts.targets))
    # What has more foils, or goes with more objects, than the truth would come up more often than the other way
    # around.
    luck = hash_numbers(derive_key(key, "luck"), ids) / 2.0**64
    scarcity = breadth * lists.lengths
    good = _find_joins(plan)(foils, subjects, targets) & (luck * scarcity.take(foils) < scarcity.take(truths))
    good &= allow_copies(plan, foils, *(scenes.copies[end.take(rows)] for end in (facts.subjects, facts.targets)))
    found.reshape(-1)[draw.compress(good)] = foils.compress(good)
    # A later foil must not be near an earlier one of the same relation.
    for column in range(1, draws):
        again = found[:, column] >= 0
        for before in found.T[:column]:
            some = np.flatnonzero(again & (before >= 0))
            again[some] = ~logic.near[logic.head[found[some, column]], logic.head[before[some]]]
        found[~again, column] = -1
    return found


def _list_pairs(facts: RelationFacts, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of these relations with the others of their scenes: the place in `rows` of each, and its number."""
    others = facts.others
    lengths = others.lengths.take(rows)
    return np.repeat(np.arange(len(rows)), lengths), expand_ranges(others.offsets.take(rows), lengths)


@lru_cache(maxsize=4)
def _list_foil_relations(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """What is certainly false where a relation holds, and with how many pairs of objects each relation goes.

    A foil is one of the pool, of the category and the grammatical form of the truth, which excludes it.

    Returns:
        Rows of the taxonomy, a list for each of its relations, and float64, shape (relations of the taxonomy,).
    """
    taxonomy, pools, logic = plan.taxonomy, plan.pools, read_logic(plan.taxonomy)
    rows = np.unique(np.concatenate([pools.relations.rows, *(deck.rows for deck in pools.seed.relations)]))
    if plan.recipe.questions.ask == "visible":
        rows = rows[match_texts(taxonomy.relations["visible"], "yes")[rows]]
    rows = rows[~logic.hedged[rows]]
    _, sort = number_rows(number_texts(taxonomy, "category", "relations"), find_forms(taxonomy))
    lists = [rows[:0]] * taxonomy.relations.num_rows
    for row in rows.tolist():
        lists[row] = rows[(sort[rows] == sort[row]) & logic.excludes[logic.head[row]].take(logic.head[rows])]
    breadth = np.ones(taxonomy.relations.num_rows)
    # (object classes,): objects of each class. Subjects that fit times objects that fit: pairs.
    if pools.classes.typed:
        share = np.bincount(pools.classes.of[pools.objects], minlength=len(pools.classes))
        for column in ("subject_kinds", "object_kinds"):
            bits = taxonomy.kind_bits(taxonomy.relations[column])
            kinds, which = np.unique(bits, return_inverse=True)
            breadth *= ((kinds[:, None] & pools.classes.kinds) != 0)[which] @ share
    return Ragged(np.concatenate(lists), offsets_of(np.array([len(some) for some in lists]))), breadth


@lru_cache(maxsize=4)
def find_forms(taxonomy: Taxonomy) -> np.ndarray:
    """The grammatical form of each relation's predicate, int64, shape (relations of the taxonomy,)."""
    table = taxonomy.relations.select(["predicate", "finite"])
    return np.array([find_form(row["predicate"], bool(row["finite"])) for row in table.to_pylist()], dtype=np.int64)


@lru_cache(maxsize=4)
def find_single(taxonomy: Taxonomy) -> tuple[np.ndarray, np.ndarray]:
    """Which relations show, of all that is in a picture, one thing alone at their target, and at their subject.

    Returns:
        Two arrays of bool, shape (relations of the taxonomy,) each.
    """
    table = taxonomy.relations
    has_one = find_saying(table, "one")
    inverse, is_spatial = find_rows(table["inverse"], table["id"]), match_texts(table["category"], "spatial")
    # Whoever lies under a rug is underneath what lies on it, too.
    turned = has_one[inverse] & ~find_saying(table, "below")
    return has_one, np.where(inverse >= 0, turned, has_one & ~is_spatial)


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
    turns = read_logic(plan.taxonomy).asymmetric[concepts] & _find_joins(plan)(concepts, targets, subjects)
    return turns & allow_copies(plan, concepts, scenes.copies[facts.targets], scenes.copies[facts.subjects])


def allow_copies(plan: Plan, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether relations (rows of the taxonomy) make sense between so many things and so many others, bool."""
    of_subjects, of_targets = find_grouping(plan.taxonomy)
    return ((subjects == 1) | of_subjects[relations]) & ((targets == 1) | of_targets[relations])


def sample_foil_targets(key: int, plan: Plan, scenes: Scenes, facts: RelationFacts) -> np.ndarray:
    """Another object of the scene for each relation, to which its subject does not stand in this relation.

    None for relations in which it may well stand to several things without anybody's stating it, nor where any
    relation joins the two objects, or leads on from the target.

    Returns:
        Objects of the block, or -1, shape (relations of the block,).
    """
    concepts, values = scenes.relations.values, scenes.objects.values
    scene = scenes.relations.owners
    # Every object of the scene for each relation that has one target.
    rows = np.flatnonzero(find_single(plan.taxonomy)[0].take(concepts))
    firsts, sizes = scenes.objects.offsets.take(scene.take(rows)), scenes.objects.lengths.take(scene.take(rows))
    row, objects = np.repeat(rows, sizes), expand_ranges(firsts, sizes)
    number = objects - np.repeat(firsts, sizes)
    subjects, targets = facts.subjects.take(row), facts.targets.take(row)
    good = (objects != subjects) & (objects != targets)
    good &= _find_joins(plan)(concepts.take(row), values.take(subjects), values.take(objects))
    good &= allow_copies(plan, concepts.take(row), scenes.copies.take(subjects), scenes.copies.take(objects))
    # A tortilla is a bread: whoever lifts the one lifts the other.
    lineages = list_lineages(plan.taxonomy)
    for some, others in ((objects, targets), (targets, objects)):
        good &= ~(lineages[values[some]] == lineages[values[others], :1]).any(axis=1)
    row, objects, number = row.compress(good), objects.compress(good), number.compress(good)
    # No other relation may join it to either of the two, nor may a chain of relations of one sort end there.
    some, pairs = _list_pairs(facts, row)
    other, there = facts.others.values.take(pairs), objects.take(some)
    starts, ends = (one.take(other) == there for one in (facts.subjects, facts.targets))
    reached = (starts & facts.ends_there.take(pairs)) | (ends & facts.starts_there.take(pairs))
    reached |= (starts | ends) & (facts.forward | facts.backward).take(pairs)
    good = np.ones(len(row), dtype=bool)
    good[some.compress(reached)] = False
    row, objects, number = row.compress(good), objects.compress(good), number.compress(good)
    chance = hash_numbers(key, scenes.identify(scene).take(row) * (LARGEST_COUNT + 1) + number) | np.uint64(1)
    found = np.full(len(concepts), -1, dtype=np.int64)
    if len(row):
        begins = np.flatnonzero(np.diff(row, prepend=-1))
        best = np.repeat(np.maximum.reduceat(chance, begins), np.diff(begins, append=len(row))) == chance
        found[row.compress(best)[::-1]] = objects.compress(best)[::-1]  # of two alike the first
    # What stands in one relation to two objects is asked about a third one once.
    examples, which = number_rows(facts.subjects, concepts, found)
    return np.where(examples[which] == np.arange(len(found)), found, -1)
