"""Content of a seed graph: what each of its coloured elements may be, and how that is dealt.

Types choose among what a seed graph leaves open, as far as they leave a choice: a value or a predicate that it names
is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow.compute as pc

from ...arrow import make_array, match_texts
from ...errors import GasError, Problem, RecipeError, advise, gather_problems
from ...taxonomy import Taxonomy, find_object, mark_under
from ...taxonomy.naming import advise_group, find_called
from ..foundation.counter_rng import deal, derive_key
from ..foundation.ragged import Pairs, offsets_of
from ..recipe.model import Recipe
from ..recipe.structure import SeedAttribute, SeedGraph, SeedObject, SeedRelation
from ..structures.enumeration import StructureTable
from ..structures.seed_graphs import SeedSlots, read_seed
from .assignment import assign_concepts, draw_again
from .compatibility import Deck, ObjectClasses, make_attribute_deck, make_relation_deck
from .facts import exclude_facts, read_sayings
from .filters import FILTERS
from .possibility import find_impossible

KEY = "structure.seed_graph"


@dataclass(frozen=True)
class SeedRows:
    """Rows of the taxonomy's tables that the coloured elements of a seed graph may be, in the order of their slots.

    One array an element: int64, shape (candidates,).
    """

    graph: SeedGraph
    slots: SeedSlots
    objects: tuple[np.ndarray, ...]
    attributes: tuple[np.ndarray, ...]
    relations: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class SeedDecks:
    """Decks for the coloured elements of a seed graph, in the order of a structure table's seed columns.

    Attributes:
        objects: Rows of the taxonomy's objects that each may be, shape (cards,).
        attributes, relations: Decks, which say what their cards go with.
        shares: Whether each attribute may be of a group of those that are dealt to all objects.
    """

    objects: tuple[np.ndarray, ...] = ()
    attributes: tuple[Deck, ...] = ()
    relations: tuple[Deck, ...] = ()
    shares: tuple[bool, ...] = ()


def choose_seed_rows(
    recipe: Recipe, taxonomy: Taxonomy, dealt: np.ndarray, allowed: dict[str, np.ndarray], problems: list[Problem]
) -> SeedRows | None:
    """Finds what a recipe's seed graph names; None without one. What is wrong is added to `problems`.

    Args:
        recipe: The recipe.
        taxonomy: Its concepts.
        dealt: Rows of the objects that the recipe deals, of which an object that may be anything is one.
        allowed: By table, whether the filters allow a concept where the seed graph leaves a choice, bool.
        problems: What is wrong with the recipe.
    """
    graph = recipe.structure.seed_graph
    if graph is None:
        return None
    slots = read_seed(graph)
    attributes, relations = [], []
    for i, j in slots.attributes:
        spec = graph.objects[i].attributes[j]
        wanted = {"kind": spec.kind, "value": spec.value}
        key = f"{KEY}.objects.{i}.attributes.{j}"
        attributes.append(_find_rows(taxonomy, "attributes", allowed["attributes"], wanted, key, problems))
    for i in slots.relations:
        relation = graph.relations[i]
        wanted = {"category": relation.category, "predicate": relation.predicate}
        key = f"{KEY}.relations.{i}"
        relations.append(_find_rows(taxonomy, "relations", allowed["relations"], wanted, key, problems))
    keys = [one.key for one in FILTERS["objects"] if one.key and not one.spares_seed and one.is_set(recipe)]
    *names, last = [key.rpartition(".")[2] for key in keys]
    hint = f"widen its {', '.join(names)} or {last}"
    objects = [
        _find_objects(graph.objects[i], taxonomy, dealt, allowed["objects"], hint, f"{KEY}.objects.{i}", problems)
        for i in slots.objects
    ]
    return SeedRows(graph, slots, tuple(objects), tuple(attributes), tuple(relations))


def _find_objects(
    wanted: SeedObject,
    taxonomy: Taxonomy,
    dealt: np.ndarray,
    allowed: np.ndarray,
    hint: str,
    key: str,
    problems: list[Problem],
) -> np.ndarray:
    rows = dealt
    if wanted.concept is not None:
        rows = dealt[:0]
        with gather_problems(problems, f"{key}.concept"):
            rows = np.array([find_object(taxonomy, wanted.concept)])
            if "offensive" in taxonomy.objects["flags"][int(rows[0])].as_py():
                problems.append(Problem(f"{wanted.concept} is offensive", key=f"{key}.concept", hint="choose another"))
    elif wanted.under:
        before = len(problems)
        with gather_problems(problems, f"{key}.under"):
            rows = np.flatnonzero(allowed & mark_under(taxonomy, wanted.under))
        if not len(rows) and len(problems) == before:
            message = f"content.objects leaves nothing under {', '.join(wanted.under)}"
            problems.append(Problem(message, key=f"{key}.under", hint=hint))
    return rows


def _find_rows(
    taxonomy: Taxonomy,
    name_of_table: str,
    allowed: np.ndarray,
    wanted: dict[str, str | None],
    key: str,
    problems: list[Problem],
) -> np.ndarray:
    """Rows with all of the wanted words; those that are not allowed only if they are named exactly."""
    table, word = getattr(taxonomy, name_of_table), {"value": "name"}
    # (rows of the table,): narrowed column by column, but for a word that nothing left has, which is reported.
    chosen = np.ones(table.num_rows, dtype=bool)
    for name, text in wanted.items():
        if text is not None:
            column = table[word.get(name, name)]
            matches = chosen & match_texts(pc.utf8_lower(column), text.lower())
            close: list[str] = []
            if not matches.any() and name in ("value", "predicate"):
                # What captions say for it: wooden for wood.
                matches, close = find_called(taxonomy, name_of_table, text, chosen)
            if not matches.any():
                known = column.filter(make_array(chosen)).unique().to_pylist()
                hint = f"did you mean `{close[0]}`?" if close else advise(text, known)
                hint = advise_group(taxonomy, name_of_table, text) if name in ("kind", "category") else hint
                problems.append(Problem(f"there is no {name} `{text}`", key=f"{key}.{name}", hint=hint))
                continue
            chosen = matches
    exact = next(reversed(wanted.values())) is not None
    usual = chosen & allowed
    return np.flatnonzero(usual if usual.any() or not exact else chosen)


def make_seed_decks(
    seed: SeedRows,
    taxonomy: Taxonomy,
    classes: ObjectClasses,
    clashes: tuple[np.ndarray, np.ndarray],
    excluding: Pairs,
    dealt: np.ndarray,
) -> SeedDecks:
    """Makes decks of what a seed graph's elements may be, without the objects that could not have the rest.

    Args:
        seed: What the seed graph names.
        taxonomy: The concepts.
        classes: Classes of all objects.
        clashes: Two numbers for each attribute of the taxonomy: an object has no two attributes that share one.
        excluding: Pairs of attributes that no object has both of, either.
        dealt: Rows of the attributes that are dealt to all objects.

    Raises:
        RecipeError: No attribute of a kind, or no relation of a category, goes with what the objects may be.
    """
    graph, slots = seed.graph, seed.slots
    # The place of each object of the graph among its coloured ones. Fits are (card classes, object classes).
    column = {i: place for place, i in enumerate(slots.objects)}
    objects = list(seed.objects)
    attributes = [make_attribute_deck(taxonomy, rows, classes) for rows in seed.attributes]
    relations = [make_relation_deck(taxonomy, rows, classes) for rows in seed.relations]
    problems = [*_find_clashing(seed, clashes, excluding, taxonomy), *_find_contradictions(seed, taxonomy)]

    def keep(i: int, possible: np.ndarray, named: bool, what: str) -> bool:
        """Leaves out what an object cannot be. False if that would be everything, but what it has is named so."""
        rows = objects[column[i]]
        left = rows[possible[classes.of[rows]]]
        if len(left):
            objects[column[i]] = left
        elif not named:
            message = f"nothing that object {i} may be goes with {what}"
            hint = "name the value or the predicate to have it all the same, or set content.constraints: none"
            problems.append(Problem(message, key=f"{KEY}.objects.{i}", hint=hint))
        return len(left) > 0 or not named

    for _ in objects:  # what one object cannot be, its neighbours learn in the next turn
        for place, (i, j) in enumerate(slots.attributes):
            spec, fits = graph.objects[i].attributes[j], attributes[place].fits
            # What the recipe names is taken as it is: its deck is made to fit the object.
            if not keep(i, np.any(fits, axis=0), spec.value is not None, f"`{_name(spec)}`"):
                fits[:, classes.of[objects[column[i]]]] = True
        for place, number in enumerate(slots.relations):
            relation = graph.relations[number]
            fits = relations[place].fits.reshape(-1, len(classes), len(classes))
            # (object classes, object classes): subjects and objects that any of these relations joins.
            joined: np.ndarray = np.any(fits, axis=0)
            subject, target = relation.subject, relation.object
            subjects, targets = (np.unique(classes.of[objects[column[end]]]) for end in (subject, target))
            named, what = relation.predicate is not None, f"`{_name(relation)}` and what object {{}} may be"
            if not keep(subject, np.any(joined[:, targets], axis=1), named, what.format(target)):
                fits[:, subjects[:, None], targets] = True
            elif not problems:
                subjects = np.unique(classes.of[objects[column[subject]]])
                keep(target, np.any(joined[subjects], axis=0), named, what.format(subject))
    if problems:
        raise RecipeError(dict.fromkeys(problems))
    groups = clashes[0]
    shares = tuple(bool(np.isin(groups[rows], groups[dealt]).any()) for rows in seed.attributes)
    return SeedDecks(tuple(objects), tuple(attributes), tuple(relations), shares)


def _find_clashing(
    seed: SeedRows, clashes: tuple[np.ndarray, np.ndarray], excluding: Pairs, taxonomy: Taxonomy
) -> list[Problem]:
    """Two attributes of one object that exclude each other whatever they are."""
    problems, said = [], read_sayings(taxonomy).attributes
    for (one, (i, first)), (other, (k, second)) in combinations(enumerate(seed.slots.attributes), 2):
        rows, others = (some.reshape(-1) for some in np.meshgrid(seed.attributes[one], seed.attributes[other]))
        alike = [numbers[rows] == numbers[others] for numbers in clashes]
        alike += [excluding.have(rows, others), exclude_facts(said[rows], said[others])]
        if i == k and np.logical_or.reduce(alike).all():
            names = (_name(seed.graph.objects[i].attributes[at]) for at in (first, second))
            message = f"`{'` and `'.join(names)}` exclude each other on one object"
            problems.append(Problem(message, key=f"{KEY}.objects.{i}.attributes.{second}", hint="keep one of them"))
    return problems


def _find_contradictions(seed: SeedRows, taxonomy: Taxonomy) -> list[Problem]:
    """Relations of a seed graph that no picture shows together, whichever of those that it allows they are."""
    sayings, graph = read_sayings(taxonomy), seed.graph
    bodies = np.zeros(len(graph.objects), dtype=np.int64)
    for rows, (i, _) in zip(seed.attributes, seed.slots.attributes, strict=True):
        bodies[i] |= np.bitwise_and.reduce(sayings.attributes[rows])
    # What is named without a category may be several rows, which all say the same.
    fixed = [
        (number, rows[0])
        for rows, number in zip(seed.relations, seed.slots.relations, strict=True)
        if len(np.unique([sayings.relations[rows], sayings.targets[rows]], axis=1).T) == 1
    ]
    numbers, chosen = ([pair[end] for pair in fixed] for end in (0, 1))
    subjects, targets = (
        np.array([getattr(graph.relations[number], end) for number in numbers], dtype=np.int64)
        for end in ("subject", "object")
    )
    blamed = find_impossible(sayings, np.array(chosen, dtype=np.int64), subjects, targets, bodies)
    found = [graph.relations[number] for number in np.array(numbers, dtype=np.int64)[blamed].tolist()]
    if not found:
        return []
    ends = {end for one in found for end in (one.subject, one.object)}
    said = [f"object {one.subject} `{_name(one)}` object {one.object}" for one in found]
    said += [
        f"object {i} `{_name(graph.objects[i].attributes[j])}`"
        for i, j in seed.slots.attributes
        if i in ends and bodies[i]
    ]
    key = f"{KEY}.relations.{graph.relations.index(found[0])}"
    hint = "leave one of them out, or give a category in the place of a predicate"
    return [Problem(f"no picture shows all of this: {', '.join(said)}", key=key, hint=hint)]


def _name(spec: SeedAttribute | SeedRelation) -> str:
    words = (spec.value, spec.kind) if isinstance(spec, SeedAttribute) else (spec.predicate, spec.category)
    return next(filter(None, words), "")


def measure_needs(seed: SeedDecks, table: StructureTable, structures: np.ndarray) -> np.ndarray:
    """How many groups of attributes each object must be able to hold, int64, one an object of these structures.

    The attributes of the seed graph take places of those that are dealt where they are of their groups.
    """
    # (objects,): attributes of each object. `firsts` is (structures, 1): where each structure's attributes begin, so
    # `holders` is the object of each attribute of the seed graph, (structures, seed attributes).
    counts = table.attribute_counts.take(structures).values.astype(np.int64)
    firsts = offsets_of(table.attributes[structures])[:-1, None]
    holders = np.searchsorted(offsets_of(counts), firsts + table.seed_attributes[structures], side="right") - 1
    given = np.bincount(holders.reshape(-1), minlength=len(counts))
    shared = np.bincount(holders[:, list(seed.shares)].reshape(-1), minlength=len(counts))
    return np.where(counts > given, counts - given + shared, 0)


def deal_objects(
    seed: SeedDecks,
    classes: ObjectClasses,
    key: int,
    start: int,
    slots: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    has_room: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Deals the coloured objects of a block, one to each scene; where types exclude a card, another is drawn.

    Args:
        seed: The decks.
        classes: Classes of objects.
        key: Key of the split.
        start: Index of the first scene.
        slots: Which of the block's objects the coloured ones are, shape (scenes, coloured objects).
        ends: Which of them are the coloured relations' subjects and objects, shape (scenes, coloured relations).
        has_room: Tells whether slots have room enough in classes of objects.

    Returns:
        Rows of the taxonomy's objects, shape (scenes, coloured objects).

    Raises:
        RecipeError: No object has room for its attributes and goes with its neighbours.
    """
    # Column by column; -1 in those that are yet to be dealt. `joined`: object classes that each relation may join.
    dealt = np.full(slots.shape, -1, dtype=np.int64)
    joined = [deck.fits.any(axis=0).reshape(len(classes), len(classes)) for deck in seed.relations]
    # The column of each relation's ends, scene by scene: objects of one colour stand in any order.
    columns = [[np.argmax(slots == end[:, [place]], axis=1) for end in ends] for place in range(len(seed.relations))]
    for column, rows in enumerate(seed.objects):

        def accept(scenes: np.ndarray, cards: np.ndarray, column: int = column, rows: np.ndarray = rows) -> np.ndarray:
            one = classes.of[rows[cards]]
            good = has_room(slots[scenes, column], one)
            for fits, (subjects, targets) in zip(joined, columns, strict=True):
                subject, target = subjects[scenes], targets[scenes]
                # A card must go with the other end of each relation that this column is an end of, if that is dealt.
                for here, there, table in ((subject, target, fits), (target, subject, fits.T)):
                    other = dealt[scenes, there]
                    good &= (here != column) | (other < 0) | table[one, classes.of[other]]
            return good

        cards = deal(derive_key(key, "seed_objects", column), len(rows), start, len(slots))
        bad = np.flatnonzero(~accept(np.arange(len(slots)), cards))
        try:
            cards[bad] = draw_again(derive_key(key, "seed_objects", column, start), bad, len(rows), accept)
        except GasError as error:
            message = "nothing that an object of the seed graph may be can hold all attributes of the structures"
            hint = "lower it, or allow more kinds of attributes or objects"
            raise RecipeError([Problem(message, key="content.attributes.max_per_object", hint=hint)]) from error
        dealt[:, column] = rows[cards]
    return dealt


def deal_cards(
    decks: tuple[Deck, ...], name: str, key: int, start: int, slots: np.ndarray, slot_class: np.ndarray
) -> np.ndarray:
    """Deals the coloured attributes or relations of a block, one of each to each scene.

    Args:
        decks: A deck for each coloured element.
        name: What they are.
        key: Key of the split.
        start: Index of the first scene.
        slots: Which of the block's they are, shape (scenes, coloured elements).
        slot_class: Class of every slot of the block.

    Returns:
        Cards of each one's deck, shape (scenes, coloured elements).
    """
    dealt = np.zeros(slots.shape, dtype=np.int64)
    for column, deck in enumerate(decks):
        cards = deal(derive_key(key, f"seed_{name}", column), len(deck), start, len(slots))
        choice_key = derive_key(key, f"seed_{name}", column, start)
        dealt[:, column] = assign_concepts(choice_key, cards, deck.classes, slot_class[slots[:, column]], deck.fits)
    return dealt
