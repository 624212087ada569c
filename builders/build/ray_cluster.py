"""Writes the files of a build with Ray, on this machine or on many that share no disk.

Into a store (`s3://...`) each worker writes its files itself. On a disk, which may be that of one machine only, they
come to the process that started the build, which writes them. A worker or a machine that is lost costs what it was
making: Ray gives that to another.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import GasError
from ..folder.build_folder import Folder
from ..folder.files import is_local, open_part
from ..rows.filtering import Verdict
from .candidates import JudgeAhead, Run, find_verdict, judge_ahead, write_verdict
from .recipe_bundle import RecipeBundle, open_filter, open_writer
from .shards import Report, Shard, Written, encode_shard, find_written, make_shard, write_record
from .versions import VERSIONS, check_versions

TRIES = 10
"""How often a file may be begun again because a worker or its machine was lost."""
HERE = "a machine of the cluster"


def make_on_cluster(
    recipes: dict[str, RecipeBundle],
    shards: Sequence[Shard],
    folder: Folder,
    workers: int | None,
    address: str | None,
    report: Report,
) -> dict[Shard, Written]:
    """Makes files that are not there yet as tasks of Ray.

    Args:
        recipes: By config.
        shards: The files.
        folder: Where they belong.
        workers: How many are made at once; None for one on each CPU of the cluster.
        address: Of a running cluster, as `ray.init` takes it. None for the one that this process has joined, or that
            `RAY_ADDRESS` names; if there is neither, one is started on this machine.
        report: Called with the rows of each file that is finished.

    Raises:
        GasError: Ray is not installed or cannot be reached, machines have other versions, or a file cannot be made.
            Files that were finished stay.
    """
    ray = import_ray()
    with join_cluster(ray, address), explain_losses(ray, "a file"):
        task = ray.remote(num_cpus=1, max_retries=TRIES)(_encode_shard if is_local(folder.out) else _make_shard)
        shared = {name: ray.put(recipe) for name, recipe in recipes.items()}
        written: dict[Shard, Written] = {}
        running: dict[Any, Shard] = {}
        waiting = iter(shards)
        try:
            while True:
                # A few more than there are CPUs, so that none waits. Not all: there may be very many.
                most = workers or 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
                while len(running) < most and (shard := next(waiting, None)) is not None:
                    found = _find_here(shard, recipes, folder)
                    if found:
                        written[shard] = found
                        report(len(shard))
                    else:
                        running[task.remote(shared[shard.config], shard, folder, VERSIONS)] = shard
                if not running:
                    return written
                for reference in ray.wait(list(running))[0]:
                    shard = running.pop(reference)
                    result = ray.get(reference)
                    written[shard] = result if isinstance(result, Written) else _place(shard, recipes, folder, *result)
                    report(len(shard))
        except BaseException:
            for reference in running:
                ray.cancel(reference, force=True)
            raise


@contextmanager
def judge_on_cluster(
    recipes: dict[str, RecipeBundle], folder: Folder, workers: int | None, address: str | None
) -> Iterator[JudgeAhead]:
    """Gives what judges runs of candidates as tasks of Ray; this process records what they say.

    Args:
        recipes: By config.
        folder: Where it is recorded.
        workers: How many are judged at once; None for one on each CPU of the cluster.
        address: As of `make_on_cluster`.

    Raises:
        GasError: As of `make_on_cluster`. What was judged stays.
    """
    ray = import_ray()
    with join_cluster(ray, address), explain_losses(ray, "scores"):
        task = ray.remote(num_cpus=1, max_retries=TRIES)(_judge_run)
        shared = {name: ray.put(recipe) for name, recipe in recipes.items()}
        most = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        running = set[Any]()

        def find(run: Run) -> Verdict | None:
            return find_verdict(run, recipes[run.config].fingerprint, folder)

        def start(run: Run) -> Any:
            running.add(reference := task.remote(shared[run.config], run, VERSIONS))
            return reference

        def finish(run: Run, reference: Any) -> Verdict:
            verdict: Verdict = ray.get(reference)
            running.discard(reference)
            write_verdict(run, recipes[run.config].fingerprint, verdict, folder)
            return verdict

        try:
            yield lambda runs: judge_ahead(runs, most, find, start, finish)
        finally:
            for reference in running:
                ray.cancel(reference, force=True)


def _judge_run(recipe: RecipeBundle, run: Run, versions: dict[str, str]) -> Verdict:
    """A task: judges a run of candidates."""
    check_versions(versions, HERE)
    return open_filter(recipe).judge(run.split, run.first, run.last)


def import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise GasError("the engine ray needs Ray: pip install 'generate-any-scene[ray]'", exit_status=1) from error
    return ray


@contextmanager
def join_cluster(ray: Any, address: str | None) -> Iterator[None]:
    """Uses the cluster that this process belongs to, or joins or starts one until the work ends."""
    if ray.is_initialized():
        if address:
            raise GasError(
                "this process has joined a cluster already; leave the address out, or call ray.shutdown() before"
            )
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # of a cluster that starts here: nobody is called
    try:
        if address:
            _reach(address)
        ray.init(address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise GasError(f"address {address}: there is no cluster to join: {first}", exit_status=1) from error
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Fails if nothing listens there: Ray would try for seven minutes, and end the process."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


@contextmanager
def explain_losses(ray: Any, what: str) -> Iterator[None]:
    """Gives errors of our own as they were raised, and what Ray gave up on as one message."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        first = str(error).strip().partition("\n")[0]
        raise GasError(
            f"the cluster gave up on {what} after {TRIES} tries: {first}; the same command goes on where it was",
            exit_status=1,
        ) from error


def _find_here(shard: Shard, recipes: dict[str, RecipeBundle], folder: Folder) -> Written | None:
    """What a build before this one finished on this disk; workers look into stores themselves."""
    return find_written(shard, recipes[shard.config].fingerprint, folder) if is_local(folder.out) else None


def _make_shard(recipe: RecipeBundle, shard: Shard, folder: Folder, versions: dict[str, str]) -> Written:
    """A task: looks for a file in a store, or makes it there."""
    check_versions(versions, HERE)
    return make_shard(lambda: open_writer(recipe), shard, recipe.fingerprint, folder, lambda rows: None)


def _encode_shard(
    recipe: RecipeBundle, shard: Shard, folder: Folder, versions: dict[str, str]
) -> tuple[Written, bytes]:
    """A task: makes a file, which Ray carries to the disk where it belongs."""
    check_versions(versions, HERE)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "shard.parquet")
        return encode_shard(open_writer(recipe), shard, path, lambda rows: None), path.read_bytes()


def _place(shard: Shard, recipes: dict[str, RecipeBundle], folder: Folder, written: Written, data: bytes) -> Written:
    with open_part(folder.files / shard.path) as part:
        part.write_bytes(data)
    write_record(shard, recipes[shard.config].fingerprint, written, folder)
    return written
