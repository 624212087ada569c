"""What is said of recipes that cannot be: every mistake at once, each where its user can mend it."""

import os
import random

import pytest
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.loading import load_checked
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import GasError, RecipeError
from generate_any_scene.recipes import list_recipes

LINES = {
    "extends": "extends: {parent}",
    "name": "name: mine",
    "unknown": "nothing: 1",
    "seed": "seed: -1",
    "license": "license: A B",
    "structure": "structure: {complexity: [9, 3]}",
    "objects": "content: {objects: {under: [zork]}, relations: {categories: [zork]}, attributes: {undr: 1}}",
    "captions": "captions: zork",
    "questions": "questions: [zork]",
    "splits": "splits: {train: x}",
}
MISTAKES = {
    "unknown": ["nothing"],
    "seed": ["seed"],
    "license": ["license"],
    "structure": ["structure.complexity"],
    "objects": ["content.objects.under", "content.relations.categories", "content.attributes.undr"],
    "captions": ["captions"],
    "questions": ["questions.0"],
    "splits": ["splits.train"],
}


def find_problems(load, *arguments):
    with pytest.raises(RecipeError) as caught:
        load(*arguments)
    return caught.value.problems


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_file(text, name="mine.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write_file


@pytest.mark.parametrize("seed", range(6))
def test_every_mistake_is_told_at_once_at_its_line(seed, write):
    chance = random.Random(seed)
    chosen = chance.sample(sorted(MISTAKES), chance.randint(1, len(MISTAKES)))
    lines = [LINES[key] for key in ("extends", "name", *chosen)]
    path = write("\n".join(lines).replace("{parent}", chance.choice(list_recipes())))
    told = {(problem.key, problem.file, problem.line) for problem in find_problems(load_checked, path)}
    assert told == {(key, path, 3 + place) for place, one in enumerate(chosen) for key in MISTAKES[one]}


SPOILED = (
    "!!set {a}",
    "!!python/name:os.system ''",
    "!!int x",
    "{'[key]': 1}",
    "[[1], 2]",
    "''",
    "0.5",
)
"""Values that cannot be read, or are of no type that the key has."""


@pytest.mark.parametrize("value", SPOILED)
@pytest.mark.parametrize("key", ["structure", "structure.objects", "structure.relations", "splits", "splits.train"])
def test_what_cannot_be_read_is_one_mistake(key, value, write):
    """Neither is the key missing then, nor what it stands in too small, nor does its default not fit with the rest."""
    outer, _, inner = key.partition(".")
    path = write(f"extends: sandbox\nname: mine\n{outer}: {f'{{{inner}: {value}}}' if inner else value}\n")
    for arguments in ((path,), ("sandbox", [f"{key}={value}"])):
        problems = find_problems(load_checked, *arguments)
        assert all(problem.key.startswith(key) for problem in problems)
        assert len(problems) == 1 or (key, value) == ("splits.train", SPOILED[3]), "a split's size is missing, too"


@pytest.mark.parametrize("parent", ["sandbox", "spatial_relations"])
def test_mistakes_over_a_shipped_parent_are_at_ones_own_line(parent, write):
    """Whatever of the parent takes part in them."""
    path = write(f"extends: {parent}\nname: mine\nstructure:\n  objects: [200, 300]\n  complexity: [9, 9]\nseed: 1\n")
    over = write(f"extends: {parent}\nname: mine\nstructure: {{relations: 900}}\n", "over.yaml")
    for problems in (
        find_problems(lambda: create_writer(load_recipe(path))),
        find_problems(lambda: create_writer(load_recipe(over))),
    ):
        assert {problem.file for problem in problems} <= {path, over}
        assert all(problem.line in (3, 4, 5) for problem in problems)
    overridden = find_problems(lambda: create_writer(load_recipe(parent, ["structure.relations=900"])))
    assert {problem.file for problem in overridden} == {"--set"}


def test_what_is_inherited_says_from_where(write):
    path = write("extends: video\nname: mine\ncontent: {relations: {categories: [spatial]}}\n")
    (problem,) = find_problems(lambda: create_writer(load_recipe(path)))
    assert (problem.file, problem.line) == (path, 3)
    assert "inherited from video)" in str(problem) or problem.key == "content.relations"


@pytest.mark.parametrize("parent", list_recipes())
def test_what_decides_where_rows_go_is_not_inherited(parent, write):
    (problem,) = find_problems(load_recipe, write(f"extends: {parent}\nsplits: {{train: 7}}\n"))
    assert (problem.key, problem.message) == ("name", "is missing") and "name of its own" in problem.hint
    loaded = load_recipe(write(f"extends: {parent}\nname: mine\nsplits: {{train: 7}}\n"))
    assert {name: split.size for name, split in loaded.recipe.splits.items()} == {"train": 7}
    changed = load_recipe(parent, ["splits.train=7"]).recipe.splits
    assert changed.keys() == load_recipe(parent).recipe.splits.keys() | {"train"}


RANGES = [
    ("3-9", [3, 9]),
    ("[3, 9]", [3, 9]),
    ("7", [7, 7]),
    ("'3 - 9'", [3, 9]),
    ("010", [10, 10]),
    ("[1, 010]", [1, 10]),
]


@pytest.mark.parametrize(("text", "ends"), RANGES)
@pytest.mark.parametrize("key", ["structure.complexity", "structure.objects", "content.objects.copies"])
def test_ranges_are_read_in_every_form(key, text, ends, write):
    recipe = load_recipe("general", [f"{key}={text}"]).recipe
    value = recipe.content.objects.copies.count if "copies" in key else getattr(recipe.structure, key.split(".")[1])
    assert list(value) == ends


@pytest.mark.parametrize(
    "text", ["9-3", "3-", "-3", "3-9-12", "a-b", "[3]", "[]", "{}", "1:30", "3.5", "[3, x]", "1e9"]
)
def test_what_is_no_range_is_told_how_one_is_written(text):
    (problem,) = find_problems(load_recipe, "general", [f"structure.complexity={text}"])
    assert problem.hint.startswith(("write one number or a range, such as [3, 9] or 3-9", "write [3, 9]"))


FAILING = {
    "a" * 300 + ".yaml": "ile name too long",
    "loop.yaml": "oo many levels of symbolic links",
    "pipe.yaml": "is not a regular file",
    "folder.yaml": "is a folder",
    "none.yaml": "is missing",
    "dangling.yaml": "is missing",
    "file.txt/r.yaml": "is missing",
}


@pytest.mark.parametrize(("name", "reason"), FAILING.items(), ids=[name[:20] for name in FAILING])
def test_paths_that_fail_are_one_line(name, reason, gas, write, tmp_path):
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    write("", "file.txt")
    with pytest.raises(GasError, match=reason):
        load_recipe(name)
    (problem,) = find_problems(load_recipe, write(f"extends: ./{name}\nname: mine\n"))
    assert reason in problem.message and (problem.key, problem.line) == ("extends", 1)
    for key, value in (("captions", f"./{name}.jinja"), ("taxonomy", f"[default, ./{name}]")):
        status, _, err = gas("validate", write(f"extends: sandbox\nname: mine\n{key}: {value}\n"))
        assert (status, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("key", ["[key]", "__class__", "model_config", "<<", "-", "", " ", "a.b"])
@pytest.mark.parametrize("place", ["{}", "structure: {{{}}}", "splits: {{{}}}", "content: {{objects: {{{}}}}}"])
def test_keys_that_libraries_use_themselves_are_unknown_ones(key, place, write):
    text = place.format(f'"{key}": 1')
    problems = find_problems(load_recipe, write(f"extends: general\nname: mine\n{text}\n"))
    (problem,) = [one for one in problems if one.message.startswith("unknown key")]
    assert problem.line == 3 and problem.hint
    assert f"did you mean {problem.message.removeprefix('unknown key ')}" not in problem.hint


@pytest.mark.parametrize(
    "text", ["!!set {a, b}", "!!omap [a: 1]", "!!binary aGVsbG8=", "[a]", "a", "!x {}", "? {a: 1}\n: 2"]
)
def test_documents_that_are_no_mapping_of_text_are_one_line(text, write):
    assert find_problems(load_recipe, write(text))[0].line == 1


def test_an_empty_list_that_would_filter_nothing_is_refused():
    (problem,) = find_problems(load_recipe, "general", ["content.objects.under=[]"])
    assert (problem.key, problem.message) == ("content.objects.under", "must name at least one")


@pytest.mark.parametrize("key", ["\\ud800", "\\x1b", "\\0", "\\u202e"])
@pytest.mark.parametrize("place", ["{}", "content: {{objects: {{weights: {{{}}}}}}}"])
def test_keys_that_cannot_be_printed_are_refused_at_their_place(key, place, write):
    text = place.format(f'"{key}": 1')
    (problem,) = find_problems(load_recipe, write(f"extends: general\nname: mine\n{text}\n"))
    assert problem.line == 3 and "characters that cannot be printed" in problem.message
    assert str(problem).isprintable()
