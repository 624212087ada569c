"""One row a question, for every kind of dataset that rows come in."""

import pytest
from datasets import Dataset, DatasetDict, Features, IterableDatasetDict
from generate_any_scene import GasError, explode_questions
from generate_any_scene.builders.rows.schema import SCHEMA


@pytest.fixture(scope="module")
def scenes(open_writer):
    table = open_writer("general").write_block("train", 0, 60)
    return Dataset(table.cast(Features.from_arrow_schema(SCHEMA).arrow_schema))


@pytest.fixture(scope="module")
def expected(scenes):
    return [
        {**{key: value for key, value in row.items() if key != "questions"}, "index": index, **question}
        for row in scenes
        for index, question in enumerate(row["questions"])
    ]


def test_a_dataset(scenes, expected):
    questions = explode_questions(scenes)
    assert isinstance(questions, Dataset)
    assert questions.to_list() == expected
    assert set(questions.features) == set(expected[0])


def test_a_stream(scenes, expected):
    stream = explode_questions(scenes.to_iterable_dataset())
    assert list(stream) == expected


def test_a_dictionary_of_splits(scenes, expected):
    splits = explode_questions(DatasetDict(train=scenes, test=scenes.select(range(5))))
    assert isinstance(splits, DatasetDict)
    assert splits["train"].to_list() == expected
    assert set(splits["test"]["id"]) == set(scenes["id"][:5])
    streams = explode_questions(IterableDatasetDict(train=scenes.to_iterable_dataset()))
    assert list(streams["train"]) == expected


def test_a_view(scenes, expected):
    questions = explode_questions(scenes.select_columns(["id", "questions"]))
    assert questions["id"][:] == [row["id"] for row in expected]
    assert "caption" not in questions.column_names


def test_scenes_without_questions_leave_no_rows(open_writer):
    table = open_writer("multi_object", "questions=[]").write_block("train", 0, 5)
    questions = explode_questions(Dataset(table))
    assert len(questions) == 0
    assert "question" in questions.column_names


def test_rows_without_questions_are_refused(scenes):
    with pytest.raises(GasError, match="no column `questions` among id, caption"):
        explode_questions(scenes.select_columns(["id", "caption"]))
