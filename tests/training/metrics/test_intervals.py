"""Means, shares, their intervals, and comparisons of models."""

import math

import pytest
from generate_any_scene.training.metrics.intervals import compare_means, measure_mean


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
