"""What is true of things in a picture, against the answers of the engine, which knows nothing of pictures."""

from importlib.resources import files

import numpy as np
import pytest
from generate_any_scene.builders.rows.single import open_writer
from generate_any_scene.training import exam
from generate_any_scene.training.exam.scenes import LEVELS, lay_out, make_scenes
from generate_any_scene.training.exam.shapes import Thing
from generate_any_scene.training.exam.truth import answer_question, stand

RECIPE = str(files(exam) / "exam.yaml")


def put(*places, shape="circle", color="red", size="small"):
    return [Thing(shape, color, size, x, y) for x, y in places]


def test_every_answer_of_the_engine_is_true_in_a_picture_of_the_scene():
    for scene in make_scenes(30, seed=5):
        for one in scene.questions:
            answer = answer_question(one["question"], scene.things, one["choices"])
            is_about_size = one["kind"] == "attribute" and {"small", "large"} - {thing.size for thing in scene.things}
            assert answer == one["answer"] or (answer is None and is_about_size), one["question"]


@pytest.mark.parametrize("level", LEVELS)
def test_every_question_of_the_engine_can_be_read(level):
    writer = open_writer(RECIPE, LEVELS[level].overrides)
    asked = {
        (one["question"], tuple(one["choices"]))
        for row in writer.write_block("train", 0, 1000).to_pylist()
        for one in row["questions"]
    }
    for question, choices in asked:
        answer_question(question, [], choices)


def test_answers_change_as_the_engine_says_where_a_scene_is_edited():
    """The pictures of minimal pairs: of each, the engine says which answers it changes, and how."""
    writer = open_writer(RECIPE, {**LEVELS[2].overrides, "pairs": True})
    compared = 0
    for index, row in enumerate(writer.write_block("train", 0, 60).to_pylist()):
        if row["pair"] is None:
            continue
        things = lay_out(row["pair"]["scene_graph"], [], 0, np.random.default_rng(index))
        for change in row["pair"]["changed"] if things else ():
            one = row["questions"][change["question"]]
            answer = answer_question(one["question"], things, one["choices"])
            if answer and change["answer"]:
                compared += 1
                assert answer == change["answer"], (one["question"], row["pair"]["caption"])
    assert compared > 100


def test_things_stand_beside_others_past_their_edges_and_do_not_where_none_is_past_a_center():
    heart = put((200, 200), shape="heart")
    assert stand(put((100, 300)), "to the left of", heart) is True
    assert stand(put((190, 300)), "to the left of", heart) is False  # level
    assert stand(put((180, 300)), "to the left of", heart) is None  # somewhat, but not past the edge
    assert stand(put((300, 300)), "to the left of", heart) is False
    assert stand(put((200, 100)), "above", heart) is True
    assert stand(put((200, 100)), "below", heart) is False


def test_of_several_things_all_must_stand_so():
    heart = put((200, 200), shape="heart")
    assert stand(put((100, 50), (120, 300)), "to the left of", heart) is True
    assert stand(put((100, 50), (300, 300)), "to the left of", heart) is False  # one is on the other side
    assert stand(put((100, 50), (210, 300)), "to the left of", heart) is None
    assert stand(put((100, 50)), "to the left of", put((200, 10), (50, 400))) is False


def test_what_nobody_can_say_has_no_answer():
    one, two = put((100, 100)), put((100, 100), (300, 300))
    assert answer_question("Is the circle red?", one) == "yes"
    assert answer_question("Is the circle red?", two) is None  # which?
    assert answer_question("Are the circles red?", one) is None
    assert answer_question("Is the heart red?", one) is None
    assert answer_question("Is the circle small?", one) is None  # beside what?
    large = put((300, 100), shape="star", size="large")
    assert answer_question("Is the circle small?", one + large) == "yes"
    assert answer_question("Is the star small?", one + large) == "no"
    assert answer_question("What in the picture is red?", one + large) is None  # two things
    assert answer_question("What in the picture is red?", two) == "circles"
    assert answer_question("What color is the circle?", one, ["blue", "green"]) is None
    assert answer_question("Which of these is in the picture?", one, ["star", "circle"]) == "circle"
    assert (
        answer_question("Which of these are there most of in the picture?", one + large, ["circles", "stars"]) is None
    )


def test_what_is_no_question_of_the_exam_is_refused():
    with pytest.raises(ValueError, match="no such question"):
        answer_question("Is the dog red?", [])
