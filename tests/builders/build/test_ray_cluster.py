"""Builds on a Ray cluster of several nodes, which lose workers and nodes: the same files as one process makes."""

import os
import signal
import subprocess
import sys
import time

import pytest
import ray
from generate_any_scene.builders.build import ray_cluster
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.build_folder import WORK
from generate_any_scene.builders.folder.files import find_place
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
from ray.cluster_utils import Cluster
from stopping import StoppedError, hash_files, stop_at

pytestmark = pytest.mark.usefixtures("small_files")
PLAIN = ("questions=[]", "structure.complexity=[1,3]", "structure.objects=[1,3]", "content.scene_attributes.count=0")
SIZES = f"splits={{train: {6 * BLOCK + 9}, validation: 20, test: {BLOCK}}}"
ROWS = 7 * BLOCK + 29
NODE = {"num_cpus": 1, "object_store_memory": 10**8}


def load(*overrides, name="multi_object"):
    return load_recipe(name, (SIZES, *PLAIN, *overrides))


def build(out, recipe=None, report=lambda rows: None, workers=None):
    return build_datasets([recipe or load()], out, workers, report, engine="ray")


@pytest.fixture(scope="module")
def cluster(s3_server):
    """A head that does not work and two nodes that do, which this process has joined."""
    nodes = Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 0})
    for _ in range(2):
        nodes.add_node(**NODE)
    ray.init(nodes.address, log_to_driver=False, logging_level="ERROR")
    yield nodes
    ray.shutdown()
    nodes.shutdown()


@pytest.fixture(scope="module")
def by_one_process(small_files, tmp_path_factory):
    """What `load()` builds."""
    out = tmp_path_factory.mktemp("one") / "gas"
    build_datasets([load()], out)
    return hash_files(out)


@pytest.mark.slow
def test_a_cluster_makes_the_files_of_one_process(cluster, by_one_process, tmp_path, bucket):
    for out in (tmp_path / "gas", find_place(f"{bucket}/gas")):
        reported = []
        build(out, report=reported.append)
        assert sum(reported) == ROWS
        assert hash_files(out) == by_one_process


@pytest.mark.slow
@pytest.mark.parametrize("place", ["disk", "store"])
def test_a_node_that_is_lost_costs_nothing_but_time(place, cluster, by_one_process, tmp_path, bucket):
    out = tmp_path / "gas" if place == "disk" else find_place(f"{bucket}/gas")
    lose = once(lambda: cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False))
    build(out, report=lose)
    assert lose.done
    assert hash_files(out) == by_one_process
    cluster.add_node(**NODE)


def once(action):
    """Something that is done when the first rows are finished, and then no more."""

    def report(rows):
        if rows and not report.done:
            report.done = True
            action()

    report.done = False
    return report


def list_workers():
    """The processes of this machine in which Ray runs tasks."""
    found = []
    for line in subprocess.run(
        ["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        number, _, name = line.strip().partition(" ")
        if name.startswith(("ray::IDLE", "ray::_")):  # others belong to the node
            found.append(int(number))
    return found


@pytest.mark.slow
def test_workers_that_are_killed_cost_nothing_but_time(cluster, by_one_process, tmp_path):
    def kill():
        for worker in list_workers():
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)

    killed = []
    build(tmp_path / "gas", report=once(kill))
    assert killed
    assert hash_files(tmp_path / "gas") == by_one_process


@pytest.mark.slow
def test_a_build_that_was_stopped_goes_on_with_any_engine(cluster, by_one_process, tmp_path, bucket):
    for out in (tmp_path / "gas", find_place(f"{bucket}/gas")):
        with pytest.raises(StoppedError):
            build(out, report=stop_at(2 * BLOCK))
        finished = list(out.rglob("*.parquet.json"))
        assert len(finished) >= 2
        build_datasets([load()], out)
        assert hash_files(out) == by_one_process
        assert not (out / WORK).exists()


@pytest.mark.slow
def test_nodes_need_not_see_the_recipe(cluster, write_recipe, tmp_path):
    """Its template is gone when they begin."""
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    template = path.with_name("mine.jinja")
    template.write_text("{% include 'own.jinja' %}")
    template.with_name("own.jinja").write_text("{{ scene.objects[0].name }}!")
    build_datasets([load_recipe(path)], tmp_path / "one")
    recipe = load_recipe(path, (f"splits.train={2 * BLOCK}",))
    build_datasets([recipe], tmp_path / "one")

    def remove():
        for name in ("mine.jinja", "own.jinja"):
            template.with_name(name).write_text("{{ scene.objects[0].nothing }}")

    build(tmp_path / "two", recipe, report=once(remove), workers=1)
    assert hash_files(tmp_path / "two") == hash_files(tmp_path / "one")


@pytest.mark.slow
def test_a_task_that_fails_is_the_error_that_one_process_gives(cluster, write_recipe, tmp_path):
    path = write_recipe("captions: mine.jinja\nstructure: {complexity: 3}\nquestions: []")
    path.with_name("mine.jinja").write_text("{{ scene.nothing }}")
    with pytest.raises(GasError) as one:
        build_datasets([load_recipe(path)], tmp_path / "one")
    with pytest.raises(GasError) as two:
        build(tmp_path / "two", load_recipe(path))
    assert "mine.jinja:1" in str(two.value)
    assert str(two.value).partition("mine.jinja")[2] == str(one.value).partition("mine.jinja")[2]
    assert not (tmp_path / "two").exists()


@pytest.mark.slow
def test_nodes_with_other_versions_are_refused(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_cluster, "VERSIONS", {**ray_cluster.VERSIONS, "pyarrow": "1.0"})
    with pytest.raises(GasError, match=r"where the build was started there is .* pyarrow 1\.0; install the same"):
        build(tmp_path / "gas")


@pytest.mark.slow
def test_clusters_that_cannot_be_joined(cluster, tmp_path):
    with pytest.raises(GasError, match="has joined a cluster already"):
        build_datasets([load()], tmp_path / "gas", None, engine="ray", address="auto")
    code = f"""
from pathlib import Path
from generate_any_scene.builders.build.build import build_datasets
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.errors import GasError
import sys
for address in ("127.0.0.1:1", "ray://127.0.0.1:1", "nonsense"):
    try:
        build_datasets([load_recipe("multi_object", {PLAIN})], Path("gas"), None, engine="ray", address=address)
    except GasError as error:
        print(error)
sys.modules["ray"] = None
try:
    build_datasets([load_recipe("multi_object", {PLAIN})], Path("gas"), None, engine="ray")
except GasError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    lines = run.stdout.splitlines()
    assert len(lines) == 4, run.stderr
    assert "address 127.0.0.1:1: there is no cluster to join" in lines[0]
    assert "ray://127.0.0.1:1: there is no cluster" in lines[1]
    assert "address nonsense: there is no cluster to join" in lines[2]
    assert "pip install 'generate-any-scene[ray]'" in lines[3]


@pytest.mark.slow
def test_the_command_joins_a_cluster_and_ctrl_c_keeps_what_is_done(cluster, by_one_process, tmp_path):
    gas = [
        sys.executable,
        "-c",
        "from generate_any_scene.builders.build import shards; shards.SHARD_BLOCKS = 1; "
        "from generate_any_scene import cli; cli.main()",
        "build",
        "multi_object",
        "--out",
        "gas",
    ]
    gas += ["--engine", "ray", "--address", cluster.address, "--set", SIZES]
    gas += [part for override in PLAIN for part in ("--set", override)]
    process = subprocess.Popen(gas, cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(tmp_path.rglob("*.parquet.json")):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "gas: stopped; the same command goes on where it was\n")
    assert list(tmp_path.rglob("*.parquet.json"))
    subprocess.run(gas, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert hash_files(tmp_path / "gas") == by_one_process
