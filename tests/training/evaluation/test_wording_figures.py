"""Evaluations of one model on several wordings of the same scenes: scores, agreement of answers, orders of models."""

import numpy as np
import pytest
from generate_any_scene.training.evaluation.figures import describe_runs
from generate_any_scene.training.evaluation.report.terminal import make_tables
from planted import WRONG, make_scenes, plant_run


def plant(scenes, wording, share, *, model="planted", seed=0, pictures=1, refused=0.0):
    """Answers to one wording, of which a share is wrong."""
    data = {"recipe": "sandbox", **({"wording": wording} if wording else {})}
    wrong = dict.fromkeys(WRONG, share)
    return plant_run(scenes, wrong, model=model, seed=seed, pictures=pictures, refused=refused, record={"data": data})


@pytest.fixture(scope="module")
def scenes():
    return make_scenes("multi_object", 120)


def test_scores_and_agreement_are_those_of_a_loop(scenes):
    runs = [plant(scenes, None, 0.1, pictures=2), plant(scenes, "short", 0.3, seed=1, pictures=2, refused=0.1)]
    (caption, short) = describe_runs(runs, by=[])["wordings"]
    marks = [{(one["image"], one["question"]): one["right"] for one in run.answers.to_pylist()} for run in runs]
    known = [{key: mark for key, mark in own.items() if mark is not None} for own in marks]
    both = known[0].keys() & known[1].keys()
    same = np.mean([known[0][key] == known[1][key] for key in both])
    assert (caption["wording"], short["wording"], short["other"]) == ("caption", "short", 0)
    assert caption["value"] == pytest.approx(np.mean(list(known[0].values())), abs=1e-6)
    assert short["agreement"]["value"] == pytest.approx(same, abs=1e-6)
    assert short["questions"] == len(both)
    assert short["agreement"]["low"] < same < short["agreement"]["high"]
    assert short["difference"]["high"] < 0 and "agreement" not in caption


def test_the_same_answers_agree_wholly(scenes):
    runs = [plant(scenes, "short", 0.2), plant(scenes, "long", 0.2)]
    _, long = describe_runs(runs, by=[])["wordings"]
    assert (long["agreement"]["value"], long["difference"]["value"]) == (1, 0)


def test_models_with_one_wording_are_not_told_of(scenes):
    report = describe_runs([plant(scenes, "short", 0.1), plant(scenes, "long", 0.1, model="other")], by=[])
    assert report["wordings"] == [] and report["wording_orders"] == []


@pytest.mark.parametrize(("shares", "expected"), [((0.1, 0.3, 0.5), 1), ((0.5, 0.3, 0.1), -1)])
def test_models_are_in_the_order_of_each_wording(shares, expected, scenes):
    runs = [
        plant(scenes, wording, share, model=f"model {place}", seed=place)
        for wording, some in ((None, (0.1, 0.3, 0.5)), ("long", shares))
        for place, share in enumerate(some)
    ]
    report = describe_runs(runs, by=[])
    (row,) = report["wording_orders"]
    assert (row["wording"], row["other"], row["models"]) == ("caption", "long", 3)
    assert row["spearman"]["value"] == pytest.approx(expected)
    titles = [str(table.title) for table in make_tables(report)]
    assert {"By wording", "Models in the order of each wording"} <= set(titles)
