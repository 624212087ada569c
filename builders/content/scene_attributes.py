"""Draws the scene attributes of a block: how many, of which kinds, and which of each kind.

They are dealt when all else is there, and go with each other (`excludes`) and with that: a scene has something of what
they need and nothing of what they bar. First kinds are moved to scenes in which they can stand together, then the
cards of each kind are seated (`seating.py`), and swapped where that does not do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from ...arrow import make_array, match_texts
from ...errors import GasError, Problem, RecipeError
from ...taxonomy import SCENE_ATTRIBUTE_KINDS, Taxonomy
from ...taxonomy.schema import SCENE_ROLES
from ..foundation.counter_rng import deal, derive_key
from ..foundation.ragged import Bits, Ragged, join_codes, number_as_found, offsets_of
from .assignment import Slots, resolve_conflicts
from .compatibility import match_objects
from .filters import list_all_fixed
from .plan import Plan
from .scenes import BLOCK
from .seating import Seats, list_seats, seat_cards

SWAPS = 12
"""Swap rounds: what excludes many others seldom finds its place at once, but a round is cheap."""


def draw_scene_attributes(
    plan: Plan,
    key: int,
    start: int,
    counts: np.ndarray,
    objects: Ragged,
    attributes: Ragged,
    relations: Ragged,
) -> Ragged:
    """Deals the kinds of each scene's attributes, then for each kind its concepts.

    Args:
        plan: The plan of the split.
        key: Key of the split.
        start: Index of the block's first scene.
        counts: How many attributes each scene has, shape (scenes,).
        objects: Rows of each scene's objects.
        attributes: Rows of each object's attributes.
        relations: Rows of each scene's relations.

    Raises:
        RecipeError: The attributes that are left do not go together, or with the objects of some scene.
    """
    low, high = plan.recipe.content.scene_attributes.count
    decks, choices = plan.pools.scene_attributes, high - low + 1
    scene = np.repeat(np.arange(len(counts)), counts)
    places = _Places(offsets_of(counts), scene, derive_key(key, "scene", start // BLOCK))
    if not len(places.scene):
        return Ragged(places.scene, places.offsets)
    # `before` is how many attributes the earlier scenes have: a full deck of counts low, ..., high sums up to
    # (low + high) * choices / 2, and the one that is not full is dealt again. Where captions are limited they may have
    # fewer, and so some cards are never dealt.
    count_key, (full, rest) = derive_key(key, "scene_attribute_counts"), divmod(start, choices)
    before = full * (low + high) * choices // 2 + int((low + deal(count_key, choices, full * choices, rest)).sum())
    demands = _find_demands(plan, objects, attributes, relations)
    try:
        kinds = _assign_kinds(plan, places, demands, _deal_kinds(key, len(decks), before, len(places.scene)))
        cards = _deal_cards(key, decks, before, kinds)
        cards, lonely = _seat_cards(plan, places, demands, cards, kinds)
        if _may_have_fewer(plan):
            kept = places.drop(lonely, low)
            places, cards, kinds = places.take(kept), cards[kept], kinds[kept]
        cards = _assign_cards(plan, places, demands, cards, kinds)
    except GasError as error:
        message = (
            f"{high} scene attributes do not go together, or with the objects of some scene, among the {len(decks)} "
            "kinds that are left"
        )
        hint = "lower the count, allow more kinds, or set content.constraints: none, for which any objects will do"
        refusing = (~demands.refuse_kinds(decks)).sum(axis=1) < counts
        if refusing.any():
            message, hint = _explain_refusals(plan, objects, np.flatnonzero(refusing))
        raise RecipeError([Problem(message, key="content.scene_attributes.count", hint=hint)]) from error
    values = decks.values[cards]
    return order_scene_attributes(plan.taxonomy, places.scene, values, places.offsets)


def _explain_refusals(plan: Plan, objects: Ragged, scenes: np.ndarray) -> tuple[str, str]:
    """Says what most of these scenes have, for which values of too few kinds are left, and what to do about it."""
    names = plan.taxonomy.objects["name"]
    found = [np.unique(objects.values[objects.offsets[one] : objects.offsets[one + 1]]) for one in scenes]
    rows, times = np.unique(np.concatenate(found), return_counts=True)
    name, most = names[int(rows[times.argmax()])].as_py(), int(times.max())
    example = ", ".join(names[int(row)].as_py() for row in min(found, key=len)[:8])
    message = (
        "some scenes cannot have as many of the kinds that are left: too few of these have a value that goes with "
        f"all objects of one with {example}; of {len(scenes):,} such scenes, {most:,} have the object {name}"
    )
    concept = plan.taxonomy.objects["id"][int(rows[times.argmax()])].as_py()
    hint = f"exclude {concept} in content.objects, allow more kinds, or set content.constraints: none"
    return message, hint


def add_fixed(plan: Plan, key: int, start: int, drawn: Ragged) -> Ragged:
    """Adds what every scene of a recipe has, if anything, to the attributes of each scene of a block.

    That is the place where all scenes are, and of each fixed kind one of its values, all equally often.

    Args:
        plan: The plan of the split.
        key: Key of the split.
        start: Index of the block's first scene.
        drawn: Rows of each scene's attributes so far.
    """
    fixed = list_all_fixed(plan.recipe, plan.taxonomy)
    if not fixed:
        return drawn
    every = np.arange(len(drawn))
    dealt = [
        rows[deal(derive_key(key, "fixed_scene_attributes", kind), len(rows), start, len(drawn))]
        for kind, rows in fixed.items()
    ]
    scenes = np.concatenate([*(every for _ in dealt), drawn.owners])
    offsets = drawn.offsets + len(dealt) * np.arange(len(drawn) + 1)
    return order_scene_attributes(plan.taxonomy, scenes, np.concatenate([*dealt, drawn.values]), offsets)


def order_scene_attributes(taxonomy: Taxonomy, scenes: np.ndarray, rows: np.ndarray, offsets: np.ndarray) -> Ragged:
    """Sorts each scene's attributes in the order in which texts name them."""
    order = np.argsort(join_codes(scenes, _rank_scene_attributes(taxonomy).take(rows), rows), kind="stable")
    return Ragged(rows[order], offsets)


@dataclass(frozen=True)
class _Places:
    """Places for scene attributes, scene after scene.

    Attributes:
        offsets: Where each scene's places begin, and the end, shape (scenes + 1,).
        scene: The scene of each place, shape (places,).
        key: Key of the block.
    """

    offsets: np.ndarray
    scene: np.ndarray
    key: int

    def drop(self, some: np.ndarray, low: int) -> np.ndarray:
        """Places without some of them, of which no scene loses so many that it has fewer than `low`."""
        some = np.sort(some)
        scene = self.scene[some]
        rank = np.arange(len(some)) - np.searchsorted(scene, scene)
        return np.delete(np.arange(len(self.scene)), some[rank < np.diff(self.offsets)[scene] - low])

    def take(self, places: np.ndarray) -> _Places:
        """Some of the places, ascending."""
        scene = self.scene[places]
        return _Places(offsets_of(np.bincount(scene, minlength=len(self.offsets) - 1)), scene, self.key)


@dataclass(frozen=True)
class _Demands:
    """What cards need and bar, looked up in the scenes of a block.

    Attributes:
        rule_of: The rule of each card: those that need and bar the same are of one.
        refused: Whether the scene lacks what a rule needs or has what it bars, shape (scenes, rules).
    """

    rule_of: np.ndarray
    refused: Bits

    def refuse(self, scene: np.ndarray, cards: np.ndarray) -> np.ndarray:
        """Whether scenes refuse cards, element by element."""
        return self.refused.have(scene, self.rule_of.take(cards))

    def list_refused(self) -> np.ndarray:
        """`refused` as bool, shape (scenes, rules and some more)."""
        return np.unpackbits(self.refused.words.view(np.uint8), axis=1, bitorder="little").astype(bool)

    def refuse_kinds(self, decks: Ragged) -> np.ndarray:
        """Whether a scene refuses all cards of a kind, bool, shape (scenes, kinds)."""
        table = self.list_refused()
        rules = (np.unique(self.rule_of[first:last]) for first, last in pairwise(decks.offsets.tolist()))
        return np.stack([table[:, some].all(axis=1) for some in rules], axis=1)


def _deal_kinds(key: int, kinds: int, start: int, count: int) -> np.ndarray:
    return deal(derive_key(key, "scene_attribute_kinds"), kinds, start, count)


def _assign_kinds(plan: Plan, places: _Places, demands: _Demands, kinds: np.ndarray) -> np.ndarray:
    """Moves kinds between scenes until those of a scene can stand together, and with its objects."""
    clash, refused = _find_kind_clashes(plan), demands.refuse_kinds(plan.pools.scene_attributes)
    every = Ragged(np.arange(len(clash)), np.array([0, len(clash)]))
    return resolve_conflicts(
        derive_key(places.key, "kinds"),
        kinds,
        Slots(places.offsets, np.zeros(len(kinds), dtype=np.int64), every),
        clash=lambda some, others: clash[some, others],
        refuse=lambda slots, kinds: refused[places.scene.take(slots), kinds],
        insist=not _may_have_fewer(plan),
        swaps=SWAPS,
    )


def _deal_cards(key: int, decks: Ragged, before: int, kinds: np.ndarray) -> np.ndarray:
    """Deals a card of its kind to each place: a place in `decks.values`, which has kind after kind."""
    # (kinds,): how often each kind was dealt before, which is how many cards of its deck are gone.
    full, rest = divmod(before, len(decks))
    gone = full + np.bincount(_deal_kinds(key, len(decks), full * len(decks), rest), minlength=len(decks))
    cards = np.empty(len(kinds), dtype=np.int64)
    for kind, size in enumerate(decks.lengths.tolist()):
        places = np.flatnonzero(kinds == kind)
        dealt = deal(derive_key(key, "scene_attributes", kind), size, int(gone[kind]), len(places))
        cards[places] = decks.offsets[kind] + dealt
    return cards


def _may_have_fewer(plan: Plan) -> bool:
    """Whether few concepts are left for a split, so that a scene has fewer where no more of them go together."""
    return plan.unseen is not None and "concept" in plan.unseen.own


def _seat_cards(
    plan: Plan, places: _Places, demands: _Demands, cards: np.ndarray, kinds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # Many scenes refuse the same rules, and so have room for the same seats.
    refused = demands.refused.words.view(np.uint8)
    examples, sorts = number_as_found(len(refused), refused.T)
    seats = _list_seats(plan)
    room = ~demands.list_refused()[examples].take(seats.rules, axis=1)
    return seat_cards(derive_key(places.key, "seats"), seats, room, sorts, places.scene, cards, kinds)


def _assign_cards(plan: Plan, places: _Places, demands: _Demands, cards: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Moves cards between places of one kind until those of a scene go together, and with its objects."""
    sort_of, clash = _sort_clashes(plan)
    sorts, clash = len(clash), clash.reshape(-1)
    every = np.arange(len(sort_of))
    return resolve_conflicts(
        places.key,
        cards,
        Slots(places.offsets, kinds, Ragged(every, plan.pools.scene_attributes.offsets), spare=every),
        clash=lambda some, others: clash.take(sort_of[some] * sorts + sort_of[others]),
        refuse=lambda slots, cards: demands.refuse(places.scene.take(slots), cards),
        insist=True,
        swaps=SWAPS,
    )


@lru_cache(maxsize=4)
def _list_seats(plan: Plan) -> Seats:
    return list_seats(plan.pools.scene_attributes, _tabulate_demands(plan)[0], *_sort_clashes(plan))


def _find_demands(plan: Plan, objects: Ragged, attributes: Ragged, relations: Ragged) -> _Demands:
    """Looks up what the block's scenes have; without constraints they refuse nothing."""
    rule_of, met, barred = _tabulate_demands(plan)
    held = Ragged(attributes.values, attributes.offsets[objects.offsets])
    words = ~met.unite(objects).words
    for table, lists in zip(barred, (objects, held, relations), strict=True):
        words |= table.unite(lists).words
    return _Demands(rule_of, Bits(words * np.uint64(plan.recipe.content.constraints == "typed")))


@lru_cache(maxsize=4)
def _tabulate_demands(plan: Plan) -> tuple[np.ndarray, Bits, tuple[Bits, Bits, Bits]]:
    """What cards need and bar: each pair of cells is a rule.

    Returns: The rule of each card, int64, shape (cards,); whether an object meets a rule's needs, shape (objects,
        rules); and whether an object, an attribute of one, or a relation is barred, shape (rows of a table, rules).
    """
    taxonomy, rows = plan.taxonomy, plan.pools.scene_attributes.values
    cells = taxonomy.scene_attributes.select(["needs", "bars"]).take(make_array(rows)).to_pylist()
    numbers: dict[tuple[str, str], int] = {}
    rule_of = np.array([numbers.setdefault((cell["needs"], cell["bars"]), len(numbers)) for cell in cells])
    needs, bars = ([cell.split("|") for cell in column] for column in zip(*numbers, strict=True))
    # What needs nothing is met by any object, and each scene has one.
    met = match_objects(taxonomy, needs) | np.array([names == [""] for names in needs])
    held, related = (
        np.stack([match_texts(table["id"], *names) | match_texts(table[column], *names) for names in bars], axis=1)
        for table, column in ((taxonomy.attributes, "kind"), (taxonomy.relations, "head"))
    )
    barred = Bits.pack(match_objects(taxonomy, bars)), Bits.pack(held), Bits.pack(related)
    return rule_of, Bits.pack(met), barred


@lru_cache(maxsize=4)
def _find_kind_clashes(plan: Plan) -> np.ndarray:
    """Which kinds exclude each other altogether, bool, shape (kinds, kinds)."""
    starts = plan.pools.scene_attributes.offsets[:-1]
    return np.logical_and.reduceat(np.logical_and.reduceat(plan.pools.scene_clash, starts), starts, axis=1)


@lru_cache(maxsize=4)
def _sort_clashes(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """The sort of each card (scene attributes that exclude the same ones), and which sorts exclude each other.

    Returns: int64, shape (cards,), and bool, shape (sorts, sorts): small enough for a processor's cache.
    """
    clash = plan.pools.scene_clash
    number: dict[bytes, int] = {}
    rows = np.packbits(clash, axis=1)
    sorts = np.array([number.setdefault(row.tobytes(), len(number)) for row in rows], dtype=np.int64)
    firsts = np.unique(sorts, return_index=True)[1]
    return sorts, clash[np.ix_(firsts, firsts)]


@lru_cache(maxsize=4)
def _rank_scene_attributes(taxonomy: Taxonomy) -> np.ndarray:
    """Where a text names each scene attribute: those of the setting first, then the light; then by kind."""
    table = taxonomy.scene_attributes
    order = {kind: rank for rank, kind in enumerate(SCENE_ATTRIBUTE_KINDS)}
    kinds = np.array([order.get(kind, len(order)) for kind in table["kind"].to_pylist()])
    roles = np.array([SCENE_ROLES.index(role) for role in table["role"].to_pylist()])
    return kinds + (len(order) + 1) * roles
