"""`gas init`: a recipe that says what another one says, with comments that can be used."""

import json
import re

import pytest
import yaml
from generate_any_scene.builders.authoring.draft import draft_recipe, write_draft
from generate_any_scene.builders.authoring.schema import write_schema
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.recipe.validation import list_keys
from jsonschema import Draft202012Validator


def draft(name, folder):
    path = folder / "mine.yaml"
    path.write_text(draft_recipe("mine", name, folder), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list_recipes())
def test_a_draft_says_what_the_recipe_says(name, tmp_path):
    path = draft(name, tmp_path)
    recipe = load_recipe(path).recipe
    assert recipe == load_recipe(name, {"name": "mine"}).recipe
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=recipe.schema.json"
    assert yaml.safe_load("\n".join(lines))["extends"] == name
    assert max(len(line) for line in lines if line.lstrip().startswith("#")) < 120


def list_comments(path):
    """Numbers of the lines of a draft that are keys in comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines, [number for number, line in enumerate(lines) if number > 2 and re.match(r" *# (or )?\w+: \S", line)]


def test_every_comment_can_be_used(tmp_path):
    """Each key alone, without its comment mark, is checked as a recipe and by the schema."""
    path = draft("multi_object", tmp_path)
    (lines, found), checker, used = list_comments(path), Draft202012Validator(write_schema()), set()
    for number in found:
        is_other = "# or " in lines[number]
        key = re.search(r"(\w+): ", lines[number])[1]
        if key in ("objects_first", "typed"):  # a sentence on values
            continue
        line = re.sub(r"# (or )?", "", lines[number], count=1)
        needed = ["pairs: true"] if key == "edits" else []
        changed = [*lines[: number - is_other], *needed, line, *lines[number + 1 :]]
        path.write_text("\n".join(changed), encoding="utf-8")
        assert load_recipe(path).recipe != load_recipe("multi_object", {"name": "mine"}).recipe, line
        checker.validate(yaml.safe_load("\n".join(changed)))
        used.add(key)
    assert {"under", "degree", "kinds", "categories", "captions", "questions", "pairs"} <= used


def test_every_key_stands_in_a_draft(tmp_path):
    text = draft("multi_object", tmp_path).read_text(encoding="utf-8")
    # Keys of what stands in one line.
    inside = (
        "seed_graph",
        "captions",
        "questions",
        "splits",
        "degree",
        "plausibility",
        "wordings",
        "paraphrase",
        "filters",
        "difficulty",
    )
    keys = [path for path, _ in list_keys(Recipe) if not set(path[:-1]) & set(inside)]
    assert len(keys) > 40
    assert [path for path in keys if not re.search(rf"^ *(# )?{path[-1]}:", text, re.MULTILINE)] == []


def test_init_writes_the_recipe_and_its_schema(gas, empty):
    status, out, err = gas("init", "kitchen", "--extends", "video")
    assert (status, err) == (0, "")
    assert out == "wrote kitchen.yaml and recipe.schema.json; edit it, then: gas preview ./kitchen.yaml\n"
    assert {path.name for path in empty.iterdir()} == {"kitchen.yaml", "recipe.schema.json"}
    assert load_recipe("kitchen.yaml").recipe.modality == "video"
    schema = json.loads((empty / "recipe.schema.json").read_text())
    Draft202012Validator(schema).validate(yaml.safe_load((empty / "kitchen.yaml").read_text()))
    assert gas("init", "bathroom", "--extends", "./kitchen.yaml")[0] == 0
    assert load_recipe("bathroom.yaml").sources[:2] == ("bathroom.yaml", "kitchen.yaml")


def test_init_begins_with_multi_object(gas, empty):
    assert gas("init", "kitchen")[0] == 0
    assert (empty / "kitchen.yaml").read_text() == draft_recipe("kitchen", "multi_object", empty)


def test_the_file_may_be_named_instead(gas, empty):
    assert gas("init", "kitchen.yaml")[0] == 0
    assert (empty / "kitchen.yaml").read_text() == draft_recipe("kitchen", "multi_object", empty)


def test_nothing_is_overwritten(gas, empty):
    (empty / "kitchen.yaml").write_text("mine\n")
    assert gas("init", "kitchen") == (2, "", "gas: kitchen.yaml is there already; choose another name, or edit it\n")
    (empty / "recipe.schema.json").write_text("{}\n")
    status, out, err = gas("init", "bathroom")
    assert (status, out) == (2, "") and err.startswith("gas: recipe.schema.json is not ours")
    written = {path.name: path.read_text() for path in empty.iterdir()}
    assert written == {"kitchen.yaml": "mine\n", "recipe.schema.json": "{}\n"}


def test_an_older_schema_of_ours_is_written_anew(gas, empty):
    (empty / "recipe.schema.json").write_text(json.dumps({"$id": write_schema()["$id"]}))
    assert gas("init", "kitchen")[0] == 0
    assert json.loads((empty / "recipe.schema.json").read_text()) == write_schema()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Kitchen"], "`Kitchen` is not a name"),
        (["kitchen.yml"], "`kitchen.yml` is not a name"),
        (["../kitchen"], "`../kitchen` is not a name"),
        (["con"], "`con` is a device on Windows"),
        (["kitchen", "--extends", "multi_objct"], "did you mean `multi_object`"),
        (["kitchen", "--extends", "../mine.yaml"], "leaves the recipe's folder"),
        (["kitchen", "--extends", "mine.yaml"], "mine.yaml is missing"),
    ],
)
def test_wrong_names_are_one_line_and_nothing_is_written(arguments, message, empty, assert_refused):
    assert_refused(["init", *arguments], message)
    assert not list(empty.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OSError):
        write_draft("kitchen", "multi_object", tmp_path / "nowhere")
