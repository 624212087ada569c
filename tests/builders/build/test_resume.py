"""Builds that are stopped, killed or refused by the disk: the same command goes on, to the same bytes."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
from generate_any_scene.builders.build import shards
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.build_folder import WORK
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from stopping import StoppedError, hash_files, stop_at

PLAIN = ("questions=[]", "structure.complexity=[1,3]", "structure.objects=[1,3]", "content.scene_attributes.count=0")
SMALL = ("splits={train: 30, validation: 20, test: 10}", *PLAIN)
LARGE = (f"splits={{train: {9 * BLOCK + 9}, validation: 20, test: {3 * BLOCK}}}", *PLAIN)
GAS = """
import sys
from generate_any_scene import cli
from generate_any_scene.builders.build import shards
shards.SHARD_BLOCKS = 1  # several files of few rows
cli.main()
"""


def load(*overrides, name="multi_object"):
    return load_recipe(name, (*SMALL, *overrides))


def list_finished(folder):
    """The files that a build which was stopped keeps."""
    return sorted(path.name.split("-")[0] for path in (folder / WORK).rglob("*.parquet"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What `load()` builds."""
    out = tmp_path_factory.mktemp("undisturbed") / "gas"
    build_datasets([load()], out)
    return hash_files(out)


@pytest.fixture
def stopped(tmp_path):
    """A folder where `load()` was stopped before its last file was finished."""
    with pytest.raises(StoppedError):
        build_datasets([load()], tmp_path / "gas", report=stop_at(60))
    return tmp_path / "gas"


@pytest.fixture
def written(monkeypatch):
    """The splits of the files that are really written, in order."""
    names, write_shard = [], shards.write_shard

    def write(writer, shard, *others):
        names.append(shard.split)
        return write_shard(writer, shard, *others)

    monkeypatch.setattr(shards, "write_shard", write)
    return names


def test_finished_files_are_kept_and_not_made_again(stopped, written, undisturbed):
    assert {path.name for path in stopped.iterdir()} == {WORK}
    assert list_finished(stopped) == ["train", "validation"]
    reported = []
    build_datasets([load()], stopped, report=reported.append)
    assert reported == [30, 20, 10]
    assert written == ["test"]
    assert hash_files(stopped) == undisturbed


def test_finished_files_are_kept_with_several_processes(tmp_path, undisturbed):
    with pytest.raises(StoppedError):
        build_datasets([load()], tmp_path / "gas", 2, stop_at(60))
    assert not list((tmp_path / "gas").rglob("*.part"))
    build_datasets([load()], tmp_path / "gas")
    assert hash_files(tmp_path / "gas") == undisturbed


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def edit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("train-00000-of-00001.parquet", cut),
        ("train-00000-of-00001.parquet", edit),
        ("train-00000-of-00001.parquet", os.remove),
        ("train-00000-of-00001.parquet.json", cut),
        ("train-00000-of-00001.parquet.json", os.remove),
        ("train-00000-of-00001.parquet.json", lambda path: path.write_text("[]")),
        ("train-00000-of-00001.parquet.json", lambda path: path.write_bytes(b"\xff")),
    ],
)
def test_a_damaged_file_is_made_again(name, damage, stopped, written, undisturbed):
    damage(stopped / WORK / "multi_object" / name)
    build_datasets([load()], stopped)
    assert written == ["train", "test"]
    assert hash_files(stopped) == undisturbed


def test_files_of_another_version_of_arrow_are_made_again(stopped, written, undisturbed):
    path = stopped / WORK / "multi_object/train-00000-of-00001.parquet.json"
    record = json.loads(path.read_text())
    record["origin"]["pyarrow"] = "1.0.0"
    path.write_text(json.dumps(record))
    build_datasets([load()], stopped)
    assert written == ["train", "test"]
    assert hash_files(stopped) == undisturbed


@pytest.mark.parametrize("override", ["seed=1", "name=other", "splits.train=29"])
def test_files_of_another_recipe_are_thrown_away(override, stopped, tmp_path):
    build_datasets([load(override)], stopped)
    build_datasets([load(override)], tmp_path / "again")
    assert hash_files(stopped) == hash_files(tmp_path / "again")


def test_a_wrong_recipe_leaves_what_was_finished(stopped):
    with pytest.raises(GasError):
        build_datasets([load("content.objects.under=[nothing.n.99]")], stopped)
    assert list_finished(stopped) == ["train", "validation"]


def fork(function, *arguments):
    """Runs something in a process that has all that this one has loaded; gives its number."""
    process = os.fork()
    if process == 0:
        try:
            function(*arguments)
        finally:
            os._exit(0)
    return process


CHANGES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}
"""What Python tells its audit hooks before files change."""


def build_until(change, recipes, out):
    """Builds in a process of its own, which is killed before it changes files for the so-many-th time.

    Returns: Whether it was killed, and did not come to its end before.
    """
    left = change

    def count_down(event, arguments):
        nonlocal left
        if event in CHANGES and (event != "open" or arguments[1] in ("w", "rb+")):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def build():
        sys.addaudithook(count_down)
        build_datasets(recipes, out)

    return os.WIFSIGNALED(os.waitpid(fork(build), 0)[1])


@pytest.mark.slow
def test_a_kill_before_any_change_of_a_file_is_mended(tmp_path):
    """Two configs replace older ones with more files; what the manifest names is whole at every moment."""
    recipes = [load("splits.validation=0", "splits.test=0", name=name) for name in ("multi_object", "video")]
    older, whole, out = (tmp_path / name for name in ("older", "whole", "out"))
    build_datasets([load("seed=1"), load("seed=1", name="video"), load(name="three_d")], older)
    shutil.copytree(older, whole)
    build_datasets(recipes, whole)
    expected = hash_files(whole)
    change, killed = 0, True
    while killed:
        shutil.copytree(older, out)
        killed = build_until(change, recipes, out)
        configs = json.loads((out / "manifest.json").read_text())["configs"]
        named = {file["path"]: file["sha256"] for one in configs.values() for file in list_files(one)}
        found = hash_files(out)
        assert "three_d" in configs
        assert {path: found.get(path) for path in named} == named
        if killed:
            build_datasets(recipes, out)
        assert hash_files(out) == expected
        shutil.rmtree(out)
        change += 1
    assert change > 30


def list_files(config):
    return [file for split in config["splits"].values() for file in split["files"]]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 13])
def test_a_kill_in_a_new_folder_is_mended(step, tmp_path, undisturbed):
    change, killed = 3, True
    while killed:
        killed = build_until(change, [load()], tmp_path / "gas")
        if killed:
            build_datasets([load()], tmp_path / "gas")
        assert hash_files(tmp_path / "gas") == undisturbed
        shutil.rmtree(tmp_path / "gas")
        change += step
    assert change > 20


def start_build(folder, *arguments):
    """Starts `gas build` with many files of few rows, in a process group of its own."""
    command = [sys.executable, "-c", GAS, "build", "multi_object", "--out", str(folder), *arguments]
    overrides = (*LARGE, f"splits.train={99 * BLOCK}")  # so many that it does not end before it is stopped
    command += [part for override in overrides for part in ("--set", override)]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition, process):
    """Waits until something is so, or the process has ended."""
    while process.poll() is None and not condition():
        time.sleep(0.01)


def count_records(folder):
    return len(list((folder / WORK).rglob("*.parquet.json")))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """What a build of several files makes."""
    out = tmp_path_factory.mktemp("large") / "gas"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_BLOCKS", 1)
        build_datasets([load_recipe("multi_object", LARGE)], out)
    return hash_files(out)


@pytest.mark.parametrize(
    ("workers", "kills"), [(1, 3), *(pytest.param(n, 20, marks=pytest.mark.slow) for n in (1, 2))]
)
def test_a_build_that_is_killed_again_and_again_has_the_same_bytes(workers, kills, tmp_path, large, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_BLOCKS", 1)
    chance, out, recipe = random.Random(workers), tmp_path / "gas", load_recipe("multi_object", LARGE)
    for _ in range(kills):
        process = fork(build_datasets, [recipe], out, workers)
        time.sleep(chance.uniform(0, 1.5 * workers))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if (out / "README.md").exists():  # it has come to its end, so the next one begins anew
            shutil.rmtree(out)
    build_datasets([recipe], out, workers)
    assert hash_files(out) == large


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_stops_at_once_and_says_how_to_go_on(workers, tmp_path):
    out = tmp_path / "gas"
    process = start_build(out, "--workers", str(workers))
    wait_for(lambda: count_records(out) > 1, process)
    os.killpg(process.pid, signal.SIGINT)
    begin = time.monotonic()
    printed, err = process.communicate()
    assert (process.returncode, printed) == (1, "")
    assert err == "gas: stopped; the same command goes on where it was\n"
    assert time.monotonic() - begin < 5
    assert count_records(out) > 1
    assert {path.name for path in out.iterdir()} == {WORK}
    assert not list(out.rglob("*.part"))


def test_processes_end_when_the_main_one_is_killed(tmp_path):
    process = start_build(tmp_path / "gas", "--workers", "2")
    wait_for(lambda: list((tmp_path / "gas").rglob("*.part")), process)
    process.kill()
    process.communicate(timeout=20)  # which waits until none is left that could print


def test_a_process_that_is_ended_is_one_clear_error_and_the_next_build_goes_on(tmp_path, undisturbed):
    def end_one(rows):
        for child in multiprocessing.active_children()[:1]:
            child.kill()

    with pytest.raises(GasError, match="one of the processes was ended") as caught:
        build_datasets([load("splits.test=8000")], tmp_path / "gas", 2, end_one)
    assert caught.value.exit_status == 1
    build_datasets([load()], tmp_path / "gas")
    assert hash_files(tmp_path / "gas") == undisturbed


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_one_clear_error_and_the_next_build_goes_on(workers, tmp_path):
    """A limit on the size of files stands for a disk that is full."""
    recipe, error = load("splits.test=4000"), tmp_path / "error"

    def build():
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
        try:
            build_datasets([recipe], tmp_path / "gas", workers)
        except GasError as refused:
            error.write_text(f"{refused.exit_status} {refused}")

    os.waitpid(fork(build), 0)
    place = tmp_path / "gas"
    assert error.read_text().startswith(f"1 {place}: a file is larger than the system allows: raise the limit")
    if workers == 1:
        assert list_finished(place) == ["train", "validation"]
    assert not list(place.rglob("*.part"))
    build_datasets([recipe], place)
    build_datasets([recipe], tmp_path / "again")
    assert hash_files(place) == hash_files(tmp_path / "again")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_no_longer_be_written_is_one_clear_error(tmp_path, undisturbed):
    place = tmp_path / "gas"

    def forbid(rows):
        (place / WORK / "multi_object").chmod(0o500)

    with pytest.raises(GasError, match="check its permissions"):
        build_datasets([load()], place, report=lambda rows: rows and forbid(rows))
    (place / WORK / "multi_object").chmod(0o700)
    build_datasets([load()], place)
    assert hash_files(place) == undisturbed


def test_a_build_that_is_complete_stays_and_what_was_changed_in_it_is_made_again(tmp_path, written, undisturbed):
    out = tmp_path / "gas"
    build_datasets([load()], out)
    written.clear()
    reported = []
    build_datasets([load()], out, report=reported.append)
    assert (written, sum(reported)) == ([], 60)
    for change in (
        lambda: cut(out / "multi_object/test-00000-of-00001.parquet"),
        lambda: (out / "multi_object/train-00001-of-00002.parquet").write_bytes(b"PAR1"),
        lambda: (out / "multi_object/train-00000-of-00001.parquet").unlink(),
    ):
        change()
        written.clear()
        build_datasets([load()], out)
        assert written == ["train", "validation", "test"]
        assert hash_files(out) == undisturbed
