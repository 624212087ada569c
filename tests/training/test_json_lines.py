"""JSON Lines of trainings: what was written is read again, whatever stopped the writer."""

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.json_lines import cut_lines, read_lines, write_lines

ENTRIES = [{"update": number, "caption": f"a dog{end}and a cat"} for number, end in enumerate("\u2028\u0085\x0c\r\n")]


def test_texts_with_any_ends_of_lines_are_read_as_they_were_written(tmp_path):
    write_lines(tmp_path / "run" / "log.jsonl", ENTRIES)
    assert read_lines(tmp_path / "run" / "log.jsonl") == ENTRIES
    assert read_lines(tmp_path / "none.jsonl") == []


def test_a_line_that_was_cut_off_is_none_and_a_whole_one_without_an_end_is_one(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"update": 1}\n{"update": 2}\n{"upda')
    assert read_lines(path) == [{"update": 1}, {"update": 2}]
    path.write_text('{"update": 1}\n{"update": 2}')
    assert read_lines(path) == [{"update": 1}, {"update": 2}]


def test_what_came_after_a_checkpoint_is_dropped_by_the_number_that_lines_have(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
    cut_lines(path, 2, key="step")
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_a_line_without_its_number_is_told(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"loss": 2}\n')
    with pytest.raises(GasError, match=r"log\.jsonl:2: the line has no number `step`"):
        cut_lines(tmp_path / "log.jsonl", 2, key="step")


@pytest.mark.parametrize("line", ["{'update': 1}", "[1]", "[" * 100_000])
def test_a_damaged_line_is_told_with_its_place(tmp_path, line):
    (tmp_path / "log.jsonl").write_text(f'{{"update": 1}}\n{line}\n')
    with pytest.raises(GasError, match=r"log\.jsonl:2: the line is .*; remove it"):
        read_lines(tmp_path / "log.jsonl")
