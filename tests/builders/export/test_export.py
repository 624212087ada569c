"""`gas export`: which split is written, what is told, and files that are there only when they are whole."""

import json
import os
import re
import resource
import shutil
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.export import export
from generate_any_scene.builders.export.formats import list_formats, load_format
from generate_any_scene.builders.export.layout import DOMAINS
from generate_any_scene.builders.folder.reading import find_split
from generate_any_scene.builders.recipe.loading import load_recipe

FOLDERS = {"flow_factory", "flow_grpo", "unirl", "verl_omni"}
FILES = [name for name in list_formats() if name not in FOLDERS]
"""Formats that are one file."""


@pytest.fixture
def run_export(gas):
    """Runs `gas export` in an empty folder; gives exit status, stdout and stderr."""
    return lambda *arguments: gas("export", *arguments)


def read_rows(folder, config, split="test"):
    return pq.read_table(folder / config / f"{split}-00000-of-00001.parquet").to_pylist()


@pytest.mark.parametrize("format_", FILES)
def test_stdout_has_the_bytes_of_the_file(format_, built, run_export, empty, monkeypatch):
    arguments = (built, "--format", format_, "--config", "video", "--split", "test")
    status, out, err = run_export(*arguments)
    assert status == 0
    assert "\x1b" not in err
    assert run_export(*arguments, "--out", "-") == (0, out, err)
    monkeypatch.setattr(export, "BATCH", 7)
    assert run_export(*arguments, "--out", "new/file") == (0, "", err)
    assert (empty / "new" / "file").read_bytes().decode() == out
    assert [path.name for path in (empty / "new").iterdir()] == ["file"]


def test_what_is_left_out_is_told(built, run_export):
    _, out, err = run_export(built, "-f", "dsg", "--config", "multi_object")
    asked = [question for row in read_rows(built, "multi_object") for question in row["questions"]]
    answers = Counter(question["answer"] for question in asked if question["kind"] in DOMAINS)
    assert len(out.splitlines()) == 1 + answers["yes"]
    assert f"wrote {answers['yes']:,} questions about 40 scenes of multi_object/test" in err
    assert f"{answers['no']:,} yes/no with the answer no" in err


def write_questions(built, out, change):
    """A copy of a built folder, with a list made of each question of the test split of `video`."""
    shutil.copytree(built, out)
    path = out / "video" / "test-00000-of-00001.parquet"
    table, rows = pq.read_table(path), read_rows(out, "video")
    for row in rows:
        row["questions"] = [one for question in row["questions"] for one in change(question)]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path)
    return out


def sorts_questions(format_, folder):
    """Whether a format says of what kind a question is; others hold any kind, or no questions."""
    return load_format(format_)(find_split(folder, "video", "test").recipe).kinds is not None


@pytest.mark.parametrize("format_", FILES)
def test_questions_of_a_kind_that_is_not_known_are_left_out_and_told(format_, built, run_export, empty):
    """Nothing depends on questions about scenes, so the others stay as they are without them."""
    asked = sum(question["kind"] == "scene" for row in read_rows(built, "video") for question in row["questions"])
    strange = write_questions(built, empty / "a", lambda one: [{**one, "kind": one["kind"].replace("scene", "story")}])
    status, out, err = run_export(strange, "-f", format_, "--config", "video")
    if not sorts_questions(format_, built):
        assert (status, out, err) == run_export(built, "-f", format_, "--config", "video")
        return
    others = write_questions(built, empty / "b", lambda one: [one] * (one["kind"] != "scene"))
    without = run_export(others, "-f", format_, "--config", "video")
    assert (status, out) == without[:2] == (0, out)
    assert out.count("\n") >= 20
    assert asked and f"{asked:,} questions of the kind `story`" in err
    assert "story" not in without[2]


TRAINERS = {"csv", "jsonl", "prompts", "simplear", "t2i_r1", "trl", "trl_chat"}


def read_text(file):
    return json.dumps(pq.read_table(file).to_pylist()) if file.suffix == ".parquet" else file.read_text()


@pytest.mark.parametrize("format_", list_formats())
def test_the_split_is_the_one_that_a_format_is_for(format_, built, run_export, empty):
    """Scorers take `test`, trainers `train`; those that judge held-out prompts while they train take both."""
    out = empty / ("out" if format_ in FOLDERS else "out.json")
    status, _, err = run_export(built, "-f", format_, "--config", "video", "--out", out)
    assert status == 0
    said = {split for split in ("train", "validation", "test") if f" of video/{split}\n" in err}
    assert said == ({"train", "test"} if format_ in FOLDERS else {"train"} if format_ in TRAINERS else {"test"})
    written = "".join(map(read_text, out.iterdir() if out.is_dir() else [out]))
    for split in ("train", "validation", "test"):
        captions = [json.dumps(row["caption"])[1:-1] for row in read_rows(built, "video", split)]
        assert any(caption in written for caption in captions) == (split in said)


def test_some_formats_sort_questions(built):
    assert {name for name in FILES if sorts_questions(name, built)} >= {"dsg", "geneval2", "tifa"}


@pytest.mark.parametrize("format_", list_formats())
def test_a_format_has_all_parts(format_):
    lay_out, words = load_format(format_), list_formats()[format_]
    assert callable(lay_out)
    assert (sys.modules[lay_out.__module__].__doc__ or "").partition("\n")[0] == words, "say what the format is"
    assert 10 < len(words) < 68, "the first line of the docstring is a line of help"


def test_several_files_come_into_a_folder(built, run_export, empty):
    for split in ("train", "test"):
        status, out, err = run_export(
            built, "-f", "flow_grpo", "--config", "video", "--split", split, "-o", "new/data"
        )
        assert (status, out) == (0, "")
        rows = read_rows(built, "video", split)
        assert f"wrote {len(rows)} prompts of video/{split}" in err
        assert (empty / f"new/data/{split}.txt").read_text().splitlines() == [row["caption"] for row in rows]
    assert {path.name for path in (empty / "new/data").iterdir()} == {
        *("train.txt", "train_metadata.jsonl", "test.txt", "test_metadata.jsonl")
    }


def test_of_several_files_none_is_there_when_one_cannot_be_finished(built_with_dogs, run_export, empty):
    broken = empty / "gas"
    shutil.copytree(built_with_dogs, broken)
    (broken / "dogs/test-00000-of-00001.parquet").unlink()
    status, _, err = run_export(broken, "-f", "flow_grpo", "--config", "dogs", "--split", "test", "--out", "data")
    assert status == 2
    assert "test-00000-of-00001.parquet is missing; " in err
    assert not list((empty / "data").iterdir())


def test_what_trainers_cannot_hold_is_told(built, run_export):
    rows = read_rows(built, "video")
    _, _, err = run_export(built, "-f", "t2i_r1", "--config", "video", "--split", "test")
    assert f"{sum(len(row['scene_attributes']) for row in rows)} scene attributes" in err
    assert " 0 " not in err
    for format_ in ("prompts", "simplear", "gas"):
        arguments = (built, "-f", format_, "--config", "video", "--split", "test")
        assert run_export(*arguments)[2] == "wrote 40 prompts of video/test\n"
    asked = sum(len(row["questions"]) for row in rows)
    _, _, err = run_export(built, "-f", "trl", "--config", "video", "--split", "test")
    assert err == f"wrote {asked:,} questions about 40 scenes of video/test\n"


def test_the_only_config_and_split_need_no_names(run_export, empty):
    recipe = load_recipe("multi_object", ("splits={train: 4, validation: 0, test: 0}", "questions=[attribute]"))
    build_datasets([recipe], empty / "gas")
    status, out, err = run_export("gas", "--format", "geneval2")
    assert status == 0
    rows = read_rows(empty / "gas", "multi_object", "train")
    with_attributes = [row["caption"] for row in rows if row["questions"]]
    assert [json.loads(line)["prompt"] for line in out.splitlines()] == with_attributes
    assert len(with_attributes) == 4 or f"{4 - len(with_attributes)} scenes" in err


def test_a_file_that_cannot_be_finished_is_not_there(built_with_dogs, run_export, empty):
    broken = empty / "gas"
    shutil.copytree(built_with_dogs, broken)
    manifest = json.loads((broken / "manifest.json").read_text())
    split = manifest["configs"]["dogs"]["splits"]["test"]
    files = split["files"]
    files.append({**files[0], "path": "dogs/test-00001-of-00002.parquet"})
    split["rows"] *= 2
    (broken / "manifest.json").write_text(json.dumps(manifest))
    out = empty / "out.json"
    arguments = (broken, "--format", "tifa", "--config", "dogs", "--out", out)
    status, _, err = run_export(*arguments)
    assert status == 2
    assert "test-00001-of-00002.parquet is missing; " in err and "building its recipe again mends it" in err
    assert not out.exists()
    out.write_text("mine")
    (broken / files[1]["path"]).write_bytes(b"PAR1 not at all")
    assert "test-00001-of-00002.parquet is damaged: " in run_export(*arguments)[2]
    assert out.read_text() == "mine"
    assert {path.name for path in empty.iterdir()} == {"gas", "out.json"}


def test_without_questions_there_is_nothing_to_export(run_export, empty):
    recipe = load_recipe("multi_object", ("splits={train: 4, validation: 0, test: 0}", "questions=[]"))
    build_datasets([recipe], empty / "gas")
    status, out, err = run_export("gas", "--format", "tifa")
    assert (status, out) == (2, "")
    assert "no question that tifa can hold" in err
    assert run_export("gas", "--format", "tifa", "--out", "file")[0] == 2
    assert not (empty / "file").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{folder}"], "Missing option '--format'"),
        (["{folder}", "--format", "tiffa"], "there is no format `tiffa`; did you mean `tifa`?"),
        (["{folder}", "--format", "xml"], "choose from csv, dsg, flow_factory"),
        (["{folder}", "--format", "flow_grpo", "--config", "video"], "flow_grpo is several files: give a folder"),
        (["{folder}", "--format", "trl", "--config", "dogs"], "no split `train`; choose from test"),
        (
            ["{folder}", "--format", "flow_grpo", "--config", "video", "--out", "{folder}/README.md"],
            "README.md is a file; flow_grpo is several files",
        ),
        (["{folder}", "--format", "dsg"], "choose one with --config"),
        (["{folder}", "--format", "dsg", "--config", "vdieo"], "no config `vdieo`; did you mean `video`?"),
        (
            ["{folder}", "--format", "dsg", "--config", "dogs", "--split", "tset"],
            "no split `tset`; did you mean `test`?",
        ),
        (
            ["{folder}", "--format", "dsg", "--config", "dogs", "--split", "train"],
            "no split `train`; choose from test",
        ),
        (["{folder}/video", "--format", "dsg"], "has no manifest.json; give a folder that `gas build` wrote"),
        (["nowhere", "--format", "dsg"], "nowhere is no folder"),
        (
            ["{folder}", "--format", "dsg", "--config", "dogs", "--out", "{folder}"],
            "is a folder; give a file with --out",
        ),
        (
            ["{folder}", "--format", "dsg", "--config", "dogs", "--out", "{folder}/README.md/file"],
            "README.md/file: cannot be written",
        ),
    ],
)
def test_mistakes_are_one_message_and_exit_status_2(arguments, message, built_with_dogs, run_export, empty):
    status, out, err = run_export(*(argument.format(folder=built_with_dogs) for argument in arguments))
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert not list(empty.iterdir())


SPECIAL = {
    "FIFO": os.mkfifo,
    "link to a FIFO": lambda path: (os.mkfifo(f"{path}.x"), path.symlink_to(f"{path}.x")),
    "folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_not_replaced(kind, built_with_dogs, run_export, empty):
    SPECIAL[kind](empty / "out")
    before = [(path.name, path.lstat().st_mode, path.lstat().st_ino) for path in sorted(empty.iterdir())]
    status, out, err = run_export(built_with_dogs, "--format", "dsg", "--config", "dogs", "--out", "out")
    assert (status, out) == (2, "")
    assert re.match("gas: out is (a folder|not a regular file); give a file with --out", err)
    assert before == [(path.name, path.lstat().st_mode, path.lstat().st_ino) for path in sorted(empty.iterdir())]


def test_a_link_to_a_file_stays_one(built_with_dogs, run_export, empty):
    (empty / "mine").write_text("old")
    (empty / "out").symlink_to("mine")
    assert run_export(built_with_dogs, "--format", "dsg", "--config", "dogs", "--out", "out")[0] == 0
    assert (empty / "out").is_symlink() and (empty / "mine").read_text() != "old"


def test_a_file_that_the_system_has_no_room_for_is_no_mistake_of_the_user(built_with_dogs, run_export, empty):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        status, out, err = run_export(built_with_dogs, "--format", "dsg", "--config", "dogs", "--out", "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (status, out, err) == (1, "", "gas: out: cannot be written: File too large\n")
    assert not list(empty.iterdir())


def test_a_manifest_of_something_else_is_told(run_export, empty):
    (empty / "manifest.json").write_text("{}")
    status, _, err = run_export(empty, "--format", "dsg")
    assert status == 2
    assert "manifest.json was not written by a build; give a folder" in err


@pytest.fixture(scope="module")
def worded(tmp_path_factory):
    """A folder whose rows have wordings."""
    out = tmp_path_factory.mktemp("worded") / "gas"
    settings = ("splits={train: 40, test: 20}", "wordings=[prompt, short, long]")
    build_datasets([load_recipe("multi_object", settings)], out)
    return out


@pytest.mark.parametrize("wording", ["short", "1", "all", "mixed"])
def test_a_wording_is_written_in_the_captions_place(wording, worded, run_export):
    status, out, _ = run_export(worded, "-f", "prompts", "--wording", wording)
    lines = [json.loads(line) for line in out.splitlines()]
    expected = []
    for place, row in enumerate(read_rows(worded, "multi_object", "train")):
        captions = [one["caption"] for one in row["wordings"]]
        if wording == "all":
            expected += [(f"{row['id']}/{number}", caption) for number, caption in enumerate(captions)]
        else:
            expected.append((row["id"], captions[place % 3 if wording == "mixed" else 1]))
    assert status == 0
    assert [(line["id"], line["prompt"]) for line in lines] == expected


def test_wordings_that_are_dealt_are_not_there_for_each_scene(run_export, empty):
    settings = ("splits={train: 40}", "wordings={templates: [prompt, short, long], count: 1}")
    build_datasets([load_recipe("multi_object", settings)], empty / "gas")
    rows = read_rows(empty / "gas", "multi_object", "train")
    own = [row["wordings"][0] for row in rows if row["wordings"][0]["template"] == "short"]
    _, out, err = run_export("gas", "-f", "prompts", "--wording", "short")
    assert [json.loads(line)["prompt"] for line in out.splitlines()] == [one["caption"] for one in own]
    assert f"{40 - len(own)} scenes without the wording `short`" in err


def test_a_wording_that_is_not_there_is_one_line(worded, built, run_export):
    assert run_export(worded, "-f", "dsg", "--wording", "shrt")[::2] == (
        2,
        "gas: multi_object/test has no wording `shrt`; did you mean `short`?\n",
    )
    status, _, err = run_export(built, "-f", "prompts", "--config", "video", "--wording", "short")
    assert status == 2 and "has no wordings; build it with `wordings: [short, long]`" in err and err.count("\n") == 1


def test_help(run_export):
    status, out, _ = run_export("--help")
    assert status == 0
    words = out.replace(",", " ").replace(".", " ").split()
    assert [word for word in words[words.index("Formats:") :] if word in list_formats()] == list(list_formats())
