"""The judge that is never wrong about pictures of the exam: it finds all shapes in the pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image

from ..judges.marking import BULLET, CHOOSE
from ..judges.protocol import Judge
from ..judges.settings import JudgeSettings, open_judge
from ..sandbox.judge import Patch, SandboxJudge, find_patches
from .scenes import SEEN
from .shapes import COLORS, GROUND, SHAPES, SIZES, STROKE, Thing, fill_mask
from .truth import answer_question

LEAST = 12
"""Specks of fewer pixels are edges that happen to have a color of shapes."""


def find_things(picture: Image.Image) -> list[Thing]:
    """Finds all shapes of a picture, also those that others cover in part."""
    codes = _pack(np.asarray(picture.convert("RGB")))
    colors = np.zeros(codes.shape, dtype=np.int16)
    for number, color in enumerate(COLORS.values(), 1):
        colors[codes == _pack(np.array(color))] = number
    is_empty = (codes == _pack(np.array(GROUND))) | (codes == _pack(np.array(STROKE)))
    found = (_name_patch(patch, is_empty) for patch in find_patches(colors))
    return [thing for thing in found if thing]


def _pack(colors: np.ndarray) -> np.ndarray:
    """One number for each color, shape (..., 3)."""
    return colors.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)


def _name_patch(patch: Patch, is_empty: np.ndarray) -> Thing | None:
    """The shape that fits a patch with the fewest pixels hidden, none of which would be seen on the ground."""
    rows, starts, ends = (np.array(one) for one in zip(*patch.runs, strict=True))
    if (ends - starts).sum() < LEAST:
        return None
    top, left = int(rows[0]), int(starts.min())
    seen = np.zeros((int(rows[-1]) + 1 - top, int(ends.max()) - left), dtype=bool)
    for row, start, end in patch.runs:
        seen[row - top, start - left : end - left] = True
    color = list(COLORS)[patch.color - 1]
    if whole := _list_whole().get((seen.shape, seen.tobytes())):
        shape, size, down, right = whole
        return Thing(shape, color, size, left + right, top + down)
    fits = [fit for shape in SHAPES for size in SIZES for fit in _fit(seen, top, left, shape, size, is_empty)]
    if not fits:
        return None
    _, shape, size, y, x = min(fits)
    return Thing(shape, color, size, x, y)


Fit = tuple[float, str, str, int, int]
"""The share that is hidden, shape and size, and the center, y first."""


def _fit(seen: np.ndarray, top: int, left: int, shape: str, size: str, is_empty: np.ndarray) -> Iterator[Fit]:
    """The ways in which pixels that are seen can be a part of a shape: something covers the rest of it."""
    box, down, right = _crop(shape, size)
    spare_rows, spare_columns = box.shape[0] - seen.shape[0], box.shape[1] - seen.shape[1]
    if spare_rows < 0 or spare_columns < 0:
        return
    for above in {0, spare_rows}:
        for before in {0, spare_columns}:
            around = ((above, spare_rows - above), (before, spare_columns - before))
            hidden = box & ~np.pad(seen, around)
            y, x = top - above, left - before
            empty = is_empty[max(y, 0) : y + box.shape[0], max(x, 0) : x + box.shape[1]]
            share = float(hidden.sum() / box.sum())
            is_part = seen.sum() + hidden.sum() == box.sum()
            if share <= 1 - SEEN and is_part and empty.shape == box.shape and not (hidden & empty).any():
                yield share, shape, size, y + down, x + right


@lru_cache
def _crop(shape: str, size: str) -> tuple[np.ndarray, int, int]:
    """What a shape fills wholly, cut to the box around it, and how far down and right in it its center is."""
    filled = fill_mask(shape, SIZES[size])
    rows, columns = np.nonzero(filled)
    half = len(filled) // 2
    box = filled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return box, half - int(rows.min()), half - int(columns.min())


@lru_cache
def _list_whole() -> dict[tuple[tuple[int, ...], bytes], tuple[str, str, int, int]]:
    """Shapes that nothing covers, by the pixels that they fill."""
    return {
        (box.shape, box.tobytes()): (shape, size, down, right)
        for shape in SHAPES
        for size in SIZES
        for box, down, right in [_crop(shape, size)]
    }


def reply(text: str, things: Sequence[Thing]) -> str:
    """Answers a question in words, as a judge is asked it; of what has no one answer it says that it cannot tell."""
    question, *rest = text.split("\n")
    choices = [line.removeprefix(BULLET) for line in rest if line.startswith(BULLET)] if CHOOSE in rest else []
    return answer_question(question, things, choices) or "I cannot tell."


EXACT = SandboxJudge(find_things, reply)
"""The sandbox's judge, as it sits the exam."""


def open_examinee(settings: JudgeSettings) -> Judge:
    """Opens the judge that settings ask for, to sit the exam.

    Raises:
        GasError: Its model cannot be loaded, or its server does not answer.
    """
    return EXACT if settings.kind == "sandbox" else open_judge(settings)
