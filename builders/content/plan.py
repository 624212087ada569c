"""What all blocks of a recipe share: the structures and the concepts that its constraints leave, for each split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from ...errors import Problem, RecipeError, gather_problems
from ...taxonomy import Taxonomy
from ..recipe.model import Recipe
from ..structures.cache import find_structures
from ..structures.enumeration import check_limits
from ..structures.levels import cut_levels, plan_levels
from ..structures.limits import read_limits
from ..structures.sampling import StructurePlan, plan_structures
from .given import Given
from .meaning import measure_nearness
from .nearness import Nearness
from .pools import Pools, check_room, choose_pools, measure_room
from .seed_content import measure_needs
from .unseen import (
    Groups,
    UnseenCompositions,
    choose_unseen,
    group_objects,
    keep_concepts,
    list_structures,
    refine_attributes,
)


@dataclass(frozen=True, eq=False)
class Room:
    """What limits of captions leave to scenes.

    Attributes:
        rows: Structures that have captions short enough, rows of the table, ascending.
        slack: By structure of the table and number of scene attributes from 0, by how much the typical caption is
            shorter than it may be, int64; below 0 where it is not.
        objects: How long the name of each object of the taxonomy that is dealt is, int64, shape (objects,).
        typical: How long the names of the first, second, ... object of a typical scene are, int64.
        find_long: Which scenes, the first argument, of a split get captions that are too long, bool. The last argument
            has their numbers in their block.
    """

    rows: np.ndarray
    slack: np.ndarray
    objects: np.ndarray
    typical: np.ndarray
    find_long: Callable[[Any, str, np.ndarray], np.ndarray]

    @cached_property
    def most_attributes(self) -> np.ndarray:
        """Most attributes that a scene of each structure may have, int64; -1 for one that has no room at all."""
        fits = self.slack >= 0
        return np.where(fits.any(axis=1), fits.shape[1] - 1 - fits[:, ::-1].argmax(axis=1), -1)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is worked out once for a recipe and used for every block.

    Attributes:
        recipe: The recipe.
        taxonomy: Its concepts.
        structures: Which structure each scene gets.
        pools: What fills structures.
        splits: The same for each split, where some keep compositions unseen.
        unseen: With those: which compositions a split has.
        groups: Groups of objects, where pairs of them are kept unseen.
        near: What is near in meaning, for a recipe that asks for it.
        given: Of scenes that are somebody's own graphs: what their words show.
        room: What limits of captions leave, for a recipe that has some.
    """

    recipe: Recipe
    taxonomy: Taxonomy
    structures: StructurePlan
    pools: Pools
    splits: dict[str, Plan] = field(default_factory=dict)
    unseen: UnseenCompositions | None = None
    groups: Groups | None = None
    near: Nearness | None = None
    given: Given | None = None
    room: Room | None = None

    @property
    def near_statements(self) -> Nearness | None:
        """The same for attributes and relations: in a recipe with a setting alone only objects are near to it."""
        return self.near if self.recipe.content.plausibility else None


def plan_scenes(recipe: Recipe, taxonomy: Taxonomy) -> Plan:
    """Enumerates the structures and chooses the concepts of a recipe.

    Raises:
        RecipeError: Constraints or filters leave nothing, or name what does not exist; all that is wrong at once.
    """
    limits = read_limits(recipe)
    problems: list[Problem] = []
    with gather_problems(problems):
        check_limits(limits)
    with gather_problems(problems):
        pools = choose_pools(recipe, taxonomy)
    if problems:
        raise RecipeError(problems)
    table = find_structures(limits)
    check_room(recipe, taxonomy, pools, table)
    near = measure_nearness(recipe, taxonomy, pools)
    plan = Plan(recipe, taxonomy, plan_structures(table, recipe.structure.distribution), pools, near=near)
    unseen = choose_unseen(recipe, taxonomy)
    return replace(plan, splits={split: _plan_split(plan, one) for split, one in unseen.items()})


def limit_plan(plan: Plan, room: Room) -> Plan:
    """Leaves the structures to a plan that have captions short enough.

    Raises:
        RecipeError: There are none, at all or for a split.
    """
    splits = {name: limit_plan(one, room) for name, one in plan.splits.items()}
    rows = np.intersect1d(plan.structures.cells.values, room.rows)
    if not len(rows):
        limits = ", ".join(one.limit for one in plan.recipe.captions if one.limit)
        message = f"no scene graph usually has a caption of at most {limits}"
        lacking = -int(room.slack[plan.structures.cells.values].max())
        raise RecipeError(
            [Problem(message, key="captions", hint=f"raise the limit by {lacking}, or lower structure.complexity")]
        )
    structures = plan_structures(plan.structures.table, plan.recipe.structure.distribution, rows)
    return replace(plan, structures=structures, splits=splits, room=room)


def level_plan(plan: Plan) -> Plan:
    """Cuts the structures of a plan into the levels of difficulty that its recipe asks for, if it does.

    Raises:
        RecipeError: There are fewer kinds of structures than levels, or none of a level for some split.
    """
    difficulty, splits = plan.recipe.difficulty, plan.recipe.splits
    if difficulty is None:
        return plan
    starts = cut_levels(plan.structures.measure_cells(plan.structures.table.score), difficulty.levels)
    if starts is None:
        count = len(np.unique(plan.structures.measure_cells(plan.structures.table.score)))
        message = f"{difficulty.levels} levels are more than structures have scores, which are {count}"
        raise RecipeError([Problem(message, key="difficulty.levels", hint="ask for fewer, or widen `structure`")])

    def share_out(one: Plan, split: str | None, rows: int | None) -> Plan:
        scores = one.structures.measure_cells(one.structures.table.score)
        levels = plan_levels(starts, scores, one.structures.bounds, difficulty.list_parts(), rows)
        lacking = [number for number in np.unique(levels.deck) if not levels.bounds[number, -1]]
        if lacking:
            message = f"the split {split} has no structures of level {lacking[0] + 1}"
            raise RecipeError([Problem(message, key="difficulty", hint="ask for fewer levels, or widen `structure`")])
        return replace(one, structures=replace(one.structures, levels=levels), splits={})

    own = {name: share_out(one, name, None) for name, one in plan.splits.items()}
    if difficulty.order == "ascending":
        own |= {name: share_out(plan.splits.get(name, plan), name, split.size) for name, split in splits.items()}
    return replace(share_out(plan, None, None), splits=own)


def _plan_split(plan: Plan, unseen: UnseenCompositions) -> Plan:
    """What a split may have, where some keep compositions unseen."""
    recipe, taxonomy, table = plan.recipe, plan.taxonomy, plan.structures.table
    rows = list_structures(unseen, table)
    pools = plan.pools
    if "concept" in unseen.own:
        pools = choose_pools(recipe, taxonomy, partial(keep_concepts, unseen))
    pools = measure_room(refine_attributes(unseen, pools))
    check_room(recipe, taxonomy, pools, table, rows)
    needs = measure_needs(pools.seed, table, rows)
    groups = group_objects(unseen, recipe, pools, int(table.objects[rows].max()), int(needs.max(initial=0)))
    if groups and groups.own is not None:
        pools = replace(pools, objects=pools.objects[np.isin(groups.of[pools.objects], groups.own)])
    structures = plan_structures(table, recipe.structure.distribution, rows)
    return Plan(recipe, taxonomy, structures, pools, unseen=unseen, groups=groups, near=plan.near)
