"""Means of few cases, drawn to what is common."""

import numpy as np
import pytest
from generate_any_scene.training.metrics.shrinkage import shrink_means


def test_means_are_drawn_to_what_is_common_by_how_unsure_they_are():
    """The formulas, one mean at a time."""
    means, variances = [0.1, 0.5, 0.4, 0.9, 0.2], [0.01, 0.02, 0.005, 0.04, 0.01]
    weights = [1 / one for one in variances]
    middle = sum(weight * mean for weight, mean in zip(weights, means, strict=True)) / sum(weights)
    excess = sum(weight * (mean - middle) ** 2 for weight, mean in zip(weights, means, strict=True)) - 4
    spread = excess / (sum(weights) - sum(weight**2 for weight in weights) / sum(weights))
    found = shrink_means(np.array(means), np.array(variances))
    assert found.spread == pytest.approx(spread)
    weights = [1 / (one + spread) for one in variances]
    middle = sum(weight * mean for weight, mean in zip(weights, means, strict=True)) / sum(weights)
    for place, (mean, variance) in enumerate(zip(means, variances, strict=True)):
        pulled = variance / (variance + spread)
        assert found.value[place] == pytest.approx(middle + (1 - pulled) * (mean - middle))
        error = variance * (1 - pulled) + pulled**2 / sum(weights) + pulled**2 * (mean - middle) ** 2
        assert found.high[place] - found.value[place] == pytest.approx(1.959964 * np.sqrt(error))


def test_means_that_differ_by_chance_are_one():
    found = shrink_means(np.array([0.1, 0.11, 0.09, 0.1]), np.full(4, 0.01))
    assert found.spread == 0
    assert found.value == pytest.approx(np.full(4, 0.1))


def test_one_mean_stays_what_it_is():
    found = shrink_means(np.array([0.3]), np.array([0.04]))
    assert (found.value[0], found.low[0]) == pytest.approx((0.3, 0.3 - 1.959964 * 0.2))


def test_what_is_meant_lies_in_95_of_100_intervals():
    random, hits, closer = np.random.default_rng(0), 0, 0
    for _ in range(200):
        truths, variances = random.normal(0, 0.1, 40), random.choice([0.002, 0.01, 0.05], 40)
        means = random.normal(truths, np.sqrt(variances))
        found = shrink_means(means, variances)
        hits += ((found.low <= truths) & (truths <= found.high)).sum()
        closer += ((found.value - truths) ** 2).sum() < ((means - truths) ** 2).sum()
    assert 0.93 <= hits / 8000 <= 0.97
    assert closer > 195
