"""Questions about attributes, and edits of them: only of what is seen, and false only by what excludes it."""

from itertools import product

import numpy as np
import pytest
from generate_any_scene.builders.questions.balance import CLOSING, pair_off
from generate_any_scene.taxonomy import load_taxonomy
from hypothesis import given
from hypothesis import strategies as st
from shipped_recipes import WIDE

SHIPPED = [name for name in WIDE if name != "sandbox"]


@pytest.fixture(scope="module")
def table():
    """The shipped attributes by kind and name."""
    return {(row["kind"], row["name"]): row for row in load_taxonomy().attributes.to_pylist()}


@pytest.fixture(scope="module", params=SHIPPED)
def rows(request, write_rows):
    return write_rows(request.param, ("pairs=[attribute, attributes_swapped]",), 600)


def excludes(one, other):
    said = {other["id"], other["group"]} & set(one["excludes"].split("|"))
    said |= {one["id"], one["group"]} & set(other["excludes"].split("|"))
    return bool(said) and other["id"] not in one["near"].split("|")


def list_held(table, item):
    return [table[one["kind"], one["value"]] for one in item["attributes"]]


def list_questions(rows, **wanted):
    for row in rows:
        for question in row["questions"]:
            if question["kind"] == "attribute" and all(question[key] == value for key, value in wanted.items()):
                holder = next(one for one in question["elements"] if one.startswith("attribute"))
                _, item, place = holder.split("/")
                yield question, row["scene_graph"]["objects"][int(item)], int(place)


def test_what_is_false_is_excluded_by_what_the_object_has(rows, table):
    asked = 0
    for question, item, place in list_questions(rows):
        truth = list_held(table, item)[place]
        wrong = {question["foil"]} if question["foil"] else set(question["choices"]) - {truth["name"]}
        for name in wrong:
            asked += 1
            assert excludes(truth, table[truth["kind"], name]), question
            near = table[truth["kind"], name]["near"].split("|")
            assert not any(one["id"] in near for one in list_held(table, item))
    assert asked > 300


def test_only_what_is_seen_is_asked_and_no_size_by_itself(rows, table):
    for question, item, place in list_questions(rows):
        truth = list_held(table, item)[place]
        names = {truth["name"], *question["choices"], question["foil"]} - {None}
        assert {table[truth["kind"], name]["visible"] for name in names} == {"yes"}
        assert truth["group"] != "size"


def test_there_are_at_least_three_choices(rows):
    sizes = [len(question["choices"]) for question, _, _ in list_questions(rows, form="multiple_choice")]
    assert sizes and set(sizes) <= {3, 4}


def test_what_has_an_attribute_is_asked_where_all_others_have_one_that_excludes_it(write_rows, table):
    asked = 0
    for row in write_rows("attribute_binding", (), 600):
        objects = row["scene_graph"]["objects"]
        for question in row["questions"]:
            if question["kind"] == "attribute" and question["elements"][0].startswith("object"):
                asked += len(objects) > 1
                item, place = (int(number) for number in question["elements"][1].split("/")[1:])
                truth = list_held(table, objects[item])[place]
                for other in objects[:item] + objects[item + 1 :]:
                    assert any(excludes(truth, one) for one in list_held(table, other)), question
    assert asked > 50


def test_openly_is_asked_what_is_one_of_its_group(rows, table):
    for question, item, place in list_questions(rows, form="open"):
        truth = list_held(table, item)[place]
        if not question["elements"][0].startswith("object"):
            assert truth["group"] in truth["excludes"].split("|")
            assert [one["group"] for one in list_held(table, item)].count(truth["group"]) == 1


def test_edits_put_in_what_is_excluded_and_goes_with_the_rest(rows, table):
    edits = 0
    for row in rows:
        if not row["pair"]:
            continue
        changed = []
        for before, after in zip(row["scene_graph"]["objects"], row["pair"]["scene_graph"]["objects"], strict=True):
            held, left = list_held(table, before), list_held(table, after)
            changed += [pair for pair in zip(held, left, strict=True) if pair[0] is not pair[1]]
            assert not any(excludes(one, other) for one, other in product(left, left) if one is not other)
        edits += 1
        assert len(changed) == (1 if row["pair"]["edit"] == "attribute" else 2)
        for one, other in changed:
            assert excludes(one, other) and one["visible"] == other["visible"] == "yes"
            assert one["group"] != "size" and other["group"] != "size"
    assert edits > 20  # everyday says little of its objects


def test_sizes_are_asked_of_two_things_of_one_name(write_rows, table):
    overrides = ("content.objects={under: [dog.n.01], top: 1}", "content.attributes.kinds=[size]")
    rows = write_rows("multi_object", (*overrides, "content.attributes.max_per_object=1"), 600)
    asked = 0
    for row in rows:
        sizes = [one for item in row["scene_graph"]["objects"] for one in list_held(table, item)]
        for _, item, place in list_questions([row]):
            asked += 1
            truth = list_held(table, item)[place]
            assert any(excludes(truth, one) for one in sizes), row["caption"]
    assert asked > 50


def test_all_is_asked_where_a_recipe_wants_it(write_rows, table):
    rows = write_rows("general", ("questions={ask: all}", "content.attributes.visible=no"), 600)
    asked = [list_held(table, item)[place] for _, item, place in list_questions(rows)]
    assert {one["visible"] for one in asked} == {"yes", "hard", "no"}
    assert any(one["group"] == "size" for one in asked)


events = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([(-1, -1), (1, -1), (1, 2)])), max_size=60)


@given(events)
def test_truths_do_not_prevail_at_any_place(steps):
    places = np.cumsum([step for step, _ in steps], dtype=np.int64)
    foils, others = (np.array([pair[i] for _, pair in steps], dtype=np.int64) for i in (0, 1))
    asked, more = pair_off(foils, others, places)
    again = np.isin(np.arange(len(steps)), more)
    assert asked[foils >= 0].all() and not (again & (others < 0)).any()
    balance = np.cumsum(asked.astype(int) - (foils >= 0) - again)
    windows = places // 64
    for window in np.unique(windows):
        own = balance[windows == window] - balance[windows < window][-1:].sum()
        assert set(own.tolist()) <= {0, 1}
    # What comes later changes nothing.
    for end in range(len(steps)):
        asked_before, more_before = pair_off(foils[:end], others[:end], places[:end])
        assert (asked_before == asked[:end]).all() and more_before.tolist() == more[more < end].tolist()
    assert not asked[(foils < 0) & (places % 64 >= 64 - CLOSING)].any()
