"""The filters of a recipe's `content`, each table by itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import match_texts, read_truths, view_numbers
from ...errors import Problem, advise, gather_problems
from ...taxonomy import Taxonomy
from ..foundation.ragged import Ragged
from ..recipe.model import Recipe
from .compatibility import in_tier


def filter_concepts(
    recipe: Recipe, taxonomy: Taxonomy, problems: list[Problem]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Ragged]:
    """Applies the filters of `content`, each table by itself; what is wrong with them is added to `problems`.

    Returns: Objects that may be in a scene (bool, one an object), and rows of objects (as often as they have cards),
        of attributes, of relations, and of scene attributes by kind.
    """
    wanted = recipe.content
    allowed = _filter_objects(recipe, taxonomy, problems)
    objects = _choose_objects(recipe, taxonomy, allowed, problems)
    key = "content.attributes.kinds"
    attributes = _choose_rows(
        taxonomy.attributes, wanted.attributes.tier, "kind", wanted.attributes.kinds, key, problems
    )
    key = "content.relations.categories"
    relations = _choose_rows(
        taxonomy.relations, wanted.relations.tier, "category", wanted.relations.categories, key, problems
    )
    return allowed, objects, attributes, relations, _choose_scene_attributes(recipe, taxonomy, problems)


def _resolve(taxonomy: Taxonomy, names: Iterable[str], key: str, problems: list[Problem]) -> dict[str, int]:
    """Rows of the objects that there are, by the names that the recipe has for them."""
    found = {}
    for name in names:
        with gather_problems(problems, key):
            found[name] = taxonomy.object_index(name)
    return found


def _filter_objects(recipe: Recipe, taxonomy: Taxonomy, problems: list[Problem]) -> np.ndarray:
    """Objects that may be in a scene, bool, shape (objects,); `under`, `top` and `weights` choose among them."""
    wanted = recipe.content.objects
    exclude = _resolve(taxonomy, wanted.exclude, "content.objects.exclude", problems)
    allowed = np.zeros(taxonomy.objects.num_rows, dtype=bool)
    allowed[find_objects(taxonomy, wanted.tier)] = True
    allowed &= ~taxonomy.is_under(exclude)
    if wanted.min_frequency is not None:
        allowed &= view_numbers(taxonomy.objects["frequency"], np.float32) >= wanted.min_frequency
    return allowed


def _choose_objects(recipe: Recipe, taxonomy: Taxonomy, allowed: np.ndarray, problems: list[Problem]) -> np.ndarray:
    wanted, key = recipe.content.objects, "content.objects"
    table = taxonomy.objects
    before = len(problems)
    under = _resolve(taxonomy, wanted.under, f"{key}.under", problems)
    weighted = _resolve(taxonomy, wanted.weights, f"{key}.weights", problems)
    rows = np.flatnonzero(allowed & taxonomy.is_under(under) if under else allowed)
    if wanted.top is not None:
        frequency = view_numbers(table["frequency"], np.float32)
        most = max(1, round(wanted.top * len(rows))) if isinstance(wanted.top, float) else wanted.top
        rows = np.sort(rows[np.argsort(-frequency[rows], kind="stable")[:most]])
    cards = np.ones(table.num_rows, dtype=np.int64)
    for name, row in weighted.items():
        if row not in rows:
            message = f"{name} is not among the {len(rows)} objects that the other filters leave"
            problems.append(Problem(message, key=f"{key}.weights", hint="widen the filters or leave it out"))
        cards[row] = wanted.weights[name]
    rows = np.repeat(rows, cards[rows])
    if not len(rows) and len(problems) == before:
        hint = f"widen one of tier ({wanted.tier}), under, exclude, min_frequency"
        problems.append(Problem("the filters leave no object", key=key, hint=hint))
    return rows


@lru_cache(maxsize=8)
def find_objects(taxonomy: Taxonomy, tier: str) -> np.ndarray:
    """Rows of all objects of a tier. What is offensive is never among them, whatever a recipe asks for."""
    offensive = read_truths(pc.match_substring(taxonomy.objects["flags"], "offensive"))
    return np.flatnonzero(in_tier(taxonomy.objects, tier) & ~offensive)


def _choose_rows(
    table: pa.Table, tier: str, column: str, names: tuple[str, ...] | None, key: str, problems: list[Problem]
) -> np.ndarray:
    if names is not None:
        known = sorted(table[column].unique().to_pylist())
        for name in names:
            if name not in known:
                problems.append(Problem(f"there is no {column} `{name}`", key=key, hint=advise(name, known)))
    chosen = in_tier(table, tier)
    return np.flatnonzero(chosen if names is None else chosen & match_texts(table[column], *names))


def _choose_scene_attributes(recipe: Recipe, taxonomy: Taxonomy, problems: list[Problem]) -> Ragged:
    wanted, table = recipe.content.scene_attributes, taxonomy.scene_attributes
    has_modality = np.array([recipe.modality in cell.split("|") for cell in table["modality"].to_pylist()], dtype=bool)
    table_kinds = np.array(table["kind"].to_pylist())
    key = "content.scene_attributes.kinds"
    rows = _choose_rows(table, wanted.tier, "kind", wanted.kinds, key, problems)
    rows = rows[has_modality[rows]]
    kinds = sorted(set(table_kinds[rows]))
    for name in wanted.kinds or ():
        if name not in kinds and name in table_kinds:
            hint = f"a {recipe.modality} can have {', '.join(sorted(set(table_kinds[has_modality])))}"
            problems.append(Problem(f"no `{name}` exists for modality {recipe.modality}", key=key, hint=hint))
    if wanted.count.high > len(kinds) and not problems:
        message = (
            f"at most {len(kinds)} scene attributes can stand together, one of each kind, not {wanted.count.high}"
        )
        problems.append(
            Problem(message, key="content.scene_attributes.count", hint="lower the count or allow more kinds")
        )
    return Ragged.from_lists([rows[table_kinds[rows] == kind].tolist() for kind in kinds])
