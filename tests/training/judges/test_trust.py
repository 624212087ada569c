"""`judge.json`: whom it is about, and what its weights make of answers."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.exam.judge import EXACT
from generate_any_scene.training.exam.papers import make_exam
from generate_any_scene.training.exam.report import describe_exam
from generate_any_scene.training.exam.sitting import sit_exam
from generate_any_scene.training.judges.asking import Judged
from generate_any_scene.training.judges.trust import read_exam, read_weights, weigh_shares, write_trust

RECORD = {
    "judge": "a judge",
    "kinds": {"object": {"weight": 1.0}, "count": {"weight": 0.5}, "relation": {"weight": 0}},
}


def test_weights_are_read_from_the_file_or_its_folder(tmp_path):
    path = write_trust(tmp_path / "new", RECORD)
    for place in (path, str(path.parent)):
        assert read_weights(place, "a judge") == {"object": 1.0, "count": 0.5, "relation": 0}


def test_an_exam_by_another_way_to_ask_is_refused(tmp_path):
    path = write_trust(tmp_path, RECORD | {"exam": {"asked_by": "probability"}})
    assert read_weights(path, by="probability") == read_weights(path)
    with pytest.raises(GasError, match="is about answers by `probability`, not by words; .*gas calibrate --by words"):
        read_weights(path, by="words")


def test_another_judges_file_is_refused(tmp_path):
    with pytest.raises(GasError, match="is about the judge `a judge`, not `another`; write it with gas calibrate"):
        read_weights(write_trust(tmp_path, RECORD), "another")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "has no `judge`"),
        ('{"judge": "a judge", "kinds": {"object": 1}}', "has no `judge`, or no `kinds`"),
        ('{"judge": "a judge", "kinds": {"object": {"weight": 2}}}', "must be from 0 to 1, not `2`"),
        ('{"judge": "a judge", "kinds": {"object": {"weight": "1"}}}', "must be from 0 to 1"),
        ('{"judge": "a judge", "kinds": {"object": {"weight": NaN}}}', "must be from 0 to 1"),
        ('{"judge": "a judge", "kinds": {"object": {"weight": 0}}}', "trusts `a judge` with no kind"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_such_file_is_one_clear_line(text, message, tmp_path):
    path = tmp_path / "judge.json"
    path.write_text(text)
    with pytest.raises(GasError, match=message):
        read_weights(path, "a judge")


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(GasError, match="judge.json cannot be read: No such file.*gas calibrate"):
        read_weights(tmp_path / "judge.json", "a judge")


def test_shares_are_weighed_by_kind():
    questions = [[{"kind": kind} for kind in ("object", "count", "relation", "scene")], [{"kind": "relation"}], []]
    judged = Judged([], [[True, False, False, None], [True], []], [])
    weights = {kind: one["weight"] for kind, one in RECORD["kinds"].items()}
    assert weigh_shares(judged, questions, weights) == [1 / 2.5, None, None]
    assert weigh_shares(judged, questions, {}) == judged.shares


def test_what_an_exam_shows_is_read_for_a_card(tmp_path):
    record = describe_exam(EXACT, sit_exam(EXACT, make_exam(3)), 0, "words")
    path = write_trust(tmp_path, record)
    exam = read_exam(path)
    assert exam == read_exam(tmp_path)
    assert (exam.judge, exam.asked_by, exam.scenes) == (EXACT.id, "words", 3)
    assert set(exam.kinds) == {kind for kind, one in record["kinds"].items() if one["balanced_accuracy"]}
    assert exam.kinds["count"].value == 1
    assert exam.kinds["count"].low == record["kinds"]["count"]["balanced_accuracy"]["low"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"judge": "x", "kinds": {}}',
        '{"judge": "x", "exam": {"version": "1"}, "kinds": {}}',
        '{"judge": "x", "exam": {"version": "1", "scenes": 3, "asked_by": "words"}, "kinds": {"count": {}}}',
    ],
)
def test_what_is_no_exam_is_one_clear_line(text, tmp_path):
    (tmp_path / "judge.json").write_text(text)
    with pytest.raises(GasError, match=r"judge\.json is no exam of a judge; write it with gas calibrate"):
        read_exam(tmp_path)
