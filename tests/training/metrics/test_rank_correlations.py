"""Rank correlations, against pairs and ranks counted one by one."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest
from generate_any_scene.training.metrics.rank_correlations import (
    MOST_PICTURES,
    correlate_means,
    correlate_ranks,
)


def count_pairs(one, other):
    """tau-b and the share of pairs alike, by their definitions."""
    alike = unlike = only_one = only_other = 0
    for (a, b), (c, d) in combinations(zip(one, other, strict=True), 2):
        if a != c and b != d:
            alike += (a < c) == (b < d)
            unlike += (a < c) != (b < d)
        else:
            only_one += a != c
            only_other += b != d
    both = alike + unlike
    return (alike - unlike) / sqrt((both + only_one) * (both + only_other)), alike / both


def rank(values):
    return [sum(other < one for other in values) + (sum(other == one for other in values) + 1) / 2 for one in values]


def correlate(one, other):
    return float(np.corrcoef(rank(one), rank(other))[0, 1])


RANDOM = np.random.default_rng(0)
SCENES = np.repeat(np.arange(15), 3)
HARD = RANDOM.normal(size=15)[SCENES]
ONE, OTHER = np.round(HARD + RANDOM.normal(size=45), 1), np.round(HARD + RANDOM.normal(size=45), 1)


def test_values_are_those_of_the_definitions():
    found = correlate_ranks(ONE, OTHER, SCENES)
    tau, alike = count_pairs(ONE, OTHER)
    assert found.kendall.value == pytest.approx(tau, abs=1e-6)
    assert found.alike.value == pytest.approx(alike, abs=1e-6)
    assert found.spearman.value == pytest.approx(correlate(ONE, OTHER), abs=1e-6)
    assert (found.pictures, found.scenes) == (45, 15)


def test_intervals_are_those_of_leaving_out_each_scene():
    found = correlate_ranks(ONE, OTHER, SCENES)
    ways = {"kendall": lambda one, other: count_pairs(one, other)[0], "spearman": correlate}
    for name, way in ways.items():
        left = np.arctanh([way(ONE[scene != SCENES], OTHER[scene != SCENES]) for scene in range(15)])
        error = sqrt(14 / 15 * ((left - left.mean()) ** 2).sum())
        middle = np.arctanh(way(ONE, OTHER))
        low, high = np.tanh([middle - 1.959964 * error, middle + 1.959964 * error])
        assert (getattr(found, name).low, getattr(found, name).high) == pytest.approx((low, high), abs=1e-4)


def test_unknown_values_are_left_out_and_equal_ones_have_no_order():
    known = ONE.copy()
    known[:6] = np.nan
    assert correlate_ranks(known, OTHER, SCENES) == correlate_ranks(ONE[6:], OTHER[6:], SCENES[6:])
    assert correlate_ranks(np.ones(45), OTHER, SCENES) is None
    assert correlate_ranks(ONE, OTHER, np.zeros(45, dtype=int)) is None
    assert correlate_ranks(np.full(45, np.nan), OTHER, SCENES) is None


def test_of_very_many_pictures_whole_scenes_are_compared():
    random = np.random.default_rng(1)
    scenes = np.repeat(np.arange(1000), 4)
    one = random.normal(size=4000)
    found = correlate_ranks(one, one + random.normal(size=4000), scenes)
    assert MOST_PICTURES - 4 < found.pictures <= MOST_PICTURES
    assert found.pictures == 4 * found.scenes
    assert found.spearman.value == pytest.approx(6 / np.pi * np.arcsin(sqrt(0.5) / 2), abs=0.05)


def test_models_are_compared_in_many_draws_at_once():
    one, other = RANDOM.random((5, 6)).round(1), RANDOM.random(6)
    spearman, kendall = correlate_means(one, other)
    for number, values in enumerate(one):
        assert spearman[number] == pytest.approx(correlate(values, other))
        assert kendall[number] == pytest.approx(count_pairs(values, other)[0])


@pytest.mark.slow
def test_the_truth_lies_in_93_to_97_of_100_intervals():
    """Of normal scores with a correlation of 0.5 over pictures: 6/pi asin(0.25), and 2/pi asin(0.5)."""
    random, hits = np.random.default_rng(2), np.zeros(2)
    scenes = np.repeat(np.arange(80), 2)
    for _ in range(1000):
        hard = random.normal(size=80)[scenes]
        found = correlate_ranks(hard + random.normal(size=160), hard + random.normal(size=160), scenes)
        truths = (found.spearman, 6 / np.pi * np.arcsin(0.25)), (found.kendall, 2 / np.pi * np.arcsin(0.5))
        hits += [one.low <= truth <= one.high for one, truth in truths]
    assert (hits >= 930).all()
    assert (hits <= 970).all()
