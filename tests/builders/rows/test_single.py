"""One row by its index is the built row, and needs none before it."""

import pytest
from generate_any_scene import GasError, scene
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.rows.single import open_writer

PLACES = (0, 1, 63, 64, 777, BLOCK - 1)


@pytest.mark.parametrize(("recipe", "overrides"), [("general", {"pairs": True}), ("video", {})])
def test_a_row_alone_is_that_of_its_block(recipe, overrides):
    writer = open_writer(recipe, overrides)
    table = writer.write_block("train", 3)
    for place in PLACES:
        assert writer.write_row("train", 3 * BLOCK + place) == table.slice(place, 1).to_pylist()[0]


def test_rows_of_a_block_may_be_written_in_runs_of_windows():
    writer = open_writer("multi_object", {})
    table = writer.write_block("train", 0, 192)
    assert writer.write_block("train", 0, 64).equals(table.slice(0, 64))
    assert writer.write_row("train", 191) == table.slice(191, 1).to_pylist()[0]


def test_a_row_far_beyond_the_split():
    row = scene("multi_object", index=9_876_543_210)
    assert row["id"] == "multi_object/train/9876543210"
    assert row["questions"]


def test_overrides_change_the_recipe():
    row = scene("multi_object", 5, split="test", structure={"complexity": [4, 4]}, questions=["object"])
    assert row["structure"]["complexity"] == 4
    assert {question["kind"] for question in row["questions"]} == {"object"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"recipe": "multi_objct", "index": 0}, "did you mean `multi_object`"),
        ({"recipe": "multi_object", "index": 0, "split": "tran"}, "did you mean `train`"),
        ({"recipe": "multi_object", "index": -1}, "there is no row `-1`"),
        ({"recipe": "multi_object", "index": 0, "contents": {}}, "did you mean `content`"),
    ],
)
def test_wrong_input_says_what_is_wrong(arguments, message):
    with pytest.raises(GasError, match=message):
        scene(**arguments)
