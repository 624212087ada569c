"""Exactly these: with `only`, `values` and `predicates` nothing else occurs, and all of a vocabulary does."""

from functools import lru_cache

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.recipe.loading import dump_recipe, load_recipe
from generate_any_scene.builders.rows.fingerprint import compute_fingerprint
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import TABLES, load_taxonomy
from generate_any_scene.taxonomy.naming import find_concepts
from generate_any_scene.taxonomy.vocabularies import list_vocabularies, read_vocabulary
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

EXAMPLES = settings(max_examples=5, phases=[Phase.generate], deadline=None)
KEYS = {"objects": "only", "attributes": "values", "relations": "predicates", "scene_attributes": "values"}
SMALL = {
    "structure": {"complexity": [2, 6], "objects": [2, 3], "attributes": [0, 2], "relations": [0, 2]},
    "content.attributes.max_per_object": 1,
}


def open_plan(**content):
    changes = {f"content.{key.replace('__', '.')}": value for key, value in content.items()}
    return create_writer(load_recipe("multi_object", {**SMALL, **changes})).plan


def list_used(plan, scenes=BLOCK):
    """Ids of all that occurs in scenes, by table."""
    drawn = draw_block(plan, "train", 0, 0, scenes)
    rows = {table: np.unique(getattr(drawn, table).values) for table in TABLES}
    return {
        table: {getattr(plan.taxonomy, table)["id"][int(row)].as_py() for row in some} for table, some in rows.items()
    }


@lru_cache
def list_ids(table):
    rows = getattr(load_taxonomy(), table).select(["id", "visible", "tier"]).to_pylist()
    return [row["id"] for row in rows if row["visible"] == "yes" and row["tier"] != "full"]


def draw_ids(table, least):
    return st.lists(st.sampled_from(list_ids(table)), min_size=least, max_size=40, unique=True)


@EXAMPLES
@given(draw_ids("objects", 12), draw_ids("attributes", 4), draw_ids("relations", 1), draw_ids("scene_attributes", 3))
def test_nothing_else_occurs(objects, attributes, relations, scene_attributes):
    plan = open_plan(
        constraints="none",
        objects__only=objects,
        attributes__values=attributes,
        relations__predicates=relations,
        scene_attributes={"values": scene_attributes, "count": [0, 1]},
    )
    try:
        used = list_used(plan, 400)
    except RecipeError as error:  # few relations may be such as no scene can have two of
        assume("no relations that are possible together" not in str(error))
        raise
    listed = {
        "objects": objects,
        "attributes": attributes,
        "relations": relations,
        "scene_attributes": scene_attributes,
    }
    for table in TABLES:
        assert used[table] and used[table] <= set(listed[table]), table


@pytest.mark.parametrize("name", list_vocabularies())
def test_all_of_a_vocabulary_occurs_and_nothing_else(name):
    """Without constraints, for parts of a body are related to nothing that they are not on."""
    words = read_vocabulary(name)
    lists = {f"{table}__{KEYS[table]}": name for table in words}
    used = list_used(open_plan(constraints="none", **lists))
    for table, one in words.items():
        assert used[table] == {id_ for ids in one.values() for id_ in ids}


SIZES = {
    "coco80": {"objects": 80},
    "visual_genome150": {"objects": 150, "relations": 50},
    "geneval2": {"objects": 40, "attributes": 18, "relations": 9},
    "basic_colors": {"attributes": 11},
    "plain_materials": {"attributes": 14},
}


def test_vocabularies_have_the_words_of_their_lists():
    sizes = {
        name: {table: len(words) for table, words in read_vocabulary(name).items()} for name in list_vocabularies()
    }
    assert sizes == SIZES


def test_coco_with_plain_colors_goes_with_types():
    used = list_used(
        open_plan(objects__only="coco80", attributes__values="basic_colors", relations__predicates="geneval2")
    )
    assert len(used["objects"]) == 80 and len(used["attributes"]) == 11


def test_false_statements_name_what_is_listed(tmp_path):
    loaded = load_recipe("multi_object", {**SMALL, "content.objects.only": "coco80"})
    questions = create_writer(loaded).write_block("train", 0, 100)["questions"].to_pylist()
    foils = {one["foil"] for row in questions for one in row if one["kind"] == "object" and one["foil"]}
    names = load_taxonomy().objects["name"].to_pylist()
    coco = {
        names[find_concepts(load_taxonomy(), "objects", ids[0])[0]]
        for ids in read_vocabulary("coco80")["objects"].values()
    }
    assert foils and foils <= coco


def write(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\nextends: multi_object\nsplits: {{train: 100}}\n{text}")
    return path


def test_a_file_beside_the_recipe_stands_for_its_lines(tmp_path):
    (tmp_path / "words.txt").write_text("\ufeff# mine\ndog\n\ncat  # a pet\ncouch\ndog\n", encoding="utf-8")
    recipe = load_recipe(write(tmp_path, "content: {objects: {only: [sofa, words.txt, dog]}}\n")).recipe
    assert recipe.content.objects.only == ("sofa", "dog", "cat", "couch")
    assert "words.txt" not in dump_recipe(recipe)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("only: words.txt", "`words.txt` holds no name; write one a line"),
        ("only: none.txt", "none.txt is missing"),
        ("only: ../words.txt", "`../words.txt` leaves the recipe's folder"),
        ("only: binary.txt", "`binary.txt` is not text in UTF-8; save it as that"),
        ("only: []", "must name at least one"),
        ("only: {a: 1}", "must be a list of names, not a mapping"),
        ("only: coco8", "there is no vocabulary `coco8`; did you mean `coco80`?"),
        ("only: basic_colors", "the vocabulary `basic_colors` has no objects; it has attributes"),
        ("exclude: [weapn]", "the taxonomy has no object 'weapn'; did you mean `weapon.n.01`?"),
        ("only: [bike]", "'bike' names several objects: write one of bicycle.n.01 (a wheeled vehicle"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_in_one_line(tmp_path, content, message):
    (tmp_path / "words.txt").write_text("# nothing\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError) as error:
        create_writer(load_recipe(write(tmp_path, f"content:\n  objects: {{{content}}}\n")))
    (problem,) = error.value.problems
    assert message in str(problem) and problem.key == f"content.objects.{content.split(':')[0]}"


def test_a_name_may_be_of_any_tier_unless_a_tier_is_asked_for():
    assert load_recipe("multi_object", {"content.objects.only": ["frisbee"]}).recipe.content.objects.tier == "full"
    report = validate_recipe(load_recipe("multi_object", {"content.objects": {"only": "coco80", "tier": "common"}}))
    (warning,) = [one for one in report.warnings if "content.objects.only" in one]
    assert "1 of 80 that are listed are in no scene: frisbee" in warning


def test_exclude_says_what_it_takes():
    content = {"objects.exclude": ["weapon", "coco80", "dog"], "attributes.exclude": ["material", "red"]}
    report = validate_recipe(load_recipe("multi_object", {f"content.{key}": value for key, value in content.items()}))
    objects, attributes = report.excluded
    assert "coco80 79" in objects and "weapon " in objects and "dog " in objects
    assert attributes.startswith(f"{int(attributes.split()[0])} attributes: material ") and attributes.endswith(
        "red 1"
    )
    used = list_used(open_plan(**{key.replace(".", "__"): value for key, value in content.items()}))
    kinds = dict(zip(*(load_taxonomy().objects[column].to_pylist() for column in ("id", "kinds")), strict=True))
    assert not [id_ for id_ in used["objects"] if "weapon" in kinds[id_].split("|")]
    assert not [id_ for id_ in used["attributes"] if id_.startswith("material.") or id_ == "color.red"]
    assert used["objects"].isdisjoint(ids[0] for ids in read_vocabulary("coco80")["objects"].values())


def test_a_filter_that_leaves_almost_nothing_says_so():
    report = validate_recipe(load_recipe("multi_object", {"content.objects.under": ["kitchen"]}))
    (told,) = [one for one in report.warnings if "content.objects.under: leaves 1 of " in one]
    assert "kitchen; widen it; for what is found in one, write `content.setting: kitchen` in its place" in told


def test_a_vocabulary_is_part_of_the_fingerprint(monkeypatch):
    loaded = load_recipe("multi_object", {"content.objects.only": "coco80"})
    writer = create_writer(loaded)
    before = compute_fingerprint(writer)
    words = read_vocabulary("coco80")
    monkeypatch.setitem(words["objects"], "person", ("man.n.01",))
    assert compute_fingerprint(writer) != before


PLACES = {"location": ["kitchen", "dining room", "library"], "weather": "none"}


def test_fixed_kinds_are_in_every_scene_and_nothing_that_they_bar():
    plan = open_plan(scene_attributes={**PLACES, "count": [0, 2]})
    drawn = draw_block(plan, "train", 0, 0, 900)
    rows = plan.taxonomy.scene_attributes.to_pylist()
    scenes = [[rows[row] for row in some.tolist()] for some in drawn.scene_attributes.lists()]
    named = [[one["name"] for one in some if one["kind"] == "location"] for some in scenes]
    counts = {name: named.count([name]) for name in PLACES["location"]}
    assert sum(counts.values()) == 900 and max(counts.values()) - min(counts.values()) <= 2
    assert not [one for some in scenes for one in some if one["kind"] == "weather"]
    assert {len(some) for some in scenes} == {1, 2, 3}
    for some in scenes:
        place = next(one for one in some if one["kind"] == "location")
        assert not {one["kind"] for one in some if one is not place} & set(place["excludes"].split("|"))
    barred = {name for one in rows if one["name"] in PLACES["location"] for name in one["bars"].split("|")}
    ids = {plan.taxonomy.objects["id"][int(row)].as_py() for row in np.unique(drawn.objects.values)}
    assert ids.isdisjoint(barred)


def test_fixed_kinds_survive_being_written():
    recipe = load_recipe("multi_object", {"content.scene_attributes": {**PLACES, "count": 1}}).recipe
    assert recipe.content.scene_attributes.fixed == {"location": tuple(PLACES["location"]), "weather": ()}
    assert "weather: none" in dump_recipe(recipe)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("scene_attributes: {location: [kitchn]}", "location: there is no location `kitchn`; did you mean `kitchen`?"),
        (
            "scene_attributes: {wether: none}",
            "wether: there is no kind of scene attributes `wether`; did you mean `weather`?",
        ),
        (
            "scene_attributes: {kind: [weather]}",
            "kind: there is no kind of scene attributes `kind`; did you mean `kinds`?",
        ),
        (
            "scene_attributes: {location: [kitchen], weather: [heavy rain]}",
            "`heavy rain` of weather does not go with all",
        ),
        (
            "scene_attributes: {genre: [portrait]}",
            "`portrait` needs something of person, which some scenes do not have",
        ),
        ("scene_attributes: {camera_movement: [dolly in]}", "`dolly in` is made for other modalities"),
        ("scene_attributes: {location: {a: 1}}", "location: must be a list of names, not a mapping"),
        ("{setting: kitchen, scene_attributes: {location: [kitchen]}}", "both say where scenes are; keep one of them"),
    ],
)
def test_what_is_wrong_with_a_fixed_kind_is_said_in_one_line(tmp_path, content, message):
    text = f"content: {content}\n" if content.startswith("{") else f"content:\n  {content}\n"
    with pytest.raises(RecipeError) as error:
        create_writer(load_recipe(write(tmp_path, text)))
    (problem,) = error.value.problems
    assert message in str(problem)
