"""Means, shares, their intervals, and comparisons of models."""

import math
from itertools import product

import numpy as np
import pytest
from generate_any_scene.training.metrics.intervals import (
    Z,
    adjust_discoveries,
    adjust_holm,
    compare_means,
    compare_models,
    estimate_mean,
    estimate_ratio,
    measure_chance,
    measure_mean,
    measure_share,
)


def test_means_with_intervals():
    assert measure_mean([0.25]) == (0.25, 0.0)
    mean, margin = measure_mean([0.0, 1.0, 0.5, 0.5])
    assert mean == 0.5
    assert margin == pytest.approx(1.96 * math.sqrt(0.5 / 3) / 2)


def test_the_gain_is_that_of_each_picture():
    """All pictures gain the same, so that the gain is certain although the shares differ."""
    compared = compare_means([0.0, 0.25, 0.5], [0.5, 0.75, 1.0])
    assert list(compared) == ["before", "after", "gain"]
    assert compared["gain"] == {"mean": 0.5, "interval": [0.5, 0.5]}
    assert (compared["before"]["mean"], compared["after"]["mean"]) == (0.25, 0.75)
    assert compared["before"]["interval"] == pytest.approx([0.25 - 0.2829, 0.25 + 0.2829], abs=1e-3)


def test_pictures_of_different_scenes_are_not_compared():
    with pytest.raises(ValueError, match="zip"):
        compare_means([0.5, 0.5], [0.5])


# Shares.


@pytest.mark.parametrize(("right", "asked"), [(1, 2), (3, 10), (99, 100), (500, 1000)])
def test_the_ends_of_a_share_are_those_that_a_score_test_would_just_accept(right, asked):
    """Wilson's interval holds the shares p with |right / asked - p| <= z sqrt(p (1 - p) / asked)."""
    share, low, high = measure_share(right, asked)
    assert share == right / asked
    assert low < share < high
    for end in (low, high):
        assert abs(share - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / asked))


def test_all_and_none_are_not_certain():
    assert measure_share(0, 10) == (0, 0, pytest.approx(Z**2 / (10 + Z**2)))
    assert measure_share(10, 10) == (1, pytest.approx(10 / (10 + Z**2)), 1)


@pytest.mark.parametrize("asked", [20, 50, 200])
def test_true_shares_lie_in_the_interval_in_95_of_100_cases(asked):
    """Exactly: the sum of binomial probabilities of the counts whose interval holds the truth."""
    intervals = [measure_share(right, asked)[1:] for right in range(asked + 1)]
    covered = [
        sum(
            math.comb(asked, right) * truth**right * (1 - truth) ** (asked - right)
            for right, (low, high) in enumerate(intervals)
            if low <= truth <= high
        )
        for truth in np.linspace(0.02, 0.98, 97)
    ]
    assert np.mean(covered) == pytest.approx(0.952, abs=0.004)
    assert min(covered) > 0.83


@pytest.mark.parametrize(("right", "asked"), [(0, 0), (2, 1), (-1, 3)])
def test_what_is_no_share_is_refused(right, asked):
    with pytest.raises(ValueError, match="is no share"):
        measure_share(right, asked)


# Means over scenes with several pictures.

RANDOM = np.random.default_rng(0)
SCENES = np.repeat(np.arange(60), 4)
VALUES = (np.repeat(RANDOM.normal(0.5, 0.2, 60), 4) + RANDOM.normal(0, 0.05, 240)).tolist()


def test_pictures_of_one_scene_are_one_case():
    """The interval is about that of the means of scenes by the normal approximation, not that of pictures."""
    of_scenes = np.reshape(VALUES, (60, 4)).mean(axis=1)
    margin = Z * of_scenes.std(ddof=1) / math.sqrt(60)
    found = estimate_mean(VALUES, SCENES.tolist())
    assert found.value == pytest.approx(np.mean(VALUES))
    assert (found.high - found.low) / 2 == pytest.approx(margin, rel=0.06)
    alone = estimate_mean(VALUES)
    assert alone.value == pytest.approx(found.value)
    assert (alone.high - alone.low) / 2 == pytest.approx(Z * np.std(VALUES) / math.sqrt(240), rel=0.06)
    assert alone.high - alone.low < 0.6 * (found.high - found.low)


def test_intervals_depend_on_the_seed_alone():
    assert estimate_mean(VALUES, SCENES.tolist()) == estimate_mean(VALUES, SCENES.tolist())
    other = estimate_mean(VALUES, SCENES.tolist(), seed=1)
    assert other != estimate_mean(VALUES, SCENES.tolist())
    assert other.low == pytest.approx(estimate_mean(VALUES, SCENES.tolist()).low, abs=0.01)


def test_the_truth_lies_in_the_interval_in_95_of_100_cases():
    random = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        values = np.repeat(random.random(40) < 0.7, 2).astype(float)
        found = estimate_mean(values.tolist(), np.repeat(np.arange(40), 2).tolist())
        hits += found.low <= 0.7 <= found.high
    assert 0.92 * 400 <= hits <= 0.97 * 400


def test_what_a_metric_does_not_apply_to_is_left_out():
    assert estimate_mean([1.0, None, 0.5, None]) == estimate_mean([1.0, 0.5])
    assert estimate_mean([1.0, None, 0.5, None], ["a", "a", "b", "c"]) == estimate_mean([1.0, 0.5])
    with pytest.raises(ValueError, match="nothing to measure"):
        estimate_mean([None])
    with pytest.raises(ValueError, match="1 values, but scenes of 2"):
        estimate_mean([1.0], ["a", "b"])


def test_a_ratio_weighs_pictures_by_what_they_are_of():
    found = estimate_ratio([1, 9], [1, 10])
    assert found.value == 10 / 11
    assert (found.low, found.high) == (0.9, 1.0)


# Two models on the same scenes.


def test_what_is_certain_of_each_scene_is_certain_of_the_difference():
    """Scenes differ more than models; the difference is that of each scene, whatever the scenes are."""
    better = [value + 0.1 for value in VALUES]
    found = compare_models(better, VALUES, SCENES.tolist())
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    scenes = len(set(SCENES.tolist()))
    assert found.p == pytest.approx(2 * 0.5**scenes, rel=0.5)


def test_the_chance_is_that_of_all_ways_to_swap_two_models():
    """Against counting all signs of ten differences."""
    gains = [0.3, 0.1, -0.1, 0.2, 0.25, 0.0, 0.15, -0.05, 0.1, 0.2]
    ways = [
        abs(sum(sign * gain for sign, gain in zip(signs, gains, strict=True))) for signs in product((1, -1), repeat=10)
    ]
    exact = np.mean([way >= abs(sum(gains)) - 1e-9 for way in ways])
    found = compare_models(gains, [0.0] * 10)
    assert found.p == pytest.approx(exact, abs=0.01)
    assert found.value == pytest.approx(np.mean(gains))
    assert compare_models([0.0] * 10, gains).p == pytest.approx(exact, abs=0.01)


def test_models_that_are_alike_are_told_apart_by_chance_alone():
    assert compare_models(VALUES, VALUES).p == 1
    random = np.random.default_rng(2)
    chances = [compare_models(random.random(30).tolist(), random.random(30).tolist()).p for _ in range(60)]
    assert sum(chance < 0.05 for chance in chances) <= 7
    assert np.mean(chances) == pytest.approx(0.5, abs=0.12)


def test_only_pictures_with_both_numbers_are_compared():
    found = compare_models([1.0, None, 0.5], [0.0, 1.0, None])
    assert (found.value, found.low, found.high) == (1, 1, 1)
    with pytest.raises(ValueError, match="zip"):
        compare_models([1.0], [])


def test_several_comparisons_are_held_to_more():
    """As R's `p.adjust(p, "holm")`: the smallest times the number of all, the next times one less, never falling."""
    assert adjust_holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert adjust_holm([0.04, 0.01, 0.6]) == pytest.approx([0.08, 0.03, 0.6])
    assert adjust_holm([0.9, 0.8]) == [1, 1]
    assert adjust_holm([]) == []


def test_of_many_comparisons_few_are_by_chance():
    """As R's `p.adjust(p, "BH")`: each times their number, over its rank, never falling."""
    assert adjust_discoveries([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.04, 0.04, 0.04])
    assert adjust_discoveries([0.04, 0.01, 0.6]) == pytest.approx([0.06, 0.03, 0.6])
    assert adjust_discoveries([0.005, 0.9]) == pytest.approx([0.01, 0.9])
    assert adjust_discoveries([]) == []


@pytest.mark.parametrize("kind", ["alike", "unlike", "halves"])
@pytest.mark.parametrize("seed", range(4))
def test_the_chance_of_what_hardly_a_swap_makes_is_that_of_all_ways_to_swap(kind, seed):
    draw = np.random.default_rng(seed)
    gains = {
        "alike": np.where(np.arange(16) < 1 + seed % 2, -1.0, 1.0),
        "unlike": draw.normal(1.5, 1, 16),
        "halves": np.round(2 * draw.normal(1.5, 1, 16)) / 2,
    }[kind]
    signs = np.array(list(product([1.0, -1.0], repeat=16)))
    exact = (np.abs(signs @ gains) >= abs(gains.sum()) - 1e-9).mean()
    swaps = 1 - 2.0 * draw.integers(0, 2, (2000, 16))
    found = measure_chance(gains, int((np.abs(swaps @ gains) >= abs(gains.sum()) - 1e-9).sum()))
    assert max(2 * 0.5**16, 0.6 * exact) <= found <= 3 * exact


def test_a_difference_of_one_sign_is_no_rarer_than_its_one_way_to_swap():
    assert measure_chance(np.ones(12), 1) == pytest.approx(2 * 0.5**12, rel=0.5)
    assert measure_chance(np.zeros(12), 2000) == 1
    assert measure_chance(np.append(np.ones(3), 1e-6), 250) == 251 / 2001
