"""Scene graphs that others made: what is wrong with them, and how evenly they use concepts."""

import json

import numpy as np
import pytest
from generate_any_scene.builders.inspection.evenness import measure_evenness
from generate_any_scene.builders.inspection.foreign_graphs import (
    FAULTS,
    SORTS,
    describe_graphs,
    examine_graphs,
    read_graph,
)
from generate_any_scene.builders.inspection.usage import count_drawn
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.cli import run_command
from generate_any_scene.errors import GasError
from hypothesis import given
from hypothesis import strategies as st

DOG = {"id": 0, "type": "object_node", "value": "dog"}
CUP = {"id": 1, "type": "object", "value": "cup"}
RED = {"id": 2, "type": "attribute_node", "value": ["color", "red"]}
ON = {"source": 1, "target": 0, "type": "relation_edge", "value": ["spatial", "on"]}
HAS = {"source": 1, "target": 2, "type": "attribute_edge"}

FAULTY = {
    "no graph": [{}, [], {"nodes": [DOG]}, {"nodes": [1], "edges": []}, {"objects": 3}],
    "relation as node": [{"nodes": [DOG, {"id": 1, "type": "relation", "value": "on"}], "edges": []}],
    "no value": [
        {"nodes": [DOG, {"id": 1, "type": "object"}], "links": []},
        {"nodes": [DOG, CUP], "links": [{**ON, "value": " "}]},
        {"objects": [{"attributes": ["red"]}], "relations": []},
        {"objects": ["dog", "cup"], "relations": [{"subject": 0, "object": 1}]},
    ],
    "no type": [
        {"nodes": [{"id": 0, "value": "dog"}], "edges": []},
        {"nodes": [DOG, RED], "edges": [{"source": 0, "target": 2}]},
    ],
    "other type": [{"nodes": [{**DOG, "type": "animal"}], "edges": []}],
    "repeated node": [{"nodes": [DOG, DOG], "edges": []}],
    "no such node": [
        {"nodes": [DOG, CUP], "edges": [{**ON, "target": 7}]},
        {"objects": ["dog"], "relations": [{"subject": 0, "predicate": "on", "object": 1}]},
    ],
    "loop": [{"nodes": [DOG, CUP], "edges": [{**ON, "target": 1}]}],
}


@pytest.fixture(scope="module")
def general():
    return load_recipe("general")


@pytest.mark.parametrize("fault", FAULTY)
def test_faults_are_found_alone(fault):
    assert [read_graph(graph).faults for graph in FAULTY[fault]] == [{fault}] * len(FAULTY[fault])


def test_every_fault_is_tried():
    assert {*FAULTY, "no JSON"} == set(FAULTS)


@pytest.mark.parametrize(
    "graph",
    [
        {"nodes": [DOG, CUP, RED], "edges": [ON, HAS]},
        {"directed": True, "nodes": [DOG, CUP, RED], "links": [ON, HAS]},
        {
            "objects": [{"name": "dog"}, {"name": "cup", "attributes": [{"kind": "color", "value": "red"}]}],
            "relations": [{"subject": 1, "predicate": "on", "object": 0}],
        },
    ],
)
def test_sound_graphs_say_what_they_are_about(graph):
    found = read_graph(graph)
    assert not found.faults
    assert found.words == {"objects": ["dog", "cup"], "attributes": ["red"], "relations": ["on"]}


def test_our_own_rows_are_sound_and_counted_as_they_are_drawn(general, tmp_path):
    rows = create_writer(general).write_block("train", 0, 500).to_pylist()
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"scene_graph": row["scene_graph"]}) + "\n" for row in rows))
    usage = count_drawn(general, "train", 0, 500)
    found = examine_graphs(file, usage)
    assert (found.graphs, found.sound) == (500, 500) and not found.elsewhere.total()
    np.testing.assert_array_equal(found.uses["objects"], usage.uses["objects"])
    assert {sort: found.uses[sort].sum() for sort in SORTS} == {sort: usage.uses[sort].sum() for sort in SORTS}


def test_words_are_looked_up_and_counted(general, tmp_path):
    graphs = [
        {"objects": ["Dogs", "quantum_flux", {"name": "teacups", "attributes": "grey"}], "relations": []},
        {"objects": ["dog"], "relations": [], "attributes": []},
    ]
    file = tmp_path / "graphs.json"
    file.write_text(json.dumps(graphs))
    found = examine_graphs(file, count_drawn(general, "train", 0, 2))
    assert found.unknown["objects"] == {"quantum flux": 1} and found.uses["attributes"].sum() == 1
    assert found.uses["objects"].sum() + found.elsewhere["objects"] == 3
    assert found.uses["objects"].max() == 2  # dogs


def test_independent_draws_are_as_many_and_less_even_than_ours(general, tmp_path):
    usage = count_drawn(general, "train", 0, 3000)
    names = usage.plan.taxonomy.objects["id"].take(usage.rows["objects"]).to_pylist()
    uses = np.bincount(np.arange(usage.uses["objects"].sum()) % 40, minlength=len(names))
    file = tmp_path / "graphs.jsonl"
    objects = [name for name, count in zip(names, uses, strict=True) for _ in range(count)]
    file.write_text(json.dumps({"objects": objects, "relations": []}) + "\n{broken\n")
    described = describe_graphs(examine_graphs(file, usage), usage)
    measured = described["evenness"]["objects"]
    assert measured["file"]["gini"] == pytest.approx(measure_evenness(uses).gini)
    assert measured["recipe"]["gini"] < 0.5 * measured["independent"]["gini"] < 0.5 * measured["file"]["gini"]
    assert measured["independent"]["uses"] == measured["file"]["uses"] == uses.sum()
    assert described["faults"] == {"no JSON": 1} and described["sound"] == 1


KEYS = (
    "nodes",
    "edges",
    "links",
    "objects",
    "relations",
    "id",
    "type",
    "value",
    "name",
    "source",
    "target",
    "subject",
)
LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["object", "on", "relation", "dog", ""])
VALUES = st.recursive(
    LEAVES,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(KEYS), some, max_size=6),
    max_leaves=30,
)


@given(VALUES)
def test_anything_is_judged(value):
    found = read_graph(value)
    assert found.faults <= set(FAULTS) and set(found.words) == set(SORTS)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", "is no JSON"),
        ("a.json", "[]", "has no graphs"),
        ("a.jsonl", "\n", "has no graphs"),
        ("b.jsonl", None, "b.jsonl"),
    ],
)
def test_files_that_hold_no_graphs_are_a_line(general, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(GasError, match=said):
        examine_graphs(tmp_path / name, count_drawn(general, "train", 0, 1))


def test_the_command_prints_tables_or_json(tmp_path, monkeypatch, capsys):
    file = tmp_path / "graphs.jsonl"
    file.write_text(json.dumps({"objects": ["dog", "quux"], "relations": []}) + "\n{broken\n")
    monkeypatch.setattr("sys.argv", ["gas", "stats", str(file), "--like", "multi_object"])
    assert run_command() == 0
    out = capsys.readouterr().out
    assert "2 graphs, 1 of them sound" in out and "50.0 % no JSON" in out and "`quux` (1)" in out
    monkeypatch.setattr("sys.argv", ["gas", "stats", str(file), "--json"])
    assert run_command() == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "general/train"
    monkeypatch.setattr("sys.argv", ["gas", "stats", str(file), "--by", "kind"])
    with pytest.raises(GasError, match="leave --by out"):
        run_command()
