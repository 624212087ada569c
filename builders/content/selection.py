"""The concepts that the filters of a recipe leave, each table by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...errors import Problem, RecipeError
from ...taxonomy import TABLES, Taxonomy
from ..foundation.ragged import Ragged
from ..recipe.model import Recipe
from .filters import FILTERS, Candidates, Filter, find_named


@dataclass(frozen=True)
class Concepts:
    """Concepts that scenes may have: rows of the taxonomy's tables, int64.

    Attributes:
        objects: Each as often as it has cards.
        attributes, relations: Each once.
        scene_attributes: A list for each kind that has any, in the order of the kinds' names.
    """

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    scene_attributes: Ragged

    def narrow(self, keep: Callable[[str, np.ndarray], np.ndarray]) -> Concepts:
        """What `keep` leaves, given the name of a table and rows of it. Kinds of which it leaves none are gone."""
        kinds = [keep("scene_attributes", rows).tolist() for rows in self.scene_attributes.lists()]
        return Concepts(
            objects=keep("objects", self.objects),
            attributes=keep("attributes", self.attributes),
            relations=keep("relations", self.relations),
            scene_attributes=Ragged.from_lists(rows for rows in kinds if rows),
        )


@dataclass(frozen=True)
class FilterStep:
    """One filter that a recipe sets, applied.

    Attributes:
        filter: The filter.
        kept: Whether it keeps a concept, bool, shape (rows of the table,).
        left: Whether all filters so far keep it, of the same shape.
    """

    filter: Filter
    kept: np.ndarray
    left: np.ndarray


def apply_filters(recipe: Recipe, taxonomy: Taxonomy, table: str, problems: list[Problem]) -> list[FilterStep]:
    """Applies the filters of a table that a recipe sets. Where one finds something wrong it is added to `problems`.

    Such a filter keeps everything, so that one mistake is not the cause of further ones.
    """
    concepts = getattr(taxonomy, table)
    left = np.ones(concepts.num_rows, dtype=bool)
    steps = []
    for one in FILTERS[table]:
        if one.is_set(recipe):
            kept = np.ones(len(left), dtype=bool)
            try:
                kept = one.keep(one.read_value(recipe), Candidates(taxonomy, concepts, left, recipe))
            except RecipeError as error:
                problems += [replace(problem, key=problem.key or one.key) for problem in error.problems]
            left = left & kept
            steps.append(FilterStep(one, kept, left))
    return steps


def find_allowed(steps: list[FilterStep]) -> np.ndarray:
    """Concepts that a seed graph may have where it leaves a choice, bool, shape (rows of the table,)."""
    return np.logical_and.reduce([step.kept for step in steps if not step.filter.spares_seed])


def find_objects(recipe: Recipe, taxonomy: Taxonomy) -> np.ndarray:
    """Rows of the objects that a recipe would deal if it named no branches, no top and no weights."""
    return np.flatnonzero(find_allowed(apply_filters(recipe, taxonomy, "objects", [])))


def find_scene_attributes(recipe: Recipe, taxonomy: Taxonomy) -> np.ndarray:
    """Rows of the scene attributes that a recipe would deal if it fixed none, and named no place and no kinds."""
    wider = recipe.content.scene_attributes.model_copy(update={"fixed": None, "kinds": None})
    content = recipe.content.model_copy(update={"setting": None, "scene_attributes": wider})
    steps = apply_filters(recipe.model_copy(update={"content": content}), taxonomy, "scene_attributes", [])
    return np.flatnonzero(steps[-1].left)


def select_concepts(
    recipe: Recipe, taxonomy: Taxonomy, problems: list[Problem]
) -> tuple[Concepts, dict[str, np.ndarray]]:
    """Applies the filters of all tables; what is wrong with them is added to `problems`.

    Returns: What they leave, and by table what a seed graph may have besides, bool (see `find_allowed`).
    """
    steps = {"objects": apply_filters(recipe, taxonomy, "objects", problems)}
    if not steps["objects"][-1].left.any() and not problems:
        problems.append(_describe_emptiness(recipe, steps["objects"]))
    steps |= {table: apply_filters(recipe, taxonomy, table, problems) for table in TABLES if table not in steps}
    rows = {table: np.flatnonzero(some[-1].left) for table, some in steps.items()}
    by_kind = _group_by_kind(taxonomy, rows.pop("scene_attributes"))
    _check_scene_attributes(recipe, taxonomy, steps["scene_attributes"], list(by_kind), problems)
    if not problems:
        rows["objects"] = _repeat_cards(recipe, taxonomy, rows["objects"])
    concepts = Concepts(**rows, scene_attributes=Ragged.from_lists(by_kind.values()))
    return concepts, {table: find_allowed(some) for table, some in steps.items()}


def _describe_emptiness(recipe: Recipe, steps: list[FilterStep]) -> Problem:
    """Names the filters that leave something out, with what they say if that is one word or number."""
    names, before = [], steps[0].left
    for step in steps:
        if step.filter.key and step.left.sum() < before.sum():
            name, value = step.filter.key.rpartition(".")[2], step.filter.write_value(recipe)
            names.append(f"{name} ({value})" if isinstance(value, str | int | float) else name)
        before = step.left
    return Problem("the filters leave no object", key="content.objects", hint=f"widen one of {', '.join(names)}")


def _repeat_cards(recipe: Recipe, taxonomy: Taxonomy, rows: np.ndarray) -> np.ndarray:
    """Rows of objects, each as often as its weight says."""
    weights = recipe.content.objects.weights
    cards = np.ones(taxonomy.objects.num_rows, dtype=np.int64)
    for name, row in find_named(weights, taxonomy).items():
        cards[row] = weights[name]
    return np.repeat(rows, cards[rows])


def _group_by_kind(taxonomy: Taxonomy, rows: np.ndarray) -> dict[str, list[int]]:
    """Rows of scene attributes by their kinds, in the order of the kinds' names."""
    kinds = taxonomy.scene_attributes["kind"].to_pylist()
    groups: dict[str, list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(kinds[row], []).append(row)
    return dict(sorted(groups.items()))


def _check_scene_attributes(
    recipe: Recipe, taxonomy: Taxonomy, steps: list[FilterStep], left: list[str], problems: list[Problem]
) -> None:
    """Adds to `problems` kinds of which a filter leaves nothing, and a count greater than that of the kinds left."""
    wanted, known = recipe.content.scene_attributes, taxonomy.scene_attributes["kind"].unique().to_pylist()
    lefts = [(step.filter, list(_group_by_kind(taxonomy, np.flatnonzero(step.left)))) for step in steps]
    for name in wanted.kinds or ():
        if name in known and name not in left and name not in (wanted.fixed or {}):
            blamed, kinds = next((one, kinds) for one, kinds in lefts if name not in kinds)
            setter = (blamed.key or "").rpartition(".")[2]
            message = f"no `{name}` exists for {setter} {blamed.read_value(recipe)}"
            hint = f"the kinds that there are: {', '.join(kinds)}"
            problems.append(Problem(message, key="content.scene_attributes.kinds", hint=hint))
    if wanted.count.high > len(left) and not problems:
        message = f"at most {len(left)} scene attributes can stand together, one of each kind, not {wanted.count.high}"
        hint = "lower the count or allow more kinds"
        problems.append(Problem(message, key="content.scene_attributes.count", hint=hint))
