"""Counts: how many there are of each name that can be counted; and, half as often, of something that is not there."""

from __future__ import annotations

import numpy as np

from ...content.copies import find_countable
from ...foils.draw import sample_foil_objects
from ...foundation.counter_rng import derive_key
from ...text.lexicon import NUMBERS
from ..balance import rank_in_windows
from ..batches import Batch, QuestionContext, Topics, make_empty_lists
from ..edited_scenes import NONE, EditedScenes

FORMS = ("count",)


def ask(context: QuestionContext) -> list[Batch]:
    """How many there are of each name that can be counted, a topic each; and of some that are not there.

    The latter, whose answer is zero, are at most a third in every window: every second topic has one.
    """
    chosen = list_countable(context)
    scene, concepts = context.scene_of_object[chosen], context.scenes.objects.values[chosen]
    elements, names = context.list_twins(chosen), context.tokens["object.name"]
    topics = Topics(context, "count", scene, elements, names, context.depend_on(chosen))
    keys = [derive_key(context.key, "count")]
    (foils,) = sample_foil_objects(keys, context.plan, context.scenes, context.kin, scene, concepts, countable=True)
    found = np.flatnonzero((foils >= 0) & (rank_in_windows(context.find_windows(scene)) % 2 == 1))
    absent = foils[found]
    starts, zero = context.add_foils("object", absent), context.fixed["zero"]
    none = make_empty_lists(len(found))  # nothing has to be there for the answer to be zero
    nothing = topics.ask("count", "count", found, starts, zero, foils=names[absent], asked=absent, depends_on=none)
    answers = _list_numbers(context)[context.thing_count[chosen]]
    every = np.arange(len(topics))
    return [topics.ask("count", "count", every, {"object": chosen}, answers, asked=concepts), nothing]


def list_countable(context: QuestionContext) -> np.ndarray:
    """The first object of each name that can be counted, but where others may be taken for it, or have such parts."""
    objects = context.scenes.objects
    countable = find_countable(context.plan.taxonomy)[objects.values]
    chosen = np.flatnonzero(context.is_first & context.is_counted & countable)
    scene, twins = context.scene_of_object[chosen], context.twin_count[chosen]
    return chosen[~context.kin.show_more(scene, objects.values[chosen], twins)]


def _list_numbers(context: QuestionContext) -> np.ndarray:
    """Tokens of `zero`, `one` and so on."""
    return np.array([context.fixed[word] for word in NUMBERS])


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """How many things of the edited scene can be called so; NONE where others may be taken for it."""
    asked = batch.asked.values
    called, things = scenes.count_called(batch.scene, scenes.context.tokens["object.name"][asked])
    return np.where(scenes.kin.show_more(batch.scene, asked, called), NONE, _list_numbers(scenes.context)[things])
