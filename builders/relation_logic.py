"""What one relation says of others: which may hold along with it, which cannot, and what follows.

The rule: the scene graph is all that is in the picture. So a relation that it does not state does not hold, unless
something that it states may make it true: a synonym or an implication (`near` in the taxonomy), the other direction of
a symmetric relation or of an inverse, or a chain of relations of one sort ("left of" what is left of it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..taxonomy import Taxonomy
from ..taxonomy.arrow import find_rows, match_texts, read_truths
from ..taxonomy.nearness import number_heads, relate_heads
from ..taxonomy.schema import HEDGES
from .arrays import Ragged, pad_lists
from .scenes import Scenes


@dataclass(frozen=True, eq=False)
class RelationLogic:
    """Tables over head predicates ("chasing", of which "eagerly chasing" is a kind), numbered.

    Attributes:
        head: Head of each relation of the taxonomy.
        inverse: Head of each relation's inverse, or -1.
        symmetric: Whether each relation holds in both directions, bool.
        asymmetric: Whether each relation excludes its other direction, bool.
        hedged: Whether each relation holds nearly or in part, bool; it excludes nothing then.
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
    table = taxonomy.relations
    _, head = number_heads(taxonomy)
    inverse = find_rows(table["inverse"], table["id"])
    near = relate_heads(taxonomy, "near")
    heads_of: dict[str, set[int]] = {}
    for predicate, one in zip(table["predicate"].to_pylist(), head.tolist(), strict=True):
        heads_of.setdefault(predicate, set()).add(one)
    # Who reads a predicate does not know which of several heads is meant.
    for heads in (sorted(some) for some in heads_of.values() if len(some) > 1):
        near[heads] = near[heads].any(axis=0)
        near[:, heads] = near[:, heads].any(axis=1, keepdims=True)
    return RelationLogic(
        head,
        np.where(inverse >= 0, head[inverse], -1),
        read_truths(table["symmetric"]),
        read_truths(table["asymmetric"]),
        match_texts(table["modifier"], *HEDGES),
        near,
        relate_heads(taxonomy, "excludes"),
    )


@dataclass(frozen=True)
class RelationFacts:
    """What the relations of a block say about each of them, in the sense of its own predicate.

    Each relation of the block is a row; `others` of its scene are columns, padded with -1.

    Attributes:
        subjects, targets: Objects (of the block) that each relation joins.
        others: The other relations of the same scene.
        forward: Whether they say the same sort of thing of their subject and target, bool.
        backward: Whether they say it of their target and subject, bool.
    """

    subjects: np.ndarray
    targets: np.ndarray
    others: np.ndarray
    forward: np.ndarray
    backward: np.ndarray

    def _any(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Whether another relation says it of these objects; -1 stands for any."""
        subjects, targets = self.subjects[self.others], self.targets[self.others]

        def match(subjects: np.ndarray, targets: np.ndarray) -> np.ndarray:
            return ((starts < 0)[:, None] | (subjects == starts[:, None])) & (
                (ends < 0)[:, None] | (targets == ends[:, None])
            )

        return ((self.forward & match(subjects, targets)) | (self.backward & match(targets, subjects))).any(axis=1)

    def find_beside(self, objects: np.ndarray) -> np.ndarray:
        """Which of the other relations join one of these objects, one a relation; bool, of the shape of `others`."""
        joined = (self.subjects[self.others] == objects[:, None]) | (self.targets[self.others] == objects[:, None])
        return joined & (self.others >= 0)

    def has_one_target(self) -> np.ndarray:
        """Whether nothing else is what a relation's subject stands in this relation to, bool, one a relation."""
        anything = np.full(len(self.subjects), -1)
        return ~self._any(self.subjects, anything) & ~self._any(self.targets, anything)

    def has_one_subject(self) -> np.ndarray:
        """Whether nothing else stands in this relation to a relation's target, bool, one a relation."""
        anything = np.full(len(self.subjects), -1)
        return ~self._any(anything, self.targets) & ~self._any(anything, self.subjects)


def find_facts(taxonomy: Taxonomy, scenes: Scenes) -> RelationFacts:
    """Compares each relation of a block with the others of its scene."""
    logic, relations = read_logic(taxonomy), scenes.relations.values
    scene = np.repeat(np.arange(len(scenes)), scenes.relations.lengths)
    shift = scenes.objects.offsets[:-1][scene]
    every = np.arange(len(relations))
    others = pad_lists(Ragged(every, scenes.relations.offsets))[scene]
    others = np.where(others == every[:, None], -1, others)
    heads, stated = logic.head[relations][:, None], relations[others]
    inverse = logic.inverse[stated]
    same = logic.near[heads, logic.head[stated]]
    backward = ((inverse >= 0) & logic.near[heads, inverse]) | (logic.symmetric[stated] & same)
    there = others >= 0
    return RelationFacts(
        scenes.subjects.values + shift, scenes.targets.values + shift, others, same & there, backward & there
    )
