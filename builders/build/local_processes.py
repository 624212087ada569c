"""Writes the files of a build in several processes of this machine, and judges candidates for them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any

from ...errors import GasError
from ..folder.build_folder import Folder
from ..rows.filtering import Verdict
from .candidates import JudgeAhead, Run, find_verdict, judge_ahead, judge_run
from .recipe_bundle import RecipeBundle, open_filter, open_writer
from .shards import Report, Shard, Written, make_shard


def make_in_processes(
    make: Callable[[Shard, Report], Written],
    recipes: dict[str, RecipeBundle],
    shards: Sequence[Shard],
    folder: Folder,
    workers: int,
    report: Report,
) -> dict[Shard, Written]:
    """Makes files that are not there yet in so many processes, of which this one is the first.

    Each takes the next file when it is done with one; what the others have made is told when all are done.

    Args:
        make: Makes a file in this process.
        recipes: What the other processes make files from, by config.
        shards: The files.
        folder: Where they are written.
        workers: Processes, at least two.
        report: Called with the number of rows that were just finished.

    Raises:
        GasError: A process was ended, or a file cannot be made. Those that were finished stay.
    """
    context = multiprocessing.get_context("spawn")
    taken, finished, told = context.Value("q", 0), context.Value("q", 0), 0
    with _open_pool(workers - 1, recipes, taken, finished) as pool:
        with _hold_interrupts():
            futures = [pool.submit(_make_in_worker, shards, folder) for _ in range(workers - 1)]

        @_delay_interrupts()
        def look_around(rows: int) -> None:
            """Reports what was finished, here and elsewhere, and raises what came up elsewhere."""
            nonlocal told
            now = finished.value
            report(rows + now - told)
            told = now
            for future in futures:
                if future.done():
                    future.result()

        written = {shard: make(shard, look_around) for shard in _take_shards(shards, taken)}
        waiting = set(futures)
        while waiting:
            with _delay_interrupts():
                waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED).not_done
            look_around(0)
    for future in futures:
        written |= future.result()
    return written


@contextmanager
def judge_in_processes(recipes: dict[str, RecipeBundle], folder: Folder, workers: int) -> Iterator[JudgeAhead]:
    """Gives what judges runs of candidates in so many other processes.

    Args:
        recipes: By config.
        folder: Where is recorded what they say.
        workers: Processes.

    Raises:
        GasError: A process was ended, or a run cannot be judged. What was judged stays.
    """
    with _open_pool(workers, recipes) as pool:

        def find(run: Run) -> Verdict | None:
            return find_verdict(run, recipes[run.config].fingerprint, folder)

        def start(run: Run) -> Future[Verdict]:
            with _hold_interrupts():
                return pool.submit(_judge_in_worker, run, folder)

        yield lambda runs: judge_ahead(runs, workers, find, start, _await_verdict)
        _end_processes(pool)  # which may be at runs that nobody waits for


def _await_verdict(run: Run, future: Future[Verdict]) -> Verdict:
    while not future.done():
        with _delay_interrupts():
            wait([future], timeout=0.2)
    return future.result()


@contextmanager
def _open_pool(workers: int, *shared: Any) -> Iterator[ProcessPoolExecutor]:
    """Gives processes that have what is shared, and ends them where something goes wrong."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=shared) as pool:
        try:
            yield pool
        except BaseException as error:
            _end_processes(pool)
            if isinstance(error, BrokenProcessPool):
                raise GasError(
                    "one of the processes was ended, perhaps for want of memory; the same command goes on where it "
                    "was, with less memory if --workers is lower",
                    exit_status=1,
                ) from error
            raise


def _end_processes(pool: ProcessPoolExecutor) -> None:
    processes = list(pool._processes.values())  # which shutdown forgets
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()  # or it may still write while its folder is removed


def _take_shards(shards: Sequence[Shard], taken: Any) -> Iterator[Shard]:
    """Takes files until all are taken; `taken` is how many, shared by all processes."""
    while True:
        with taken.get_lock():
            place = taken.value
            taken.value += 1
        if place >= len(shards):
            return
        yield shards[place]


@contextmanager
def _hold_interrupts() -> Iterator[None]:
    """Processes that start here never see Ctrl-C, not even while they import; we see it when they have started."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _delay_interrupts() -> Iterator[None]:
    """Ctrl-C comes at the end: in the middle of a look at the pool, a lock of it could stay closed for ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted.is_set():
        raise KeyboardInterrupt


_worker: dict[str, Any] = {}


def _start_worker(recipes: dict[str, RecipeBundle], taken: Any = None, finished: Any = None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the workers
    threading.Thread(target=_end_with_main, daemon=True).start()
    _worker.update(recipes=recipes, taken=taken, finished=finished)


def _end_with_main() -> None:
    """Ends this process when the main one was killed: it would wait for work, or write beside the next build."""
    main = multiprocessing.parent_process()
    if main:
        main.join()
        os._exit(1)


def _make_in_worker(shards: Sequence[Shard], folder: Folder) -> dict[Shard, Written]:
    def report(rows: int) -> None:
        with _worker["finished"].get_lock():
            _worker["finished"].value += rows

    written = {}
    for shard in _take_shards(shards, _worker["taken"]):
        recipe = _worker["recipes"][shard.config]
        written[shard] = make_shard(partial(open_writer, recipe), shard, recipe.fingerprint, folder, report)
    return written


def _judge_in_worker(run: Run, folder: Folder) -> Verdict:
    recipe = _worker["recipes"][run.config]
    return judge_run(partial(open_filter, recipe), run, recipe.fingerprint, folder)
