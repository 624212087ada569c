"""Wordings of a block: of each scene several captions in other templates and frames, no two of them alike."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..content.scenes import Scenes
from ..foundation.counter_rng import derive_key, draw_below
from .assembly import Texts
from .captions import CaptionWriter, Way
from .surface_forms import BlockWords


def write_wordings(writer: CaptionWriter, words: BlockWords, key: int) -> tuple[Texts, np.ndarray]:
    """Wordings of all scenes of a block, those of a scene one after the other.

    Args:
        writer: Writes them; captions of the block have been written by it just before.
        words: The block's words.
        key: Key of the split, which deals templates and frames.

    Returns: The texts, and the place of each one's template among those of the recipe's `wordings`, int64.
    """
    wordings = writer.plan.recipe.wordings
    assert wordings is not None
    way = _deal_ways(writer, words.scenes, key, wordings.count_wordings())
    texts = writer.write_in(words, way)
    if _part_alike(writer, words, way, texts.write(writer.tracer.program_table.pool), wordings.count_wordings()):
        texts = writer.write_in(words, way)
    return texts, way.templates - writer.first_wording


def _deal_ways(writer: CaptionWriter, scenes: Scenes, key: int, count: int) -> Way:
    """Which template and frame each wording has: every template once, then again in its further frames."""
    frames = np.array(writer.frames[writer.first_wording :])
    turns = np.zeros(len(scenes), dtype=np.int64)
    # Once through all templates, then through those that have a second frame, and so on; `again` counts from 0.
    again, order = (one[:count] for one in np.nonzero(np.arange(frames.max())[:, None] < frames))
    if count < len(frames):
        turns = draw_below(derive_key(key, "templates"), scenes.start + np.arange(len(scenes)), len(frames))
    templates = (order + turns[:, None]) % len(frames)
    begun = np.stack(
        [writer.choose_frames(writer.first_wording + number, key, scenes) for number in range(len(frames))], axis=1
    )
    chosen = (np.take_along_axis(begun, templates, axis=1) + again) % frames[templates]
    return Way(np.repeat(np.arange(len(scenes)), count), writer.first_wording + templates.ravel(), chosen.ravel())


def _part_alike(writer: CaptionWriter, words: BlockWords, way: Way, captions: pa.Array, count: int) -> bool:
    """Puts wordings that are like another of their scene into other frames, in `way`, as far as there are any.

    Frames differ in what not every scene has, such as a second relation. A scene's wordings move one after the other,
    those of templates with few frames first, so that each is compared with those that stay.

    Returns: Whether any moved.
    """
    frames = np.array(writer.frames)[way.templates]
    ranks = frames.reshape(-1, count) * count + np.arange(count)
    left = frames - 1  # what each could still be put into
    written, scenes, moved = np.arange(len(captions)), np.arange(len(words.scenes)), False
    while len(scenes):
        texts = scenes[:, None] * count + np.arange(count)
        alike = _find_repeats(captions.take(pa.array(written[texts].ravel())), ranks[scenes]) & (left[texts] > 0)
        kept = alike.any(axis=1)
        scenes, first = scenes[kept], np.where(alike, ranks[scenes], ranks.max() + 1)[kept].argmin(axis=1)
        again = scenes * count + first
        left[again] -= 1
        way.frames[again] = (way.frames[again] + 1) % frames[again]
        written[again] = len(captions) + np.arange(len(again))
        if len(again):
            others = writer.write_in(words, way.take(again))
            captions, moved = pa.concat_arrays([captions, others.write(writer.tracer.program_table.pool)]), True
    return moved


def _find_repeats(captions: pa.Array, ranks: np.ndarray) -> np.ndarray:
    """Which captions are like one of their scene of a lower rank, bool, shape (scenes, captions of each)."""
    codes = captions.dictionary_encode().indices.to_numpy().reshape(ranks.shape)
    earlier = ranks[:, None, :] < ranks[:, :, None]
    return ((codes[:, None, :] == codes[:, :, None]) & earlier).any(axis=2)
