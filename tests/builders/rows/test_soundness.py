"""Rows that no build writes are told from rows that one does, whatever column is wrong."""

import random

import pyarrow as pa
import pytest
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.builders.rows.schema import ASKED, SCHEMA
from generate_any_scene.builders.rows.soundness import LATER, NULLABLE, find_type_fault, find_value_fault

ALL = pa.schema([*SCHEMA, *ASKED])


def list_fields(type_, path=()):
    """Every field of a row, by its names."""
    while pa.types.is_list(type_):
        type_ = type_.value_type
    for field in type_ if pa.types.is_struct(type_) else ():
        yield (*path, field.name)
        yield from list_fields(field.type, (*path, field.name))


FIELDS = list(list_fields(pa.struct(list(ALL))))


def change_type(type_, path, change):
    """A type in which the fields of a struct are changed: `change` makes fields of one."""
    if pa.types.is_list(type_):
        return pa.list_(change_type(type_.value_type, path, change))
    fields = []
    for field in type_:
        if field.name != path[0]:
            fields.append(field)
        elif len(path) == 1:
            fields += change(field)
        else:
            fields.append(pa.field(field.name, change_type(field.type, path[1:], change)))
    return pa.struct(fields)


def find_parents(value, path):
    """The mappings that have the last name of a path, anywhere in a row."""
    if isinstance(value, list):
        return [found for item in value for found in find_parents(item, path)]
    if value is None:
        return []
    return [value] if len(path) == 1 else find_parents(value[path[0]], path[1:])


@pytest.fixture(scope="module")
def table(open_writer):
    made = (
        open_writer("video", "pairs=true", "edits=true", "wordings=prompt", "difficulty.levels=3")
        .write_block("train", 0, 60)
        .combine_chunks()
    )
    texts = [[{"text": caption, "model": "me", "template": "default"}] for caption in made["caption"].to_pylist()]
    return made.append_column("paraphrases", pa.array(texts, ALL.field("paraphrases").type))


def read_first(rows):
    return pa.Table.from_pylist(rows, schema=ALL).combine_chunks().to_batches()[0]


@pytest.mark.parametrize("recipe", list_recipes())
def test_what_a_build_writes_is_sound(recipe, open_writer):
    made = open_writer(recipe, "pairs=true").write_block("train", 0, 100).combine_chunks()
    assert find_type_fault(made.schema, made.schema.names) == ""
    batch = made.to_batches()[0]
    assert find_value_fault(batch) == find_value_fault(batch.slice(7, 30)) == ""


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_each_column_is_missed_once_there_and_of_its_type(path):
    name, everything = ".".join(path), ALL.names
    changes = {
        "is missing": lambda field: [],
        "is there twice": lambda field: [field, field],
        " is ": lambda field: [pa.field(field.name, pa.bool_())],
    }
    for said, change in changes.items():
        changed = pa.schema(list(change_type(pa.struct(list(ALL)), path, change)))
        fault = find_type_fault(changed, everything)
        if said == "is missing" and path[-1] in LATER:
            assert fault == ""
        else:
            assert fault.startswith(f"column `{name}` ") and said in fault
        assert find_type_fault(changed, [other for other in everything if other != path[0]]) == ""
        assert bool(find_type_fault(changed, [name])) == bool(fault)


@pytest.mark.parametrize("path", FIELDS, ids=".".join)
def test_each_null_is_found_where_builds_write_none(path, table):
    rows = table.to_pylist()
    parents = [parent for row in rows for parent in find_parents(row, path) if parent[path[-1]] is not None]
    assert parents
    random.Random(".".join(path)).choice(parents)[path[-1]] = None
    fault = find_value_fault(read_first(rows))
    assert fault == ("" if ".".join(path) in NULLABLE else f"column `{'.'.join(path)}` lacks a value")


STRAYS = {
    "scene_graph.relations.subject": [-1, 99, 2**31 - 1],
    "scene_graph.relations.object": [-1, 99],
    "pair.scene_graph.relations.object": [-1, 99],
    "questions.depends_on": [[-1], [99]],
    "questions.elements": [
        ["object/99"],
        ["attribute/0/99"],
        ["attribute/0"],
        ["object/0/0"],
        ["x"],
        [""],
        ["object/-1"],
    ],
    "mentions.element": ["relation/99", "scene/99", "attribute/99/0", "object/" + "9" * 30, "object/0\n"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in STRAYS.items() for value in values])
def test_what_names_no_element_of_the_scene_is_found(name, value, table):
    rows, path = table.to_pylist(), name.split(".")
    parents = [parent for row in rows for parent in find_parents(row, path)]
    random.Random(name).choice(parents)[path[-1]] = value
    assert find_value_fault(read_first(rows)) == f"column `{name}` names what is not there"


def test_a_question_depends_on_those_before_it(table):
    rows = table.to_pylist()
    rows[3]["questions"][0]["depends_on"] = [0]
    assert "`questions.depends_on`" in find_value_fault(read_first(rows))


def test_bytes_that_are_no_text_are_found(table):
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    batch = pa.record_batch([broken], names=["caption"])
    assert find_value_fault(batch).startswith("is damaged: ")
