"""Which concepts a recipe leaves, and which of them go together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import Problem, RecipeError, advise, gather_problems
from ..taxonomy import Taxonomy
from .arrays import Ragged
from .recipe import Recipe
from .structures import StructureTable

TIERS = ("common", "visible", "full")


@dataclass(frozen=True)
class Pools:
    """Concepts to deal. Numbers are rows of the taxonomy's tables; a deck lists a concept as often as it has cards.

    Attributes:
        objects, attributes, relations: Decks.
        object_class: Class of every object of the taxonomy: those of one class take the same attributes and relations.
        attribute_class, relation_class: Class of every card of the deck.
        attribute_fits: Whether attributes go with objects, shape (attribute classes, object classes).
        relation_fits: Whether relations join two objects, shape (relation classes, object classes squared);
            column `subject class * object classes + object class`.
        object_room: Most attributes that an object of each class can hold.
        attribute_group: Group of every card of the deck: two of one group never stand on one object.
        attribute_text: Number of the adjective of every card: neither do two that read alike.
        scene_attributes: Decks, one a kind, of rows.
        scene_clash: Which scene attributes exclude each other, by their places in `scene_attributes.values`.
    """

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    object_class: np.ndarray
    attribute_class: np.ndarray
    relation_class: np.ndarray
    attribute_fits: np.ndarray
    relation_fits: np.ndarray
    object_room: np.ndarray
    attribute_group: np.ndarray
    attribute_text: np.ndarray
    scene_attributes: Ragged
    scene_clash: np.ndarray


def choose_pools(recipe: Recipe, taxonomy: Taxonomy) -> Pools:
    """Applies the recipe's filters to the taxonomy.

    Raises:
        RecipeError: All of the names that the taxonomy does not have, and filters that leave nothing.
    """
    problems: list[Problem] = []
    objects = _choose_objects(recipe, taxonomy, problems)
    attributes = _choose_rows(
        taxonomy.attributes,
        recipe.content.attributes.tier,
        "kind",
        recipe.content.attributes.kinds,
        "content.attributes.kinds",
        problems,
    )
    relations = _choose_rows(
        taxonomy.relations,
        recipe.content.relations.tier,
        "category",
        recipe.content.relations.categories,
        "content.relations.categories",
        problems,
    )
    scene_attributes = _choose_scene_attributes(recipe, taxonomy, problems)
    if problems:
        raise RecipeError(problems)
    typed = recipe.content.constraints == "typed"
    object_class, class_kinds = _classify(
        taxonomy.kind_bits(taxonomy.objects["kinds"]) if typed else np.zeros(taxonomy.objects.num_rows, np.uint64),
        objects,
    )
    ones = ~np.uint64(0)
    class_kinds = class_kinds if typed else np.array([ones])
    applies = (
        taxonomy.kind_bits(taxonomy.attributes["applies_to"])[attributes] if typed else np.full(len(attributes), ones)
    )
    attribute_kinds, attribute_class = np.unique(applies, return_inverse=True)
    ends = np.stack(
        [taxonomy.kind_bits(taxonomy.relations[column])[relations] for column in ("subject_kinds", "object_kinds")]
        if typed
        else [np.full(len(relations), ones)] * 2
    )
    relation_kinds, relation_class = np.unique(ends, axis=1, return_inverse=True)
    fits_subject = (relation_kinds[0][:, None] & class_kinds) != 0
    fits_object = (relation_kinds[1][:, None] & class_kinds) != 0
    attribute_fits = (attribute_kinds[:, None] & class_kinds) != 0
    texts = np.unique(taxonomy.attributes["adjective"].to_pylist(), return_inverse=True)[1][attributes]
    groups = (
        np.unique(taxonomy.attributes["group"].to_pylist(), return_inverse=True)[1][attributes]
        if typed
        else np.arange(len(attributes))
    )
    room = np.array(
        [len(np.unique(groups[attribute_fits[attribute_class, one]])) for one in range(len(class_kinds))],
        dtype=np.int64,
    )
    return Pools(
        objects,
        attributes,
        relations,
        object_class,
        attribute_class,
        relation_class.reshape(-1),
        attribute_fits,
        (fits_subject[:, :, None] & fits_object[:, None, :]).reshape(len(fits_subject), -1),
        room,
        groups,
        texts,
        scene_attributes,
        _find_clashes(taxonomy.scene_attributes.take(scene_attributes.values)),
    )


def _classify(bits: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the distinct kinds among the chosen rows; rows that are not chosen get the class of none, -1."""
    kinds, class_of = np.unique(bits[rows], return_inverse=True)
    classes = np.full(len(bits), -1, dtype=np.int64)
    classes[rows] = class_of
    return classes, kinds


def _choose_objects(recipe: Recipe, taxonomy: Taxonomy, problems: list[Problem]) -> np.ndarray:
    wanted, key = recipe.content.objects, "content.objects"
    table = taxonomy.objects
    before = len(problems)

    def resolve(names: Iterable[str], field: str) -> dict[str, int]:
        """Rows of the names that there are."""
        found = {}
        for name in names:
            with gather_problems(problems, f"{key}.{field}"):
                found[name] = taxonomy.object_index(name)
        return found

    under, exclude = resolve(wanted.under, "under"), resolve(wanted.exclude, "exclude")
    weighted = resolve(wanted.weights, "weights")
    chosen = np.zeros(table.num_rows, dtype=bool)
    chosen[find_objects(taxonomy, wanted.tier)] = True
    if under:
        chosen &= taxonomy.is_under(under)
    chosen &= ~taxonomy.is_under(exclude)
    frequency = table["frequency"].to_numpy()
    if wanted.min_frequency is not None:
        chosen &= frequency >= wanted.min_frequency
    rows = np.flatnonzero(chosen)
    if wanted.top is not None:
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
    offensive = pc.match_substring(taxonomy.objects["flags"], "offensive").to_numpy()
    return np.flatnonzero(_in_tier(taxonomy.objects, tier) & ~offensive)


def _in_tier(table: pa.Table, tier: str) -> np.ndarray:
    """Tiers hold those before them: `visible` has all of `common`."""
    return np.isin(np.array(table["tier"].to_pylist()), TIERS[: TIERS.index(tier) + 1])


def _choose_rows(
    table: pa.Table, tier: str, column: str, names: tuple[str, ...] | None, key: str, problems: list[Problem]
) -> np.ndarray:
    values = np.array(table[column].to_pylist())
    if names is not None:
        known = sorted(set(values))
        for name in names:
            if name not in known:
                problems.append(Problem(f"there is no {column} `{name}`", key=key, hint=advise(name, known)))
    chosen = _in_tier(table, tier)
    return np.flatnonzero(chosen if names is None else chosen & np.isin(values, names))


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


def _find_clashes(table: pa.Table) -> np.ndarray:
    """Scene attributes of one kind, and those that one of them excludes by kind or id, bool, shape (rows, rows)."""
    kinds, ids = np.array(table["kind"].to_pylist()), np.array(table["id"].to_pylist())
    clashes = kinds[:, None] == kinds
    for row, cell in enumerate(table["excludes"].to_pylist()):
        for name in cell.split("|") if cell else ():
            clashes[row] |= (kinds == name) | (ids == name)
    return clashes | clashes.T


def check_room(taxonomy: Taxonomy, pools: Pools, table: StructureTable) -> None:
    """Refuses pools that cannot fill every structure.

    Raises:
        RecipeError: No object holds enough attributes, or no relation fits between some objects.
    """
    problems = []
    needed, room = int(table.attribute_counts.values.max(initial=0)), int(pools.object_room.max(initial=0))
    if needed > room:
        message = (
            f"structures have up to {needed} attributes on one object, but an object here can hold {room}, "
            "one of each group"
        )
        hint = (
            f"set it to {room} or allow more kinds of attributes"
            if room
            else "allow kinds of attributes, or set it to 0"
        )
        problems.append(Problem(message, key="content.attributes.max_per_object", hint=hint))
    if table.relations.max() and not pools.relation_fits.any(axis=0).all():
        lacking = np.flatnonzero(~pools.relation_fits.any(axis=0))
        ends = [
            taxonomy.objects["name"][int(pools.objects[pools.object_class[pools.objects] == one][0])].as_py()
            for one in divmod(int(lacking[0]), len(pools.object_room))
        ]
        message = (
            f"no relation that is left fits from some objects to others, for instance from {ends[0]} to {ends[1]}"
        )
        hint = "add the category `spatial`, narrow content.objects.under, or set content.constraints: none"
        problems.append(Problem(message, key="content.relations", hint=hint))
    if problems:
        raise RecipeError(problems)
