"""What rewards of several kinds read stands in the same row, and who wants every row to have it gets those alone."""

import json
import re
from collections import Counter

import pyarrow.parquet as pq
import pytest
from generate_any_scene import export as export_in_python
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export import export as export_module
from generate_any_scene.builders.export import sinks
from generate_any_scene.builders.export.rewards import is_read
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.text.quoted import find_quoted

FORMATS = ("flow_factory", "flow_grpo", "unirl", "verl_omni")

ATTRIBUTES = (
    "id\tkind\tname\tadjective\tposition\tapplies_to\n"
    'lettering.open\tlettering\topen\twith the words "OPEN"\tafter\tartifact\n'
    'lettering.stop\tlettering\tstop\twith the words "STOP HERE"\tafter\tartifact\n'
    "lettering.sale\tlettering\tsale\twith the word “SALE”\tafter\tartifact\n"
)
RECIPE = """
name: signs
extends: multi_object
taxonomy: [default, ./mine]
difficulty: true
wordings: [prompt, short]
structure: {objects: [2, 3], attributes: [1, 2], relations: [0, 1], complexity: [3, 5]}
content:
  objects: {only: [sign.n.02, book.n.02, dog.n.01, cat.n.01, palace.n.01], distinct: true}
  attributes: {kinds: [lettering, color]}
splits: {train: 60, validation: 0, test: 12}
"""


@pytest.fixture(scope="module")
def signs(tmp_path_factory):
    """A folder with signs and books that say something, animals, and palaces, which no detector of COCO knows."""
    folder = tmp_path_factory.mktemp("signs")
    (folder / "mine").mkdir()
    (folder / "mine" / "taxonomy.toml").write_text('[attributes.lettering]\nquestion = "What {do} {object} say?"\n')
    (folder / "mine" / "attributes.tsv").write_text(ATTRIBUTES)
    (folder / "signs.yaml").write_text(RECIPE)
    build_datasets([load_recipe(str(folder / "signs.yaml"))], folder / "gas")
    return folder / "gas"


def read_exported(folder, format_, split="train"):
    """Prompts with what rewards get of them, as the readers of each format give it."""
    if format_ == "verl_omni":
        rows = pq.read_table(folder / f"{split}.parquet").to_pylist()
        lines = [{"prompt": row["prompt"][-1]["content"], **row, **row["extra_info"]} for row in rows]
        lines = [{**line, **json.loads(line["geneval"] or "{}")} for line in lines]
        return [line | {"prompt": line["reward_model"]["ground_truth"]} for line in lines]
    name = f"{split}_metadata.jsonl" if format_ == "flow_grpo" else f"{split}.jsonl"
    lines = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    if format_ == "flow_factory":
        nested = ("vqa_list", "skills", "include", "exclude")
        lines = [line | {key: json.loads(line[key]) for key in nested} for line in lines]
    return lines


@pytest.fixture
def export(signs, gas, empty):
    """Exports the train split; gives what rewards get of each prompt, and what was said."""

    def run(format_, *arguments):
        status, out, err = gas("export", signs, "-f", format_, "--split", "train", "-o", "out", *arguments)
        assert (status, out) == (0, "")
        return read_exported(empty / "out", format_), err

    return run


@pytest.fixture(scope="module")
def rows(signs):
    return {row["id"]: row for row in pq.read_table(signs / "signs" / "train-00000-of-00001.parquet").to_pylist()}


SAID = {"open": "OPEN", "stop": "STOP HERE", "sale": "SALE"}
DETECTED = {"dog", "cat", "book"}


@pytest.mark.parametrize("format_", FORMATS)
def test_every_reward_finds_its_own_in_one_row(format_, export, rows):
    lines, _ = export(format_)
    for line in lines:
        row = rows[line["id"]]
        objects = row["scene_graph"]["objects"]
        assert (line["prompt"], line["difficulty"]) == (row["caption"], row["difficulty"])
        assert json.loads(line["questions"]) == row["questions"]
        answers = {(one["question"], "Yes" if one["form"] == "yes_no" else one["answer"]) for one in row["questions"]}
        assert line["vqa_list"] and {tuple(pair) for pair in line["vqa_list"]} <= answers
        assert len(line["skills"]) == len(line["vqa_list"])
        assert {one["class"] for one in line.get("include", ())} == {one["name"] for one in objects} & DETECTED
        values = [attribute["value"] for one in objects for attribute in one["attributes"]]
        assert Counter(line["text"].split()) == Counter(" ".join(SAID.get(value, "") for value in values).split())
    tagged = [row["id"] for row in rows.values() if {one["name"] for one in row["scene_graph"]["objects"]} & DETECTED]
    assert 0 < len(tagged) < len(rows)
    assert [line["id"] for line in lines] == (tagged if format_ == "flow_grpo" else [*rows])


HELD = {
    "questions": lambda line: bool(line["vqa_list"]),
    "geneval": lambda line: bool(line.get("include")),
    "text": lambda line: line["prompt"].split('"')[1:2] in (["OPEN"], ["STOP HERE"]),
}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("rewards", [["geneval"], ["text"], ["questions", "geneval", "text"]])
def test_scenes_without_something_for_a_named_reward_are_left_out_and_told(format_, rewards, export, rows, empty):
    every, _ = export(format_)
    lines, err = export(format_, "--rewards", ",".join(rewards))
    kept = [line["id"] for line in every if all(HELD[reward](line) for reward in rewards)]
    assert 0 < len(kept) < len(rows)
    assert [line["id"] for line in lines] == kept
    counts = {reward: sum(map(held, lines)) for reward, held in HELD.items()}
    assert f"scenes with questions with one answer: {counts['questions']}; with GenEval tags: " in err
    assert f"tags: {counts['geneval']}; with text in straight quotes: {counts['text']} (--rewards leaves out" in err
    if format_ != "flow_grpo":
        left = re.findall(r"(\d+) scenes without", err)
        assert sum(map(int, left)) == len(rows) - len(kept)
    elif rewards != ["text"]:
        assert (empty / "out" / "train.txt").read_text().splitlines() == [rows[id_]["caption"] for id_ in kept]


@pytest.mark.parametrize(
    ("caption", "read"),
    [
        ('A sign with the words "OPEN".', True),
        ('Signs with "OPEN" and with “SALE”.', True),
        ('Signs with “SALE” and with "OPEN".', False),
        ("A sign with the word 'SALE'.", False),
        ('A 5" plate and a sign with the words "OPEN".', False),
        ("A dog.", False),
    ],
)
def test_what_rewards_by_ocr_read(caption, read):
    quoted = find_quoted(caption)
    assert is_read(caption, quoted) == read
    assert not read or caption.split('"')[1] == quoted[0] == "OPEN", "as OcrScorer of Flow-GRPO takes it"


@pytest.mark.parametrize("format_", FORMATS)
def test_wordings_are_prompts_of_their_own(format_, export, rows):
    lines, _ = export(format_, "--wording", "all")
    captions = {
        f"{id_}/{place}": one["caption"] for id_, row in rows.items() for place, one in enumerate(row["wordings"])
    }
    assert len({line["id"] for line in lines}) == len(lines) > len(export(format_)[0])
    assert all(line["prompt"] == captions[line["id"]] for line in lines)


def test_verl_omni_has_chats_for_each_split(signs, gas, empty):
    assert gas("export", signs, "-f", "verl_omni", "-o", "out", "--system", "Describe the image:")[0] == 0
    for split, rows in (("train", 60), ("test", 12)):
        table = pq.read_table(empty / "out" / f"{split}.parquet")
        assert table.num_rows == rows
        for place, row in enumerate(table.to_pylist()):
            system = {"role": "system", "content": "Describe the image:"}
            assert row["prompt"] == [system, {"role": "user", "content": row["reward_model"]["ground_truth"]}]
            assert row["negative_prompt"] == [system, {"role": "user", "content": " "}]
            assert (row["data_source"], row["ability"], row["reward_model"]["style"]) == ("signs", "t2i", "model")
            assert row["extra_info"]["index"] == place
            assert row["extra_info"]["id"].startswith(f"signs/{split}/")


def test_parquet_of_many_batches_is_the_same_file(signs, empty, monkeypatch):
    export_in_python(signs, "verl_omni", "whole", split="train")
    monkeypatch.setattr(export_module, "BATCH", 7)
    export_in_python(signs, "verl_omni", "batches", split="train")
    assert (empty / "whole/train.parquet").read_bytes() == (empty / "batches/train.parquet").read_bytes()
    monkeypatch.setattr(sinks, "ROWS", 8)
    said = export_in_python(signs, "verl_omni", "groups", split="train", rewards=["questions"], system="Draw:")
    assert said.startswith("wrote ")
    groups = pq.ParquetFile(empty / "groups/train.parquet")
    assert groups.num_row_groups == 8 and groups.metadata.num_rows == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-f", "unirl", "--rewards", "genval", "-o", "out"], "there is no reward `genval`; did you mean `geneval`?"),
        (
            ["-f", "trl", "--rewards", "text"],
            "--rewards is of the formats flow_factory, flow_grpo, unirl and verl_omni",
        ),
        (["-f", "unirl", "--system", "Draw:", "-o", "out"], "--system is of the format verl_omni"),
        (["-f", "verl_omni"], "verl_omni is several files: give a folder for them with --out"),
    ],
)
def test_mistakes_are_told(arguments, message, signs, assert_refused):
    assert_refused(["export", signs, *arguments], message)


def test_where_no_scene_has_something_for_a_reward_that_is_told(built, gas, empty):
    status, _, err = gas("export", built, "--config", "video", "-f", "unirl", "--rewards", "text", "-o", "out")
    assert status == 2
    assert "video/train has no scene that unirl can hold: 200 scenes without text in straight quotes" in err
    assert not [*(empty / "out").glob("*")]
