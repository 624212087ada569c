"""Stages: whole or not at all, made again where what they are made from has changed, and left alone otherwise."""

import json

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.stages import Stages, identify_stage


class StoppedError(Exception):
    pass


@pytest.fixture
def stages(tmp_path):
    return Stages(tmp_path, tmp_path / "stages.jsonl", lambda line: None)


def write(text):
    def make(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "file.txt").write_text(text)

    return make


def read(folder):
    return (folder / "file.txt").read_text()


def fail(folder):
    raise AssertionError("is made again")


def test_a_whole_stage_is_made_once_and_its_record_says_of_what(stages, tmp_path):
    folder = stages.run(tmp_path / "one" / "stage", {"seed": 1}, write("first"))
    assert json.loads((tmp_path / "one" / "stage.json").read_text()) == {"made_from": {"seed": 1}, "whole": True}
    assert stages.run(folder, {"seed": 1}, fail) == folder
    lines = [json.loads(line) for line in (tmp_path / "stages.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["one/stage"]


def test_what_was_stopped_goes_on_with_what_is_there(stages, tmp_path):
    def stop(folder):
        write("half")(folder)
        raise StoppedError

    with pytest.raises(StoppedError):
        stages.run(tmp_path / "stage", {"seed": 1}, stop)
    assert json.loads((tmp_path / "stage.json").read_text())["whole"] is False

    def go_on(folder):
        assert read(folder) == "half"
        write("whole")(folder)

    assert read(stages.run(tmp_path / "stage", {"seed": 1}, go_on)) == "whole"


def test_a_stage_made_from_something_else_is_made_again_from_nothing(stages, tmp_path):
    stages.run(tmp_path / "stage", {"seed": 1}, write("first"))
    (tmp_path / "stage" / "more.txt").write_text("left over")
    folder = stages.run(tmp_path / "stage", {"seed": 2}, write("second"))
    assert read(folder) == "second" and not (folder / "more.txt").exists()


def test_what_was_changed_by_hand_stays_and_tells_what_follows(stages, tmp_path):
    first = stages.run(tmp_path / "first", {"seed": 1}, write("first"))
    before = identify_stage(first)
    second = stages.run(tmp_path / "second", {"first": before}, lambda folder: write(read(first))(folder))
    write("by hand")(first)
    assert read(stages.run(first, {"seed": 1}, fail)) == "by hand"
    assert identify_stage(first) != before
    stages.run(second, {"first": identify_stage(first)}, lambda folder: write(read(first))(folder))
    assert read(second) == "by hand"


def test_a_stage_that_was_removed_is_made_again(stages, tmp_path):
    folder = stages.run(tmp_path / "stage", {"seed": 1}, write("first"))
    (folder / "file.txt").unlink()
    folder.rmdir()
    assert read(stages.run(folder, {"seed": 1}, write("again"))) == "again"


def test_a_stage_like_one_that_was_just_made_is_copied_where_it_may_be(stages, tmp_path):
    stages.run(tmp_path / "a" / "stage", {"seed": 1}, write("made"))
    assert read(stages.run(tmp_path / "b" / "stage", {"seed": 1}, fail, copies=True)) == "made"
    with pytest.raises(AssertionError):
        stages.run(tmp_path / "c" / "stage", {"seed": 1}, fail)
    with pytest.raises(AssertionError):
        stages.run(tmp_path / "d" / "stage", {"seed": 2}, fail, copies=True)


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_a_damaged_record_is_told(stages, tmp_path, text):
    stages.run(tmp_path / "stage", {"seed": 1}, write("first"))
    (tmp_path / "stage.json").write_text(text)
    with pytest.raises(GasError, match=r"stage\.json .*; remove it, and its stage is made again"):
        stages.run(tmp_path / "stage", {"seed": 1}, fail)
