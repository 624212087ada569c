"""What a model is worst at, or worse than another: names that its wrong answers gather at, such as concepts.

Kinds and forms of questions differ in how often they are answered right, whatever they are about, so that an answer is
compared with what its kind and form gets. Only statements about what is there count: whether a snake is denied that is
not there tells nothing about snakes. Scenes weigh alike, however many questions each has; how far scenes of one name
differ is taken to be the same for all names. Names of few scenes are trusted less (see `metrics/shrinkage.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...builders.foundation.ragged import expand_ranges
from ..metrics.group_intervals import Cells, sum_cells
from ..metrics.shrinkage import shrink_means
from .arrays import Labels, Sample
from .scene_facts import Rests

FEWEST = 2
"""Names of fewer scenes are left out."""


@dataclass(frozen=True, eq=False)
class Gaps:
    """How much each name has less, or more, than was to be expected: arrays of one length.

    Attributes:
        names: What it is about.
        value: The share of right answers, of the mean scene.
        expected: What the same kinds of questions get elsewhere, or the other model on the same ones.
        shrunken: What is left of the difference once few scenes are trusted less.
        low: Where its interval begins.
        high: Where it ends.
        count: Answers.
        scenes: Scenes.
    """

    names: list[str]
    value: np.ndarray
    expected: np.ndarray
    shrunken: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray
    scenes: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        return self.value - self.expected


def find_gaps(
    sample: Sample,
    labels: Labels,
    entries: np.ndarray,
    other: Sample | None = None,
    alike: np.ndarray | None = None,
) -> Gaps:
    """Finds how far the answers about each name are from what was to be expected of them.

    Args:
        sample: The evaluation.
        labels: What entries are about.
        entries: Which answers they are; one may be about several names.
        other: What is compared with, on the questions that both have answers to; without it, like questions of the
            evaluation itself.
        alike: Which answers of the evaluation are expected to be right as often, as a number of each; without it,
            those to questions of one kind and form.
    """
    right, known = sample.answers.parts[entries], sample.answers.wholes[entries] > 0
    if other is None:
        if alike is None:
            alike = sample.kinds.codes * max(1, len(sample.forms.names)) + sample.forms.codes
        expected = _average(alike, sample, entries)
    else:
        expected = _look_up(sample, entries, other)
        known &= np.isfinite(expected)
    kept = np.flatnonzero(known & (labels.codes >= 0))
    scene, codes, count = sample.answers.scene[entries[kept]], labels.codes[kept], len(labels.names)
    scenes = int(scene.max(initial=0)) + 1
    ours, theirs = (
        sum_cells(scene, codes, count, values[kept], np.ones(len(kept)), scenes) for values in (right, expected)
    )
    return _shrink(labels.names, ours, theirs)


def list_entries(sample: Sample, rests: Rests) -> tuple[np.ndarray, Labels]:
    """The answers about each name: which answer, and which name."""
    numbers = rests.start[sample.row] + sample.question
    inside = (sample.question >= 0) & (numbers < rests.start[sample.row + 1])
    first = np.searchsorted(rests.question, numbers)
    lengths = np.where(inside, np.searchsorted(rests.question, numbers, side="right") - first, 0)
    entries = np.repeat(np.arange(len(numbers)), lengths)
    return entries, Labels(rests.labels.names, rests.labels.codes[expand_ranges(first, lengths)])


def _average(codes: np.ndarray, sample: Sample, entries: np.ndarray) -> np.ndarray:
    """The share of right answers among the entries of each code, for each entry."""
    own, known = codes[entries], sample.answers.wholes[entries]
    right, asked = np.bincount(own, sample.answers.parts[entries]), np.bincount(own, known)
    return np.divide(right, asked, out=np.zeros_like(right), where=asked > 0)[own]


def _look_up(sample: Sample, entries: np.ndarray, other: Sample) -> np.ndarray:
    """The share of the other's answers that are right, to the question of each entry; NaN where there are none."""
    both = np.concatenate([sample.question, other.question])
    width = int(both.max(initial=0)) + 1
    keys = other.answers.scene * width + other.question
    found, places = np.unique(keys, return_inverse=True)
    right = np.bincount(places, other.answers.parts, len(found))
    asked = np.bincount(places, other.answers.wholes, len(found))
    shares = np.append(np.divide(right, asked, out=np.full(len(found), np.nan), where=asked > 0), np.nan)
    own = sample.answers.scene[entries] * width + sample.question[entries]
    place = np.minimum(np.searchsorted(found, own), max(len(found) - 1, 0))
    return shares[np.where(found[place] == own, place, -1)] if len(found) else np.full(len(own), np.nan)


def _shrink(names: list[str], ours: Cells, theirs: Cells) -> Gaps:
    scenes = np.bincount(ours.group, minlength=ours.groups)
    means, expected = (_average_scenes(cells) for cells in (ours, theirs))
    gaps = means - expected
    rest = (ours.parts - theirs.parts) / ours.wholes - gaps[ours.group]
    freedom = int((scenes - 1).clip(0).sum())
    # Where all scenes are alike, one that is not would have been seen in one of so many.
    variance = max(float((rest**2).sum()), 1.0) / max(freedom, 1)
    kept = np.flatnonzero(scenes >= FEWEST)
    shrunken = shrink_means(gaps[kept], variance / scenes[kept])
    return Gaps(
        [names[place] for place in kept.tolist()], means[kept], expected[kept], shrunken.value, shrunken.low,
        shrunken.high, ours.sum_groups(ours.wholes)[kept], scenes[kept],
    )  # fmt: skip


def _average_scenes(cells: Cells) -> np.ndarray:
    """The mean over scenes of their means; NaN of nothing."""
    sums, counts = cells.sum_groups(cells.parts / cells.wholes), np.bincount(cells.group, minlength=cells.groups)
    return np.divide(sums, counts, out=np.full(cells.groups, np.nan), where=counts > 0)
