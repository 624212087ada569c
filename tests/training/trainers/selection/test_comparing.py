"""Comparisons of arms: numbers from tables of scores that are written here, beside a second reckoning."""

import statistics

import pyarrow as pa
import pytest
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run, write_run
from generate_any_scene.training.recipes.selection import Selection
from generate_any_scene.training.reports.comparing import estimate_over_seeds, list_lines
from generate_any_scene.training.trainers.selection.comparing import compare_arms

VALUES = {
    1: {"base": [0.1, 0.2, 0.3], "top": [0.4, 0.6, 0.5], "random": [0.1, 0.3, 0.2]},
    2: {"base": [0.2, 0.2, 0.2], "top": [0.3, 0.2, 0.4], "random": [0.2, 0.2, 0.5]},
    3: {"base": [0.0, 0.4, 0.1], "top": [0.5, 0.5, 0.3], "random": [0.1, None, 0.1]},
}
SANDBOX = {"model": {"data": {"recipe": "sandbox"}}}


@pytest.fixture
def recipe():
    arms = {"top": {"select": "top"}, "random": {"select": "random"}}
    return Selection(
        name="x", kind="selection", data="sandbox", pictures={"backend": "sandbox"}, sandbox=SANDBOX, arms=arms,
        judge={"kind": "sandbox"}, score={"answer_accuracy": {}}, held_out={"test": "sandbox"}, seeds=(1, 2, 3),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Evaluations of each seed's base and arms."""
    for seed, models in VALUES.items():
        for name, values in models.items():
            place = tmp_path / f"seed_{seed}" / ("base_test" if name == "base" else f"{name}/iteration_1/test")
            rows = [
                {"scene": f"s{number}", "model": name, "image": f"s{number}.png", "metric": "m", "value": value}
                for number, value in enumerate(values)
            ]
            answers = [
                {"scene": "s0", "model": name, "image": "s0.png", "question": 0, "kind": kind, "right": right}
                for kind, right in (("object", True), ("object", False), ("relation", None), ("relation", True))
            ]
            scenes = pa.table({"id": ["s0", "s1", "s2"]})
            tables = pa.Table.from_pylist(answers, ANSWERS), pa.Table.from_pylist(rows, SCORES)
            write_run(Run(place, *tables, scenes, {}))
    return tmp_path


def test_models_are_compared_scene_by_scene_and_seed_by_seed(recipe, folder):
    found = compare_arms(recipe, folder)
    scores = found["held_out_scores"]["test"]
    assert scores[1]["top 1"]["score"] == pytest.approx(0.5)
    assert (scores[1]["top 1"]["object"], scores[1]["top 1"]["relation"]) == (0.5, 1.0)
    assert scores[3]["random 1"]["score"] == pytest.approx(0.1)
    gains = found["differences"]["test"]
    assert list(gains) == ["top 1 - random 1", "top 1 - base", "random 1 - base"]
    top = gains["top 1 - base"]
    assert [round(top["seeds"][seed]["value"], 6) for seed in (1, 2, 3)] == [0.3, 0.1, round(0.8 / 3, 6)]
    assert top["pooled"]["value"] == pytest.approx((0.9 + 0.3 + 0.8) / 9)
    # A scene that one of both lacks a score of is left out.
    assert gains["random 1 - base"]["seeds"][3]["value"] == pytest.approx((0.1 + 0.0) / 2)


def test_over_seeds_the_interval_is_students():
    values = [0.3, 0.1, 0.8 / 3, 0.2, 0.15]
    found = estimate_over_seeds(values)
    half = 2.776445 * statistics.stdev(values) / 5**0.5  # of Student's distribution with four degrees of freedom
    assert found["value"] == pytest.approx(statistics.mean(values))
    assert (found["high"] - found["value"], found["value"] - found["low"]) == (
        pytest.approx(half, rel=0.01), pytest.approx(half, rel=0.01),
    )  # fmt: skip


def test_the_tables_hold_all_of_it(recipe, folder):
    lines = list_lines(compare_arms(recipe, folder))
    assert lines[0] == "Held out, test: mean score"
    assert lines[2:5] == [
        "| seed | base | top 1 | random 1 |",
        "| --- | --- | --- | --- |",
        "| 1 | 0.200 | 0.500 | 0.200 |",
    ]
    (row,) = [line for line in lines if line.startswith("| top 1 - base | +0.300")]
    assert row.count("(") == 5 and lines[-1] == "| random 1 | 0.500 | 1.000 |"
