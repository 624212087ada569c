"""Counts: how many there are of each name that can be counted; and, half as often, of something that is not there."""

from __future__ import annotations

import numpy as np

from ...content.copies import find_countable
from ...foils.draw import sample_foil_objects
from ...foils.tables import find_hypernyms, find_kinship
from ...foundation.counter_rng import derive_key
from ...foundation.ragged import pad_lists
from ...text.lexicon import NUMBERS
from ..balance import rank_in_windows
from ..batches import Batch, QuestionContext, Topics, make_empty_lists
from ..edited_scenes import EditedScenes


def ask(context: QuestionContext) -> list[Batch]:
    """How many there are of each name that can be counted, a topic each; and of some that are not there.

    The latter, whose answer is zero, are at most a third in every window: every second topic has one.
    """
    chosen = list_countable(context)
    scene, concepts = context.scene_of_object[chosen], context.scenes.objects.values[chosen]
    elements, names = context.list_twins(chosen), context.tokens["object.name"]
    topics = Topics(context, "count", scene, elements, names, context.depend_on(chosen))
    keys = [derive_key(context.key, "count")]
    (foils,) = sample_foil_objects(
        keys, context.plan, context.scenes, context.are_kin, scene, concepts, countable=True
    )
    found = np.flatnonzero((foils >= 0) & (rank_in_windows(context.find_windows(scene)) % 2 == 1))
    absent = foils[found]
    starts, zero = context.add_foils("object", absent), context.fixed["zero"]
    none = make_empty_lists(len(found))  # nothing has to be there for the answer to be zero
    nothing = topics.ask("count", "count", found, starts, zero, foils=names[absent], asked=absent, depends_on=none)
    answers = _list_numbers(context)[context.thing_count[chosen]]
    every = np.arange(len(topics))
    return [topics.ask("count", "count", every, {"object": chosen}, answers, asked=concepts), nothing]


def list_countable(context: QuestionContext) -> np.ndarray:
    """The first object of each name that can be counted, but where another object is one, as a baker is a person."""
    objects = context.scenes.objects
    chosen = np.flatnonzero(context.is_first & find_countable(context.plan.taxonomy)[objects.values])
    # Only few concepts have others below them; only their objects need be compared with the others of their scenes.
    places = np.flatnonzero(find_hypernyms(context.plan)[objects.values[chosen]])
    general = chosen[places]
    is_a, count = find_kinship(context.plan), np.zeros(len(general), dtype=np.int64)
    # One column after the other: the concept of one object of each scene, -1 beyond its last.
    for present in pad_lists(objects)[context.scene_of_object[general]].T:
        count += is_a(present, objects.values[general]) & (present >= 0)
    return np.delete(chosen, places[count != context.twin_count[general]])


def _list_numbers(context: QuestionContext) -> np.ndarray:
    """Tokens of `zero`, `one` and so on."""
    return np.array([context.fixed[word] for word in NUMBERS])


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """How many things of the edited scene can be called so."""
    names = scenes.context.tokens["object.name"][batch.asked.values]
    return _list_numbers(scenes.context)[scenes.count_called(batch.scene, names)]
