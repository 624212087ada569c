"""How an instruction refers to one object of a picture, so that whoever sees the picture knows which is meant.

A picture has no first and no second dog, so ordinals, which captions and questions have, tell nothing here. An object
is told by its name if nothing else may pass for it; by an attribute that all others of its name exclude; or by what it
does to another object that is told so, while none of the others is said to have to do with that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arrow import match_texts
from ...taxonomy import Taxonomy
from ..foils.tables import find_excluding_attributes
from ..foundation.ragged import pad_lists
from ..text.surface_forms import BlockWords


@dataclass(frozen=True)
class References:
    """How each object of a block can be told.

    Attributes:
        by_name: Whether its name tells it, or its name with the attribute before it that `which` prints, bool.
        relations: Where neither does, the relation of the block that starts from it and tells it, or -1.
    """

    by_name: np.ndarray
    relations: np.ndarray


def find_references(taxonomy: Taxonomy, words: BlockWords, alike: np.ndarray) -> References:
    """Finds out how objects can be told.

    Args:
        taxonomy: The taxonomy of the recipe.
        words: The block.
        alike: How many objects of its scene have each one's name; 0 where something else may pass for one.
    """
    by_name = (alike == 1) | ((alike > 1) & _is_set_apart(taxonomy, words))
    return References(by_name, np.where(by_name | (alike == 0), -1, _find_telling_relations(taxonomy, words, by_name)))


def _is_set_apart(taxonomy: Taxonomy, words: BlockWords) -> np.ndarray:
    """Whether an attribute tells each object from others of its name, all of which have one that excludes it, bool."""
    scenes, own = words.scenes, words.distinctive
    held, first = pad_lists(scenes.attributes), words.twins[0]
    found = own >= 0
    for one, other in _pair_twins(words):
        if own[one] >= 0 and first[one] == first[other]:
            some = held[other][held[other] >= 0]
            found[one] &= bool(find_excluding_attributes(taxonomy)[some, own[one]].any())
    return found


def _find_telling_relations(taxonomy: Taxonomy, words: BlockWords, by_name: np.ndarray) -> np.ndarray:
    """The first relation of each object to one that its name tells, which no other of its name is joined with, or -1.

    Where something stands tells nothing: others may well stand there, too.
    """
    scenes = words.scenes
    shift = scenes.objects.offsets[:-1][scenes.relations.owners]
    subjects, targets = scenes.subjects.values + shift, scenes.targets.values + shift
    is_place = match_texts(taxonomy.relations["category"], "spatial")[scenes.relations.values]
    joined = {
        *zip(subjects.tolist(), targets.tolist(), strict=True),
        *zip(targets.tolist(), subjects.tolist(), strict=True),
    }
    twins: dict[int, list[int]] = {}
    for one, other in _pair_twins(words):
        twins.setdefault(one, []).append(other)
    found = np.full(len(by_name), -1, dtype=np.int64)
    for relation in np.flatnonzero(~is_place & by_name[targets] & ~by_name[subjects]).tolist():
        subject, target = int(subjects[relation]), int(targets[relation])
        free = not any((other, target) in joined for other in twins.get(subject, ()))
        if free and target not in twins.get(subject, ()) and found[subject] < 0:
            found[subject] = relation
    return found


def _pair_twins(words: BlockWords) -> list[tuple[int, int]]:
    """All pairs of two objects of one name in one scene, in both orders; there are few."""
    first, _, number = words.twins
    groups: dict[int, list[int]] = {}
    for one in np.flatnonzero(number > 1).tolist():
        groups.setdefault(int(first[one]), []).append(one)
    return [(one, other) for group in groups.values() for one in group for other in group if one != other]
