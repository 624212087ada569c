"""Attributes: whether an object has each, and whether it has another; what it is, openly and with choices."""

from __future__ import annotations

import numpy as np

from ...foils.draw import sample_foil_attributes
from ...foils.tables import find_near_attributes
from ...foundation.counter_rng import derive_key
from ...foundation.ragged import Ragged, number_rows, pad_lists, pair_members
from ..balance import CHOICES, find_more, shuffle_choices
from ..batches import OPEN_MACRO, Batch, QuestionContext, Topics, make_single_lists
from ..edited_scenes import NONE, EditedScenes, choose_right


def ask(context: QuestionContext) -> list[Batch]:
    """Whether an object has each of its attributes, a topic each, and whether it has others; what it is; what has it.

    An open question is asked where the scene graph gives one answer: an object has no other attribute of the kind, or
    no other object has the attribute.
    """
    holders, concepts = context.holders, context.scenes.attributes.values  # both of shape (attributes of the block,)
    if not len(concepts):
        return []
    scene, elements = context.scene_of_object[holders], make_single_lists(context.name_attributes())
    names, depends = context.tokens["attribute.name"], context.depend_on(holders)
    topics = Topics(context, "attribute", scene, elements, names, depends)
    # Up to three rows of the taxonomy, or -1, for each topic: the first ones are asked about, all are wrong choices.
    foils = sample_foil_attributes(context.derive_keys("attribute", CHOICES - 1), context.plan, context.scenes)
    return [
        *_ask_yes_no(topics, concepts, foils),
        *_ask_values(topics, concepts, foils),
        _ask_holder(topics, concepts),
    ]


def _ask_yes_no(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    """Whether objects have their attributes; and whether they have foils, some a second one for others without any."""
    context, every = topics.context, np.arange(len(topics))
    holders = context.holders

    def ask_foils(rows: np.ndarray, absent: np.ndarray) -> Batch:
        starts = {"object": holders[rows], **context.add_foils("attribute", absent)}
        no, words = context.fixed["no"], topics.names[absent]
        return topics.ask("yes_no", "yes_no", rows, starts, no, foils=words, asked=absent)

    found, more = np.flatnonzero(foils[0] >= 0), find_more(foils[0], foils[1], context.find_windows(topics.scene))
    starts, yes = {"object": holders, "attribute": every}, context.fixed["yes"]
    return [
        topics.ask("yes_no", "yes_no", every, starts, yes, asked=concepts),
        ask_foils(found, foils[0][found]),
        ask_foils(more, foils[1][more]),
    ]


def _ask_values(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    """What color an object is, openly and with choices; of kinds without a macro, which of several describes it."""
    context, batches = topics.context, []
    kinds = context.tokens["attribute.kind"][concepts]
    key, windows = derive_key(context.key, "choices"), context.find_windows(topics.scene)
    choices = shuffle_choices(key, windows, concepts, foils)
    # Attributes of one kind of one object have one number; `alone` says that it occurs once.
    of_kind = number_rows(context.holders, kinds)[1]
    alone = np.bincount(of_kind)[of_kind] == 1
    asked = np.zeros(len(topics), dtype=bool)

    def ask_value(form: str, macro: str, rows: np.ndarray, choices: Ragged | None = None) -> None:
        starts, answers = {"object": context.holders[rows]}, topics.names[concepts[rows]]
        batches.append(topics.ask(form, macro, rows, starts, answers, choices=choices))

    for macro, kind in context.find_open_macros("attribute").items():
        rows = np.flatnonzero(alone & (kinds == kind))
        asked[rows] = True
        ask_value("open", macro, rows)
        rows = rows[choices.lengths[rows] > 1]
        ask_value("multiple_choice", macro, rows, choices.take(rows))
    rows = np.flatnonzero(~asked & (choices.lengths > 1))
    ask_value("multiple_choice", "which", rows, choices.take(rows))
    return batches


def _ask_holder(topics: Topics, concepts: np.ndarray) -> Batch:
    """What has an attribute, where it is one object; the answer rests on the object and on its attribute."""
    context = topics.context
    rows = np.flatnonzero(_is_only_holder(context))
    holders = context.holders[rows]
    both = np.stack([context.object_elements[holders], topics.elements.values[rows]], axis=1)
    elements = Ragged(both.reshape(-1), 2 * np.arange(len(rows) + 1))
    starts, answers = {"object": holders, "attribute": rows}, context.words.find_column("object.name")[holders]
    return topics.ask("open", "holder", rows, starts, answers, asked=concepts[rows], elements=elements)


def _is_only_holder(context: QuestionContext) -> np.ndarray:
    """Whether no other object of the scene has each attribute, nor one that is near it, bool, one an attribute."""
    scenes, concepts, holders = context.scenes, context.scenes.attributes.values, context.holders
    # All pairs of attributes of the same scene.
    one, other = pair_members(scenes.attributes.offsets[scenes.objects.offsets])
    near = find_near_attributes(context.plan.taxonomy)[concepts.take(one), concepts.take(other)]
    only = np.ones(len(concepts), dtype=bool)
    only[one.compress(near & (holders.take(one) != holders.take(other)))] = False
    return only


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """What the object is like that is called so now; NONE where none is, or where what is asked may be said, too."""
    if batch.macro == "holder":
        return _answer_holder(scenes, batch)
    # Below, "named" has an entry for everything that a question names: one, or each of its choices.
    tokens, (question, named) = scenes.context.tokens, (batch.asked.owners, batch.asked.values)
    objects = scenes.meant_in_turn[batch.starts["object"]]
    held = pad_lists(scenes.scenes.attributes)[objects]  # rows of the taxonomy, shape (questions, most of an object)
    there = (held >= 0) & (objects >= 0)[:, None]
    if batch.macro.startswith(OPEN_MACRO):
        of_kind = there & (tokens["attribute.kind"][held] == scenes.context.find_asked_kind(batch.macro))
    else:
        of_kind = there
    if batch.form == "open":
        # Where there is one name, the sum is that name.
        names = np.where(of_kind, tokens["attribute.name"][held], 0).sum(axis=1)
        return np.where(of_kind.sum(axis=1) == 1, names, NONE)
    near = (there[question] & find_near_attributes(scenes.taxonomy)[named[:, None], held[question]]).any(axis=1)
    word = tokens["attribute.text" if batch.form == "yes_no" else "attribute.name"]
    same = (of_kind[question] & (word[held[question]] == word[named][:, None])).any(axis=1)
    if batch.form == "multiple_choice":
        return choose_right(batch, same, near)
    return np.where(objects < 0, NONE, np.where(same, scenes.yes, np.where(near, NONE, scenes.no)))


def _answer_holder(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """What has an attribute: not where something may as well be said to have it."""
    attributes, asked = scenes.scenes.attributes, batch.asked.values[:, None]
    holders = attributes.owners
    # Numbers of all attributes of each question's scene, shape (questions, most of a scene), -1 beyond the last.
    every = Ragged(np.arange(len(holders)), attributes.offsets[scenes.scenes.objects.offsets])
    places = pad_lists(every)[batch.scene]
    held, texts = attributes.values[places], scenes.context.tokens["attribute.text"]
    near = (places >= 0) & find_near_attributes(scenes.taxonomy)[asked, held]
    return scenes.choose_name(near & (texts[asked] == texts[held]), near, holders[places])
