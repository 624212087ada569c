import pytest
from generate_any_scene.training.evaluation.report.marks import fit_axis, write_ticks
from generate_any_scene.training.evaluation.report.numbers import (
    list_ticks,
    read_estimate,
    write_estimate,
    write_number,
    write_share,
)
from generate_any_scene.training.metrics.intervals import Estimate


@pytest.mark.parametrize(
    ("estimate", "signed", "text"),
    [
        ((0.7341, 0.71, 0.757), False, ("0.73", "0.71–0.76")),
        ((0.7341, 0.7312, 0.737), False, ("0.734", "0.731–0.737")),
        ((0.6, 0.4, 0.8), False, ("0.60", "0.40–0.80")),
        ((27.41, 25.0, 29.8), False, ("27", "25–30")),
        ((-0.0041, -0.0091, 0.0012), True, ("−0.004", "−0.009 to +0.001")),
        ((0.0002, -0.03, 0.03), True, ("0.00", "−0.03 to +0.03")),
        ((1.0, 1.0, 1.0), False, ("1.00", "1.00–1.00")),
    ],
)
def test_digits_are_those_that_intervals_allow(estimate, signed, text):
    assert write_estimate(Estimate(*estimate), signed) == text


def test_nothing_known_is_nothing_written():
    assert write_estimate(None) == ("", "")
    assert read_estimate({"value": None, "low": None, "high": None}) is None
    assert read_estimate({"value": float("nan"), "low": 0.0, "high": 1.0}) is None
    assert write_number(None) == ""


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (1, 100_000, "<0.1 %"),
        (99_999, 100_000, ">99.9 %"),
        (1, 3, "33 %"),
        (1, 200, "0.5 %"),
        (0, 0, "0 %"),
    ],
)
def test_shares(part, whole, text):
    assert write_share(part, whole) == text


@pytest.mark.parametrize("ends", [(0.0, 1.0), (-0.031, 0.004), (26.9, 27.7), (0.0, 1e-7), (-4e6, 3e7)])
def test_ticks_are_round_and_within(ends):
    ticks = list(list_ticks(*ends))
    assert 2 <= len(ticks) <= 6
    assert all(ends[0] - 1e-9 <= tick <= ends[1] * (1 + 1e-9) + 1e-9 for tick in ticks)
    assert len(set(write_ticks(ticks))) == len(ticks) or ends[1] < 1e-4


def test_axis_has_room_but_no_impossible_shares():
    assert fit_axis([0.5, 1.0], 0.0, 1.0).high == 1.0
    axis = fit_axis([0.5, 0.5])
    assert axis.low < 0.5 < axis.high
    assert axis.place(-9.0) == 0.0
    assert axis.place(9.0) == 100.0
