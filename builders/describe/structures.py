"""The column `structure` of graphs of any size, which are in no table: counts, and a text that tells structures apart.

A structure that is like another has the same text. The other way around that is nearly always so: it is a hash of what
a few rounds of colour refinement (Weisfeiler and Leman) tell of the graph, which leaves very regular graphs alike.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...arrow import make_array, make_texts
from ..content.scenes import Scenes
from ..foundation.counter_rng import hash_numbers
from ..rows.schema import STRUCTURE

ROUNDS = 4


def write_structures(scenes: Scenes) -> tuple[pa.StructArray, np.ndarray, np.ndarray]:
    """Describes the structures of scenes.

    Returns:
        The column, the complexity of each scene, and the number that its text is made of.
    """
    objects, relations = scenes.objects.lengths, scenes.relations.lengths
    attributes = np.diff(scenes.attributes.offsets[scenes.objects.offsets])
    complexity = objects + attributes + relations
    codes = _refine(scenes)
    topologies = make_texts(f"wl:{code:016x}" for code in codes.tolist())
    counts = (objects, attributes, relations, complexity, count_components(scenes))
    degree = (2 * relations / objects).astype(np.float32)
    columns = [*(make_array(one.astype(np.int32)) for one in counts), make_array(degree), topologies]
    return pa.StructArray.from_arrays(columns, names=STRUCTURE.names), complexity, codes


def _list_ends(scenes: Scenes) -> tuple[np.ndarray, np.ndarray]:
    shift = scenes.objects.offsets[scenes.relations.owners]
    return scenes.subjects.values + shift, scenes.targets.values + shift


def _refine(scenes: Scenes) -> np.ndarray:
    """A number for each structure, uint64: sums of colours that objects get from their neighbours."""
    starts, ends = _list_ends(scenes)
    color = hash_numbers(1, scenes.attributes.lengths)
    for turn in range(ROUNDS):
        out, into = np.zeros((2, len(color)), dtype=np.uint64)
        np.add.at(out, starts, hash_numbers(2 + turn, color[ends].view(np.int64)))
        np.add.at(into, ends, hash_numbers(102 + turn, color[starts].view(np.int64)))
        color = hash_numbers(
            202 + turn, (color * np.uint64(3) + out * np.uint64(5) + into * np.uint64(7)).view(np.int64)
        )
    whole = np.zeros(len(scenes), dtype=np.uint64)
    np.add.at(whole, scenes.objects.owners, color)
    return hash_numbers(302, whole.view(np.int64))


def count_components(scenes: Scenes) -> np.ndarray:
    """How many connected parts each scene has, int64."""
    starts, ends = _list_ends(scenes)
    label = np.arange(len(scenes.objects.values))
    while True:
        # Each end takes the smaller label of the two, and then that of whatever has its label.
        before = label
        low = np.minimum(label[starts], label[ends])
        label = label.copy()
        np.minimum.at(label, starts, low)
        np.minimum.at(label, ends, low)
        np.minimum.at(label, before[starts], low)
        np.minimum.at(label, before[ends], low)
        label = label[label]
        if (label == before).all():
            break
    roots = label == np.arange(len(label))
    return np.bincount(scenes.objects.owners[roots], minlength=len(scenes))
