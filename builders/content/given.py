"""Scenes that are somebody's own: what their objects show besides themselves, which no table of ours says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..foundation.ragged import Ragged, expand_ranges, offsets_of
from .scenes import Scenes


@dataclass(frozen=True, eq=False)
class Given:
    """What words show that nobody reviewed: "guys in hats" shows whatever a guy is, and a hat.

    Attributes:
        objects, attributes, relations: For each row of the taxonomy's table, rows of the objects that it shows.
    """

    objects: Ragged
    attributes: Ragged
    relations: Ragged

    def list_shown(self, scenes: Scenes) -> Ragged:
        """Rows of the objects that the words of each scene show, besides those that it has."""
        of_objects = scenes.objects.owners
        parts = [
            (self.objects, scenes.objects.values, of_objects),
            (self.attributes, scenes.attributes.values, of_objects[scenes.attributes.owners]),
            (self.relations, scenes.relations.values, scenes.relations.owners),
        ]
        rows, owners = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for shown, concepts, scene in parts:
            lengths = shown.lengths[concepts]
            some = np.flatnonzero(lengths)
            rows.append(shown.values[expand_ranges(shown.offsets[concepts[some]], lengths[some])])
            owners.append(np.repeat(scene[some], lengths[some]))
        every, of = np.concatenate(rows), np.concatenate(owners)
        order = np.argsort(of, kind="stable")
        return Ragged(every[order], offsets_of(np.bincount(of, minlength=len(scenes))))


def join_lists(some: Ragged, others: Ragged) -> Ragged:
    """Each list with another one after it."""
    values = np.concatenate([some.values, others.values])
    order = np.argsort(np.concatenate([some.owners, others.owners]), kind="stable")
    return Ragged(values[order], offsets_of(some.lengths + others.lengths))
