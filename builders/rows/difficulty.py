"""The column `difficulty`: one number a row, by which a curriculum is a sort.

Its whole part is the level, from 1, and the rest says where in the level the scene is: 2.5 is in the middle of level
2. What is counted is the score

    objects + attributes + 2 x relations + c,    c = 1 - 1 / (1 + rarity + more)

Relations count twice, since models get them wrong most. `rarity` is the mean over the scene's objects: 0 for one that
is said as often as `COMMON` on the Zipf scale, or more often, and 1 for one of which that is not known. `more` is how
many things there are beyond one an object. `c` is below 1: what has more in its structure is always more difficult.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...arrow import make_array, view_numbers
from ...taxonomy import Taxonomy
from ..content.scenes import Scenes
from ..structures.enumeration import StructureTable
from ..structures.levels import Levels

COMMON = 5.0
DIGITS = 1000
"""Places in a level that are told apart."""


def measure_difficulty(taxonomy: Taxonomy, table: StructureTable, levels: Levels, scenes: Scenes) -> np.ndarray:
    """The difficulty of each scene, float64, shape (scenes,)."""
    scores = table.score[scenes.structures] + _measure_content(taxonomy, scenes)
    level = np.searchsorted(levels.starts, scores, side="right") - 1
    low, high = levels.starts[level], levels.starts[level + 1]
    # Cut and not rounded, so that the whole part stays.
    return level + 1 + np.floor((scores - low) / (high - low) * DIGITS) / DIGITS


def write_difficulty(taxonomy: Taxonomy, table: StructureTable, levels: Levels, scenes: Scenes) -> pa.Array:
    return make_array(measure_difficulty(taxonomy, table, levels, scenes))


def _measure_content(taxonomy: Taxonomy, scenes: Scenes) -> np.ndarray:
    frequency = view_numbers(taxonomy.objects["frequency"], np.float32).astype(np.float64)
    rarity = 1 - np.clip(frequency / COMMON, 0, 1)
    owners, lengths = scenes.objects.owners, scenes.objects.lengths
    mean = np.bincount(owners, rarity[scenes.objects.values], minlength=len(scenes)) / lengths
    more = np.bincount(owners, scenes.copies - 1, minlength=len(scenes))
    return 1 - 1 / (1 + mean + more)
