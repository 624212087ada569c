"""Comparisons: whether there are more of one name than of another; of which of several there are most."""

from __future__ import annotations

import numpy as np

from ...foundation.counter_rng import derive_key
from ...foundation.ragged import Ragged, offsets_of, pad_lists
from ..balance import CHOICES, shuffle_choices
from ..batches import Batch, QuestionContext, Topics
from ..edited_scenes import EditedScenes, choose_right
from .count import list_countable

FORMS = ("yes_no", "multiple_choice")


def ask(context: QuestionContext) -> list[Batch]:
    """Whether there are more of one name than of the next, where they differ in number; of which there are most.

    All are names that can be counted.
    """
    chosen = list_countable(context)
    sizes = np.bincount(context.scene_of_object[chosen], minlength=len(context.scenes))
    # (scenes, most names of a scene): the first object of each name, or -1; and of how many things it is the name.
    objects = pad_lists(Ragged(chosen, offsets_of(sizes)))
    if objects.shape[1] < 2:
        return []
    counts = np.where(objects >= 0, context.thing_count[objects], 0)
    return [*_ask_yes_no(context, objects, counts), _ask_which(context, objects[:, :CHOICES], counts[:, :CHOICES])]


def _ask_yes_no(context: QuestionContext, objects: np.ndarray, counts: np.ndarray) -> list[Batch]:
    """Asks about every two that follow each other the right way around and the wrong one."""
    scene, place = np.nonzero((counts[:, 1:] > 0) & (counts[:, 1:] != counts[:, :-1]))
    one, other = objects[scene, place], objects[scene, place + 1]
    is_more = counts[scene, place] > counts[scene, place + 1]
    more, fewer = np.where(is_more, one, other), np.where(is_more, other, one)
    topics, every = _make_topics(context, scene, np.stack([more, fewer], axis=1)), np.arange(len(scene))

    def ask_about(objects: np.ndarray, others: np.ndarray, answer: str, foils: np.ndarray | None = None) -> Batch:
        concepts, starts = context.scenes.objects.values[objects], {"object": objects, "other": others}
        return topics.ask("yes_no", "yes_no", every, starts, context.fixed[answer], foils=foils, asked=concepts)

    return [ask_about(more, fewer, "yes"), ask_about(fewer, more, "no", context.words.names[fewer])]


def _ask_which(context: QuestionContext, objects: np.ndarray, counts: np.ndarray) -> Batch:
    """Asks of which name there are most."""
    ranked = np.sort(np.pad(counts, ((0, 0), (2, 0))), axis=1)
    scene = np.flatnonzero((ranked[:, -2] > 0) & (ranked[:, -1] > ranked[:, -2]))
    # The one of which there are most comes first; what is not there comes last.
    order = np.argsort(-counts[scene], axis=1, kind="stable")
    objects = np.take_along_axis(objects[scene], order, axis=1)
    answers, *foils = np.where(objects >= 0, context.scenes.objects.values[objects], -1).T
    topics = _make_topics(context, scene, objects)
    choices = shuffle_choices(derive_key(context.key, "comparison"), context.find_windows(scene), answers, foils)
    every = np.arange(len(scene))
    return topics.ask("multiple_choice", "which", every, {}, topics.names[answers], choices=choices)


def _make_topics(context: QuestionContext, scene: np.ndarray, objects: np.ndarray) -> Topics:
    """Topics about several names each: objects that are the first of them, shape (topics, any), -1 for none."""
    named = Ragged(objects[objects >= 0], offsets_of((objects >= 0).sum(axis=1)))
    twins = context.list_twins(named.values)
    elements = Ragged(twins.values, twins.offsets[named.offsets])
    depends_on = context.depend_on(*np.where(objects >= 0, objects, objects[:, :1]).T)
    return Topics(context, "comparison", scene, elements, context.tokens["object.plural"], depends_on)


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """Whether there are more things that can be called so in the edited scene; NONE where no choice has most."""
    names = scenes.context.tokens["object.name"]
    if batch.form == "yes_no":
        more, fewer = (
            scenes.count_called(batch.scene, scenes.context.words.names[batch.starts[role]])[1]
            for role in ("object", "other")
        )
        return np.where(more > fewer, scenes.yes, scenes.no)
    question = batch.asked.owners
    counts = scenes.count_called(batch.scene[question], names[batch.asked.values])[1]
    most = np.maximum.reduceat(counts, batch.asked.offsets[:-1]) if len(counts) else counts
    return choose_right(batch, (counts > 0) & (counts == most[question]))
