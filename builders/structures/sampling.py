"""Which structure each scene gets: every structure of a cell once before any twice, known for any scene alone.

A cell holds the structures with the same numbers of objects, attributes and relations. The stratified sequence of
`decks` gives each scene a cell, in the proportions that the recipe's distribution asks for; a deck of the cell's
structures gives the structure. How many scenes of each cell came before a scene is known without visiting them, and
with it the position in every deck of content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..foundation.counter_rng import BITS, count_below, deal_each, derive_key, stratify
from ..foundation.ragged import Ragged, number_rows, offsets_of, order_small
from .enumeration import StructureTable
from .levels import Levels


@dataclass(frozen=True)
class StructurePlan:
    """Cells of structures and their shares.

    Attributes:
        table: All structures.
        cells: Rows of `table` in each cell.
        bounds: Ends of the cells' shares of [0, 2**BITS), int64, shape (cells + 1,).
        levels: Levels of difficulty, where scenes are shared out to these first.
    """

    table: StructureTable
    cells: Ragged
    bounds: np.ndarray
    levels: Levels | None = None

    def measure_cells(self, counts: np.ndarray) -> np.ndarray:
        """One number a cell of what all its structures have in common, for instance `table.objects`."""
        return counts[self.cells.values[self.cells.offsets[:-1]]]


def plan_structures(
    table: StructureTable, distribution: Literal["objects_first", "uniform"], rows: np.ndarray | None = None
) -> StructurePlan:
    """Groups structures, all or those in `rows`, into cells and gives each its share.

    `objects_first`: complexity uniform, then the number of objects uniform among those that are possible, then the
    structure uniform. `uniform`: every structure alike.
    """
    rows = np.arange(len(table)) if rows is None else rows
    complexity, objects, relations = (column[rows] for column in (table.complexity, table.objects, table.relations))
    examples, cell_of = number_rows(complexity, objects, relations)
    sizes = np.bincount(cell_of)
    order = rows[np.argsort(cell_of, kind="stable")].astype(np.int32)
    if distribution == "uniform":
        shares = sizes / len(rows)
    else:
        complexity = complexity[examples]
        pairs, pair_of = number_rows(complexity, objects[examples])
        within_pair = sizes / np.bincount(pair_of, weights=sizes)[pair_of]
        complexities, complexity_of, choices = np.unique(complexity[pairs], return_inverse=True, return_counts=True)
        shares = within_pair / choices[complexity_of][pair_of] / len(complexities)
    bounds = np.rint(np.concatenate([[0.0], np.cumsum(shares)]) * 2.0**BITS).astype(np.int64)
    bounds[-1] = 1 << BITS
    return StructurePlan(table, Ragged(order, offsets_of(sizes)), bounds)


def count_cells(plan: StructurePlan, seed_key: int, scenes: int) -> np.ndarray:
    """How many of the first `scenes` scenes fall into each cell, int64, shape (cells,)."""
    if plan.levels is not None:
        return plan.levels.count_cells(seed_key, scenes)
    return np.diff(count_below(derive_key(seed_key, "structure"), scenes, plan.bounds))


def sample_structures(plan: StructurePlan, seed_key: int, start: int, count: int) -> np.ndarray:
    """Rows of `plan.table` for the scenes from `start` on, int64, shape (count,)."""
    if plan.levels is not None:
        cell_of = plan.levels.sample_cells(seed_key, start, count)
    else:
        points = stratify(derive_key(seed_key, "structure"), start, count)
        cell_of = np.searchsorted(plan.bounds, points, side="right") - 1
    counts = np.bincount(cell_of, minlength=len(plan.cells))
    cells = np.flatnonzero(counts)
    counts, keys = counts[cells], [derive_key(seed_key, "cell", cell) for cell in cells.tolist()]
    cards = deal_each(keys, plan.cells.lengths[cells], count_cells(plan, seed_key, start)[cells], counts)
    drawn = np.empty(count, dtype=np.int64)
    drawn[order_small(cell_of)] = plan.cells.values[np.repeat(plan.cells.offsets[cells], counts) + cards]
    return drawn
