"""Which compositions belong to which splits, so that a test has none that training has (paper, Table 3).

A keyed hash gives each composition a side, and a split has scenes of its sides alone: the same for any size, shard and
order, and for all recipes of one seed and taxonomy. Of each kind of compositions that a split keeps unseen, no other
split has any that it may have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import Problem, RecipeError
from ..foundation.counter_rng import derive_key, hash_numbers
from ..foundation.ragged import pad_lists
from ..recipe.model import SPLITS, Recipe
from ..structures.enumeration import StructureTable
from .compatibility import Deck, ObjectClasses

if TYPE_CHECKING:
    from .pools import Pools
    from .scenes import Scenes

SIDES = 4
"""Sides of a composition: one for each split that keeps its kind unseen, the others for all other splits."""
CAPTIONS = 8
CAPTION_SIDES = {
    split: np.isin(np.arange(CAPTIONS), sides)
    for split, sides in {"train": range(6), "validation": [6], "test": [7]}.items()
}
"""Which sides of whole scenes are a split's, whatever is unseen, so that no caption stands in two."""


@dataclass(frozen=True)
class Sides:
    """The sides of one split.

    Attributes:
        split: Its name.
        key: Of all hashes.
        own: For each kind that some split keeps unseen, whether each side is this split's, bool, shape (SIDES,).
        unseen: The kinds that this split keeps unseen: each scene has a composition of one of them.
    """

    split: str
    key: int
    own: dict[str, np.ndarray]
    unseen: tuple[str, ...]


def choose_sides(recipe: Recipe) -> dict[str, Sides]:
    """The sides of every split; none for recipes in which no split keeps anything unseen."""
    kinds = {name: split.unseen for name, split in recipe.splits.items() if split.unseen}
    if not kinds:
        return {}
    if recipe.structure.seed_graph is not None:
        raise RecipeError(
            [
                Problem(
                    "`unseen` does not go with a seed graph, which is part of the scenes of all splits",
                    key=f"splits.{next(iter(kinds))}.unseen",
                    hint="leave one of them out",
                )
            ]
        )
    key = derive_key(recipe.seed, "unseen")
    sides = dict[str, Sides]()
    for split in SPLITS:
        own = dict[str, np.ndarray]()
        for kind in dict.fromkeys(kind for some in kinds.values() for kind in some):
            holders = [name for name, some in kinds.items() if kind in some]
            own[kind] = np.arange(SIDES) >= len(holders)
            if split in holders:
                own[kind] = np.arange(SIDES) == holders.index(split)
        sides[split] = Sides(split, key, own, kinds.get(split, ()))
    return sides


def part_evenly(key: int, rows: np.ndarray, parts: int) -> np.ndarray:
    """A number in [0, parts) for each concept, by chance, all as often."""
    numbers = np.empty(len(rows), dtype=np.int64)
    numbers[np.argsort(hash_numbers(key, rows))] = np.arange(len(rows)) % parts
    return numbers


def find_side(key: int, name: str, rows: np.ndarray) -> np.ndarray:
    """A number in [0, SIDES) for each concept, by its row of the taxonomy's table."""
    return (hash_numbers(derive_key(key, name), rows) >> np.uint64(32)).astype(np.int64) % SIDES


def keep_concepts(sides: Sides, name: str, rows: np.ndarray) -> np.ndarray:
    """Of these concepts those that a split may have."""
    own = sides.own.get("concept")
    return rows if own is None else rows[own[find_side(sides.key, f"concept.{name}", rows)]]


def list_structures(sides: Sides, table: StructureTable) -> np.ndarray:
    """The structures that a split may have, rows of `table`, each with something that is unseen, if that is asked for.

    Raises:
        RecipeError: There are none.
    """
    kept = np.ones(len(table), dtype=bool)
    if sides.unseen and not {"structure", "concept"} & set(sides.unseen):
        has = {
            "object_attribute": table.attributes > 0,
            "object_relation_object": table.relations > 0,
            "object_pair": table.objects > 1,
        }
        kept = np.any([has[kind] for kind in sides.unseen], axis=0)
    if not kept.any():
        raise _refuse(sides, f"no structure has what {', '.join(sides.unseen)} is about", "allow larger ones")
    own = sides.own.get("structure")
    if own is not None:
        kept &= own[_find_structure_sides(sides, table)]
    if not kept.any():
        raise _refuse(
            sides, f"none of the {len(table):,} structures is left", "allow more structures, or another seed"
        )
    return np.flatnonzero(kept)


def _find_structure_sides(sides: Sides, table: StructureTable) -> np.ndarray:
    return np.array([derive_key(sides.key, "structure", text) % SIDES for text in table.topologies.to_pylist()])


def _refuse(sides: Sides, message: str, hint: str) -> RecipeError:
    return RecipeError([Problem(f"{sides.split}: {message}", key=f"splits.{sides.split}", hint=hint)])


def refine_attributes(sides: Sides, pools: Pools) -> Pools:
    """Splits classes by sides, so that an attribute goes with an object only where the two are the split's."""
    own = sides.own.get("object_attribute")
    if own is None:
        return pools
    classes, deck = pools.classes, pools.attributes
    side = find_side(sides.key, "object_attribute.object", np.arange(len(classes.of)))
    refined = np.where(classes.of < 0, -1, classes.of * SIDES + side)
    sides_of_cards = find_side(sides.key, "object_attribute.attribute", deck.rows)
    places = np.arange(SIDES)
    fits = deck.fits[:, None, :, None] & own[(places[:, None] + places) % SIDES][None, :, None, :]
    attributes = Deck(deck.rows, deck.classes * SIDES + sides_of_cards, fits.reshape(len(deck.fits) * SIDES, -1))
    count = len(classes)
    joins = pools.relations.fits.reshape(-1, count, count).repeat(SIDES, axis=1).repeat(SIDES, axis=2)
    return replace(
        pools,
        attributes=attributes,
        relations=replace(pools.relations, fits=joins.reshape(len(joins), -1)),
        classes=ObjectClasses(refined, classes.kinds.repeat(SIDES), classes.typed),
    )


def refine_relations(
    sides: Sides, deck: Deck, pairs: np.ndarray, subjects: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes of cards and slots, and which fit: a relation joins objects only where the three are the split's.

    Args:
        sides: Of the split.
        deck: Relations.
        pairs: The pair of object classes of each slot, a column of `deck.fits`.
        subjects: The objects that relations begin at, rows of the taxonomy's table.
        targets: Those that they go to.
    """
    own = sides.own.get("object_relation_object")
    if own is None:
        return deck.classes, pairs, deck.fits
    name = "object_relation_object"
    ends = find_side(sides.key, f"{name}.subject", subjects) + find_side(sides.key, f"{name}.target", targets)
    kinds, slots = np.unique(pairs * SIDES + ends % SIDES, return_inverse=True)
    sides_of_slots, places = kinds % SIDES, np.arange(SIDES)
    allowed = own[(places[:, None] + sides_of_slots) % SIDES]
    fits = deck.fits[:, None, kinds // SIDES] & allowed[None]
    cards = deck.classes * SIDES + find_side(sides.key, f"{name}.relation", deck.rows)
    if not fits.any(axis=(0, 1)).all():
        raise _refuse(sides, "no relation that is left fits some pairs of objects", "allow more relations")
    return cards, slots, fits.reshape(len(fits) * SIDES, -1)


@dataclass(frozen=True)
class Groups:
    """Objects in groups, by which the side of a pair of different objects is known: those of one group are unseen.

    Attributes:
        of: The group of each object of the taxonomy; -1 for those that no scene has.
        own: The groups that scenes of this split are made of, each of one; None where no two objects are of one group.
    """

    of: np.ndarray
    own: np.ndarray | None


def group_objects(sides: Sides, recipe: Recipe, pools: Pools, most: int, room: int) -> Groups | None:
    """Groups the objects of a recipe; None if no split keeps pairs of objects unseen.

    Args:
        sides: Of the split.
        recipe: The recipe.
        pools: Its concepts.
        most: Objects in a scene, at most.
        room: Attributes on an object, at most.

    Raises:
        RecipeError: There are too few objects.
    """
    holders = [name for name, split in recipe.splits.items() if "object_pair" in split.unseen]
    if not holders:
        return None
    rows = np.unique(pools.objects)
    count = round(len(rows) ** 0.5)
    groups = np.full(len(pools.classes.of), -1, dtype=np.int64)
    groups[rows] = part_evenly(derive_key(sides.key, "object_pair"), rows, count)
    own = None
    if sides.split in holders:
        own = np.arange(holders.index(sides.split), count, len(holders))
        roomy = groups[rows[pools.object_room[pools.classes.of[rows]] >= room]]
        sizes = np.bincount(groups[rows], minlength=count)
        own = own[(sizes[own] >= most) & np.isin(own, roomy)]
    if count < most or (own is not None and not len(own)):
        hint = f"leave about {(most + 1) ** 2 * len(holders)} objects, or allow fewer in a scene"
        raise _refuse(sides, f"{len(rows)} objects are too few to keep pairs of them unseen", hint)
    return Groups(groups, own)


def find_foreign(sides: Sides, groups: Groups | None, table: StructureTable, scenes: Scenes) -> np.ndarray:
    """Which scenes have a composition that is not the split's, as an edited scene may, bool."""
    count = len(scenes)
    scene_of_object = np.repeat(np.arange(count), scenes.objects.lengths)
    scene_of_relation = np.repeat(np.arange(count), scenes.relations.lengths)
    objects, own = scenes.objects.values, sides.own
    holder = np.repeat(np.arange(len(objects)), scenes.attributes.lengths)
    foreign = np.zeros(count, dtype=bool)

    def look(kind: str, side: np.ndarray, scene: np.ndarray) -> None:
        foreign[scene[~own[kind][side % SIDES]]] = True

    if (kind := "object_attribute") in own:
        side = find_side(sides.key, f"{kind}.object", objects)[holder]
        side += find_side(sides.key, f"{kind}.attribute", scenes.attributes.values)
        look(kind, side, scene_of_object[holder])
    if (kind := "object_relation_object") in own:
        first = np.repeat(scenes.objects.offsets[:-1], scenes.relations.lengths)
        side = find_side(sides.key, f"{kind}.relation", scenes.relations.values)
        for role, ends in (("subject", scenes.subjects), ("target", scenes.targets)):
            side += find_side(sides.key, f"{kind}.{role}", objects[first + ends.values])
        look(kind, side, scene_of_relation)
    if (kind := "concept") in own:
        scene_of_attribute = np.repeat(np.arange(count), scenes.scene_attributes.lengths)
        for name, rows, scene in (
            ("objects", objects, scene_of_object),
            ("attributes", scenes.attributes.values, scene_of_object[holder]),
            ("relations", scenes.relations.values, scene_of_relation),
            ("scene_attributes", scenes.scene_attributes.values, scene_of_attribute),
        ):
            look(kind, find_side(sides.key, f"{kind}.{name}", rows), scene)
    if (kind := "structure") in own:
        known = scenes.structures < len(table)
        foreign |= ~known  # the edit gave it another structure, of which no side was asked
        look(kind, _find_structure_sides(sides, table)[scenes.structures[known]], np.flatnonzero(known))
    if groups is not None:
        padded = pad_lists(scenes.objects)
        there = padded >= 0
        group = np.where(there, groups.of[padded], -1)
        for place in range(1, padded.shape[1]):
            alike = group[:, :place] == group[:, place, None]
            same = padded[:, :place] == padded[:, place, None]
            wrong = alike & ~same if groups.own is None else ~alike
            foreign |= (wrong & there[:, place, None]).any(axis=1)
    return foreign
