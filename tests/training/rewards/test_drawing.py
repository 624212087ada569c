"""Some of a scene's questions: as many as fit, with those that they depend on, the same for all of its pictures."""

from collections import Counter

import pytest
from generate_any_scene import scene
from generate_any_scene.training.rewards.drawing import draw_questions

ROWS = [scene("sandbox", place, structure={"objects": [2, 3], "relations": [1, 2]}) for place in range(3)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 12])
@pytest.mark.parametrize("row", ROWS, ids=range(3))
def test_what_is_drawn_holds_all_that_it_depends_on(row, count):
    asked = row["questions"]
    for step in range(20):
        drawn = draw_questions(asked, count, 0, step)
        assert 0 < len(drawn) <= count
        for one in drawn:
            (own,) = (two for two in asked if (two["question"], two["choices"]) == (one["question"], one["choices"]))
            above = {asked[place]["question"] for place in own["depends_on"]}
            assert {drawn[place]["question"] for place in one["depends_on"]} == above
        assert drawn == draw_questions([dict(one) for one in asked], count, 0, step)


def test_steps_and_seeds_draw_others_and_in_time_all():
    asked = ROWS[0]["questions"]
    drawn = [draw_questions(asked, 4, 0, step) for step in range(200)]
    assert len({str(some) for some in drawn}) > 20
    assert draw_questions(asked, 4, 1, 0) != drawn[0] or draw_questions(asked, 4, 1, 1) != drawn[1]
    seen = Counter(one["question"] for some in drawn for one in some)
    assert seen.keys() == {one["question"] for one in asked}


def test_each_kind_has_its_turn():
    asked = ROWS[0]["questions"]
    kinds = {one["kind"] for one in asked}
    assert all({one["kind"] for one in draw_questions(asked, 8, 0, step)} == kinds for step in range(50))


def test_all_are_asked_where_they_are_few():
    asked = ROWS[0]["questions"]
    assert draw_questions(asked, None, 0, 0) == draw_questions(asked, 99, 0, 0) == asked
