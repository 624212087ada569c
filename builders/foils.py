"""What a false statement puts in the place of the truth.

The rule that makes it false: the scene graph is all that is in the picture. An object that is not in it is absent; an
attribute that it does not give an object, out of those that exclude each other, is not the object's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from ..taxonomy import Taxonomy, nearness
from .arrays import Ragged, offsets_of, pad_lists
from .decks import derive_key, hash_numbers
from .pools import find_objects
from .recipe_fields import LARGEST_COUNT
from .relation_logic import RelationFacts, read_logic
from .scenes import Plan, Scenes

TURNS = 8
"""Draws before foils are compared with each other, and again as many before a question goes without one."""
FEWEST_ALIKE = 4
"""Objects of the same kinds from which foils are drawn; fewer would be the same again and again."""
SAME_GROUP = 8.0
"""How much rather a foil is of the same group as the truth than of another one of the kind."""
BALANCING = 15
"""Rounds in which weights of foils are balanced."""
MOST_TABULATED = 5000
"""Objects of a tier for which kinship is looked up in a table of pairs; it is worked out for more."""


def draw_foil_objects(
    key: int,
    plan: Plan,
    scenes: Scenes,
    scene_of: np.ndarray,
    asked: np.ndarray,
    taken: Sequence[np.ndarray] = (),
    countable: bool = False,
    alike: bool = False,
) -> np.ndarray:
    """An object for each question of which nothing in its scene is a kind, and which is no kind of anything there.

    Names decide, not concepts: a dish of any sense is there when an omelet is. Where there are such, the foil is of
    the same kinds as what is asked about, so that it is neither easy to tell nor more frequent than the truth. Where
    the recipe's own objects are too few, any object of its tier will do. No two questions of a scene have the same
    foil, but for those that have others already.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        scene_of: Scene of each question.
        asked: Object (a row of the taxonomy) that each question is about.
        taken: Foils that the questions have already.
        countable: Whether only what can be counted will do.
        alike: Whether only what takes the same attributes and relations will do.

    Returns:
        Rows of the taxonomy's objects, or -1 where chance found none, shape (questions,).
    """
    are_kin, names = _compare(plan, pad_lists(scenes.objects), scene_of), list_lineages(plan.taxonomy)[:, 0]

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        good = ~are_kin(rows, foils)
        for one in taken:
            good &= (one[rows] < 0) | (names[one[rows]] != names[foils])
        return good

    found = np.full(len(scene_of), -1, dtype=np.int64)
    for turn, (lists, list_of) in enumerate(_list_foil_objects(plan, countable)[: 1 if alike else None]):
        # A scene may well have the same wrong choice twice.
        owner = None if taken else scene_of
        found = _draw(derive_key(key, turn), found, lists, list_of[asked], fits, owner, names)
    return found


def _compare(plan: Plan, present: np.ndarray, scene_of: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells whether foils are kin, either way, to anything in the scenes of questions."""
    if tables := _tabulate_relatives(plan):
        place, related = tables
        places = np.where(present >= 0, place[present], len(related) - 1)[scene_of]
        return lambda rows, foils: related[places[rows], place[foils][:, None]].any(axis=1)
    is_a, present = find_kinship(plan), present[scene_of]

    def are_kin(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = present[rows]
        foils = np.broadcast_to(foils[:, None], others.shape)
        return ((others >= 0) & (is_a(others, foils) | is_a(foils, others))).any(axis=1)

    return are_kin


@lru_cache(maxsize=8)
def _list_foil_objects(plan: Plan, countable: bool) -> list[tuple[Ragged, np.ndarray]]:
    """What to draw foils from, the best first, each with the list that serves for every object of the taxonomy."""
    classes, table = plan.pools.classes, plan.taxonomy.objects
    good = np.ones(table.num_rows, dtype=bool)
    if countable:
        good = np.array(table["countability"].to_pylist()) == "count"
    own = np.unique(plan.pools.objects)
    own, of_tier = own[good[own]], find_objects(plan.taxonomy, plan.recipe.content.objects.tier)
    every = np.zeros(table.num_rows, dtype=np.int64)
    alike = [own[classes.of[own] == one].tolist() for one in range(len(classes))]
    by_class = Ragged.from_lists([rows if len(rows) >= FEWEST_ALIKE else [] for rows in alike])
    return [
        (by_class, classes.of),
        *((Ragged(rows, np.array([0, len(rows)])), every) for rows in (own, of_tier[good[of_tier]])),
    ]


def draw_foil_attributes(
    key: int, plan: Plan, scenes: Scenes, asked: np.ndarray, taken: list[np.ndarray]
) -> np.ndarray:
    """An attribute for each attribute of the block that its object does not have.

    It comes from the same group or, where that has no other, from the same kind, and has no word in common with any
    attribute of the object. No object is asked about the same foil twice.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        asked: Which attributes want one, bool.
        taken: Foils that the attributes have already.

    Returns:
        Rows of the taxonomy's attributes, or -1, shape (attributes of the block,).
    """
    classes = plan.pools.classes
    holders = np.repeat(np.arange(len(scenes.attributes)), scenes.attributes.lengths)
    beside = pad_lists(scenes.attributes)[holders]
    near = find_near_attributes(plan.taxonomy)
    rows = np.flatnonzero(asked)

    def fits(some: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = np.concatenate([beside[rows[some]], *(one[rows[some]][:, None] for one in taken)], axis=1)
        return ~((others >= 0) & near[foils[:, None], others]).any(axis=1)

    lists, chances = _list_foil_attributes(plan)
    list_of = scenes.attributes.values * len(classes) + classes.of[scenes.objects.values[holders]]
    found = np.full(len(holders), -1, dtype=np.int64)
    texts = _number_texts(plan.taxonomy)
    found[rows] = _draw(key, found[rows], lists, list_of[rows], fits, holders[rows], texts, chances)
    return found


def draw_foil_scene_attributes(
    key: int, plan: Plan, scenes: Scenes, asked: np.ndarray, taken: Sequence[np.ndarray] = ()
) -> np.ndarray:
    """A scene attribute of the same kind for each one of the block, without a word in common with any of its scene.

    Args:
        key: Key of the choice.
        plan: The plan of the recipe.
        scenes: The block.
        asked: Which scene attributes want one, bool.
        taken: Foils that they have already.

    Returns:
        Rows of the taxonomy's scene attributes, or -1, shape (scene attributes of the block,).
    """
    concepts = scenes.scene_attributes.values
    scene_of = np.repeat(np.arange(len(scenes)), scenes.scene_attributes.lengths)
    beside = np.concatenate([pad_lists(scenes.scene_attributes)[scene_of], *(one[:, None] for one in taken)], axis=1)
    near = _find_near_scene_attributes(plan.taxonomy)
    rows = np.flatnonzero(asked)

    def fits(some: np.ndarray, foils: np.ndarray) -> np.ndarray:
        others = beside[rows[some]]
        return ~((others >= 0) & near[foils[:, None], others]).any(axis=1)

    lists, chances = _list_foil_scene_attributes(plan)
    found = np.full(len(concepts), -1, dtype=np.int64)
    labels = np.arange(len(near))
    found[rows] = _draw(key, found[rows], lists, concepts[rows], fits, scene_of[rows], labels, chances)
    return found


@lru_cache(maxsize=4)
def _list_foil_scene_attributes(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """Foils of each scene attribute: those of its kind that are not near it; and how often to draw them."""
    decks, near = plan.pools.scene_attributes, _find_near_scene_attributes(plan.taxonomy)
    lists: list[np.ndarray] = [decks.values[:0]] * len(near)
    for deck in range(len(decks)):
        for row in decks[deck]:
            lists[row] = decks[deck][~near[row, decks[deck]]]
    lengths = np.array([len(one) for one in lists], dtype=np.int64)
    foils = np.concatenate(lists) if lists else decks.values
    even = np.ones(len(foils))
    return Ragged(foils, offsets_of(lengths)), balance_chances(lengths[lengths > 0], even, foils, even)


def draw_foil_relations(
    key: int, plan: Plan, scenes: Scenes, facts: RelationFacts, taken: Sequence[np.ndarray] = ()
) -> np.ndarray:
    """A relation for some of the block that does not hold between the same objects.

    In space much holds that nobody states, so there the foil is one that the truth excludes; elsewhere it is another
    of the same category that is not near the truth. One is drawn from all of the category, and only once: so the truth
    would have come up as often for the foil, and no predicate is more often true than false where it is asked about.

    Returns:
        Rows of the taxonomy's relations, or -1, shape (relations of the block,).
    """
    logic, concepts = read_logic(plan.taxonomy), scenes.relations.values
    categories = _number_texts(plan.taxonomy, "category", "relations")
    spatial = np.array(plan.taxonomy.relations["category"].to_pylist()) == "spatial"
    can_join, in_space = _find_joins(plan), spatial[concepts]
    subjects, targets = (scenes.objects.values[end] for end in (facts.subjects, facts.targets))
    lists, breadth = _list_foil_relations(plan)
    # In space the truth itself excludes the foil.
    beside = (facts.find_beside(facts.subjects) | facts.find_beside(facts.targets)) & ~in_space[:, None]

    def fits(rows: np.ndarray, foils: np.ndarray) -> np.ndarray:
        heads, truths = logic.head[foils], logic.head[concepts[rows]]
        good = can_join(foils, subjects[rows], targets[rows]) & ~logic.near[heads, truths]
        sure = logic.excludes[heads, truths] & ~logic.hedged[concepts[rows]] & ~logic.hedged[foils]
        good &= ~in_space[rows] | sure
        for one in taken:
            good &= (one[rows] < 0) | ~logic.near[heads, logic.head[one[rows]]]
        # Nor may other relations of the two objects lead there ("behind" what is behind it).
        others = concepts[facts.others[rows]]
        inverse = logic.inverse[others]
        leads = logic.near[heads[:, None], logic.head[others]]
        leads |= (inverse >= 0) & logic.near[heads[:, None], inverse]
        # What goes with more objects than the truth would come up as a foil more often than the other way around.
        luck = hash_numbers(derive_key(key, "luck"), rows) / 2.0**64
        good &= luck * breadth[foils] < breadth[concepts[rows]]
        return good & ~(leads & beside[rows]).any(axis=1)

    found = np.full(len(concepts), -1, dtype=np.int64)
    return _draw(key, found, lists, categories[concepts], fits, turns=1)


@lru_cache(maxsize=4)
def _list_foil_relations(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """The pool's relations of each category, and with how many pairs of objects each relation of the taxonomy goes."""
    taxonomy, pools = plan.taxonomy, plan.pools
    categories = _number_texts(taxonomy, "category", "relations")
    rows = np.unique(np.concatenate([pools.relations.rows, *(deck.rows for deck in pools.seed.relations)]))
    lists = [rows[categories[rows] == one].tolist() for one in range(categories.max(initial=-1) + 1)]
    breadth = np.ones(taxonomy.relations.num_rows)
    if pools.classes.typed:
        share = np.bincount(pools.classes.of[pools.objects], minlength=len(pools.classes))
        for column in ("subject_kinds", "object_kinds"):
            bits = taxonomy.kind_bits(taxonomy.relations[column])
            kinds, which = np.unique(bits, return_inverse=True)
            breadth *= ((kinds[:, None] & pools.classes.kinds) != 0)[which] @ share
    return Ragged.from_lists(lists), breadth


@lru_cache(maxsize=4)
def _find_joins(plan: Plan) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells whether relations make sense between objects; all are rows of the taxonomy."""
    if not plan.pools.classes.typed:
        return lambda relations, subjects, targets: np.ones(len(relations), dtype=bool)
    taxonomy = plan.taxonomy
    kinds = taxonomy.kind_bits(taxonomy.objects["kinds"])
    subject_kinds, object_kinds = (
        taxonomy.kind_bits(taxonomy.relations[column]) for column in ("subject_kinds", "object_kinds")
    )
    return lambda relations, subjects, targets: (
        (subject_kinds[relations] & kinds[subjects] != 0) & (object_kinds[relations] & kinds[targets] != 0)
    )


def can_turn(plan: Plan, scenes: Scenes, facts: RelationFacts) -> np.ndarray:
    """Whether each relation of the block certainly does not hold the other way around, but makes sense so, bool."""
    concepts = scenes.relations.values
    subjects, targets = (scenes.objects.values[end] for end in (facts.subjects, facts.targets))
    return read_logic(plan.taxonomy).asymmetric[concepts] & _find_joins(plan)(concepts, targets, subjects)


def draw_foil_targets(key: int, plan: Plan, scenes: Scenes, facts: RelationFacts) -> np.ndarray:
    """Another object of the scene for each relation, to which its subject does not stand in this relation.

    None for relations in space, where it may well do so without anybody's stating it, nor where any relation joins the
    two objects, or leads on from the target.

    Returns:
        Objects of the block, or -1, shape (relations of the block,).
    """
    concepts = scenes.relations.values
    scene = np.repeat(np.arange(len(scenes)), scenes.relations.lengths)
    spatial = np.array(plan.taxonomy.relations["category"].to_pylist()) == "spatial"
    every = pad_lists(Ragged(np.arange(len(scenes.objects.values)), scenes.objects.offsets))[scene]
    row, column = np.nonzero((every >= 0) & ~spatial[concepts][:, None])
    objects, subjects, targets = every[row, column], facts.subjects[row], facts.targets[row]
    good = (objects != subjects) & (objects != targets)
    values = scenes.objects.values
    good &= _find_joins(plan)(concepts[row], values[subjects], values[objects])
    others = facts.others[row]
    starts, ends = facts.subjects[others], facts.targets[others]
    for one in (subjects, targets):
        joined = (starts == one[:, None]) & (ends == objects[:, None])
        joined |= (starts == objects[:, None]) & (ends == one[:, None])
        good &= ~(joined & (others >= 0)).any(axis=1)
    # Nor any chain of relations of one sort that ends there.
    leads = (facts.forward | facts.backward)[row] & ((starts == objects[:, None]) | (ends == objects[:, None]))
    good &= ~leads.any(axis=1)
    chance = np.zeros(every.shape, dtype=np.uint64)
    chance[row[good], column[good]] = hash_numbers(key, row[good] * (LARGEST_COUNT + 1) + column[good]) | np.uint64(1)
    if not every.shape[1]:
        return np.full(len(concepts), -1, dtype=np.int64)
    best = chance.argmax(axis=1)
    at = np.arange(len(concepts))
    return np.where(chance[at, best] > 0, every[at, best], -1)


def _draw(
    key: int,
    found: np.ndarray,
    lists: Ragged,
    list_of: np.ndarray,
    fits: Callable[[np.ndarray, np.ndarray], np.ndarray],
    owner: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    chances: np.ndarray | None = None,
    turns: int = TURNS,
) -> np.ndarray:
    """Draws for each question without a foil (-1) from its list until the choice fits.

    Args:
        key: Key of the choices.
        found: Foils, or -1.
        lists: What to draw from.
        list_of: List of each question.
        fits: Tells whether questions (numbers) can have foils.
        owner: What each question is about: two of one owner never get foils of the same label. All may be alike when
            it is not given.
        labels: A number for each foil.
        chances: How often to draw each of `lists.values`, as running totals from 0; all alike when not given.
        turns: How often to draw at most, apart from repeats.
    """
    found = found.copy()
    sizes, starts, values = lists.lengths, lists.offsets[:-1], lists.values

    def draw(turn: int, rows: np.ndarray) -> np.ndarray:
        """Draws for these questions; returns those that are still without a foil."""
        first, size = starts[list_of[rows]], sizes[list_of[rows]]
        chance = hash_numbers(derive_key(key, turn), rows)
        if chances is None:
            places = first + (chance % size.astype(np.uint64)).astype(np.int64)
        else:
            low, high = chances[first], chances[first + size]
            places = np.searchsorted(chances, low + (high - low) * (chance / 2.0**64), side="right") - 1
            places = np.clip(places, first, first + size - 1)
        foils = values[places]
        good = fits(rows, foils)
        found[rows[good]] = foils[good]
        return rows[~good]

    rows = np.flatnonzero((found < 0) & (sizes[list_of] > 0)) if len(found) else np.zeros(0, dtype=np.int64)
    for turn in range(turns):
        rows = draw(turn, rows) if len(rows) else rows
    if owner is None or labels is None:
        return found
    # Of two alike the first keeps its foil. That is seldom, so it is looked for when the others have theirs.
    rows = np.union1d(rows, _drop_repeats(found, owner, labels, np.flatnonzero(found >= 0)))
    asked = np.zeros(int(owner.max(initial=-1)) + 1, dtype=bool)
    asked[owner[rows]] = True
    beside = np.flatnonzero(asked[owner])
    for turn in range(TURNS, 2 * TURNS):
        if len(rows):
            rows = draw(turn, rows)
            rows = np.union1d(rows, _drop_repeats(found, owner, labels, beside[found[beside] >= 0]))
    return found


def _drop_repeats(found: np.ndarray, owner: np.ndarray, labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Takes away foils whose label another of these questions has already for the same owner; returns whose."""
    codes = owner[among] * len(labels) + labels[found[among]]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    repeats = np.sort(among[order[1:][codes[1:] == codes[:-1]]])
    found[repeats] = -1
    return repeats


@lru_cache(maxsize=4)
def _tabulate_relatives(plan: Plan) -> tuple[np.ndarray, np.ndarray] | None:
    """A place for each object of the taxonomy, and which of them are kin either way; None where they are too many.

    Nothing is kin to what stands at the last place, which is for no object at all.
    """
    rows = _list_possible(plan)
    if len(rows) > MOST_TABULATED:
        return None
    place = np.full(plan.taxonomy.objects.num_rows, len(rows), dtype=np.int32)
    place[rows] = np.arange(len(rows))
    is_a = find_kinship(plan)(*np.broadcast_arrays(rows[:, None], rows[None, :]))
    table = np.zeros((len(rows) + 1, len(rows) + 1), dtype=bool)
    table[:-1, :-1] = is_a | is_a.T
    return place, table


def _list_possible(plan: Plan) -> np.ndarray:
    """Rows of all objects that are in scenes or foils."""
    of_tier = find_objects(plan.taxonomy, plan.recipe.content.objects.tier)
    return np.unique(np.concatenate([of_tier, *plan.pools.seed.objects]))


@lru_cache(maxsize=4)
def find_kinship(plan: Plan) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Gives a function that tells, element by element, whether objects are what others are called: a poodle is a dog.

    Names decide: an omelet is a dish in any sense of "dish". Both arguments are rows of the taxonomy's objects, of one
    shape; -1 gives anything.
    """
    lineage = list_lineages(plan.taxonomy)
    rows = _list_possible(plan)
    if len(rows) > MOST_TABULATED:
        return lambda some, others: (lineage[some] == lineage[others, 0][..., None]).any(axis=-1)
    place = np.zeros(len(lineage), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    called: dict[int, list[int]] = {}
    for i, name in enumerate(lineage[rows, 0].tolist()):
        called.setdefault(name, []).append(i)
    table = np.zeros((len(rows), len(rows)), dtype=bool)
    for i, names in enumerate(lineage[rows].tolist()):
        for name in names:
            table[i, called.get(name, [])] = True
    return lambda some, others: table[place[some], place[others]]


@lru_cache(maxsize=4)
def list_lineages(taxonomy: Taxonomy) -> np.ndarray:
    """Numbers of the name of each object, of its parent's name, and so on up to the root; then -1.

    Returns:
        int32, shape (objects, levels).
    """
    names = taxonomy.objects["name"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int32)
    parents, at = taxonomy.parent_index, np.arange(len(names))
    levels = []
    while (at >= 0).any():
        levels.append(np.where(at >= 0, names[at], -1))
        at = np.where(at >= 0, parents[at], -1)
    return np.stack(levels, axis=1)


@lru_cache(maxsize=8)
def _number_texts(taxonomy: Taxonomy, column: str = "adjective", table: str = "attributes") -> np.ndarray:
    """Numbers of the texts in a column of a table."""
    return getattr(taxonomy, table)[column].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)


@lru_cache(maxsize=4)
def _list_foil_attributes(plan: Plan) -> tuple[Ragged, np.ndarray]:
    """Foils of each attribute on an object of each class (attribute * classes + class), and how often to draw them.

    They are of the same kind and not near it, and mostly of the same group, whose members exclude each other.
    """
    deck, size = plan.pools.foil_attributes, plan.taxonomy.attributes.num_rows
    groups, kinds = (_number_texts(plan.taxonomy, column)[deck.rows] for column in ("group", "kind"))
    allowed = ~find_near_attributes(plan.taxonomy)[np.ix_(deck.rows, deck.rows)] & (kinds[:, None] == kinds)
    fits, classes = deck.fits[deck.classes], len(plan.pools.classes)
    share = np.bincount(plan.pools.classes.of[plan.pools.objects], minlength=classes)
    truth, place, foil = np.nonzero(allowed[:, None, :] & fits.T[None, :, :])
    lengths = np.bincount(deck.rows[truth] * classes + place, minlength=size * classes)
    # How often the truth stands on an object of the class.
    chance = (fits * share / np.maximum(fits @ share, 1)[:, None])[truth, place]
    weights = np.where(groups[truth] == groups[foil], SAME_GROUP, 1.0)
    return Ragged(deck.rows[foil], offsets_of(lengths)), balance_chances(lengths[lengths > 0], weights, foil, chance)


def balance_chances(lengths: np.ndarray, weights: np.ndarray, foils: np.ndarray, usages: np.ndarray) -> np.ndarray:
    """Changes the weights of foils so that all are drawn alike often, as far as what they exclude allows.

    Otherwise a word that many others exclude would mostly be false when it is asked about, and one that few exclude
    nearly always true.

    Args:
        lengths: Foils in each list, none of them 0.
        weights: How rather one foil of a list is drawn than another, lists one after the other.
        foils: Number of each foil.
        usages: How often the list of each is drawn from.

    Returns:
        Running totals of the weights, from 0, shape (foils + 1,).
    """
    starts, list_of = offsets_of(lengths)[:-1], np.repeat(np.arange(len(lengths)), lengths)
    factors = np.ones(int(foils.max(initial=-1)) + 1)
    for _ in range(BALANCING if len(foils) else 0):
        drawn = weights * factors[foils]
        drawn *= usages / np.add.reduceat(drawn, starts)[list_of]
        usage = np.bincount(foils, drawn, minlength=len(factors))
        factors = np.clip(factors / np.maximum(usage, 1e-3) ** 0.7, 1e-3, 1e3)
    return np.concatenate([[0.0], np.cumsum(weights * factors[foils])])


@lru_cache(maxsize=4)
def find_near_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Which attributes may hold along with each other, or have a word in common, bool, shape (rows, rows)."""
    near = _find_alike(taxonomy, "attributes", ("name", "adjective")) | nearness.find_near_attributes(taxonomy)
    # "Ivory" is a color and a material: who hears the word does not know which.
    texts = _number_texts(taxonomy)
    for text in np.flatnonzero(np.bincount(texts) > 1):
        rows = np.flatnonzero(texts == text)
        near[rows] = near[rows].any(axis=0)
        near[:, rows] = near[:, rows].any(axis=1, keepdims=True)
    return near


@lru_cache(maxsize=4)
def _find_near_scene_attributes(taxonomy: Taxonomy) -> np.ndarray:
    return _find_alike(taxonomy, "scene_attributes", ("name",)) | nearness.find_near_scene_attributes(taxonomy)


@lru_cache(maxsize=8)
def _find_alike(taxonomy: Taxonomy, table: str, columns: tuple[str, ...]) -> np.ndarray:
    """Which rows of a table have a word in common ("light blue" and "blue"), bool, shape (rows, rows).

    Words that most rows of a kind have ("ISO 100", "ISO 200") do not count.
    """
    rows = getattr(taxonomy, table)
    kinds = rows["kind"].to_pylist()
    texts = zip(*(rows[column].to_pylist() for column in columns), strict=True)
    words = [
        set(" ".join(cells).lower().replace("-", " ").split()) - {"a", "an", "and", "in", "of", "the"}
        for cells in texts
    ]
    of_kind = Counter(kinds)
    usual = {
        pair
        for pair, count in Counter(
            (kind, word) for kind, one in zip(kinds, words, strict=True) for word in one
        ).items()
        if count > of_kind[pair[0]] / 2
    }
    rows_of: dict[str, list[int]] = {}
    for row, (kind, one) in enumerate(zip(kinds, words, strict=True)):
        for word in one:
            if (kind, word) not in usual:
                rows_of.setdefault(word, []).append(row)
    alike = np.eye(len(kinds), dtype=bool)
    for members in rows_of.values():
        alike[np.ix_(members, members)] = True
    return alike
