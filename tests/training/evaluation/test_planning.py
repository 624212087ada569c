"""How many scenes show a difference."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from clustered import draw_answers
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.planning import describe_plan, measure_spread, plan_difference
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run
from generate_any_scene.training.metrics.group_intervals import draw_scenes, estimate_differences, sum_cells
from planted import make_scenes, plant_run

SPREAD = 0.2
BETWEEN = WITHIN = SPREAD**2 / 2
"""What is assumed of two models and of the pictures of one, by the spread of pictures."""


def find_scenes(plan, pictures):
    return next(one["scenes"] for one in plan["plans"] if one["pictures"] == pictures)


def test_half_of_a_difference_takes_four_times_as_many_scenes():
    one, half = plan_difference(0.04), plan_difference(0.02)
    for first, second in zip(one["plans"], half["plans"], strict=True):
        assert second["scenes"] - 2 == pytest.approx(4 * (first["scenes"] - 2), rel=0.01)
        assert first["all_pictures"] == first["scenes"] * first["pictures"]
    scenes = [plan["scenes"] for plan in one["plans"]]
    assert scenes == sorted(scenes, reverse=True)
    assert plan_difference(0.04, power=0.95)["plans"][0]["scenes"] > scenes[0]
    assert "922 scenes, 4 pictures each" in describe_plan(half)
    assert "assumed" in describe_plan(half)


def test_a_plan_is_the_formula():
    """(1.96 + 0.8416)^2 (b + 2 w / 4) / 0.03^2, and two more, where scenes' differences have the variance b."""
    plan = plan_difference(0.03, spread=0.2, pictures=[4])
    expected = (1.959964 + 0.841621) ** 2 * (plan["between"] + plan["within"] / 2) / 0.03**2 + 1.92
    assert plan["plans"][0]["scenes"] == int(np.ceil(expected))
    assert plan["between"] + plan["within"] == pytest.approx(0.2**2)


def test_variances_are_those_of_the_pilot():
    """Without spread between scenes all variance is that of a picture's answers, and between scenes there is none."""
    scenes = make_scenes("multi_object", 200)
    wrong = {"object": 0.2, "attribute": 0.2, "count": 0.2, "relation": 0.2}
    pilots = [plant_run(scenes, wrong, pictures=4, seed=seed, model=f"m{seed}") for seed in range(2)]
    counts = [len(row) for row in scenes["questions"].to_pylist()]
    expected = np.mean([0.2 * 0.8 / count for count in counts])
    for found in (measure_spread(pilots[0]), measure_spread(*pilots)):
        assert found.within == pytest.approx(expected, rel=0.15)
        assert found.between < 0.2 * expected
    plan = plan_difference(0.02, pilot=pilots[0], other=pilots[1])
    assert plan["source"] == "200 scenes of m0 and m1"
    alone = plan_difference(0.02, pilot=plant_run(scenes, wrong))
    assert "half of it assumed" in alone["source"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"difference": 0}, "`difference` is 0; give a number between 0 and 1, such as 0.02"),
        ({"difference": 2}, "`difference` is 2"),
        ({"difference": 0.1, "power": 1}, "`power` is 1"),
        ({"difference": 0.1, "spread": -1}, "`spread` is -1"),
        ({"difference": 0.1, "pictures": [0]}, "are 1 or more"),
    ],
)
def test_what_cannot_be_planned_is_refused(options, message):
    with pytest.raises(GasError, match=message):
        plan_difference(**options)


def test_a_pilot_needs_scenes():
    scenes = make_scenes("multi_object", 200)
    one = plant_run(scenes.slice(0, 1), pictures=2)
    with pytest.raises(GasError, match="fewer than two scenes"):
        plan_difference(0.02, pilot=one)
    with pytest.raises(GasError, match="fewer than two scenes in common"):
        plan_difference(0.02, pilot=plant_run(scenes.slice(0, 9)), other=plant_run(scenes.slice(8, 9)))


def draw_scores(random, scenes, pictures, difference):
    """Scores of pictures of two models, whose scenes' differences and pictures have the variances above."""
    gains = difference + random.normal(0, np.sqrt(BETWEEN), scenes)
    values = random.normal(0, np.sqrt(WITHIN), (2, scenes, pictures))
    values[0] += gains[:, None]
    return values


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [1, 4])
@pytest.mark.parametrize("power", [0.8, 0.95])
def test_planned_scenes_reach_the_power_promised(pictures, power):
    """1,000 evaluations of as many scenes as planned, tested as a report tests them."""
    scenes = find_scenes(plan_difference(0.05, power, spread=SPREAD), pictures)
    random, seen = np.random.default_rng(pictures), 0
    draws = draw_scenes(scenes)
    owner = np.repeat(np.arange(scenes), pictures)
    zeros, ones = np.zeros(len(owner), dtype=np.int64), np.ones(len(owner))
    for _ in range(1000):
        values = draw_scores(random, scenes, pictures, 0.05)
        cells = [sum_cells(owner, zeros, 1, some.reshape(-1), ones, scenes) for some in values]
        seen += int(estimate_differences(*cells, draws).p[0] < 0.05)
    assert power - 0.03 <= seen / 1000 <= power + 0.03


@pytest.mark.slow
def test_a_pilot_of_two_models_plans_the_power_promised():
    """A pilot of 300 scenes, and then 300 evaluations of as many scenes as it asks for."""

    def draw(random, scenes, gain):
        one, shared = draw_answers(random, scenes, 2, gain=gain)
        other, _ = draw_answers(random, scenes, 2, others=shared)
        return one, other

    random = np.random.default_rng(0)
    large = draw(random, 100_000, 0.25)
    difference = np.mean(average(large[0])) - np.mean(average(large[1]))
    one, other = draw(random, 300, 0.25)
    pilot, second = make_run(one, "one"), make_run(other, "other")
    scenes = find_scenes(plan_difference(float(difference), pilot=pilot, other=second), 2)
    seen = 0
    for _ in range(300):
        one, other = draw(random, scenes, 0.25)
        gains = average(one) - average(other)
        seen += abs(gains.mean()) > 1.96 * gains.std(ddof=1) / np.sqrt(scenes)
    assert 0.7 <= seen / 300 <= 0.9  # the pilot's variances are off by some 8 %


def make_run(drawn, model):
    """An evaluation that has these answers, and nothing else."""
    names = [f"scene {number}" for number in range(drawn.scene.max() + 1)]
    rows = [
        (names[scene], model, f"{scene}/{number}", 0, "object", "yes_no", "yes", "yes", None, bool(right))
        for scene, number, right in zip(drawn.scene, drawn.number, drawn.right, strict=True)
    ]
    columns = [pa.array(one, kind) for one, kind in zip(zip(*rows, strict=True), ANSWERS.types, strict=True)]
    scenes = pa.table({"id": names})
    return Run(Path("runs") / model, pa.table(columns, ANSWERS), SCORES.empty_table(), scenes, {"model": model})


def average(drawn):
    """The mean over each scene's pictures of their shares of right answers."""
    sums = np.bincount(drawn.scene, drawn.right)
    return sums / np.bincount(drawn.scene)


@pytest.mark.parametrize("pictures", [1, 2])
def test_a_pilot_without_spread_is_planned_by_the_spread_assumed(pictures):
    scenes = make_scenes("multi_object", 20)
    pilots = [plant_run(scenes, {}, pictures=pictures, model=f"m{number}") for number in range(2)]
    assumed = plan_difference(0.02)
    for other in (None, pilots[1]):
        plan = plan_difference(0.02, pilot=pilots[0], other=other)
        assert plan["plans"] == assumed["plans"]
        assert plan["source"] == "assumed, since no two scenes of m0 differ"
