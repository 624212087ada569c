"""The filters of a recipe, each an entry of `FILTERS`; what is dealt, what is counted and what the card says follow.

A new filter is a key in `recipe/content.py` whose default is empty, a function here, and an entry. `selection.py`
applies the entries, `filter_report.py` counts what each leaves out, and the dataset card prints counts and reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array, match_texts, read_truths
from ...errors import GasError, Problem, RecipeError, advise, gather_problems, suggest
from ...taxonomy import Taxonomy, find_object, mark_under
from ...taxonomy.hints import ask
from ...taxonomy.naming import GROUPS, advise_group, find_called, find_concepts
from ...taxonomy.schema import KINDS, VISIBILITY
from ...taxonomy.usage import measure_frequency
from ...taxonomy.vocabularies import find_listed, list_vocabularies, read_vocabulary
from ..recipe.content import PLACE, WORD_LISTS, SceneAttributeFilter
from ..recipe.fields import Part
from ..recipe.model import Recipe
from ..structures.limits import read_limits
from .compatibility import in_tier, match_objects

Found = TypeVar("Found")


@dataclass(frozen=True)
class Candidates:
    """The concepts of one table, among which a filter chooses.

    Attributes:
        taxonomy: All concepts.
        table: Those of the table.
        left: Whether the filters before leave a concept, bool, shape (rows of the table,).
        recipe: The recipe, for what a filter must know besides its own key.
    """

    taxonomy: Taxonomy
    table: pa.Table
    left: np.ndarray
    recipe: Recipe


@dataclass(frozen=True)
class Filter:
    """A filter of one table.

    Attributes:
        key: Path of the recipe's key that says what is kept; None for a filter that no recipe can change.
        reason: Why a concept is left out, as the card says it: `of a rarer tier`.
        keep: Takes the key's value and the candidates, gives whether each concept is kept (bool, shape (rows of the
            table,)), also those that are not left. It raises a `RecipeError` where the value names what is not there;
            the problems need no key.
        spares_seed: Whether a seed graph's elements may be what the filter leaves out, by `under`, `kind` or
            `category`. What a seed graph names exactly passes all filters that have a key.
    """

    key: str | None
    reason: str
    keep: Callable[[Any, Candidates], np.ndarray]
    spares_seed: bool = False

    def read_value(self, recipe: Recipe) -> Any:
        """What the recipe says at the key."""
        part, name = self._find_part(recipe)
        return getattr(part, name) if name else None

    def write_value(self, recipe: Recipe) -> Any:
        """The same as JSON has it, for instance `10%` for 0.1."""
        part, name = self._find_part(recipe)
        return part.model_dump(mode="json", include={name})[name] if name else None

    def is_set(self, recipe: Recipe) -> bool:
        """Whether the filter applies: its key says something, or means something when left out, as a tier does."""
        part, name = self._find_part(recipe)
        default = type(part).model_fields[name].default if name else True
        return bool(default) or getattr(part, name) != default

    def _find_part(self, recipe: Recipe) -> tuple[Part, str]:
        """The part of the recipe that has the key, and the key's name there; "" without a key."""
        *path, name = (self.key or "").split(".")
        return reduce(getattr, path, recipe), name


def keep_inoffensive(_: None, concepts: Candidates) -> np.ndarray:
    """Concepts that are not marked as offensive."""
    return ~read_truths(pc.match_substring(concepts.table["flags"], "offensive"))


def keep_tier(tier: str, concepts: Candidates) -> np.ndarray:
    """Concepts of a tier and of those within it."""
    return in_tier(concepts.table, tier)


def keep_visible(least: str, concepts: Candidates) -> np.ndarray:
    """Concepts that are seen at least so well."""
    return match_texts(concepts.table["visible"], *VISIBILITY[: VISIBILITY.index(least) + 1])


def keep_groups(table: str, names: tuple[str, ...], concepts: Candidates) -> np.ndarray:
    """Concepts of these kinds or categories, whichever a table has."""
    column = GROUPS[table]
    known = concepts.table[column].unique().to_pylist()
    unknown = [name for name in names if name not in known][:MOST_PROBLEMS]
    _refuse(
        Problem(f"there is no {column} `{name}`", hint=advise_group(concepts.taxonomy, table, name))
        for name in unknown
    )
    return match_texts(concepts.table[column], *names)


def keep_in_setting(table: str, setting: str, concepts: Candidates) -> np.ndarray:
    """What is not barred where all scenes are; of scene attributes no other places, and nothing that excludes it."""
    taxonomy = concepts.taxonomy
    rows = find_setting(taxonomy, setting)
    if not len(rows):
        if table == "objects":  # once is enough
            every = taxonomy.scene_attributes
            places = every.filter(pc.equal(every["kind"], PLACE))["name"].to_pylist()
            _refuse([Problem(f"there is no place `{setting}`", hint=advise(setting, places))])
        return np.ones(len(concepts.left), dtype=bool)
    if table == "scene_attributes" and not concepts.left[rows[0]]:  # only the modality has been asked before
        _refuse([Problem(f"the modality has no place `{setting}`", hint="leave it out, or make images or videos")])
    return keep_beside(table, rows, concepts)


def keep_beside(table: str, rows: np.ndarray, concepts: Candidates) -> np.ndarray:
    """What goes with all of some scene attributes: what none of them bars or excludes, and nothing of their kinds."""
    if not len(rows):
        return np.ones(len(concepts.left), dtype=bool)
    taxonomy = concepts.taxonomy
    stated = taxonomy.scene_attributes.take(make_array(rows)).to_pylist()
    barred = [one["bars"].split("|") for one in stated]
    if table == "objects":
        return np.logical_not(match_objects(taxonomy, barred).any(axis=1))
    if table == "scene_attributes":
        names = {name for one in stated for name in (one["id"], one["kind"])}
        free = [names.isdisjoint(cell.split("|")) for cell in concepts.table["excludes"].to_pylist()]
        excluded = {name for one in stated for name in (one["kind"], *one["excludes"].split("|"))}
        clashes = match_texts(concepts.table["kind"], *excluded) | match_texts(concepts.table["id"], *excluded)
        return np.array(free) & ~clashes
    names = set().union(*barred) - {""}
    column = "kind" if table == "attributes" else "head"
    return ~(match_texts(concepts.table["id"], *names) | match_texts(concepts.table[column], *names))


def keep_with_fixed(table: str, fixed: Mapping[str, tuple[str, ...]], concepts: Candidates) -> np.ndarray:
    """What goes with the scene attributes that every scene has; of these it keeps none, since they are not dealt."""
    problems: list[Problem] = []
    rows = list_fixed(concepts.taxonomy, fixed, problems)
    kept = keep_beside(table, np.concatenate([np.zeros(0, dtype=np.int64), *rows.values()]), concepts)
    if table == "scene_attributes":  # once is enough
        _refuse([*problems, *_find_clashes(rows, concepts)])
        kept &= ~match_texts(concepts.table["kind"], *fixed)
    return kept


def list_fixed(
    taxonomy: Taxonomy, fixed: Mapping[str, tuple[str, ...]] | None, problems: list[Problem]
) -> dict[str, np.ndarray]:
    """Rows, int64, of the scene attributes of which every scene has one, by kind; none of kinds that no scene has.

    What is wrong with them is added to `problems`.
    """
    table, found = taxonomy.scene_attributes, {}
    for kind, names in (fixed or {}).items():
        key = f"content.scene_attributes.{kind}"
        of_kind = match_texts(table["kind"], kind)
        if not of_kind.any():
            known = [*table["kind"].unique().to_pylist(), *SceneAttributeFilter.model_fields]
            hint = suggest(kind, known) or advise_group(taxonomy, "scene_attributes", kind)
            problems.append(Problem(f"there is no kind of scene attributes `{kind}`", key=key, hint=hint))
            continue
        rows: list[int] = []
        for name in names:
            meant, close = find_called(taxonomy, "scene_attributes", name, of_kind)
            meant |= match_texts(table["id"], name) & of_kind
            rows += np.flatnonzero(meant).tolist()
            if not meant.any():
                hint = ask(close[:1]).removeprefix("; ") or advise(name, table["name"].filter(of_kind).to_pylist())
                problems.append(Problem(f"there is no {kind} `{name}`", key=key, hint=hint))
        if rows:
            found[kind] = np.unique(np.array(rows, dtype=np.int64))
    return found


def list_all_fixed(recipe: Recipe, taxonomy: Taxonomy) -> dict[str, np.ndarray]:
    """The same of a recipe that is known to be right, with its setting."""
    setting = find_setting(taxonomy, recipe.content.setting)
    fixed = list_fixed(taxonomy, recipe.content.scene_attributes.fixed, [])
    return {PLACE: setting, **fixed} if len(setting) else fixed


def list_fixed_rows(recipe: Recipe, taxonomy: Taxonomy) -> np.ndarray:
    """The rows of scene attributes that all scenes have, or some of them in turn, int64."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *list_all_fixed(recipe, taxonomy).values()])


def _find_clashes(rows: Mapping[str, np.ndarray], concepts: Candidates) -> Iterator[Problem]:
    """Yields what keeps fixed scene attributes from standing in one scene: another modality, or one another."""
    names = concepts.table["name"]
    for kind, some in rows.items():
        key = f"content.scene_attributes.{kind}"
        for row in some[~concepts.left[some]].tolist():
            message = f"`{names[row]}` is made for other modalities, or does not go with content.setting"
            yield Problem(message, key=key, hint="leave it out")
        alone = keep_beside("scene_attributes", some, concepts)
        for other, values in rows.items():
            if other > kind and not (good := alone[values]).all():
                message = f"`{names[int(values[~good][0])]}` of {other} does not go with all that is listed here"
                yield Problem(message, key=key, hint="leave one of them out")


def find_setting(taxonomy: Taxonomy, setting: str | None) -> np.ndarray:
    """The row of a place, by its id or name, among the scene attributes, int64, shape (1,); (0,) without one."""
    table = taxonomy.scene_attributes
    named = match_texts(table["name"], setting or "") | match_texts(table["id"], setting or "")
    return np.flatnonzero(match_texts(table["kind"], PLACE) & named)[:1]


def keep_exactly(table: str, names: tuple[str, ...], concepts: Candidates) -> np.ndarray:
    """The concepts that names mean, or that vocabularies list."""
    return _mark(find_each(names, partial(find_listed, concepts.taxonomy, table)).values(), len(concepts.left))


def keep_others(table: str, names: tuple[str, ...], concepts: Candidates) -> np.ndarray:
    """All but what names take away (see `find_excluded`)."""
    return ~_mark(find_each(names, partial(find_excluded, concepts.taxonomy, table)).values(), len(concepts.left))


def find_excluded(taxonomy: Taxonomy, table: str, name: str) -> np.ndarray:
    """The rows, int64, that a name takes away: a vocabulary's, those of a kind or category, a concept's.

    Raises:
        GasError: There are none.
    """
    if name in list_vocabularies():
        return find_listed(taxonomy, table, name)
    return find_branch(taxonomy, table, name, find_listed)


def find_branch(
    taxonomy: Taxonomy, table: str, name: str, find: Callable[[Taxonomy, str, str], Any] = find_concepts
) -> np.ndarray:
    """The rows, int64, of a kind or category, or of a concept; an object has what lies under it along.

    What is a kind and the name of a concept, like `weapon`, means both.

    Raises:
        GasError: There are none.
    """
    group = find_group(taxonomy, table, name)
    try:
        rows = np.array(find(taxonomy, table, name), dtype=np.int64)
    except GasError:
        if not len(group):
            raise
        return group
    if table == "objects":
        rows = np.flatnonzero(mark_under(taxonomy, taxonomy.objects["id"].take(make_array(rows)).to_pylist()))
    return np.union1d(rows, group)


def find_group(taxonomy: Taxonomy, table: str, name: str) -> np.ndarray:
    """The rows of a kind or category, int64; none where there is no such group."""
    if table != "objects":
        return np.flatnonzero(match_texts(getattr(taxonomy, table)[GROUPS[table]], name))
    bit = np.uint64(1 << KINDS.index(name) if name in KINDS else 0)
    return np.flatnonzero(taxonomy.kind_bits(taxonomy.objects["kinds"]) & bit)


def keep_together(_: Mapping[str, tuple[str, ...]], concepts: Candidates) -> np.ndarray:
    """Objects of the groups of which enough are left for a scene."""
    return _mark(list_groups(concepts.recipe, concepts.taxonomy, np.flatnonzero(concepts.left)), len(concepts.left))


def list_groups(recipe: Recipe, taxonomy: Taxonomy, left: np.ndarray) -> list[np.ndarray]:
    """Rows of the objects of each group, int64; without groups of which fewer names are `left` than scenes may need.

    Raises:
        RecipeError: With every name that the taxonomy does not have.
    """
    groups = (recipe.content.objects.together or {}).values()
    row_of = find_named(dict.fromkeys(name for names in groups for name in names), taxonomy)
    texts, most = pc.utf8_lower(taxonomy.objects["name"]), read_limits(recipe).objects[1]
    rows = [np.unique([row_of[name] for name in names]) for names in groups]
    return [some for some in rows if len(texts.take(make_array(some[np.isin(some, left)])).unique()) >= most]


def read_named(recipe: Recipe) -> dict[str, Any]:
    """The words of the vocabularies that a recipe names, since rows depend on them."""
    content = recipe.content.model_dump()
    lists = (content[table].get(key) or () for _, table, key in WORD_LISTS)
    return {name: read_vocabulary(name) for names in lists for name in names if name in list_vocabularies()}


def _mark(lists: Iterable[np.ndarray], count: int) -> np.ndarray:
    """Whether any of some lists has a row, bool, shape (count,)."""
    marked = np.zeros(count, dtype=bool)
    for rows in lists:
        marked[rows] = True
    return marked


def keep_modality(modality: str, concepts: Candidates) -> np.ndarray:
    """Scene attributes that are made for a modality; the column lists them: `image|video`."""
    return np.array([modality in cell.split("|") for cell in concepts.table["modality"].to_pylist()], dtype=bool)


def keep_under(names: tuple[str, ...], concepts: Candidates) -> np.ndarray:
    """The objects named, and all that lie under them."""
    return mark_under(concepts.taxonomy, find_named(names, concepts.taxonomy))


def keep_frequent(table: str, least: float, concepts: Candidates) -> np.ndarray:
    """Concepts whose words are at least this frequent."""
    return measure_frequency(concepts.taxonomy, table) >= least


def keep_top(table: str, top: int | float, concepts: Candidates) -> np.ndarray:
    """The most frequent concepts of those that are left: a share of them (float) or a number (int)."""
    rows = np.flatnonzero(concepts.left)
    most = max(1, round(top * len(rows))) if isinstance(top, float) else top
    frequency = measure_frequency(concepts.taxonomy, table)
    kept = np.zeros(len(concepts.left), dtype=bool)
    kept[rows[np.argsort(-frequency[rows], kind="stable")[:most]]] = True
    return kept


def keep_weighted(weights: Mapping[str, int], concepts: Candidates) -> np.ndarray:
    """All objects but those of weight 0. A weight for what is not left would be for nothing, and is refused."""
    rows, left = find_named(weights, concepts.taxonomy), concepts.left
    hint = "widen the filters or leave it out"
    _refuse(
        Problem(f"{name} is not among the {left.sum()} objects that the other filters leave", hint=hint)
        for name, row in rows.items()
        if not left[row]
    )
    kept = np.ones(len(left), dtype=bool)
    for name, row in rows.items():
        kept[row] = weights[name] > 0
    return kept


def find_named(names: Iterable[str], taxonomy: Taxonomy) -> dict[str, int]:
    """Rows of objects by the ids or names that a recipe has for them.

    Raises:
        RecipeError: With every name that the taxonomy does not have.
    """
    return find_each(names, partial(find_object, taxonomy))


def find_each(names: Iterable[str], find: Callable[[str], Found]) -> dict[str, Found]:
    """What each of some names means.

    Raises:
        RecipeError: With every name for which `find` raises a `GasError`.
    """
    problems: list[Problem] = []
    found = {}
    names = list(names)
    for place, name in enumerate(names):
        with gather_problems(problems):
            found[name] = find(name)
        if len(problems) == MOST_PROBLEMS:
            # A hint takes time, and nobody reads more at once.
            problems.append(Problem(f"{len(names) - place - 1:,} more names were not looked at; mend these first"))
            break
    _refuse(problems)
    return found


def _refuse(problems: Iterable[Problem]) -> None:
    if found := tuple(problems):
        raise RecipeError(found)


MOST_PROBLEMS = 10
FIXED = "does not go with what all scenes have"
FILTERS: dict[str, tuple[Filter, ...]] = {
    "objects": (
        Filter(None, "marked as offensive; these are never used", keep_inoffensive),
        Filter("content.setting", "not found where all scenes are", partial(keep_in_setting, "objects")),
        Filter("content.scene_attributes.fixed", FIXED, partial(keep_with_fixed, "objects")),
        Filter("content.objects.tier", "of a rarer tier", keep_tier),
        Filter("content.objects.visible", "not seen so well", keep_visible),
        Filter("content.objects.only", "not one of these", partial(keep_exactly, "objects")),
        Filter("content.objects.exclude", "is, or lies under, what is excluded", partial(keep_others, "objects")),
        Filter(
            "content.objects.min_frequency",
            "its word is rarer than this (Zipf scale)",
            partial(keep_frequent, "objects"),
        ),
        Filter("content.objects.under", "does not lie under these concepts", keep_under, spares_seed=True),
        Filter(
            "content.objects.top", "not among the most frequent words", partial(keep_top, "objects"), spares_seed=True
        ),
        Filter("content.objects.together", "in no group of which enough are left", keep_together, spares_seed=True),
        Filter("content.objects.weights", "has the weight 0", keep_weighted, spares_seed=True),
    ),
    "attributes": (
        Filter("content.setting", "not found where all scenes are", partial(keep_in_setting, "attributes")),
        Filter("content.scene_attributes.fixed", FIXED, partial(keep_with_fixed, "attributes")),
        Filter("content.attributes.tier", "of a rarer tier", keep_tier),
        Filter("content.attributes.visible", "not seen so well", keep_visible),
        Filter("content.attributes.values", "not one of these", partial(keep_exactly, "attributes")),
        Filter("content.attributes.exclude", "excluded", partial(keep_others, "attributes")),
        Filter(
            "content.attributes.min_frequency",
            "its words are rarer than this (Zipf scale)",
            partial(keep_frequent, "attributes"),
        ),
        Filter("content.attributes.kinds", "of another kind", partial(keep_groups, "attributes"), spares_seed=True),
        Filter(
            "content.attributes.top",
            "not among the most frequent words",
            partial(keep_top, "attributes"),
            spares_seed=True,
        ),
    ),
    "relations": (
        Filter("content.setting", "not found where all scenes are", partial(keep_in_setting, "relations")),
        Filter("content.scene_attributes.fixed", FIXED, partial(keep_with_fixed, "relations")),
        Filter("content.relations.tier", "of a rarer tier", keep_tier),
        Filter("content.relations.visible", "not seen so well", keep_visible),
        Filter("content.relations.predicates", "not one of these", partial(keep_exactly, "relations")),
        Filter("content.relations.exclude", "excluded", partial(keep_others, "relations")),
        Filter(
            "content.relations.min_frequency",
            "its words are rarer than this (Zipf scale)",
            partial(keep_frequent, "relations"),
        ),
        Filter(
            "content.relations.categories", "of another category", partial(keep_groups, "relations"), spares_seed=True
        ),
        Filter(
            "content.relations.top",
            "not among the most frequent words",
            partial(keep_top, "relations"),
            spares_seed=True,
        ),
    ),
    "scene_attributes": (
        Filter("modality", "made for other modalities", keep_modality),
        Filter("content.setting", "not found where all scenes are", partial(keep_in_setting, "scene_attributes")),
        Filter("content.scene_attributes.fixed", FIXED, partial(keep_with_fixed, "scene_attributes")),
        Filter("content.scene_attributes.tier", "of a rarer tier", keep_tier),
        Filter("content.scene_attributes.visible", "not seen so well", keep_visible),
        Filter("content.scene_attributes.values", "not one of these", partial(keep_exactly, "scene_attributes")),
        Filter("content.scene_attributes.exclude", "excluded", partial(keep_others, "scene_attributes")),
        Filter("content.scene_attributes.kinds", "of another kind", partial(keep_groups, "scene_attributes")),
    ),
}
"""The filters of each table in the order in which they are applied; a concept is counted at the first that it fails.

Most filters look at one concept at a time: another order would move counts from one to the other, and change nothing
else. `top` takes the most frequent of what is left, so that it comes after what decides which concepts take part, and
`together` asks how many of a group are left, so that it comes after `top`.
`weights` refuses what is not left, so that it comes last.
"""
