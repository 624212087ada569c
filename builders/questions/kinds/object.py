"""Objects: whether each is there, once a name, and whether something is that is not; which of several is there."""

from __future__ import annotations

import numpy as np

from ...foils.draw import sample_foil_objects
from ...foundation.counter_rng import derive_key
from ..balance import CHOICES, find_more, shuffle_choices
from ..batches import Batch, QuestionContext, Topics
from ..edited_scenes import NONE, EditedScenes, choose_right

FORMS = ("yes_no", "multiple_choice")


def ask(context: QuestionContext) -> list[Batch]:
    """Whether each object is there, whether others are, and which of several is: a topic is a name in a scene."""
    chosen = np.flatnonzero(context.is_first & context.is_counted)  # the first of each name speaks for all of them
    scene, concepts = context.scene_of_object[chosen], context.scenes.objects.values[chosen]
    several = context.words.several[chosen]
    topics = Topics(context, "object", scene, context.list_twins(chosen), context.tokens["object.name"])
    # Up to three rows of the taxonomy, or -1, for each topic: the first ones are asked about, all are wrong choices.
    foils = sample_foil_objects(
        context.derive_keys("object", CHOICES - 1),
        context.plan,
        context.scenes,
        context.kin,
        scene,
        concepts,
        countable=several,
    )
    every, yes = np.arange(len(topics)), context.fixed["yes"]
    there = topics.ask("yes_no", "yes_no", every, {"object": chosen}, yes, asked=concepts)
    return [there, *_ask_absent(topics, foils, several), _ask_which(topics, concepts, foils)]


def _ask_absent(topics: Topics, foils: list[np.ndarray], several: np.ndarray) -> list[Batch]:
    """Whether foils are there, with a second one of some topics for others that have none.

    A foil is named in the plural where the topic is, which says `several`: so the number gives nothing away.
    """
    found = np.flatnonzero(foils[0] >= 0)
    more = find_more(foils[0], foils[1], topics.context.find_windows(topics.scene))
    # Nothing absent is asked about twice in a scene: where two questions have the same name, the later one is left out
    # if it is one of `more`; first foils differ.
    asked = np.append(foils[0][found], foils[1][more])
    codes = topics.scene[np.append(found, more)] * len(topics.names) + asked
    order = np.argsort(codes, kind="stable")
    again = order[1:][np.diff(codes[order]) == 0] - len(found)
    more = np.delete(more, again[again >= 0])

    def ask_foils(rows: np.ndarray, absent: np.ndarray) -> Batch:
        starts, no = topics.context.add_foils("object", absent, several[rows]), topics.context.fixed["no"]
        return topics.ask("yes_no", "yes_no", rows, starts, no, foils=topics.names[absent], asked=absent)

    return [ask_foils(found, foils[0][found]), ask_foils(more, foils[1][more])]


def _ask_which(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> Batch:
    """Which of several objects is there, where there are foils."""
    context = topics.context
    key, windows = derive_key(context.key, "which"), context.find_windows(topics.scene)
    choices = shuffle_choices(key, windows, concepts, foils)
    rows = np.flatnonzero(choices.lengths > 1)
    answers = topics.names[concepts[rows]]
    return topics.ask("multiple_choice", "which", rows, {}, answers, choices=choices.take(rows))


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """Whether there is something of the name in the edited scene, or which of the choices is there.

    NONE where something else may be taken for it, or has such a part.
    """
    scene, asked = batch.scene[batch.asked.owners], batch.asked.values
    there = scenes.count_called(scene, scenes.context.tokens["object.name"][asked])[0] > 0
    shown = scenes.kin.show(scene, asked)
    if batch.form == "yes_no":
        return np.where(there, scenes.yes, np.where(shown, NONE, scenes.no))
    return choose_right(batch, there, there | shown)
