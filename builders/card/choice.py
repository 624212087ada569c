"""Which scenes the card draws: those that are seen at a glance, of several sizes, with little in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa

from ..drawing.scenes import measure_tile

Row = dict[str, Any]
CANDIDATES, MEASURED = 256, 60
"""Rows among which scenes are chosen, and how many of them are laid out, which takes a millisecond each."""
MOST_OBJECTS, LEAST_SCALE, HIGHEST = 6, 0.8, 420.0
"""What a scene on a tile may have: objects, how much smaller than it is drawn, height in pixels."""
DRAWN = ["id", "caption", "mentions", "scene_graph", "scene_attributes", "structure"]


def choose_scenes(batch: pa.RecordBatch, count: int) -> tuple[Row, ...]:
    """Chooses rows of low, middle and high complexity, with relations and attributes where there are such.

    Args:
        batch: The first rows of a split.
        count: How many to choose; fewer if there are not so many.

    Returns:
        The rows with all their columns, the simplest first.
    """
    rows = list(enumerate(batch.slice(0, CANDIDATES).select(DRAWN).to_pylist()))
    for wanted in (_has_few_objects, _has_everything):
        rows = _keep(rows, wanted, count)
    rows = _keep(rows[:MEASURED], _fits, count)
    rows.sort(key=lambda pair: pair[1]["structure"]["complexity"])
    chosen, seen = list[int](), set[str]()
    for part in range(min(count, len(rows))):
        some = rows[part * len(rows) // count : max((part + 1) * len(rows) // count, part * len(rows) // count + 1)]
        # From the middle of the part outwards, so that the middle is taken where several are as good.
        outwards = [one for _, one in sorted(enumerate(some), key=partial(_measure_distance, middle=len(some) // 2))]
        place, row = min(outwards, key=lambda pair: len(seen & _list_words(pair[1])) + _count_loose(pair[1]))
        chosen.append(place)
        seen |= _list_words(row)
    return tuple(batch.slice(place, 1).to_pylist()[0] for place in dict.fromkeys(chosen))


def _measure_distance(pair: tuple[int, tuple[int, Row]], middle: int) -> int:
    return abs(pair[0] - middle)


def _keep(rows: list[tuple[int, Row]], wanted: Callable[[Row], bool], count: int) -> list[tuple[int, Row]]:
    """Rows that are wanted, or all if those are too few."""
    some = [pair for pair in rows if wanted(pair[1])]
    return some if len(some) >= count else rows


def _has_few_objects(row: Row) -> bool:
    return row["structure"]["objects"] <= MOST_OBJECTS


def _has_everything(row: Row) -> bool:
    return bool(row["structure"]["relations"] and row["structure"]["attributes"])


def _fits(row: Row) -> bool:
    scale, height = measure_tile(row)
    return scale >= LEAST_SCALE and height <= HIGHEST


def _count_loose(row: Row) -> int:
    """How many objects have no relation."""
    graph = row["scene_graph"]
    joined = {one[end] for one in graph["relations"] for end in ("subject", "object")}
    return len(graph["objects"]) - len(joined)


def _list_words(row: Row) -> set[str]:
    """What a scene is about: concepts, values and predicates."""
    graph = row["scene_graph"]
    return {
        *(item["concept"] for item in graph["objects"]),
        *(one["value"] for item in graph["objects"] for one in item["attributes"]),
        *(one["predicate"] for one in graph["relations"]),
        *(one["kind"] for one in row["scene_attributes"]),
    }
