"""Graphs as columns: first of numbers of words, then of rows of a taxonomy, as the engine has its scenes.

The first step looks at each graph in Python; what follows works on whole arrays. So a file is read once: numbers of
words are kept, and become concepts when all words are known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from ...taxonomy.schema import SCENE_ROLES
from ..content.scenes import Scenes
from ..foundation.ragged import Ragged, join_codes, number_rows, offsets_of
from .scene_graph import SceneGraph
from .spelling import join_colors

SORTS = ("objects", "attributes", "relations", "scene_attributes")
Key = tuple[str, str]


@dataclass
class Vocabulary:
    """Every distinct word of some graphs, numbered as it was found.

    Attributes:
        objects: Pairs of a name and the concept that the graph tells for it.
        attributes, scene_attributes: Pairs of a kind, if it is told, and a value.
        relations: Pairs of a predicate and a category, if it is told.
    """

    objects: dict[Key, int] = field(default_factory=dict)
    attributes: dict[Key, int] = field(default_factory=dict)
    relations: dict[Key, int] = field(default_factory=dict)
    scene_attributes: dict[Key, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Encoded:
    """Some graphs, whose words are numbers of a vocabulary; one list a graph, but for attributes, one an object.

    Attributes:
        ids: What each graph is called.
        copies: How many things each object stands for.
        subjects, targets: Numbers of the relations' ends in their graphs, -1 for an object that is not there.
    """

    ids: list[str]
    objects: Ragged
    copies: np.ndarray
    attributes: Ragged
    relations: Ragged
    subjects: np.ndarray
    targets: np.ndarray
    scene_attributes: Ragged

    def __len__(self) -> int:
        return len(self.ids)


def encode_graphs(graphs: Sequence[SceneGraph], vocabulary: Vocabulary) -> Encoded:
    """Numbers the words of graphs; words that are new are added to the vocabulary."""
    objects = list(chain.from_iterable(zip(graph.names, graph.concepts, strict=True) for graph in graphs))
    held = [some if len(some) < 2 else join_colors(some) for graph in graphs for some in graph.attributes]
    attributes = list(chain.from_iterable(held))
    relations = list(chain.from_iterable(graph.relations for graph in graphs))
    scene_attributes = list(chain.from_iterable(graph.scene_attributes for graph in graphs))
    subjects, predicates, categories, targets = zip(*relations, strict=True) if relations else ((), (), (), ())
    return Encoded(
        [graph.id for graph in graphs],
        Ragged(_number(vocabulary.objects, objects), _measure(len(graph.names) for graph in graphs)),
        np.array(
            list(chain.from_iterable(graph.counts or [1] * len(graph.names) for graph in graphs)), dtype=np.int64
        ),
        Ragged(
            _number(vocabulary.attributes, attributes),
            _measure(map(len, held)),
        ),
        Ragged(
            _number(vocabulary.relations, list(zip(predicates, categories, strict=True))),
            _measure(len(graph.relations) for graph in graphs),
        ),
        np.array(subjects, dtype=np.int64),
        np.array(targets, dtype=np.int64),
        Ragged(
            _number(vocabulary.scene_attributes, scene_attributes),
            _measure(len(graph.scene_attributes) for graph in graphs),
        ),
    )


def _number(known: dict[Key, int], keys: list[Key]) -> np.ndarray:
    for key in dict.fromkeys(keys):
        known.setdefault(key, len(known))
    return np.fromiter(map(known.__getitem__, keys), dtype=np.int32, count=len(keys))


def _measure(lengths: object) -> np.ndarray:
    return offsets_of(np.fromiter(lengths, dtype=np.int64))  # type: ignore[call-overload]


# --- concepts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Named:
    """What the words of a vocabulary mean, as rows of a taxonomy; -1 for what is left out.

    Attributes:
        objects: Row of each, int64, shape (words,).
        copies: How many things each says that there are (two men), int64.
        attributes, scene_attributes: Row of each.
        relations: Rows that each may be, the surest first, -1 after the last, shape (words, most).
        order: The place of each attribute of the taxonomy before the noun; those that stand after it come last.
        subject_kinds, object_kinds: Of each relation of the taxonomy, as bits.
        kinds: Of each object of the taxonomy, as bits.
        plural: Whether each object of the taxonomy is said in the plural alone, bool.
        several: Whether the object of each relation of the taxonomy must be several things, bool.
        roles: Of each scene attribute of the taxonomy, a number.
    """

    objects: np.ndarray
    copies: np.ndarray
    attributes: np.ndarray
    relations: np.ndarray
    scene_attributes: np.ndarray
    order: np.ndarray
    subject_kinds: np.ndarray
    object_kinds: np.ndarray
    kinds: np.ndarray
    plural: np.ndarray
    several: np.ndarray
    roles: np.ndarray


def lay_out_scenes(encoded: Encoded, named: Named, start: int, left_out: Counter[str]) -> tuple[Scenes, np.ndarray]:
    """Puts concepts in the place of words, and leaves out what cannot be said.

    Args:
        encoded: The graphs.
        named: What their words mean.
        start: Number of the first scene.
        left_out: Where it is counted, by `LEFT_OUT`.

    Returns:
        The scenes, and which of the graphs they are; a graph without objects is none.
    """
    rows = named.objects[encoded.objects.values]
    kept = rows >= 0
    left_out["objects"] += int((~kept).sum())
    # Objects are numbered within their graphs anew.
    within = np.cumsum(kept) - kept
    owners = encoded.objects.owners
    firsts = np.append(within, kept.sum())[encoded.objects.offsets[:-1]]
    graphs = np.flatnonzero(np.bincount(owners[kept], minlength=len(encoded)))
    left_out["graphs"] += len(encoded) - len(graphs)
    objects = Ragged(rows[kept], offsets_of(np.bincount(owners[kept], minlength=len(encoded))[graphs]))
    copies = np.maximum(encoded.copies, named.copies[encoded.objects.values])
    several = (copies > 1) | named.plural[rows]
    attributes = _lay_out_attributes(encoded, named, kept, within, left_out)
    numbers = within - firsts[owners]
    relations, subjects, targets = _lay_out_relations(encoded, named, kept, numbers, rows, several, left_out)
    places = np.full(len(encoded), -1, dtype=np.int64)
    places[graphs] = np.arange(len(graphs))
    relation_of = places[encoded.relations.owners[relations[1]]]
    bounds = offsets_of(np.bincount(relation_of, minlength=len(graphs)))
    scenes = Scenes(
        start,
        np.zeros(len(graphs), dtype=np.int64),
        objects,
        attributes,
        Ragged(relations[0], bounds),
        Ragged(subjects, bounds),
        Ragged(targets, bounds),
        _lay_out_scene_attributes(encoded, named, places, len(graphs), left_out),
        copies[kept],
    )
    return scenes, graphs


def _lay_out_attributes(
    encoded: Encoded, named: Named, kept: np.ndarray, within: np.ndarray, left_out: Counter[str]
) -> Ragged:
    """Attributes of the objects that are kept, each once, in the order in which English puts them."""
    rows, holders = named.attributes[encoded.attributes.values], encoded.attributes.owners
    good = (rows >= 0) & kept[holders]
    left_out["attributes"] += int((rows < 0).sum())
    rows, holders = rows[good], within[holders[good]]
    firsts = np.sort(number_rows(holders, rows)[0]) if len(rows) else np.zeros(0, dtype=np.int64)
    left_out["repeated"] += len(rows) - len(firsts)
    rows, holders = rows[firsts], holders[firsts]
    order = np.argsort(join_codes(holders, named.order[rows]), kind="stable")
    return Ragged(rows[order], offsets_of(np.bincount(holders, minlength=int(kept.sum()))))


def _lay_out_relations(
    encoded: Encoded,
    named: Named,
    kept: np.ndarray,
    numbers: np.ndarray,
    rows: np.ndarray,
    several: np.ndarray,
    left_out: Counter[str],
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]:
    """Relations between objects that are kept, each once: (rows, places in `encoded`), subjects and targets."""
    words, owners = encoded.relations.values, encoded.relations.owners
    begins, sizes = encoded.objects.offsets[owners], encoded.objects.lengths[owners]
    ends = []
    there = np.ones(len(words), dtype=bool)
    for end in (encoded.subjects, encoded.targets):
        there &= (end >= 0) & (end < sizes)
        ends.append(np.where(there, begins + end, 0))
    if len(kept):
        there &= kept[ends[0]] & kept[ends[1]]
    sayable = named.relations[words, 0] >= 0
    loops = there & sayable & (ends[0] == ends[1])
    left_out["relations"] += int((~sayable).sum())
    left_out["ends"] += int((sayable & ~there).sum())
    left_out["loops"] += int(loops.sum())
    good = np.flatnonzero(there & sayable & ~loops)
    chosen = _choose_senses(named, words[good], rows[ends[0][good]], rows[ends[1][good]])
    single = named.several[chosen] & ~several[ends[1][good]]
    left_out["single"] += int(single.sum())
    good, chosen = good[~single], chosen[~single]
    firsts = np.sort(number_rows(ends[0][good], ends[1][good], chosen)[0]) if len(good) else good
    left_out["repeated"] += len(good) - len(firsts)
    good, chosen = good[firsts], chosen[firsts]
    subjects, targets = (numbers[end[good]].astype(np.int32) for end in ends)
    return (chosen, good), subjects, targets


def _choose_senses(named: Named, words: np.ndarray, subjects: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The relation that each word means between two objects: the first whose kinds they are, or the first of all."""
    chosen = named.relations[words, 0]
    fits = _fit(named, chosen, subjects, targets)
    for place in range(1, named.relations.shape[1]):
        others = named.relations[words, place]
        better = ~fits & (others >= 0)
        better[better] = _fit(named, others[better], subjects[better], targets[better])
        chosen, fits = np.where(better, others, chosen), fits | better
    return chosen


def _fit(named: Named, relations: np.ndarray, subjects: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return (named.subject_kinds[relations] & named.kinds[subjects] != 0) & (
        named.object_kinds[relations] & named.kinds[targets] != 0
    )


def _lay_out_scene_attributes(
    encoded: Encoded, named: Named, places: np.ndarray, scenes: int, left_out: Counter[str]
) -> Ragged:
    """Scene attributes, each once, those of the setting first, as texts have them."""
    rows = named.scene_attributes[encoded.scene_attributes.values]
    owners = places[encoded.scene_attributes.owners]
    left_out["scene_attributes"] += int((rows < 0).sum())
    good = np.flatnonzero((rows >= 0) & (owners >= 0))
    rows, owners = rows[good], owners[good]
    if len(rows):
        firsts = np.sort(number_rows(owners, rows)[0])
        rows, owners = rows[firsts], owners[firsts]
    order = np.argsort(owners * len(SCENE_ROLES) + named.roles[rows], kind="stable")
    return Ragged(rows[order], offsets_of(np.bincount(owners, minlength=scenes)))
