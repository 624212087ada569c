"""Pictures of several shapes (aspect buckets): which shape each is brought to, and updates of one shape each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import datasets
import numpy as np

from ....builders.foundation.counter_rng import deal, derive_key
from ...pictures import LONGEST, READERS, measure_picture

STEPS = 16
"""Steps of sides from nothing to the side of the square: at 1,024 pixels, 64 each, as other trainers have it."""


def list_shapes(resolution: int, factor: int) -> np.ndarray:
    """Heights and widths, shape (shapes, 2), none with more pixels than the square, and each as wide as these allow.

    Args:
        resolution: The side of the square.
        factor: What sides are multiples of.
    """
    step = factor * max(1, resolution // (STEPS * factor))
    sides = range(step, LONGEST * resolution, step)
    pairs = [(side, other) for side in sides if (other := resolution**2 // side // step * step)]
    shapes = {shape for pair in pairs for shape in (pair, pair[::-1]) if max(shape) <= LONGEST * min(shape)}
    return np.array(sorted(shapes))


def choose_shapes(sizes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """For each picture the shape whose ratio of sides is nearest to its own, of several the largest; (pictures, 2)."""
    shapes = shapes[np.argsort(-shapes.prod(axis=1), kind="stable")]
    wanted, there = (np.log(some[:, 0] / some[:, 1]) for some in (sizes, shapes))
    return shapes[np.abs(wanted[:, None] - there).argmin(axis=1)]


def measure_pictures(rows: datasets.Dataset) -> np.ndarray:
    """Height and width of all pictures, as a viewer shows them, shape (rows, 2), by what files begin with."""
    with ThreadPoolExecutor(READERS) as pool:
        sizes = [size for some in rows.select_columns("image").iter(64) for size in pool.map(_measure, some["image"])]
    return np.array(sizes)


def _measure(value: object) -> Sequence[int]:
    width, height = measure_picture(value)
    return height, width


def deal_shapes(shapes: np.ndarray, seed: int, updates: int, images_per_update: int) -> np.ndarray:
    """Deals rows out so that all pictures of an update have one shape, and each row is seen as often as others.

    The next update is that of the shape which has had least of its share. Rows of a shape are shuffled anew each time
    that all were seen.

    Args:
        shapes: Of each row's picture, (rows, 2).
        seed: Of the training.
        updates: How many there are.
        images_per_update: Of all processes.

    Returns: The row at each position, int64, (updates * images_per_update,).
    """
    kinds, kind_of, counts = np.unique(shapes, axis=0, return_inverse=True, return_counts=True)
    given, chosen = np.zeros(len(kinds), dtype=np.int64), np.zeros(updates, dtype=np.int64)
    for update in range(updates):
        chosen[update] = (counts * (update + 1) - given * len(shapes)).argmax()
        given[chosen[update]] += 1
    order = np.zeros((updates, images_per_update), dtype=np.int64)
    for number, shape in enumerate(kinds.tolist()):
        members = np.flatnonzero(kind_of.reshape(-1) == number)
        key = derive_key("finetune order", seed, *shape)
        dealt = deal(key, len(members), 0, int(given[number]) * images_per_update)
        order[chosen == number] = members[dealt].reshape(-1, images_per_update)
    return order.reshape(-1)
