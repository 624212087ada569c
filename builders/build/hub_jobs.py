"""Writes the files of a build with Hugging Face Jobs: each job makes a run of files and puts them into a bucket.

This process starts jobs, looks now and then which files are there, and gives to other jobs what a job that failed or
was lost did not finish. If it is killed, jobs go on; the same command finds them, and waits for them.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from ...errors import GasError
from ..folder.build_folder import Folder
from ..folder.files import ORDER, RECORD, AnyPath
from ..foundation.hub_requests import explain_hub
from .job_orders import Order, read_failure, read_order, write_order
from .job_site import BUILD, JobSite
from .recipe_bundle import RecipeBundle
from .shards import Report, Shard, Written, read_record
from .versions import VERSIONS

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

T = TypeVar("T")
TRIES = 3
"""How many jobs may fail at a file before it is given up."""
POLL, GRACE = 10.0, 300.0
"""Seconds between looks at jobs, and beyond its timeout after which one that is said to run counts as lost."""
FILES_A_CORE, MOST_JOBS = 32, 64
"""Files that are worth a job's start for each of its processors, some minutes of work; and jobs at once."""
READERS = 8
"""Records that are read at once."""
ENDED = frozenset({"COMPLETED", "CANCELED", "ERROR", "DELETED"})
LABEL = "gas-order"


def choose_jobs(files: int, cores: int) -> int:
    """How many jobs pay for so many files."""
    return max(1, min(MOST_JOBS, files // (FILES_A_CORE * cores)))


def split_evenly(files: Sequence[T], parts: int) -> list[list[T]]:
    """Cuts files into so many runs, or fewer, of almost as many files each."""
    ends = [len(files) * part // parts for part in range(parts + 1)]
    return [list(files[first:last]) for first, last in pairwise(ends) if first < last]


@dataclass
class _Running:
    """A job that is at work."""

    order: Order
    path: AnyPath
    url: str
    since: float | None = None


@dataclass
class _Build:
    """What is known of a build's files and jobs."""

    recipes: dict[str, RecipeBundle]
    folder: Folder
    site: JobSite
    report: Report
    written: dict[Shard, Written] = field(default_factory=dict)
    running: dict[str, _Running] = field(default_factory=dict)

    def look(self, shards: Sequence[Shard]) -> None:
        """Finds which of some files are there: those with a record, and of the size that it says.

        Their SHA-256 is what the job wrote down; a build need not download what it has others make.
        """
        fs, out = self.folder.out.fs, self.folder.out.path.rstrip("/")  # type: ignore[union-attr]
        fs.invalidate_cache()
        found = fs.find(out, detail=True)
        sizes = {path.removeprefix(f"{out}/"): info["size"] for path, info in found.items()}
        work = self.folder.work.name
        new = [one for one in shards if one not in self.written and f"{work}/{one.path}{RECORD}" in sizes]

        def read(shard: Shard) -> Written | None:
            written = read_record(shard, self.recipes[shard.config].fingerprint, self.folder)
            return written if written and sizes.get(shard.path) == written.file.bytes else None

        with ThreadPoolExecutor(READERS) as pool:
            for shard, written in zip(new, pool.map(read, new), strict=True):
                if written:
                    self.written[shard] = written
                    self.report(len(shard))

    def list_missing(self, shards: Sequence[Shard]) -> list[Shard]:
        """Files that are not there."""
        return [shard for shard in shards if shard not in self.written]


def make_on_jobs(
    recipes: dict[str, RecipeBundle],
    shards: Sequence[Shard],
    folder: Folder,
    jobs: int | None,
    site: JobSite,
    report: Report,
    tell: Callable[[str], None],
) -> dict[Shard, Written]:
    """Makes files that are not there yet in jobs.

    Args:
        recipes: By config.
        shards: The files.
        folder: Where they belong, in a bucket.
        jobs: How many run at once; None for as many as pay.
        site: Where they run.
        report: Called with the rows of each file that is finished.
        tell: Called with a line about each job.

    Raises:
        GasError: A file cannot be made, jobs fail again and again, or the Hub cannot be reached. Jobs that still ran
            are cancelled; files that were finished stay.
    """
    build = _Build(recipes, folder, site, report)
    labels = {BUILD: hashlib.sha256(str(folder.out).encode()).hexdigest()[:32]}
    with explain_hub("Hugging Face Jobs"):
        build.look(shards)
        _adopt_jobs(build, shards, labels, tell)
        held = {shard for running in build.running.values() for shard in running.order.shards}
        left = [shard for shard in build.list_missing(shards) if shard not in held]
        most = jobs or choose_jobs(len(left), site.cores)
        waiting, failures = deque(split_evenly(left, most)), Counter[Shard]()
        try:
            while waiting or build.running:
                while waiting and len(build.running) < most:
                    _start_job(build, waiting.popleft(), labels, tell)
                time.sleep(POLL)
                ended = _find_ended(build, labels)
                build.look(shards)
                for job, why in ended.items():
                    waiting.extend(_settle(build, build.running.pop(job), why, failures, tell))
        except BaseException:
            _cancel_jobs(build, labels)
            raise
    return {shard: build.written[shard] for shard in shards}


def _adopt_jobs(build: _Build, shards: Sequence[Shard], labels: dict[str, str], tell: Callable[[str], None]) -> None:
    """Takes over jobs of a build of the same files that was killed, and cancels those that make others."""
    for job in build.site.list_jobs(labels):
        if job.status.stage in ENDED:
            continue
        path = build.folder.work / f"{(job.labels or {}).get(LABEL)}{ORDER}"
        order = read_order(path)
        wanted = order is not None and order.versions == VERSIONS and set(order.shards) <= set(shards)
        if order and wanted and all(recipe == build.recipes[recipe.name] for recipe in order.recipes):
            build.running[job.id] = _Running(order, path, job.url)
            tell(f"waiting for {job.url}, which a build before this one started")
        else:
            build.site.cancel([job.id])
            tell(f"cancelled {job.url}, which a build of other files started")


def _start_job(build: _Build, shards: list[Shard], labels: dict[str, str], tell: Callable[[str], None]) -> None:
    configs = dict.fromkeys(shard.config for shard in shards)
    order = Order(
        out=str(build.folder.out),
        workers=build.site.cores,
        versions=VERSIONS,
        recipes=[build.recipes[name] for name in configs],
        shards=shards,
    )
    path = write_order(order, build.folder)
    job = build.site.start(str(path), {**labels, LABEL: order.name})
    build.running[job.id] = _Running(order, path, job.url)
    tell(f"started {job.url} for {len(shards):,} file{'s' if len(shards) > 1 else ''}")


def _cancel_jobs(build: _Build, labels: dict[str, str]) -> None:
    """Ends all jobs of this build, one that was just asked for, too."""
    jobs = set(build.running)
    with suppress(Exception):  # the first error says more
        jobs |= {job.id for job in build.site.list_jobs(labels) if job.status.stage not in ENDED}
    build.site.cancel(jobs)


def _find_ended(build: _Build, labels: dict[str, str]) -> dict[str, str | None]:
    """The jobs that are at work no more, and why; None where all went well."""
    known: dict[str, JobInfo] = {job.id: job for job in build.site.list_jobs(labels)}
    ended = dict[str, str | None]()
    for name, running in build.running.items():
        job = known.get(name) or build.site.look_up(name)
        if job is None:
            ended[name] = "it was lost: the Hub knows it no more"
        elif job.status.stage in ENDED:
            said = " ".join((job.status.message or "").split())
            ended[name] = None if job.status.stage == "COMPLETED" else f"{job.status.stage}{said and f': {said}'}"
        elif job.status.stage == "RUNNING":
            running.since = running.since or time.monotonic()
            if time.monotonic() - running.since > build.site.options.seconds + GRACE:
                build.site.cancel([name])
                ended[name] = f"it is said to run long after its timeout of {build.site.options.timeout}"
    return ended


def _settle(
    build: _Build, ended: _Running, why: str | None, failures: Counter[Shard], tell: Callable[[str], None]
) -> list[list[Shard]]:
    """What other jobs are to make of the files of one that ended.

    Raises:
        GasError: Another try would fail in the same way, or there were enough of them.
    """
    missing = build.list_missing(ended.order.shards)
    if not missing:
        return []
    if failure := read_failure(ended.path):
        raise GasError(failure.message, exit_status=failure.exit_status)
    why = why or "COMPLETED, without all of its files"
    failures.update(missing)
    if max(failures[shard] for shard in missing) >= TRIES:
        raise GasError(
            f"{TRIES} jobs failed at {missing[0].path}, the last of them {ended.url}: {why}; its log (`hf jobs logs`) "
            "may say more. The same command goes on where it was; a longer --timeout or another --flavor may help",
            exit_status=1,
        )
    tell(f"{ended.url} failed: {why}; another job makes what is left, {len(missing):,} of its files")
    return [missing]
