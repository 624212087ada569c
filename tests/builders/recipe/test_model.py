"""What a recipe may say, and what Python sees of it."""

import pytest
from generate_any_scene.builders.recipe.fields import FloatRange, Range
from generate_any_scene.builders.recipe.model import Recipe, json_schema
from generate_any_scene.builders.recipe.questions import DEFAULT_QUESTIONS, QUESTION_KINDS
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

ends = st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(sorted)


def make(**fields):
    return Recipe.model_validate({"name": "r", "structure": {"complexity": 3}, "splits": {"train": 10}, **fields})


def find_message(**fields):
    with pytest.raises(ValidationError) as caught:
        make(**fields)
    (error,) = caught.value.errors()
    return error["msg"]


def test_only_complexity_is_constrained_unless_a_recipe_says_more():
    structure = make().structure
    assert structure.complexity == Range(3, 3)
    rest = structure.model_dump(exclude={"complexity", "distribution"})
    assert set(rest.values()) == {None}
    assert make().questions.kinds == DEFAULT_QUESTIONS


def test_what_is_asked_by_default_is_for_good():
    """Another kind would change the rows and the fingerprint of every recipe that names none."""
    assert make().content_fields()["questions"] == ["object", "attribute", "relation", "count", "scene"]


def test_the_schema_and_errors_list_the_kinds_of_questions():
    of_list = json_schema()["$defs"]["Questions"]["properties"]["kinds"]
    assert of_list["items"]["enum"] == list(QUESTION_KINDS)
    for kind in QUESTION_KINDS:
        assert make(questions=[kind]).questions.kinds == (kind,)
    message = find_message(questions=["story"])
    assert all(f"'{kind}'" in message for kind in QUESTION_KINDS)


@given(ends)
def test_a_range_keeps_both_ends(pair):
    low, high = make(structure={"complexity": 3, "relations": list(pair)}).structure.relations
    assert [low, high] == pair


@given(st.integers(0, 1000))
def test_one_number_is_a_range_of_itself(number):
    degree = make(structure={"complexity": 3, "degree": {"in": number}}).structure.degree
    assert degree.in_ == Range(number, number)


def test_numbers_that_yaml_reads_as_text_are_numbers():
    recipe = make(
        structure={"complexity": ["3", 9.0], "average_degree": [0, "1e-4"]},
        content={"objects": {"min_frequency": "1e-4"}},
        splits={"train": "1e4"},
    )
    assert recipe.structure.complexity == Range(3, 9)
    assert recipe.structure.average_degree == FloatRange(0.0, 1e-4)
    assert recipe.content.objects.min_frequency == 1e-4
    assert recipe.splits["train"].size == 10_000


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([5, 2], "the low end 5 is above the high end 2"),
        (-1, "must be between 1 and 1000, not `-1`"),
        (0, "must be between 1 and 1000, not `0`"),
        ([1, 10**400], "must be between 1 and 1000"),
        ([1, 2, 3], "must be [low, high] or one number, not `[1, 2, 3]`"),
        ({"low": 1}, "must be [low, high] or one number"),
        ("few", "must be a whole number, not `few`"),
        (2.5, "must be a whole number, not `2.5`"),
        (True, "must be a whole number, not `true`"),
        (float("nan"), "must be a whole number, not `nan`"),
        (float("inf"), "must be a whole number, not `inf`"),
    ],
)
def test_wrong_ranges_are_refused(value, message):
    assert find_message(structure={"complexity": value}).startswith(message)


def test_top_is_a_share_or_a_count():
    def read_top(value):
        return make(content={"objects": {"top": value}}).content.objects.top

    assert read_top("10%") == 0.1
    assert read_top(100) == 100 and isinstance(read_top(100), int)
    assert read_top("100%") == 1.0 and isinstance(read_top("100%"), float)
    assert "between 0% and 100%" in find_message(content={"objects": {"top": "101%"}})
    assert "share or a count" in find_message(content={"objects": {"top": 0.1}})


@pytest.mark.parametrize("name", ["Dogs", "2d", "my-set", "a b", "dogs\n", "dögs", "dogs_captions", "a_scene_graphs"])
def test_names_that_no_config_can_have_are_refused(name):
    assert name.strip()[:4] in find_message(name=name)


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0.0"])
def test_versions_are_three_numbers(version):
    assert find_message(version=version) == f"`{version}` is not a version"


def test_a_license_is_written_as_the_hub_does():
    assert make(license="cc-by-nc-sa-4.0").license == "cc-by-nc-sa-4.0"
    assert find_message(license="CC BY 4.0") == "`CC BY 4.0` is not a license identifier"


def test_a_description_is_one_paragraph_in_one_line():
    assert make(description="One\n  paragraph.\n").description == "One paragraph."
    assert find_message(description="Two\n\nparagraphs.") == "must be one paragraph"


def test_splits_are_ordered_and_empty_ones_left_out():
    assert list(make(splits={"test": 5, "train": {"size": 7}, "validation": 0}).splits) == ["train", "test"]
    assert find_message(splits={"train": 0}) == "every split is empty"
    assert find_message(splits={}) == "every split is empty"


def test_one_name_stands_for_a_list_and_no_name_stands_twice():
    assert make(content={"objects": {"under": "animal.n.01"}}).content.objects.under == ("animal.n.01",)
    assert find_message(content={"objects": {"under": ["a", "a"]}}) == "`a` is named twice"
    assert find_message(questions=["object", "object"]) == "`object` is named twice"
    assert make(questions=[]).questions.kinds == ()


@pytest.mark.parametrize("key", ["pairs", "paraphrase", "in_"])
def test_unknown_keys_are_refused(key):
    structure = {"complexity": 3, "degree": {key: 1}} if key == "in_" else {"complexity": 3, key: True}
    assert find_message(structure=structure) == "Extra inputs are not permitted"


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError):
        make().seed = 1


def test_rows_do_not_depend_on_sizes_or_words_about_the_dataset():
    recipe = make(seed=1)
    others = make(seed=1, version="2.0.0", description="x", license="mit", splits={"train": 99, "test": 1})
    assert recipe.content_fields() == others.content_fields()
    for change in ({"seed": 2}, {"name": "other"}, {"captions": "long"}, {"structure": {"complexity": 4}}):
        assert make(**{"seed": 1, **change}).content_fields() != recipe.content_fields()


def test_a_key_without_value_leaves_no_trace_in_the_fingerprint():
    assert None not in make().content_fields()["structure"].values()


def test_every_key_is_described():
    def check(model: type[BaseModel]):
        for name, info in model.model_fields.items():
            assert info.description, f"{model.__name__}.{name}"

    for model in (Recipe, *Recipe.__mro__[1].__subclasses__()):
        check(model)


def test_the_schema_allows_the_short_forms_only_where_recipes_do():
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft202012Validator(json_schema())
    short = {"extends": "base", "structure": {"complexity": 3}, "captions": "long", "splits": {"train": 5}}
    long = {"structure": {"complexity": [3, 9]}, "captions": {"template": "long"}, "splits": {"train": {"size": 5}}}
    several = {"captions": ["long", {"template": "short", "weight": 2.5}]}
    assert all(checker.is_valid(fields) for fields in (short, long, several))
    for wrong in ({"structure": {"complexity": "x"}}, {"splits": {"train": "x"}}, {"splits": {"dev": 1}}, {"sed": 1}):
        assert not checker.is_valid(wrong), wrong


@pytest.mark.parametrize(("value", "hint"), [("10k", "write 10000"), ("2M", "write 2000000"), ("few", ""), ("k", "")])
def test_what_short_forms_of_numbers_mean_is_told(value, hint):
    with pytest.raises(ValidationError) as caught:
        make(splits={"train": value})
    (error,) = caught.value.errors()
    assert error["ctx"]["hint"] == hint
    assert not hint or make(splits={"train": hint.split()[1]}).splits["train"].size > 9999
