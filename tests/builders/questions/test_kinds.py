"""The kinds of questions: each is a file and a template, and what lacks a part says so."""

import inspect
from pathlib import Path

import pytest
from generate_any_scene.builders.questions import kinds
from generate_any_scene.builders.questions.loading import ROW_ORDER, load_kind, load_kinds
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.questions import DEFAULT_QUESTIONS, FORMS, QUESTION_KINDS
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.templates import list_templates
from generate_any_scene.errors import GasError
from question_oracle import Oracle


def test_kinds_are_the_files_of_the_folder():
    files = {path.stem for path in Path(kinds.__file__).parent.glob("[!_]*.py")}
    assert files == set(QUESTION_KINDS) == set(list_templates("questions"))
    assert QUESTION_KINDS[: len(DEFAULT_QUESTIONS)] == DEFAULT_QUESTIONS
    assert set(ROW_ORDER) <= files


@pytest.mark.parametrize("name", QUESTION_KINDS)
def test_every_kind_has_its_parts(name):
    kind = load_kind(name)
    assert list(inspect.signature(kind.ask).parameters) == ["context"]
    assert list(inspect.signature(kind.answer_edited).parameters) == ["scenes", "batch"]
    assert callable(getattr(Oracle, f"answer_{name}", None)), f"write Oracle.answer_{name} in question_oracle.py"


@pytest.mark.parametrize("name", QUESTION_KINDS)
def test_every_kind_asks_alone_and_with_pairs(name, write_rows):
    rows = write_rows("general", (f"questions=[{name}]", "pairs=true"), 200)
    asked = [question for row in rows for question in row["questions"]]
    assert asked and {question["kind"] for question in asked} == {name}


@pytest.mark.parametrize("name", QUESTION_KINDS)
def test_a_kind_says_in_which_forms_it_asks(name, write_rows):
    """What was it taken with, and at what aperture, is asked openly, and where a recipe asks all."""
    seen = "content.scene_attributes={count: 2, visible: no}"
    rows = write_rows("general", (f"questions={{kinds: [{name}], ask: all}}", seen), 100)
    assert {question["form"] for row in rows for question in row["questions"]} == set(load_kind(name).forms)
    assert set(load_kind(name).forms) <= set(FORMS)


def test_a_row_has_kinds_in_a_fixed_order():
    assert list(load_kinds(reversed(DEFAULT_QUESTIONS))) == list(ROW_ORDER)
    assert list(load_kinds(QUESTION_KINDS))[: len(ROW_ORDER)] == list(ROW_ORDER)


ASK = "FORMS = ('open',)\ndef ask(context): return []\n"
ANSWER = "def answer_edited(scenes, batch): return batch.answers\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (ANSWER, r"kind `half_1`: .*half_1\.py has no function `ask`; a kind has `ask\(context\)` and"),
        (ASK, r"kind `half_2`: .*half_2\.py has no function `answer_edited`"),
        (f"{ASK}answer_edited = None", r"half_3\.py has no function `answer_edited`"),
        (ANSWER + ASK.partition("\n")[2], r"half_5\.py does not say in which `FORMS` it asks"),
        (ASK + ANSWER, r"kind `half_4`: templates/questions/half_4\.jinja does not exist; write it with a macro"),
    ],
)
def test_a_kind_without_a_part_is_refused(code, message, tmp_path, monkeypatch):
    name = message[message.index("half_") :][:6]
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    with pytest.raises(GasError, match=message):
        load_kinds(["object", name])


def test_a_macro_that_the_template_lacks_is_named(write_recipe):
    """Wherever a kind asks with it, be it about nothing: a scene of one object need not have a choice."""
    path = write_recipe("structure: {complexity: 1}\nquestions: {kinds: [object], templates: mine}")
    (path.parent / "mine").mkdir()
    lines = "{% macro yes_no(object) %}Is there {{ object.name }}?{% endmacro %}"
    (path.parent / "mine" / "object.jinja").write_text(lines)
    with pytest.raises(
        GasError, match=r"mine/object\.jinja has no macro `which\(\)`, which questions of the kind `object` .*yes"
    ):
        create_writer(load_recipe(path)).write_block("train", 0, 1)
