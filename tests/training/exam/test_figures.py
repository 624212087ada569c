"""What is counted of a judge's answers, against formulas written here again, and how sure it is."""

import json

import numpy as np
import pytest
from generate_any_scene.training.exam.figures import Answered, measure, measure_by_scene


def make_answered(random, scenes, each, chance_true, chance_false, at_once=False):
    """Answers about scenes: to each question for itself, or all of a scene's alike."""
    numbers = np.repeat(np.arange(scenes), each)
    is_true = np.arange(scenes * each) % 2 == 0
    drawn = np.repeat(random.random(scenes), each) if at_once else random.random(scenes * each)
    marks = (drawn < np.where(is_true, chance_true, chance_false)).astype(int)
    return Answered(numbers, is_true, marks, np.where(marks == is_true, 1, 0))


def test_shares_of_true_and_of_false_statements():
    answered = Answered(
        scenes=np.array([0, 0, 1, 1, 2, 2, 3, 3]),
        is_true=np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool),
        marks=np.array([1, 1, 1, 0, 1, 0, 0, -1]),
        said=np.array([1, 1, 1, 0, 0, 1, 1, -1]),
    )
    figures = measure(answered)
    assert (figures.asked, figures.refused) == (8, 1)
    assert figures.sensitivity.value == 3 / 4
    assert figures.specificity.value == pytest.approx(1 / 3)
    assert figures.balanced_accuracy.value == pytest.approx((3 / 4 + 1 / 3) / 2)
    assert figures.yes_rate.value == pytest.approx(5 / 7)
    assert figures.yes_right == pytest.approx(4 / 7)
    assert figures.weight == 0
    assert json.loads(json.dumps(figures.describe()))["trusted"] is False


def test_a_weight_is_what_is_left_of_a_difference_between_pictures():
    figures = measure(make_answered(np.random.default_rng(0), 500, 4, 0.95, 0.9))
    assert figures.is_trusted
    assert figures.weight == pytest.approx(figures.sensitivity.value + figures.specificity.value - 1)


def test_few_answers_are_not_trusted_however_right_they_are():
    assert not measure(make_answered(np.random.default_rng(0), 3, 2, 1, 1)).is_trusted
    assert measure(make_answered(np.random.default_rng(0), 30, 2, 1, 1)).is_trusted


def test_a_judge_that_seldom_answers_is_not_trusted():
    answered = make_answered(np.random.default_rng(0), 200, 4, 1, 1)
    answered.marks[np.arange(800) % 5 > 1] = -1
    figures = measure(answered)
    assert figures.balanced_accuracy.low > 0.9
    assert not figures.is_trusted


def test_what_is_not_asked_has_no_figures():
    nothing = np.array([], dtype=int)
    assert measure(Answered(nothing, nothing.astype(bool), nothing, nothing)).balanced_accuracy is None


def test_questions_that_a_scene_decides_together_are_as_sure_as_one():
    random = np.random.default_rng(1)
    marks = (random.random(60) < 0.7).astype(int)
    alone = measure_by_scene(marks, np.arange(60))
    together = measure_by_scene(np.repeat(marks, 10), np.repeat(np.arange(60), 10))
    assert together.value == alone.value
    assert together.high - together.low == pytest.approx(alone.high - alone.low, rel=0.05)
    independent = measure_by_scene(random.permutation(np.repeat(marks, 10)), np.repeat(np.arange(60), 10))
    assert independent.high - independent.low < 0.5 * (together.high - together.low)


@pytest.mark.parametrize("at_once", [False, True])
def test_true_rates_lie_within_95_intervals_of_100(at_once):
    random = np.random.default_rng(2)
    held = []
    for _ in range(400):
        figures = measure(make_answered(random, 60, 4, 0.85, 0.7, at_once))
        pairs = zip(
            (0.85, 0.7, 0.775), (figures.sensitivity, figures.specificity, figures.balanced_accuracy), strict=True
        )
        held += [one.low <= rate <= one.high for rate, one in pairs]
    assert 0.93 <= np.mean(held) <= 0.97
