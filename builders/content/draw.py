"""Draws scenes as columns: the structure and the concepts of each scene of a block (paper section 3.1, steps 1 to 4).

Each sort of content takes the same three steps. `deal` gives every place a card of a shuffled deck (sampling without
replacement, from the card on at which the blocks before ended); `assign_concepts` moves cards to places that their
types allow; `resolve_conflicts` swaps or redraws those that do not go together. Whether relations go together shows in
a scene as a whole, not in pairs: `make_possible` exchanges them.
"""

from __future__ import annotations

import numpy as np

from ...errors import Problem, RecipeError
from ..foundation.counter_rng import derive_key, hash_numbers
from ..foundation.ragged import Ragged
from .attributes import draw_attributes, order_attributes
from .copies import draw_copies
from .layout import Layout, lay_out, lay_out_again
from .objects import draw_objects
from .plan import Plan, Room
from .relations import draw_relations
from .scene_attributes import add_fixed, draw_scene_attributes
from .scenes import BLOCK, Scenes

TURNS, EXCHANGES, BESIDE = 64, 6, 3
"""How often scenes whose captions are too long are drawn again; how often others are drawn with them, and how many."""
FEW, MOST_TRIES = 512, 32
"""How many of these scenes are few, and how often each of them is drawn in a turn at most."""


def draw_block(plan: Plan, split: str, block: int, first: int = 0, last: int = BLOCK) -> Scenes:
    """Draws scenes of one block of a split, from `first` to before `last`. Depends on nothing but its arguments.

    Content comes from decks that go on from block to block: how many cards the earlier blocks took is known from the
    counts of their structures, without drawing them.
    """
    key = derive_key(plan.recipe.seed, plan.recipe.name, split)
    plan = plan.splits.get(split, plan)
    layout = lay_out(plan, key, block)
    scenes = _draw_scenes(plan, layout, split)
    if plan.room is not None:
        scenes = _draw_long_again(plan, plan.room, layout, split, scenes)
    return scenes.cut(first, last)


def _draw_long_again(plan: Plan, room: Room, layout: Layout, split: str, scenes: Scenes) -> Scenes:
    """Draws scenes whose captions are too long again, of the same structures and numbers of scene attributes.

    At first others are drawn with them, which take their objects where they have room: no object is used less for its
    long name. The few that are left then get any objects.

    Raises:
        RecipeError: Nothing that was drawn for some structure is short enough.
    """
    failure: RecipeError | None = None
    left = np.flatnonzero(room.find_long(scenes, split, np.arange(len(scenes))))
    for turn in range(TURNS):
        if not len(left):
            return scenes
        try:
            if turn < EXCHANGES:
                some, others = _draw_beside(plan, layout, split, scenes, left, turn)
            else:
                # Few scenes take about as long as some more, so each is drawn several times.
                some = np.repeat(left, min(max(FEW // len(left), 1), MOST_TRIES))
                others = _draw_scenes(plan, lay_out_again(plan, layout, some, turn), split)
        except RecipeError as error:
            failure = error  # another turn may do better
            continue
        long = room.find_long(others, split, some)
        if turn < EXCHANGES:
            scenes, left = scenes.replace(some, others), some[long]
        else:  # of several that will do the first stays
            found, first = np.unique(some[~long], return_index=True)
            scenes = scenes.replace(found, others.take(np.flatnonzero(~long)[first]))
            left = np.setdiff1d(left, found)
    if not len(left):
        return scenes
    message = f"{len(left)} of {len(scenes):,} scenes got no content that makes a caption short enough"
    raise RecipeError(
        [Problem(message, key="captions", hint="raise the limit, or lower structure.complexity")]
    ) from failure


def _draw_beside(
    plan: Plan, layout: Layout, split: str, scenes: Scenes, left: np.ndarray, turn: int
) -> tuple[np.ndarray, Scenes]:
    """Draws some scenes again and others beside them, with the objects that all of these have.

    Returns: Their numbers, ascending, and what is drawn for each.
    """
    luck = hash_numbers(derive_key(layout.key, "beside", layout.block, turn), np.arange(len(scenes)))
    some = np.union1d(left, np.argsort(luck)[: BESIDE * len(left)])
    again = lay_out_again(plan, layout, some, turn, scenes.take(some).objects.values)
    return some, _draw_scenes(plan, again, split)


def _draw_scenes(plan: Plan, layout: Layout, split: str) -> Scenes:
    """Draws the content of a layout."""
    key = layout.key
    objects = draw_objects(plan, layout, split)
    attributes, relations = _draw_statements(plan, layout, objects)
    subjects, targets = layout.subjects, layout.targets
    in_scenes = Ragged(objects, layout.objects)
    on_objects = order_attributes(plan.taxonomy, Ragged(attributes, layout.attributes))
    between = Ragged(relations, subjects.offsets)
    scene_attributes = draw_scene_attributes(plan, key, layout.start, layout.counts, in_scenes, on_objects, between)
    return Scenes(
        layout.start,
        layout.structures,
        in_scenes,
        on_objects,
        between,
        subjects,
        targets,
        add_fixed(plan, key, layout.start, scene_attributes),
        draw_copies(plan, layout, objects, relations),
    )


def _draw_statements(plan: Plan, layout: Layout, objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draws the attributes and the relations of a block, rows of the taxonomy, one a slot.

    Where no relations go with what attributes say (that something sits, or sleeps), others are drawn that say nothing.

    Raises:
        RecipeError: No attributes fit on some object, or no relations are possible together in some scene.
    """
    attributes = draw_attributes(plan, layout, objects)
    relations, lost = draw_relations(plan, layout, objects, attributes)
    if len(lost):
        attributes = draw_attributes(plan, layout, objects, lost)
        relations, lost = draw_relations(plan, layout, objects, attributes)
    if len(lost):
        message = f"{len(lost)} of {len(layout.structures):,} scenes get no relations that are possible together"
        hint = "allow more relations, or fewer of them in a scene"
        raise RecipeError([Problem(message, key="content.relations", hint=hint)])
    return attributes, relations
