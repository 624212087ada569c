"""The structures of a block, and the places for content in them, numbered through the block."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..foundation.counter_rng import deal, derive_key, draw_below
from ..foundation.ragged import Ragged, offsets_of
from ..structures.sampling import count_cells, sample_structures
from .plan import Plan
from .scenes import BLOCK


@dataclass(frozen=True)
class Layout:
    """The structures of a block, and places for content, numbered through the block.

    Attributes:
        key: Key of the split.
        block: Number of the block.
        start: Index of its first scene.
        structures: Row of the structure table for each scene, shape (scenes,).
        cells: How many of the earlier scenes are of each cell of `StructurePlan`, shape (cells,).
        objects: Where each scene's objects begin, and the end, shape (scenes + 1,).
        attributes: Where each object's attributes begin, and the end, shape (objects + 1,).
        subjects, targets: Numbers within their scenes of each relation's ends, one list a scene.
        ends: The same, numbered through the block, shape (relations,) each.
        seeds: For `objects`, `attributes` and `relations`, the places of the seed graph's coloured elements in the
            block, shape (scenes, coloured elements).
        moving: Relations of the block that must be of something that moves, one a scene that shall, ascending.
        counts: How many scene attributes each scene has, int64, shape (scenes,).
        turn: How often the scenes have been drawn before.
        dealt: Rows of the objects that they had then, to be dealt again, shape (objects,); None for a deck.
    """

    key: int
    block: int
    start: int
    structures: np.ndarray
    cells: np.ndarray
    objects: np.ndarray
    attributes: np.ndarray
    subjects: Ragged
    targets: Ragged
    ends: tuple[np.ndarray, np.ndarray]
    seeds: dict[str, np.ndarray]
    moving: np.ndarray
    counts: np.ndarray
    turn: int = 0
    dealt: np.ndarray | None = None


def lay_out(plan: Plan, key: int, block: int) -> Layout:
    """The structures of a block of a split with this key."""
    start = block * BLOCK
    structures = sample_structures(plan.structures, key, start, BLOCK)
    counts = _deal_counts(plan, key, start, structures)
    return _lay_out_structures(plan, key, block, structures, count_cells(plan.structures, key, start), counts)


def lay_out_again(
    plan: Plan, layout: Layout, scenes: np.ndarray, turn: int, objects: np.ndarray | None = None
) -> Layout:
    """Some scenes of a block for another turn: structures and numbers stay, the decks are the turn's own.

    Args:
        plan: The plan of the split.
        layout: The block.
        scenes: Their numbers in it.
        turn: Which turn, from 0.
        objects: Rows of their objects, to be dealt to them again instead of a deck.
    """
    key, cells = derive_key(layout.key, "again", layout.block, turn), np.zeros_like(layout.cells)
    again = _lay_out_structures(plan, key, layout.block, layout.structures[scenes], cells, layout.counts[scenes])
    return replace(again, turn=turn + 1, dealt=objects)


def _deal_counts(plan: Plan, key: int, start: int, structures: np.ndarray) -> np.ndarray:
    """Deals how many scene attributes each scene of a block has, as far as its caption has room for them."""
    low, high = plan.recipe.content.scene_attributes.count
    counts = low + deal(derive_key(key, "scene_attribute_counts"), high - low + 1, start, len(structures))
    return counts if plan.room is None else np.minimum(counts, plan.room.most_attributes[structures])


def _lay_out_structures(
    plan: Plan, key: int, block: int, structures: np.ndarray, cells: np.ndarray, counts: np.ndarray
) -> Layout:
    start, table = block * BLOCK, plan.structures.table
    objects = offsets_of(table.objects[structures])
    attributes = offsets_of(table.attribute_counts.take(structures).values)
    subjects, targets = table.subjects.take(structures), table.targets.take(structures)
    # The table counts within a scene (attributes within the scene, too): what its scene begins with makes that a place
    # in the block. `attributes[objects[:-1]]` is the first attribute of each scene's first object.
    shift = np.repeat(objects[:-1], subjects.lengths)
    seeds = {
        "objects": objects[:-1, None] + table.seed_objects[structures],
        "attributes": attributes[objects[:-1], None] + table.seed_attributes[structures],
        "relations": subjects.offsets[:-1, None] + table.seed_relations[structures],
    }
    ends = (subjects.values + shift, targets.values + shift)
    moving = _choose_moving(plan, key, start, subjects)
    lists = (objects, attributes, subjects, targets)
    return Layout(key, block, start, structures, cells, *lists, ends, seeds, moving, counts)


def _choose_moving(plan: Plan, key: int, start: int, relations: Ragged) -> np.ndarray:
    """The relation of each scene that shall show something that moves, by chance; which scenes shall, is dealt."""
    percent = round(100 * plan.recipe.content.dynamic)
    if not percent:
        return np.zeros(0, dtype=np.int64)
    scenes = np.flatnonzero(deal(derive_key(key, "dynamic"), 100, start, len(relations)) < percent)
    picked = draw_below(derive_key(key, "moving"), start + scenes, relations.lengths[scenes])
    return relations.offsets[scenes] + picked


def deal_free(plan: Plan, layout: Layout, name: str, cards: int) -> tuple[np.ndarray, np.ndarray]:
    """Deals what the seed graph does not give: the places (of all of the block) and their cards, of one shape."""
    counts, seeds = getattr(plan.structures.table, name), layout.seeds[name]
    free = np.ones(int(counts[layout.structures].sum()), dtype=bool)
    free[seeds] = False
    places = np.flatnonzero(free)
    # (cells,): cards that a scene of each cell takes. All structures of a cell take as many, so the scenes before this
    # block took `cells @ per_cell`, which is where the deck goes on.
    per_cell = plan.structures.measure_cells(counts).astype(np.int64) - seeds.shape[1]
    return places, deal(derive_key(layout.key, name), cards, int(layout.cells @ per_cell), len(places))
