"""Relations: whether each holds and whether something else does; what is at its ends, and which relation it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ....arrow import make_texts
from ....taxonomy import Taxonomy
from ....taxonomy.english.predicates import FINITE
from ...content.facts import find_saying
from ...foils.draw import sample_foil_objects
from ...foils.relation_logic import RelationFacts, find_facts, read_logic
from ...foils.relations import (
    can_turn,
    find_forms,
    find_single,
    sample_foil_relations,
    sample_foil_targets,
)
from ...foundation.counter_rng import derive_key, hash_numbers
from ...foundation.ragged import Ragged, number_rows
from ..balance import CHOICES, FEWEST_CHOICES, shuffle_choices
from ..batches import Batch, QuestionContext, Topics, make_single_lists
from ..edited_scenes import NONE, EditedScenes, choose_right

FORMS = ("yes_no", "open", "multiple_choice")

RELATION_DRAWS = 8
"""Draws of relations for the choices of a question; many of those drawn do not fit."""
SIDED = ("person", "animal", "vehicle", "furniture", "building", "clothing")
"""Kinds of objects that have a left and a right of their own."""
VIEWED = "_viewed"
"""At the end of the macros that say whose left and right are meant."""

TURNED, CHANGED, MOVED, NO_FOIL = range(4)
"""What makes a relation false: the other way around, another predicate, another object; nothing certainly does."""


@dataclass(frozen=True)
class _Relations:
    """The relations of a block, which are the topics; arrays have an entry a relation.

    Attributes:
        context: What the questions of the block share.
        topics: The relations as topics.
        facts: What they say.
        concepts: Their predicates, rows of the taxonomy.
        subjects, targets: Objects of the block that they join.
        asked: Which of them may be asked about, bool.
        others: Other predicates of each that would be false, rows of the taxonomy or -1, shape (relations, draws).
    """

    context: QuestionContext
    topics: Topics
    facts: RelationFacts
    concepts: np.ndarray
    subjects: np.ndarray
    targets: np.ndarray
    asked: np.ndarray
    others: np.ndarray

    def start(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Where the words of a macro begin that is given some relations and both of their ends."""
        return {"subject": self.subjects[rows], "relation": rows, "target": self.targets[rows]}

    def split_viewed(self, macro: str, rows: np.ndarray, relations: np.ndarray) -> list[tuple[str, np.ndarray]]:
        """The macro that asks about some topics, by these relations, and the one that says whose left is meant.

        Returns:
            Each macro with the places in `rows` that are asked with it.
        """
        taxonomy, objects = self.context.plan.taxonomy, self.context.scenes.objects.values
        sided = find_sided(taxonomy)[objects]
        viewed = find_viewed(taxonomy)[relations] & (sided[self.subjects[rows]] | sided[self.targets[rows]])
        parts = [(macro, np.flatnonzero(~viewed)), (f"{macro}{VIEWED}", np.flatnonzero(viewed))]
        return [(name, some) for name, some in parts if len(some)]


@lru_cache(maxsize=4)
def find_sided(taxonomy: Taxonomy) -> np.ndarray:
    """Which objects have a left and a right of their own, bool, shape (objects of the taxonomy,)."""
    return taxonomy.kind_bits(taxonomy.objects["kinds"]) & taxonomy.kind_bits(make_texts(["|".join(SIDED)]))[0] != 0


@lru_cache(maxsize=4)
def find_viewed(taxonomy: Taxonomy) -> np.ndarray:
    """Which relations are to the left or to the right of something, bool, shape (relations of the taxonomy,)."""
    return find_saying(taxonomy.relations, "left") | find_saying(taxonomy.relations, "right")


def ask(context: QuestionContext) -> list[Batch]:
    """Whether each relation, a topic each, holds and whether something else does; what its ends are; which it is."""
    scenes = context.scenes
    scene = scenes.relations.owners
    if not len(scene):
        return []
    facts = find_facts(context.plan.taxonomy, scenes)
    numbers = scenes.relations.places
    elements = make_single_lists(context.name_elements("relation", numbers))
    depends = context.depend_on(facts.subjects, facts.targets)
    topics = Topics(context, "relation", scene, elements, context.tokens["relation.predicate"], depends)
    key, concepts = derive_key(context.key, "relation"), scenes.relations.values
    others = sample_foil_relations(key, context.plan, scenes, facts, RELATION_DRAWS)
    can_ask = context.can_ask("relations", concepts)
    asked = _Relations(context, topics, facts, concepts, facts.subjects, facts.targets, can_ask, others)
    return [*_ask_yes_no(asked, key), *_ask_ends(asked), _ask_which(asked)]


def _ask_yes_no(asked: _Relations, key: int) -> list[Batch]:
    """Whether relations hold, and whether something does that is certainly false; neither where nothing is.

    That is, as it comes, the other way around, another relation or another object of the scene; where none of these is
    certainly false, an object that is not there. Then both questions say "a dog" instead of "the dog".
    """
    context, scenes = asked.context, asked.context.scenes
    elsewhere = sample_foil_targets(derive_key(context.key, "target"), context.plan, scenes, asked.facts)
    way = _choose_ways(asked, elsewhere)
    absent = np.full(len(way), -1, dtype=np.int64)
    left = np.flatnonzero(asked.asked & (way == NO_FOIL))
    (absent[left],) = sample_foil_objects(
        [key],
        context.plan,
        scenes,
        context.kin,
        asked.topics.scene[left],
        scenes.objects.values[asked.targets[left]],
        countable=context.words.several[asked.targets[left]],
    )
    turned, changed, moved, gone, there = (
        np.flatnonzero(asked.asked & some)
        for some in (
            *(way == one for one in (TURNED, CHANGED, MOVED)),
            (way == NO_FOIL) & (absent >= 0),
            way != NO_FOIL,
        )
    )
    subjects, targets, concepts = asked.subjects, asked.targets, asked.concepts
    # Who holds two dogs is asked once whether they hold a dog.
    names, several = context.words.names[targets[gone]], context.words.several[targets[gone]]
    gone = gone[np.sort(number_rows(subjects[gone], concepts[gone], names, several)[0])]
    return [
        *_ask_true(asked, "yes_no", there),
        *_ask_true(asked, "yes_no_any", gone),
        *_ask_false(asked, turned, concepts[turned], targets[turned], subjects[turned]),
        *_ask_false(asked, changed, asked.others[changed, 0], subjects[changed], targets[changed]),
        *_ask_false(asked, moved, concepts[moved], subjects[moved], elsewhere[moved]),
        *_ask_absent(asked, gone, absent[gone]),
    ]


def _choose_ways(asked: _Relations, elsewhere: np.ndarray) -> np.ndarray:
    """Chooses what makes each relation false, out of what is possible; integers, shape (relations,)."""
    context, scenes = asked.context, asked.context.scenes
    turns = can_turn(context.plan, scenes, asked.facts)
    # A column for each of TURNED, CHANGED and MOVED.
    possible = np.stack([turns, asked.others[:, 0] >= 0, elsewhere >= 0], axis=1)
    ids = scenes.identify(asked.topics.scene)[:, None] * possible.shape[1] + np.arange(possible.shape[1])
    # The possible one with the highest chance; chances are made odd, so that all are above the 0 of the impossible.
    chance = hash_numbers(derive_key(context.key, "false"), ids) | np.uint64(1)
    best = np.argmax(np.where(possible, chance, 0), axis=1)
    return np.where(possible.any(axis=1), best, NO_FOIL)


def _ask_true(asked: _Relations, macro: str, rows: np.ndarray) -> Iterator[Batch]:
    """Asks whether relations hold that do."""
    yes, concepts = asked.context.fixed["yes"], asked.concepts[rows]
    for name, some in asked.split_viewed(macro, rows, concepts):
        yield asked.topics.ask("yes_no", name, rows[some], asked.start(rows[some]), yes, asked=concepts[some])


def _ask_false(
    asked: _Relations, rows: np.ndarray, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray
) -> Iterator[Batch]:
    """Asks about other relations, or between other objects, than the scene has: rows of the taxonomy, objects."""
    context = asked.context
    names = context.words.names
    plural = context.words.find_column("object.be") == context.fixed["are"]
    words = context.add_foils("relation", relations, plural[subjects])["foil_relation"]
    foils = np.where(relations != asked.concepts[rows], asked.topics.names[relations], names[targets])
    no, depends = context.fixed["no"], context.depend_on(subjects, targets)
    for name, some in asked.split_viewed("yes_no", rows, relations):
        starts = {"subject": subjects[some], "foil_relation": words[some], "target": targets[some]}
        parts = {"foils": foils[some], "asked": relations[some], "depends_on": depends.take(some)}
        yield asked.topics.ask("yes_no", name, rows[some], starts, no, **parts)


def _ask_absent(asked: _Relations, rows: np.ndarray, absent: np.ndarray) -> Iterator[Batch]:
    """Asks whether relations hold to objects (rows of the taxonomy) that are not in the scene."""
    context, subjects, concepts = asked.context, asked.subjects[rows], asked.concepts[rows]
    several = context.words.several[asked.targets[rows]]
    words = context.add_foils("object", absent, several)["foil_object"]
    foils, no = context.tokens["object.name"][absent], context.fixed["no"]
    depends = context.depend_on(subjects)
    for name, some in asked.split_viewed("yes_no_any", rows, concepts):
        starts = {"subject": subjects[some], "relation": rows[some], "foil_object": words[some]}
        parts = {"foils": foils[some], "asked": concepts[some], "depends_on": depends.take(some)}
        yield asked.topics.ask("yes_no", name, rows[some], starts, no, **parts)


def _ask_ends(asked: _Relations) -> Iterator[Batch]:
    """What is at either end, where it is only one; the answer rests on the relation and on what is there.

    In a picture more is near, left of or behind something than a scene states. So that is asked only where the scene
    has no third object, and else only what a picture shows one of: what it is in or on, whom it chases.
    """
    context = asked.context
    names = context.words.find_column("object.name")
    alone = (context.scenes.objects.lengths == 2)[asked.topics.scene]
    one_target, one_subject = (one[asked.concepts] | alone for one in find_single(context.plan.taxonomy))
    for macro, is_one, ends in (
        ("open_target", one_target & asked.facts.has_one_target(), asked.targets),
        ("open_subject", one_subject & asked.facts.has_one_subject(), asked.subjects),
    ):
        every = np.flatnonzero(asked.asked & is_one & context.is_askable[ends])
        both = np.stack([asked.topics.elements.values, context.object_elements[ends]], axis=1)
        for name, some in asked.split_viewed(macro, every, asked.concepts[every]):
            rows = every[some]
            elements = Ragged(both[rows].reshape(-1), 2 * np.arange(len(rows) + 1))
            starts, answers, concepts = asked.start(rows), names[ends[rows]], asked.concepts[rows]
            yield asked.topics.ask("open", name, rows, starts, answers, asked=concepts, elements=elements)


def _ask_which(asked: _Relations) -> Batch:
    """How two objects are related, with choices where enough other relations are certainly false."""
    context, topics = asked.context, asked.topics
    # The predicates that were found come first in each row, and -1 after them.
    order = np.argsort(asked.others < 0, axis=1, kind="stable")
    foils = np.take_along_axis(asked.others, order, axis=1)[:, : CHOICES - 1]
    key, windows = derive_key(context.key, "relations"), context.find_windows(topics.scene)
    choices = shuffle_choices(key, windows, asked.concepts, list(foils.T))
    forms = find_forms(context.plan.taxonomy)[asked.concepts]
    rows = np.flatnonzero(asked.asked & (choices.lengths >= FEWEST_CHOICES) & (forms != FINITE))
    starts = {"subject": asked.subjects[rows], "target": asked.targets[rows]}
    answers = topics.names[asked.concepts[rows]]
    return topics.ask("multiple_choice", "which", rows, starts, answers, choices=choices.take(rows))


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """What relations of the edited scene say of the objects that are called so now; NONE where they leave it open."""
    # One look-up for everything that a question names: one relation, or each of its choices.
    question, named = batch.asked.owners, batch.asked.values
    heads, scene = read_logic(scenes.taxonomy).head[named], batch.scene[question]
    subjects = scenes.meant[batch.starts["subject"]][question]
    # An end that is called "a dog" is no object of the scene.
    targets = scenes.meant[batch.starts["target"]][question] if "target" in batch.starts else subjects
    back = batch.macro.startswith("open_subject")
    start = targets if back else subjects
    # All bool, shape (look-ups, most objects of a scene): what stands in the relation to `start`, may, and does not.
    certain, reached, denied = scenes.follow(scene, np.where(start >= 0, start, scenes.first[scene]), heads, back)
    if batch.form == "open":
        is_one = find_single(scenes.taxonomy)[back][named] | (scenes.scenes.objects.lengths[scene] == 2)
        names = scenes.choose_name(certain, certain | reached, scenes.objects[scene])
        return np.where((start >= 0) & is_one, names, NONE)
    possible = ~denied
    if batch.macro.startswith("yes_no_any"):
        ends, gone = _find_called(scenes, batch), start < 0
        is_certain, is_possible = ((one & ends).any(axis=1) for one in (certain, possible))
    else:
        row, number = np.arange(len(scene)), np.maximum(targets - scenes.first[scene], 0)
        is_certain, is_possible = certain[row, number], possible[row, number]
        gone = (subjects < 0) | (targets < 0)
    if batch.form == "multiple_choice":
        return choose_right(batch, is_certain & ~gone, is_possible | gone)
    answers = np.where(is_certain, scenes.yes, np.where(is_possible, NONE, scenes.no))
    return np.where(gone, NONE, answers)


def _find_called(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """Which objects of their scenes can be called what questions name with "a", bool, shape (questions, any)."""
    words = scenes.context.words
    tokens = batch.foils if "foil_object" in batch.starts else words.names[batch.starts["target"]]
    objects = scenes.objects[batch.scene]
    codes = objects * len(words.lexicon.words) + tokens[:, None]
    return (objects >= 0) & np.isin(codes, scenes.called)
