"""Answer accuracy: right answers of those that are given, and apart by what was asked."""

import json
from dataclasses import replace

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.judges.asking import Judged
from generate_any_scene.training.metrics.answer_accuracy import Metric, break_down_answers
from generate_any_scene.training.metrics.loading import open_metric


def ask(kind="object", form="yes_no", answer="yes"):
    return {"question": "?", "answer": answer, "choices": [], "form": form, "kind": kind}


def judge(*marks):
    return Judged([[""] * len(some) for some in marks], [*marks], [[None] * len(some) for some in marks])


def test_refused_questions_are_apart():
    judged = judge([True, False], [True, None, None], [None], [])
    assert Metric().measure([[ask()] * 2, [ask()] * 3, [ask()], []], judged) == [0.5, 1, None, None]


def test_or_wrong_where_that_is_wanted_as_rewards_have_it():
    judged = judge([True, False], [True, None, None], [None], [])
    metric = Metric(refused="wrong")
    assert metric.measure([[ask()] * 2, [ask()] * 3, [ask()], []], judged) == [0.5, 1 / 3, 0, None] == judged.shares
    assert metric.id != Metric().id


def test_answers_count_as_much_as_the_judge_is_trusted_with_their_kind():
    asked = [[ask(), ask("count"), ask("relation"), ask("scene")]]
    judged, weights = judge([True, False, True, None]), {"object": 1.0, "count": 0.5, "relation": 0.0}
    metric = Metric(weights=weights)
    assert metric.measure(asked, judged) == [1 / 1.5]
    assert Metric(refused="wrong", weights=weights).measure(asked, judged) == [1 / 2.5]
    assert metric.id == "answer_accuracy@weights(count=0.5,object=1,relation=0)"


def test_weights_may_be_the_file_of_an_exam(tmp_path):
    record = {"judge": "mine", "kinds": {"object": {"weight": 1.0}, "count": {"weight": 0.5}}}
    (tmp_path / "judge.json").write_text(json.dumps(record))
    metric = open_metric("answer_accuracy", weights=tmp_path / "judge.json")
    assert metric.id == "answer_accuracy@weights(count=0.5,object=1)"
    asked = [[ask("object"), ask("count")]]
    assert metric.measure(asked, judge([True, False])) == [1 / 1.5]
    with pytest.raises(GasError, match="no.json cannot be read"):
        open_metric("answer_accuracy", weights="no.json")


@pytest.mark.parametrize(
    ("judge_id", "by", "message"),
    [("mine", "probability", "is about answers by `words`, not by probability"), ("other", "words", "not `other`")],
)
def test_weights_are_of_the_judge_that_answers_as_it_was_asked(judge_id, by, message, tmp_path):
    record = {"judge": "mine", "exam": {"asked_by": "words"}, "kinds": {"object": {"weight": 1.0}}}
    (tmp_path / "judge.json").write_text(json.dumps(record))
    metric = open_metric("answer_accuracy", weights=tmp_path)
    assert metric.measure([[ask()]], replace(judge([True]), judge="mine", by="words")) == [1]
    with pytest.raises(GasError, match=message):
        metric.measure([[ask()]], replace(judge([True]), judge=judge_id, by=by))


def test_a_judge_that_says_yes_is_right_about_true_statements_alone():
    asked = [ask(), ask(answer="no"), ask("count", "count", "two"), ask("attribute", "yes_no", "no")]
    found = break_down_answers([asked] * 5, judge(*[[True, False, True, False]] * 5))
    certain, never = {"accuracy": 1, "interval": [1, 1]}, {"accuracy": 0, "interval": [0, 0]}
    assert found["by_statement"] == {
        "false": {"questions": 10, "refused": 0, **never},
        "true": {"questions": 5, "refused": 0, **certain},
    }
    assert found["yes_rate"] == 1
    assert found["all"]["accuracy"] == found["by_kind"]["object"]["accuracy"] == 0.5
    assert {kind: one["questions"] for kind, one in found["by_kind"].items()} == {
        "attribute": 5,
        "count": 5,
        "object": 10,
    }
    assert found["by_form"]["count"] == {"questions": 5, "refused": 0, **certain}


def test_the_yes_rate_is_of_answers():
    """Right about a truth and wrong about what is false is yes; a reply that is no answer is neither."""
    asked = [ask(), ask(), ask(answer="no"), ask(answer="no"), ask(), ask("count", "count", "two")]
    assert break_down_answers([asked], judge([True, False, True, False, None, True]))["yes_rate"] == 0.5


def test_refused_questions_are_counted_by_themselves():
    asked = [ask(), ask("relation"), ask("relation")]
    found = break_down_answers([asked, asked], judge([True, None, None], [False, None, None]))
    assert found["by_kind"]["relation"] == {"questions": 4, "refused": 4, "accuracy": None, "interval": None}
    assert found["all"] == {"questions": 6, "refused": 4, "accuracy": 0.5, "interval": [0, 1]}


def test_pictures_of_one_scene_make_nothing_surer():
    pictures, marks = [[ask()]] * 40, [[place // 4 % 2 == 0] for place in range(40)]
    low, high = break_down_answers(pictures, judge(*marks), [place // 4 for place in range(40)])["all"]["interval"]
    low_alone, high_alone = break_down_answers(pictures, judge(*marks))["all"]["interval"]
    assert high - low == pytest.approx(2 * (high_alone - low_alone), rel=0.1)


def test_without_questions_there_is_nothing():
    empty = {"questions": 0, "refused": 0, "accuracy": None, "interval": None}
    found = break_down_answers([[], []], judge([], []))
    assert found == {"all": empty, "by_kind": {}, "by_form": {}, "by_statement": {}, "yes_rate": None}
