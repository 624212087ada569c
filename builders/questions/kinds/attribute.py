"""Attributes: whether an object has each, and whether it has another; what it is, openly and with choices."""

from __future__ import annotations

import numpy as np

from ....arrow import match_texts
from ....taxonomy import Taxonomy
from ....taxonomy.nearness import find_exclusive_attributes
from ...foils.draw import sample_foil_attributes
from ...foils.tables import find_excluding_attributes, find_sizes, number_texts
from ...foundation.counter_rng import derive_key
from ...foundation.ragged import Ragged, number_rows, pad_lists, pair_members
from ..balance import CHOICES, FEWEST_CHOICES, pair_off, shuffle_choices
from ..batches import OPEN_MACRO, Batch, QuestionContext, Topics, make_single_lists
from ..edited_scenes import NONE, EditedScenes, choose_right

FORMS = ("yes_no", "open", "multiple_choice")


def ask(context: QuestionContext) -> list[Batch]:
    """Whether an object has each of its attributes, a topic each, and whether it has others; what it is; what has it.

    An open question is asked where the picture gives one answer: what an object is of a group whose attributes exclude
    each other, and what has an attribute if all other objects have one that excludes it. Unless a recipe asks all,
    only what is seen is asked, and a size only beside another object of the same name.
    """
    holders, concepts = context.holders, context.scenes.attributes.values  # both of shape (attributes of the block,)
    if not len(concepts):
        return []
    scene, elements = context.scene_of_object[holders], make_single_lists(context.name_attributes())
    names, depends = context.tokens["attribute.name"], context.depend_on(holders)
    topics = Topics(context, "attribute", scene, elements, names, depends)
    every = context.plan.recipe.questions.ask == "all"
    # All pairs of attributes of a scene, on two objects, of which the other one excludes the first.
    one, other = pair_members(context.scenes.attributes.offsets[context.scenes.objects.offsets])
    apart = find_excluding_attributes(context.plan.taxonomy)[concepts.take(other), concepts.take(one)]
    apart &= holders.take(one) != holders.take(other)
    one, other = one.compress(apart), other.compress(apart)
    asked = context.can_ask("attributes", concepts)
    if not every:
        asked &= _can_compare(context, one, other)
    # Up to three rows of the taxonomy, or -1, for each topic: the first ones are asked about, all are wrong choices.
    keys = context.derive_keys("attribute", CHOICES - 1)
    foils = sample_foil_attributes(keys, context.plan, context.scenes, seen=not every)
    return [
        *_ask_yes_no(topics, concepts, np.flatnonzero(asked), foils),
        *_ask_values(topics, concepts, asked, foils),
        _ask_holder(topics, concepts, np.flatnonzero(asked & _is_only_holder(context, one, other))),
    ]


def _can_compare(context: QuestionContext, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether each attribute is no size, or another object of that name has a size that excludes it, bool.

    Args:
        context: What the questions share.
        one: Attributes of the block, each as often as another one of its scene, on another object, excludes it.
        other: Those that exclude them.
    """
    names, holders = context.words.twins[0], context.holders
    good = ~find_sizes(context.plan.taxonomy)[context.scenes.attributes.values]
    good[one.compress(names[holders.take(one)] == names[holders.take(other)])] = True
    return good


def _ask_yes_no(topics: Topics, concepts: np.ndarray, rows: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    """Whether objects have their attributes; and whether they have foils, some a second one for others without any.

    `rows` are the topics that are asked about, ascending.
    """
    context, holders = topics.context, topics.context.holders
    first, second = foils[0].take(rows), foils[1].take(rows)
    second = np.where(_find_repeats(topics, rows, first, second), -1, second)
    asked, more = pair_off(first, second, context.scenes.start + topics.scene.take(rows))

    def ask_foils(rows: np.ndarray, absent: np.ndarray) -> Batch:
        starts = {"object": holders[rows], **context.add_foils("attribute", absent)}
        no, words = context.fixed["no"], topics.names[absent]
        return topics.ask("yes_no", "yes_no", rows, starts, no, foils=words, asked=absent)

    true = rows.compress(asked)
    starts, yes = {"object": holders.take(true), "attribute": true}, context.fixed["yes"]
    return [
        topics.ask("yes_no", "yes_no", true, starts, yes, asked=concepts.take(true)),
        ask_foils(rows.compress(first >= 0), first.compress(first >= 0)),
        ask_foils(rows.take(more), second.take(more)),
    ]


def _find_repeats(topics: Topics, rows: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Whether each second foil is a foil of the same object already, by its words, bool."""
    texts = number_texts(topics.context.plan.taxonomy)
    holders = np.concatenate([topics.context.holders.take(rows)] * 2) * (texts.max() + 1)
    foils = np.concatenate([first, second])
    # What is no foil is told apart by its place, below all numbers of foils.
    codes = np.where(foils >= 0, holders + texts.take(foils), -1 - np.arange(len(foils)))
    repeats = np.ones(len(foils), dtype=bool)
    repeats[np.unique(codes, return_index=True)[1]] = False
    return repeats[len(first) :]


def _ask_values(topics: Topics, concepts: np.ndarray, asked: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    """What color an object is, openly and with choices; of groups without a macro, which of several describes it."""
    context, batches = topics.context, []
    taxonomy = context.plan.taxonomy
    offers = asked & (sum(one >= 0 for one in foils) >= FEWEST_CHOICES - 1)
    offered, windows = np.flatnonzero(offers), context.find_windows(topics.scene[offers])
    key = derive_key(context.key, "choices")
    choices = shuffle_choices(key, windows, concepts[offers], [one[offers] for one in foils])
    # Attributes of one group of one object have one number; `alone` says that it occurs once.
    of_group = number_rows(context.holders, number_texts(taxonomy, "group")[concepts])[1]
    alone = np.bincount(of_group)[of_group] == 1
    alone &= find_exclusive_attributes(taxonomy)[concepts]
    has_macro = np.zeros(len(topics), dtype=bool)

    def ask_value(form: str, macro: str, fits: np.ndarray) -> None:
        rows = np.flatnonzero(fits)
        starts, answers = {"object": context.holders[rows]}, topics.names[concepts[rows]]
        some = choices.take(np.searchsorted(offered, rows)) if form == "multiple_choice" else None
        batches.append(topics.ask(form, macro, rows, starts, answers, asked=concepts[rows], choices=some))

    for macro in context.find_open_macros("attribute"):
        fits = alone & _is_of_group(taxonomy, macro)[concepts]
        has_macro |= fits
        ask_value("open", macro, fits & asked)
        ask_value("multiple_choice", macro, fits & offers)
    ask_value("multiple_choice", "which", ~has_macro & offers)
    return batches


def _is_of_group(taxonomy: Taxonomy, macro: str) -> np.ndarray:
    """Which attributes are of the group that a macro `open_<group>` asks about, bool, one a row of the taxonomy."""
    return match_texts(taxonomy.attributes["group"], macro.removeprefix(OPEN_MACRO))


def _ask_holder(topics: Topics, concepts: np.ndarray, rows: np.ndarray) -> Batch:
    """What has each of some attributes; the answer rests on the object and on its attribute."""
    context = topics.context
    rows = rows[context.is_askable[context.holders[rows]]]
    holders = context.holders[rows]
    both = np.stack([context.object_elements[holders], topics.elements.values[rows]], axis=1)
    elements = Ragged(both.reshape(-1), 2 * np.arange(len(rows) + 1))
    starts, answers = {"object": holders, "attribute": rows}, context.words.find_column("object.name")[holders]
    return topics.ask("open", "holder", rows, starts, answers, asked=concepts[rows], elements=elements)


def _is_only_holder(context: QuestionContext, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether all other objects of the scene have an attribute that excludes each one, bool, one an attribute.

    Args:
        context: What the questions share.
        one: Attributes of the block, each as often as another one of its scene, on another object, excludes it.
        other: Those that exclude them, ascending for each.
    """
    holders, lengths = context.holders, context.scenes.objects.lengths
    # An object that has two such attributes counts once: its pairs are neighbours.
    new = (np.diff(one, prepend=-1) != 0) | (np.diff(holders.take(other), prepend=-1) != 0)
    excluded = np.bincount(one.compress(new), minlength=len(holders))
    return excluded == lengths[context.scene_of_object[holders]] - 1


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """What the object is like that is called so now; NONE where none is, or where what is asked may hold unsaid."""
    if batch.macro == "holder":
        return _answer_holder(scenes, batch)
    # Below, "named" has an entry for everything that a question names: one, or each of its choices.
    tokens, (question, named) = scenes.context.tokens, (batch.asked.owners, batch.asked.values)
    objects = scenes.meant_in_turn[batch.starts["object"]]
    held = pad_lists(scenes.scenes.attributes)[objects]  # rows of the taxonomy, shape (questions, most of an object)
    there = (held >= 0) & (objects >= 0)[:, None]
    of_group = there
    if batch.macro.startswith(OPEN_MACRO):
        of_group = there & _is_of_group(scenes.taxonomy, batch.macro)[held]
    if batch.form == "open":
        # Where there is one name, the sum is that name.
        names = np.where(of_group, tokens["attribute.name"][held], 0).sum(axis=1)
        return np.where(of_group.sum(axis=1) == 1, names, NONE)
    excluded = there[question] & find_excluding_attributes(scenes.taxonomy)[held[question], named[:, None]]
    word = tokens["attribute.text" if batch.form == "yes_no" else "attribute.name"]
    same = (of_group[question] & (word[held[question]] == word[named][:, None])).any(axis=1)
    if batch.form == "multiple_choice":
        return choose_right(batch, same, ~excluded.any(axis=1))
    return np.where(same, scenes.yes, np.where(excluded.any(axis=1), scenes.no, NONE))


def _answer_holder(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """What has an attribute: not where another object has none that excludes it."""
    texts, asked = scenes.context.tokens["attribute.text"], batch.asked.values[:, None, None]
    objects = scenes.objects[batch.scene]
    # Rows of the taxonomy, shape (questions, most objects of a scene, most attributes of an object), -1 for none.
    held = np.where(objects[:, :, None] >= 0, pad_lists(scenes.scenes.attributes)[objects], NONE)
    certain = ((held >= 0) & (texts[asked] == texts[held])).any(axis=2)
    excluded = ((held >= 0) & find_excluding_attributes(scenes.taxonomy)[held, asked]).any(axis=2)
    return scenes.choose_name(certain, (objects >= 0) & ~excluded, objects)
