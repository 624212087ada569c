"""Builds dataset folders: recipes in; Parquet, card and manifest out.

The bytes depend neither on the processes nor on how often a build was stopped: the same command goes on where it was.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import GasError
from .card import write_card
from .fingerprint import DATA_VERSION, compute_fingerprint
from .folder import explain_disk, open_folder, read_manifest, write_manifest, write_text
from .own_files import read_own_files, refuse_collisions
from .recipe_files import LoadedRecipe, dump_recipe
from .rows import RowWriter, create_writer
from .scenes import BLOCK
from .shards import SHARD_BLOCKS, Report, Shard, Written, find_written, list_shards, remove_others, write_shard
from .structures import StructureTable
from .tallies import Tallies, add_tallies, measure_guesses


def choose_workers(rows: int) -> int:
    """As many processes as pay for their start, at most one a core."""
    return max(1, min(os.cpu_count() or 1, rows // (2 * SHARD_BLOCKS * BLOCK)))


def build_datasets(
    recipes: Sequence[LoadedRecipe], out: Path, workers: int = 1, report: Report = lambda rows: None
) -> dict[str, Any]:
    """Builds recipes into one folder, beside the configs that are there already.

    Args:
        recipes: What to build. All are checked before anything is written.
        out: The folder. What a build of the same recipes finished there before it was stopped is kept.
        workers: Processes. The bytes do not depend on it.
        report: Called with the number of rows that were just finished, or were found finished.

    Returns:
        The manifest of the folder.

    Raises:
        GasError: A recipe or the folder cannot be used. Files that were finished are kept for the next try.
    """
    names = [loaded.recipe.name for loaded in recipes]
    if twice := {name for name in names if names.count(name) > 1}:
        raise GasError(f"two recipes are named {', '.join(sorted(twice))}; each config needs a name of its own")
    writers = {loaded.recipe.name: create_writer(loaded) for loaded in recipes}
    shards = {
        name: [
            shard
            for split, wanted in writer.plan.recipe.splits.items()
            for shard in list_shards(name, split, wanted.size)
        ]
        for name, writer in writers.items()
    }
    fingerprints = {name: compute_fingerprint(writer) for name, writer in writers.items()}
    own_files = {loaded.recipe.name: read_own_files(loaded, writers[loaded.recipe.name]) for loaded in recipes}
    with open_folder(out) as work, explain_disk(out):
        manifest = read_manifest(out)
        refuse_collisions(own_files, out, manifest)
        written = _find_all(writers, shards, fingerprints, work, out)
        report(sum(map(len, written)))
        left = [shard for one in shards.values() for shard in one if shard not in written]
        if workers == 1 or len(left) <= 1:
            for shard in left:
                name = shard.config
                written[shard] = write_shard(writers[name], shard, fingerprints[name], work, report)
        else:
            written |= _write_parallel(recipes, fingerprints, left, work, min(workers, len(left)), report)
        entries = {
            name: {
                **_describe(writers[name], fingerprints[name], {shard: written[shard] for shard in shards[name]}),
                "own_files": sorted(own_files[name]),
            }
            for name in names
        }
        # From here to the end each step may be the last before a kill: what it did need not be undone to do it again.
        write_manifest(
            out,
            {**manifest, "configs": {name: entry for name, entry in manifest["configs"].items() if name not in names}},
        )
        for loaded in recipes:
            name = loaded.recipe.name
            _move_shards(shards[name], work, out)
            write_text(out / "recipes" / f"{name}.yaml", dump_recipe(loaded.recipe))
            for path, text in own_files[name].items():
                write_text(out / "recipes" / path, text)
        manifest["configs"].update(entries)
        write_card(out, manifest)
        write_manifest(out, manifest)
    return manifest


def _find_all(
    writers: dict[str, RowWriter],
    shards: dict[str, list[Shard]],
    fingerprints: dict[str, str],
    work: Path,
    out: Path,
) -> dict[Shard, Written]:
    """What the same build finished before it was stopped; all else is removed from the work folder."""
    found = {
        shard: find_written(writers[name], shard, fingerprints[name], work, out)
        for name, one in shards.items()
        for shard in one
    }
    written = {shard: file for shard, file in found.items() if file}
    remove_others(work, written)
    return written


def _move_shards(shards: Sequence[Shard], work: Path, out: Path) -> None:
    """Puts the files of a config into their place, where some may be already, and removes what else is there."""
    moved = [shard.path for shard in shards if (work / shard.path).exists()]
    kept = {out / shard.path for shard in shards if shard.path not in moved}
    folder = out / shards[0].config
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path not in kept:
            path.unlink()
    for name in moved:
        os.replace(work / name, out / name)


def _describe(writer: RowWriter, fingerprint: str, shards: dict[Shard, Written]) -> dict[str, Any]:
    """What the manifest says of one config."""
    table, recipe = writer.plan.structures.table, writer.plan.recipe
    splits: dict[str, Any] = {}
    for name in dict.fromkeys(shard.split for shard in shards):
        files = {shard: written for shard, written in shards.items() if shard.split == name}
        tallies = Tallies()
        for written in files.values():
            add_tallies(tallies, written.tallies)
        splits[name] = {
            "rows": sum(map(len, files)),
            "files": [
                {"path": shard.path, "rows": len(shard), "bytes": written.bytes, "sha256": written.sha256}
                for shard, written in files.items()
            ],
            "structures": _count_structures(table, np.any([file.structures for file in files.values()], axis=0)),
            "questions": measure_guesses(tallies),
        }
    return {
        "version": recipe.version,
        "fingerprint": fingerprint,
        "engine": {"version": __version__, "data_version": DATA_VERSION},
        "taxonomy": writer.plan.taxonomy.version,
        "recipe": f"recipes/{recipe.name}.yaml",
        "splits": splits,
    }


def _count_structures(table: StructureTable, seen: np.ndarray) -> dict[str, list[int]]:
    """For each complexity, how many of the possible structures occur, and how many are possible."""
    possible = np.bincount(table.complexity)
    occurring = np.bincount(table.complexity[seen], minlength=len(possible))
    return {
        str(complexity): [int(occurring[complexity]), int(possible[complexity])]
        for complexity in np.flatnonzero(possible)
    }


def _write_parallel(
    recipes: Sequence[LoadedRecipe],
    fingerprints: dict[str, str],
    shards: list[Shard],
    work: Path,
    workers: int,
    report: Report,
) -> dict[Shard, Written]:
    by_name = {loaded.recipe.name: loaded for loaded in recipes}
    context = multiprocessing.get_context("spawn")
    finished, told = context.Value("q", 0), 0
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(by_name, finished)) as pool:
        try:
            with _hold_interrupts():
                futures = {
                    pool.submit(_write_in_worker, shard, fingerprints[shard.config], work): shard for shard in shards
                }
            waiting: set[Future[Written]] = set(futures)
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
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


_worker: dict[str, Any] = {}


def _start_worker(recipes: dict[str, LoadedRecipe], finished: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the workers
    threading.Thread(target=_end_with_main, daemon=True).start()
    _worker.update(recipes=recipes, finished=finished)


def _end_with_main() -> None:
    """Ends this process when the main one was killed: it would wait for work, or write beside the next build."""
    main = multiprocessing.parent_process()
    if main:
        main.join()
        os._exit(1)


@lru_cache(maxsize=2)
def _open_writer(name: str) -> RowWriter:
    return create_writer(_worker["recipes"][name])


def _write_in_worker(shard: Shard, fingerprint: str, work: Path) -> Written:
    def report(rows: int) -> None:
        with _worker["finished"].get_lock():
            _worker["finished"].value += rows

    return write_shard(_open_writer(shard.config), shard, fingerprint, work, report)
