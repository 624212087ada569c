"""Unseen compositions: a compositional split, so that a test has none that training has (paper, Table 3).

A keyed hash puts each composition into a bucket, and a split has scenes of its buckets alone: the same for any size,
shard and order, and for all recipes of one seed and taxonomy. Of each kind of compositions that a split keeps unseen,
no other split has any that it may have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...arrow import number_texts
from ...errors import Problem, RecipeError
from ...taxonomy import Taxonomy
from ..foundation.counter_rng import derive_key, hash_numbers
from ..foundation.ragged import number_rows, pad_lists
from ..recipe.model import SPLITS, Recipe
from ..structures.enumeration import StructureTable
from .compatibility import Deck, ObjectClasses

if TYPE_CHECKING:
    from .pools import Pools
    from .scenes import Scenes

HASH_BUCKETS = 4
"""Buckets of compositions: one for each split that keeps their kind unseen, the rest for all other splits."""
CAPTION_BUCKETS = 8
"""Buckets of whole scenes."""
BUCKETS_OF_SPLIT = {
    split: np.isin(np.arange(CAPTION_BUCKETS), buckets)
    for split, buckets in {"train": range(6), "validation": [6], "test": [7]}.items()
}
"""Which buckets of whole scenes are a split's, bool, shape (CAPTION_BUCKETS,): whatever is kept unseen, no caption
stands in two splits."""


@dataclass(frozen=True)
class UnseenCompositions:
    """Which compositions one split may have.

    Attributes:
        split: Its name.
        key: Of all hashes.
        sorts: Number of the sort of each relation of the taxonomy (its kinds, its tier, how well it is seen), int64,
            shape (relations,).
        own: For each kind that some split keeps unseen, which buckets are this split's, bool, shape (HASH_BUCKETS,).
        kinds: The kinds that this split keeps unseen: each scene has a composition of one of them.
    """

    split: str
    key: int
    sorts: np.ndarray
    own: dict[str, np.ndarray]
    kinds: tuple[str, ...]


def choose_unseen(recipe: Recipe, taxonomy: Taxonomy) -> dict[str, UnseenCompositions]:
    """What each split may have; nothing for recipes in which no split keeps anything unseen."""
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
    columns = ("subject_kinds", "object_kinds", "tier", "visible")
    _, sorts = number_rows(*(number_texts(taxonomy.relations[column]) for column in columns))
    unseen = dict[str, UnseenCompositions]()
    for split in SPLITS:
        own = dict[str, np.ndarray]()
        for kind in dict.fromkeys(kind for some in kinds.values() for kind in some):
            holders = [name for name, some in kinds.items() if kind in some]
            own[kind] = np.arange(HASH_BUCKETS) >= len(holders)
            if split in holders:
                own[kind] = np.arange(HASH_BUCKETS) == holders.index(split)
        unseen[split] = UnseenCompositions(split, key, sorts, own, kinds.get(split, ()))
    return unseen


def part_evenly(key: int, rows: np.ndarray, parts: int) -> np.ndarray:
    """A number in [0, parts) for each concept, by chance, all as often."""
    # In the order of their hashes, the concepts are counted off 0, 1, ..., parts - 1, 0, ...
    numbers = np.empty(len(rows), dtype=np.int64)
    numbers[np.argsort(hash_numbers(key, rows))] = np.arange(len(rows)) % parts
    return numbers


def find_bucket(key: int, name: str, rows: np.ndarray) -> np.ndarray:
    """A number in [0, HASH_BUCKETS) for each concept, by its row of the taxonomy's table."""
    return (hash_numbers(derive_key(key, name), rows) >> np.uint64(32)).astype(np.int64) % HASH_BUCKETS


def find_relation_bucket(unseen: UnseenCompositions, name: str, rows: np.ndarray) -> np.ndarray:
    """The same for relations, of which each sort has as many of one bucket as of another, as far as that is possible.

    Between some objects only few relations hold, and each split needs one of them.
    """
    key, sorts = derive_key(unseen.key, name), unseen.sorts
    order = np.lexsort((hash_numbers(key, np.arange(len(sorts))), sorts))
    first = np.searchsorted(sorts[order], sorts[order])
    buckets = np.empty(len(sorts), dtype=np.int64)
    # Each sort begins with a bucket by chance, so that none is of the largest each time.
    buckets[order] = np.arange(len(sorts)) - first + find_bucket(key, "first", sorts[order])
    return buckets[rows] % HASH_BUCKETS


def keep_concepts(unseen: UnseenCompositions, name: str, rows: np.ndarray) -> np.ndarray:
    """Of these concepts those that a split may have."""
    own = unseen.own.get("concept")
    return rows if own is None else rows[own[_find_concept_bucket(unseen, name, rows)]]


def _find_concept_bucket(unseen: UnseenCompositions, name: str, rows: np.ndarray) -> np.ndarray:
    if name == "relations":
        return find_relation_bucket(unseen, "concept.relations", rows)
    return find_bucket(unseen.key, f"concept.{name}", rows)


def list_structures(unseen: UnseenCompositions, table: StructureTable) -> np.ndarray:
    """The structures that a split may have, rows of `table`, each with something that is unseen, if that is asked for.

    Raises:
        RecipeError: There are none.
    """
    kept = np.ones(len(table), dtype=bool)
    if unseen.kinds and not {"structure", "concept"} & set(unseen.kinds):
        has = {
            "object_attribute": table.attributes > 0,
            "object_relation_object": table.relations > 0,
            "object_pair": table.objects > 1,
        }
        kept = np.any([has[kind] for kind in unseen.kinds], axis=0)
    if not kept.any():
        raise _refuse(unseen, f"no structure has what {', '.join(unseen.kinds)} is about", "allow larger ones")
    own = unseen.own.get("structure")
    if own is not None:
        kept &= own[_find_structure_buckets(unseen, table)]
    if not kept.any():
        raise _refuse(
            unseen, f"none of the {len(table):,} structures is left", "allow more structures, or another seed"
        )
    return np.flatnonzero(kept)


def _find_structure_buckets(unseen: UnseenCompositions, table: StructureTable) -> np.ndarray:
    return np.array(
        [derive_key(unseen.key, "structure", text) % HASH_BUCKETS for text in table.topologies.to_pylist()]
    )


def _refuse(unseen: UnseenCompositions, message: str, hint: str) -> RecipeError:
    return RecipeError([Problem(f"{unseen.split}: {message}", key=f"splits.{unseen.split}", hint=hint)])


def refine_attributes(unseen: UnseenCompositions, pools: Pools) -> Pools:
    """Splits classes by buckets, so that an attribute goes with an object only where the two are the split's."""
    own = unseen.own.get("object_attribute")
    if own is None:
        return pools
    # Class `c` becomes HASH_BUCKETS classes `c * HASH_BUCKETS + bucket`, for objects as for cards, and the bucket of a
    # composition is the sum of its parts' buckets.
    classes, deck = pools.classes, pools.attributes
    bucket = find_bucket(unseen.key, "object_attribute.object", np.arange(len(classes.of)))
    refined = np.where(classes.of < 0, -1, classes.of * HASH_BUCKETS + bucket)
    buckets_of_cards = find_bucket(unseen.key, "object_attribute.attribute", deck.rows)
    places = np.arange(HASH_BUCKETS)
    # (card classes, buckets, object classes, buckets), which are then rows and columns two by two.
    fits = deck.fits[:, None, :, None] & own[(places[:, None] + places) % HASH_BUCKETS][None, :, None, :]
    attributes = Deck(
        deck.rows, deck.classes * HASH_BUCKETS + buckets_of_cards, fits.reshape(len(deck.fits) * HASH_BUCKETS, -1)
    )
    # Relations do not look at these buckets: each row and column of (subject class, object class) is repeated.
    count = len(classes)
    joins = pools.relations.fits.reshape(-1, count, count).repeat(HASH_BUCKETS, axis=1).repeat(HASH_BUCKETS, axis=2)
    return replace(
        pools,
        attributes=attributes,
        relations=replace(pools.relations, fits=joins.reshape(len(joins), -1)),
        classes=ObjectClasses(
            refined, classes.kinds.repeat(HASH_BUCKETS), classes.sizes.repeat(HASH_BUCKETS), classes.typed
        ),
    )


def refine_relations(
    unseen: UnseenCompositions, deck: Deck, pairs: np.ndarray, subjects: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes of cards and slots, and which fit: a relation joins objects only where the three are the split's.

    Args:
        unseen: Of the split.
        deck: Relations.
        pairs: The pair of object classes of each slot, a column of `deck.fits`, shape (slots,).
        subjects: The objects that relations begin at, rows of the taxonomy's table, shape (slots,).
        targets: The objects that they go to, shape (slots,).
    """
    own = unseen.own.get("object_relation_object")
    if own is None:
        return deck.classes, pairs, deck.fits
    name = "object_relation_object"
    # A slot's class is its pair and the sum of its ends' buckets; `kinds` are those that occur.
    ends = find_bucket(unseen.key, f"{name}.subject", subjects) + find_bucket(unseen.key, f"{name}.target", targets)
    kinds, slots = np.unique(pairs * HASH_BUCKETS + ends % HASH_BUCKETS, return_inverse=True)
    buckets_of_slots, places = kinds % HASH_BUCKETS, np.arange(HASH_BUCKETS)
    # (buckets of cards, slot classes): whether card and ends add up to a bucket of the split.
    allowed = own[(places[:, None] + buckets_of_slots) % HASH_BUCKETS]
    fits = deck.fits[:, None, kinds // HASH_BUCKETS] & allowed[None]
    cards = deck.classes * HASH_BUCKETS + find_relation_bucket(unseen, f"{name}.relation", deck.rows)
    fits = fits.reshape(len(fits) * HASH_BUCKETS, -1)
    if not fits[np.unique(cards)].any(axis=0).all():  # of a class, there may be relations in some buckets alone
        raise _refuse(unseen, "no relation that is left fits some pairs of objects", "allow more relations")
    return cards, slots, fits


@dataclass(frozen=True)
class Groups:
    """Objects in groups, by which the bucket of a pair of different objects is known: those of one group are unseen.

    Attributes:
        of: The group of each object of the taxonomy; -1 for those that no scene has.
        own: The groups that scenes of this split are made of, each of one; None where no two objects are of one group.
    """

    of: np.ndarray
    own: np.ndarray | None


def group_objects(unseen: UnseenCompositions, recipe: Recipe, pools: Pools, most: int, room: int) -> Groups | None:
    """Groups the objects of a recipe, about as many groups as each has objects; None if no split keeps pairs unseen.

    Args:
        unseen: Of the split.
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
    groups[rows] = part_evenly(derive_key(unseen.key, "object_pair"), rows, count)
    own = None
    if unseen.split in holders:
        # Every n-th group is a split's, of n splits. A group must hold a whole scene, and one object of enough room.
        own = np.arange(holders.index(unseen.split), count, len(holders))
        roomy = groups[rows[pools.object_room[pools.classes.of[rows]] >= room]]
        sizes = np.bincount(groups[rows], minlength=count)
        own = own[(sizes[own] >= most) & np.isin(own, roomy)]
    if count < most or (own is not None and not len(own)):
        hint = f"leave about {(most + 1) ** 2 * len(holders)} objects, or allow fewer in a scene"
        raise _refuse(unseen, f"{len(rows)} objects are too few to keep pairs of them unseen", hint)
    return Groups(groups, own)


def find_leaks(unseen: UnseenCompositions, groups: Groups | None, table: StructureTable, scenes: Scenes) -> np.ndarray:
    """Which scenes have a composition that is not the split's, as an edited scene may, bool, shape (scenes,)."""
    count = len(scenes)
    scene_of_object = scenes.objects.owners
    scene_of_relation = scenes.relations.owners
    objects, own = scenes.objects.values, unseen.own
    holder = scenes.attributes.owners
    foreign = np.zeros(count, dtype=bool)

    def look(kind: str, bucket: np.ndarray, scene: np.ndarray) -> None:
        # `bucket` and `scene` are of one shape, an entry for each composition of the kind.
        foreign[scene[~own[kind][bucket % HASH_BUCKETS]]] = True

    if (kind := "object_attribute") in own:
        bucket = find_bucket(unseen.key, f"{kind}.object", objects)[holder]
        bucket += find_bucket(unseen.key, f"{kind}.attribute", scenes.attributes.values)
        look(kind, bucket, scene_of_object[holder])
    if (kind := "object_relation_object") in own:
        first = np.repeat(scenes.objects.offsets[:-1], scenes.relations.lengths)
        bucket = find_relation_bucket(unseen, f"{kind}.relation", scenes.relations.values)
        for role, ends in (("subject", scenes.subjects), ("target", scenes.targets)):
            bucket += find_bucket(unseen.key, f"{kind}.{role}", objects[first + ends.values])
        look(kind, bucket, scene_of_relation)
    if (kind := "concept") in own:
        scene_of_attribute = scenes.scene_attributes.owners
        for name, rows, scene in (
            ("objects", objects, scene_of_object),
            ("attributes", scenes.attributes.values, scene_of_object[holder]),
            ("relations", scenes.relations.values, scene_of_relation),
            ("scene_attributes", scenes.scene_attributes.values, scene_of_attribute),
        ):
            look(kind, _find_concept_bucket(unseen, name, rows), scene)
    if (kind := "structure") in own:
        known = scenes.structures < len(table)
        foreign |= ~known  # the edit gave it another structure, of which no bucket is known
        look(kind, _find_structure_buckets(unseen, table)[scenes.structures[known]], np.flatnonzero(known))
    if groups is not None:
        # (scenes, most objects of a scene), -1 where there is none; each object is compared with those before it.
        padded = pad_lists(scenes.objects)
        there = padded >= 0
        group = np.where(there, groups.of[padded], -1)
        for place in range(1, padded.shape[1]):
            alike = group[:, :place] == group[:, place, None]
            same = padded[:, :place] == padded[:, place, None]
            wrong = alike & ~same if groups.own is None else ~alike
            foreign |= (wrong & there[:, place, None]).any(axis=1)
    return foreign
