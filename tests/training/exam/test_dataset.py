"""The exam as a dataset, as `datasets` loads it."""

import pytest
from datasets import load_dataset
from generate_any_scene.errors import GasError
from generate_any_scene.training.exam.dataset import FILE, write_exam
from generate_any_scene.training.exam.judge import EXACT
from generate_any_scene.training.exam.papers import make_exam
from generate_any_scene.training.judges.asking import judge_questions
from PIL import ImageChops


@pytest.fixture(scope="module")
def sheets():
    return make_exam(6)


def test_it_loads_with_a_row_for_each_question_and_its_picture(sheets, tmp_path):
    folder = tmp_path / "exam"
    rows = write_exam(folder, sheets, seed=0)
    loaded = load_dataset(str(folder), split="test")
    items = [(sheet, item) for sheet in sheets for item in sheet.items]
    assert loaded.num_rows == rows == len(items)
    assert len(set(loaded["id"][:])) == rows
    for row, (sheet, item) in zip(loaded, items, strict=True):
        for key in ("question", "choices", "answer", "form", "kind"):
            assert row[key] == item.question[key]
        assert (row["level"], row["error"]) == (sheet.scene.level, sheet.error)
        assert row["is_true"] == item.is_true
    assert ImageChops.difference(loaded[0]["image"], sheets[0].draw()).getbbox() is None
    asked = [[row] for row in loaded]
    assert judge_questions(EXACT, [row["image"] for row in loaded], asked).shares == [1.0] * rows


def test_its_card_counts_what_is_in_it(sheets, tmp_path):
    write_exam(tmp_path / "exam", sheets, seed=0)
    card = (tmp_path / "exam/README.md").read_text()
    assert f"{len(sheets)} pictures, {sum(len(sheet.items) for sheet in sheets)} questions" in card
    assert "| error | mirrored |" in card
    assert 'load_dataset("./exam", split="test")' in card


def test_the_same_exam_has_the_same_bytes(sheets, tmp_path):
    for name in ("one", "other"):
        write_exam(tmp_path / name, sheets, seed=0)
    assert (tmp_path / "one" / FILE).read_bytes() == (tmp_path / "other" / FILE).read_bytes()


def test_a_folder_of_something_else_is_left_alone(sheets, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(GasError, match="holds something else"):
        write_exam(tmp_path, sheets, seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(GasError, match="is no folder"):
        write_exam(tmp_path / "notes.txt", sheets, seed=0)


def test_an_exam_is_written_over_an_older_one_and_loads_as_the_new_one(sheets, tmp_path):
    folder = tmp_path / "exam"
    for some in (sheets, sheets[:2]):
        assert write_exam(folder, some, seed=0) == load_dataset(str(folder), split="test").num_rows
