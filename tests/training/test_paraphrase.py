"""Scenes in a language model's words: behind a real server that misbehaves on demand, and a tiny model."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter

import pyarrow.parquet as pq
import pytest
import tiny
from chat_server import ChatServer
from datasets import load_dataset
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export.export import export_split
from generate_any_scene.builders.folder.manifest import read_built_manifest
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.foundation.disk_cache import clear_folder, find_folder
from generate_any_scene.builders.foundation.replies import KIND
from generate_any_scene.builders.inspection.verification import verify_folder
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.paraphrases import _open_paraphraser, clean_reply
from generate_any_scene.builders.rows.writer import create_writer
from generate_any_scene.builders.text.paraphrases.check import check_text
from generate_any_scene.errors import GasError, GasWarning, RecipeError
from generate_any_scene.taxonomy import load_taxonomy
from generate_any_scene.training.data import load_rows
from generate_any_scene.training.fields import Data
from planting import ERRORS, Worder

TEXT = "This caption says the same: "
SMALL = ("name=worded", "splits={train: 12, validation: 8, test: 8}", "paraphrase.model=tiny")


LATER = ((503, {}), 3.0, "cut", "drop", "a page", "no choices")


@pytest.fixture(scope="module")
def rows():
    """Rows of the recipe without paraphrases, by caption."""
    writer = create_writer(load_recipe("multi_object", SMALL[:2]))
    splits = writer.plan.recipe.splits.items()
    found = [row for split, wanted in splits for row in writer.write_block(split, 0, wanted.size).to_pylist()]
    return {row["caption"]: row for row in found}


@pytest.fixture(autouse=True)
def replies():
    """The folder of replies, which has none when a test begins; models are opened anew."""
    clear_folder(KIND)
    _open_paraphraser.cache_clear()
    yield find_folder(KIND)
    _open_paraphraser.cache_clear()


class Writer:
    """Words the scene of a prompt anew by the seed that it is sent, with an error in some of its texts.

    Attributes:
        wrong: The share of texts with an error.
        drifts: Whether the same request has another reply each time.
    """

    def __init__(self, rows, wrong=0.0, drifts=False):
        self.rows, self.wrong, self.drifts, self.asked, self.lock = rows, wrong, drifts, 0, threading.Lock()
        self.worder = Worder(load_taxonomy(), None)

    def __call__(self, body):
        prompt = body["messages"][-1]["content"]
        row = self.rows[next(line for line in prompt.splitlines() if line.startswith(TEXT)).removeprefix(TEXT)]
        with self.lock:
            self.asked += 1
            chance = random.Random(f"{body['seed']}/{self.asked if self.drifts else 0}")
            self.worder.random = chance
            planted = self.worder.plant(row, chance.choice(ERRORS)) if chance.random() < self.wrong else None
            return {"choices": [{"message": {"role": "assistant", "content": self.worder.word(planted or row)}}]}


@pytest.fixture
def server(rows):
    with ChatServer(Writer(rows)).run() as one:
        yield one


def load(server, *overrides):
    return load_recipe("multi_object", (*SMALL, f"paraphrase.url={server.url}", *overrides))


def read_files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def list_texts(folder, split="train"):
    return pq.read_table(folder / "worded" / f"{split}-00000-of-00001.parquet").to_pylist()


@pytest.mark.filterwarnings("error::generate_any_scene.errors.GasWarning")
def test_rows_have_paraphrases_that_are_checked(server, rows, tmp_path):
    server.reply.wrong = 0.5
    manifest = build_datasets([load(server)], tmp_path / "out")
    found = list_texts(tmp_path / "out")
    taxonomy, kept = load_taxonomy(), 0
    for row in found:
        assert {**row, "paraphrases": None} == {**rows[row["caption"]], "paraphrases": None}
        texts = [one["text"] for one in row["paraphrases"]]
        assert len({*texts, row["caption"]}) == len(texts) + 1 <= 3
        assert all(one == {"text": one["text"], "model": "tiny", "template": "default"} for one in row["paraphrases"])
        assert [text for text in texts if check_text(row, text, taxonomy)] == []
        kept += len(texts)
    told = manifest.configs["worded"].splits["train"].paraphrases
    assert told["kept"] == kept >= 18 and sum(told.values()) == 24
    assert any("What is wrong with it:" in body["messages"][-1]["content"] for body in server.bodies)
    assert {body["temperature"] for body in server.bodies} == {1.0}
    assert "### Paraphrases of worded" in (tmp_path / "out" / "README.md").read_text()


def test_nothing_is_asked_twice_and_processes_do_not_matter(rows, tmp_path):
    with ChatServer(Writer(rows, wrong=0.3, drifts=True)).run() as server:
        build_datasets([load(server)], tmp_path / "one")
        asked = len(server.bodies)
        assert asked == len({json.dumps(body, sort_keys=True) for body in server.bodies})
        build_datasets([load(server, "paraphrase.concurrency=1")], tmp_path / "three", workers=3)
        assert len(server.bodies) == asked
        assert read_files(tmp_path / "one") == read_files(tmp_path / "three")
        writer = create_writer(load(server))
        assert writer.write_row("train", 5) == list_texts(tmp_path / "one")[5]
    # All replies are there, so no server is needed; nor is one to verify a folder, with whose texts nobody meddles.
    build_datasets([load(server)], tmp_path / "again")
    assert read_files(tmp_path / "again") == read_files(tmp_path / "one")
    assert verify_folder(tmp_path / "one", None).findings == []


def test_a_paraphrase_takes_the_captions_place(server, tmp_path, capsys):
    """In trainings, evaluations and exports; rows of which none was right are left out, and counted."""
    server.reply.wrong = 0.6
    out = tmp_path / "out"
    build_datasets([load(server, "paraphrase.tries=1")], out)
    rows = list_texts(out)
    expected = [(row["id"], row["paraphrases"][0]["text"]) for row in rows if row["paraphrases"]]
    lacking = 12 - len(expected)
    assert 0 < lacking < 12
    found = load_rows(Data(path=str(out), name="worded", wording="paraphrase"), ("id", "caption"))
    assert [(row["id"], row["caption"]) for row in found] == expected
    assert f"data.wording: {lacking} of 12 rows have no paraphrase, and are left out" in capsys.readouterr().err
    source = find_split(out, "worded", "train")
    tally = export_split(source, "prompts", tmp_path / "out.jsonl", wording="paraphrase")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(line["id"], line["prompt"]) for line in lines] == expected
    assert tally.left_out["scenes without the wording `paraphrase`"] == lacking


def test_rows_without_paraphrases_have_none_to_take(tmp_path):
    build_datasets([load_recipe("multi_object", SMALL[:2])], tmp_path)
    with pytest.raises(
        RecipeError, match=r"data.wording: the data has no column `paraphrases`; take rows .*`paraphrase`"
    ):
        load_rows(Data(path=str(tmp_path), name="worded", wording="paraphrase"), ("caption",))
    with pytest.raises(GasError, match=r"worded/train has no paraphrases; build it with `paraphrase: \{model: ...\}`"):
        export_split(find_split(tmp_path, "worded", "train"), "prompts", tmp_path / "out", wording="paraphrase")


def test_verify_reads_the_texts_again(server, tmp_path):
    build_datasets([load(server, "splits={train: 2}", "paraphrase.count=1")], tmp_path / "out")
    path = next((tmp_path / "out").rglob("train-*.parquet"))
    table = pq.read_table(path)
    column = table["paraphrases"].to_pylist()
    for spoiled, found in (
        ([[], [{**column[1][0], "text": "A cup."}]], r"000000001, a paraphrase is wrong: `cup` is not"),
        ([None, [None]], r"a paraphrase is wrong: the caption is empty"),
        (["a", "b"], r"its column `paraphrases` has another type"),
        (None, r"it has no column `paraphrases`"),
    ):
        spoiled_table = table.drop_columns(["paraphrases"])
        if spoiled:
            spoiled_table = spoiled_table.append_column("paraphrases", [spoiled])
        pq.write_table(spoiled_table, path)
        (one,) = verify_folder(tmp_path / "out", None).findings
        assert re.search(found, one.message), one.message


def test_no_file_has_a_key_sent(server, tmp_path, monkeypatch):
    file = tmp_path / "worded.yaml"
    text = "name: worded\nextends: multi_object\nsplits: {train: 2}\nparaphrase: {model: tiny, count: 1"
    by_hand = (f"paraphrase.url={server.url}", "paraphrase.api_key=SECRET")
    for told, overrides, key in (
        (f", url: '{server.url}', api_key: SECRET}}", (), "api_key"),
        (", api_key: SECRET}", by_hand[:1], "api_key"),
        (f", url: '{server.url}'}}", by_hand[1:], "url"),
    ):
        file.write_text(text + told)
        with pytest.raises(RecipeError, match=rf"worded.yaml:4.*paraphrase.{key}: no key is sent") as refused:
            load_recipe(file, overrides)
        assert len(refused.value.problems) == 1
    file.write_text(text + "}")
    monkeypatch.setenv("SECRET", "of mine")
    for workers in (1, 2):
        clear_folder(KIND)
        _open_paraphraser.cache_clear()
        two = (*by_hand, "splits={train: 2, test: 2}")
        build_datasets([load_recipe(file, two)], tmp_path / f"{workers}", workers=workers)
        assert "SECRET" not in (tmp_path / f"{workers}/recipes/worded.yaml").read_text()
    assert {value for one in server.headers for key, value in one.items() if key.lower() == "authorization"} == {
        "Bearer of mine"
    }


@pytest.mark.slow
def test_a_build_that_is_killed_pays_for_nothing_twice(server, tmp_path):
    server.mood = 0.05
    command = [sys.executable, "-m", "generate_any_scene", "build", "multi_object", "--out", str(tmp_path / "out")]
    settings = (*SMALL, f"paraphrase.url={server.url}", "paraphrase.concurrency=2")
    command += [part for one in settings for part in ("--set", one)]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL) as process:
        while len(server.bodies) < 14 and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    before = len(server.bodies)
    assert 14 <= before < 30
    server.mood = ""
    subprocess.run(command, env=os.environ, check=True, capture_output=True)
    times = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    assert sum(times.values()) - len(times) <= 2  # what was on its way when it was killed
    told = read_built_manifest(tmp_path / "out").configs["worded"].splits["train"].paraphrases
    assert "no_reply" not in told and sum(told.values()) == 24


@pytest.mark.parametrize(
    "mood",
    [
        (429, {"Retry-After": "0"}),
        "half of JSON",
        *(pytest.param(mood, marks=pytest.mark.slow) for mood in LATER),
    ],
)
@pytest.mark.filterwarnings("ignore::generate_any_scene.errors.GasWarning")
def test_a_server_that_stumbles_loses_no_scene(mood, server, tmp_path):
    server.moods = ["", mood, mood]
    few = load(server, "splits={train: 4}", "paraphrase.timeout=2", "paraphrase.concurrency=3")
    build_datasets([few], tmp_path / "out")
    assert {len(row["paraphrases"]) for row in list_texts(tmp_path / "out")} == {2}


def test_what_has_no_reply_is_left_out_and_counted(server, tmp_path):
    server.moods = ["", (400, {})]
    few = load(server, "splits={train: 2}", "paraphrase={count: 1, tries: 1, concurrency: 1, retries: 0}")
    with pytest.warns(GasWarning, match="the paraphraser at .*HTTP 400"):
        manifest = build_datasets([few], tmp_path / "out")
    assert manifest.configs["worded"].splits["train"].paraphrases == {"kept": 1, "no_reply": 1}
    assert sorted(len(row["paraphrases"]) for row in list_texts(tmp_path / "out")) == [0, 1]


def test_others_get_the_column(server, tmp_path, gas):
    build_datasets([load(server)], tmp_path / "out")
    found = list_texts(tmp_path / "out")
    loaded = load_dataset(str(tmp_path / "out"), "worded", split="train", cache_dir=str(tmp_path / "datasets"))
    assert loaded["paraphrases"][:] == [row["paraphrases"] for row in found]
    status, out, _ = gas("export", tmp_path / "out", "--format", "prompts", "--config", "worded", "--split", "train")
    assert status == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["paraphrases"] for line in lines] == [[one["text"] for one in row["paraphrases"]] for row in found]


def test_where_it_is_asked_is_not_in_the_fingerprint():
    def list_fields(*overrides):
        return load_recipe("multi_object", ("paraphrase.model=a/b", *overrides)).recipe.content_fields()

    moved = ("paraphrase={url: 'http://x/v1', api_key: KEY, concurrency: 3, timeout: 9, retries: 1}",)
    assert list_fields() == list_fields(*moved) != list_fields("paraphrase.temperature=0.5")
    assert "paraphrase" not in load_recipe("multi_object").recipe.content_fields()


def test_a_model_of_transformers_is_asked(tmp_path):
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = tiny.make_tokenizer([])
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}>"
    ends = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("eos", "pad")}
    config = Qwen2Config(**tiny.TEXT, **ends, num_key_value_heads=2, vocab_size=len(tokenizer), bos_token_id=None)
    torch.manual_seed(0)
    tiny.save_vision_language(Qwen2ForCausalLM(config), tokenizer, tmp_path / "model")
    few = (
        "name=worded",
        "splits={train: 2, validation: 0, test: 0}",
        f"paraphrase.model={tmp_path / 'model'}",
        "paraphrase.tries=2",
    )
    asked = load_recipe("multi_object", (*few, "paraphrase.count=1", "paraphrase.max_new_tokens=5"))
    manifest = build_datasets([asked], tmp_path / "out")
    told = manifest.configs["worded"].splits["train"].paraphrases
    assert told["kept"] == 0 and sum(told.values()) == 2  # it talks nonsense
    assert [row["paraphrases"] for row in list_texts(tmp_path / "out")] == [[], []]


def test_replies_are_cleared_where_they_are_named(server, replies, tmp_path, gas):
    build_datasets([load(server, "splits={train: 2}")], tmp_path / "out")
    assert gas("cache", "clear")[0] == 0
    assert (replies / "replies.sqlite").exists()
    assert "removed 1 files" in gas("cache", "clear", "replies")[1]
    assert not replies.exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("paraphrase={}", r"paraphrase\.model"),
        ("paraphrase.count=0", r"paraphrase\.count"),
        ("paraphrase.temperature=3", r"paraphrase\.temperature: 3 is no temperature; write a number from 0 to 2"),
        ("paraphrase.modell=x", r"paraphrase\.modell"),
        ("paraphrase.template=formal", r"paraphrase\.template: there is no template `formal`"),
        ("paraphrase=yes", r"paraphrase"),
    ],
)
def test_wrong_values_are_told_in_one_line(override, message):
    with pytest.raises(RecipeError, match=message) as told:
        create_writer(load_recipe("multi_object", (override,) if "{}" in override else (*SMALL[2:], override)))
    assert len(told.value.problems) == 1


def test_a_server_that_is_not_there_is_told_in_one_line(replies, tmp_path):
    settings = ("paraphrase={url: 'http://127.0.0.1:1/v1', retries: 0}",)
    with pytest.raises(GasError, match="the paraphraser at http://127.0.0.1:1/v1: no connection") as told:
        build_datasets([load_recipe("multi_object", (*SMALL, *settings))], tmp_path / "out")
    assert told.value.exit_status == 1
    (replies / "replies.sqlite").write_bytes(b"no database" * 99)
    with pytest.raises(GasError, match=r"replies.sqlite: .*; `gas cache clear replies` removes it"):
        build_datasets([load_recipe("multi_object", (*SMALL, *settings))], tmp_path / "out")


def test_replies_are_cleaned():
    assert clean_reply('<think>A cup?\nHm.</think>\n\n"A cup\nand a plate."') == "A cup and a plate."
