"""Builds into a store, S3 over HTTP: the same files as on a disk."""

import os
import subprocess
import sys

import pytest
from generate_any_scene.builders.build import shards
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.build_folder import WORK
from generate_any_scene.builders.folder.files import find_place
from generate_any_scene.builders.folder.manifest import read_manifest
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from stopping import StoppedError, hash_files, stop_at

pytestmark = pytest.mark.usefixtures("small_files")
PLAIN = ("questions=[]", "structure.complexity=[1,3]", "structure.objects=[1,3]", "content.scene_attributes.count=0")
SIZES = f"splits={{train: {BLOCK + 9}, validation: 20, test: 10}}"


def load(*overrides, name="multi_object"):
    return load_recipe(name, (SIZES, *PLAIN, *overrides))


@pytest.fixture(scope="module")
def on_disk(small_files, tmp_path_factory):
    """What `load()` builds."""
    out = tmp_path_factory.mktemp("disk") / "gas"
    build_datasets([load()], out)
    return hash_files(out)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_store_gets_the_files_that_a_disk_gets(workers, bucket, on_disk):
    reported = []
    build_datasets([load()], find_place(f"{bucket}/gas"), workers, reported.append)
    assert hash_files(find_place(f"{bucket}/gas")) == on_disk
    assert sum(reported) == BLOCK + 39


@pytest.mark.slow
def test_a_build_that_was_stopped_goes_on(bucket, on_disk, monkeypatch):
    out = find_place(f"{bucket}/gas")
    build_datasets([load("seed=1"), load(name="video")], out)
    with pytest.raises(StoppedError):
        build_datasets([load()], out, report=stop_at(BLOCK + 29))
    assert list(read_manifest(out).configs) == ["video"]
    monkeypatch.setattr(shards, "encode_shard", count := Counting(shards.encode_shard))
    build_datasets([load()], out)
    assert count.paths == ["validation-00000-of-00001.parquet", "test-00000-of-00001.parquet"]
    assert list(read_manifest(out).configs) == ["multi_object", "video"]
    assert not (out / WORK).exists()
    found = hash_files(out)
    assert {path: found[path] for path in on_disk if path.endswith((".parquet", ".yaml"))}.items() <= on_disk.items()


class Counting:
    """Notes which files are really made."""

    def __init__(self, function):
        self.function, self.paths = function, []

    def __call__(self, writer, shard, *others):
        self.paths.append(shard.path.rpartition("/")[2])
        return self.function(writer, shard, *others)


def test_what_is_complete_stays_and_what_was_damaged_is_made_again(bucket, on_disk, monkeypatch):
    out = find_place(f"{bucket}/gas")
    build_datasets([load()], out)
    monkeypatch.setattr(shards, "encode_shard", count := Counting(shards.encode_shard))
    build_datasets([load()], out)
    assert count.paths == []
    (out / "multi_object/test-00000-of-00001.parquet").write_bytes(b"PAR1")
    (out / "multi_object/test-00001-of-00002.parquet").write_bytes(b"PAR1")
    build_datasets([load()], out)
    assert "test-00000-of-00001.parquet" in count.paths
    assert hash_files(out) == on_disk


def test_a_folder_of_other_things_is_refused(bucket):
    (find_place(bucket) / "mine/notes.txt").write_text("mine")
    with pytest.raises(GasError, match="holds files that no build wrote"):
        build_datasets([load()], find_place(f"{bucket}/mine"))
    with pytest.raises(GasError, match="is a file"):
        build_datasets([load()], find_place(f"{bucket}/mine/notes.txt"))
    assert hash_files(find_place(bucket)).keys() == {"mine/notes.txt"}


@pytest.mark.slow
def test_what_the_store_refuses_is_one_clear_error(bucket, monkeypatch):
    with pytest.raises(GasError, match="s3://nowhere/gas: .*The specified bucket does not exist"):
        build_datasets([load()], find_place("s3://nowhere/gas"))
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(GasError, match="Could not connect to the endpoint"):
        build_datasets([load()], find_place("s3://nowhere/gas"))
    s3fs.S3FileSystem.clear_instance_cache()


def test_stores_that_are_not_known_or_not_installed():
    with pytest.raises(GasError, match=r"nothing://gas: .*nothing"):
        find_place("nothing://gas")
    with pytest.raises(GasError, match=r"adl://gas: .*adlfs"):
        find_place("adl://gas")


def test_a_file_url_is_a_path(tmp_path):
    assert find_place(f"file://{tmp_path}/gas") == tmp_path / "gas"


def test_the_command_says_how_to_load_it(bucket, gas):
    status, printed, _ = gas("build", "multi_object", "--out", f"{bucket}/gas", "--set", SIZES, *with_set(PLAIN))
    assert status == 0
    code = printed.partition("Load it with")[2] + "print(multi_object)"
    code = "\n".join(line.strip() for line in code.splitlines())
    online = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
    loaded = subprocess.run([sys.executable, "-c", code], env=online, capture_output=True, text=True, check=True)
    assert f"num_rows: {BLOCK + 9}" in loaded.stdout


def with_set(overrides):
    return [part for override in overrides for part in ("--set", override)]
