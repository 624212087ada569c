"""Limits of captions (`captions.max_words`, `captions.max_tokens`): none is longer, and no row is dropped for it.

1. Structures whose typical captions (`typical_scenes.py`) are too long in the shortest frame, with as few scene
   attributes as the recipe allows, are never drawn. It is decided for a cell, structures with the same numbers of
   objects, attributes and relations. What is left is dealt as without limits.
2. A scene has no more scene attributes than the typical caption of its structure has room for.
3. Objects with long names are dealt to scenes with room for them (`content/objects.py`).
4. A caption that is too long is put into a shorter frame.
5. Where that does not do, the scene gets other content: its structure and number of scene attributes stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from ...arrow import make_array
from ..content.plan import Room
from ..content.scenes import Scenes
from ..foundation.counter_rng import derive_key
from .captions import CaptionWriter, Way
from .lengths import count_clip_tokens, count_words
from .surface_forms import BlockWords
from .typical_scenes import Typical, find_typical, make_typical_scenes

SHORTEST = 3
"""Frames that a caption is put into if it is too long, at most: the shortest ones."""
SAMPLE = 64
"""Structures that tell which frames are short."""
EXAMPLES = 12
"""Structures of a cell, at most, whose typical captions are looked at."""
COUNTS = (count_words, count_clip_tokens)
"""What is limited."""
NO_LIMIT = 2**31


@dataclass(frozen=True, eq=False)
class CaptionLimits:
    """What limits the captions of a writer.

    Attributes:
        writer: The writer.
        most: Most words, and most tokens, of the captions of each template, int64, shape (templates, 2).
    """

    writer: CaptionWriter
    most: np.ndarray

    @cached_property
    def shortest(self) -> np.ndarray:
        """The shortest frames of each template, those that are shorter first, int64, shape (templates, `SHORTEST`)."""
        rows = self.writer.plan.structures.cells.values
        rows = rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(np.int64)]
        low, high = self.writer.plan.recipe.content.scene_attributes.count
        words = self._make_typical(rows, np.full(len(rows), (low + high + 1) // 2))
        return np.stack([self._rank_frames(number, words) for number in range(len(self.most))])

    def _rank_frames(self, number: int, words: BlockWords) -> np.ndarray:
        scenes = np.arange(len(words.scenes))
        means = []
        for frame in range(self.writer.frames[number]):
            way = Way(scenes, np.full(len(scenes), number), np.full(len(scenes), frame))
            means.append(int(self._measure(self._write(words, way)).sum()))
        order = np.argsort(means, kind="stable")
        return order[np.minimum(np.arange(SHORTEST), len(order) - 1)]

    def shorten(self, words: BlockWords, way: Way) -> Way:
        """Puts scenes whose captions are too long into a frame that is short enough, as far as there is one."""
        return self._shorten(words, way)[0]

    def find_long(self, scenes: Scenes, split: str, places: np.ndarray) -> np.ndarray:
        """Which scenes have captions that are too long in any frame, bool; see `Room`."""
        recipe = self.writer.plan.recipe
        words = BlockWords(scenes, self.writer.plan.taxonomy)
        self.writer.tracer.begin_block()
        key = derive_key(recipe.seed, recipe.name, split, "captions")
        return self._shorten(words, self.writer.choose_way(key, scenes, places))[1]

    def find_long_edits(self, words: BlockWords, before: BlockWords, key: int) -> np.ndarray:
        """Which edited scenes of a block have captions that are too long as they are put, which is as before, bool."""
        return self._is_long(words, self.shorten(before, self.writer.choose_way(key, before.scenes)), before.scenes)

    def find_room(self) -> Room:
        """Finds what limits leave. A cell of structures, which are alike in numbers, has the room of its longest."""
        structures = self.writer.plan.structures
        cells, (low, high) = structures.cells, self.writer.plan.recipe.content.scene_attributes.count
        # (cells, examples): places of structures of each cell, from its first to its last.
        places = np.linspace(0, cells.lengths - 1, EXAMPLES, axis=1).astype(np.int64)
        examples = cells.values[cells.offsets[:-1, None] + places]
        slack = np.full((len(structures.table), high + 1), -NO_LIMIT, dtype=np.int64)
        for count in range(low, high + 1):
            slack[cells.values, count] = self._find_slack(examples, count)[cells.owners]
        rows = np.flatnonzero((slack >= 0).any(axis=1))
        names = self.writer.plan.taxonomy.objects["name"].combine_chunks()
        lengths, dealt = np.zeros(len(names), dtype=np.int64), np.unique(self.writer.plan.pools.objects)
        lengths[dealt] = self._measure(names.take(make_array(dealt)))
        return Room(rows, slack, lengths, lengths[self._typical.objects], self.find_long)

    def _find_slack(self, examples: np.ndarray, count: int) -> np.ndarray:
        """How much shorter typical captions are than they may be, the least of each row of examples, int64."""
        rows, of = np.unique(examples, return_inverse=True)
        words, scenes = self._make_typical(rows, np.full(len(rows), count)), np.arange(len(rows))
        slack = np.full(len(rows), NO_LIMIT, dtype=np.int64)
        for number in np.flatnonzero((self.most < NO_LIMIT).any(axis=1)).tolist():
            frames = np.full(len(rows), self.shortest[number, 0])
            texts = self._write(words, Way(scenes, np.full(len(rows), number), frames))
            for measure, most in zip(COUNTS, self.most[number], strict=True):
                if most < NO_LIMIT:
                    slack = np.minimum(slack, most - measure(texts))
        return slack[of.reshape(examples.shape)].min(axis=1)

    def _shorten(self, words: BlockWords, way: Way) -> tuple[Way, np.ndarray]:
        """The way with shorter frames where captions are too long, and which are so in all of them, bool."""
        way, long = Way(*(column.copy() for column in way)), self._is_long(words, way)
        for turn in range(SHORTEST):
            left = np.flatnonzero(long)
            if not len(left):
                break
            others = way.take(left)._replace(frames=self.shortest[way.templates[left], turn])
            good = left[~self._is_long(words, others)]
            way.frames[good] = self.shortest[way.templates[good], turn]
            long[good] = False
        return way, long

    def _is_long(self, words: BlockWords, way: Way, before: Scenes | None = None) -> np.ndarray:
        texts, long = self._write(words, way, before), np.zeros(len(way.scenes), dtype=bool)
        for count, most in zip(COUNTS, self.most[way.templates].T, strict=True):
            if (most < NO_LIMIT).any():
                long |= count(texts) > most
        return long

    def _write(self, words: BlockWords, way: Way, before: Scenes | None = None) -> pa.StringArray:
        return self.writer.write_in(words, way, before).write(self.writer.tracer.program_table.pool)

    def _measure(self, texts: pa.StringArray) -> np.ndarray:
        """How long texts are by all that is limited, int64."""
        lengths = np.zeros(len(texts), dtype=np.int64)
        for count, most in zip(COUNTS, self.most.T, strict=True):
            if (most < NO_LIMIT).any():
                lengths += count(texts)
        return lengths

    @cached_property
    def _typical(self) -> Typical:
        return find_typical(self.writer.plan, self._measure)

    def _make_typical(self, rows: np.ndarray, counts: np.ndarray) -> BlockWords:
        plan = self.writer.plan
        return BlockWords(make_typical_scenes(plan, self._typical, rows, counts), plan.taxonomy)


def read_limits(writer: CaptionWriter) -> CaptionLimits | None:
    """What limits the captions of a recipe; None where nothing does."""
    limits = [(one.max_words, one.max_tokens) for one in writer.plan.recipe.captions]
    if not any(map(any, limits)):
        return None
    return CaptionLimits(writer, np.array([[most or NO_LIMIT for most in one] for one in limits], dtype=np.int64))
