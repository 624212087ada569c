"""Builds dataset folders: recipes in; Parquet, card and manifest out. The bytes do not depend on the processes."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ..errors import GasError
from .card import write_card
from .fingerprint import DATA_VERSION, compute_fingerprint
from .folder import explain_disk, hash_file, open_folder, read_manifest, write_manifest, write_text
from .own_files import read_own_files, refuse_collisions
from .recipe_files import LoadedRecipe, dump_recipe
from .rows import RowWriter, create_writer, schema_of
from .scenes import BLOCK, draw_block
from .structures import StructureTable
from .tallies import Tallies, add_tallies, measure_guesses

SHARD_BLOCKS = 8
"""Blocks in a Parquet file. Part of the files' layout, not of the rows."""
Report = Callable[[int], None]


@dataclass(frozen=True)
class Shard:
    """One Parquet file of a split: rows `first` to before `last`, `first` being the start of a block."""

    config: str
    split: str
    first: int
    last: int
    path: str


def list_shards(config: str, split: str, rows: int) -> list[Shard]:
    """Cuts a split into files."""
    step = SHARD_BLOCKS * BLOCK
    count = -(-rows // step)
    return [
        Shard(config, split, i * step, min((i + 1) * step, rows), f"{config}/{split}-{i:05d}-of-{count:05d}.parquet")
        for i in range(count)
    ]


def list_blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yields (block, rows of it) for rows `first` to before `last`."""
    for start in range(first, last, BLOCK):
        yield start // BLOCK, min(BLOCK, last - start)


def choose_workers(rows: int) -> int:
    """As many processes as pay for their start, at most one a core."""
    return max(1, min(os.cpu_count() or 1, rows // (2 * SHARD_BLOCKS * BLOCK)))


@dataclass(frozen=True)
class Content:
    """What a file holds.

    Attributes:
        structures: Which structures occur, bool, one a row of the structure table.
        tallies: Answers of its questions.
    """

    structures: np.ndarray
    tallies: Tallies


def write_shard(writer: RowWriter, shard: Shard, folder: Path, report: Report) -> Content:
    """Writes one Parquet file, a row group a block."""
    content = Content(np.zeros(len(writer.plan.structures.table), dtype=bool), {})
    path = folder / shard.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema_of(writer.plan.recipe), compression="zstd") as file:
        for block, rows in list_blocks(shard.first, shard.last):
            scenes = draw_block(writer.plan, shard.split, block).cut(0, rows)
            content.structures[scenes.structures] = True
            file.write_table(writer.write(scenes, shard.split, content.tallies), row_group_size=BLOCK)
            report(rows)
    return content


def build_datasets(
    recipes: Sequence[LoadedRecipe], out: Path, workers: int = 1, report: Report = lambda rows: None
) -> dict[str, Any]:
    """Builds recipes into one folder, beside the configs that are there already.

    Args:
        recipes: What to build. All are checked before anything is written.
        out: The folder.
        workers: Processes. The bytes do not depend on it.
        report: Called with the number of rows that were just finished.

    Returns:
        The manifest of the folder.

    Raises:
        GasError: A recipe or the folder cannot be used. Nothing is left behind then.
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
    own_files = {loaded.recipe.name: read_own_files(loaded, writers[loaded.recipe.name]) for loaded in recipes}
    with open_folder(out) as work, explain_disk(out):
        manifest = read_manifest(out)
        refuse_collisions(own_files, out, manifest)
        every = [shard for one in shards.values() for shard in one]
        if workers == 1 or len(every) == 1:
            contents = {shard: write_shard(writers[shard.config], shard, work, report) for shard in every}
        else:
            contents = _write_parallel(recipes, every, work, min(workers, len(every)), report)
        entries = {
            name: {
                **_describe(writers[name], {shard: contents[shard] for shard in shards[name]}, work),
                "own_files": sorted(own_files[name]),
            }
            for name in names
        }
        write_manifest(
            out,
            {**manifest, "configs": {name: entry for name, entry in manifest["configs"].items() if name not in names}},
        )
        for loaded in recipes:
            name = loaded.recipe.name
            shutil.rmtree(out / name, ignore_errors=True)
            os.replace(work / name, out / name)
            write_text(out / "recipes" / f"{name}.yaml", dump_recipe(loaded.recipe))
            for path, text in own_files[name].items():
                write_text(out / "recipes" / path, text)
        manifest["configs"].update(entries)
        write_card(out, manifest)
        write_manifest(out, manifest)
    return manifest


def _describe(writer: RowWriter, shards: dict[Shard, Content], work: Path) -> dict[str, Any]:
    """What the manifest says of one config."""
    from .. import __version__

    recipe = writer.plan.recipe
    splits: dict[str, Any] = {}
    contents: dict[str, Content] = {}
    for shard, content in shards.items():
        whole = contents.setdefault(shard.split, Content(np.zeros_like(content.structures), {}))
        whole.structures[content.structures] = True
        add_tallies(whole.tallies, content.tallies)
        split = splits.setdefault(shard.split, {"rows": 0, "files": []})
        path = work / shard.path
        rows = shard.last - shard.first
        split["rows"] += rows
        split["files"].append(
            {"path": shard.path, "rows": rows, "bytes": path.stat().st_size, "sha256": hash_file(path)}
        )
    for split, content in contents.items():
        splits[split]["structures"] = _count_structures(writer.plan.structures.table, content.structures)
        splits[split]["questions"] = measure_guesses(content.tallies)
    return {
        "version": recipe.version,
        "fingerprint": compute_fingerprint(writer),
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
    recipes: Sequence[LoadedRecipe], shards: list[Shard], work: Path, workers: int, report: Report
) -> dict[Shard, Content]:
    by_name = {loaded.recipe.name: loaded for loaded in recipes}
    context = multiprocessing.get_context("spawn")
    finished, told = context.Value("q", 0), 0
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(by_name, finished)) as pool:
        futures = {pool.submit(_write_in_worker, shard, work): shard for shard in shards}
        waiting: set[Future[Content]] = set(futures)
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                now = finished.value
                report(now - told)
                told = now
                for future in done:
                    future.result()
        except BaseException:
            processes = list(pool._processes.values())  # which shutdown forgets
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            for process in processes:
                process.join()  # or it may still write while its folder is removed
            raise
    return {shard: future.result() for future, shard in futures.items()}


_worker: dict[str, Any] = {}


def _start_worker(recipes: dict[str, LoadedRecipe], finished: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the workers
    _worker.update(recipes=recipes, finished=finished)


@lru_cache(maxsize=2)
def _open_writer(name: str) -> RowWriter:
    return create_writer(_worker["recipes"][name])


def _write_in_worker(shard: Shard, work: Path) -> Content:
    def report(rows: int) -> None:
        with _worker["finished"].get_lock():
            _worker["finished"].value += rows

    return write_shard(_open_writer(shard.config), shard, work, report)
