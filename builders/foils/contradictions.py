"""Relations of somebody's own graphs that cannot all hold, or that others say again: what must not be asked of them.

Scenes that we make have one relation between two objects at most, and none that contradicts another. Graphs of others
state that one thing is left of another, and right of it; or that three things are each left of the next, in a circle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...taxonomy import Taxonomy
from ..content.facts import read_sayings
from ..content.scenes import Scenes
from .relation_logic import RelationFacts, read_logic


@dataclass(frozen=True)
class Doubts:
    """What is doubtful of the relations of a block, bool, shape (relations,) each.

    Attributes:
        contradicted: Another one excludes it, or a circle of them does.
        crowded: Its two objects stand in another relation as well, so another predicate may hold of them.
        turned: The other way around is stated, too.
    """

    contradicted: np.ndarray
    crowded: np.ndarray
    turned: np.ndarray


def find_doubts(taxonomy: Taxonomy, scenes: Scenes, facts: RelationFacts) -> Doubts:
    """Compares the relations of each two objects, and looks for circles of orders."""
    logic = read_logic(taxonomy)
    one, other = facts.others.owners, facts.others.values
    start, end = facts.subjects, facts.targets
    same = (start[one] == start[other]) & (end[one] == end[other])
    cross = (start[one] == end[other]) & (end[one] == start[other])
    some = np.flatnonzero(same | cross)
    heads = logic.head[scenes.relations.values]
    inverse = logic.inverse[scenes.relations.values]
    said = np.where(same[some], heads[other[some]], inverse[other[some]])
    clashes = np.zeros(len(one), dtype=bool)
    clashes[some] = (said >= 0) & logic.excludes[heads[one[some]], said]
    turned = facts.find_any((cross & facts.forward) | (same & facts.backward))
    contradicted = facts.find_any(clashes) | (turned & logic.asymmetric[scenes.relations.values])
    contradicted |= _find_circles(taxonomy, scenes, facts)
    return Doubts(contradicted, facts.find_any(same | cross), turned)


def _find_circles(taxonomy: Taxonomy, scenes: Scenes, facts: RelationFacts) -> np.ndarray:
    """Which relations lie on a circle of one order, or between two such circles: left of what is left of it; bool."""
    orders = read_sayings(taxonomy).orders[scenes.relations.values]
    found = np.zeros(len(orders), dtype=bool)
    for order in orders.T:
        rows = np.flatnonzero(order)
        first = np.where(order > 0, facts.subjects, facts.targets)
        last = np.where(order > 0, facts.targets, facts.subjects)
        # What nothing comes before, or nothing comes after, is on no circle; without it others are ends in turn.
        size = len(scenes.objects.values)
        while len(rows):
            entered, left = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
            entered[last[rows]] = left[first[rows]] = True
            kept = entered[first[rows]] & left[last[rows]]
            if kept.all():
                break
            rows = rows[kept]
        found[rows] = True
    return found
