"""Scene attributes: what stands together goes together, with each other and with what is in the scene."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scene_attributes import _find_demands
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.errors import RecipeError

RECIPES = ("general", "video", "three_d")
SEED = "seed=20261129"
ROWS = 3000

INDOORS = {
    "kitchen",
    "living room",
    "bedroom",
    "bathroom",
    "library",
    "office",
    "elevator",
    "closet",
    "church",
    "cave",
}
LENS = {"camera_model", "focal_length", "aperture", "iso", "depth_of_field"}
FILMING = {"camera_rig", "camera_movement", "editing_style"}
STYLES = {"artist", "painting_style", "technique"}
PLACES = {"building", "room", "landform", "water"}
OPEN_PLACES = {"village", "small town", "street", "city street", "market square", "skyscrapers", "farm", "ranch"}
OPEN_PLACES |= {"alley", "crosswalk", "street market", "medieval town", "fishing village", "harbor", "country road"}
OPEN_PLACES |= {"construction site"}


@pytest.fixture(scope="module", params=RECIPES)
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def scenes(recipe, write_rows, taxonomy):
    """What each scene has, read from rows: scene attributes, objects' ids with all above, kinds, and attributes."""
    objects = {row["id"]: row for row in taxonomy.objects.select(["id", "parent", "kinds"]).to_pylist()}
    attributes = {(row["kind"], row["name"]): row["id"] for row in taxonomy.attributes.to_pylist()}
    of_scenes = {(row["kind"], row["name"]): row for row in taxonomy.scene_attributes.to_pylist()}
    heads = {(row["category"], row["predicate"]): row["head"] for row in taxonomy.relations.to_pylist()}
    found = []
    for row in write_rows(recipe, (SEED,), ROWS):
        ids, kinds, held = set(), set(), set()
        for item in row["scene_graph"]["objects"]:
            at = item["concept"]
            kinds |= set(objects[at]["kinds"].split("|"))
            while at:
                ids.add(at)
                at = objects[at]["parent"]
            held |= {
                name for one in item["attributes"] for name in (one["kind"], attributes[one["kind"], one["value"]])
            }
        held |= {heads[one["category"], one["predicate"]] for one in row["scene_graph"]["relations"]}
        chosen = [of_scenes[one["kind"], one["value"]] for one in row["scene_attributes"]]
        found.append((chosen, ids, kinds, held))
    return found


def split(cell):
    return set(cell.split("|")) - {""}


def test_no_scene_has_what_is_excluded_barred_or_not_seen(scenes):
    told = Counter()
    for chosen, ids, kinds, held in scenes:
        for one, other in permutations(chosen, 2):
            assert not split(one["excludes"]) & {other["id"], other["kind"]}, (one["id"], other["id"])
        for one in chosen:
            needs, bars = split(one["needs"]), split(one["bars"])
            assert not needs or needs & (ids | kinds), (one["id"], ids)
            assert not bars & (ids | kinds | held), (one["id"], ids, held)
            assert one["visible"] == "yes"
            told.update(column for column in ("excludes", "needs", "bars") if one[column])
    assert len(told) >= 2


def break_rules(chosen, ids, kinds):
    """Names of what no scene may be like, said once more, by kinds."""
    names = {one["kind"]: one["name"] for one in chosen}
    if names.keys() & STYLES and names.keys() & (LENS | FILMING):
        yield "a style with a lens, a movement or an edit"
    if names.keys() & {"time_span", "iso", "camera_model", "aperture", "focal_length", "camera_rig"}:
        yield "what nobody sees"
    if "location" in names and kinds & {"room", "landform", "water"}:
        yield "a place in another"
    if "location" in names and "building" in kinds and names["location"] not in OPEN_PLACES:
        yield "a building in another place"
    if names.get("location") in INDOORS and names.keys() & {"weather", "time_of_day"}:
        yield "weather indoors"
    if names.keys() & {"weather", "time_of_day"} and "room" in kinds:
        yield "weather in a room"
    subjects = {
        "wildlife photography": {"animal"},
        "portrait": {"person"},
        "food photography": {"food"},
        "cityscape": {"building"},
        "landscape": {"landform", "water"},
    }
    if not kinds & subjects.get(names.get("genre"), kinds):
        yield "a genre without its subject"
    if names.get("genre") in ("still life", "food photography") and kinds & {"person", "animal"}:
        yield "a still life that lives"
    if names.get("shot_size") in ("close-up", "macro shot") and kinds & {*PLACES, "sky"}:
        yield "close to what is large"
    if names.get("view") in ("back view", "profile view") and not kinds & {"person", "animal"}:
        yield "the side of what has none"
    if "underwater" in names.values() and ids & {"fire.n.03", "bonfire.n.01", "candle.n.01"}:
        yield "fire under water"


def test_rules_that_readers_know_hold(scenes):
    broken = Counter(rule for chosen, ids, kinds, _ in scenes for rule in break_rules(chosen, ids, kinds))
    assert not broken


def test_an_asset_has_no_place_no_painter_and_no_camera(taxonomy):
    kinds = {row["kind"] for row in taxonomy.scene_attributes.to_pylist() if "3d" in row["modality"].split("|")}
    assert kinds == {"three_d_style", "three_d_view", "three_d_lighting"}


def test_scenes_have_as_many_as_were_dealt_and_kinds_come_up_alike(recipe, open_writer):
    plan = open_writer(recipe, SEED).plan
    drawn = draw_block(plan, "train", 0).scene_attributes
    low, high = plan.recipe.content.scene_attributes.count
    counts = np.bincount(drawn.lengths, minlength=high + 1)[low:]
    assert len(counts) == high - low + 1
    assert counts.max() - counts.min() <= 1
    kinds = Counter(np.array(plan.taxonomy.scene_attributes["kind"].to_pylist())[drawn.values])
    assert max(kinds.values()) < 1.25 * min(kinds.values())


@pytest.mark.parametrize("count", [1, 3, 5])
def test_every_scene_of_general_takes_up_to_five(count, open_writer):
    plan = open_writer("general", f"content.scene_attributes.count={count}", "content.objects.tier=visible").plan
    assert set(draw_block(plan, "train", 0).scene_attributes.lengths) == {count}


def test_what_cannot_go_together_is_said(open_writer):
    overrides = ("content.objects.under=[room.n.01]", "content.scene_attributes={kinds: [weather], count: 1}")
    with pytest.raises(RecipeError, match=r"cannot have as many of the kinds that are left.*exclude \S+ in content"):
        draw_block(open_writer("general", *overrides).plan, "train", 0)
    free = draw_block(open_writer("general", *overrides, "content.constraints=none").plan, "train", 0)
    assert len(free.scene_attributes.values) == BLOCK


@pytest.mark.parametrize("count", ["1", "[0, 1]"])
def test_what_no_place_has_beside_others_is_named(count, open_writer):
    """A water tower stands outside and a table inside: no location has both."""
    under = "content.objects.under=[furniture, container]"
    kinds = f"content.scene_attributes={{kinds: [location], count: {count}}}"
    with pytest.raises(RecipeError, match=r"have the object water tower; exclude water_tower.n.01 in content.objects"):
        draw_block(open_writer("general", under, kinds).plan, "train", 0)
    without = open_writer("general", under, kinds, "content.objects.exclude=[water_tower.n.01]").plan
    assert set(draw_block(without, "train", 0).scene_attributes.lengths) <= {0, 1}


def test_foils_are_false_of_what_the_picture_shows(recipe, write_rows, taxonomy):
    rows = {(row["kind"], row["name"]): row for row in taxonomy.scene_attributes.to_pylist()}
    parents = dict(zip(taxonomy.objects["id"].to_pylist(), taxonomy.objects["parent"].to_pylist(), strict=True))
    asked = Counter()
    for row in write_rows(recipe, (SEED,), ROWS):
        chosen = [rows[one["kind"], one["value"]] for one in row["scene_attributes"]]
        there = set()
        for item in row["scene_graph"]["objects"]:
            at = item["concept"]
            while at:
                there.add(at)
                at = parents[at]
        for question in row["questions"]:
            if question["kind"] != "scene":
                continue
            truth = chosen[int(question["elements"][0].split("/")[1])]
            others = {question["foil"], *question["choices"]} - {None, truth["name"]}
            assert len(question["choices"]) not in (1, 2)
            asked[question["form"], question["answer"] == "no"] += 1
            for name in others:
                foil = rows[truth["kind"], name]
                assert foil["visible"] == "yes"
                assert not split(foil["shows"]) & there, (name, there)
                for one in chosen:
                    assert foil["id"] not in split(one["near"]) and one["id"] not in split(foil["near"])
                    assert one["kind"] not in split(foil["near"]) and foil["kind"] not in split(one["near"])
    assert asked["yes_no", True] > 0.8 * asked["yes_no", False] > 100
    assert asked["multiple_choice", False]


def test_what_fits_few_scenes_is_dealt_there(recipe, open_writer):
    """Every scene attribute comes up as often as most of its kind do, or in a tenth of the scenes that take it."""
    plan = open_writer(recipe, SEED).plan
    scenes = draw_block(plan, "train", 0)
    demands = _find_demands(plan, scenes.objects, scenes.attributes, scenes.relations)
    decks, drawn = plan.pools.scene_attributes, scenes.scene_attributes
    kinds = np.array(plan.taxonomy.scene_attributes["kind"].to_pylist())
    used = np.bincount(drawn.values, minlength=len(kinds))
    for rows in decks.lists():
        having = np.unique(drawn.owners[kinds[drawn.values] == kinds[rows[0]]])
        usual = np.median(used[rows])
        for row, card in zip(rows, np.flatnonzero(np.isin(decks.values, rows)), strict=True):
            room = (~demands.refuse(having, np.full(len(having), card))).sum()
            assert used[row] >= min(0.5 * usual, 0.1 * room), (plan.taxonomy.scene_attributes["id"][row], room)
