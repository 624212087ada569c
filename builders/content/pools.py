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
from ...taxonomy.nearness import find_excluding_attributes
from ..foundation.ragged import Pairs, Ragged
from ..recipe.model import Recipe
from ..structures.enumeration import StructureTable
from .ambiguity import (
    Words,
    find_ambiguous_pairs,
    find_contradicted_names,
    find_repeated_words,
    find_stacked_colors,
    keep_unambiguous,
)
from .compatibility import (
    Deck,
    ObjectClasses,
    classify_objects,
    find_barred,
    make_attribute_deck,
    make_relation_deck,
    match_objects,
)
from .facts import find_saying
from .filters import list_fixed_rows
from .seed_content import SeedDecks, SeedRows, choose_seed_rows, make_seed_decks, measure_needs
from .selection import Concepts, apply_filters, find_allowed, select_concepts
from .together import find_misplaced


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
        object_limit: The same for each object of the taxonomy whose name goes with fewer of them, a red carpet with no
            color; for the others a number that is never reached. int64, shape (objects,).
        attribute_group: Group of every attribute of the taxonomy, int64, shape (attributes,): two of one group never
            stand on one object.
        attribute_text: Number of the adjective of every attribute, of the same shape: neither do two that read alike.
        attribute_clash: Two attributes that do not stand on one object because of how they read, or because they
            exclude each other though they are of different groups, each pair both ways.
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
    object_limit: np.ndarray
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
    if not problems and recipe.content.constraints == "typed":
        problems += _find_needs(recipe, taxonomy, [concepts.objects, *(seed.objects if seed else ())])
    if problems:
        raise RecipeError(problems)
    concepts = concepts.narrow(keep)
    apart = [find_repeated_words(taxonomy, _list_words(concepts, seed))]
    if not seed:  # which may want a color on just such a thing
        apart.append(find_stacked_colors(taxonomy, _list_words(concepts, seed)))
    words = _list_words(concepts, seed)
    misplaced = find_misplaced(recipe, taxonomy, words.attributes, words.objects)
    apart.append((misplaced, misplaced[:0]))
    if recipe.content.constraints == "typed":
        for pairs in (
            find_contradicted_names(taxonomy, words),
            find_barred(taxonomy, words.attributes, words.objects),
        ):
            apart.append((pairs, pairs[:0]))
    if any(captions.unambiguous for captions in recipe.captions):
        kept = keep_unambiguous(taxonomy, _list_words(concepts, seed))
        concepts = concepts.narrow(lambda table, rows: rows[np.isin(rows, getattr(kept, table))])
        seed = _keep_seed(seed, kept) if seed else None
        apart.append(find_ambiguous_pairs(taxonomy, _list_words(concepts, seed)))
    return _make_pools(recipe, taxonomy, concepts, seed, apart)


def _find_needs(recipe: Recipe, taxonomy: Taxonomy, decks: list[np.ndarray]) -> Iterator[Problem]:
    """Yields fixed scene attributes that need something that a scene may not have: a portrait needs a person.

    Args:
        recipe: The recipe.
        taxonomy: All concepts.
        decks: Rows of objects, of each of which every scene has one.
    """
    for row in list_fixed_rows(recipe, taxonomy).tolist():
        one = taxonomy.scene_attributes.slice(row, 1).to_pylist()[0]
        if one["needs"]:
            met = match_objects(taxonomy, [one["needs"].split("|")])[:, 0]
            if not any(met[deck].all() for deck in decks):
                wanted = one["needs"].replace("|", ", ")
                message = f"`{one['name']}` needs something of {wanted}, which some scenes do not have"
                hint = "name such things in content.objects.under or a seed graph, or set content.constraints: none"
                yield Problem(message, key=f"content.scene_attributes.{one['kind']}", hint=hint)


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
    foils = _find_foils(recipe, taxonomy, seed, classes) if seed else deck
    stated = np.unique(np.concatenate([foils.rows, *(seed.attributes if seed else ())]))
    excluding = _pair_excluding(taxonomy, stated if typed else stated[:0])
    clashes = np.concatenate([in_turn, in_turn[:, ::-1], excluding])
    attribute_clash = Pairs.from_rows(clashes, (len(groups), len(groups)))
    decks = SeedDecks()
    if seed:
        pairs = Pairs.from_rows(excluding, (len(groups), len(groups)))
        decks = make_seed_decks(seed, taxonomy, classes, (groups, texts), pairs, concepts.attributes)
    return Pools(
        objects=concepts.objects,
        attributes=deck,
        relations=make_relation_deck(taxonomy, concepts.relations, classes),
        seed=decks,
        classes=classes,
        object_room=_count_groups(deck, groups, attribute_clash, len(classes)),
        object_limit=_limit_objects(deck, groups, classes, on_objects),
        attribute_group=groups,
        attribute_text=texts,
        attribute_clash=attribute_clash,
        object_clash=Pairs.from_rows(on_objects, (len(groups), taxonomy.objects.num_rows)),
        foil_attributes=foils,
        scene_attributes=concepts.scene_attributes,
        scene_clash=_find_clashes(taxonomy.scene_attributes.take(make_array(concepts.scene_attributes.values))),
    )


def _pair_excluding(taxonomy: Taxonomy, rows: np.ndarray) -> np.ndarray:
    """Pairs of these attributes that exclude each other but are of different groups, int64, shape (pairs, 2)."""
    groups = number_texts(taxonomy.attributes["group"])[rows]
    table = find_excluding_attributes(taxonomy)[np.ix_(rows, rows)] & (groups[:, None] != groups)
    return rows[np.argwhere(table)]


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
    room = _count_groups(pools.attributes, pools.attribute_group, pools.attribute_clash, len(pools.classes))
    return replace(pools, object_room=room)


def _count_groups(deck: Deck, groups: np.ndarray, clashes: Pairs, classes: int) -> np.ndarray:
    """Groups of attributes that fit each class of objects and go together; found greedily, so never too many."""
    fits, group_of = deck.fits[deck.classes], groups[deck.rows].tolist()
    clash = clashes.have(*(some.ravel() for some in np.meshgrid(deck.rows, deck.rows, indexing="ij")))
    clash = clash.reshape(len(deck), len(deck))
    rooms: dict[bytes, int] = {}
    for column in fits.T:
        if (key := column.tobytes()) not in rooms:
            cards, chosen = np.flatnonzero(column), dict[int, int]()
            # First those that clash with fewest: where a group has one that clashes with none, it counts in any case.
            for card in cards[np.argsort(clash[np.ix_(cards, cards)].sum(axis=1), kind="stable")].tolist():
                if group_of[card] not in chosen and not clash[card, list(chosen.values())].any():
                    chosen[group_of[card]] = card
            rooms[key] = len(chosen)
    return np.array([rooms[column.tobytes()] for column in fits.T[:classes]], dtype=np.int64)


def _limit_objects(deck: Deck, groups: np.ndarray, classes: ObjectClasses, clashing: np.ndarray) -> np.ndarray:
    """Groups of attributes of which some fit each object, where not all do that fit its class.

    Args:
        deck: The attributes.
        groups: Group of every attribute of the taxonomy.
        classes: Classes of objects.
        clashing: Attributes and objects that do not go together, int64, shape (pairs, 2).
    """
    limits = np.full(len(classes.of), np.iinfo(np.int64).max)
    rows, objects = np.unique(clashing[np.isin(clashing[:, 0], deck.rows)], axis=0).T
    numbers, group_of = np.unique(groups[deck.rows], return_inverse=True)
    # (groups, object classes): attributes that fit each class; (objects, groups): those of them that clash.
    fits = deck.fits[deck.classes].astype(np.int64)
    fitting = np.zeros((len(numbers), len(classes)), dtype=np.int64)
    np.add.at(fitting, group_of, fits)
    card_of = np.zeros(len(groups), dtype=np.int64)
    card_of[deck.rows] = np.arange(len(deck))
    good = classes.of[objects] >= 0
    good[good] = fits[card_of[rows[good]], classes.of[objects[good]]] > 0
    items, which = np.unique(objects[good], return_inverse=True)
    taken = np.zeros((len(items), len(numbers)), dtype=np.int64)
    np.add.at(taken, (which, group_of[card_of[rows[good]]]), 1)
    limits[items] = (fitting.T[classes.of[items]] > taken).sum(axis=1)
    return limits


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
        key = "content.attributes.max_per_object"
        problems.append(Problem(message, key=key, hint=hint, others=("structure.attributes",)))
    names = len(np.unique(number_names(taxonomy)[pools.objects]))
    most = int(table.objects[rows].max())
    if recipe.content.objects.distinct and most > names:
        message = f"structures have up to {most} objects, but there are only {names} names for them"
        hint = "lower structure.objects, allow more objects, or leave `distinct` out"
        problems.append(Problem(message, key="content.objects.distinct", hint=hint, others=("structure.objects",)))
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
        problems.append(Problem(message, key="content.relations", hint=hint, others=("structure.relations",)))
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
