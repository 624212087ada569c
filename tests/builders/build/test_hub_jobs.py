"""Builds with Hugging Face Jobs, against a Hub over HTTP whose jobs run and misbehave: the same files as on a disk."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import pyarrow
import pytest
from generate_any_scene.builders.build import job_site, shards
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.build.hub_jobs import choose_jobs, split_evenly
from generate_any_scene.builders.build.job_site import JobOptions, open_site
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from hub_fixtures import connect, hub  # noqa: F401
from hub_jobs import Accident
from hub_server import READ_TOKEN, WRITE_TOKEN
from stopping import hash_files

OUT = "hf://buckets/user/store/gas"
OVERRIDES = (
    f"splits={{train: {3 * BLOCK + 9}, validation: 20, test: 10}}",
    "questions=[]",
    "structure.complexity=[1,3]",
    "structure.objects=[1,3]",
    "content.scene_attributes.count=0",
)
FILES = 6
GAS = """
from generate_any_scene import cli
from generate_any_scene.builders.build import hub_jobs, job_site, shards
shards.SHARD_BLOCKS = 1  # several files of few rows
hub_jobs.POLL, job_site.WAITS = 0.05, (0.05,) * 4
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
def bucket(hub):  # noqa: F811
    return hub.create_bucket("user/store")


@pytest.fixture
def start(hub, bucket, tmp_path):  # noqa: F811
    """Starts `gas build` with jobs, which knows that Hub alone."""

    def start(*arguments, token=WRITE_TOKEN, out=OUT, workers=2, overrides=OVERRIDES, recipe="multi_object"):
        settings = [part for override in overrides for part in ("--set", override)]
        command = [sys.executable, "-c", GAS, "build", recipe, "--out", out, "--engine", "jobs", *settings]
        command += ["--workers", str(workers), "--flavor", "cpu-basic", "--image", "me/with-gas:1", *arguments]
        environment = {**os.environ, **hub.environment(tmp_path / "home", token, xet=False)}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )

    return start


@pytest.fixture
def build(start):
    """The same, to its end: status, what it printed and what it told."""

    def build(*arguments, **others):
        process = start(*arguments, **others)
        printed, told = process.communicate(timeout=300)
        return process.returncode, printed, told

    return build


def hash_bucket(bucket):
    return {path.removeprefix("gas/"): hashlib.sha256(bucket.read(path)).hexdigest() for path in bucket.files}


def count_files(bucket):
    return sum(path.endswith(".parquet.json") for path in list(bucket.files))


def read_logs(hub):  # noqa: F811
    return "".join(line for job in hub.started_jobs for line in job.log)


def test_jobs_make_the_files_of_one_process(build, hub, bucket, on_disk):  # noqa: F811
    status, printed, told = build()
    assert status == 0, told + read_logs(hub)
    assert hash_bucket(bucket) == on_disk
    assert [job.stage for job in hub.jobs.values()] == ["COMPLETED"] * 2
    assert told.count("started ") == 2
    assert 'load_dataset("parquet"' in printed
    assert hub.outside == []
    # The token is a secret, and in nothing that is kept.
    assert all(job.spec["secrets"] == {"HF_TOKEN": WRITE_TOKEN} for job in hub.started_jobs)
    assert not any(WRITE_TOKEN in str(job.describe()) for job in hub.started_jobs)


def test_a_dry_run_tells_jobs_and_cost_and_starts_none(build, hub, bucket):  # noqa: F811
    status, printed, told = build("--dry-run", "--timeout", "90m", workers=4)
    assert (status, told) == (0, "")
    assert printed.splitlines() == [
        f"multi_object: {3 * BLOCK + 39:,} scenes in {FILES} files",
        "jobs: 4 of the flavor cpu-basic (2 vCPU, 16 GB) in the namespace user, with 1 to 2 files each",
        "cost: $0.01 an hour and job; at most $0.06, if each runs to its timeout of 90 minutes and none is started "
        "again",
    ]
    assert not bucket.files
    assert hub.started_jobs == []


@pytest.mark.slow
def test_a_dry_run_as_json_and_what_is_complete_needs_no_job(build, hub, bucket):  # noqa: F811
    told = json.loads(build("--dry-run", "--json", "--namespace", "org")[1])
    assert told["configs"]["multi_object"]["files"] == FILES
    assert (told["jobs"]["namespace"], told["jobs"]["jobs"], len(told["configs"])) == ("org", 2, 1)
    assert build(workers=1)[0] == 0
    assert json.loads(build("--dry-run", "--json")[1])["jobs"] is None
    assert build()[0] == 0
    assert len(hub.started_jobs) == 1


@pytest.mark.slow
@pytest.mark.parametrize("what", ["kill", "lose"])
def test_what_a_job_that_failed_left_is_made_by_another(what, build, hub, bucket, on_disk):  # noqa: F811
    hub.accidents = [Accident(what, lambda: count_files(bucket) >= 2)]
    status, _, told = build(workers=1)
    assert status == 0, told + read_logs(hub)
    assert hash_bucket(bucket) == on_disk
    first, second = hub.started_jobs
    assert ("it was lost" if what == "lose" else "ERROR: Machine failure") in told
    assert f"another job makes what is left, {FILES - 2} of its files" in told
    assert len(json.loads(read_order(hub, bucket, second))["shards"]) == FILES - 2
    assert first.stage == "ERROR"


def read_order(hub, bucket, job):  # noqa: F811
    """The order of a job, by the storage, which forgets nothing."""
    digest = job.spec["command"][-1].rpartition("/")[2].partition(".")[0]
    return next(one for one in bucket.objects.values() if hashlib.sha256(one).hexdigest().startswith(digest))


@pytest.mark.slow
def test_jobs_that_always_fail_are_given_up_after_three(build, hub, bucket, on_disk):  # noqa: F811
    hub.accidents = [Accident("kill"), Accident("kill"), Accident("kill")]
    status, printed, told = build(workers=1)
    assert (status, printed) == (1, "")
    assert len(hub.started_jobs) == 3
    last = told.splitlines()[-1]
    assert "3 jobs failed at multi_object/train-00000-of-00004.parquet" in last
    assert "ERROR: Machine failure" in last
    assert build(workers=1)[0] == 0
    assert hash_bucket(bucket) == on_disk


@pytest.mark.slow
def test_a_job_that_hangs_ends_at_its_timeout_and_others_go_on(build, hub, bucket, on_disk):  # noqa: F811
    hub.accidents = [Accident("stop", lambda: count_files(bucket) >= 1)]
    status, _, told = build("--timeout", "25s", workers=1)
    assert status == 0, told + read_logs(hub)
    assert "ERROR: Job timeout" in told
    assert hash_bucket(bucket) == on_disk


@pytest.mark.slow
def test_a_build_that_was_killed_finds_its_jobs_and_makes_nothing_twice(start, hub, bucket, on_disk):  # noqa: F811
    hub.accidents = [Accident("stop", lambda: count_files(bucket) >= 1) for _ in range(2)]
    process = start()
    while process.poll() is None and hub.accidents:
        time.sleep(0.01)
    wait_until(lambda: all(job.stopped for job in hub.started_jobs))
    process.kill()
    process.communicate()
    asked = len(hub.find("GET", r"^/api/jobs/user\?"))
    process = start()
    wait_until(lambda: len(hub.find("GET", r"^/api/jobs/user\?")) > asked)
    for job in hub.started_jobs:
        job.go_on()
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told + read_logs(hub)
    assert told.count("which a build before this one started") == 2
    assert hash_bucket(bucket) == on_disk
    assert len(hub.started_jobs) == 2


def wait_until(condition):
    ends = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.slow
def test_a_build_whose_jobs_are_gone_makes_only_what_is_missing(start, build, hub, bucket, on_disk):  # noqa: F811
    process = start(workers=1)
    while process.poll() is None and count_files(bucket) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 1
    assert told.endswith("gas: stopped; the same command goes on where it was\n")
    assert [job.stage for job in hub.jobs.values()] == ["CANCELED"]
    done = count_files(bucket)
    assert done < FILES
    dry = build("--dry-run")[1]
    assert f"{FILES} files, {done} of them there" in dry
    assert build(workers=1)[0] == 0
    assert hash_bucket(bucket) == on_disk
    order = json.loads(read_order(hub, bucket, hub.started_jobs[-1]))
    assert len(order["shards"]) == FILES - done


@pytest.mark.slow
def test_a_hub_that_is_busy_is_asked_again_and_starts_no_job_twice(build, hub, bucket, on_disk):  # noqa: F811
    hub.fail("POST", "^/api/jobs/user$", 429, {"Retry-After": "0"}, times=2)
    hub.fail("GET", "^/api/jobs/user", 503, times=2)
    hub.lose_answer("^/api/jobs/user$", method="POST")
    status, _, told = build(workers=1)
    assert status == 0, told + read_logs(hub)
    assert len(hub.started_jobs) == 1
    assert hash_bucket(bucket) == on_disk


@pytest.mark.slow
def test_an_error_of_the_recipe_is_told_as_one_process_tells_it_and_tried_once(build, hub, write_recipe):  # noqa: F811
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.nothing }}")
    status, _, told = build(recipe=str(path), overrides=())
    assert (status, len(hub.started_jobs)) == (2, 1), told + read_logs(hub)
    assert "mine.jinja:1" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "others", "message"),
    [
        (["--namespace", "orq"], {}, "no namespace `orq` in which you may run jobs; did you mean `org`?"),
        ([], {"out": "gas"}, "gas: jobs write into a folder of a bucket of the Hub"),
        ([], {"token": None}, "the Hub does not know who you are; log in with `hf auth login`"),
    ],
)
def test_what_is_wrong_with_jobs_is_told_before_anything_starts(arguments, others, message, build, hub, bucket):  # noqa: F811
    status, printed, told = build(*arguments, **others)
    assert status in (1, 2)
    assert printed == ""
    assert message in told
    assert told.count("\n") == 1
    assert not bucket.files
    assert hub.started_jobs == []


@pytest.mark.parametrize(
    ("options", "out", "token", "message"),
    [
        ({"namespace": "orq"}, OUT, WRITE_TOKEN, "no namespace `orq` in which you may run jobs; did you mean `org`?"),
        ({"flavor": "cpu-upgrad"}, OUT, WRITE_TOKEN, "no flavor `cpu-upgrad`; did you mean `cpu-upgrade`?"),
        ({"timeout": "soon"}, OUT, WRITE_TOKEN, "--timeout soon: write a number and s, m, h or d, such as 90m"),
        ({"timeout": "0"}, OUT, WRITE_TOKEN, "--timeout 0: write a number"),
        ({}, "gas", WRITE_TOKEN, "gas: jobs write into a folder of a bucket of the Hub"),
        ({}, "hf://buckets/user/store", WRITE_TOKEN, "store: jobs write into a folder of a bucket of the Hub"),
        ({}, "hf://buckets/user/nowhere/gas", WRITE_TOKEN, "bucket user/nowhere: it does not exist"),
        ({}, OUT, "", "the Hub does not know who you are; log in with `hf auth login`"),
        ({}, OUT, READ_TOKEN, "your token may only read; log in"),
        ({}, OUT, "hf_wrong", "the Hub does not know who you are (401)"),
    ],
)
def test_a_site_that_cannot_be_opened(options, out, token, message, hub, bucket, connect, monkeypatch):  # noqa: F811
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(GasError, match=re.escape(message)):
        open_site(JobOptions(**{"image": "me/with-gas:1", **options}), out, [], False)
    assert hub.started_jobs == []


def test_options_of_jobs_without_jobs_are_refused(assert_refused):
    assert_refused(["build", "sandbox", "--flavor", "cpu-basic"], "are of jobs; add --engine jobs")


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, "generate-any-scene[eval]==0.0.7"),
        (
            {"url": "https://git.example/gas.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "generate-any-scene[eval] @ git+https://git.example/gas.git@c0ffee",
        ),
        ({"url": "https://files.example/gas.whl"}, "generate-any-scene[eval] @ https://files.example/gas.whl"),
        ({"url": "file:///home/me/gas", "dir_info": {"editable": True}}, None),
    ],
)
def test_jobs_install_what_is_installed_here(origin, requirement, tmp_path, hub, bucket, connect, monkeypatch):  # noqa: F811
    installed = tmp_path / "site" / "generate_any_scene-0.0.7.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: generate-any-scene\nVersion: 0.0.7\n")
    if origin:
        (installed / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(str(installed.parent))
    monkeypatch.setattr(job_site, "__version__", "0.0.7")
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    if requirement is None:
        with pytest.raises(GasError, match="comes from a folder of this machine; .* with --image"):
            open_site(JobOptions(), OUT, [], True)
        return
    site = open_site(JobOptions(), OUT, [], True)
    assert site.image == "ghcr.io/astral-sh/uv:python3.12-bookworm"
    assert site.prefix == ("uv", "run", "--with", requirement, "--with", f"pyarrow=={pyarrow.__version__}")
    assert (site.cores, site.machine) == (8, "8 vCPU, 32 GB")


def test_files_are_cut_into_runs_of_almost_as_many():
    assert split_evenly(range(7), 3) == [[0, 1], [2, 3], [4, 5, 6]]
    assert split_evenly(range(2), 3) == [[0], [1]]
    assert [choose_jobs(files, 8) for files in (0, 300, 1000, 10**6)] == [1, 1, 3, 64]
