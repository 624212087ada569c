"""Files shaped as Visual Genome's and GQA's become datasets, whatever words they have."""

import importlib.util
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from generate_any_scene import GasError
from generate_any_scene.builders.describe.alternatives import read_alternatives
from generate_any_scene.builders.describe.dataset import describe_files, list_remarks
from generate_any_scene.builders.folder.parquet import open_parquet
from generate_any_scene.builders.inspection.verification import describe_verification, verify_folder
from generate_any_scene.builders.text.assembly import RepeatedTexts

SPEC = importlib.util.spec_from_file_location("make_graphs", Path(__file__).with_name("make_graphs.py"))
make_graphs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make_graphs)
GRAPHS = 400


@pytest.fixture(scope="module", params=["vg", "gqa"])
def described(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    make_graphs.main(request.param, GRAPHS, folder / "graphs.json")
    outcome = describe_files([folder / "graphs.json"], folder / "out", template="prompt")
    (file,) = outcome.manifest.configs["described"].list_files()
    return folder, outcome, pq.read_table(folder / "out" / file.path)


def test_every_graph_is_a_row_with_its_id(described):
    folder, outcome, rows = described
    content = json.loads((folder / "graphs.json").read_text(encoding="utf-8"))
    ids = [str(one["image_id"]) for one in content] if isinstance(content, list) else list(content)
    assert rows["id"].to_pylist() == ids
    assert outcome.rows == outcome.graphs == GRAPHS


def test_captions_are_english(described):
    for caption in described[2]["caption"].to_pylist():
        assert not re.search(
            r"  | ,|\b(a|an|the|some) (a|an|the|some|is|of)\b|\.\.|_|\b(is|are) (is|are)\b", caption
        ), caption
        assert not re.search(r"\ba [aeio]\w|\ban [bcdfgjklmnpqrstvwz]\w", caption), caption


def test_mentions_are_what_they_name(described):
    for row in described[2].to_pylist():
        objects, relations = row["scene_graph"]["objects"], row["scene_graph"]["relations"]
        mentioned = {mention["element"] for mention in row["mentions"]}
        assert {f"object/{number}" for number in range(len(objects))} <= mentioned
        assert {f"relation/{number}" for number in range(len(relations))} <= mentioned
        for mention in row["mentions"]:
            said = row["caption"][mention["start"] : mention["end"]]
            domain, number, *place = mention["element"].split("/")
            if domain == "object":
                assert said == objects[int(number)]["name"] or objects[int(number)]["count"] > 1
            elif domain == "attribute":
                assert int(place[0]) < len(objects[int(number)]["attributes"])


def test_nothing_there_is_asked_about_as_absent(described):
    for row in described[2].to_pylist():
        there = {item["name"] for item in row["scene_graph"]["objects"]}
        stated = {(one["subject"], one["predicate"], one["object"]) for one in row["scene_graph"]["relations"]}
        for question in row["questions"]:
            if question["answer"] == "no" and question["kind"] == "object":
                assert question["foil"] not in there
            if question["answer"] == "no" and question["kind"] == "relation" and len(question["elements"]) == 1:
                relation = row["scene_graph"]["relations"][int(question["elements"][0].split("/")[1])]
                assert (relation["subject"], question["foil"], relation["object"]) not in stated


def test_what_is_left_out_is_counted_and_named(described):
    _, outcome, _ = described
    remarks = "\n".join(list_remarks(outcome))
    assert outcome.left_out["attributes"] > 0
    assert "attributes that cannot be read, such as" in remarks
    assert "grammar guessed of" in remarks
    assert outcome.manifest.configs["described"].described.left_out["attributes"] == outcome.left_out["attributes"]


def test_the_folder_is_a_dataset(described):
    folder, _, rows = described
    loaded = load_dataset(str(folder / "out"), "described", split="train", cache_dir=str(folder / "cache"))
    assert loaded.num_rows == rows.num_rows
    result = verify_folder(folder / "out")
    assert not result.findings
    assert f"{GRAPHS} describe scene graphs of somebody's own" in describe_verification(folder / "out", result)
    assert (folder / "out" / "recipes" / "described_words" / "objects.tsv").is_file()


def test_two_runs_give_the_same_bytes(described, tmp_path):
    folder, outcome, _ = described
    again = describe_files([folder / "graphs.json"], tmp_path / "again", template="prompt")
    config, other = (one.manifest.configs["described"] for one in (outcome, again))
    assert config == other


def test_texts_that_read_alike_are_one_word_of_the_dictionary(tmp_path):
    """Or Parquet would end the page of the dictionary with bytes of the memory behind it, other ones each time."""
    alike = SimpleNamespace(write=lambda pool: pa.array(["Is the man on the table?", "Is it?"] * 2))
    texts = RepeatedTexts(alike, np.array([3, 2, 0, 1, 2])).encode(None)
    assert texts.to_pylist() == ["Is it?", *["Is the man on the table?"] * 2, "Is it?", "Is the man on the table?"]
    table = pa.table({"question": texts})
    with open_parquet(tmp_path / "alike.parquet", table.schema) as parquet:
        parquet.write_table(table)
    assert "RLE_DICTIONARY" in pq.ParquetFile(tmp_path / "alike.parquet").metadata.row_group(0).column(0).encodings


def test_more_files_make_one_dataset_beside_others(described, tmp_path):
    folder, _, _ = described
    (tmp_path / "more.jsonl").write_text(
        '{"objects": ["dog"]}\n{"objects": ["..."]}\n{"id": "../x", "objects": ["cat"]}\n'
    )
    outcome = describe_files(
        [folder / "graphs.json", tmp_path / "more.jsonl"], folder / "out", template="short", given={"name": "more"}
    )
    assert set(outcome.manifest.configs) == {"described", "more"}
    assert (outcome.graphs, outcome.rows) == (GRAPHS + 3, GRAPHS + 2)
    assert outcome.renamed == ["../x"]
    assert outcome.left_out["graphs"] == 1


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "a.json").write_text('[{"objects": ["dog"]}]')
    with pytest.raises(GasError, match="files that no build wrote"):
        describe_files([tmp_path / "a.json"], tmp_path)
    (tmp_path / "b.json").write_text('[{"objects": ["."]}]')
    with pytest.raises(GasError, match="none of the 1 graphs"):
        describe_files([tmp_path / "b.json"], tmp_path / "out")
    with pytest.raises(GasError, match="there is no template `promt`"):
        describe_files([tmp_path / "a.json"], tmp_path / "out", template="promt")


def test_alternatives_are_read_strictly():
    with pytest.raises(GasError, match="did you mean `attributes`"):
        read_alternatives({"atributes": []})
    with pytest.raises(GasError, match="list of words"):
        read_alternatives({"objects": "zorb"})


def test_stats_compare_what_the_folder_has_with_a_recipe(described, gas):
    folder, _, rows = described
    status, out, err = gas("stats", folder / "out", "--like", "multi_object", "--json", "--config", "described")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["name"], found["recipe"]) == ("described/train", "multi_object/train")
    assert found["graphs"] == found["sound"] == rows.num_rows
    graphs = [row["scene_graph"] for row in rows.to_pylist()]
    counts = {
        "objects": sum(len(graph["objects"]) for graph in graphs),
        "attributes": sum(len(one["attributes"]) for graph in graphs for one in graph["objects"]),
        "relations": sum(len(graph["relations"]) for graph in graphs),
    }
    for sort, count in counts.items():
        elements = found["elements"][sort]
        assert elements["known"] + elements["not_in_the_recipe"] + elements["unknown"] == count
    assert gas("stats", folder / "out", "--config", "described")[1].count("objects Gini") == 1
    status, _, err = gas("stats", folder / "out", "--config", "described", "--by", "kind")
    assert status == 2 and "leave --by out" in err


def test_a_config_of_other_graphs_is_written_over_on_demand_alone(tmp_path):
    path, out = tmp_path / "graphs.jsonl", tmp_path / "out"
    path.write_text('{"objects": ["dog"]}\n')
    before = describe_files([path], out)
    assert describe_files([path], out).manifest == before.manifest
    for arguments in ({"template": "short"}, {"split": "test"}, {"given": {"seed": 1}}):
        with pytest.raises(GasError, match="has a config described of other graphs.* --name.* --out.* --overwrite"):
            describe_files([path], out, **arguments)
    path.write_text('{"objects": ["cat"]}\n')
    with pytest.raises(GasError, match="--overwrite"):
        describe_files([path], out)
    assert pq.read_table(out / "described")["caption"].to_pylist()[0].count("dog")
    assert describe_files([path], out, overwrite=True).rows == 1
    assert pq.read_table(out / "described")["caption"].to_pylist()[0].count("cat")


def test_a_wrong_option_is_told_without_a_line(tmp_path):
    path = tmp_path / "graphs.jsonl"
    path.write_text('{"objects": ["dog"]}\n')
    with pytest.raises(GasError, match="^option name: `a b` is not a name"):
        describe_files([path], tmp_path / "out", given={"name": "a b"})
