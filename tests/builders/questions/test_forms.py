"""`questions.forms`: exactly the kinds and forms that a recipe chooses, as they are where all are asked."""

import random
from collections import Counter

import pytest
from drawn_recipes import draw_choices
from generate_any_scene.builders.inspection.recipe_check import validate_recipe
from generate_any_scene.builders.questions.loading import choose_kinds
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.questions import Questions
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.errors import RecipeError

ROWS = 60


def draw_cases(seed, number):
    draw = random.Random(seed)
    drawn = (draw_choices(draw, most=6) for _ in range(10 * number))
    return [(draw.choice(["general", "counting", "video"]), *one) for one in drawn if one[0]][:number]


def choose(row, kinds, forms):
    """What is left of the questions of a row in which everything is asked."""
    chosen = [one["kind"] in kinds and one["form"] in forms for one in row["questions"]]
    places = {number: sum(chosen[:number]) for number, is_chosen in enumerate(chosen) if is_chosen}
    return [
        {
            **row["questions"][number],
            "depends_on": [places[one] for one in row["questions"][number]["depends_on"] if one in places],
        }
        for number in places
    ]


@pytest.mark.parametrize(("recipe", "kinds", "forms"), draw_cases(0, 8))
def test_what_is_chosen_is_asked_as_it_is_among_all(recipe, kinds, forms, write_rows, every_kind):
    change = f"questions={{kinds: [{', '.join(kinds)}], forms: [{', '.join(forms)}]}}"
    rows = write_rows(recipe, (change,), ROWS)
    everything = write_rows(recipe, (every_kind,), ROWS)
    assert [row["questions"] for row in rows] == [choose(row, kinds, forms) for row in everything]
    assert {**rows[0], "questions": []} == {**everything[0], "questions": []}
    assert any(row["questions"] for row in rows)


@pytest.mark.parametrize("form", ["yes_no", "multiple_choice"])
def test_questions_of_one_form_are_balanced(form, write_rows):
    asked = [one for row in write_rows("general", (f"questions.forms={form}",), 600) for one in row["questions"]]
    assert {one["form"] for one in asked} == {form}
    for kind in {one["kind"] for one in asked}:
        some = [one for one in asked if one["kind"] == kind]
        if form == "yes_no":
            counts = Counter(one["answer"] for one in some)
            assert abs(counts["yes"] - counts["no"]) <= 2 + 0.01 * len(some), kind
            continue
        for size in {len(one["choices"]) for one in some}:
            places = Counter(one["choices"].index(one["answer"]) for one in some if len(one["choices"]) == size)
            assert max(places.values()) - min(places[place] for place in range(size)) <= 2 + 0.05 * len(some), kind


def test_every_element_that_can_be_asked_about_in_a_form_is(write_rows):
    """Objects, attributes and relations of a scene each have their yes/no question."""
    rows = write_rows("sandbox", ("questions.forms=yes_no",), 200)
    for row in rows:
        asked = {element for one in row["questions"] for element in one["elements"]}
        objects = row["scene_graph"]["objects"]
        assert {f"object/{number}" for number in range(len(objects))} <= asked
        assert {f"relation/{number}" for number in range(len(row["scene_graph"]["relations"]))} <= asked


def test_rows_and_fingerprints_without_forms_are_as_they_were():
    assert load_recipe("general").recipe.content_fields()["questions"] == [
        "object",
        "attribute",
        "relation",
        "count",
        "scene",
    ]
    assert "forms" not in str(load_recipe("general", ("questions.ask=all",)).recipe.content_fields())


def test_forms_leave_inherited_kinds_as_they_are(write_recipe):
    inherited = load_recipe("counting").recipe.questions.kinds
    for key, value in (("forms", "yes_no"), ("ask", "all")):
        path = write_recipe(f"questions: {{{key}: {value}}}", extends="counting")
        for loaded in (load_recipe(path), load_recipe("counting", {f"questions.{key}": value})):
            assert loaded.recipe.questions == Questions.model_validate({"kinds": inherited, key: value})
    path = write_recipe("questions: [object]", extends="sandbox")
    assert load_recipe(path).recipe.questions == Questions(kinds=("object",))


def test_what_stands_in_a_parents_list_is_told_with_its_line(write_recipe):
    write_recipe("questions: [object, storey]", name="parent")
    with pytest.raises(RecipeError, match=r"parent\.yaml:4:\d+: questions.kinds.* `storey` is not one of"):
        load_recipe(write_recipe("questions: {forms: [yes_no]}\nstructure: {complexity: 3}", extends="parent.yaml"))


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ("{forms: [yesno]}", "`yesno` is not one of yes_no, open, multiple_choice, count; did you mean `yes_no`?"),
        ("{forms: [yes_no, yes_no]}", "`yes_no` is named twice"),
        ("{forms: []}", "must name at least one; leave the key out to get its default"),
        ("{form: [yes_no]}", "unknown key `form`; did you mean `forms`?"),
        (
            "{kinds: [object, comparison], forms: [open, yes_no, count]}",
            "none of the kinds object, comparison is asked as open or count; they are asked as yes_no, multiple_",
        ),
    ],
)
def test_wrong_forms_are_one_line(questions, message, gas, write_recipe):
    path = write_recipe(f"questions: {questions}", extends="general")
    status, out, err = gas("validate", path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err and f"{path}:4:" in err and "questions.form" in err


def test_kinds_that_are_never_asked_so_are_told_where_a_file_names_them(write_recipe):
    path = write_recipe("questions: {kinds: [object, count], forms: [yes_no]}", extends="general")
    loaded = load_recipe(path)
    assert list(choose_kinds(loaded.recipe.questions)) == ["object"]
    (warning,) = [one for one in validate_recipe(loaded).warnings if "never asked" in str(one)]
    assert "mine.yaml:4:" in warning
    assert "`count` is never asked as yes_no; leave it out, or add one of its forms: count" in warning
    inherited = load_recipe(write_recipe("questions: {forms: [yes_no]}", name="other", extends="general"))
    assert not [one for one in validate_recipe(inherited).warnings if "count" in str(one)]


def test_what_is_asked_is_said_in_words():
    said = Questions(kinds=("object",), forms=("yes_no", "open")).describe()
    assert said == "object as yes_no, open (visible: what anybody sees in a picture)"


def test_pairs_answer_the_chosen_questions(write_rows):
    overrides = ("questions={kinds: [object, attribute], forms: [multiple_choice]}", "pairs=true")
    changed = 0
    for row in write_rows("general", overrides, 200):
        for change in (row["pair"] or {"changed": []})["changed"]:
            question = row["questions"][change["question"]]
            changed += 1
            assert question["form"] == "multiple_choice" and change["answer"] != question["answer"]
    assert changed


def test_a_writer_takes_one_name_for_a_list(open_writer):
    writer = create_writer(load_recipe("general", {"questions": {"kinds": "attribute", "forms": "open"}}))
    assert list(writer.questions.kinds) == ["attribute"]
