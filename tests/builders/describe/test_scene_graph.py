"""Graphs of every layout are read alike, and what is none is refused with what it should be."""

import json

import networkx
import pytest
from generate_any_scene import GasError, SceneGraph, to_networkx
from generate_any_scene.builders.describe.records import read_files, read_records
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import create_writer

PLAIN = {
    "id": "7",
    "objects": [{"name": "man", "attributes": ["tall"]}, {"name": "horse", "attributes": ["brown", "big"]}],
    "relations": [{"subject": 0, "predicate": "riding", "object": 1}, [1, "near", 0]],
}
VISUAL_GENOME = {
    "image_id": 7,
    "objects": [
        {"object_id": 50, "names": ["man"], "attributes": ["tall"], "synsets": []},
        {"object_id": 51, "names": ["horse"], "attributes": ["brown", "big"]},
    ],
    "relationships": [
        {"predicate": "riding", "subject_id": 50, "object_id": 51},
        {
            "predicate": "near",
            "subject": {"object_id": 51, "name": "horse"},
            "object": {"object_id": 50, "name": "man"},
        },
    ],
}
GQA = {
    "objects": {
        "50": {"name": "man", "attributes": ["tall"], "relations": [{"name": "riding", "object": "51"}]},
        "51": {"name": "horse", "attributes": ["brown", "big"], "relations": [{"name": "near", "object": "50"}]},
    }
}
NODE_LINK = {
    "id": "7",
    "nodes": [
        {"id": "a", "type": "object", "value": "man"},
        {"id": "b", "type": "object", "value": "horse"},
        {"id": "c", "type": "attribute", "value": "tall"},
        {"id": "d", "type": "attribute", "value": "brown"},
        {"id": "e", "type": "attribute", "value": ["size", "big"]},
    ],
    "links": [
        {"source": "a", "target": "b", "type": "relation", "value": "riding"},
        {"source": "b", "target": "a", "type": "relation", "value": "near"},
        {"source": "a", "target": "c"},
        {"source": "b", "target": "d"},
        {"source": "b", "target": "e"},
    ],
}


def list_parts(graph):
    values = [[value for _, value in some] for some in graph.attributes]
    return graph.id, graph.names, values, [(s, predicate, o) for s, predicate, _, o in graph.relations]


READ = ("7", ["man", "horse"], [["tall"], ["brown", "big"]], [(0, "riding", 1), (1, "near", 0)])


@pytest.mark.parametrize(
    "graph",
    [
        SceneGraph.from_dict(PLAIN),
        SceneGraph.from_visual_genome(VISUAL_GENOME),
        SceneGraph.from_gqa(GQA, "7"),
        SceneGraph.from_networkx(NODE_LINK),
    ],
)
def test_layouts_are_read_alike(graph):
    assert list_parts(graph) == READ


FILES = {
    "array.json": json.dumps([PLAIN, VISUAL_GENOME, NODE_LINK]),
    "mapping.json": json.dumps({"7": GQA}, indent=1),
    "one.json": json.dumps(VISUAL_GENOME),
    "graphs.json": json.dumps({"graphs": [PLAIN, PLAIN]}),
    "lines.jsonl": "\n".join(map(json.dumps, [PLAIN, {**GQA, "image_id": 7}])) + "\n\n",
    "marked.json": "\ufeff" + json.dumps([PLAIN]),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_every_kind_are_read(name, tmp_path):
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    graphs = list(read_files([tmp_path / name]))
    assert graphs
    assert all(list_parts(graph) == READ for graph in graphs)


def test_a_long_file_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("generate_any_scene.builders.describe.records.CHUNK", 7)
    numbers = [{"id": str(number), "objects": [f"thing {number}"]} for number in range(50)]
    (tmp_path / "a.json").write_text(json.dumps(numbers, indent=2), encoding="utf-8")
    assert [record["id"] for _, record in read_records(tmp_path / "a.json")] == [str(number) for number in range(50)]


def test_rows_and_graphs_of_networkx_are_read_alike():
    row = create_writer(load_recipe("multi_object")).write_block("train", 0, 8).to_pylist()[7]
    read, drawn = SceneGraph.from_row(row), SceneGraph.from_networkx(to_networkx(row))
    for name in ("names", "concepts", "attributes", "relations", "scene_attributes", "counts"):
        assert sorted(getattr(read, name)) == sorted(getattr(drawn, name)), name
    several = networkx.MultiDiGraph()
    several.add_node("dog")
    several.add_edge("dog", "cat", predicate="near")
    several.add_edge("dog", "cat", predicate="chasing")
    assert list_parts(SceneGraph.from_networkx(several))[1:] == (
        ["dog", "cat"],
        [[], []],
        [(0, "near", 1), (0, "chasing", 1)],
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "[{}]", "graph 1: this is no scene graph that is known"),
        ("a.json", '[{"objects": ["a"]} {}]', "character"),
        ("a.json", '[{"objects": ["a"]}', "the end of the file"),
        ("a.json", "7", "is a JSON array or mapping"),
        ("a.json", "[]", "has no graphs"),
        ("a.jsonl", '{"objects": ["man"]}\n{', "a.jsonl:2"),
        ("a.json", '[{"objects": ["man"], "relations": [1]}]', "graph 1"),
        ("a.json", '[{"objects": ["a"]}]]', "more after the end"),
        ("a.json", '{"objects": ["a"]}\n{"objects": ["b"]}', r"a graph a line is called .jsonl"),
        ("a.json", '{"1": {"objects": ["a"]}, "2": {"objcts": ["b"]}}', "graph 2 (2): this is no scene graph"),
        ("a.json", '{"1": {"objects": ["a"]}, "2": 3}', "graph 2 (2): this is no scene graph"),
        ("a.parquet", "no", "cannot be read as Parquet"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(name, text, said, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(GasError) as error:
        list(read_files([tmp_path / name]))
    assert said in str(error.value)
    assert name in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(GasError, match="is missing"):
        list(read_files([tmp_path / "none.json"]))


def test_unknown_words_can_be_refused():
    assert SceneGraph.from_dict({"objects": ["zorb"]}).names == ["zorb"]
    with pytest.raises(GasError, match=r"zorb.*unknown=\"keep\""):
        SceneGraph.from_dict({"objects": ["zorb", "dog"]}, unknown="refuse")
    assert SceneGraph.from_dict({"objects": ["dog"]}, unknown="refuse").names == ["dog"]
    with pytest.raises(GasError, match="neither"):
        SceneGraph.from_dict({"objects": ["dog"]}, unknown="drop")
    with pytest.raises(GasError, match="not an entry of Visual Genome"):
        SceneGraph.from_visual_genome({"objects": [1]})
