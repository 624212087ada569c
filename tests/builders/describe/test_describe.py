"""Captions and questions of graphs in memory: what may be stated of them, and what must not."""

import pytest
from generate_any_scene import GasError, SceneGraph, captions, questions
from generate_any_scene.builders.describe.describe import write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = st.sampled_from(["man", "horse", "zorb", "trees", "guy in hat", "dog", "sand", "scissors"])
ATTRIBUTES = st.sampled_from(["red", "tall", "in background", "fuzzy", "black and white", "playing tennis"])
PREDICATES = st.sampled_from(["on", "wears a", "near", "has", "to left of", "orbiting", "with"])


@st.composite
def draw_graph(draw):
    size = draw(st.integers(1, 7))
    objects = [{"name": draw(WORDS), "attributes": draw(st.lists(ATTRIBUTES, max_size=3))} for _ in range(size)]
    ends = st.tuples(st.integers(0, size - 1), PREDICATES, st.integers(0, size - 1))
    return {"objects": objects, "relations": [list(one) for one in draw(st.lists(ends, max_size=8))]}


@settings(max_examples=15, deadline=None)
@given(graphs=st.lists(draw_graph(), min_size=1, max_size=12), template=st.sampled_from(["prompt", "short"]))
def test_clauses_say_what_the_whole_template_does(graphs, template):
    """The same graphs by the row-by-row reference: a mix with another template is written structure by structure."""
    by_clauses = write_rows(graphs, {"questions": {"kinds": []}}, template=template)
    mixed = {"captions": [{"template": template, "weight": 1}, {"template": template, "weight": 1}]}
    whole = write_rows(graphs, {"questions": {"kinds": []}, **mixed})
    assert by_clauses["caption"].to_pylist() == whole["caption"].to_pylist()
    assert by_clauses["mentions"].to_pylist() == whole["mentions"].to_pylist()


def ask(graph, **options):
    return [(one["question"], one["answer"], one["foil"]) for one in questions([graph] * 40, **options)[0]]


def list_foils(graph, **options):
    """What is asked as false in many copies of a graph."""
    return {one["foil"] for some in questions([graph] * 64, **options) for one in some if one["answer"] == "no"}


def test_what_a_word_names_is_never_absent():
    foils = list_foils({"objects": ["guy in a cowboy hat", "fence"]}, kinds=["object"], forms=["yes_no"])
    assert len(foils) > 20
    assert not foils & {"guy", "man", "hat", "cowboy hat", "cowboy", "person", "fence"}


def test_what_an_attribute_names_is_never_absent():
    graph = {"objects": [{"name": "girl", "attributes": ["holding umbrella"]}, "sand"]}
    foils = list_foils(graph, kinds=["object"], forms=["yes_no"])
    assert len(foils) > 20
    assert not foils & {"umbrella", "parasol"}


def test_unknown_words_are_asked_as_true_alone():
    graph = {"objects": [{"name": "zorb", "attributes": ["fuzzly"]}, "blick"], "relations": [[0, "gronking", 1]]}
    asked = [one for some in questions([graph] * 64) for one in some]
    assert {"zorb", "blick"}.isdisjoint(one["foil"] for one in asked)
    assert ("Is there a zorb in the picture?", "yes") in {(one["question"], one["answer"]) for one in asked}
    assert not [one for one in asked if one["kind"] == "attribute" and one["answer"] == "no"]


def test_alternatives_are_asked_as_false():
    graph = {"objects": [{"name": "zorb", "attributes": ["zorby"]}, "dog"], "relations": [[0, "orbiting", 1]]}
    alternatives = {"attributes": [["zorby", "blicky", "slimy"]], "relations": [["orbiting", "gronking"]]}
    asked = [one for some in questions([graph] * 64, forms=["yes_no"], alternatives=alternatives) for one in some]
    attributes = {one["foil"] for one in asked if one["kind"] == "attribute" and one["answer"] == "no"}
    assert "blicky" in attributes
    assert attributes <= {"blicky", "slimy"}
    assert "gronking" in {one["foil"] for one in asked if one["kind"] == "relation"}


def test_relations_that_contradict_each_other_are_not_asked():
    objects = ["dog", "cat", "cow"]
    circle = {"objects": objects, "relations": [[n, "to the left of", (n + 1) % 3] for n in range(3)]}
    both = {"objects": objects, "relations": [[0, "above", 1], [0, "below", 1], [1, "near", 2]]}
    assert not questions([circle] * 20, kinds=["relation"])[0]
    assert {one["elements"][0] for one in questions([both] * 20, kinds=["relation"])[0]} == {"relation/2"}


def test_another_stated_relation_is_never_false():
    graph = {"objects": ["dog", "sofa"], "relations": [[0, "lying on", 1], [0, "sitting on", 1], [1, "under", 0]]}
    false = [one for some in questions([graph] * 64, kinds=["relation"]) for one in some if one["answer"] == "no"]
    assert false
    assert not {one["question"] for one in false} & {
        f"Is the dog {predicate} the sofa?" for predicate in ("lying on", "sitting on", "on", "above", "standing on")
    }


def test_large_graphs_are_taken():
    count = 400
    objects = [{"name": "window", "attributes": ["white"]} for _ in range(count)]
    graph = {"objects": objects, "relations": [[n, "near", (n * 7 + 1) % count] for n in range(count)]}
    (caption,) = captions([graph], template="prompt")
    assert "400th window" in caption
    assert questions([graph], kinds=["count"])[0][0]["answer"] == "400"


def test_graphs_without_objects_are_refused():
    with pytest.raises(GasError, match="graph 1 has no object"):
        captions([{"objects": ["dog"]}, {"objects": ["..."]}])
    assert captions([]) == []
    assert questions([]) == []


def test_seeds_and_arguments_are_checked():
    graph = SceneGraph.from_dict({"objects": ["dog", "cat", "sofa"]})
    foils = [[one["foil"] for one in questions([graph], seed=seed, kinds=["object"])[0]] for seed in (0, 1, 0)]
    assert foils[0] == foils[2] != foils[1]
    with pytest.raises(GasError, match="must be a list of words"):
        questions([graph], forms="yes_no")
    with pytest.raises(GasError, match="yesno"):
        questions([graph], forms=["yesno"])
    with pytest.raises(GasError, match="there is no recipe"):
        captions([graph], recipe="nothing")


def say(objects, relations=()):
    return captions([{"objects": objects, "relations": list(relations)}], template="prompt")[0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["white", "black"], "a white and black dog"),
        (["black and white", "large", "brown"], "a large black, white, and brown dog"),
        (["light blue", "Blue"], "a light blue and blue dog"),
        ([["color", "red"], ["color", "green"]], "a red and green dog"),
        (["in background", "in the background"], "a dog in the background"),
        (["no tail", "red"], "a red dog"),
    ],
)
def test_attributes_of_one_thing_are_said_together(values, said):
    assert say([{"name": "dog", "attributes": values}]) == said


def test_several_colors_are_asked_as_one():
    """No question has one of them as the whole truth, or the other as false."""
    asked = questions([{"objects": [{"name": "dog", "attributes": ["white", "black"]}]}] * 64, kinds=["attribute"])
    every = [one for some in asked for one in some]
    assert "white and black" in {one["answer"] for one in every}
    assert not {one["answer"] for one in every} & {"white", "black"}
    assert not {one["foil"] for one in every} & {"white", "black"}


@pytest.mark.parametrize(
    ("objects", "relation", "said"),
    [
        (["leg", "man"], "of", "a leg that belongs to a man"),
        (["house", "tree"], "between", "a house, a tree"),
        (["house", "trees"], "between", "a house between some trees"),
        (["house", "two trees"], "among", "a house among two trees"),
    ],
)
def test_predicates_are_said_where_they_make_sense(objects, relation, said):
    assert say(objects, [[0, relation, 1]]) == said


def test_a_graph_may_be_written_as_one_thinks():
    """Attributes by kind, and relations between names."""
    graph = {
        "objects": [{"name": "dog", "attributes": {"color": "red"}}, "cat"],
        "relations": [["dog", "near", "cat"]],
    }
    assert captions([{**graph, "scene_attributes": {"location": "kitchen"}}], template="prompt") == [
        "a red dog near a cat, in a kitchen"
    ]


@pytest.mark.parametrize(
    "graph",
    [
        {"objects": {"1": "man"}},
        {"objects": ["man", "dog"], "relations": [[0, "on"]]},
        {"objects": [{"names": ["man"], "object_id": 1}], "relationships": ["on"]},
        {"objects": [{"names": ["man"], "object_id": [1]}], "relationships": []},
        {"nodes": ["dog"], "links": []},
        {"nodes": [{"id": 1, "name": "dog"}], "links": [{"source": 1}]},
        {"scene_graph": {}},
        {"objects": [{"name": "man", "count": 10**30}]},
        {"objects": [{"name": "man", "count": -3}]},
        {"objects": [{"name": "man", "count": "several"}]},
        {"nodes": [{"id": "man", "count": True}], "links": []},
    ],
)
def test_a_wrong_layout_is_told_with_the_right_one(graph):
    with pytest.raises(GasError, match="; write "):
        captions([graph])
