"""Scenes of a block in columns of numbers, and how a split is cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..foundation.ragged import Ragged

BLOCK = 8192
"""Scenes in a block. Part of the data version: another size deals other scenes."""

IDS_PER_SCENE = 4096
"""Upper bound on the elements of one sort in a scene; ids are scene * IDS_PER_SCENE + i."""


@dataclass(frozen=True)
class Scenes:
    """A run of scenes, one array a property. Concepts are rows of the taxonomy's tables.

    Attributes:
        start: Index of the first scene in its split.
        structures: Row of the structure table for each scene.
        objects: Concepts of each scene's objects.
        attributes: Concepts of each object's attributes (one list an object), in the order in which English puts them.
        relations: Concepts of each scene's relations, in the order of the structure's edges.
        subjects, targets: Object numbers of the relations' ends.
        scene_attributes: Concepts of each scene's attributes, those of the setting first.
        copies: How many alike things each object stands for, int64, shape (objects,).
    """

    start: int
    structures: np.ndarray
    objects: Ragged
    attributes: Ragged
    relations: Ragged
    subjects: Ragged
    targets: Ragged
    scene_attributes: Ragged
    copies: np.ndarray

    def __len__(self) -> int:
        return len(self.structures)

    def identify(self, scene_of: np.ndarray) -> np.ndarray:
        """Numbers for things in scenes (`scene_of`, ascending) that are the same whichever scenes are beside them."""
        counts = np.bincount(scene_of, minlength=len(self))
        within = np.arange(len(scene_of)) - np.repeat(np.cumsum(counts) - counts, counts)
        return (self.start + scene_of) * IDS_PER_SCENE + within

    def cut(self, first: int, last: int) -> Scenes:
        """The scenes from `first` to before `last`, counted within this run."""
        objects = _cut(self.objects, first, last)
        begin, end = self.objects.offsets[first], self.objects.offsets[last]
        return Scenes(
            self.start + first,
            self.structures[first:last],
            objects,
            _cut(self.attributes, begin, end),
            _cut(self.relations, first, last),
            _cut(self.subjects, first, last),
            _cut(self.targets, first, last),
            _cut(self.scene_attributes, first, last),
            self.copies[begin:end],
        )

    def take(self, rows: np.ndarray) -> Scenes:
        """Some of the scenes, which need not lie side by side."""
        members = Ragged(np.arange(self.objects.offsets[-1]), self.objects.offsets).take(rows).values
        return Scenes(
            start=self.start,
            structures=self.structures[rows],
            objects=self.objects.take(rows),
            attributes=self.attributes.take(members),
            relations=self.relations.take(rows),
            subjects=self.subjects.take(rows),
            targets=self.targets.take(rows),
            scene_attributes=self.scene_attributes.take(rows),
            copies=self.copies[members],
        )

    def replace(self, rows: np.ndarray, others: Scenes) -> Scenes:
        """The scenes with others in the place of some of them."""
        order = np.arange(len(self))
        order[rows] = len(self) + np.arange(len(rows))
        joined = Scenes(
            start=self.start,
            structures=np.concatenate([self.structures, others.structures]),
            objects=self.objects.join(others.objects),
            attributes=self.attributes.join(others.attributes),
            relations=self.relations.join(others.relations),
            subjects=self.subjects.join(others.subjects),
            targets=self.targets.join(others.targets),
            scene_attributes=self.scene_attributes.join(others.scene_attributes),
            copies=np.concatenate([self.copies, others.copies]),
        )
        return joined.take(order)


def _cut(ragged: Ragged, first: int, last: int) -> Ragged:
    offsets = ragged.offsets[first : last + 1]
    return Ragged(ragged.values[offsets[0] : offsets[-1]], offsets - offsets[0])


def list_blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yields (block, rows of it) for rows `first` to before `last`."""
    for start in range(first, last, BLOCK):
        yield start // BLOCK, min(BLOCK, last - start)
