"""Scenes of a level, wherever they stand in a split: the same rows as those of a built dataset."""

import pytest
from generate_any_scene.builders.rows.by_level import CHUNK, LevelReader
from generate_any_scene.builders.rows.single import open_writer
from generate_any_scene.errors import GasError

FOUR = {"difficulty": {"levels": 4}}


def test_every_scene_of_a_split_is_of_one_level_and_found_by_it():
    reader, found = LevelReader(open_writer("sandbox", FOUR), "train"), {}
    for level in range(1, reader.count + 1):
        index = -1
        while (index := reader.find_next(level, index + 1)) < 2 * CHUNK:
            found[index] = level
            assert int(reader.read(level, index)["difficulty"]) == level
    assert sorted(found) == list(range(2 * CHUNK))


def test_rows_are_those_of_the_dataset_at_the_ends_of_chunks_and_blocks_too():
    writer = open_writer("sandbox", FOUR)
    reader = LevelReader(writer, "test")
    for index in (0, CHUNK - 1, CHUNK, 8191, 8192, 123_456):
        assert reader.read(1, index) == writer.write_row("test", index)


def test_few_scenes_are_kept():
    reader = LevelReader(open_writer("sandbox", FOUR), "train")
    for chunk in range(6):
        reader.read(1, chunk * CHUNK)
        reader.read(2, chunk * CHUNK + 1)
    assert len(reader._tables) <= 2


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({}, "no levels of difficulty"),
        ({"difficulty": 2}, "level 2 alone"),
        ({"difficulty": {"levels": 3, "order": "ascending"}}, "leave `difficulty.order` out"),
        ({"difficulty": {"levels": 3, "shares": [1, 0, 1]}}, "no scenes of level 2"),
    ],
)
def test_a_recipe_whose_levels_cannot_be_chosen_from_is_refused(overrides, told):
    with pytest.raises(GasError, match=told):
        LevelReader(open_writer("sandbox", overrides), "train")
