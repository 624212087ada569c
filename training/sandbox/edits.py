"""Both pictures of an edit: a scene and what it should become, alike in all that the edit leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from ...errors import GasError
from .pictures import COLORS, TOKENS, draw_tokens, encode_shape, list_places, read_object


def encode_edit(before: Mapping[str, Any], after: Mapping[str, Any], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Turns the two scene graphs of a minimal pair into tokens: int64, shape (9,) each.

    What the graphs leave open is drawn by `seed`, once for both: colors, and cells. What is said to stand elsewhere
    moves, and as little else as can be.

    Raises:
        GasError: The sandbox cannot draw one of the scenes, or they have other numbers of objects.
    """
    random = np.random.default_rng(seed)
    one, other = ([read_object(item) for item in graph["objects"]] for graph in (before, after))
    if len(one) != len(other):
        raise GasError("the two scenes of an edit have the same objects, place by place; these have not")
    named = {color for _, color, _ in (*one, *other)}
    free = [color for color in COLORS if color not in named] or list(COLORS)
    drawn = [free[random.integers(len(free))] for _ in one]
    first, second = _choose_cells(before, after, random)
    return _place(one, drawn, first), _place(other, drawn, second)


def _choose_cells(
    before: Mapping[str, Any], after: Mapping[str, Any], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The cells of all objects before and after, of the pairs of ways in which the least is moved."""
    ways, further = (_list_ways(graph) for graph in (before, after))
    pairs = zip(before["relations"], after["relations"], strict=True)
    subjects = [other["subject"] for one, other in pairs if one != other]
    if not subjects:
        way = ways[random.integers(len(ways))]
        return way, way
    # Moving anything else costs more than moving all that a relation is said of.
    objects = ways.shape[1]
    prices = np.full(objects, objects + 1)
    prices[subjects] = 1
    costs = sum(price * (ways[:, None, i] != further[None, :, i]) for i, price in enumerate(prices))
    starts, ends = np.nonzero(costs == costs.min())
    chosen = random.integers(len(starts))
    return ways[starts[chosen]], further[ends[chosen]]


def _list_ways(graph: Mapping[str, Any]) -> np.ndarray:
    relations = tuple((r["subject"], r["predicate"], r["object"]) for r in graph["relations"])
    ways = list_places(len(graph["objects"]), relations)
    if not len(ways):
        raise GasError("the relations of the scene contradict each other, so no picture shows it")
    return ways


def _place(things: list[tuple[str, str, str]], drawn: list[str], cells: np.ndarray) -> np.ndarray:
    tokens = np.zeros(TOKENS, dtype=np.int64)
    for cell, (shape, color, size), other in zip(cells, things, drawn, strict=True):
        tokens[cell] = encode_shape(shape, color or other, size)
    return tokens


def draw_edit(before: Mapping[str, Any], after: Mapping[str, Any], seed: int) -> tuple[Image.Image, Image.Image]:
    """Draws both pictures of an edit; see `encode_edit`."""
    one, other = (draw_tokens(tokens.tolist()) for tokens in encode_edit(before, after, seed))
    return one, other
