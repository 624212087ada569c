"""Builds into buckets of the Hub: the same files as on a disk, through the real client."""

import hashlib
import os
import subprocess
import sys
import time

import pytest
from generate_any_scene.builders.build import shards
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.build_folder import WORK
from generate_any_scene.builders.recipe.loading import load_recipe
from hub_server import READ_TOKEN, WRITE_TOKEN
from stopping import hash_files

OVERRIDES = (
    f"splits={{train: {3 * BLOCK + 9}, validation: 20, test: 10}}",
    "questions=[]",
    "structure.complexity=[1,3]",
    "structure.objects=[1,3]",
    "content.scene_attributes.count=0",
)
GAS = """
from generate_any_scene import cli
from generate_any_scene.builders.build import shards
shards.SHARD_BLOCKS = 1  # several files of few rows
cli.main()
"""


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    out = tmp_path_factory.mktemp("disk") / "gas"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_BLOCKS", 1)
        build_datasets([load_recipe("multi_object", OVERRIDES)], out)
    return hash_files(out)


@pytest.fixture
def bucket(hub):
    return hub.create_bucket("user/store")


@pytest.fixture
def start(hub, tmp_path):
    """Starts `gas`, which knows that Hub alone."""

    def start(*arguments, token=WRITE_TOKEN):
        # Files are read by plain HTTP; buckets take them by Xet whatever is said here.
        environment = {**os.environ, **hub.environment(tmp_path / "home", token, xet=False)}
        command = [sys.executable, "-c", GAS, *arguments]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )

    return start


def build(start, *arguments, out="hf://buckets/user/store/gas", **others):
    settings = [part for override in OVERRIDES for part in ("--set", override)]
    return start("build", "multi_object", "--out", out, *settings, *arguments, **others)


def hash_bucket(bucket):
    return {path.removeprefix("gas/"): hashlib.sha256(bucket.read(path)).hexdigest() for path in bucket.files}


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_bucket_gets_the_files_that_a_disk_gets(workers, bucket, start, on_disk, hub):
    process = build(start, "--workers", workers)
    printed, err = process.communicate()
    assert process.returncode == 0, err
    assert 'load_dataset("parquet"' in printed
    assert hash_bucket(bucket) == on_disk
    assert hub.outside == []


@pytest.mark.slow
def test_a_build_that_was_killed_goes_on(bucket, start, on_disk):
    process = build(start)
    while process.poll() is None and sum(path.startswith(f"gas/{WORK}") for path in list(bucket.files)) < 2:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    finished = {path: data for path, data in bucket.files.items() if path.endswith(".parquet")}
    assert len(finished) >= 2
    assert "gas/manifest.json" not in bucket.files or hash_bucket(bucket) != on_disk
    process = build(start)
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert hash_bucket(bucket) == on_disk
    assert finished.items() <= bucket.files.items()


@pytest.mark.parametrize(
    ("out", "token", "message"),
    [
        ("hf://buckets/user/nowhere/gas", WRITE_TOKEN, "nowhere"),
        ("hf://buckets/user/store/gas", READ_TOKEN, "403 Forbidden"),
    ],
)
def test_what_the_hub_refuses_is_one_clear_error(out, token, message, bucket, start):
    process = build(start, out=out, token=token)
    printed, err = process.communicate()
    assert (process.returncode, printed) == (2, "")
    assert err.count("\n") == 1
    assert message in err
    assert not bucket.files
