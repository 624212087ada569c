"""Scenes as columns: the structure and the concepts of each scene of a block (paper section 3.1, steps 1 to 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import GasError, Problem, RecipeError, gather_problems
from ..taxonomy import SCENE_ATTRIBUTE_KINDS, Taxonomy
from .arrays import Ragged, offsets_of
from .decks import deal, derive_key
from .limits import read_limits
from .pools import Pools, check_room, choose_pools
from .recipe import Recipe
from .seating import fill_slots, part_clashes
from .structure_cache import find_structures
from .structure_plan import StructurePlan, count_cells, draw_structures, plan_structures

BLOCK = 8192
"""Scenes in a block. Part of the data version: another size deals other scenes."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is worked out once for a recipe and used for every block."""

    recipe: Recipe
    taxonomy: Taxonomy
    structures: StructurePlan
    pools: Pools


@dataclass(frozen=True)
class Scenes:
    """A run of scenes, one array a property. Concepts are rows of the taxonomy's tables.

    Attributes:
        start: Index of the first scene in its split.
        structures: Row of the structure table for each scene.
        objects: Concepts of each scene's objects.
        attributes: Concepts of each object's attributes (one list an object), in the order in which English puts them.
        relations: Concepts of each scene's relations, in the order of the structure's edges.
        subjects, targets: Object numbers of the relations' ends.
        scene_attributes: Concepts of each scene's attributes, those of the setting first.
    """

    start: int
    structures: np.ndarray
    objects: Ragged
    attributes: Ragged
    relations: Ragged
    subjects: Ragged
    targets: Ragged
    scene_attributes: Ragged

    def __len__(self) -> int:
        return len(self.structures)

    def cut(self, first: int, last: int) -> Scenes:
        """The scenes from `first` to before `last`, counted within this run."""
        objects = _cut(self.objects, first, last)
        begin, end = self.objects.offsets[first], self.objects.offsets[last]
        return Scenes(
            self.start + first,
            self.structures[first:last],
            objects,
            _cut(self.attributes, begin, end),
            _cut(self.relations, first, last),
            _cut(self.subjects, first, last),
            _cut(self.targets, first, last),
            _cut(self.scene_attributes, first, last),
        )


def _cut(ragged: Ragged, first: int, last: int) -> Ragged:
    offsets = ragged.offsets[first : last + 1]
    return Ragged(ragged.values[offsets[0] : offsets[-1]], offsets - offsets[0])


def plan_scenes(recipe: Recipe, taxonomy: Taxonomy) -> Plan:
    """Enumerates the structures and chooses the concepts of a recipe.

    Raises:
        RecipeError: Constraints or filters leave nothing, or name what does not exist; all that is wrong at once.
    """
    limits = read_limits(recipe)
    problems: list[Problem] = []
    with gather_problems(problems):
        table = find_structures(limits)
    with gather_problems(problems):
        pools = choose_pools(recipe, taxonomy)
    if problems:
        raise RecipeError(problems)
    check_room(taxonomy, pools, table)
    return Plan(recipe, taxonomy, plan_structures(table, recipe.structure.distribution), pools)


def draw_block(plan: Plan, split: str, block: int) -> Scenes:
    """Draws the scenes of one block of a split. Depends on nothing but its arguments.

    Content comes from decks that go on from block to block: how many cards the earlier blocks took is known from the
    counts of their structures, without drawing them.
    """
    key = derive_key(plan.recipe.seed, plan.recipe.name, split)
    start = block * BLOCK
    table = plan.structures.table
    structures = draw_structures(plan.structures, key, start, BLOCK)
    cells = count_cells(plan.structures, key, start)

    def deal_cards(name: str, cards: int, counts: np.ndarray, needed: int) -> np.ndarray:
        before = int(cells @ plan.structures.measure_cells(counts).astype(np.int64))
        return deal(derive_key(key, name), cards, before, needed)

    attribute_counts = table.attribute_counts.take(structures).values
    objects = offsets_of(table.objects[structures])
    object_cards = deal_cards("objects", len(plan.pools.objects), table.objects, int(objects[-1]))
    object_values = _seat_objects(plan.pools, derive_key(key, "objects", block), object_cards, attribute_counts)

    attributes = offsets_of(attribute_counts)
    attribute_cards = deal_cards("attributes", len(plan.pools.attributes), table.attributes, int(attributes[-1]))
    holder_class = np.repeat(plan.pools.object_class[object_values], attribute_counts)
    attribute_values = _seat_attributes(
        plan.pools, derive_key(key, "attributes", block), attribute_cards, attributes, holder_class
    )

    subjects, targets = table.subjects.take(structures), table.targets.take(structures)
    relation_cards = deal_cards("relations", len(plan.pools.relations), table.relations, len(subjects.values))
    shift = np.repeat(objects[:-1], subjects.lengths)
    ends = (plan.pools.object_class[object_values[end.values + shift]] for end in (subjects, targets))
    relation_values = _seat_relations(plan.pools, derive_key(key, "relations", block), relation_cards, *ends)
    return Scenes(
        start,
        structures,
        Ragged(object_values, objects),
        _order_attributes(plan.taxonomy, Ragged(attribute_values, attributes)),
        Ragged(relation_values, subjects.offsets),
        subjects,
        targets,
        _draw_scene_attributes(plan, key, start, block),
    )


def _seat_objects(pools: Pools, key: int, cards: np.ndarray, attribute_counts: np.ndarray) -> np.ndarray:
    """An object gets a concept that can hold as many attributes as the structure puts there."""
    fits = pools.object_room[:, None] >= np.arange(int(attribute_counts.max(initial=0)) + 1)
    return pools.objects[fill_slots(key, cards, pools.object_class[pools.objects], attribute_counts, fits)]


def _seat_attributes(
    pools: Pools, key: int, cards: np.ndarray, offsets: np.ndarray, holder_class: np.ndarray
) -> np.ndarray:
    groups, texts = pools.attribute_group, pools.attribute_text
    seated = fill_slots(key, cards, pools.attribute_class, holder_class, pools.attribute_fits)
    seated = part_clashes(
        key,
        seated,
        offsets,
        holder_class,
        clash=lambda some, others: (groups[some] == groups[others]) | (texts[some] == texts[others]),
        cards_in_deck=len(pools.attributes),
        accept=lambda slots, tries: pools.attribute_fits[pools.attribute_class[tries], holder_class[slots]],
    )
    return pools.attributes[seated]


def _seat_relations(
    pools: Pools, key: int, cards: np.ndarray, subjects: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    pair = subjects * len(pools.object_room) + targets
    return pools.relations[fill_slots(key, cards, pools.relation_class, pair, pools.relation_fits)]


def _order_attributes(taxonomy: Taxonomy, attributes: Ragged) -> Ragged:
    """Sorts each object's attributes as English does: opinion, size, ..., material; those after the noun last."""
    rank = _rank_attributes(taxonomy)
    holder = np.repeat(np.arange(len(attributes)), attributes.lengths)
    return Ragged(attributes.values[np.lexsort((rank[attributes.values], holder))], attributes.offsets)


@lru_cache(maxsize=4)
def _rank_attributes(taxonomy: Taxonomy) -> np.ndarray:
    after = np.array(taxonomy.attributes["position"].to_pylist()) == "after"
    return after * 1000 + taxonomy.attributes["order"].to_numpy().astype(np.int64)


def _draw_scene_attributes(plan: Plan, key: int, start: int, block: int) -> Ragged:
    """Deals how many attributes each scene has, then their kinds, then for each kind its concepts."""
    low, high = plan.recipe.content.scene_attributes.count
    decks, choices = plan.pools.scene_attributes, high - low + 1
    count_key, kind_key = derive_key(key, "scene_attribute_counts"), derive_key(key, "scene_attribute_kinds")
    counts = low + deal(count_key, choices, start, BLOCK)
    offsets = offsets_of(counts)
    if not offsets[-1]:
        return Ragged(np.zeros(0, dtype=np.int64), offsets)
    full, rest = divmod(start, choices)
    before = full * (low + high) * choices // 2 + int((low + deal(count_key, choices, full * choices, rest)).sum())
    kinds = deal(kind_key, len(decks), before, int(offsets[-1]))
    full, rest = divmod(before, len(decks))
    dealt = full + np.isin(np.arange(len(decks)), deal(kind_key, len(decks), full * len(decks), rest))
    cards = np.empty(len(kinds), dtype=np.int64)
    for kind in range(len(decks)):
        slots = np.flatnonzero(kinds == kind)
        deck_key, size = derive_key(key, "scene_attributes", kind), len(decks[kind])
        cards[slots] = decks.offsets[kind] + deal(deck_key, size, int(dealt[kind]), len(slots))
    clash = plan.pools.scene_clash
    try:
        cards = part_clashes(
            derive_key(key, "scene", block),
            cards,
            offsets,
            np.zeros(len(cards), dtype=np.int64),
            clash=lambda some, others: clash[some, others],
            cards_in_deck=len(clash),
            accept=lambda slots, _: np.ones(len(slots), dtype=bool),
        )
    except GasError as error:
        message = f"{high} scene attributes do not go together among the {len(decks)} kinds that are left"
        hint = "lower the count or allow more kinds"
        raise RecipeError([Problem(message, key="content.scene_attributes.count", hint=hint)]) from error
    values, scene = decks.values[cards], np.repeat(np.arange(BLOCK), counts)
    return Ragged(values[np.lexsort((values, _rank_scene_attributes(plan.taxonomy)[values], scene))], offsets)


@lru_cache(maxsize=4)
def _rank_scene_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Where a text names each scene attribute: those of the setting first, then by kind."""
    table = taxonomy.scene_attributes
    order = {kind: rank for rank, kind in enumerate(SCENE_ATTRIBUTE_KINDS)}
    kinds = np.array([order.get(kind, len(order)) for kind in table["kind"].to_pylist()])
    return kinds + (len(order) + 1) * (np.array(table["role"].to_pylist()) == "picture")
