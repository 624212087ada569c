"""Recipes from keywords and files say what a YAML file would, and their rows are those that a build writes."""

import threading

import generate_any_scene as gas
import numpy as np
import pytest
import yaml
from datasets import load_dataset
from generate_any_scene.builders.python.recipes import RecipeKeys
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe as Model
from generate_any_scene.errors import GasError, RecipeError

KEYS = {
    "content": {"objects": {"only": ["cat", "dog", "coco80"]}},
    "structure": {"complexity": [3, 5], "components": np.int64(1)},
    "questions": ["object", "count"],
    "splits": {"train": 300, "test": 20},
}
SMALL = {"train": 300, "validation": 0, "test": 20}


def test_keywords_are_the_keys_of_a_recipe():
    """A new key of recipes is a new line in `RecipeKeys`."""
    assert RecipeKeys.__annotations__.keys() == Model.model_fields.keys()


def test_keywords_say_what_a_file_says(tmp_path):
    path = tmp_path / "pets.yaml"
    plain = {**KEYS, "structure": {"complexity": [3, 5], "components": 1}}
    path.write_text(yaml.safe_dump({"name": "pets", "extends": "multi_object", **plain}))
    made = gas.Recipe(extends="multi_object", name="pets", **KEYS)
    assert made.to_dict() == load_recipe(path).recipe.model_dump(mode="json", exclude_none=True)
    assert made.splits == {"train": 300, "test": 20}
    assert made.table().equals(gas.Recipe.load(path).table())


def test_without_a_name_it_keeps_that_of_its_parent():
    recipe = gas.Recipe(extends="multi_object", seed=7)
    assert recipe.to_dict() == gas.Recipe.load("multi_object", seed=7).to_dict()
    assert gas.Recipe(recipe, seed=8).to_dict() == gas.Recipe.load("multi_object", seed=8).to_dict()


def test_overrides_merge_splits_where_keywords_replace_them():
    assert gas.Recipe.load("multi_object", splits={"train": 7}).splits == {"train": 7, "validation": 500, "test": 1000}
    assert gas.Recipe(extends="multi_object", splits={"train": 7}).splits == {"train": 7}


def test_paths_are_looked_up_beside_the_parent_or_in_the_working_directory(tmp_path, monkeypatch):
    there, here = tmp_path / "there", tmp_path / "here"
    for folder, word in ((there, "there"), (here, "here")):
        folder.mkdir()
        (folder / "mine.jinja").write_text("{{ scene.objects[0].name }} " + word)
    (there / "pets.yaml").write_text("name: pets\nextends: multi_object\n")
    monkeypatch.chdir(here)
    assert gas.Recipe(extends=there / "pets.yaml", captions="mine.jinja").scene(0).caption.endswith(" there")
    assert gas.Recipe(extends="multi_object", captions="mine.jinja").scene(0).caption.endswith(" here")


def test_a_written_recipe_is_the_same_recipe_wherever_it_lies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.jinja").write_text("{{ scene.objects[0].name }}!")
    recipe = gas.Recipe(extends="multi_object", captions="mine.jinja", seed=3)
    text = recipe.to_yaml("copies/pets.yaml")
    assert (tmp_path / "copies" / "pets.yaml").read_text() == text
    again = gas.Recipe.load("copies/pets.yaml")
    assert again.to_dict() == recipe.to_dict()
    assert again.table(rows=50).equals(recipe.table(rows=50))
    recipe.to_yaml("copies/pets.yaml")
    (tmp_path / "copies" / "mine.jinja").write_text("another")
    with pytest.raises(GasError, match=r"mine\.jinja is another file than the recipe's"):
        recipe.to_yaml("copies/pets.yaml")


@pytest.mark.parametrize("overrides", [{}, {"pairs": True}, {"wordings": ["short"]}, {"difficulty": 2}])
def test_rows_in_memory_are_those_of_load_dataset(overrides):
    recipe = gas.Recipe.load("multi_object", splits=SMALL, **overrides)
    loaded = load_dataset("gas", "multi_object", split="train", splits=SMALL, **overrides)
    made = recipe.dataset(split="train")
    assert made.features == loaded.features
    assert made.split == "train"
    assert made[:] == loaded[:]
    assert made[3] == recipe.scene(3) == gas.scene(recipe, 3) == list(recipe.iter(rows=4))[3]
    assert made[:9] == recipe.dataset(rows=9)[:]
    assert recipe.to_pandas("test").caption.tolist() == recipe.table("test")["caption"].to_pylist()


def test_filters_choose_rows_as_a_build_does(tmp_path):
    recipe = gas.Recipe.load("multi_object", splits=SMALL, filters={"caption_words": {"max": 12}})
    built = gas.build(recipe, out=tmp_path / "gas", workers=1)
    assert recipe.dataset("train")[:] == built.dataset("train")[:]
    assert max(len(scene.caption.split()) for scene in recipe.iter()) <= 12


def test_a_recipe_says_what_it_will_not_show():
    report = gas.Recipe(extends="multi_object", content={"objects": {"only": ["cat", "dog"]}}).validate()
    assert report.objects == 2
    assert "two objects of one name" in report.warnings[0]


def test_threads_may_share_a_recipe():
    recipe, found = gas.Recipe.load("multi_object"), {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: recipe.scene(n % 4)})) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == gas.scene("multi_object", number % 4) for number in range(8))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gas.Recipe(extends="multi_objct"), "did you mean `multi_object`"),
        (lambda: gas.Recipe(extends=""), "there is no recipe ``"),
        (lambda: gas.Recipe(3), "`extends` must be a name or a path, not `3`"),
        (lambda: gas.Recipe("multi_object", contents={}), "Recipe contents: unknown key .* did you mean `content`"),
        (lambda: gas.Recipe("multi_object", structure={"complexity": "many"}), "Recipe structure.complexity: must be"),
        (lambda: gas.Recipe("multi_object", structure={"seed_graph": {1}}), "`structure.seed_graph` must be text"),
        (lambda: gas.Recipe(name="pets"), "Recipe structure: is missing"),
        (lambda: gas.Recipe.load("multi_object", extends="video"), "override extends: cannot be overridden"),
        (lambda: gas.Recipe.load("multi_object").scene(-1), "there is no row `-1`"),
        (lambda: gas.Recipe.load("multi_object").dataset("trian"), "did you mean `train`"),
        (lambda: gas.Recipe.load("multi_object").table(rows=0), "`rows` must be a whole number from 1, not `0`"),
        (lambda: gas.Recipe.load("multi_object").table(rows=2.5), "`rows` must be a whole number from 1"),
    ],
)
def test_wrong_input_says_what_is_wrong(make, message):
    with pytest.raises(GasError, match=message):
        make()


def test_all_mistakes_are_told_at_once():
    with pytest.raises(RecipeError) as error:
        gas.Recipe("multi_object", seeds=3, content={"objects": {"only": ["catt"]}}, structure={"objects": [9, 2]})
    assert len(error.value.problems) == 3
