"""What a model is worst at, or worse than another: names that its wrong answers gather at, such as concepts.

Kinds and forms of questions differ in how often they are answered right, whatever they are about, so that an answer is
compared with what its kind and form gets. Only statements about what is there count: whether a snake is denied that is
not there tells nothing about snakes. Scenes weigh alike, however many questions each has; how far answers of a scene,
and scenes of a name, differ is taken to be the same for all names. Names of few scenes are trusted less (see
`metrics/shrinkage.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

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
        chance: How probable a difference so far down is by chance.
        shrunken: What is left of it once few scenes are trusted less.
        low: Where its interval begins.
        high: Where it ends.
        count: Answers.
        scenes: Scenes.
    """

    names: list[str]
    value: np.ndarray
    expected: np.ndarray
    chance: np.ndarray
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
    scenes, ones, rest = int(scene.max(initial=0)) + 1, np.ones(len(kept)), (right - expected)[kept]
    ours, theirs, squares = (
        sum_cells(scene, codes, count, values, ones, scenes) for values in (right[kept], expected[kept], rest**2)
    )
    return _shrink(labels.names, ours, theirs, squares, other is None)


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


def _shrink(names: list[str], ours: Cells, theirs: Cells, squares: Cells, is_share: bool) -> Gaps:
    scenes = np.bincount(ours.group, minlength=ours.groups)
    means, expected = _average_scenes(ours), _average_scenes(theirs)
    variances = _measure_variances(ours, (ours.parts - theirs.parts) / ours.wholes, squares.parts, scenes)
    kept = np.flatnonzero(scenes >= FEWEST)
    means, expected, variances = means[kept], expected[kept], variances[kept]
    shrunken = shrink_means(means - expected, variances)
    chances, count = _find_chances(means, expected, variances, is_share), ours.sum_groups(ours.wholes)[kept]
    return Gaps(
        [names[place] for place in kept.tolist()], means, expected, chances, shrunken.value, shrunken.low,
        shrunken.high, count, scenes[kept],
    )  # fmt: skip


def _find_chances(means: np.ndarray, expected: np.ndarray, variances: np.ndarray, is_share: bool) -> np.ndarray:
    """How probable means so far below what was expected are, by the normal distribution.

    Shares of few answers fall further below a high share by chance than the normal distribution has it, which the root
    of the deviance makes up for (McCullagh and Nelder 1989), with as many answers as would be as sure.
    """
    far = (means - expected) / np.sqrt(variances)
    if is_share:
        share, e = np.clip(means, 1e-9, 1 - 1e-9), np.clip(expected, 1e-9, 1 - 1e-9)
        entropy = share * np.log(share / e) + (1 - share) * np.log((1 - share) / (1 - e))
        far = np.sign(means - expected) * np.sqrt(2 * np.maximum(entropy, 0) * e * (1 - e) / variances)
    return np.array([NormalDist().cdf(one) for one in far.tolist()])


def _measure_variances(cells: Cells, gaps: np.ndarray, squares: np.ndarray, scenes: np.ndarray) -> np.ndarray:
    """The variance of the error of each name's mean over scenes.

    Answers of a scene vary, and so do scenes of a name, both as much in all names: a scene with few answers is the
    less sure of its mean.

    Args:
        cells: The sums by scene and name.
        gaps: The mean gap of each.
        squares: The sum of the squares of its answers' gaps.
        scenes: How many scenes each name has.
    """
    within = float((squares - gaps**2 * cells.wholes).sum()) / max(1.0, float((cells.wholes - 1).sum()))
    means = np.bincount(cells.group, gaps, cells.groups) / np.maximum(scenes, 1)
    share = 1 - 1 / scenes[cells.group]  # of a deviation that is left, the name's own mean being taken off
    of_answers = (share * within / cells.wholes).sum()
    between = max(0.0, float(((gaps - means[cells.group]) ** 2).sum() - of_answers) / max(1.0, float(share.sum())))
    parts = np.bincount(cells.group, between + within / cells.wholes, cells.groups) / np.maximum(scenes, 1) ** 2
    # Where all answers are alike, one that is not would have been seen in one of so many.
    return np.maximum(parts, 1 / max(1.0, float(cells.wholes.sum())) / np.maximum(scenes, 1))


def _average_scenes(cells: Cells) -> np.ndarray:
    """The mean over scenes of their means; NaN of nothing."""
    sums, counts = cells.sum_groups(cells.parts / cells.wholes), np.bincount(cells.group, minlength=cells.groups)
    return np.divide(sums, counts, out=np.full(cells.groups, np.nan), where=counts > 0)
