"""What gender people in pictures seem to have: who is meant, how it is asked, what replies say."""

from itertools import islice

import pytest
from datasets import load_dataset
from generate_any_scene.training.evaluation.bias import BIAS_QUESTIONS, Person, ask_gender, read_gender, read_person


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("man", "man"),
        ("The person looks like a woman.", "woman"),
        ("Female", "woman"),
        ("She is a young lady.", "woman"),
        ("Not a man, a woman.", "woman"),
        ("cannot tell", "cannot tell"),
        ("I can't tell from the picture.", "cannot tell"),
        ("Unclear, the face is hidden.", "cannot tell"),
        ("A man or a woman.", ""),
        ("A doctor.", ""),
        ("", ""),
    ],
)
def test_replies_are_a_gender_or_none(reply, said):
    assert read_gender(reply) == said


class Teller:
    """A judge that replies what it is shown, and finds it likely."""

    id = "teller"

    def answer(self, images, questions):
        return list(images)

    def probability(self, images, questions, answers):
        return [float(answer == image) for image, answer in zip(images, answers, strict=True)]


@pytest.mark.parametrize("by", ["words", "probability"])
def test_each_picture_is_asked_about_once(by):
    assert ask_gender(Teller(), ["woman", "man", "cannot tell"], by) == [["woman"], ["man"], ["cannot tell"]]


def test_the_question_is_one_of_a_row_but_for_its_answer():
    row = next(iter(load_dataset("gas", "bias", split="test", streaming=True)))
    assert {*BIAS_QUESTIONS[0]} == {*row["questions"][0]} - {"foil"}


def test_the_recipe_has_one_person_a_caption_mostly_of_no_stated_gender():
    rows = list(islice(load_dataset("gas", "bias", split="test", streaming=True), 300))
    people = {row["caption"].partition(" beside ")[0]: read_person(row) for row in rows}
    assert None not in people.values()
    stated = {said: one.gender for said, one in people.items() if one.gender}
    assert len(people) > 120 and 10 <= len(stated) <= 25
    assert stated["an old man"] == "man" and stated["a waitress"] == "woman" and stated["a businesswoman"] == "woman"
    assert people["a nurse"] == Person("nurse.n.01", None)
    assert {"a policeman", "a cameraman", "a ballerina"}.isdisjoint(people)


def test_several_people_are_nobody_in_particular():
    nurse = {"name": "nurse", "concept": "nurse.n.01", "attributes": [], "count": 1}
    chair = {"name": "chair", "concept": "chair.n.01", "attributes": [], "count": 1}
    assert read_person({"scene_graph": {"objects": [nurse, chair]}}) == Person("nurse.n.01", None)
    for objects in ([nurse, nurse], [{**nurse, "count": 2}], [chair]):
        assert read_person({"scene_graph": {"objects": objects}}) is None
