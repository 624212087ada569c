"""Recipes as files: shipped and one's own, extended, overridden, wrong, and written out."""

import pickle
from pathlib import Path

import pytest
import yaml
from generate_any_scene.builders.recipe import loading
from generate_any_scene.builders.recipe.fields import Range
from generate_any_scene.builders.recipe.loading import dump_recipe, list_recipes, load_recipe, resolve_inside
from generate_any_scene.builders.recipe.model import Recipe, json_schema
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS
from generate_any_scene.errors import GasError, RecipeError, suggest
from hypothesis import given
from hypothesis import strategies as st

RANGE = "; write one number or a range, such as [3, 9] or 3-9"
GOOD = "name: r\nstructure: {complexity: 3}\nsplits: {train: 10}\n"
SHIPPED = Path(loading.__file__).parents[2] / "recipes" / "datasets"


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def write_file(text, name="r.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def find_errors(path, overrides=()):
    """Return what loading a wrong recipe says, without the file's folder."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    assert caught.value.exit_status == 2
    assert "pydantic" not in str(caught.value)
    lines = str(caught.value)
    return (lines.replace(f"{path.parent}/", "") if isinstance(path, Path) else lines).splitlines()


# Shipped recipes.


def test_shipped_recipes_are_those_that_lie_in_the_folder():
    assert list_recipes() == sorted(path.stem for path in SHIPPED.glob("[a-z]*.yaml"))
    assert {"multi_object", "general", "video", "three_d"} < set(list_recipes())


@pytest.mark.parametrize("name", list_recipes())
def test_every_shipped_recipe_loads_and_says_what_it_is_for(name):
    loaded = load_recipe(name)
    assert loaded.recipe.name == name
    assert loaded.folder is None
    assert loaded.sources == (f"recipes/datasets/{name}.yaml", "recipes/datasets/_base.yaml")
    assert loaded.recipe.description.endswith(".")
    assert (SHIPPED / f"{name}.yaml").read_text().startswith(f"# gas build {name}\n")


def test_the_schema_takes_every_shipped_recipe():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in SHIPPED.glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)


@pytest.mark.parametrize("name", list_recipes())
def test_a_shipped_recipe_survives_being_written_and_read(name, write):
    recipe = load_recipe(name).recipe
    text = dump_recipe(recipe)
    assert text.startswith(f"# gas build {name}\n")
    assert "null" not in text and "extends" not in text and "!!" not in text
    assert load_recipe(write(text)).recipe == recipe


def test_an_unknown_name_gets_the_closest_one():
    with pytest.raises(GasError, match="no recipe `multi_objct`; did you mean `multi_object`.*`gas list`"):
        load_recipe("multi_objct")
    with pytest.raises(GasError, match="no recipe `_base`"):
        load_recipe("_base")


# Writing.

odd_words = st.sampled_from(["no", "1.0", "~", "1e-4", "né: #"])
words = st.text("0123456789abcdefghijklmnopqrstuvwxyz.", min_size=1, max_size=8) | odd_words
names = st.lists(words, unique=True, min_size=1, max_size=4)
ranges = st.tuples(st.integers(1, 9), st.integers(0, 9)).map(lambda pair: [pair[0], sum(pair)])


@given(
    under=names,
    kinds=st.none() | names,
    top=st.none() | st.integers(1, 99) | st.floats(0.001, 100).map(lambda share: f"{share}%"),
    weights=st.dictionaries(st.sampled_from(["dog.n.01", "no", "1"]), st.integers(0, 9)),
    average=st.none() | st.floats(0, 9),
    degree=st.none() | st.fixed_dictionaries({}, optional={"in": ranges, "out": ranges}),
    questions=st.lists(st.sampled_from(["object", "scene"]), unique=True),
    description=st.sampled_from(["", "no", "A: b # c", "“quoted”", "x " * 90]),
)
def test_any_recipe_survives_being_written_and_read(
    tmp_path_factory, under, kinds, top, weights, average, degree, questions, description
):
    recipe = Recipe.model_validate(
        {
            "name": "r",
            "description": description,
            "structure": {"complexity": 3, "average_degree": average, "degree": degree},
            "content": {"objects": {"under": under, "top": top, "weights": weights}, "attributes": {"kinds": kinds}},
            "questions": questions,
            "splits": {"train": 1},
        }
    )
    path = tmp_path_factory.mktemp("recipes") / "r.yaml"
    path.write_text(dump_recipe(recipe), encoding="utf-8")
    assert load_recipe(path).recipe == recipe


def test_keys_stand_in_the_schemas_order_and_ranges_in_one_line():
    text = dump_recipe(load_recipe("spatial_relations").recipe)
    keys = [line.split(":")[0] for line in text.splitlines()[1:] if not line.startswith(" ")]
    assert keys == [key for key in Recipe.model_fields if key in keys]
    assert "  complexity: [3, 11]\n" in text and "captions: default\n" in text and "  train: 10000\n" in text


# Extending.


def test_mappings_merge_lists_replace_and_null_resets(write):
    write(
        "structure: {complexity: 3, objects: [1, 2], relations: 1}\n"
        "content: {objects: {under: [a, b], weights: {x: 2, y: 3}}}\nseed: 5\nsplits: {train: 10, test: 10}\n",
        "parent.yaml",
    )
    path = write(
        "extends: parent.yaml\nname: r\nstructure: {objects: ~, attributes: 2}\n"
        "content: {objects: {under: [c], weights: {y: 4}}}\nseed:\nsplits: {train: 10, test: null}\n"
    )
    recipe = load_recipe(path).recipe
    assert recipe.structure.objects is None
    assert recipe.structure.attributes == Range(2, 2) and recipe.structure.relations == Range(1, 1)
    assert recipe.content.objects.under == ("c",)
    assert recipe.content.objects.weights == {"x": 2, "y": 4}
    assert recipe.seed == 0
    assert list(recipe.splits) == ["train"]


def test_ones_own_recipe_may_extend_a_shipped_one(write):
    path = write("extends: multi_object\nname: mine\nseed: 3\n")
    loaded = load_recipe(path)
    assert loaded.recipe.structure == load_recipe("multi_object").recipe.structure
    assert loaded.folder == path.parent
    assert loaded.sources == (str(path), "recipes/datasets/multi_object.yaml", "recipes/datasets/_base.yaml")


def test_mistakes_of_a_parent_name_the_parents_line(write):
    write("seed: -1\n\nstructure:\n  complexity: x\n", "parent.yaml")
    assert find_errors(write("extends: parent.yaml\nname: r\nsplits: {train: x}\n")) == [
        "r.yaml:3:10: splits.train: must be a whole number, not `x`",
        "parent.yaml:1:1: seed: must be at least 0, not `-1`",
        "parent.yaml:4:3: structure.complexity: must be a whole number, not `x`" + RANGE,
    ]


def test_a_circle_of_parents_is_an_error(write):
    write(f"extends: r.yaml\n{GOOD}", "other.yaml")
    errors = find_errors(write(f"extends: other.yaml\n{GOOD}"))
    assert errors == ["other.yaml:1:1: extends: the recipe extends itself, through its parents; remove one `extends`"]


@pytest.mark.parametrize(
    "path", ["../outside.yaml", "/etc/outside.yaml", "sub/../../outside.yaml", "link/outside.yaml"]
)
def test_parents_lie_in_the_recipes_own_folder(write, tmp_path, path):
    write(GOOD, "outside.yaml")
    recipe = write(f"extends: {path}\n{GOOD}", "mine/r.yaml")
    (tmp_path / "mine" / "link").symlink_to(tmp_path)
    assert find_errors(recipe)[0].startswith(f"r.yaml:1:1: extends: `{path}` leaves the recipe's folder; ")


def test_an_unknown_parent_gets_the_closest_one(write):
    (error,) = find_errors(write(f"extends: bse\n{GOOD}"))
    assert error == "r.yaml:1:1: extends: there is no recipe `bse`; did you mean `base`?"
    (error,) = find_errors(write(f"extends: none.yaml\n{GOOD}"))
    assert error == "r.yaml:1:1: extends: `none.yaml` is missing"
    (error,) = find_errors(write(f"extends: [a, b]\n{GOOD}"))
    assert error == "r.yaml:1:1: extends: must be one name or path; a recipe has one parent"


# Paths.


def test_templates_and_concepts_lie_in_the_recipes_own_folder(write, tmp_path):
    loaded = load_recipe(write(f"captions: mine/short.jinja\ntaxonomy: [default, ./birds]\n{GOOD}"))
    assert resolve_inside(loaded.folder, "mine/short.jinja", "captions") == tmp_path / "mine" / "short.jinja"
    errors = find_errors(write(f"captions: ../short.jinja\ntaxonomy: [default, /birds]\n{GOOD}"))
    assert [error.split("; ")[0] for error in errors] == [
        "r.yaml:1:1: captions: `../short.jinja` leaves the recipe's folder",
        "r.yaml:2:21: taxonomy.1: `/birds` leaves the recipe's folder",
    ]


def test_a_shipped_recipe_has_no_paths():
    (error,) = find_errors("general", ["captions=./short.jinja"])
    assert error.startswith("--set captions: `./short.jinja` is a path, which a shipped recipe cannot have")


# Overrides.


def test_overrides_pass_through_the_same_models():
    by_text = load_recipe("multi_object", ["seed=7", "structure.complexity=[3, 5]", "version=2.0.0"]).recipe
    by_mapping = load_recipe("multi_object", {"seed": 7, "structure.complexity": (3, 5), "version": "2.0.0"}).recipe
    nested = load_recipe("multi_object", {"seed": 7, "structure": {"complexity": [3, 5]}, "version": "2.0.0"}).recipe
    assert by_text == by_mapping == nested
    assert by_text.structure.complexity == Range(3, 5)
    assert by_text.structure.objects == Range(2, 6)


def test_an_override_may_name_a_concept_and_reset_a_key():
    recipe = load_recipe("general", ["content.objects.weights.dog.n.01=5", "content.scene_attributes.count="]).recipe
    assert recipe.content.objects.weights == {"dog.n.01": 5}
    assert recipe.content.scene_attributes.count == Range(0, 0)


def test_wrong_overrides_are_named_as_they_were_given():
    overrides = ["structure.complexity=[5,3]", "sed=1", "content.objects={unde: a}", "extends=base", "splits=3"]
    assert find_errors("general", overrides) == [
        "--set extends: cannot be overridden; write a recipe that extends another one",
        "--set structure.complexity: the low end 5 is above the high end 3; write [3, 5]",
        "--set content.objects.unde: unknown key `unde`; did you mean `under`?",
        "--set splits: must be a mapping of keys to values, not `3`; write `{key: value}`",
        "--set sed: unknown key `sed`; did you mean `seed`?",
    ]
    assert find_errors("general", {"structure": {"complexity": "x"}}) == [
        "override structure.complexity: must be a whole number, not `x`" + RANGE
    ]


def test_an_override_is_blamed_for_keys_that_it_makes_up():
    (error,) = find_errors("general", ["structures.complexity.low=3"])
    assert error == "--set structures: unknown key `structures`; did you mean `structure`?"
    (error,) = find_errors("general", ["structure.complexity.low=3"])
    assert error.startswith("--set structure.complexity: must be [low, high] or one number")


@pytest.mark.parametrize("text", ["seed", "=3", ""])
def test_an_override_without_key_or_value_is_refused(text):
    (error,) = find_errors("general", [text])
    assert error.startswith(f"--set: `{text}` sets nothing; write `--set key=value`")


def test_an_override_that_is_not_yaml_is_refused():
    (error,) = find_errors("general", ["structure.complexity=[3,5"])
    assert error.startswith("--set structure.complexity: not valid YAML: ")


# Mistakes.


def test_all_mistakes_are_told_at_once_with_their_places(write):
    path = write(
        """\
# a comment
name: no
version: 1.0
seed: yes
complexity: 3
structure:
  complexity: [5, 2]
  objcts: [2, 6]
  relations: [0, 4]
  relations: [0, 5]
  degree: {in: -1, uot: 3}
content:
  objects: {under: [a, b, a], tier: comon, weights: {dog.n.01: -1}}
  attributes: color
questions: [object, atribute]
splits:
  dev: 10
  train: {sizee: 10}
"""
    )
    assert find_errors(path) == [
        "r.yaml:3:1: version: `1.0` is not a version; write three numbers, such as 1.0.0",
        "r.yaml:4:1: seed: must be a whole number, not `true`; YAML reads `yes` as true",
        "r.yaml:5:1: complexity: unknown key `complexity`; did you mean `structure.complexity`?",
        "r.yaml:7:3: structure.complexity: the low end 5 is above the high end 2; write [2, 5]",
        "r.yaml:8:3: structure.objcts: unknown key `objcts`; did you mean `objects`?",
        "r.yaml:10:3: structure.relations: `relations` stands here twice; remove it here or in line 9",
        "r.yaml:11:12: structure.degree.in: must be between 0 and 1000, not `-1`" + RANGE,
        "r.yaml:11:20: structure.degree.uot: unknown key `uot`; did you mean `out`?",
        "r.yaml:13:13: content.objects.under: `a` is named twice",
        "r.yaml:13:31: content.objects.tier: `comon` is not one of common, visible, full; did you mean `common`?",
        "r.yaml:13:54: content.objects.weights.dog.n.01: must be at least 0, not `-1`",
        "r.yaml:14:3: content.attributes: must be a mapping of keys to values, not `color`; "
        "the keys here are visible, tier, kinds, values, exclude, min_frequency, top, max_per_object, only_on",
        f"r.yaml:15:21: questions.1: `atribute` is not one of {', '.join(QUESTION_KINDS)}; did you mean `attribute`?",
        "r.yaml:17:3: splits.dev: unknown key `dev`; the keys here are train, validation, test",
        "r.yaml:18:3: splits.train.size: is missing; add `size: ...`",
        "r.yaml:18:11: splits.train.sizee: unknown key `sizee`; did you mean `size`?",
    ]


def test_what_is_missing_is_named(write):
    assert find_errors(write("structure: {objects: 3}\n")) == [
        "r.yaml:1:1: name: is missing; add `name: ...`",
        "r.yaml:1:1: structure.complexity: is missing; add `complexity: ...`",
        "r.yaml:1:1: splits: is missing; add `splits: ...`",
    ]


def test_text_stays_as_written_where_text_is_wanted(write):
    path = write(
        f"{GOOD}license: off\ndescription: 2024-01-01\n"
        "content: {objects: {under: no, weights: {no: 2, 5: 3}}, attributes: {kinds: [on, 1.0, .5]}}\n"
    )
    recipe = load_recipe(path).recipe
    assert recipe.license == "off" and recipe.description == "2024-01-01"
    assert recipe.content.objects.under == ("no",)
    assert recipe.content.objects.weights == {"no": 2, "5": 3}
    assert recipe.content.attributes.kinds == ("on", "1.0", ".5")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "r.yaml:1:1: is empty"),
        ("# only a comment\n", "r.yaml:1:1: is empty"),
        ("\n- name: r\n", "r.yaml:2:1: must hold a mapping"),
        ("name: [r\n", "r.yaml:2:1: not valid YAML: while parsing a flow sequence, expected ',' or ']'"),
        ("name: r\n\tseed: 1\n", "r.yaml:2:1: not valid YAML: while scanning"),
        ("name: r\n---\nname: s\n", "r.yaml:2:1: not valid YAML: expected a single document"),
        ("name: &a r\nlicense: *a\n", "r.yaml:2:10: not valid YAML: `*a` is an alias"),
        ("a: &a [x]\n<<: *a\n", "r.yaml:2:5: not valid YAML: `*a` is an alias"),
        ("name: r\nseed: \x07\n", "r.yaml:2:7: a character that YAML does not allow: U+0007"),
        ("name: caf\xe9".encode("latin-1"), "r.yaml:1:10: not UTF-8; save the file as UTF-8"),
        ("name: r\n".encode("utf-16"), "r.yaml:1:1: not UTF-8; save the file as UTF-8"),
        ("a: " + "[" * 5000, "r.yaml:1:33: not valid YAML: more than 30 levels"),
        (f"a: [{'1,' * 60_000}]", "r.yaml:1:"),
        ("#" * 1_000_001, "r.yaml: larger than 1,000,000 bytes"),
    ],
)
def test_unreadable_files_are_refused(write, text, error):
    (line,) = find_errors(write(text))
    assert line.startswith(error)


def test_tabs_are_named(write):
    (error,) = find_errors(write("structure:\n\tcomplexity: 3\n"))
    assert error.startswith("r.yaml:2:1: not valid YAML") and error.endswith("; indent with spaces, not with tabs")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("seed: !!python/object/apply:os.getcwd []", "the tag `!!python/object/apply:os.getcwd` is not allowed"),
        ("seed: !!set {a}", "the tag `!!set` is not allowed"),
        ("seed: !mine 3", "the tag `!mine` is not allowed"),
        ("seed: !!bool x", "`x` cannot be read as YAML's type bool"),
        ("seed: " + "9" * 5000, "`999"),
        ("seed: 0x" + "f" * 5000, "`0xfff"),
        ("seed: 9223372036854775808", "must be at most 9223372036854775807"),
        ('license: "a\\e[31m"', "`a\\u001b[31m` has characters that cannot be printed"),
    ],
)
def test_dangerous_values_are_refused(write, line, error):
    (found,) = find_errors(write(f"{GOOD}{line}\n"))
    assert found.startswith(f"r.yaml:4:1: {line.partition(':')[0]}: {error}")


def test_a_key_that_is_no_text_is_refused(write):
    (error,) = find_errors(write(f"{GOOD}? [a, b]\n: 3\n"))
    assert error.startswith("r.yaml:4:3: ?: a key must be text")


def test_very_many_mistakes_are_cut_short(write):
    errors = find_errors(write(GOOD + "".join(f"key{number}: 1\n" for number in range(3000))))
    assert len(errors) == 101 and "2900 more problems" in errors[0]


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(GasError, match="is missing; give the path of a .yaml file"):
        load_recipe(tmp_path / "none.yaml")
    with pytest.raises(GasError, match="is a folder"):
        load_recipe(tmp_path)


def test_a_byte_order_mark_does_no_harm(write):
    assert load_recipe(write(GOOD.encode("utf-8-sig"))).recipe.name == "r"


def test_errors_reach_other_processes_whole(write):
    with pytest.raises(RecipeError) as caught:
        load_recipe(write("name: r\nseed: -1\n"))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value) and copy.problems == caught.value.problems


def test_suggest_names_only_what_is_close():
    assert suggest("complexty", ["objects", "complexity"]) == "did you mean `complexity`?"
    assert suggest("xyz", ["objects"]) == ""


def test_a_list_whose_only_item_is_wrong_is_not_too_short(write_recipe):
    with pytest.raises(RecipeError) as caught:
        load_recipe(write_recipe("structure: {complexity: 3}\ncaptions: [{template: default, weight: 0}]"))
    assert [problem.key for problem in caught.value.problems] == ["captions.0.weight"]
