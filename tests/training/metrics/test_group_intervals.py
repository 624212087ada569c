"""Intervals of many groups at once, in answers that are alike within scenes and pictures."""

import numpy as np
import pytest
from clustered import KINDS, compute_truth, draw_answers
from generate_any_scene.training.metrics.group_intervals import (
    MOST_UNITS,
    approximate_groups,
    draw_scenes,
    estimate_differences,
    estimate_groups,
    estimate_two_way,
    measure_variances,
    sum_cells,
)
from generate_any_scene.training.metrics.intervals import adjust_holm, compare_models, estimate_ratio

RUNS = 2000


def sum_kinds(drawn, scenes):
    return sum_cells(drawn.scene, drawn.kind, KINDS, drawn.right, np.ones(len(drawn.right)), scenes)


def sum_all(drawn, scenes):
    zeros = np.zeros(len(drawn.scene), dtype=np.int64)
    return sum_cells(drawn.scene, zeros, 1, drawn.right, np.ones(len(drawn.right)), scenes)


def test_sums_are_those_of_a_loop():
    drawn, _ = draw_answers(np.random.default_rng(0), 20, 2)
    known = (np.arange(len(drawn.right)) % 7 > 0) * 1.0
    expected = {}
    for scene, kind, right, one in zip(drawn.scene, drawn.kind, drawn.right, known, strict=True):
        if one and kind != 2:
            above, below = expected.get((scene, kind), (0, 0))
            expected[scene, kind] = (above + right, below + 1)
    group = np.where(drawn.kind == 2, -1, drawn.kind)
    for scenes in (20, 10**8):  # in one array, and sorted
        cells = sum_cells(drawn.scene, group, KINDS, drawn.right * known, known, scenes)
        columns = (cells.scene, cells.group, cells.parts, cells.wholes)
        found = {(scene, kind): (above, below) for scene, kind, above, below in zip(*columns, strict=True)}
        assert found == expected
        assert np.isnan(cells.ratios[2])


def test_intervals_are_those_of_one_group_at_a_time():
    drawn, _ = draw_answers(np.random.default_rng(1), 300, 2)
    found = estimate_groups(sum_kinds(drawn, 300), draw_scenes(300))
    for kind in range(KINDS):
        own = drawn.kind == kind
        alone = estimate_ratio(drawn.right[own].tolist(), [1.0] * own.sum(), drawn.scene[own].tolist())
        assert found.value[kind] == pytest.approx(alone.value)
        assert found.count[kind] == own.sum()
        assert found.scenes[kind] == len(set(drawn.scene[own]))
        width = alone.high - alone.low
        assert (found.low[kind], found.high[kind]) == pytest.approx((alone.low, alone.high), abs=0.1 * width)


def test_both_ways_to_an_interval_agree():
    drawn, _ = draw_answers(np.random.default_rng(2), 400, 2)
    cells = sum_kinds(drawn, 400)
    one, other = estimate_groups(cells, draw_scenes(400)), approximate_groups(cells)
    assert one.low == pytest.approx(other.low, abs=0.004)
    assert one.high == pytest.approx(other.high, abs=0.004)
    scores = approximate_groups(cells, is_share=False)
    assert (scores.low + scores.high) / 2 == pytest.approx(scores.value)
    assert scores.high - scores.low == pytest.approx(other.high - other.low, rel=0.05)


def test_very_many_scenes_are_drawn_in_bundles():
    """As surely as they would be one by one: the deviation is that which scenes have among each other."""
    scenes = 4 * MOST_UNITS
    drawn, _ = draw_answers(np.random.default_rng(3), scenes, 1)
    draws, cells = draw_scenes(scenes), sum_kinds(drawn, scenes)
    assert draws.weights.shape[1] == MOST_UNITS
    assert np.bincount(draws.units).tolist() == [4] * MOST_UNITS
    found = estimate_groups(cells, draws)
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(np.sqrt(measure_variances(cells)), rel=0.08)


def test_where_all_are_right_nothing_is_certain():
    scene = np.arange(10)
    cells = sum_cells(scene, scene % 2, 3, (scene % 2) * 1.0, np.ones(10), 10)
    for found in (estimate_groups(cells, draw_scenes(10)), approximate_groups(cells)):
        assert found.value[:2].tolist() == [0, 1]
        assert (found.low[0], found.high[1]) == (0, 1)
        assert found.high[0] == pytest.approx(1.96**2 / (5 + 1.96**2), abs=1e-3)
        assert found.low[1] == pytest.approx(1 - found.high[0])
        assert np.isnan([found.value[2], found.low[2], found.high[2]]).all()


def test_one_scene_has_no_interval():
    cells = sum_cells(np.zeros(4, dtype=int), np.zeros(4, dtype=int), 1, np.array([0.1, 0.2, 0.3, 0.4]), np.ones(4), 1)
    for found in (estimate_groups(cells, draw_scenes(1), False), approximate_groups(cells, False)):
        assert found.value[0] == pytest.approx(0.25)
        assert np.isnan([found.low[0], found.high[0]]).all()


def test_differences_are_those_of_one_group_at_a_time():
    """Means of scenes of one answer a kind, so that both ways weigh scenes alike."""
    random = np.random.default_rng(4)
    scene = np.tile(np.arange(80), 2)
    kind = np.repeat([0, 1], 80)
    one, other = random.random(160), random.random(160)
    other[80:] -= 0.2
    cells = [sum_cells(scene, kind, 2, values, np.ones(160), 80) for values in (one, other)]
    found = estimate_differences(*cells, draw_scenes(80))
    for number in range(2):
        own = kind == number
        alone = compare_models(one[own].tolist(), other[own].tolist())
        assert found.value[number] == pytest.approx(alone.value)
        assert (found.low[number], found.high[number]) == pytest.approx((alone.low, alone.high), abs=0.02)
        assert found.p[number] == pytest.approx(alone.p, abs=0.04)  # each by 2,000 draws of its own
    assert found.p[1] < 0.01


def test_only_scenes_that_both_have_are_compared():
    ones = np.ones(3)
    one = sum_cells(np.array([0, 1, 2]), np.zeros(3, dtype=int), 2, np.array([1.0, 1, 0]), ones, 5)
    other = sum_cells(np.array([1, 2, 4]), np.zeros(3, dtype=int), 2, np.array([0.0, 0, 1]), ones, 5)
    found = estimate_differences(one, other, draw_scenes(5))
    assert (found.value[0], found.scenes[0]) == (0.5, 2)
    assert np.isnan([found.value[1], found.p[1]]).all()


def test_intervals_depend_on_the_seed_alone():
    drawn, _ = draw_answers(np.random.default_rng(5), 50, 1)
    cells = sum_kinds(drawn, 50)
    low = estimate_groups(cells, draw_scenes(50, 7)).low
    assert low.tolist() == estimate_groups(cells, draw_scenes(50, 7)).low.tolist()
    assert low.tolist() != estimate_groups(cells, draw_scenes(50, 8)).low.tolist()


def test_nothing_cannot_be_measured():
    with pytest.raises(ValueError, match="nothing to measure"):
        estimate_two_way(np.zeros(2), np.zeros(2), np.arange(2), np.zeros(2, dtype=int))


@pytest.mark.slow
@pytest.mark.parametrize(("scenes", "pictures"), [(30, 2), (120, 1), (120, 3)])
def test_the_truth_lies_in_93_to_97_of_100_intervals(scenes, pictures):
    """By kind and over all, in 2,000 evaluations of other scenes each; of 8,000 with 30 scenes it were 94.5."""
    random, kinds = np.random.default_rng(scenes + pictures), compute_truth()
    overall = kinds @ np.array([0.5, 0.25, 0.15, 0.1])
    hits = {"kinds": np.zeros(KINDS), "approximate": np.zeros(KINDS), "overall": np.zeros(1)}
    for number in range(RUNS):
        drawn, _ = draw_answers(random, scenes, pictures)
        draws, cells = draw_scenes(scenes, number), sum_kinds(drawn, scenes)
        found = {"kinds": estimate_groups(cells, draws), "approximate": approximate_groups(cells)}
        found["overall"] = estimate_groups(sum_all(drawn, scenes), draws)
        for name, one in found.items():
            truth = overall if name == "overall" else kinds
            hits[name] += (one.low <= truth) & (truth <= one.high)
    for name, counts in hits.items():
        assert 0.93 * RUNS <= counts.mean() <= 0.97 * RUNS, name
        assert 0.92 * RUNS <= counts.min() <= counts.max() <= 0.98 * RUNS, name


@pytest.mark.slow
def test_the_truth_lies_in_93_to_97_of_100_intervals_of_a_difference():
    """Of two models on the same scenes, which both find hard; and models that are alike are told apart by chance."""
    random, hits, seen = np.random.default_rng(9), 0, 0
    # The difference over very many scenes.
    one, shared = draw_answers(random, 200_000, 1, gain=0.2)
    other, _ = draw_answers(random, 200_000, 1, others=shared)
    truth = one.right.mean() - other.right.mean()
    for number in range(RUNS):
        one, shared = draw_answers(random, 120, 2, gain=0.2)
        other, _ = draw_answers(random, 120, 2, others=shared)
        third, _ = draw_answers(random, 120, 2, others=shared)
        draws = draw_scenes(120, number)
        found = estimate_differences(sum_all(one, 120), sum_all(other, 120), draws)
        hits += int(found.low[0] <= truth <= found.high[0])
        seen += int(estimate_differences(sum_all(third, 120), sum_all(other, 120), draws).p[0] < 0.05)
    assert 0.93 * RUNS <= hits <= 0.97 * RUNS
    assert 0.03 * RUNS <= seen <= 0.07 * RUNS


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [4, 10])
def test_pictures_that_share_seeds_need_both_to_be_drawn(pictures):
    """By scene alone the interval misses what pictures of one number have in common in all scenes."""
    random, share = np.random.default_rng(pictures), 0.3
    truth = compute_truth(share) @ np.array([0.5, 0.25, 0.15, 0.1])
    by_scene = two_way = 0
    for number in range(300):
        drawn, _ = draw_answers(random, 100, pictures, of_numbers=share)
        found = estimate_groups(sum_all(drawn, 100), draw_scenes(100, number))
        by_scene += int(found.low[0] <= truth <= found.high[0])
        both = estimate_two_way(drawn.right, np.ones(len(drawn.right)), drawn.scene, drawn.number, number)
        two_way += int(both.low <= truth <= both.high)
    assert by_scene < 0.85 * 300
    assert two_way >= 0.93 * 300


def test_clear_differences_stay_clear_among_two_hundred():
    """One of a hundred groups is clear, with all 200 counted in; of the others none is by chance."""
    draw, scenes, groups = np.random.default_rng(0), 300, 200
    scene, group = np.repeat(np.arange(scenes), groups), np.tile(np.arange(groups), scenes)
    gains = 0.5 * (group % 100 == 0)
    parts = [draw.normal(0, 1, len(scene)) + more for more in (gains, 0.0)]
    cells = [sum_cells(scene, group, groups, one, np.ones(len(scene)), scenes) for one in parts]
    p = np.array(adjust_holm(estimate_differences(*cells, draw_scenes(scenes)).p.tolist()))
    assert np.flatnonzero(p < 0.05).tolist() == [0, 100]
