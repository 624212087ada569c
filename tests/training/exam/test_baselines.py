"""What needs no picture, of a dataset and a judge."""

from functools import partial

import numpy as np
import pytest
from chat_server import ChatServer
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.files import open_first
from generate_any_scene.training.exam.baselines import BASELINES, Rows, make_table, measure_baselines, read_rows
from generate_any_scene.training.judges.endpoint import EndpointJudge
from generate_any_scene.training.judges.marking import mark_reply
from generate_any_scene.training.sandbox.judge import SandboxJudge
from PIL import Image


@pytest.fixture(scope="module")
def rows():
    return read_rows("sandbox", None, "test", 40)


@pytest.fixture(scope="module")
def record(rows):
    return measure_baselines(SandboxJudge(), rows)


def test_the_pictures_of_the_sandbox_earn_everything(record):
    assert record["baselines"]["pictures"]["accuracy"] == {"value": 1, "low": 1, "high": 1}
    assert record["scenes"] == 40


def test_a_blank_picture_and_that_of_another_scene_earn_less(record):
    found = record["baselines"]
    assert found["blank"]["accuracy"]["high"] < 0.5
    assert found["other_picture"]["accuracy"]["high"] < 0.6
    # A blank picture shows that nothing is there: the foils of objects, and zero of what is not there.
    assert 0 < found["blank"]["kinds"]["object"] <= 0.5
    assert found["blank"]["kinds_refused"]["object"] > 0
    assert found["blank"]["kinds"]["relation"] == 0


def test_always_yes_earns_what_its_answers_are_worth(rows, record):
    shares = []
    for asked in rows.questions:
        answers = {"yes_no": "yes"}
        for form in {one["form"] for one in asked} - {"yes_no"}:
            every = [one["answer"] for some in rows.questions for one in some if one["form"] == form]
            answers[form] = max(every, key=lambda answer: (every.count(answer), -every.index(answer)))
        shares.append(np.mean([mark_reply(answers[one["form"]], one) is True for one in asked]))
    assert record["baselines"]["always_yes"]["accuracy"]["value"] == pytest.approx(np.mean(shares))


def test_without_pictures_only_what_needs_none_is_measured(rows):
    record = measure_baselines(SandboxJudge(), Rows(rows.questions, [], 0))
    assert {name for name, one in record["baselines"].items() if one} == {"blank", "always_yes"}
    assert set(record["baselines"]) == set(BASELINES)


def test_a_judge_behind_a_server_is_asked_without_pictures_too(rows):
    def reply(body):
        images = [part for part in body["messages"][-1]["content"] if part["type"] == "image_url"]
        return {"choices": [{"message": {"role": "assistant", "content": "yes" if images else "one"}}]}

    some = Rows(rows.questions[:5], [], 0)
    with ChatServer(reply).run() as server:
        found = measure_baselines(EndpointJudge(server.url), some)["baselines"]
        assert len(server.bodies) == 2 * sum(map(len, some.questions))
    counts = [one["answer"] for asked in some.questions for one in asked if one["kind"] == "count"]
    assert found["no_picture"]["kinds"]["count"] == counts.count("one") / len(counts) > 0
    assert (found["blank"]["kinds"]["count"], found["blank"]["kinds_refused"]["count"]) == (None, len(counts))


def test_pictures_are_found_by_the_ids_of_scenes(tmp_path):
    for number in (0, 2):
        path = tmp_path / f"sandbox/test/{number:09d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    rows = read_rows("sandbox", partial(open_first, tmp_path), "test", 4)
    assert [picture.getpixel((0, 0))[0] for picture in rows.pictures] == [0, 2]
    assert (len(rows.questions), rows.left_out) == (2, 2)


def test_the_first_of_several_pictures_is_taken_and_what_is_none_is_counted(tmp_path):
    (tmp_path / "000000001").mkdir()
    for number in (3, 4):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"000000001/{number}.png")
    (tmp_path / "000000002.png").write_bytes(b"none")
    rows = read_rows("sandbox", partial(open_first, tmp_path), "test", 4)
    assert [picture.getpixel((0, 0))[0] for picture in rows.pictures] == [3]
    assert rows.left_out == 3


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(GasError, match=tmp_path.name):
        read_rows("sandbox", partial(open_first, tmp_path), "test", 4)


@pytest.mark.parametrize(
    ("dataset", "hint"),
    [("./mned", r"did you mean `mined`\?"), ("sandbx", r"did you mean `sandbox`\?"), ("zzz", "gas list")],
)
def test_a_dataset_that_is_none_is_refused(dataset, hint, tmp_path, monkeypatch):
    (tmp_path / "mined").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GasError, match=f"there is no recipe `{dataset}`, nor a folder of that name; .*{hint}"):
        read_rows(dataset, None, "test", 4)


def test_a_judge_that_answers_nothing_is_no_accuracy_of_zero(rows):
    silent = SandboxJudge(reply=lambda text, things: "I cannot tell.")
    with pytest.raises(GasError, match="gives no answer to"):
        measure_baselines(silent, rows)
    assert measure_baselines(silent, rows, most_refused=1.0)["baselines"]["pictures"]["accuracy"]["value"] == 0


def test_refused_questions_are_in_no_share_of_answers(rows):
    """A judge that answers the first of two questions of each scene alone, counted by hand."""
    plain = {"form": "yes_no", "answer": "yes", "aliases": [], "choices": [], "question": "Is it there?"}
    first = rows.questions[0][0]
    asked = [[{**first, **plain, "kind": kind} for kind in ("kind 0", "kind 1")] for _ in range(3)]
    asked[1][0]["answer"] = "no"
    said = iter(["yes", "I cannot tell.", "yes", "I cannot tell.", "yes", "I cannot tell."])
    judge = SandboxJudge(reply=lambda text, things: next(said))
    found = measure_baselines(judge, Rows(asked, [], 0), names=["blank"], metrics=[])["baselines"]["blank"]
    # Scenes: right and refused; wrong and refused; right and refused.
    assert found["accuracy"]["value"] == pytest.approx((0.5 + 0 + 0.5) / 3)
    assert found["answers"]["value"] == pytest.approx(2 / 3)
    assert found["answers"]["low"] == 0 and found["answers"]["high"] == 1
    assert found["kinds"] == {"kind 0": pytest.approx(2 / 3), "kind 1": None}
    assert (found["refused"], found["kinds_refused"]) == (3, {"kind 0": 0, "kind 1": 3})
    table = make_table({"baselines": {"blank": found}})
    cells = [next(column.cells) for column in table.columns]
    assert cells == ["blank", "0.333 (0.000-0.500)", "3", "0.667", "0.667", "-"]


def test_all_that_is_refused_is_no_share_of_answers(rows):
    silent = SandboxJudge(reply=lambda text, things: "I cannot tell.")
    found = measure_baselines(silent, rows, names=["blank"])["baselines"]["blank"]
    assert found["answers"] is None and set(found["kinds"].values()) == {None}
    assert sum(found["kinds_refused"].values()) == found["refused"] == found["questions"]
