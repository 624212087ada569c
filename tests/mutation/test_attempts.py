"""The tests of hostile input see what they are there to see."""

import attempts
import pytest
from generate_any_scene import cli


def test_a_command_that_ends_well_or_is_refused_is_no_fault(tmp_path):
    assert attempts.attempt(["--version"], tmp_path).find_fault() == ""
    refused = attempts.attempt(["validate", "nowhere.yaml"], tmp_path)
    assert (refused.status, refused.find_fault()) == (2, "")


@pytest.mark.parametrize("error", [RuntimeError("broken"), RecursionError(), MemoryError()])
def test_a_traceback_is_a_fault(monkeypatch, tmp_path, error):
    def fail():
        raise error

    monkeypatch.setattr(cli, "main", fail)
    assert "Traceback" in attempts.attempt(["list"], tmp_path).find_fault()


def test_a_command_that_does_not_end_is_a_fault(monkeypatch, tmp_path):
    def hang():
        while True:
            pass

    monkeypatch.setattr(cli, "main", hang)
    monkeypatch.setattr(attempts, "SECONDS", 0.2)
    assert "TookTooLong" in attempts.attempt(["list"], tmp_path).find_fault()


def test_work_has_so_much_memory_and_no_more():
    assert attempts.run_limited(lambda: ["done"]) == ["done"]
    assert attempts.run_limited(lambda: [str(len(bytearray(attempts.MEMORY + attempts.MEMORY // 8)))])[0].startswith(
        "the process ended"
    )
