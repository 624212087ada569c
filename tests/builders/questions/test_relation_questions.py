"""Questions about relations: a picture decides them, and choices differ in what they say, not in how."""

import pytest
from generate_any_scene.builders.recipe.loading import list_recipes
from generate_any_scene.taxonomy.english.predicates import find_form

VIEWED = "As seen by the viewer, "
SIDED = {"person", "animal", "vehicle", "furniture", "building", "clothing"}


@pytest.fixture(scope="module", params=[name for name in list_recipes() if name != "sandbox"])
def asked(request, write_rows, every_kind):
    rows = write_rows(request.param, (every_kind,), 600)
    return [(row, question) for row in rows for question in row["questions"] if question["kind"] == "relation"]


@pytest.fixture(scope="module")
def known(taxonomy):
    return {(row["category"], row["predicate"]): row for row in taxonomy.relations.to_pylist()}


def find_stated(row, question, known):
    (number,) = (int(one.split("/")[1]) for one in question["elements"] if one.startswith("relation"))
    relation = row["scene_graph"]["relations"][number]
    return relation, known[relation["category"], relation["predicate"]]


def test_only_what_is_seen_is_asked(asked, known):
    assert asked
    assert {find_stated(row, question, known)[1]["visible"] for row, question in asked} == {"yes"}


def test_choices_are_three_or_more_of_one_form_that_exclude_the_answer(asked, known, taxonomy):
    excluded = set()
    for row in taxonomy.relations.to_pylist():
        for head in filter(None, row["excludes"].split("|")):
            excluded |= {(row["head"], head), (head, row["head"])}
    heads = {}
    for (_, predicate), row in known.items():
        heads.setdefault(predicate, set()).add(row["head"])
    for row, question in asked:
        if question["form"] == "multiple_choice":
            assert len(question["choices"]) >= 3
            assert len({find_form(choice) for choice in question["choices"]}) == 1
            truth = find_stated(row, question, known)[1]["head"]
            others = [choice for choice in question["choices"] if choice != question["answer"]]
            assert all(any((truth, head) in excluded for head in heads[choice]) for choice in others), question


def test_what_is_asked_openly_has_one_answer_in_a_picture(asked, known):
    """Near, behind and past are what more things are than a scene states."""
    for row, question in asked:
        if question["form"] == "open" and len(row["scene_graph"]["objects"]) > 2:
            _, stated = find_stated(row, question, known)
            loose = (
                "near",
                "beside",
                "next to",
                "behind",
                "in front of",
                "above",
                "below",
                "left of",
                "right of",
                "past",
                "underneath",
            )
            assert not stated["predicate"].endswith(loose), question


def test_left_and_right_are_the_viewers_where_something_has_sides_of_its_own(asked, taxonomy):
    kinds = {row["id"]: set(row["kinds"].split("|")) for row in taxonomy.objects.to_pylist()}
    seen = 0
    for row, question in asked:
        sided = " to the left of" in question["question"] or " to the right of" in question["question"]
        numbers = [one for one in question["elements"] if one.startswith("relation")]
        relation = row["scene_graph"]["relations"][int(numbers[0].split("/")[1])]
        ends = [row["scene_graph"]["objects"][relation[end]]["concept"] for end in ("subject", "object")]
        owns = any(kinds[end] & SIDED for end in ends)
        assert question["question"].startswith(VIEWED) == (sided and owns), question
        seen += question["question"].startswith(VIEWED)
    assert seen or not any(" to the left of" in question["question"] for _, question in asked)


def test_an_absent_thing_is_named_as_it_is_introduced(asked):
    assert not any(" any " in question["question"] for _, question in asked)


def test_whoever_wants_to_may_ask_what_few_see(write_rows, known):
    overrides = ("questions={kinds: [relation], ask: all}", "content.relations.visible=no")
    seen = {
        find_stated(row, question, known)[1]["visible"]
        for row in write_rows("multi_object", overrides, 600)
        for question in row["questions"]
    }
    assert seen == {"yes", "hard", "no"}
