"""Draws the scene attributes of a block: how many, of which kinds, and which of each kind."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ...arrow import match_texts
from ...errors import GasError, Problem, RecipeError
from ...taxonomy import SCENE_ATTRIBUTE_KINDS, Taxonomy
from ..foundation.counter_rng import deal, derive_key
from ..foundation.ragged import Ragged, join_codes, offsets_of
from .assignment import Slots, bound_slots, resolve_conflicts
from .plan import Plan
from .scenes import BLOCK


def draw_scene_attributes(plan: Plan, key: int, start: int, block: int, wanted: tuple[int, int]) -> Ragged:
    """Deals how many attributes each scene has, then their kinds, then for each kind its concepts."""
    low, high = plan.recipe.content.scene_attributes.count
    decks, choices = plan.pools.scene_attributes, high - low + 1
    count_key, kind_key = derive_key(key, "scene_attribute_counts"), derive_key(key, "scene_attribute_kinds")
    counts = low + deal(count_key, choices, start, BLOCK)
    offsets = offsets_of(counts)
    if not offsets[-1]:
        return Ragged(np.zeros(0, dtype=np.int64), offsets)
    # `before` is how many attributes the earlier scenes have: a full deck of counts low, ..., high sums up to
    # (low + high) * choices / 2, and the one that is not full is dealt again.
    full, rest = divmod(start, choices)
    before = full * (low + high) * choices // 2 + int((low + deal(count_key, choices, full * choices, rest)).sum())
    kinds = deal(kind_key, len(decks), before, int(offsets[-1]))
    # (kinds,): how often each kind came up before, which is how many cards of its deck are gone.
    full, rest = divmod(before, len(decks))
    dealt = full + np.isin(np.arange(len(decks)), deal(kind_key, len(decks), full * len(decks), rest))
    # Cards are places in `decks.values`: kind after kind, as its offsets have them.
    cards = np.empty(len(kinds), dtype=np.int64)
    for kind in range(len(decks)):
        slots = np.flatnonzero(kinds == kind)
        deck_key, size = derive_key(key, "scene_attributes", kind), len(decks[kind])
        cards[slots] = decks.offsets[kind] + deal(deck_key, size, int(dealt[kind]), len(slots))
    sort_of, clash = _sort_clashes(plan)
    sorts, clash = len(clash), clash.reshape(-1)
    # Any card may stand in any slot: there is one class.
    every = Ragged(np.arange(len(sort_of)), np.array([0, len(sort_of)]))
    try:
        cards = resolve_conflicts(
            derive_key(key, "scene", block),
            cards,
            Slots(offsets, np.zeros(len(cards), dtype=np.int64), every),
            clash=lambda some, others: clash.take(sort_of[some] * sorts + sort_of[others]),
            wanted=bound_slots(offsets, wanted),
        )
    except GasError as error:
        message = f"{high} scene attributes do not go together among the {len(decks)} kinds that are left"
        hint = "lower the count or allow more kinds"
        raise RecipeError([Problem(message, key="content.scene_attributes.count", hint=hint)]) from error
    values, scene = decks.values[cards], np.repeat(np.arange(BLOCK), counts)
    codes = join_codes(scene, _rank_scene_attributes(plan.taxonomy).take(values), values)
    order = np.argsort(codes, kind="stable")  # which is fast where much is in order already
    return Ragged(values[order], offsets)


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
    """Where a text names each scene attribute: those of the setting first, then by kind."""
    table = taxonomy.scene_attributes
    order = {kind: rank for rank, kind in enumerate(SCENE_ATTRIBUTE_KINDS)}
    kinds = np.array([order.get(kind, len(order)) for kind in table["kind"].to_pylist()])
    return kinds + (len(order) + 1) * match_texts(table["role"], "picture")
