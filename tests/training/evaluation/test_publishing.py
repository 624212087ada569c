"""Results on the Hub: entries of models, and runs as datasets, against a Hub over HTTP with the real client."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from generate_any_scene.builders.foundation import hub_requests
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.eval_results import make_baseline, make_entry, write_eval_results
from generate_any_scene.training.evaluation.publishing import push_run, write_dataset
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run, open_run, write_run
from hub_server import WRITE_TOKEN
from huggingface_hub import DatasetCard, parse_eval_result_entries
from tiny import draw_picture

COMMIT = "5503434ddd753f426f4b38109466949a1217c2bb"
MODEL, REPO, DATASET = "org/model", "org/pictures", "org/scenes"
NAMES = ["a/1.png", "a/2.png", "b.png"]
SCENES = ["s/0", "s/0", "s/1"]
VALUES = [1.0, 0.5, 0.0]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(hub_requests, "WAITS", (0.01,) * 4)


@pytest.fixture
def log_in(connect, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    return connect()


@pytest.fixture
def run(tmp_path):
    """A run on three pictures of two scenes."""
    folder = tmp_path / "runs/mine"
    for number, name in enumerate(NAMES):
        path = folder / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_picture(number).save(path)
    answers = [
        {"scene": scene, "model": "mine", "image": name, "question": 0, "kind": "object", "form": "yes_no"}
        | {"expected": "yes", "reply": "Yes", "probability": 0.9, "right": value == 1}
        for scene, name, value in zip(SCENES, NAMES, VALUES, strict=True)
    ]
    scores = [
        {"scene": scene, "model": "mine", "image": name, "metric": metric, "value": factor * value}
        for metric, factor in (("clip_score@cosine:x/clip", 0.3), ("answer_accuracy@probability:x/judge#abc", 1.0))
        for scene, name, value in zip(SCENES, NAMES, VALUES, strict=True)
    ]
    scores.append({"scene": "s/0", "model": None, "image": None, "metric": "perplexity:gpt2", "value": 9.0})
    scenes = pa.table({"id": ["s/0", "s/1"], "caption": ["a red dog", "two: cups"], "questions": ["[]", "[]"]})
    record = {
        "model": "mine",
        "judge": "x/judge#abc",
        "judge_record": {"url": "http://10.0.0.7:8000/v1", "server": "vllm"},
        "by": "probability",
        "backend": {"id": "stable-diffusion@steps=4"},
        "data": {"path": DATASET, "name": "multi_object", "split": "test", "commit": COMMIT},
        "generate_any_scene": "1.2.3",
    }
    tables = pa.Table.from_pylist(answers, ANSWERS), pa.Table.from_pylist(scores, SCORES)
    write_run(Run(folder, *tables, scenes, record))
    (folder / "recipe.yaml").write_text("kind: evaluation\nprompt: a photo of {caption}\n")
    (folder / "report.html").write_text("<title>mine</title>\n")
    return open_run(folder)


# The entry.


def test_the_entry_says_what_was_measured_on_what_and_by_whom(run):
    entry = make_entry(run)
    assert (entry.dataset_id, entry.task_id, entry.dataset_revision) == (DATASET, "multi_object", COMMIT)
    assert entry.value == 0.5  # the mean of its three pictures
    assert entry.notes.startswith("answer_accuracy@probability:x/judge#abc: mean over 2 scenes, 95 % ")
    for said in (
        "; judge x/judge#abc; ",
        "prompt a photo of {caption}",
        "pictures by stable-diffusion@steps=4",
        "1.2.3",
    ):
        assert said in entry.notes
    assert "\n" not in entry.notes
    assert make_entry(run, metric="clip_score").value == 0.15


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ({"recipe": "multi_object"}, {}, "an entry names a dataset on the Hub, and the scenes of .*mine are of none"),
        ({"path": "./kitchen"}, {}, "an entry names a dataset on the Hub"),
        ({"path": "here/kitchen"}, {}, "an entry names a dataset on the Hub"),
        (
            {"path": DATASET},
            {"metric": "dsg"},
            "has no number of dsg; it has clip_score@cosine:x/clip, answer_accuracy@",
        ),
    ],
)
def test_what_no_leaderboard_can_have_is_refused(data, options, message, run, tmp_path, monkeypatch):
    (tmp_path / "here/kitchen").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GasError, match=message):
        make_entry(replace(run, record={**run.record, "data": data}), **options)


def test_a_recipe_that_is_on_the_hub_may_be_named(run):
    entry = make_entry(replace(run, record={**run.record, "data": {"recipe": "multi_object"}}), dataset="me/scenes")
    assert (entry.dataset_id, entry.task_id, entry.dataset_revision) == ("me/scenes", "multi_object", None)


def test_scenes_of_a_config_that_nobody_named_are_of_that_in_their_ids(run):
    """Whoever loads a dataset without a config gets the default one, which has a leaderboard by its own name."""
    scenes = pa.table({"id": ["kitchens/test/000000000", "kitchens/test/000000001"], "caption": ["a", "b"]})
    unnamed = replace(run, scenes=scenes, record={**run.record, "data": {"path": DATASET, "split": "test"}})
    assert make_entry(unnamed).task_id == "kitchens"
    assert make_entry(replace(unnamed, scenes=run.scenes)).task_id == "default"


def test_a_run_is_a_baseline_of_a_benchmark(run):
    baseline = make_baseline(run)
    assert (baseline.task, baseline.model) == ("multi_object", "mine")
    assert baseline.metric == "answer_accuracy@probability:x/judge#abc"
    assert (baseline.value, baseline.scenes, baseline.judge) == (0.5, 2, "x/judge#abc")
    assert baseline.low <= 0.5 <= baseline.high
    assert baseline.captions == {"s/0": "a red dog", "s/1": "two: cups"}
    assert "captions" not in baseline.model_dump()


def test_the_entry_is_proposed_once_beside_those_that_are_there(run, hub, log_in):
    hub.create_repository(MODEL, type="model")
    lines = write_eval_results(run, MODEL)
    place = ".eval_results/org--scenes.yaml"
    assert lines[0] == f"Written: {run.folder / place}"
    (pull,) = hub.repositories["model", MODEL].discussions.values()
    assert lines[1].startswith("Proposed: ") and lines[1].endswith(f"/{MODEL}/discussions/{pull.num}")
    assert place not in hub.list_files(MODEL, type="model")
    proposed = hub.read(MODEL, place, pull.ref, type="model")
    assert parse_eval_result_entries(yaml.safe_load(proposed)) == [make_entry(run)]
    assert write_eval_results(run, MODEL) == lines  # the same request
    assert len(hub.repositories["model", MODEL].discussions) == 1
    hub.repositories["model", MODEL].merge(pull, "org")
    other = replace(run, record={**run.record, "data": {**run.record["data"], "name": "counting"}})
    for changed in (other, replace(other, record={**other.record, "by": "words"})):  # the second replaces the first
        write_eval_results(changed, MODEL, push=True)
    tasks = [one.task_id for one in parse_eval_result_entries(yaml.safe_load((run.folder / place).read_text()))]
    assert tasks == ["multi_object", "counting"]
    assert hub.outside == []


def test_without_a_token_the_entry_is_written_and_how_to_propose_it_is_said(run, hub, connect):
    connect()
    lines = write_eval_results(run, MODEL)
    path = run.folder / ".eval_results/org--scenes.yaml"
    assert parse_eval_result_entries(yaml.safe_load(path.read_text())) == [make_entry(run)]
    assert f"hf upload {MODEL} {path} .eval_results/org--scenes.yaml --create-pr" in lines[1]
    assert hub.requests == []


def test_a_file_that_is_no_list_of_results_is_left_alone(run, hub, log_in):
    hub.create_repository(MODEL, type="model")
    for content in (b"a: [", b"- 1\n", b"- {value: 1}\n"):
        log_in.upload_file(path_or_fileobj=content, path_in_repo=".eval_results/org--scenes.yaml", repo_id=MODEL)
        with pytest.raises(GasError, match="is there, and is no list of results; mend it on the Hub first"):
            write_eval_results(run, MODEL)
    with pytest.raises(GasError, match="write it as OWNER/NAME"):
        write_eval_results(run, "./model")


# The run as a dataset.


def read_hub(hub, path):
    return hub.read(REPO, path)


# A stream is let go of before Python ends: a thread of pyarrow that outlives it aborts the process.
LOAD = """
import gc, json
from datasets import load_dataset
from generate_any_scene.training.data import describe_data, load_rows
from generate_any_scene.training.fields import Data
data = Data(path="org/pictures", name="scenes", split="test")
commit = describe_data(data, load_rows(data, ["id", "caption"]))["commit"]
names = ("pictures", "answers", "scores", "scenes")
loaded = {name: load_dataset("org/pictures", name, split="test") for name in names}
pictures = loaded["pictures"]
print(json.dumps([
    [pictures[key][:] for key in ("scene", "caption", "model", "name")],
    [list(image.getdata())[:4] for image in pictures["image"]],
    {name: [rows.num_rows, rows.column_names] for name, rows in loaded.items()},
    commit,
]))
del loaded, pictures
gc.collect()
"""


def test_a_run_is_loaded_with_datasets_alone(run, hub, log_in, tmp_path):
    pushed = push_run(run, REPO)
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        env=hub.environment(tmp_path / "home") | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    columns, pixels, tables, commit = json.loads(done.stdout.splitlines()[-1])
    assert columns == [SCENES, ["a red dog", "a red dog", "two: cups"], ["mine"] * 3, NAMES]
    assert pixels == [[list(one) for one in list(draw_picture(number).getdata())[:4]] for number in range(3)]
    assert tables["answers"] == [3, ANSWERS.names] and tables["scores"] == [7, SCORES.names]
    assert tables["scenes"][0] == 2
    assert commit == pushed.commit  # what the record of an evaluation on it says


def test_a_push_is_one_commit_of_what_the_run_has(run, hub, log_in):
    pushed = push_run(run, REPO)
    tables = {f"{name}/test-00000-of-00001.parquet" for name in ("pictures", "answers", "scores", "scenes")}
    wanted = {*tables, "README.md", "run.json", "recipe.yaml", "report.html"}
    assert {path for path in hub.list_files(REPO) if path != ".gitattributes"} == wanted == {*pushed.added}
    assert len(hub.find("POST", "/commit/")) == 1
    card = DatasetCard(read_hub(hub, "README.md").decode())
    assert [one["config_name"] for one in card.data.to_dict()["configs"]] == [
        "pictures",
        "answers",
        "scores",
        "scenes",
    ]
    assert "| `answer_accuracy@probability:x/judge#abc` | 0.5000 |" in card.text
    assert "`org/scenes` at 5503434ddd753f426f4b38109466949a1217c2bb, config `multi_object`, split `test`" in card.text
    assert "10.0.0.7" not in read_hub(hub, "run.json").decode()
    again = push_run(run, REPO)
    assert (again.added, again.removed) == ({}, ())
    assert len(hub.find("POST", "/commit/")) == 1
    assert hub.outside == []


def test_another_push_removes_what_is_no_longer_there_and_nothing_of_others(run, hub, log_in):
    push_run(run, REPO)
    hub.commit(REPO, {"notes.md": b"mine\n", "pictures/test-00000-of-00002.parquet": b"old"})
    (run.folder / "report.html").unlink()
    pushed = push_run(run, REPO)
    assert sorted(pushed.removed) == ["pictures/test-00000-of-00002.parquet", "report.html"]
    assert [*pushed.added] == ["README.md"]  # which named the report
    assert read_hub(hub, "notes.md") == b"mine\n"


def test_a_card_that_people_changed_is_replaced_only_when_asked(run, hub, log_in):
    push_run(run, REPO)
    card = read_hub(hub, "README.md")
    hub.commit(REPO, {"README.md": card.replace(b"a row is", b"a line is")})
    with pytest.raises(GasError, match="people wrote README.md, or changed it; add --overwrite"):
        push_run(run, REPO)
    push_run(run, REPO, overwrite=True)
    assert read_hub(hub, "README.md") == card


def test_a_repository_of_something_else_is_left_alone(run, hub, log_in):
    hub.create_repository(REPO)
    hub.commit(REPO, {"data.csv": b"1\n"})
    with pytest.raises(GasError, match=r"holds what no push of a run wrote, such as data.csv; choose another"):
        push_run(run, REPO)
    assert hub.read(REPO, "data.csv") == b"1\n" and len(hub.find("POST", "/commit/")) == 0


def test_frames_and_videos_have_columns_of_their_own(run, tmp_path):
    folder = run.folder / "pictures/b.png"
    folder.unlink()
    folder.mkdir()
    for number in range(2):
        draw_picture(number).save(folder / f"{number}.png")
    (run.folder / "pictures/a/2.png").rename(run.folder / "pictures/a/2.mp4")
    rename = [name.replace("2.png", "2.mp4") for name in NAMES]
    answers = run.answers.set_column(2, "image", pa.array(rename))
    scores = run.scores.slice(0, 0)
    files = write_dataset(replace(run, answers=answers, scores=scores), REPO, tmp_path)
    rows = pq.read_table(files["pictures/test-00000-of-00001.parquet"]).to_pylist()
    shown = [[key for key in ("image", "frames", "video") if row[key]] for row in rows]
    assert shown == [["image"], ["video"], ["frames"]]
    assert [one["path"] for one in rows[2]["frames"]] == ["0.png", "1.png"]
    assert rows[1]["video"]["bytes"] == (run.folder / "pictures/a/2.mp4").read_bytes()


def test_many_pictures_are_several_files(run, tmp_path, monkeypatch):
    monkeypatch.setattr("generate_any_scene.training.evaluation.publishing.SHARD", 1)
    files = write_dataset(run, REPO, tmp_path)
    parts = [f"pictures/test-{number:05d}-of-00003.parquet" for number in range(3)]
    names = [pq.read_table(files[part])["name"].to_pylist() for part in parts]
    assert names == [[name] for name in NAMES]


def test_a_picture_that_is_gone_is_said(run, tmp_path):
    (run.folder / "pictures/b.png").unlink()
    with pytest.raises(GasError, match=r"b\.png"):
        write_dataset(run, REPO, tmp_path)


def test_gas_push_takes_the_folder_of_an_evaluation(run, hub, log_in, gas):
    status, out, _ = gas("push", run.folder, "--repo", REPO, "--dry-run")
    assert status == 0 and "org/pictures: would push 8 files" in out
    assert ("dataset", REPO) not in hub.repositories
    status, out, _ = gas("push", run.folder, "--repo", REPO)
    assert status == 0 and "org/pictures: pushed 8 files" in out
    status, out, err = gas("push", run.folder, "--repo", REPO, "--tag", "v1")
    assert (status, out) == (2, "") and "--tag is of built folders" in err
