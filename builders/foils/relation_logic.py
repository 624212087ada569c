"""Entailment between relations: which may hold along with one, which cannot, and what follows (natural logic).

The rule: the scene graph is all that is in the picture. So a relation that it does not state does not hold, unless
something that it states may make it true: a synonym or an implication (`near` in the taxonomy), the other direction of
a symmetric relation or of an inverse, or a chain of relations of one sort ("left of" what is left of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...arrow import read_truths
from ...taxonomy import Taxonomy
from ...taxonomy.nearness import relate_heads
from ..content.facts import read_sayings
from ..content.scenes import Scenes
from ..foundation.ragged import Ragged, offsets_of, pair_members


@dataclass(frozen=True, eq=False)
class RelationLogic:
    """Tables over head predicates ("chasing", of which "eagerly chasing" is a kind), numbered.

    Attributes:
        head: Head of each relation of the taxonomy, int64, shape (relations,).
        inverse: Head of each relation's inverse, or -1, shape (relations,).
        symmetric: Whether each relation holds in both directions, bool, shape (relations,).
        asymmetric: Whether each relation excludes its other direction, bool, shape (relations,).
        hedged: Whether each relation holds nearly or in part, bool, shape (relations,); it excludes nothing then.
        near: Whether two relations may hold along with each other, bool, shape (heads, heads); each is near itself.
        excludes: Whether two relations never hold along with each other, bool, shape (heads, heads).
    """

    head: np.ndarray
    inverse: np.ndarray
    symmetric: np.ndarray
    asymmetric: np.ndarray
    hedged: np.ndarray
    near: np.ndarray
    excludes: np.ndarray


@lru_cache(maxsize=4)
def read_logic(taxonomy: Taxonomy) -> RelationLogic:
    """Reads the tables from the taxonomy's relations."""
    table, sayings = taxonomy.relations, read_sayings(taxonomy)
    near = relate_heads(taxonomy, "near")
    heads_of: dict[str, set[int]] = {}
    for predicate, one in zip(table["predicate"].to_pylist(), sayings.head.tolist(), strict=True):
        heads_of.setdefault(predicate, set()).add(one)
    # Who reads a predicate does not know which of several heads is meant.
    # So each of them is near what any of them is near: first rows, then columns, which keeps the table symmetric.
    for heads in (sorted(some) for some in heads_of.values() if len(some) > 1):
        near[heads] = near[heads].any(axis=0)
        near[:, heads] = near[:, heads].any(axis=1, keepdims=True)
    return RelationLogic(
        sayings.head,
        sayings.turned,
        read_truths(table["symmetric"]),
        sayings.asymmetric,
        sayings.hedged,
        near,
        sayings.clashes,
    )


@dataclass(frozen=True)
class RelationFacts:
    """What the relations of a block say about each of them, in the sense of its own predicate.

    Attributes:
        subjects, targets: Objects (of the block) that each relation joins, shape (relations,).
        others: The other relations of its scene, one list a relation. What follows is of these pairs, in the order of
            `others.values`, bool, shape (pairs,).
        forward: Whether the other says the same sort of thing of its subject and target.
        backward: Whether it says it of its target and subject.
        starts_there: Whether the other's subject is one of the objects that the relation joins.
        ends_there: Whether its target is.
    """

    subjects: np.ndarray
    targets: np.ndarray
    others: Ragged
    forward: np.ndarray
    backward: np.ndarray
    starts_there: np.ndarray
    ends_there: np.ndarray

    def find_any(self, holds: np.ndarray) -> np.ndarray:
        """Whether something (bool, one a pair) holds of any of a relation's pairs, bool, one a relation."""
        found = np.zeros(len(self.subjects), dtype=bool)
        found[self.others.owners.compress(holds)] = True
        return found

    def has_one_target(self) -> np.ndarray:
        """Whether nothing else is what a relation's subject stands in this relation to, bool, one a relation."""
        return ~self.find_any((self.forward & self.starts_there) | (self.backward & self.ends_there))

    def has_one_subject(self) -> np.ndarray:
        """Whether nothing else stands in this relation to a relation's target, bool, one a relation."""
        return ~self.find_any((self.forward & self.ends_there) | (self.backward & self.starts_there))


def find_facts(taxonomy: Taxonomy, scenes: Scenes) -> RelationFacts:
    """Compares each relation of a block with the others of its scene."""
    logic, relations, lengths = read_logic(taxonomy), scenes.relations.values, scenes.relations.lengths
    # Object numbers within scenes become numbers within the block.
    shift = np.repeat(scenes.objects.offsets[:-1], lengths)
    subjects, targets = scenes.subjects.values + shift, scenes.targets.values + shift
    one, other = pair_members(scenes.relations.offsets)
    # (pairs,) each: the head of the one, and what the other states, a row of the taxonomy, with its inverse's head.
    heads, stated = logic.head.take(relations.take(one)), relations.take(other)
    inverse = logic.inverse.take(stated)
    forward = logic.near[heads, logic.head.take(stated)]
    backward = ((inverse >= 0) & logic.near[heads, inverse]) | (logic.symmetric.take(stated) & forward)

    def is_end(objects: np.ndarray) -> np.ndarray:
        return (objects == subjects.take(one)) | (objects == targets.take(one))

    starts_there, ends_there = (is_end(objects.take(other)) for objects in (subjects, targets))
    others = Ragged(other, offsets_of(np.repeat(lengths, lengths) - 1))
    return RelationFacts(subjects, targets, others, forward, backward, starts_there, ends_there)
