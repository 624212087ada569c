"""From a recipe to a built folder and what is done with it, as section by section of a user's script."""

import json
import subprocess
import sys

import generate_any_scene as gas
import pytest
from datasets import Dataset, DatasetDict, load_dataset
from generate_any_scene.errors import GasError, GasWarning

KITCHEN = """\
name: kitchen
extends: multi_object
content: {objects: {only: coco80}}
splits: {train: 60, test: 20}
"""


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kitchen")
    (folder / "kitchen.yaml").write_text(KITCHEN)
    return folder


@pytest.fixture(scope="module")
def built(kitchen):
    return gas.build(gas.Recipe.load(kitchen / "kitchen.yaml", seed=7), out=kitchen / "kitchen", workers=2)


def test_a_build_is_what_the_command_builds(kitchen, built):
    command = [
        "-m",
        gas.__name__,
        "build",
        "kitchen.yaml",
        "--set",
        "seed=7",
        "--out",
        "other/kitchen",
        "--workers",
        "1",
    ]
    subprocess.run([sys.executable, *command], cwd=kitchen, check=True, capture_output=True)

    def read(folder):
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert read(kitchen / "kitchen") == read(kitchen / "other" / "kitchen")
    assert (built.path, built.rows) == (kitchen / "kitchen", 80)
    assert built.splits == {"kitchen": {"train": 60, "test": 20}}
    assert repr(built).endswith("kitchen: kitchen/train 60, kitchen/test 20>")


def test_what_was_built_is_loaded(kitchen, built):
    every, train = built.dataset(), built.dataset("train")
    assert (type(every), type(train)) == (DatasetDict, Dataset)
    assert every["train"][:] == train[:] == gas.Recipe.load(kitchen / "kitchen.yaml", seed=7).dataset()[:]
    assert train[0]["caption"] == load_dataset(str(built.path), "kitchen", split="train")[0]["caption"]
    assert gas.preview(built, n=2) == gas.preview(built.path, n=2) == [train[0], train[1]]


def test_it_is_exported_checked_and_compared(kitchen, built):
    said = gas.export(built, "jsonl", kitchen / "out.jsonl", columns=["id", "structure.complexity"], split="test")
    lines = [json.loads(line) for line in (kitchen / "out.jsonl").read_text().splitlines()]
    assert said == "wrote 20 prompts of kitchen/test"
    assert [line["id"] for line in lines] == built.dataset("test")["id"][:]
    assert all(set(line) == {"id", "structure.complexity"} for line in lines)
    found = gas.verify(built)
    assert (found.findings, found.rows, found.remade) == ([], 80, 80)
    recipe = gas.Recipe.load(kitchen / "kitchen.yaml", seed=7)
    assert not gas.diff(built, recipe).differs
    difference = gas.diff(kitchen / "kitchen", gas.Recipe(recipe, seed=8))
    assert difference.configs["kitchen"].recipe == {"seed": (7, 8)}


def test_several_recipes_share_a_folder(tmp_path):
    small = {"train": 5, "validation": 0, "test": 0}
    recipes = [gas.Recipe.load(name, splits=small) for name in ("multi_object", "video")]
    built = gas.build(recipes, out=tmp_path / "gas")
    assert (built.configs, built.rows) == (("multi_object", "video"), 10)
    assert built.dataset(config="video")["train"].num_rows == 5
    with pytest.raises(GasError, match="has several configs; choose from multi_object, video"):
        built.dataset()


def test_a_store_takes_a_build(tmp_path):
    recipe = gas.Recipe.load("multi_object", splits={"train": 5, "validation": 0, "test": 0})
    built = gas.build(recipe, out="memory://scenes/gas")
    assert repr(built).endswith("multi_object/train 5>")
    with pytest.raises(GasError, match="is in a store; copy it into a folder first"):
        gas.verify(built)


def test_what_a_recipe_leaves_thin_is_warned_of(tmp_path):
    recipe = gas.Recipe("multi_object", content={"objects": {"under": ["platypus"]}}, splits={"train": 5})
    with pytest.warns(GasWarning, match=r"content\.objects\.under: leaves 1 of"):
        gas.build(recipe, out=tmp_path / "gas")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda built: gas.build("multi_objct"), "did you mean `multi_object`"),
        (lambda built: gas.build("multi_object", workers=0), "`workers` must be a whole number from 1, not `0`"),
        (lambda built: gas.build("multi_object", address="auto"), "names a Ray cluster"),
        (lambda built: gas.preview("multi_objct"), "did you mean `multi_object`.*or give a folder"),
        (lambda built: gas.preview("multi_object", n=0), "`n` must be a whole number from 1, not `0`"),
        (lambda built: gas.preview("multi_object", config="x"), "is a recipe, which has no configs"),
        (lambda built: gas.preview(built, seed=3), "is built already, so seed cannot be overridden"),
        (lambda built: built.dataset("tset"), "kitchen in .* has no split `tset`; did you mean `test`"),
        (lambda built: built.dataset(config="kitchn"), "has no config `kitchn`; did you mean `kitchen`"),
        (lambda built: built.push("kitchen"), "write it as OWNER/NAME"),
        (lambda built: gas.export(built, "jsnl", "x"), "did you mean `jsonl`"),
        (lambda built: gas.export(built, "trl", "x", columns=["id"]), "leave it out, or take one of these"),
        (lambda built: gas.export(built, "csv", "x", columns=["captoin"]), "has no column `captoin`"),
        (lambda built: gas.export("nowhere", "jsonl", "x"), "nowhere is no folder"),
        (lambda built: gas.verify("nowhere"), "nowhere is no folder"),
        (lambda built: gas.verify(built, sample=-1), "`sample` must be a whole number from 0"),
        (lambda built: gas.diff(built, "nowhere"), "there is no recipe or built folder `nowhere`"),
        (lambda built: gas.diff(built, built, rows=3, everything=True), "leave one of them out"),
    ],
)
def test_wrong_input_says_what_is_wrong(call, message, built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GasError, match=message):
        call(built)
    assert list(tmp_path.iterdir()) == []
