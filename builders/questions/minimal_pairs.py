"""Minimal pairs: each scene of a block with one thing changed.

An edited scene keeps its elements at their places, so that the two graphs can be compared element by element. What is
changed is false of the scene as it was, by the rule that makes foils false.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from ...arrow import number_texts
from ..content.attributes import rank_attributes
from ..content.compatibility import find_attribute_kinds, find_object_kinds
from ..content.copies import can_be_several, find_countable
from ..content.facts import exclude_facts, find_pictured, read_sayings
from ..content.plan import Plan
from ..content.scenes import Scenes
from ..foils.draw import SceneKin, sample_foil_attributes, sample_foil_objects
from ..foils.kinship import find_kinship, list_lineages
from ..foils.relation_logic import RelationFacts, find_facts
from ..foils.relations import can_turn, sample_foil_relations
from ..foils.tables import find_excluding_attributes, find_near_attributes, find_seen_attributes
from ..foundation.counter_rng import deal, derive_key, draw_below, hash_numbers, shuffle_rows
from ..foundation.ragged import Ragged, number_rows, pad_lists
from ..recipe.fields import LARGEST_COUNT
from ..text.captions import CaptionWriter
from ..text.surface_forms import BlockWords
from ..text.views import Shape
from .references import References, find_references

SELDOM = "attributes_swapped"
"""The edit that the fewest scenes allow: every other one that does gets it, whatever was dealt."""
NUMBERS_OF_THINGS = (1, 6)
"""Between which numbers a count is edited where the recipe gives objects no others."""


@dataclass(frozen=True)
class Pairs:
    """What is edited in each scene of a block.

    Attributes:
        edits: Number of the edit in the recipe's list, or -1 where none is possible.
        scenes: The edited scenes; a scene without an edit is as it was.
        places: Number in the block of the relation, attribute or object that is edited in each scene.
        others: Of swapped attributes, the number of the other one; -1 for all else.
        told: How instructions refer to the objects of the block, where the recipe asks for them.
    """

    edits: np.ndarray
    scenes: Scenes
    places: np.ndarray
    others: np.ndarray
    told: References | None = None


@dataclass(frozen=True)
class Change:
    """Where an edit can be made, one place a scene, and what it does there.

    Attributes:
        places: Number in the block of a relation, attribute or object; -1 in scenes where the edit is not possible.
        apply: Makes edited scenes out of scenes, with the edit at these places.
        others: The other place of an edit at each place of the block, if it has two.
    """

    places: np.ndarray
    apply: Callable[[Scenes, np.ndarray], Scenes]
    others: np.ndarray | None = None


def edit_scenes(captions: CaptionWriter, scenes: Scenes, key: int) -> Pairs:
    """Makes one edit in each scene of (the beginning of) a block.

    The wanted edits are dealt from decks, so that all are used as often; where one is not possible, another is made.
    Swapped attributes, which test binding and are seldom possible, come first in half of the scenes that allow them.
    Where the recipe asks for instructions, only what they can name without doubt is edited.

    Args:
        captions: Who writes the captions, and numbers the shapes of edited scenes.
        scenes: The scenes.
        key: Key of the split.
    """
    wanted = captions.plan.recipe.pairs or ()
    drafts = _Drafts(captions.plan, scenes, key)
    changes = [EDITORS[edit](drafts) for edit in wanted]
    possible = np.stack([change.places >= 0 for change in changes], axis=1)
    first = deal(derive_key(key, "edits"), len(wanted), scenes.start, len(scenes))
    further = shuffle_rows(derive_key(key, "others"), scenes.start + np.arange(len(scenes)), len(wanted))
    if SELDOM in wanted:
        number = wanted.index(SELDOM)
        ids = scenes.start + np.arange(len(scenes))
        first = np.where(possible[:, number] & (draw_below(derive_key(key, SELDOM), ids, 2) == 0), number, first)
    tried = np.concatenate([first[:, None], further], axis=1)
    found = np.take_along_axis(possible, tried, axis=1)
    edits = np.where(found.any(axis=1), tried[np.arange(len(scenes)), found.argmax(axis=1)], -1)
    places, others = (np.full(len(scenes), -1, dtype=np.int64) for _ in range(2))
    for number, change in enumerate(changes):
        made = edits == number
        places[made] = change.places[made]
        if change.others is not None:
            others[made] = change.others[places[made]]
        scenes = change.apply(scenes, change.places[made])
    if "relation_reversed" in wanted:
        number = wanted.index("relation_reversed")
        scenes = _number_shapes(captions, scenes, np.flatnonzero(edits == number), changes[number].places)
    return Pairs(edits, scenes, places, others, drafts.told if captions.plan.recipe.edits else None)


def _number_shapes(captions: CaptionWriter, scenes: Scenes, rows: np.ndarray, places: np.ndarray) -> Scenes:
    """Gives scenes in which a relation was turned around (`rows`, at `places` of the block) the number of their shape.

    The shape depends on nothing but the structure and the relation's place in the scene.
    """
    structures = scenes.structures.astype(np.int64)
    examples, which = number_rows(structures[rows], places[rows] - scenes.relations.offsets[rows])
    numbers = np.zeros(len(examples), dtype=np.int64)
    for i, scene in enumerate(rows[examples].tolist()):
        begin, end = scenes.objects.offsets[scene : scene + 2]
        counts = np.diff(scenes.attributes.offsets[begin : end + 1])
        shape = Shape(*(tuple(one.tolist()) for one in (counts, scenes.subjects[scene], scenes.targets[scene])))
        numbers[i] = captions.number_shape(shape)
    structures[rows] = numbers[which]
    return replace(scenes, structures=structures)


class _Drafts:
    """What the edits of one block share."""

    def __init__(self, plan: Plan, scenes: Scenes, key: int) -> None:
        self.plan, self.scenes, self.key = plan, scenes, key
        self.scene_of_object = scenes.objects.owners
        self.scene_of_relation = scenes.relations.owners
        self.holders = scenes.attributes.owners
        self.names = list_lineages(plan.taxonomy)[scenes.objects.values, 0]

    @cached_property
    def facts(self) -> RelationFacts:
        return find_facts(self.plan.taxonomy, self.scenes)

    @cached_property
    def said(self) -> np.ndarray:
        """What relations say of each object of the block, bits."""
        sayings, said = read_sayings(self.plan.taxonomy), np.zeros(len(self.names), dtype=np.int64)
        for ends, told in ((self.facts.subjects, sayings.relations), (self.facts.targets, sayings.targets)):
            np.bitwise_or.at(said, ends, told[self.scenes.relations.values])
        return said

    @cached_property
    def alike(self) -> np.ndarray:
        """How many objects of its scene have each one's name; 0 where something else or an image may pass for one."""
        objects, scene = self.scenes.objects, self.scene_of_object
        others = pad_lists(Ragged(np.arange(len(self.names)), objects.offsets))[scene]
        same = ((others >= 0) & (self.names[others] == self.names[:, None])).sum(axis=1)
        sure = ~SceneKin(self.plan, self.scenes).show_more(scene, objects.values, same)
        return np.where(sure & ~find_pictured(self.plan.taxonomy, self.scenes), same, 0)

    @cached_property
    def told(self) -> References:
        """How instructions can refer to each object of the block."""
        return find_references(self.plan.taxonomy, BlockWords(self.scenes, self.plan.taxonomy), self.alike)

    def can_name(self, objects: np.ndarray, by_relation: bool = False) -> np.ndarray:
        """Whether instructions can name objects of the block, bool; all of them where the recipe asks for none."""
        if not self.plan.recipe.edits:
            return np.ones(len(objects), dtype=bool)
        told = self.told.by_name
        return (told | (self.told.relations >= 0) if by_relation else told)[objects]

    def choose(self, edit: str, scene_of: np.ndarray, good: np.ndarray, codes: np.ndarray | None = None) -> np.ndarray:
        """One of the good candidates of each scene, by chance; -1 where there is none.

        Args:
            edit: What the choice is for.
            scene_of: Scene of each candidate, ascending.
            good: Which candidates are possible, bool.
            codes: A number for each candidate that does not depend on other scenes; made here when left out.
        """
        rows = np.flatnonzero(good)
        codes = self.scenes.identify(scene_of) if codes is None else codes
        chance = hash_numbers(derive_key(self.key, edit, "place"), codes[rows])
        order = np.lexsort((chance, scene_of[rows]))
        scene, first = np.unique(scene_of[rows][order], return_index=True)
        chosen = np.full(len(self.scenes), -1, dtype=np.int64)
        chosen[scene] = rows[order[first]]
        return chosen


def _set(values: np.ndarray, places: np.ndarray, others: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed[places] = others
    return changed


def _reverse_relation(drafts: _Drafts) -> Change:
    """Turns around what certainly does not hold both ways; not where that would close a circle."""
    facts, scene_of = drafts.facts, drafts.scene_of_relation
    good = can_turn(drafts.plan, drafts.scenes, facts) & (drafts.names[facts.subjects] != drafts.names[facts.targets])

    def apply(scenes: Scenes, places: np.ndarray) -> Scenes:
        starts, ends = scenes.subjects.values, scenes.targets.values
        return replace(
            scenes,
            subjects=Ragged(_set(starts, places, ends[places]), scenes.subjects.offsets),
            targets=Ragged(_set(ends, places, starts[places]), scenes.targets.offsets),
        )

    good &= drafts.can_name(facts.subjects) & drafts.can_name(facts.targets)
    return Change(drafts.choose("relation_reversed", scene_of, good & ~_lead_around(facts)), apply)


def _lead_around(facts: RelationFacts) -> np.ndarray:
    """Whether other relations lead from each relation's subject to its target, bool."""
    subjects, targets = facts.subjects, facts.targets
    row, other = facts.others.owners, facts.others.values
    objects = int(max(subjects.max(initial=-1), targets.max(initial=-1))) + 1
    starts, ends = row * objects + subjects[other], row * objects + targets[other]
    # One bit for each relation and each object that any of the others of its scene starts from or ends at.
    _, numbers = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    starts, ends = numbers[: len(row)], numbers[len(row) :]
    reached, last = (np.zeros(int(numbers.max(initial=-1)) + 1, dtype=bool) for _ in range(2))
    reached[starts[subjects[other] == subjects[row]]] = True
    while (new := reached[starts] & ~reached[ends]).any():
        reached[ends[new]] = True
    last[ends[targets[other] == targets[row]]] = True
    around = np.zeros(len(subjects), dtype=bool)
    around[row[(reached & last)[ends]]] = True
    return around


def _swap_attributes(drafts: _Drafts) -> Change:
    """Swaps two attributes of a kind, which exclude each other, between objects of different names that take both."""
    scenes, plan, holders = drafts.scenes, drafts.plan, drafts.holders
    concepts, kinds = scenes.attributes.values, _number_kinds(plan)
    scene_of = drafts.scene_of_object[holders]
    offsets = scenes.attributes.offsets[scenes.objects.offsets]
    every = pad_lists(Ragged(np.arange(len(concepts)), offsets))[scene_of]
    one, place = np.nonzero(every > np.arange(len(concepts))[:, None])
    other = every[one, place]
    good = kinds[concepts[one]] == kinds[concepts[other]]
    good &= drafts.names[holders[one]] != drafts.names[holders[other]]
    one, place, other = one[good], place[good], other[good]
    good = find_excluding_attributes(plan.taxonomy)[concepts[one], concepts[other]]
    good &= find_seen_attributes(plan)[concepts[one]] & find_seen_attributes(plan)[concepts[other]]
    for some, others in ((one, other), (other, one)):
        good &= _find_fits(plan)(concepts[some], scenes.objects.values[holders[others]])
        good &= _can_stand(drafts, others, concepts[some]) & drafts.can_name(holders[some])
    chosen = drafts.choose(
        "attributes_swapped", scene_of[one], good, scenes.identify(scene_of)[one] * (LARGEST_COUNT + 1) + place
    )
    others = np.full(len(concepts), -1, dtype=np.int64)
    there = chosen >= 0
    others[one[chosen[there]]] = other[chosen[there]]

    def apply(scenes: Scenes, places: np.ndarray) -> Scenes:
        values, both = scenes.attributes.values, np.concatenate([places, others[places]])
        swapped = _set(values, both, values[np.concatenate([others[places], places])])
        return replace(scenes, attributes=Ragged(swapped, scenes.attributes.offsets))

    return Change(np.where(there, one[chosen] if len(one) else -1, -1), apply, others)


def _change_attribute(drafts: _Drafts) -> Change:
    """Makes an attribute that is seen another one that it excludes."""
    scenes, seen = drafts.scenes, find_seen_attributes(drafts.plan)
    keys, some = [derive_key(drafts.key, "attribute")], drafts.plan.recipe.questions.ask != "all"
    (foils,) = sample_foil_attributes(keys, drafts.plan, scenes, seen=some)
    good = (foils >= 0) & seen[scenes.attributes.values] & _can_stand(drafts, np.arange(len(foils)), foils)
    good &= drafts.can_name(drafts.holders, by_relation=True)

    def apply(scenes: Scenes, places: np.ndarray) -> Scenes:
        values = _set(scenes.attributes.values, places, foils[places])
        return replace(scenes, attributes=Ragged(values, scenes.attributes.offsets))

    return Change(drafts.choose("attribute", drafts.scene_of_object[drafts.holders], good), apply)


def _can_stand(drafts: _Drafts, places: np.ndarray, concepts: np.ndarray) -> np.ndarray:
    """Whether attributes (rows of the taxonomy) can stand at places of others, beside what else the object has.

    They clash with nothing there, nor with the object's name or what relations say of it, nothing there says what they
    replace, and English puts them at the same place.
    """
    attributes, pools, taxonomy = drafts.scenes.attributes, drafts.plan.pools, drafts.plan.taxonomy
    rank, group, near = rank_attributes(taxonomy), pools.attribute_group, find_near_attributes(taxonomy)
    beside = pad_lists(Ragged(np.arange(len(attributes.values)), attributes.offsets))[drafts.holders[places]]
    held, there = attributes.values[beside], (beside >= 0) & (beside != places[:, None])
    own = concepts[:, None]
    clash = near[own, held] | near[attributes.values[places][:, None], held] | (group[own] == group[held])
    clash |= pools.attribute_clash.have(own, held)
    clash |= np.where(beside < places[:, None], rank[held] > rank[own], rank[held] < rank[own])
    holders = drafts.holders[places]
    unfit = pools.object_clash.have(concepts, drafts.scenes.objects.values[holders])
    unfit |= exclude_facts(read_sayings(taxonomy).attributes[concepts], drafts.said[holders])
    return ~(clash & there).any(axis=1) & ~unfit


def _change_object(drafts: _Drafts) -> Change:
    """Makes the only object of its name another one that takes the same attributes and relations."""
    scenes, every = drafts.scenes, drafts.scenes.objects.values
    key, scene_of = derive_key(drafts.key, "object"), drafts.scene_of_object
    (foils,) = sample_foil_objects(
        [key], drafts.plan, scenes, SceneKin(drafts.plan, scenes), scene_of, every, alike=True
    )

    def apply(scenes: Scenes, places: np.ndarray) -> Scenes:
        return replace(scenes, objects=Ragged(_set(every, places, foils[places]), scenes.objects.offsets))

    good = (foils >= 0) & (drafts.alike == 1) & ((scenes.copies == 1) | find_countable(drafts.plan.taxonomy)[foils])
    # What takes its place must not show it: a shirt shows nobody, but somebody shows a shirt.
    good &= ~find_kinship(drafts.plan)(foils, every)
    return Change(drafts.choose("object", scene_of, good), apply)


def _change_count(drafts: _Drafts) -> Change:
    """Makes it one more or one fewer of what can be several, within the numbers that the recipe deals."""
    scenes, plan, facts = drafts.scenes, drafts.plan, drafts.facts
    low, high = _bound_copies(plan)
    able = can_be_several(
        plan.taxonomy,
        drafts.scene_of_object,
        scenes.objects.values,
        scenes.relations.values,
        (facts.subjects, facts.targets),
    )
    able &= (drafts.alike == 1) & (low <= scenes.copies) & (scenes.copies <= high)
    ups = hash_numbers(derive_key(drafts.key, "count"), scenes.identify(drafts.scene_of_object)) % 2 == 0
    steps = np.where((scenes.copies == low) | (ups & (scenes.copies < high)), 1, -1)

    def apply(scenes: Scenes, places: np.ndarray) -> Scenes:
        return replace(scenes, copies=_set(scenes.copies, places, scenes.copies[places] + steps[places]))

    return Change(drafts.choose("count", drafts.scene_of_object, able), apply)


def _bound_copies(plan: Plan) -> tuple[int, int]:
    """The least and the largest number of things that an object of the recipe, or of an edited scene, stands for."""
    copies = plan.recipe.content.objects.copies
    if copies is None:
        return NUMBERS_OF_THINGS
    low = copies.count.low if copies.share == 1 else 1
    return low, max(copies.count.high, low + 1)


def _change_predicate(drafts: _Drafts) -> Change:
    """Makes a relation another one that does not hold between the two objects."""
    foils = sample_foil_relations(derive_key(drafts.key, "predicate"), drafts.plan, drafts.scenes, drafts.facts)[:, 0]

    def apply(scenes: Scenes, places: np.ndarray) -> Scenes:
        values = _set(scenes.relations.values, places, foils[places])
        return replace(scenes, relations=Ragged(values, scenes.relations.offsets))

    good = (foils >= 0) & drafts.can_name(drafts.facts.subjects) & drafts.can_name(drafts.facts.targets)
    return Change(drafts.choose("predicate", drafts.scene_of_relation, good), apply)


@lru_cache(maxsize=4)
def _number_kinds(plan: Plan) -> np.ndarray:
    return number_texts(plan.taxonomy.attributes["kind"])


@lru_cache(maxsize=4)
def _find_fits(plan: Plan) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells whether attributes apply to objects; both are rows of the taxonomy."""
    if not plan.pools.classes.typed:
        return lambda attributes, objects: np.ones(len(attributes), dtype=bool)
    kinds, applies = find_object_kinds(plan.taxonomy), find_attribute_kinds(plan.taxonomy)
    return lambda attributes, objects: applies[attributes] & kinds[objects] != 0


EDITORS: dict[str, Callable[[_Drafts], Change]] = {
    "relation_reversed": _reverse_relation,
    "attributes_swapped": _swap_attributes,
    "attribute": _change_attribute,
    "object": _change_object,
    "count": _change_count,
    "predicate": _change_predicate,
}
"""What looks for the places of each edit."""
