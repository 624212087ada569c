"""`content.objects.distinct`: no two objects of a scene have one name."""

import numpy as np
import pytest
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError

FEW = "content.objects.under=[dog.n.01]"
DISTINCT = "content.objects.distinct=true"


def list_names(writer, split="train", rows=2000):
    return [
        [one["name"] for one in row["scene_graph"]["objects"]]
        for row in writer.write_block(split, 0, rows).to_pylist()
    ]


def count_alike(names):
    return sum(len(set(scene)) < len(scene) for scene in names)


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("splits.test={size: 100, unseen: [object_pair]}",),
        pytest.param(("content.objects.min_frequency=3", "captions.unambiguous=true"), marks=pytest.mark.slow),
        ("structure.seed_graph={objects: [{under: dog.n.01}, {}]}",),
    ],
)
def test_no_scene_has_two_objects_of_one_name(open_writer, overrides):
    few = () if "object_pair" in str(overrides) else (FEW,)
    writer = open_writer("multi_object", *few, DISTINCT, *overrides)
    for split in ("train", "test"):
        assert count_alike(list_names(writer, split)) == 0


def test_without_it_some_have(open_writer):
    assert count_alike(list_names(open_writer("multi_object", FEW))) > 0


def test_questions_need_no_ordinals(open_writer):
    rows = open_writer("multi_object", FEW, DISTINCT).write_block("train", 0, 1000).to_pylist()
    assert not [
        q for row in rows for q in row["questions"] if " first " in q["question"] or " second " in q["question"]
    ]


def test_every_object_is_still_used_alike(open_writer):
    names = [name for scene in list_names(open_writer("multi_object", FEW, DISTINCT), rows=BLOCK) for name in scene]
    counts = np.unique(names, return_counts=True)[1]
    assert counts.max() - counts.min() < 0.05 * counts.mean()


def test_as_many_names_as_objects_are_enough_and_one_less_is_not():
    rare = "content.objects.under=[beagle.n.01,poodle.n.01,collie.n.01]"
    fits = create_writer(load_recipe("multi_object", (rare, DISTINCT, "structure.objects=[2,3]")))
    assert count_alike(list_names(fits, rows=500)) == 0
    with pytest.raises(
        RecipeError, match=r"content.objects.distinct: structures have up to 6 objects, but .* only \d"
    ):
        create_writer(load_recipe("multi_object", (rare, DISTINCT)))
