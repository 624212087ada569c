"""What is asked about each kind of element, and the answers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...arrow import match_texts
from ..content.scenes import IDS_PER_SCENE
from ..foils.draw import sample_foil_attributes, sample_foil_objects, sample_foil_scene_attributes
from ..foils.relation_logic import find_facts
from ..foils.relations import can_turn, sample_foil_relations, sample_foil_targets
from ..foils.tables import find_hypernyms, find_kinship, find_near_attributes
from ..foundation.counter_rng import WINDOW, derive_key, hash_numbers, shuffle_rows
from ..foundation.ragged import Ragged, expand_ranges, number_rows, offsets_of, pad_lists, pair_members
from ..text.lexicon import NUMBERS
from ..text.templates import list_macros
from .batches import Batch, QuestionContext, make_single_lists

RELATION_DRAWS = 8
"""Draws of relations for the choices of a question; many of those drawn do not fit."""
CHOICES = 4
"""Choices of a multiple-choice question, fewer where the taxonomy has not enough that are false."""


def _list_twins(context: QuestionContext, chosen: np.ndarray) -> Ragged:
    """Elements of all objects that share the name of each chosen object."""
    first = context.words.twins[0]
    order = np.argsort(first, kind="stable")
    starts = np.flatnonzero(np.diff(first.take(order), prepend=-1)).take(
        (np.cumsum(context.is_first) - 1).take(chosen)
    )
    counts = context.twin_count[chosen]
    return Ragged(context.object_elements[order[expand_ranges(starts, counts)]], offsets_of(counts))


def ask_objects(context: QuestionContext) -> list[Batch]:
    """Whether each object is there, once a name, and whether something is that is not; which of several is there."""
    chosen = np.flatnonzero(context.is_first)
    scene = context.scene_of_object[chosen]
    asked = context.scenes.objects.values[chosen]
    elements, names = _list_twins(context, chosen), context.tokens["object.name"]
    foils = sample_foil_objects(
        context.derive_keys("object", CHOICES - 1), context.plan, context.scenes, context.are_kin, scene, asked
    )

    def ask_absent(rows: np.ndarray, absent: np.ndarray) -> Batch:
        starts, places = context.add_foils("object", absent), elements.take(rows)
        no, words = context.fixed["no"], names[absent]
        return context.ask("object", "yes_no", "yes_no", scene[rows], starts, no, places, foils=words, asked=absent)

    yes = context.fixed["yes"]
    there = context.ask("object", "yes_no", "yes_no", scene, {"object": chosen}, yes, elements, asked=asked)
    found, more = np.flatnonzero(foils[0] >= 0), find_more(foils[0], foils[1], context.find_windows(scene))
    # Nothing absent is asked about twice in a scene.
    codes = scene[np.append(found, more)] * len(names) + np.append(foils[0][found], foils[1][more])
    order = np.argsort(codes, kind="stable")
    again = order[1:][np.diff(codes[order]) == 0] - len(found)
    more = np.delete(more, again[again >= 0])
    choices = shuffle_choices(derive_key(context.key, "which"), context.find_windows(scene), asked, foils)
    rows = np.flatnonzero(choices.lengths > 1)
    which = context.ask(
        "object",
        "multiple_choice",
        "which",
        scene[rows],
        {},
        names[asked[rows]],
        elements.take(rows),
        choices=choices.take(rows),
    )
    return [there, ask_absent(found, foils[0][found]), ask_absent(more, foils[1][more]), which]


def find_more(foils: np.ndarray, others: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Which questions are asked with a second foil, one for each that has none, so that as many are false as are true.

    The one after the question without a foil that has a second one makes up for it, in the same window: so the
    beginning of a window does not depend on its end, nor a window on others.
    """
    lacking, able = np.flatnonzero(foils < 0), np.flatnonzero((foils >= 0) & (others >= 0))
    window = windows[lacking]
    step = np.arange(len(lacking)) - np.searchsorted(window, window)
    # Each takes the next one that is able and not yet taken; every window begins anew.
    apart = (window - window[:1]) * (len(able) + 1)
    place = np.maximum.accumulate(np.searchsorted(able, lacking) - step + apart) + step - apart
    found = place < len(able)
    found[found] = windows[able[place[found]]] == window[found]
    return able[place[found]]


def shuffle_choices(key: int, windows: np.ndarray, answers: np.ndarray, foils: list[np.ndarray]) -> Ragged:
    """The answer among its foils (-1 where there is none), in each window at every place equally often.

    That is so for each number of choices.
    """
    columns = np.stack([answers, *foils], axis=1)
    width = columns.shape[1]
    pattern = (columns >= 0) @ (1 << np.arange(width))
    sizes = np.bitwise_count(pattern).astype(np.int64)
    place = np.zeros(len(columns), dtype=np.int64)
    for size in range(2, width + 1):
        some = np.flatnonzero(sizes == size)
        place[some] = _deal_places(derive_key(key, size), windows.take(some), size)
    turned = _list_turns(width).take(pattern * width + place, axis=0)
    there = (turned >= 0).reshape(-1)
    turned += np.arange(0, columns.size, width)[:, None]
    return Ragged(columns.reshape(-1).take(turned.reshape(-1).compress(there)), offsets_of(sizes))


@lru_cache(maxsize=4)
def _list_turns(width: int) -> np.ndarray:
    """Which choice stands at each place, -1 for none: a row for each set of choices (bits) and place of the first."""
    turns = np.full((1 << width, width, width), -1)
    for pattern in range(1 << width):
        there = [choice for choice in range(width) if pattern >> choice & 1]
        for place in range(len(there)):
            turns[pattern, place, : len(there)] = np.roll(there, place)
    return turns.reshape(-1, width)


def _deal_places(key: int, windows: np.ndarray, size: int) -> np.ndarray:
    """Deals places from decks of `size` cards, in each window (ascending) from decks of its own."""
    begins = np.flatnonzero(np.diff(windows, prepend=-1))
    within = np.arange(len(windows)) - np.repeat(begins, np.diff(begins, append=len(windows)))
    turn = within % size
    new = turn == 0
    decks = windows[new] * (IDS_PER_SCENE * WINDOW) + within[new] // size
    return shuffle_rows(key, decks, size).reshape(-1).take((np.cumsum(new) - 1) * size + turn)


def ask_counts(context: QuestionContext) -> list[Batch]:
    """How many there are of each name that can be counted; not where another object is one, as a baker is a person.

    As often the answer is zero: otherwise it would nearly always be one.
    """
    objects = context.scenes.objects
    countable = context.tokens["object.any"][objects.values] != context.fixed["any"]
    chosen = np.flatnonzero(context.is_first & countable)
    places = np.flatnonzero(find_hypernyms(context.plan)[objects.values[chosen]])
    general = chosen[places]
    is_a, count = find_kinship(context.plan), np.zeros(len(general), dtype=np.int64)
    for present in pad_lists(objects)[context.scene_of_object[general]].T:
        count += is_a(present, objects.values[general]) & (present >= 0)
    chosen = np.delete(chosen, places[count != context.twin_count[general]])
    numbers = np.array([context.fixed[word] for word in NUMBERS])
    answers = numbers[context.twin_count[chosen]]
    scene = context.scene_of_object[chosen]
    elements, depends = _list_twins(context, chosen), context.depend_on(chosen)
    keys, asked = [derive_key(context.key, "count")], objects.values[chosen]
    (foils,) = sample_foil_objects(keys, context.plan, context.scenes, context.are_kin, scene, asked, countable=True)
    found = np.flatnonzero(foils >= 0)
    starts, names = context.add_foils("object", foils[found]), context.tokens["object.name"]
    zero = context.ask(
        "count",
        "count",
        "count",
        scene[found],
        starts,
        context.fixed["zero"],
        elements.take(found),
        foils=names[foils[found]],
        asked=foils[found],
    )
    roles = {"object": chosen}
    return [context.ask("count", "count", "count", scene, roles, answers, elements, depends, asked=asked), zero]


def ask_attributes(context: QuestionContext) -> list[Batch]:
    """Whether an object has each attribute and whether it has another; what it is, openly and with choices.

    An open question is asked where the scene graph gives one answer: an object has no other attribute of the kind, or
    no other object has the attribute.
    """
    scenes, kinds = context.scenes, context.tokens["attribute.kind"]
    concepts, holders = scenes.attributes.values, context.holders
    names = context.tokens["attribute.name"]
    every = np.arange(len(concepts))
    if not len(every):
        return []
    scene = context.scene_of_object[holders]
    elements, depends = make_single_lists(context.name_attributes()), context.depend_on(holders)
    foils = sample_foil_attributes(context.derive_keys("attribute", CHOICES - 1), context.plan, scenes)

    def ask(
        form: str,
        macro: str,
        rows: np.ndarray,
        starts: dict[str, np.ndarray],
        answers: np.ndarray | int,
        places: Ragged = elements,
        needed: Ragged = depends,
        **more: Any,
    ) -> Batch:
        return context.ask(
            "attribute", form, macro, scene[rows], starts, answers, places.take(rows), needed.take(rows), **more
        )

    def ask_false(rows: np.ndarray, absent: np.ndarray) -> Batch:
        starts = {"object": holders[rows], **context.add_foils("attribute", absent)}
        return ask("yes_no", "yes_no", rows, starts, context.fixed["no"], foils=names[absent], asked=absent)

    found, more = np.flatnonzero(foils[0] >= 0), find_more(foils[0], foils[1], context.find_windows(scene))
    batches = [
        ask("yes_no", "yes_no", every, {"object": holders, "attribute": every}, context.fixed["yes"], asked=concepts),
        ask_false(found, foils[0][found]),
        ask_false(more, foils[1][more]),
    ]
    choices = shuffle_choices(derive_key(context.key, "choices"), context.find_windows(scene), concepts, foils)
    of_kind = number_rows(holders, kinds[concepts])[1]
    alone = np.bincount(of_kind)[of_kind] == 1
    openly = [macro for macro in sorted(list_macros(context.templates["attribute"])) if macro.startswith("open_")]
    asked = np.zeros(len(every), dtype=bool)
    for macro in openly:
        rows = np.flatnonzero(alone & (kinds[concepts] == context.words.lexicon.find(macro.removeprefix("open_"))))
        asked[rows] = True
        batches.append(ask("open", macro, rows, {"object": holders[rows]}, names[concepts[rows]]))
        rows = rows[choices.lengths[rows] > 1]
        starts, answers = {"object": holders[rows]}, names[concepts[rows]]
        batches.append(ask("multiple_choice", macro, rows, starts, answers, choices=choices.take(rows)))
    rows = np.flatnonzero(~asked & (choices.lengths > 1))
    starts, answers = {"object": holders[rows]}, names[concepts[rows]]
    batches.append(ask("multiple_choice", "which", rows, starts, answers, choices=choices.take(rows)))
    rows = np.flatnonzero(_is_only_holder(context))
    both = np.stack([context.object_elements[holders], elements.values], axis=1)
    batches.append(
        ask(
            "open",
            "holder",
            rows,
            {"object": holders[rows], "attribute": rows},
            context.words.find_column("object.name")[holders[rows]],
            Ragged(both.reshape(-1), 2 * np.arange(len(every) + 1)),
            asked=concepts[rows],
        )
    )
    return batches


def _is_only_holder(context: QuestionContext) -> np.ndarray:
    """Whether no other object of the scene has each attribute, nor one that is near it, bool, one an attribute."""
    scenes, concepts, holders = context.scenes, context.scenes.attributes.values, context.holders
    one, other = pair_members(scenes.attributes.offsets[scenes.objects.offsets])
    near = find_near_attributes(context.plan.taxonomy)[concepts.take(one), concepts.take(other)]
    only = np.ones(len(concepts), dtype=bool)
    only[one.compress(near & (holders.take(one) != holders.take(other)))] = False
    return only


def ask_relations(context: QuestionContext) -> list[Batch]:
    """Whether each relation holds and whether something else does; what is at its ends, and which relation it is.

    What is false is, as it comes, the other way around, another relation or another object of the scene; where none of
    these is certainly false, an object that is not there.
    """
    plan, scenes = context.plan, context.scenes
    scene = scenes.relations.owners
    every = np.arange(len(scene))
    if not len(every):
        return []
    facts = find_facts(plan.taxonomy, scenes)
    subjects, targets, concepts = facts.subjects, facts.targets, scenes.relations.values
    numbers = every - scenes.relations.offsets[:-1][scene]
    elements, depends = (
        make_single_lists(context.name_elements("relation", numbers)),
        context.depend_on(subjects, targets),
    )
    names, predicates = context.words.find_column("object.name"), context.tokens["relation.predicate"]
    plural = context.words.find_column("object.be") == context.fixed["are"]
    yes, no = context.fixed["yes"], context.fixed["no"]

    def ask(
        form: str, macro: str, rows: np.ndarray, starts: dict[str, np.ndarray], answers: np.ndarray | int, **more: Any
    ) -> Batch:
        places = {"elements": elements.take(rows), "depends_on": depends.take(rows), "asked": concepts[rows], **more}
        return context.ask("relation", form, macro, scene[rows], starts, answers, **places)

    foil_key = derive_key(context.key, "relation")
    (absent,) = sample_foil_objects([foil_key], plan, scenes, context.are_kin, scene, scenes.objects.values[targets])
    others = sample_foil_relations(foil_key, plan, scenes, facts, RELATION_DRAWS)
    elsewhere = sample_foil_targets(derive_key(context.key, "target"), plan, scenes, facts)
    possible = np.stack([can_turn(plan, scenes, facts), others[:, 0] >= 0, elsewhere >= 0], axis=1)
    ids = scenes.identify(scene)[:, None] * possible.shape[1] + np.arange(possible.shape[1])
    chance = hash_numbers(derive_key(context.key, "false"), ids)
    kind = np.where(possible.any(axis=1), np.argmax(np.where(possible, chance | np.uint64(1), 0), axis=1), 3)
    turned, changed, moved = (np.flatnonzero(kind == one) for one in range(3))
    indefinite = (kind == 3) & (absent >= 0)
    gone = np.flatnonzero(indefinite)
    whole = {"subject": subjects, "relation": every, "target": targets}

    def take(rows: np.ndarray, **changes: np.ndarray) -> dict[str, np.ndarray]:
        return {**{role: starts[rows] for role, starts in whole.items()}, **changes}

    def ask_relation(rows: np.ndarray, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray) -> Batch:
        """Asks about other relations, or between other objects, than the scene has."""
        words = context.add_foils("relation", relations, plural[subjects])
        starts = {"subject": subjects, **words, "target": targets}
        foils = np.where(relations != concepts[rows], predicates[relations], names[targets])
        depends_on = context.depend_on(subjects, targets)
        return ask("yes_no", "yes_no", rows, starts, no, foils=foils, depends_on=depends_on, asked=relations)

    there = np.flatnonzero(~indefinite)
    away = {"subject": subjects[gone], "relation": gone, **context.add_foils("object", absent[gone])}
    batches = [
        ask("yes_no", "yes_no", there, take(there), yes),
        ask("yes_no", "yes_no_any", gone, take(gone), yes),
        ask_relation(turned, concepts[turned], targets[turned], subjects[turned]),
        ask_relation(changed, others[changed, 0], subjects[changed], targets[changed]),
        ask_relation(moved, concepts[moved], subjects[moved], elsewhere[moved]),
        ask(
            "yes_no",
            "yes_no_any",
            gone,
            away,
            no,
            foils=context.tokens["object.name"][absent[gone]],
            depends_on=context.depend_on(subjects[gone]),
        ),
    ]
    for macro, rows, ends in (
        ("open_target", np.flatnonzero(facts.has_one_target()), targets),
        ("open_subject", np.flatnonzero(facts.has_one_subject()), subjects),
    ):
        both = np.stack([elements.values, context.object_elements[ends]], axis=1)[rows]
        places = Ragged(both.reshape(-1), 2 * np.arange(len(rows) + 1))
        batches.append(ask("open", macro, rows, take(rows), names[ends[rows]], elements=places))
    drawn = np.take_along_axis(others, np.argsort(others < 0, axis=1, kind="stable"), axis=1)[:, : CHOICES - 1]
    choices = shuffle_choices(
        derive_key(context.key, "relations"), context.find_windows(scene), concepts, list(drawn.T)
    )
    rows = np.flatnonzero(choices.lengths > 1)
    starts = {"subject": subjects[rows], "target": targets[rows]}
    answers = predicates[concepts[rows]]
    batches.append(ask("multiple_choice", "which", rows, starts, answers, choices=choices.take(rows)))
    return batches


def ask_scenes(context: QuestionContext) -> list[Batch]:
    """Whether the scene has each of its attributes and whether another; which it has, openly and with choices."""
    scenes, table = context.scenes, context.plan.taxonomy.scene_attributes
    concepts, names = scenes.scene_attributes.values, context.tokens["scene.name"]
    scene, every = scenes.scene_attributes.owners, np.arange(len(concepts))
    if not len(every):
        return []
    elements = make_single_lists(context.name_elements("scene", every - scenes.scene_attributes.offsets[:-1][scene]))
    kinds = context.tokens["scene.kind"][concepts]
    foils = sample_foil_scene_attributes(context.derive_keys("scene", CHOICES - 1), context.plan, scenes)

    def ask(
        form: str, macro: str, rows: np.ndarray, starts: dict[str, np.ndarray], answers: np.ndarray | int, **more: Any
    ) -> Batch:
        return context.ask("scene", form, macro, scene[rows], starts, answers, elements.take(rows), **more)

    batches = []
    for role in ("setting", "picture"):
        of_role = match_texts(table["role"], role)
        rows = np.flatnonzero(of_role[concepts])
        batches.append(ask("yes_no", role, rows, {"scene": rows}, context.fixed["yes"]))
        for absent, some in (
            (foils[0], foils[0] >= 0),
            (foils[1], find_more(foils[0], foils[1], context.find_windows(scene))),
        ):
            rows = every[some]
            rows = rows[of_role[absent[rows]]]
            starts = context.add_foils("scene", absent[rows])
            batches.append(ask("yes_no", role, rows, starts, context.fixed["no"], foils=names[absent[rows]]))
    choices = shuffle_choices(derive_key(context.key, "scenes"), context.find_windows(scene), concepts, foils)
    for macro in sorted(list_macros(context.templates["scene"])):
        if macro.startswith("open_"):
            rows = np.flatnonzero(kinds == context.words.lexicon.find(macro.removeprefix("open_")))
            batches.append(ask("open", macro, rows, {}, names[concepts[rows]]))
            rows = rows[choices.lengths[rows] > 1]
            batches.append(ask("multiple_choice", macro, rows, {}, names[concepts[rows]], choices=choices.take(rows)))
    return batches


ASKERS = {
    "object": ask_objects,
    "count": ask_counts,
    "attribute": ask_attributes,
    "relation": ask_relations,
    "scene": ask_scenes,
}
"""Who asks about each kind, in the order in which a row has its questions: what others depend on comes first."""
