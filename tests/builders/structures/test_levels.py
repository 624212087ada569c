"""Levels of difficulty: how scenes are shared out to them and to the structures of each."""

import numpy as np
import pytest
from generate_any_scene.builders.foundation.counter_rng import BITS
from generate_any_scene.builders.structures.levels import cut_levels, plan_levels

SCORES = np.array([3, 3, 4, 6, 7, 7, 9])
BOUNDS = np.rint(np.linspace(0, 1, len(SCORES) + 1) * 2.0**BITS).astype(np.int64)
STARTS = cut_levels(SCORES, 3)


def plan(parts=(1, 1, 1), rows=None):
    return plan_levels(STARTS, SCORES, BOUNDS, parts, rows)


def test_scores_that_occur_are_cut_into_runs_of_as_many():
    assert STARTS.tolist() == [3, 6, 9, 10]
    assert cut_levels(SCORES, 5).tolist() == [3, 4, 6, 7, 9, 10]
    assert cut_levels(SCORES, 6) is None


@pytest.mark.parametrize("parts", [(1, 1, 1), (5, 3, 2), (0, 1, 0), (7, 0, 3)])
def test_every_run_of_a_deck_has_each_level_in_its_share(parts):
    levels = plan(parts)
    drawn = levels.list_levels(5, 0, 40 * sum(parts)).reshape(40, sum(parts))
    assert all(np.bincount(run, minlength=3).tolist() == list(parts) for run in drawn)


@pytest.mark.parametrize(
    ("parts", "rows"), [((1, 1, 1), None), ((50, 30, 20), None), ((5, 3, 2), 977), ((1, 0, 2), 50)]
)
def test_counts_are_those_of_the_scenes_before(parts, rows):
    levels = plan(parts, rows)
    drawn, cells = levels.list_levels(9, 0, 1000), levels.sample_cells(9, 0, 1000)
    for start in (0, 1, 63, 64, 500, 976, 977, 1000):
        assert levels.count_levels(9, start).tolist() == np.bincount(drawn[:start], minlength=3).tolist()
        assert levels.count_cells(9, start).tolist() == np.bincount(cells[:start], minlength=len(SCORES)).tolist()


@pytest.mark.parametrize("rows", [None, 3000])
def test_scenes_from_any_place_on_are_those_that_come_there(rows):
    levels = plan((5, 3, 2), rows)
    every = levels.sample_cells(9, 0, 3000)
    assert all(
        (levels.sample_cells(9, start, 100) == every[start : start + 100]).all() for start in (1, 64, 777, 2900)
    )


def test_cells_of_a_level_have_the_shares_among_themselves_that_they_have_without_levels():
    levels = plan((2, 1, 1))
    cells, drawn = levels.sample_cells(3, 0, 12_000), levels.list_levels(3, 0, 12_000)
    assert (np.searchsorted(STARTS, SCORES[cells], side="right") - 1 == drawn).all()
    counts = np.bincount(cells, minlength=len(SCORES))
    assert np.abs(counts - np.array([2000, 2000, 2000, 1000, 1000, 1000, 3000])).max() <= 12


def test_a_sorted_split_has_each_level_in_its_share_to_the_row():
    for rows in (10, 977, 20_000):
        drawn = plan((50, 30, 20), rows).list_levels(1, 0, rows)
        assert (np.diff(drawn) >= 0).all()
        assert np.abs(np.bincount(drawn, minlength=3) - rows * np.array([0.5, 0.3, 0.2])).max() <= 1


def test_what_comes_after_a_sorted_split_is_of_its_last_level():
    assert plan((1, 1, 0), 20).list_levels(1, 18, 4).tolist() == [1, 1, 1, 1]
