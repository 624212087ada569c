"""Typical scenes, one a structure, which tell how long captions of a structure are in the mean.

Their concepts are quantiles by length of those that are dealt, in the order of a van der Corput sequence: the median,
the quarters, the eighths. So a few of them are as long as a few that are dealt. Types are not heeded: nobody sees
these scenes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ...arrow import make_array
from ..content.filters import list_all_fixed
from ..content.plan import Plan
from ..content.scene_attributes import order_scene_attributes
from ..content.scenes import Scenes
from ..foundation.ragged import Ragged, offsets_of

Measure = Callable[[pa.StringArray], np.ndarray]
"""How long each text is, int64."""
MOST = 63
"""Concepts of a table that are taken, at most."""
COLUMNS = {"objects": "name", "attributes": "adjective", "relations": "predicate", "scene_attributes": "phrase"}
"""What captions say of the concepts of each table."""


@dataclass(frozen=True)
class Typical:
    """Concepts, rows of the taxonomy's tables, of which any first few have the usual mean of lengths.

    Attributes:
        objects, attributes, relations: Of all that are dealt.
        scene_attributes: One of each kind that is dealt.
        fixed: One of each kind that every scene has.
        seeds: For each of the first three, one for each coloured element of the seed graph.
    """

    objects: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    scene_attributes: np.ndarray
    fixed: np.ndarray
    seeds: dict[str, np.ndarray]


def find_typical(plan: Plan, measure: Measure) -> Typical:
    """Finds concepts of the usual lengths among those of a plan."""

    def rank(table: str, cards: np.ndarray) -> np.ndarray:
        """Rows of a deck, each once, in the order of the sequence."""
        names = getattr(plan.taxonomy, table)[COLUMNS[table]].combine_chunks()
        by_length = cards[np.argsort(measure(names.take(make_array(cards))), kind="stable")]
        found = by_length[(_spread(MOST) * len(cards)).astype(np.int64)] if len(cards) else cards
        return found[np.sort(np.unique(found, return_index=True)[1])]

    pools, seed = plan.pools, plan.pools.seed
    kinds = [rank("scene_attributes", cards)[:1] for cards in pools.scene_attributes.lists() if len(cards)]
    fixed = list_all_fixed(plan.recipe, plan.taxonomy)
    decks = {
        "objects": seed.objects,
        "attributes": [deck.rows for deck in seed.attributes],
        "relations": [deck.rows for deck in seed.relations],
    }
    return Typical(
        objects=rank("objects", pools.objects),
        attributes=rank("attributes", pools.attributes.rows),
        relations=rank("relations", pools.relations.rows),
        scene_attributes=rank("scene_attributes", np.concatenate([np.zeros(0, dtype=np.int64), *kinds])),
        fixed=np.array([rank("scene_attributes", rows)[0] for rows in fixed.values()], dtype=np.int64),
        seeds={
            table: np.array([rank(table, rows)[0] for rows in some], dtype=np.int64) for table, some in decks.items()
        },
    )


def make_typical_scenes(plan: Plan, typical: Typical, structures: np.ndarray, counts: np.ndarray) -> Scenes:
    """Makes a scene of each structure, with so many scene attributes besides those that every scene has.

    Args:
        plan: The plan.
        typical: Its concepts of the usual lengths.
        structures: Rows of the structure table.
        counts: Scene attributes of each scene; not above 0 where there are none.
    """
    table = plan.structures.table
    objects = offsets_of(table.objects[structures])
    on_objects = table.attribute_counts.take(structures)
    attributes = offsets_of(on_objects.values)
    subjects, targets = table.subjects.take(structures), table.targets.take(structures)
    fixed, every = typical.fixed, np.arange(len(structures))
    of_scenes = Ragged(np.zeros(int(counts.sum()), dtype=np.int64), offsets_of(counts))
    scenes = np.concatenate([np.repeat(every, len(fixed)), of_scenes.owners])
    rows = np.concatenate([np.tile(fixed, len(every)), _repeat(typical.scene_attributes, of_scenes)])
    return Scenes(
        0,
        structures,
        _put_seeds(
            _repeat(typical.objects, Ragged(np.zeros(objects[-1]), objects)),
            objects,
            objects[:-1],
            table.seed_objects[structures],
            typical.seeds["objects"],
        ),
        _put_seeds(
            _repeat(typical.attributes, Ragged(np.zeros(attributes[-1]), attributes[objects])),
            attributes,
            attributes[objects[:-1]],
            table.seed_attributes[structures],
            typical.seeds["attributes"],
        ),
        _put_seeds(
            _repeat(typical.relations, subjects),
            subjects.offsets,
            subjects.offsets[:-1],
            table.seed_relations[structures],
            typical.seeds["relations"],
        ),
        subjects,
        targets,
        order_scene_attributes(plan.taxonomy, scenes, rows, offsets_of(counts + len(fixed))),
        np.ones(objects[-1], dtype=np.int64),
    )


def _spread(count: int) -> np.ndarray:
    """The first numbers of the van der Corput sequence after 0, shape (count,), each an odd part of a power of two."""
    return np.array([int(f"{number:b}"[::-1], 2) / 2 ** number.bit_length() for number in range(1, count + 1)])


def _repeat(rows: np.ndarray, lists: Ragged) -> np.ndarray:
    """For the place of each value in its list one of some rows, the first for the first; again from there on."""
    # Where nothing is dealt, a seed graph gives all that there is.
    return rows[lists.places % len(rows)] if len(rows) else np.zeros(len(lists.places), dtype=np.int64)


def _put_seeds(
    values: np.ndarray, offsets: np.ndarray, begins: np.ndarray, places: np.ndarray, seeds: np.ndarray
) -> Ragged:
    """Lists of values with those of a seed graph in their places, which count from where each scene begins."""
    values[begins[:, None] + places] = seeds
    return Ragged(values, offsets)
