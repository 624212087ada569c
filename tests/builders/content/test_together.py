"""`content.objects.together`: the objects of a scene are all of one group; `content.attributes.only_on`."""

from collections import Counter

import pytest
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy import load_taxonomy

ROWS = 1500
FARM = ("cow.n.01", "barn.n.01", "farmer.n.01", "tractor.n.01", "horse.n.01", "pony.n.01")
DESK = ("laptop.n.01", "book.n.02", "pen.n.01", "lamp.n.02", "stapler.n.01", "notebook.n.01", "farmer.n.01")
GROUPS = f"content.objects.together={{farm: [{', '.join(FARM)}], desk: [{', '.join(DESK)}]}}"
SMALL = ("structure.objects=[1, 5]", "structure.complexity=[1, 9]", "content.objects.distinct=true")


def list_scenes(writer, split="train", rows=ROWS):
    return [row["scene_graph"]["objects"] for row in writer.write_block(split, 0, rows).to_pylist()]


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("content.plausibility.neighbours=5",),
        ("captions.unambiguous=true",),
        ("splits.test={size: 100, unseen: [object_attribute]}",),
    ],
)
def test_all_objects_of_a_scene_are_of_one_group(open_writer, overrides):
    writer = open_writer("multi_object", GROUPS, *SMALL, *overrides)
    used = Counter()
    for split in ("train", "test"):
        for things in list_scenes(writer, split, 500):
            concepts = {one["concept"] for one in things}
            assert concepts <= {*FARM} or concepts <= {*DESK}
            assert len(concepts) == len(things)
            used.update(concepts)
    assert set(used) == {*FARM, *DESK}
    assert max(used.values()) < 4 * min(used.values())


def test_shipped_groups_are_kept(open_writer):
    groups = [set(names) for names in load_recipe("everyday").recipe.content.objects.together.values()]
    scenes = [{one["name"] for one in things} for things in list_scenes(open_writer("everyday"))]
    assert [names for names in scenes if not any(names <= group for group in groups)] == []
    assert len(set().union(*scenes)) > 450


def test_a_seed_graph_is_of_all_groups_or_of_its_own(open_writer):
    for seed, allowed in (("barn.n.01", [{*FARM}]), ("dog.n.01", [{*FARM}, {*DESK}])):
        writer = open_writer(
            "multi_object", GROUPS, *SMALL, f"structure.seed_graph={{objects: [{{concept: {seed}}}]}}"
        )
        for things in list_scenes(writer, rows=300):
            others = {one["concept"] for one in things} - {seed}
            assert any(others <= group for group in allowed), others


def test_groups_that_are_too_small_for_a_scene_are_left_out(open_writer):
    writer = open_writer("multi_object", GROUPS, *SMALL, "content.objects.exclude=[cow.n.01, barn.n.01, pony.n.01]")
    used = {one["concept"] for things in list_scenes(writer, rows=300) for one in things}
    assert used == {*DESK}
    with pytest.raises(RecipeError, match=r"the filters leave no object.*; widen one of .*together"):
        open_writer("multi_object", GROUPS, "structure.objects=[1, 8]")


def find_holders(taxonomy, names):
    """Ids of the objects that names mean, and of all that lie under them."""
    rows = taxonomy.objects.to_pylist()
    found = {row["id"] for row in rows if {row["id"], *row["kinds"].split("|")} & {*names}}
    while more := {row["id"] for row in rows if row["parent"] in found} - found:
        found |= more
    return found


def test_attributes_are_only_on_what_has_them(open_writer):
    overrides = "{color: [clothing, dog.n.01], red: [cat.n.01], sleeping: [cat.n.01]}"
    writer = open_writer("attribute_binding", f"content.attributes.only_on={overrides}")
    taxonomy, seen = load_taxonomy(), Counter()
    colored, cats = find_holders(taxonomy, ["clothing", "dog.n.01"]), find_holders(taxonomy, ["cat.n.01"])
    for things in list_scenes(writer, rows=4000):
        for thing in things:
            for one in thing["attributes"]:
                name = one["value"] if one["value"] in ("red", "sleeping") else one["kind"]
                seen[name] += 1
                if name in ("red", "sleeping"):
                    assert thing["concept"] in cats
                elif name == "color":
                    assert thing["concept"] in colored
    assert min(seen[name] for name in ("red", "color", "material")) > 10


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("content.objects.together={farm: [cwo.n.01]}", "cwo.n.01"),
        ("content.objects.together={farm: []}", "content.objects.together.farm"),
        ("content.attributes.only_on={colr: [dog.n.01]}", "content.attributes.only_on.colr"),
        ("content.attributes.only_on={color: [dgo.n.01]}", "content.attributes.only_on.color"),
        ("content.attributes.only_on={color: []}", "content.attributes.only_on.color"),
    ],
)
def test_wrong_names_are_said_in_one_line(open_writer, override, said):
    with pytest.raises(RecipeError) as caught:
        open_writer("multi_object", override)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
