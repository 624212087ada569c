"""Nodes of the taxonomy, each with all scenes in which something lies under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrow import find_rows, make_texts
from ...taxonomy.loader import Taxonomy, load_all_shipped
from .arrays import Evaluations
from .scene_facts import read_objects

FEWEST = 20
"""Nodes of fewer scenes are not listed."""
MOST_NODES = 1000
"""Of more nodes, those of the most scenes are listed."""
PEOPLE: Mapping[str, Sequence[str]] = {
    "gender": ("female.n.02", "male.n.02"),
    "ethnicity": (
        "african.n.01", "amerindian.n.01", "asian.n.01", "black.n.05", "european.n.01", "latin_american.n.01",
        "white.n.01",
    ),
}  # fmt: skip
"""The nodes that part people, as WordNet has them; most scenes have none of them, since pictures do not show it."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Which node is in which scene: pairs, sorted by node and scene.

    Attributes:
        taxonomy: The concepts.
        scene: The number of the scene of each pair.
        node: The row of its node in the taxonomy's objects.
    """

    taxonomy: Taxonomy
    scene: np.ndarray
    node: np.ndarray

    def list_large(self) -> np.ndarray:
        """The nodes to list, parents before children: not those that have the scenes of one child alone."""
        nodes, counts = np.unique(self.node, return_counts=True)
        count = np.zeros(self.taxonomy.objects.num_rows + 1, dtype=np.int64)
        count[nodes] = counts
        parents = self.taxonomy.parent_index
        is_alike = np.zeros(len(count), dtype=bool)
        is_alike[parents[nodes][count[parents[nodes]] == counts]] = True
        kept = nodes[(counts >= FEWEST) & ~is_alike[nodes]]
        kept = kept[np.argsort(-count[kept], kind="stable")[:MOST_NODES]]
        return np.array(sorted(kept.tolist(), key=self._find_path), dtype=np.int64)

    def find(self, concepts: Sequence[str]) -> np.ndarray:
        """The nodes of these concepts that are in any scene."""
        rows = find_rows(make_texts(concepts), self.taxonomy.objects["id"])
        return rows[np.isin(rows, self.node)].astype(np.int64)

    def take(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Scenes and places of chosen nodes, and what there is to say of each."""
        place = np.full(self.taxonomy.objects.num_rows, -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        group = place[self.node]
        kept = group >= 0
        return self.scene[kept], group[kept], self._describe(chosen, place)

    def _find_path(self, row: int) -> list[int]:
        path = [row]
        while (row := int(self.taxonomy.parent_index[row])) >= 0:
            path.append(row)
        return path[::-1]

    def _describe(self, chosen: np.ndarray, place: np.ndarray) -> list[dict[str, Any]]:
        """Name and id of each, and the nearest of the chosen ones above it."""
        ids, names = self.taxonomy.objects["id"], self.taxonomy.objects["name"]
        details: list[dict[str, Any]] = []
        for row in chosen.tolist():
            above = [one for one in self._find_path(row)[:-1] if place[one] >= 0]
            details.append(
                {
                    "name": names[row].as_py(),
                    "concept": ids[row].as_py(),
                    "parent": ids[above[-1]].as_py() if above else None,
                    "depth": len(above),
                }
            )
        return details


def find_nodes(found: Evaluations) -> Nodes:
    """Finds all nodes that something in a scene lies under; of shipped concepts alone."""
    taxonomy = load_all_shipped()
    pairs = [np.zeros(0, dtype=np.int64)]
    for sample in found.samples:
        objects = read_objects(sample.run.scenes)
        if objects is None or not objects.concepts.names:
            continue
        rows = find_rows(make_texts(objects.concepts.names), taxonomy.objects["id"]).astype(np.int64)
        row = np.append(rows, -1)[objects.concepts.codes]
        kept = row >= 0
        pairs.append(row[kept] * found.scenes + sample.rows[objects.row[kept]])
    level = _sort_unique(np.concatenate(pairs))
    levels = [level]
    while len(level):
        parent = taxonomy.parent_index[level // found.scenes].astype(np.int64)
        level = _sort_unique(parent[parent >= 0] * found.scenes + (level % found.scenes)[parent >= 0])
        levels.append(level)
    keys = _sort_unique(np.concatenate(levels))
    return Nodes(taxonomy, keys % max(1, found.scenes), keys // max(1, found.scenes))


def _sort_unique(numbers: np.ndarray) -> np.ndarray:
    """Each number once, sorted; of millions, sooner than `np.unique` by its hashes."""
    numbers = np.sort(numbers)
    return numbers[np.diff(numbers, prepend=-1) > 0]
