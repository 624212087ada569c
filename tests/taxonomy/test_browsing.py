"""Concepts looked around in and cut down from Python; vocabularies as lists."""

import importlib
import subprocess
import sys
from pathlib import Path

import generate_any_scene as gas
import pytest
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.taxonomy import mark_under
from generate_any_scene.taxonomy.search import search_concepts
from generate_any_scene.taxonomy.vocabularies import list_vocabularies, read_vocabulary


@pytest.mark.parametrize(
    "code",
    [
        "import generate_any_scene as gas; gas.taxonomy('sandbox'); gas.taxonomy('sandbox')",
        "import generate_any_scene.taxonomy as taxonomy; taxonomy('sandbox'); taxonomy.load_taxonomy",
        "from generate_any_scene import taxonomy; taxonomy('sandbox')",
        "import generate_any_scene as gas; gas.scene('sandbox', 0); gas.taxonomy('sandbox')",
    ],
)
def test_the_package_is_the_function_however_it_is_imported(code):
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_search_finds_what_the_command_finds(taxonomy):
    assert gas.taxonomy().search("tie") == search_concepts(taxonomy, "tie")
    with pytest.raises(GasError, match=r"no concept has 'plattypus' in its name; did you mean `platypus\.n\.01`"):
        gas.taxonomy().search("plattypus")


def test_under_and_subset_narrow(taxonomy):
    animals = gas.taxonomy().under("animal")
    assert len(animals.names()) == mark_under(taxonomy, ["animal"]).sum()
    assert animals.names("attributes") == gas.taxonomy().names("attributes")
    dogs = animals.subset(only=["dog", "cat", "car"], relations="next to")
    assert (dogs.names(), dogs.names("relations")) == (["cat", "dog"], ["next to"])
    assert [row["id"] for row in dogs.search("dog")["objects"]] == ["dog.n.01"]
    with pytest.raises(GasError, match="no concept has 'poodle'"):
        dogs.search("poodle")


def test_all_wrong_names_are_told_at_once():
    with pytest.raises(RecipeError) as error:
        gas.taxonomy().subset(only=["keyboard", "catt"], attributes=["basic_colrs"])
    texts = [str(problem) for problem in error.value.problems]
    assert "names several objects" in texts[0]
    assert "did you mean `cat.n.01`" in texts[1]
    assert "did you mean `basic_colors`" in texts[2]


def test_what_is_saved_is_a_taxonomy_of_these_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = gas.taxonomy().subset(only=["coco80"], attributes=["basic_colors"])
    place = chosen.save("mine/")
    assert gas.taxonomy("./mine").names("attributes") == chosen.names("attributes")
    recipe = gas.Recipe("multi_object", taxonomy="./mine", structure={"attributes": [0, 2]}, splits={"train": 300})
    recipe = gas.Recipe(recipe, content={"attributes": {"max_per_object": 1}})
    scenes = list(recipe.iter())
    things = [item for scene in scenes for item in scene.graph["objects"]]
    # A brand is of a tier that recipes leave out unless they ask for it.
    assert {item["name"] for item in things} == set(chosen.names()) - {"frisbee"}
    assert {one["value"] for item in things for one in item["attributes"]} <= set(gas.vocab("basic_colors"))
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    chosen.save(place)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_kinds_and_columns_of_ones_own_are_saved_and_copied(tmp_path, monkeypatch):
    """A recipe with them is the same from a copy of the whole taxonomy, and from a copy of itself."""
    german = Path(__file__).parents[2] / "docs" / "german"
    monkeypatch.chdir(german)
    recipe = gas.Recipe.load("german.yaml", splits={"train": 30, "validation": 0, "test": 0})
    recipe.to_yaml(tmp_path / "german.yaml")
    words = gas.taxonomy("worte")
    words.save(tmp_path / "worte")
    monkeypatch.chdir(tmp_path)
    assert gas.Recipe.load("german.yaml").table().equals(recipe.table())
    with pytest.raises(GasError, match="cannot be saved as one"):
        gas.taxonomy(str(german / "worte"), "./worte").save(tmp_path / "both")


def test_nothing_is_overwritten_or_saved_empty(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    chosen = gas.taxonomy().subset(only=["cat"])
    with pytest.raises(GasError, match=r"holds notes\.txt, which is no table"):
        chosen.save(tmp_path)
    with pytest.raises(GasError, match="no object is left to save"):
        chosen.subset(only=["dog"]).save(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", list_vocabularies())
def test_a_listed_vocabulary_means_what_its_name_means(name):
    for table, words in read_vocabulary(name).items():
        listed = gas.vocab(name, table)
        key = {"objects": "only", "attributes": "attributes", "relations": "relations"}[table]
        alone, whole = (
            [gas.taxonomy().subset(**{key: some}).table(table)["id"].to_pylist()] for some in (listed, [name])
        )
        assert alone == whole
        assert len(set(listed)) == len(listed) >= len([word for word, ids in words.items() if ids]) * 0.9


def test_rows_of_a_listed_vocabulary_are_those_of_its_name():
    listed, named = (
        gas.Recipe("multi_object", content={"objects": {"only": only}}) for only in (gas.vocab("coco80"), "coco80")
    )
    assert listed.table(rows=200).equals(named.table(rows=200))


def test_unknown_names_are_refused():
    with pytest.raises(GasError, match="there is no vocabulary `coco`; did you mean `coco80`"):
        gas.vocab("coco")
    with pytest.raises(GasError, match="`coco80` has no relations"):
        gas.vocab("coco80", "relations")
    with pytest.raises(GasError, match="there is no table `object` of concepts; did you mean `objects`"):
        gas.taxonomy().names("object")
    with pytest.raises(GasError, match="there is no taxonomy 'nope'"):
        gas.taxonomy("nope")


def test_the_module_stays_a_module():
    module = importlib.import_module("generate_any_scene.taxonomy")
    assert module is gas.taxonomy
    assert importlib.reload(module) is gas.taxonomy
    assert gas.taxonomy("sandbox").names() == sorted(gas.taxonomy("sandbox").names())
