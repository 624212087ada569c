"""Scene attributes: whether the scene has each, and whether others; which it has, openly and with choices."""

from __future__ import annotations

import numpy as np

from ....arrow import match_texts
from ...foils.draw import sample_foil_scene_attributes
from ...foundation.counter_rng import derive_key
from ..balance import CHOICES, find_more, shuffle_choices
from ..batches import Batch, QuestionContext, Topics, make_single_lists
from ..edited_scenes import EditedScenes

ROLES = ("setting", "picture")
"""Roles of scene attributes (where and when, or how shown), and the macros that ask whether the scene has them."""


def ask(context: QuestionContext) -> list[Batch]:
    """Whether the scene has each of its attributes, a topic each, and whether others; which it has."""
    held = context.scenes.scene_attributes
    scene, concepts = held.owners, held.values
    if not len(concepts):
        return []
    elements = make_single_lists(context.name_elements("scene", held.places))
    topics = Topics(context, "scene", scene, elements, context.tokens["scene.name"])
    # Up to three rows of the taxonomy, or -1, for each topic: the first ones are asked about, all are wrong choices.
    foils = sample_foil_scene_attributes(context.derive_keys("scene", CHOICES - 1), context.plan, context.scenes)
    return [*_ask_yes_no(topics, concepts, foils), *_ask_openly(topics, concepts, foils)]


def _ask_yes_no(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    context, batches = topics.context, []
    yes, no = context.fixed["yes"], context.fixed["no"]
    first = np.flatnonzero(foils[0] >= 0)
    second = find_more(foils[0], foils[1], context.find_windows(topics.scene))
    for role in ROLES:
        is_role = match_texts(context.plan.taxonomy.scene_attributes["role"], role)  # bool, one a row of the taxonomy
        rows = np.flatnonzero(is_role[concepts])
        batches.append(topics.ask("yes_no", role, rows, {"scene": rows}, yes))
        for absent, some in ((foils[0], first), (foils[1], second)):
            rows = some[is_role[absent[some]]]
            starts = context.add_foils("scene", absent[rows])
            batches.append(topics.ask("yes_no", role, rows, starts, no, foils=topics.names[absent[rows]]))
    return batches


def _ask_openly(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    """Which attribute of a kind the scene has, and with choices where there are foils; not all kinds have a macro."""
    context, batches = topics.context, []
    key, windows = derive_key(context.key, "scenes"), context.find_windows(topics.scene)
    choices = shuffle_choices(key, windows, concepts, foils)
    kinds = context.tokens["scene.kind"][concepts]
    for macro, kind in context.find_open_macros("scene").items():
        rows = np.flatnonzero(kinds == kind)
        batches.append(topics.ask("open", macro, rows, {}, topics.names[concepts[rows]]))
        rows = rows[choices.lengths[rows] > 1]
        answers = topics.names[concepts[rows]]
        batches.append(topics.ask("multiple_choice", macro, rows, {}, answers, choices=choices.take(rows)))
    return batches


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """The answers as they were: no edit touches the attributes of scenes."""
    return batch.answers
