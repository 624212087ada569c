"""Writes the files of a build in several processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from ..errors import GasError
from .folder import Folder
from .packing import PackedRecipe, open_writer
from .shards import Report, Shard, Written, make_shard


def make_in_processes(
    recipes: dict[str, PackedRecipe], shards: Sequence[Shard], folder: Folder, workers: int, report: Report
) -> dict[Shard, Written]:
    """Makes files that are not there yet, each in one of so many processes; what they are is told when all are done.

    Raises:
        GasError: A process was ended, or a file cannot be made. Those that were finished stay.
    """
    context = multiprocessing.get_context("spawn")
    finished, told = context.Value("q", 0), 0
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(recipes, finished)) as pool:
        try:
            with _hold_interrupts():
                futures = {pool.submit(_make_in_worker, shard, folder): shard for shard in shards}
            waiting: set[Future[Written]] = set(futures)
            with _note_interrupts() as interrupted:
                while waiting:
                    done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                    if interrupted.is_set():
                        raise KeyboardInterrupt
                    now = finished.value
                    report(now - told)
                    told = now
                    for future in done:
                        future.result()
        except BaseException as error:
            processes = list(pool._processes.values())  # which shutdown forgets
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()  # or it may still write while its folder is removed
            if isinstance(error, BrokenProcessPool):
                raise GasError(
                    "one of the processes was ended, perhaps for want of memory; the same command goes on where it "
                    "was, with less memory if --workers is lower",
                    exit_status=1,
                ) from error
            raise
    return {shard: future.result() for future, shard in futures.items()}


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
def _note_interrupts() -> Iterator[threading.Event]:
    """Ctrl-C is looked for between waits: in the middle of one, a lock of the pool could stay closed for ever."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


_worker: dict[str, Any] = {}


def _start_worker(recipes: dict[str, PackedRecipe], finished: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the workers
    threading.Thread(target=_end_with_main, daemon=True).start()
    _worker.update(recipes=recipes, finished=finished)


def _end_with_main() -> None:
    """Ends this process when the main one was killed: it would wait for work, or write beside the next build."""
    main = multiprocessing.parent_process()
    if main:
        main.join()
        os._exit(1)


def _make_in_worker(shard: Shard, folder: Folder) -> Written:
    def report(rows: int) -> None:
        with _worker["finished"].get_lock():
            _worker["finished"].value += rows

    recipe = _worker["recipes"][shard.config]
    return make_shard(lambda: open_writer(recipe), shard, recipe.fingerprint, folder, report)
