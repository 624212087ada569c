"""Scenes of the exam, their pictures, and the errors that are planted in them."""

from collections import Counter

import numpy as np
import pytest
from generate_any_scene.training.exam.judge import find_things
from generate_any_scene.training.exam.papers import make_exam
from generate_any_scene.training.exam.scenes import LEVELS, can_be_seen, make_scenes
from generate_any_scene.training.exam.shapes import COLORS, SHAPES, SIDE, SIZES, Thing, draw_things
from generate_any_scene.training.exam.spoiling import ERRORS
from generate_any_scene.training.exam.truth import STEPS, stand


@pytest.fixture(scope="module")
def sheets():
    return make_exam(30)


@pytest.fixture(scope="module")
def spoiled(sheets):
    """By error: the things of a scene before and after it."""
    right = {sheet.scene.id: sheet.scene for sheet in sheets if not sheet.error}
    pairs = {error: [] for error in ERRORS}
    for sheet in sheets:
        if sheet.error:
            pairs[sheet.error].append((right[sheet.scene.id], sheet.scene.things))
    return pairs


def count(things, *parts):
    return Counter(tuple(getattr(thing, part) for part in parts) for thing in things)


def test_every_shape_in_every_color_and_size_is_found_in_the_pixels():
    for shape in SHAPES:
        for size in SIZES:
            things = [
                Thing(shape, color, size, 60 + place % 4 * 100, 60 + place // 4 * 100)
                for place, color in enumerate(COLORS)
            ]
            assert set(find_things(draw_things(things))) == set(things)


def test_all_things_of_an_exam_are_found_in_the_pixels(sheets):
    for sheet in sheets:
        assert Counter(find_things(sheet.draw())) == Counter(sheet.scene.things), sheet.id


def test_a_scene_shows_what_its_graph_says_and_nothing_else(sheets):
    for scene in (sheet.scene for sheet in sheets if not sheet.error):
        said = Counter({item["name"]: item["count"] for item in scene.graph["objects"]})
        assert Counter(thing.shape for thing in scene.things) == said
        assert all(thing.radius <= min(thing.x, thing.y, SIDE - thing.x, SIDE - thing.y) for thing in scene.things)
        for relation in scene.graph["relations"]:
            ends = [
                [thing for thing in scene.things if thing.shape == scene.graph["objects"][relation[end]]["name"]]
                for end in ("subject", "object")
            ]
            assert stand(ends[0], relation["predicate"], ends[1]) is True


def test_levels_grow_harder():
    by_level = {level: [] for level in LEVELS}
    for scene in make_scenes(45, seed=3):
        by_level[scene.level].append(scene)
    sizes = [np.mean([len(scene.things) for scene in scenes]) for scenes in by_level.values()]
    strokes = [len(scenes[0].clutter) for scenes in by_level.values()]
    assert sizes == sorted(sizes) and strokes == sorted(set(strokes))
    most = [max(max(count(scene.things, "shape").values()) for scene in scenes) for scenes in by_level.values()]
    assert most == [3, 5, 6]
    assert [len(scenes) for scenes in by_level.values()] == [15, 15, 15]


def test_some_things_cover_a_part_of_others_and_never_much(sheets):
    covered = 0
    for sheet in (sheet for sheet in sheets if sheet.scene.level == 3 and not sheet.error):
        alone = [np.asarray(draw_things([thing])) for thing in sheet.scene.things]
        picture = np.asarray(sheet.draw())
        for thing, one in zip(sheet.scene.things, alone, strict=True):
            own = (one == COLORS[thing.color]).all(axis=2)
            seen = (picture[own] == COLORS[thing.color]).all(axis=1).mean()
            assert seen > 0.7
            covered += seen < 0.99
    assert covered >= 5


def test_things_that_cannot_be_told_apart_are_not_drawn():
    one, other = Thing("circle", "red", "", 100, 100), Thing("circle", "red", "", 130, 100)
    assert not can_be_seen([one, other])
    assert not can_be_seen([one, Thing("square", "blue", "large", 100, 110)])
    assert can_be_seen([one, Thing("circle", "red", "", 200, 100)])


def test_an_exam_follows_from_its_seed_and_a_longer_one_begins_alike(sheets):
    shorter = make_exam(6)
    scenes = {sheet.scene.id for sheet in shorter}
    assert shorter == [sheet for sheet in sheets if sheet.scene.id in scenes]
    assert make_exam(3, seed=1) != make_exam(3, seed=0)


def test_missing_and_added(spoiled):
    for scene, things in spoiled["missing"]:
        assert len(count(things, "shape")) == len(count(scene.things, "shape")) - 1
        assert set(things) < set(scene.things)
    for scene, things in spoiled["added"]:
        (new,) = set(things) - set(scene.things)
        assert new.shape not in {thing.shape for thing in scene.things}


def test_swapped_color(spoiled):
    for scene, things in spoiled["swapped_color"]:
        assert count(things, "shape", "size", "x", "y") == count(scene.things, "shape", "size", "x", "y")
        assert count(things, "shape", "color") != count(scene.things, "shape", "color")


def test_wrong_count(spoiled):
    changes = Counter(len(things) - len(scene.things) for scene, things in spoiled["wrong_count"])
    assert set(changes) == {-1, 1}
    for scene, things in spoiled["wrong_count"]:
        assert set(count(things, "shape", "color", "size")) == set(count(scene.things, "shape", "color", "size"))


def test_mirrored_and_moved(spoiled):
    for error, opposite in (("mirrored", True), ("moved", False)):
        for scene, things in spoiled[error]:
            assert count(things, "shape", "color", "size") == count(scene.things, "shape", "color", "size")
            told = set()
            for relation in scene.graph["relations"]:
                names = [scene.graph["objects"][relation[end]]["name"] for end in ("subject", "object")]
                one, other = ([thing for thing in things if thing.shape == name] for name in names)
                assert relation["predicate"] in STEPS
                told.add((stand(one, relation["predicate"], other), stand(other, relation["predicate"], one)))
            assert (False, opposite) in told


def test_all_errors_are_planted_and_each_changes_an_answer(sheets, spoiled):
    assert all(len(spoiled[error]) >= 15 for error in ERRORS)
    assert all(sheet.items for sheet in sheets)
