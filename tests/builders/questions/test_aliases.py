"""Aliases: other wordings of an answer that are as right, and never of anything that is wrong."""

import json

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.questions.aliases import list_aliases
from generate_any_scene.builders.questions.batches import Batch, QuestionContext, make_empty_lists
from generate_any_scene.builders.recipe.loading import list_recipes, load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.surface_forms import BlockWords
from question_oracle import NUMBERS, Oracle


def list_questions(rows, **wanted):
    return [
        question
        for row in rows
        for question in row["questions"]
        if all(question[key] == value for key, value in wanted.items())
    ]


@pytest.fixture(scope="module", params=list_recipes())
def recipe(request):
    return request.param


@pytest.fixture(scope="module")
def rows(recipe, write_rows, every_kind):
    return write_rows(recipe, (every_kind, "seed=20261"), 600)


def test_no_alias_is_wrong(rows, recipe, taxonomy_of):
    oracle = Oracle(taxonomy_of(recipe))
    for question in list_questions(rows):
        aliases = question["aliases"]
        assert len(set(aliases)) == len(aliases)
        assert not set(aliases) & {question["answer"], question["foil"], *question["choices"]}, question
        wrong = set(question["choices"]) - {question["answer"]}
        assert not set(aliases) & oracle.list_other_words(question["kind"], wrong), question


def test_yes_and_no_have_none(rows):
    assert not any(question["aliases"] for question in list_questions(rows, form="yes_no"))


def test_numbers_have_their_digits(rows):
    asked = list_questions(rows, form="count")
    assert len(asked) > 100
    for question in asked:
        number = NUMBERS.index(question["answer"])
        assert question["aliases"] == [str(number), *(["none"] if number == 0 else [])]


def test_an_answer_has_the_same_aliases_openly_and_among_choices(rows):
    """But for those that wrong choices have, too."""
    openly = {}
    for question in list_questions(rows, form="open", kind="attribute"):
        if question["elements"][0].startswith("attribute"):
            openly[question["question"], question["answer"]] = question["aliases"]
    for question in list_questions(rows, form="multiple_choice", kind="attribute"):
        if (aliases := openly.get((question["question"], question["answer"]))) is not None:
            assert set(question["aliases"]) <= set(aliases)


def test_objects_have_their_plurals_in_every_kind_of_question(write_rows, taxonomy):
    plurals = {}
    for one in taxonomy.objects.to_pylist():
        if one["countability"] == "count":
            plurals.setdefault(one["name"], set()).add(one["plural"])
    names = set(taxonomy.objects["name"].to_pylist())
    kinds = set()
    for question in list_questions(write_rows("general", rows=300)):
        is_name = question["kind"] == "object" or any(one.startswith("object") for one in question["elements"])
        if question["form"] in ("open", "multiple_choice") and is_name:
            expected = plurals.get(question["answer"], set()) - names - {question["answer"]}
            assert expected <= set(question["aliases"]), question
            kinds.add((question["kind"], question["form"]))
    assert kinds == {("object", "multiple_choice"), ("attribute", "open"), ("relation", "open")}


OBJECTS = "id\tname\tparent\tkinds\nbox.x.01\tbox\tshape\tdevice\n"
ATTRIBUTES = [
    ("id", "kind", "name", "applies_to", "adjective", "aliases"),
    ("material.maple", "material", "maple", "any", "maple", "wood"),
    ("material.oak", "material", "oak", "any", "oak", "wood"),
    ("material.gold", "material", "gold", "any", "golden", "metal"),
    ("material.glass", "material", "glass", "any", "glass", ""),
    ("material.wax", "material", "wax", "any", "wax", ""),
    ("material.tin", "material", "tin", "any", "tin", "metal"),
    ("color.gold", "color", "gold", "any", "gold", "yellowish"),
    ("color.gray", "color", "gray", "any", "gray", ""),
    ("color.pink", "color", "pink", "any", "pink", ""),
]
RECIPE = {
    "taxonomy": ["sandbox", "./mine"],
    "structure": {"complexity": 2, "objects": 1, "attributes": 1},
    "content": {"objects": {"under": ["box.x.01"]}, "attributes": {"kinds": ["material", "color"]}},
    "questions": ["attribute"],
}


@pytest.fixture
def own_questions(write_recipe):
    lines = [f"{key}: {json.dumps(value)}" for key, value in RECIPE.items()]
    path = write_recipe("\n".join(lines), splits="{train: 300, validation: 0, test: 0}")
    folder = path.parent / "mine"
    folder.mkdir()
    (folder / "objects.tsv").write_text(OBJECTS)
    (folder / "attributes.tsv").write_text("".join("\t".join(row) + "\n" for row in ATTRIBUTES))
    return list_questions(create_writer(load_recipe(path)).write_block("train", 0, 300).to_pylist())


def test_a_word_has_the_aliases_of_the_kind_that_is_asked(own_questions):
    found = {
        (question["question"].split()[1], question["answer"]): question["aliases"]
        for question in own_questions
        if question["form"] == "open" and question["elements"][0].startswith("attribute")
    }
    assert found["is", "gold"] == ["golden", "metal"]
    assert found["color", "gold"] == ["yellowish"]
    assert found["color", "gray"] == ["grey"]
    assert found["is", "maple"] == found["is", "oak"] == ["wood"]


def test_where_a_plural_is_the_answer_the_singular_is_an_alias(open_writer):
    writer = open_writer("multi_object")
    words = BlockWords(draw_block(writer.plan, "train", 0, 0, 1), writer.plan.taxonomy)
    context = QuestionContext(writer.plan, writer.questions.macros, writer.questions.tracer, words, key=0)
    said = ["mice", "mouse", "theaters", "theatre"]
    answers = np.array([words.lexicon.find(word) for word in said], dtype=np.int32)
    none = make_empty_lists(len(said))
    scene, foils = np.zeros(len(said), dtype=np.int64), np.full(len(said), -1)
    batch = Batch("relation", "open", "open_target", scene, scene, {}, answers, foils, none, none, none, none)
    found = [context.pool.take(one).to_pylist() for one in list_aliases(context, batch).lists()]
    assert found == [["mouse"], ["mice"], ["theater", "theatre", "theatres"], []], "the last one names no concept"


def test_what_a_wrong_choice_is_called_too_is_no_alias(own_questions):
    seen = set()
    for question in own_questions:
        if question["form"] == "multiple_choice" and question["answer"] in ("maple", "oak"):
            both = {"maple", "oak"} <= set(question["choices"])
            seen.add(both)
            assert question["aliases"] == ([] if both else ["wood"])
    assert seen == {True, False}
