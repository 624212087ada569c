"""Scene attributes: whether the scene has each, and whether others; which it has, with choices, seldom openly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....arrow import match_texts
from ....taxonomy.schema import SCENE_ROLES
from ...foils.draw import sample_foil_scene_attributes
from ...foundation.counter_rng import derive_key
from ..balance import CHOICES, FEWEST_CHOICES, pair_off, shuffle_choices
from ..batches import OPEN_MACRO, Batch, QuestionContext, Topics, make_single_lists
from ..edited_scenes import EditedScenes

FORMS = ("yes_no", "open", "multiple_choice")

YES_NO_MACRO = "yes_no_"
"""Macros that ask whether a scene has an attribute of one kind begin so; the rest of the name is the kind."""
CHOOSE_MACRO = "choose_"
"""Macros that ask with choices alone begin so; the rest of the name is the kind of scene attribute."""


def ask(context: QuestionContext) -> list[Batch]:
    """Whether the scene has each of its attributes, a topic each, and whether others; which it has."""
    held = context.scenes.scene_attributes
    asked = np.flatnonzero(context.can_ask("scene_attributes", held.values))
    if not len(asked):
        return []
    scene, concepts = held.owners[asked], held.values[asked]
    elements = make_single_lists(context.name_elements("scene", held.places[asked]))
    topics = Topics(context, "scene", scene, elements, context.tokens["scene.name"])
    # Up to three rows of the taxonomy, or -1, for each topic: the first ones are asked about, all are wrong choices.
    drawn = sample_foil_scene_attributes(context.derive_keys("scene", CHOICES - 1), context.plan, context.scenes)
    foils = [np.where(context.can_ask("scene_attributes", some), some, -1)[asked] for some in drawn]
    return [*_ask_yes_no(topics, concepts, foils), *_ask_which(topics, concepts, foils)]


def _ask_yes_no(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    context, batches = topics.context, []
    yes, no = context.fixed["yes"], context.fixed["no"]
    asked, more = pair_off(foils[0], foils[1], context.scenes.start + topics.scene)
    first = np.flatnonzero(foils[0] >= 0)
    for macro, is_asked_so in _list_yes_no_macros(context):
        rows = np.flatnonzero(asked & is_asked_so[concepts])
        batches.append(topics.ask("yes_no", macro, rows, {"scene": rows}, yes))
        for absent, some in ((foils[0], first), (foils[1], more)):
            rows = some[is_asked_so[absent[some]]]
            starts = context.add_foils("scene", absent[rows])
            batches.append(topics.ask("yes_no", macro, rows, starts, no, foils=topics.names[absent[rows]]))
    return batches


def _list_yes_no_macros(context: QuestionContext) -> Iterator[tuple[str, np.ndarray]]:
    """Macros that ask yes or no, with the scene attributes that each asks about: bool, one a row of the taxonomy.

    A macro of a kind asks about that kind, and the macro of a role about what is left.
    """
    table = context.plan.taxonomy.scene_attributes
    left = np.ones(len(table), dtype=bool)
    kinds = sorted(name for name in context.macros["scene"] if name.startswith(YES_NO_MACRO))
    for macro in kinds:
        is_kind = match_texts(table["kind"], macro.removeprefix(YES_NO_MACRO))
        left &= ~is_kind
        yield macro, is_kind
    for role in SCENE_ROLES:
        if (is_role := match_texts(table["role"], role) & left).any():
            yield role, is_role


def _ask_which(topics: Topics, concepts: np.ndarray, foils: list[np.ndarray]) -> list[Batch]:
    """Which attribute of a kind the scene has, with choices where there are foils; not all kinds have a macro."""
    context, batches = topics.context, []
    key, windows = derive_key(context.key, "scenes"), context.find_windows(topics.scene)
    choices = shuffle_choices(key, windows, concepts, foils)
    kinds = context.tokens["scene.kind"][concepts]
    for macro in sorted(context.macros["scene"]):
        prefix = next((prefix for prefix in (OPEN_MACRO, CHOOSE_MACRO) if macro.startswith(prefix)), None)
        if not prefix:
            continue
        rows = np.flatnonzero(kinds == context.words.lexicon.find(macro.removeprefix(prefix)))
        if prefix == OPEN_MACRO:
            batches.append(topics.ask("open", macro, rows, {}, topics.names[concepts[rows]], asked=concepts[rows]))
        rows = rows[choices.lengths[rows] >= FEWEST_CHOICES]
        answers = topics.names[concepts[rows]]
        batches.append(topics.ask("multiple_choice", macro, rows, {}, answers, choices=choices.take(rows)))
    return batches


def answer_edited(scenes: EditedScenes, batch: Batch) -> np.ndarray:
    """The answers as they were: no edit touches the attributes of scenes."""
    return batch.answers
