"""Which concepts a recipe leaves, and which of them go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from .compatibility import Deck, ObjectClasses, classify_objects, make_attribute_deck, make_relation_deck
from .facts import find_saying
from .seed_content import SeedDecks, SeedRows, choose_seed_rows, make_seed_decks, measure_needs
from .selection import Concepts, apply_filters, find_allowed, select_concepts


@dataclass(frozen=True)
class Pools:
    """Concepts to deal. Numbers are rows of the taxonomy's tables; a deck lists a concept as often as it has cards.

    Attributes:
        objects: Deck of objects, int64, shape (cards,).
        attributes, relations: Decks, with what they go with.
        seed: Decks for the elements of the recipe's seed graph.
        classes: Classes of all objects that scenes may have.
        object_room: Most attributes that an object of each class can hold, of those that are dealt, int64, shape
            (classes,).
        attribute_group: Group of every attribute of the taxonomy, int64, shape (attributes,): two of one group never
            stand on one object.
        attribute_text: Number of the adjective of every attribute, of the same shape: neither do two that read alike.
        attribute_clash: Two attributes that do not stand on one object because of how they read, each pair both ways.
        object_clash: Attributes and objects that do not go together because of how they read.
        foil_attributes: What a false statement about an attribute may name.
        scene_attributes: Decks, one a kind, of rows.
        scene_clash: Which scene attributes exclude each other, by their places in `scene_attributes.values`, bool,
            shape (scene attributes, scene attributes).
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
    recipe: Recipe, taxonomy: Taxonomy, keep: Callable[[str, np.ndarray], np.ndarray] = lambda table, rows: rows
) -> Pools:
    """Applies the recipe's filters to the taxonomy, and `keep` to what they leave of each table.

    Raises:
        RecipeError: All of the names that the taxonomy does not have, and filters that leave nothing.
    """
    problems: list[Problem] = []
    concepts, allowed = select_concepts(recipe, taxonomy, problems)
    seed = choose_seed_rows(recipe, taxonomy, np.unique(concepts.objects), allowed, problems)
    if problems:
        raise RecipeError(problems)
    concepts = concepts.narrow(keep)
    apart = [find_repeated_words(taxonomy, _list_words(concepts, seed))]
    if any(captions.unambiguous for captions in recipe.captions):
        kept = keep_unambiguous(taxonomy, _list_words(concepts, seed))
        concepts = concepts.narrow(lambda table, rows: rows[np.isin(rows, getattr(kept, table))])
        seed = _keep_seed(seed, kept) if seed else None
        apart.append(find_ambiguous_pairs(taxonomy, _list_words(concepts, seed)))
    return _make_pools(recipe, taxonomy, concepts, seed, apart)


def _make_pools(
    recipe: Recipe,
    taxonomy: Taxonomy,
    concepts: Concepts,
    seed: SeedRows | None,
    apart: list[tuple[np.ndarray, np.ndarray]],
) -> Pools:
    """Puts concepts into decks, and works out what goes with what.

    Args:
        recipe: The recipe.
        taxonomy: All concepts.
        concepts: Those that are dealt.
        seed: Those of the seed graph.
        apart: What does not stand together because of how it reads: attributes and objects, and two attributes one
            after the other, int64, shape (pairs, 2) each.
    """
    on_objects, in_turn = (np.concatenate(parts) for parts in zip(*apart, strict=True))
    typed = recipe.content.constraints == "typed"
    groups, texts = (number_texts(taxonomy.attributes[column]) for column in ("group", "adjective"))
    if not typed:
        groups = np.arange(len(groups))  # each attribute is a group of its own: none excludes another
    classes = classify_objects(taxonomy, np.concatenate([concepts.objects, *(seed.objects if seed else ())]), typed)
    deck = make_attribute_deck(taxonomy, concepts.attributes, classes)
    decks = make_seed_decks(seed, taxonomy, classes, (groups, texts), concepts.attributes) if seed else SeedDecks()
    return Pools(
        objects=concepts.objects,
        attributes=deck,
        relations=make_relation_deck(taxonomy, concepts.relations, classes),
        seed=decks,
        classes=classes,
        object_room=_count_groups(deck, groups, len(classes)),
        attribute_group=groups,
        attribute_text=texts,
        attribute_clash=Pairs.from_rows(np.concatenate([in_turn, in_turn[:, ::-1]]), (len(groups), len(groups))),
        object_clash=Pairs.from_rows(on_objects, (len(groups), taxonomy.objects.num_rows)),
        foil_attributes=_find_foils(recipe, taxonomy, seed, classes) if seed else deck,
        scene_attributes=concepts.scene_attributes,
        scene_clash=_find_clashes(taxonomy.scene_attributes.take(make_array(concepts.scene_attributes.values))),
    )


def _list_words(concepts: Concepts, seed: SeedRows | None) -> Words:
    """All concepts that scenes may have; first those that a seed graph names."""
    chosen = [concepts.objects, concepts.attributes, concepts.relations, concepts.scene_attributes.values]
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
    """The recipe's attributes and, of the kinds that its seed graph has, all others that filters allow."""
    steps = apply_filters(recipe, taxonomy, "attributes", [])
    kinds = number_texts(taxonomy.attributes["kind"])
    of_seed = np.isin(kinds, kinds[np.concatenate([np.zeros(0, dtype=np.int64), *seed.attributes])])
    rows = np.flatnonzero(steps[-1].left | of_seed & find_allowed(steps))
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


def find_movers(pools: Pools, taxonomy: Taxonomy) -> np.ndarray:
    """Which classes of objects have, to every class, a relation in which something moves, bool."""
    deck, count = pools.relations, len(pools.classes)
    moving = np.unique(deck.classes[find_saying(taxonomy.relations, "moves")[deck.rows]])
    return deck.fits[moving].any(axis=0).reshape(count, count).all(axis=1)


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
    if recipe.content.dynamic:
        problems += _check_moving(recipe, taxonomy, pools, table, rows)
    if problems:
        raise RecipeError(problems)


def _check_moving(
    recipe: Recipe, taxonomy: Taxonomy, pools: Pools, table: StructureTable, rows: np.ndarray
) -> Iterator[Problem]:
    """Yields what keeps scenes from showing something that moves."""
    key = "content.dynamic"
    if recipe.structure.seed_graph is not None:
        hint = "set it to 0, and name a relation in which something moves"
        yield Problem("does not go with a seed graph, which says what is in every scene", key=key, hint=hint)
    if not table.relations[rows].min():
        yield Problem(
            "some structures have no relation", key=key, hint="let structure.relations begin at 1, or set it to 0"
        )
    if not find_movers(pools, taxonomy)[pools.classes.of[pools.objects]].any():
        hint = "allow people, animals or vehicles, and relations of the category `interactional`, or set it to 0"
        yield Problem("there is no object that moves", key=key, hint=hint)
