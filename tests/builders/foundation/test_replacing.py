"""A file is replaced whole, or stays as it was."""

import os

import pytest
from generate_any_scene.builders.foundation import replacing
from generate_any_scene.builders.foundation.replacing import replace_file


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    return tmp_path / "a.txt"


def test_a_file_is_there_when_it_is_complete(path):
    with replace_file(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_file_that_is_not_finished_is_not_there(error, path):
    with pytest.raises(error), replace_file(path) as beside:
        beside.write_text("half of")
        raise error
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["a.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_file(step, path, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replacing.os, step, fail)
    with pytest.raises(OSError, match="No space left"), replace_file(path) as beside:
        beside.write_text("new")
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["a.txt"]


def test_what_a_killed_process_left_is_replaced_and_a_link_is_not_followed(path, tmp_path):
    away = tmp_path / "away.txt"
    away.write_text("mine")
    (tmp_path / ".a.txt.new").symlink_to(away)
    with replace_file(path) as beside:
        beside.write_text("new")
    assert (path.read_text(), away.read_text()) == ("new", "mine")
    assert not path.is_symlink()
