"""Builds dataset folders: recipes in; Parquet, card and manifest out.

The bytes depend neither on processes and machines nor on how often a build was stopped: the same command goes on where
it was, and has nothing to do where it is done.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ... import __version__
from ...errors import GasError
from ..card.card import write_card
from ..content.scenes import BLOCK
from ..folder.build_folder import (
    Folder,
    open_folder,
)
from ..folder.files import (
    AnyPath,
    explain_disk,
    is_local,
    remove_tree,
)
from ..folder.manifest import (
    read_manifest,
    write_manifest,
)
from ..folder.parquet import is_whole
from ..questions.majority_baseline import Tallies, add_tallies, measure_majority_baseline
from ..recipe.loading import LoadedRecipe
from ..rows.fingerprint import DATA_VERSION
from ..rows.writer import RowWriter, create_writer
from ..structures.enumeration import StructureTable
from .recipe_bundle import RecipeBundle, bundle_recipe, refuse_collisions, write_texts
from .shards import SHARD_BLOCKS, Report, Shard, Written, list_shards, make_shard, remove_others


def choose_workers(rows: int) -> int:
    """As many processes as pay for their start, at most one a core."""
    return max(1, min(os.cpu_count() or 1, rows // (2 * SHARD_BLOCKS * BLOCK)))


def build_datasets(
    recipes: Sequence[LoadedRecipe],
    out: AnyPath,
    workers: int | None = 1,
    report: Report = lambda rows: None,
    engine: Literal["local", "ray"] = "local",
    address: str | None = None,
) -> dict[str, Any]:
    """Builds recipes into one folder, beside the configs that are there already.

    Args:
        recipes: What to build. All are checked before anything is written.
        out: The folder, on a disk or in a store (`find_place`). Configs that are complete there stay as they are; of
            others what a build of the same recipes finished before it was stopped is kept.
        workers: Processes, or tasks of Ray at once; None for as many as pay. The bytes do not depend on it.
        report: Called with the number of rows that were just finished, or were found finished.
        engine: `ray` spreads the work over a cluster.
        address: Of the cluster, as `ray.init` takes it.

    Returns:
        The manifest of the folder.

    Raises:
        GasError: A recipe, the folder or the cluster cannot be used. Files that were finished are kept for the next
            try.
    """
    names = [loaded.recipe.name for loaded in recipes]
    if twice := {name for name in names if names.count(name) > 1}:
        raise GasError(f"two recipes are named {', '.join(sorted(twice))}; each config needs a name of its own")
    writers = {loaded.recipe.name: create_writer(loaded) for loaded in recipes}
    packed = {loaded.recipe.name: bundle_recipe(loaded, writers[loaded.recipe.name]) for loaded in recipes}
    with open_folder(out) as folder, explain_disk(out):
        manifest = read_manifest(out)
        refuse_collisions(packed.values(), out, manifest)
        shards = {name: _list_shards(writer) for name, writer in writers.items()}
        entries = {name: _describe(writers[name], packed[name]) for name in names}
        for name in names:
            found = _find_config(manifest, entries[name], shards[name], out)
            if found:
                report(sum(map(len, shards.pop(name))))
                entries[name] = found
        others = {name: entry for name, entry in manifest["configs"].items() if name not in shards}
        if not is_local(out):
            write_manifest(out, {**manifest, "configs": others})
        left = [shard for one in shards.values() for shard in one]
        remove_others(folder, left)
        written = _make_files(writers, packed, left, folder, workers, report, engine, address)
        for name, one in shards.items():
            entries[name]["splits"] = _describe_splits(
                writers[name].plan.structures.table, {shard: written[shard] for shard in one}
            )
        # From here to the end each step may be the last before a kill: what it did need not be undone to do it again.
        write_manifest(out, {**manifest, "configs": others})
        for one in shards.values():
            _place_shards(one, folder)
        for recipe in packed.values():
            write_texts(out / "recipes", {f"{recipe.name}.yaml": recipe.text, **recipe.files})
        manifest["configs"].update(entries)
        write_card(out, manifest)
        write_manifest(out, manifest)
    return manifest


def _make_files(
    writers: dict[str, RowWriter],
    packed: dict[str, RecipeBundle],
    shards: Sequence[Shard],
    folder: Folder,
    workers: int | None,
    report: Report,
    engine: str,
    address: str | None,
) -> dict[Shard, Written]:
    """Makes the files that are not there yet, where the caller asks for it."""
    if engine == "ray":
        from .ray_cluster import make_on_cluster

        return make_on_cluster(packed, shards, folder, workers, address, report)

    def make(shard: Shard, report: Report) -> Written:
        open_writer = partial(writers.__getitem__, shard.config)
        return make_shard(open_writer, shard, packed[shard.config].fingerprint, folder, report)

    workers = min(workers or choose_workers(sum(map(len, shards))), len(shards))
    if workers > 1:
        from .local_processes import make_in_processes

        return make_in_processes(make, packed, shards, folder, workers, report)
    return {shard: make(shard, report) for shard in shards}


def _list_shards(writer: RowWriter) -> list[Shard]:
    recipe = writer.plan.recipe
    return [shard for split, wanted in recipe.splits.items() for shard in list_shards(recipe.name, split, wanted.size)]


def _find_config(
    manifest: dict[str, Any], entry: dict[str, Any], shards: Sequence[Shard], out: AnyPath
) -> dict[str, Any] | None:
    """What the manifest says of a config, if it is complete and of the same rows and recipe."""
    found = manifest["configs"].get(shards[0].config)
    if not found or any(found.get(key) != value for key, value in entry.items()):
        return None
    files = {file["path"]: file for split in found["splits"].values() for file in split["files"]}
    if {shard.path: len(shard) for shard in shards} != {path: file["rows"] for path, file in files.items()}:
        return None
    there = {path.name for path in (out / shards[0].config).glob("*")}
    if there != {path.rpartition("/")[2] for path in files}:
        return None
    return found if all(is_whole(out / path, file["bytes"], file["sha256"]) for path, file in files.items()) else None


def _place_shards(shards: Sequence[Shard], folder: Folder) -> None:
    """Puts the files of a config into their place, where some may be already, and removes what else is there."""
    moved = [shard.path for shard in shards if folder.files != folder.out and (folder.work / shard.path).exists()]
    kept = {folder.out / shard.path for shard in shards if shard.path not in moved}
    place = folder.out / shards[0].config
    if isinstance(place, Path):
        place.mkdir(exist_ok=True)
    else:
        place.fs.invalidate_cache()  # other machines wrote there
    for path in list[AnyPath](place.iterdir()):
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        elif path not in kept:
            path.unlink()
    for name in moved:
        os.replace(str(folder.work / name), str(folder.out / name))


def _describe(writer: RowWriter, packed: RecipeBundle) -> dict[str, Any]:
    """What the manifest says of one config, but for its splits."""
    return {
        "version": writer.plan.recipe.version,
        "fingerprint": packed.fingerprint,
        "engine": {"version": __version__, "data_version": DATA_VERSION},
        "taxonomy": writer.plan.taxonomy.version,
        "recipe": f"recipes/{packed.name}.yaml",
        "sources": packed.hash_texts(),
    }


def _describe_splits(table: StructureTable, shards: dict[Shard, Written]) -> dict[str, Any]:
    """What the manifest says of the splits of one config."""
    splits: dict[str, Any] = {}
    for name in dict.fromkeys(shard.split for shard in shards):
        files = {shard: written for shard, written in shards.items() if shard.split == name}
        tallies, columns = Tallies(), Counter[str]()
        for written in files.values():
            add_tallies(tallies, written.tallies)
            columns.update(written.columns)
        bits = np.bitwise_or.reduce([np.frombuffer(written.structures, np.uint8) for written in files.values()])
        seen = np.unpackbits(bits, count=len(table)).astype(bool)
        splits[name] = {
            "rows": sum(map(len, files)),
            "columns": dict(columns),
            "files": [
                {"path": shard.path, "rows": len(shard), "bytes": written.size, "sha256": written.sha256}
                for shard, written in files.items()
            ],
            "structures": _count_structures(table, seen),
            "questions": measure_majority_baseline(tallies),
        }
    return splits


def _count_structures(table: StructureTable, seen: np.ndarray) -> dict[str, list[int]]:
    """For each complexity, how many of the possible structures occur, and how many are possible."""
    possible = np.bincount(table.complexity)
    occurring = np.bincount(table.complexity[seen], minlength=len(possible))
    return {
        str(complexity): [int(occurring[complexity]), int(possible[complexity])]
        for complexity in np.flatnonzero(possible)
    }
