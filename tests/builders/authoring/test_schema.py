"""`gas schema`: a sentence for every value, and the names of what is shipped."""

import json

import pytest
import yaml
from generate_any_scene.builders.authoring.schema import PROPOSED, write_schema
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.builders.recipe.model import json_schema
from generate_any_scene.builders.recipe.questions import QUESTION_KINDS
from generate_any_scene.builders.text.templates import list_templates
from generate_any_scene.recipes import list_files
from jsonschema import Draft202012Validator


@pytest.fixture(scope="module")
def schema():
    return write_schema()


@pytest.fixture(scope="module")
def checker(schema):
    return Draft202012Validator(schema)


def list_parts(value):
    """Every mapping in a schema."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from list_parts(one)


def list_values(schema, name):
    return [one["const"] for one in schema["$defs"][name]["anyOf"] if "const" in one]


def test_it_is_a_schema_with_an_address(schema, gas):
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:")
    assert json.loads(gas("schema")[1]) == schema


def test_every_value_has_a_sentence(schema):
    assert not [part for part in list_parts(schema) if "enum" in part]
    values = [part for part in list_parts(schema) if "const" in part]
    assert len(values) > 1000
    for value in values:
        assert len(value["description"]) > 10 and value["description"].endswith("."), value


def test_fixed_values_are_those_of_the_model(schema):
    """Nothing is lost where an enumeration got sentences."""
    fixed = {one for part in list_parts(json_schema()) for one in part.get("enum", ())}
    said = {part["const"] for part in list_parts(schema) if "const" in part}
    assert fixed > set(QUESTION_KINDS)
    assert fixed <= said


def test_what_is_shipped_is_proposed(schema, taxonomy_of):
    taxonomy = taxonomy_of("multi_object")
    assert set(list_values(schema, "recipe")) == {*list_recipes(), "base"}
    assert list_values(schema, "template") == list_templates("captions")
    for name, table, column in (
        ("attribute_kind", taxonomy.attributes, "kind"),
        ("category", taxonomy.relations, "category"),
        ("scene_attribute_kind", taxonomy.scene_attributes, "kind"),
        ("predicate", taxonomy.relations, "predicate"),
    ):
        common = {row[column] for row in table.to_pylist() if row["tier"] == "common"}
        assert set(list_values(schema, name)) == common, name


def test_what_is_proposed_is_proposed_where_it_is_taken(schema):
    parts = {"Recipe": schema, **schema["$defs"]}
    for (part, key), name in PROPOSED.items():
        assert f"#/$defs/{name}" in json.dumps(parts[part]["properties"][key]), (part, key)
    assert len(set(PROPOSED.values())) == 7


def test_it_takes_every_shipped_recipe(checker):
    for path in list_files("datasets").values():
        checker.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("keys", "is_valid"),
    [
        ("extends: ./mine.yaml", True),
        ("captions: mine.jinja", True),
        ("content: {attributes: {kinds: [mood]}, relations: {categories: magical}}", True),
        ("structure: {complexity: 3, seed_graph: {objects: [{}], relations: []}}", True),
        ("questions: {kinds: [object], forms: [open]}", True),
        ("questions: {forms: [openly]}", False),
        ("questions: [objects]", False),
        ("splits: {training: 3}", False),
        ("splits: {test: {size: 3, unseen: [pair]}}", False),
        ("modality: film", False),
        ("content: {objects: {tier: rare}}", False),
    ],
)
def test_names_are_free_and_values_are_fixed(keys, is_valid, checker):
    assert checker.is_valid(yaml.safe_load(keys)) == is_valid
