"""Every recipe of the cookbook is valid and makes what its page says, in a small size."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from datasets import load_dataset
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.taxonomy.vocabularies import read_vocabulary
from generate_any_scene.training.sandbox.pictures import draw_scene
from pages import DOCS, PAGES

RECIPES = {path.stem: path for path in sorted((DOCS / "cookbook").glob("*.yaml"))}
DATASETS = [name for name, path in RECIPES.items() if "kind: evaluation" not in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", RECIPES)
def test_the_page_shows_the_file(name):
    assert f"```yaml\n{RECIPES[name].read_text(encoding='utf-8')}```" in PAGES["docs/cookbook.md"]


@pytest.mark.parametrize("name", DATASETS)
def test_recipes_are_valid(name):
    assert validate_recipe(load_recipe(RECIPES[name])).structures


@pytest.fixture
def build(gas, empty):
    """Builds so many rows of a recipe of the cookbook; gives the rows of a split."""

    def build_split(name, split="train", **sizes):
        sets = [word for one, size in sizes.items() for word in ("--set", f"splits.{one}.size={size}")]
        status, _, err = gas("build", RECIPES[name], "--out", "made", *sets)
        assert status == 0, err
        return load_dataset(str(empty / "made"), name, split=split)

    return build_split


def test_the_kitchen(build):
    rows = build("kitchen", train=300, test=20)
    assert {question["form"] for row in rows for question in row["questions"]} == {"yes_no"}
    assert all("kitchen" in [one["value"] for one in row["scene_attributes"]] for row in rows)
    assert max(len(row["caption"].split()) for row in rows) <= 40
    assert not any(re.search(r"\b(gun|rifle|sword|cleaver|dagger)\b", row["caption"]) for row in rows)


def test_classes_of_coco(build):
    train, test = build("coco_reward", train=400, test=40), load_dataset("made", "coco_reward", split="test")
    allowed = {one for ids in read_vocabulary("coco80")["objects"].values() for one in ids}
    pairs = [
        {
            (thing["concept"], one["value"])
            for row in rows
            for thing in row["scene_graph"]["objects"]
            for one in thing["attributes"]
        }
        for rows in (train, test)
    ]
    assert {concept for concept, _ in pairs[0]} <= allowed
    assert len({color for _, color in pairs[0]}) == 12
    assert not pairs[0] & pairs[1]


def test_unseen_compositions(build):
    train, test = build("unseen", train=300, validation=20, test=40), load_dataset("made", "unseen", split="test")
    relations = []
    for rows in (train, test):
        found = set()
        for row in rows:
            names = [thing["concept"] for thing in row["scene_graph"]["objects"]]
            found |= {
                (names[one["subject"]], one["predicate"], names[one["object"]])
                for one in row["scene_graph"]["relations"]
            }
        relations.append(found)
    assert relations[1] and not relations[0] & relations[1]


def test_the_curriculum(build):
    levels = np.floor(build("curriculum", train=100)["difficulty"])
    assert np.array_equal(levels, np.repeat([1, 2, 3], [50, 30, 20]))


def test_scene_graphs_of_visual_genome(gas, empty):
    graphs = DOCS / "cookbook" / "visual_genome.json"
    assert gas("describe", graphs, "--recipe", RECIPES["visual_genome"], "--out", "described")[0] == 0
    rows = load_dataset(str(empty / "described"), "visual_genome", split="train")
    assert f"\n> {rows[0]['caption']}\n" in PAGES["docs/cookbook.md"]
    assert rows["id"] == [str(graph["image_id"]) for graph in json.loads(graphs.read_text())]
    asked = [question["question"] for question in rows[1]["questions"]]
    assert asked and not any("there a hat" in question for question in asked)


def test_the_evaluation_of_a_folder(gas, empty):
    """With scenes of the sandbox, whose pictures and answers can be had here."""
    import generate_any_scene  # noqa: F401

    scenes = load_dataset("gas", "sandbox", split="test", streaming=True).take(12)
    for row in scenes:
        path = empty / "out" / f"{row['id']}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_scene(row["scene_graph"], 0).save(path)
    shutil.copy(RECIPES["evaluate_folder"], empty)
    sets = ("data.recipe=sandbox", "data.limit=12", "judge={kind: sandbox}")
    status, _, err = gas("evaluate", "./evaluate_folder.yaml", *(word for one in sets for word in ("--set", one)))
    assert status == 0, err
    report = json.loads(Path("runs/my_pictures/report.json").read_text())
    assert yaml.safe_load(Path("runs/my_pictures/recipe.yaml").read_text())["name"] == "my_pictures"
    assert report
