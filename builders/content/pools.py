"""Which concepts a recipe leaves, and which of them go together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import make_array, match_texts, number_texts
from ...errors import Problem, RecipeError
from ...taxonomy import Taxonomy
from ..foundation.ragged import Pairs, Ragged
from ..recipe.model import Recipe
from ..structures.enumeration import StructureTable
from .ambiguity import Words, find_ambiguous_pairs, find_repeated_words, keep_unambiguous
from .compatibility import Deck, ObjectClasses, classify_objects, in_tier, make_attribute_deck, make_relation_deck
from .filters import filter_concepts
from .seed_content import SeedDecks, SeedRows, choose_seed_rows, make_seed_decks, measure_needs


@dataclass(frozen=True)
class Pools:
    """Concepts to deal. Numbers are rows of the taxonomy's tables; a deck lists a concept as often as it has cards.

    Attributes:
        objects: Deck of objects.
        attributes, relations: Decks, with what they go with.
        seed: Decks for the elements of the recipe's seed graph.
        classes: Classes of all objects that scenes may have.
        object_room: Most attributes that an object of each class can hold, of those that are dealt.
        attribute_group: Group of every attribute of the taxonomy: two of one group never stand on one object.
        attribute_text: Number of the adjective of every attribute: neither do two that read alike.
        attribute_clash: Two attributes that do not stand on one object because of how they read, each pair both ways.
        object_clash: Attributes and objects that do not go together because of how they read.
        foil_attributes: What a false statement about an attribute may name.
        scene_attributes: Decks, one a kind, of rows.
        scene_clash: Which scene attributes exclude each other, by their places in `scene_attributes.values`.
    """

    objects: np.ndarray
    attributes: Deck
    relations: Deck
    seed: SeedDecks
    classes: ObjectClasses
    object_room: np.ndarray
    attribute_group: np.ndarray
    attribute_text: np.ndarray
    attribute_clash: Pairs
    object_clash: Pairs
    foil_attributes: Deck
    scene_attributes: Ragged
    scene_clash: np.ndarray


def choose_pools(
    recipe: Recipe, taxonomy: Taxonomy, keep: Callable[[str, np.ndarray], np.ndarray] = lambda name, rows: rows
) -> Pools:
    """Applies the recipe's filters to the taxonomy, and `keep` to what they leave of each table.

    Raises:
        RecipeError: All of the names that the taxonomy does not have, and filters that leave nothing.
    """
    problems: list[Problem] = []
    allowed, objects, attributes, relations, scene_attributes = filter_concepts(recipe, taxonomy, problems)
    seed = choose_seed_rows(recipe, taxonomy, np.unique(objects), allowed, problems)
    if problems:
        raise RecipeError(problems)
    objects, attributes, relations = (
        keep(name, rows) for name, rows in (("objects", objects), ("attributes", attributes), ("relations", relations))
    )
    decks = [keep("scene_attributes", rows).tolist() for rows in scene_attributes.lists()]
    scene_attributes = Ragged.from_lists([rows for rows in decks if rows])
    words = _list_words(objects, attributes, relations, scene_attributes, seed)
    pairs = [find_repeated_words(taxonomy, words)]
    if any(captions.unambiguous for captions in recipe.captions):
        kept = keep_unambiguous(taxonomy, words)
        objects, attributes, relations = (
            rows[np.isin(rows, good)]
            for rows, good in ((objects, kept.objects), (attributes, kept.attributes), (relations, kept.relations))
        )
        scene_attributes = Ragged.from_lists(
            [
                np.intersect1d(scene_attributes[kind], kept.scene_attributes).tolist()
                for kind in range(len(scene_attributes))
            ]
        )
        seed = _keep_seed(seed, kept) if seed else None
        words = _list_words(objects, attributes, relations, scene_attributes, seed)
        pairs.append(find_ambiguous_pairs(taxonomy, words))
    on_objects, in_turn = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    typed = recipe.content.constraints == "typed"
    groups, texts = (number_texts(taxonomy.attributes[column]) for column in ("group", "adjective"))
    groups = groups if typed else np.arange(len(groups))
    classes = classify_objects(taxonomy, np.concatenate([objects, *(seed.objects if seed else ())]), typed)
    deck = make_attribute_deck(taxonomy, attributes, classes)
    clashes = (groups, texts)
    return Pools(
        objects,
        deck,
        make_relation_deck(taxonomy, relations, classes),
        make_seed_decks(seed, taxonomy, classes, clashes, attributes) if seed else SeedDecks(),
        classes,
        _count_groups(deck, groups, len(classes)),
        *clashes,
        Pairs.from_rows(np.concatenate([in_turn, in_turn[:, ::-1]]), (len(groups), len(groups))),
        Pairs.from_rows(on_objects, (len(groups), taxonomy.objects.num_rows)),
        _find_foils(recipe, taxonomy, seed, classes) if seed else deck,
        scene_attributes,
        _find_clashes(taxonomy.scene_attributes.take(make_array(scene_attributes.values))),
    )


def _list_words(
    objects: np.ndarray,
    attributes: np.ndarray,
    relations: np.ndarray,
    scene_attributes: Ragged,
    seed: SeedRows | None,
) -> Words:
    """All concepts that scenes may have; first those that a seed graph names."""
    chosen = [objects, attributes, relations, scene_attributes.values]
    for place, decks in enumerate((seed.objects, seed.attributes, seed.relations) if seed else ()):
        named = [rows for rows in decks if len(rows) == 1]
        chosen[place] = np.concatenate([*named, chosen[place], *decks])
    return Words(*(np.array(list(dict.fromkeys(rows.tolist())), dtype=np.int64) for rows in chosen))


def _keep_seed(seed: SeedRows, kept: Words) -> SeedRows:
    """Leaves out what can be read in two ways, except what the seed graph names."""

    def keep(decks: tuple[np.ndarray, ...], good: np.ndarray) -> tuple[np.ndarray, ...]:
        left = [rows[np.isin(rows, good)] for rows in decks]
        return tuple(some if len(some) else rows for some, rows in zip(left, decks, strict=True))

    return replace(
        seed,
        objects=keep(seed.objects, kept.objects),
        attributes=keep(seed.attributes, kept.attributes),
        relations=keep(seed.relations, kept.relations),
    )


def _find_foils(recipe: Recipe, taxonomy: Taxonomy, seed: SeedRows, classes: ObjectClasses) -> Deck:
    """The recipe's attributes and, of the kinds that its seed graph has, all others of the tier."""
    column, wanted = taxonomy.attributes["kind"], recipe.content.attributes
    kinds = number_texts(column)
    chosen = np.isin(kinds, kinds[np.concatenate([np.zeros(0, dtype=np.int64), *seed.attributes])])
    chosen |= match_texts(column, *wanted.kinds) if wanted.kinds is not None else True
    rows = np.flatnonzero(chosen & in_tier(taxonomy.attributes, wanted.tier))
    return make_attribute_deck(taxonomy, rows, classes)


def _find_clashes(table: pa.Table) -> np.ndarray:
    """Scene attributes of one kind, and those that one of them excludes by kind or id, bool, shape (rows, rows)."""
    kinds = number_texts(table["kind"])
    clashes = kinds[:, None] == kinds
    for cell in table["excludes"].unique().to_pylist():
        excluded = match_texts(table["kind"], *cell.split("|")) | match_texts(table["id"], *cell.split("|"))
        clashes[np.ix_(match_texts(table["excludes"], cell), excluded)] = True
    return clashes | clashes.T


def measure_room(pools: Pools) -> Pools:
    """Counts again how many attributes objects can hold, after classes or decks have changed."""
    room = _count_groups(pools.attributes, pools.attribute_group, len(pools.classes))
    return replace(pools, object_room=room)


def _count_groups(deck: Deck, groups: np.ndarray, classes: int) -> np.ndarray:
    """Groups of attributes that fit each class of objects."""
    rooms = [len(np.unique(groups[deck.rows[deck.fits[deck.classes, one]]])) for one in range(classes)]
    return np.array(rooms, dtype=np.int64)


@lru_cache(maxsize=4)
def number_names(taxonomy: Taxonomy) -> np.ndarray:
    """A number for each object of the taxonomy, the same for those of one name."""
    return number_texts(pc.utf8_lower(taxonomy.objects["name"]))


def check_room(
    recipe: Recipe, taxonomy: Taxonomy, pools: Pools, table: StructureTable, rows: np.ndarray | None = None
) -> None:
    """Refuses pools that cannot fill every structure, of all or of those in `rows`.

    Raises:
        RecipeError: No object holds enough attributes, there are too few names for objects of different names, or no
            relation fits between some objects.
    """
    problems = []
    rows = np.arange(len(table)) if rows is None else rows
    needed = int(measure_needs(pools.seed, table, rows).max(initial=0))
    room = int(pools.object_room.max(initial=0))
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
    names = len(np.unique(number_names(taxonomy)[pools.objects]))
    most = int(table.objects[rows].max())
    if recipe.content.objects.distinct and most > names:
        message = f"structures have up to {most} objects, but there are only {names} names for them"
        hint = "lower structure.objects, allow more objects, or leave `distinct` out"
        problems.append(Problem(message, key="content.objects.distinct", hint=hint))
    fits = pools.relations.fits
    if table.relations[rows].max() > len(pools.seed.relations) and not fits.any(axis=0).all():
        lacking = np.flatnonzero(~fits.any(axis=0))
        ends = [
            taxonomy.objects["name"][int(np.flatnonzero(pools.classes.of == one)[0])].as_py()
            for one in divmod(int(lacking[0]), len(pools.classes))
        ]
        message = (
            f"no relation that is left fits from some objects to others, for instance from {ends[0]} to {ends[1]}"
        )
        hint = "add the category `spatial`, narrow content.objects.under, or set content.constraints: none"
        problems.append(Problem(message, key="content.relations", hint=hint))
    if problems:
        raise RecipeError(problems)
