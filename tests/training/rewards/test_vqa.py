"""Rows as VQAv2 has them become questions that judges are asked."""

import datasets
import pytest
from generate_any_scene import rewards
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from generate_any_scene.training.judges.marking import mark_reply, read_questions

COLOR = {
    "question_id": 262148002,
    "image_id": 262148,
    "question": "What color is the bus?",
    "question_type": "what color is the",
    "answer_type": "other",
    "multiple_choice_answer": "red",
    "answers": [
        {"answer": answer, "answer_confidence": "yes", "answer_id": number}
        for number, answer in enumerate(["red"] * 4 + ["red and white"] * 3 + ["maroon"] * 2 + ["Red "], 1)
    ],
}
"""The fields of v2_mscoco_*_annotations.json and v2_OpenEnded_mscoco_*_questions.json, joined."""


def mark(row, reply):
    (one,) = read_questions(rewards.read_vqa(row))
    return mark_reply(reply, one)


def test_an_answer_of_three_people_is_right():
    assert [mark(COLOR, reply) for reply in ("red", "It is red.", "red and white", "maroon", "blue")] == [
        *(True, True, True),
        *(False, False),
    ]
    assert rewards.read_vqa(COLOR)[0]["kind"] == "other"


@pytest.mark.parametrize(
    ("texts", "form", "right", "wrong"),
    [
        (["yes"] * 6 + ["no"] * 4, "yes_no", "Yes.", "No."),
        (["2"] * 9 + ["3"], "count", "There are two.", "three"),
        (["tennis racket"], "open", "a tennis racket", "a ball"),
    ],
)
def test_forms_are_those_of_the_answers(texts, form, right, wrong):
    row = {"question": "What?", "answers": texts}
    assert rewards.read_vqa(row)[0]["form"] == form
    assert (mark(row, right), mark(row, wrong)) == (True, False)


@pytest.mark.parametrize("answers", [None, [], "red", [3], [{"text": "red"}]], ids=str)
def test_a_row_without_answers_is_refused(answers):
    with pytest.raises(GasError, match="has texts as `answers`, or mappings with `answer`, not") as caught:
        rewards.read_vqa({"question": "What?", "answers": answers})
    assert len(str(caught.value)) < 300


def test_such_rows_are_loaded_as_rows_with_questions(tmp_path):
    """`datasets` gives a list of mappings, or a mapping of lists where they were saved as a `Sequence` of old."""
    old = {**COLOR, "answers": {"answer": [one["answer"] for one in COLOR["answers"]]}}
    for name, row in (("new", COLOR), ("old", old)):
        datasets.Dataset.from_list([{**row, "caption": "a red bus"}]).save_to_disk(tmp_path / name)
        rows = load_rows(Data(path=str(tmp_path / name)), ("caption", "questions"))
        (questions,) = rows["questions"]
        assert [(one["question"], one["answer"]) for one in questions] == [("What color is the bus?", "red")]
    datasets.Dataset.from_list([{"caption": "x", "question": "What?", "answers": []}]).save_to_disk(tmp_path / "empty")
    with pytest.raises(RecipeError, match="has texts as `answers`"):
        load_rows(Data(path=str(tmp_path / "empty")), ("caption", "questions"))
