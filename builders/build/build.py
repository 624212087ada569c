"""Builds dataset folders: recipes in; Parquet, card and manifest out.

The bytes depend neither on processes and machines nor on how often a build was stopped: the same command goes on where
it was, and has nothing to do where it is done.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

import numpy as np

from ...errors import GasError, RecipeError
from ..card.card import write_card
from ..content.plan import Plan
from ..content.scenes import BLOCK
from ..content.thin_filters import find_thin_filters
from ..folder.build_folder import (
    Folder,
    open_folder,
)
from ..folder.files import (
    AnyPath,
    explain_disk,
    is_local,
)
from ..folder.manifest import (
    DATA_FILE,
    RECIPES,
    Asked,
    Config,
    Filtered,
    Manifest,
    Split,
    read_manifest,
    write_manifest,
)
from ..foundation.counter_rng import derive_key
from ..questions.majority_baseline import Tallies, add_tallies, measure_majority_baseline
from ..recipe.loading import LoadedRecipe
from ..recipe.model import Recipe
from ..rows.filtering import Kept, RowFilter, Verdict, check_row_filters
from ..rows.writer import RowWriter, create_writer
from .candidates import JudgeAhead, Run, choose_candidates, judge_run
from .job_site import JobOptions, JobSite, open_site
from .recipe_bundle import RecipeBundle, bundle_recipe, describe_provenance, refuse_collisions, write_texts
from .shards import SHARD_BLOCKS, Report, Shard, Written, list_all_shards, make_shard, remove_others
from .standing import is_built, refuse_damage, refuse_others

EngineName = Literal["local", "ray", "jobs"]


def choose_workers(rows: int) -> int:
    """One process per 131,072 rows, since start-up must pay, and at most one a core."""
    return max(1, min(os.cpu_count() or 1, rows // (2 * SHARD_BLOCKS * BLOCK)))


def build_datasets(
    recipes: Sequence[LoadedRecipe],
    out: AnyPath,
    workers: int | None = 1,
    report: Report = lambda rows: None,
    engine: EngineName = "local",
    address: str | None = None,
    warn: Callable[[str], None] = lambda line: None,
    jobs: JobOptions | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Manifest:
    """Builds recipes into one folder, beside the configs that are there already.

    Args:
        recipes: What to build. All are checked before anything is written.
        out: The folder, on a disk or in a store (`find_place`). Configs that are complete there stay as they are; of
            others what a build of the same recipes finished before it was stopped is kept.
        workers: Processes, tasks of Ray or jobs at once; None for as many as pay. The bytes do not depend on it.
        report: Called with the number of rows that were just finished, or were found finished.
        engine: `ray` spreads the work over a cluster, `jobs` over Hugging Face Jobs.
        address: Of the cluster, as `ray.init` takes it.
        warn: Called with a line about each filter that leaves almost nothing.
        jobs: What jobs are to be.
        tell: Called with a line about each job.

    Returns:
        The manifest of the folder.

    Raises:
        GasError: A recipe, the folder or the cluster cannot be used. Files that were finished are kept for the next
            try.
    """
    check_engine(engine, address, jobs)
    writers, packed = prepare_recipes(recipes, warn)
    site = open_jobs(jobs, out, writers, packed) if engine == "jobs" else None
    names = list(writers)
    with open_folder(out) as folder, explain_disk(out):
        manifest = read_manifest(out)
        refuse_collisions(packed.values(), out, manifest)
        origins = {name: describe_provenance(packed[name], writers[name]) for name in names}
        unbuilt = dict(writers)
        for name in names:
            if is_built(manifest.configs.get(name), origins[name], writers[name].plan.recipe, out):
                report(count_work(unbuilt.pop(name).plan.recipe))
            else:
                refuse_others(out, packed[name], manifest)
        others = {name: config for name, config in manifest.configs.items() if name not in unbuilt}
        refuse_damage(out, [config for name, config in others.items() if name not in packed])
        if not is_local(out):
            write_manifest(out, manifest.replace_configs(others))
        kept = _choose_candidates(unbuilt, packed, folder, None if site else workers, report, engine, address)
        shards = {name: list_all_shards(writer.plan.recipe, kept.get(name, {})) for name, writer in unbuilt.items()}
        left = [shard for one in shards.values() for shard in one]
        remove_others(folder, left)
        if site and left:
            from .hub_jobs import make_on_jobs

            written = make_on_jobs(packed, left, folder, workers, site, report, tell)
        else:
            written = _make_files(writers, packed, left, folder, workers, report, engine, address)
        configs = dict(others)
        for name, one in shards.items():
            splits = _describe_splits(writers[name].plan, {shard: written[shard] for shard in one}, kept.get(name, {}))
            configs[name] = Config(**dict(origins[name]), splits=splits)
        # From here to the end each step may be the last before a kill: what it did need not be undone to do it again.
        write_manifest(out, manifest.replace_configs(others))
        for one in shards.values():
            _place_shards(one, folder)
        for recipe in packed.values():
            write_texts(out / RECIPES, {f"{recipe.name}.yaml": recipe.text, **recipe.files})
        manifest = write_card(out, manifest.replace_configs(configs))
        write_manifest(out, manifest)
    return manifest


def check_engine(engine: EngineName, address: str | None, jobs: JobOptions | None) -> None:
    """Refuses what is said of an engine that is not asked for."""
    if address and engine != "ray":
        raise GasError("--address names a Ray cluster; add --engine ray")
    if jobs and engine != "jobs":
        raise GasError("--flavor, --namespace, --timeout and --image are of jobs; add --engine jobs")


def prepare_recipes(
    recipes: Sequence[LoadedRecipe], warn: Callable[[str], None]
) -> tuple[dict[str, RowWriter], dict[str, RecipeBundle]]:
    """Makes recipes ready to build, with all that can be wrong with them found out; nothing is written.

    Returns:
        What writes the rows of each config, and what other machines make them from.
    """
    names = [loaded.recipe.name for loaded in recipes]
    if twice := {name for name in names if names.count(name) > 1}:
        raise GasError(f"two recipes are named {', '.join(sorted(twice))}; each config needs a name of its own")
    writers = {loaded.recipe.name: create_writer(loaded) for loaded in recipes}
    packed = {loaded.recipe.name: bundle_recipe(loaded, writers[loaded.recipe.name]) for loaded in recipes}
    for loaded in recipes:
        plan = writers[loaded.recipe.name].plan
        thin = RecipeError(find_thin_filters(plan.recipe, plan.taxonomy, plan.pools))
        for problem in loaded.locate(thin).problems:
            warn(str(problem))
        check_row_filters(loaded.recipe)
    return writers, packed


def open_jobs(
    jobs: JobOptions | None, out: AnyPath, writers: dict[str, RowWriter], packed: dict[str, RecipeBundle]
) -> JobSite:
    """Finds out whether jobs can build these recipes; see `open_site`."""
    with_models = any(writer.plan.recipe.paraphrase for writer in writers.values())
    return open_site(jobs or JobOptions(), out, list(packed.values()), with_models)


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


def count_work(recipe: Recipe) -> int:
    """How many rows a build of a recipe reports: all of them, and twice where filters choose them first."""
    return sum(split.size for split in recipe.splits.values()) * (2 if recipe.filters else 1)


def _choose_candidates(
    writers: dict[str, RowWriter],
    packed: dict[str, RecipeBundle],
    folder: Folder,
    workers: int | None,
    report: Report,
    engine: str,
    address: str | None,
) -> dict[str, dict[str, Kept]]:
    """Which candidates become rows, by config and split, of the recipes that have filters."""
    recipes = {name: writer.plan.recipe for name, writer in writers.items() if writer.plan.recipe.filters}
    if not recipes:
        return {}
    workers = workers or (None if engine == "ray" else choose_workers(sum(map(count_work, recipes.values()))))
    judging: AbstractContextManager[JudgeAhead]
    if engine == "ray":
        from .ray_cluster import judge_on_cluster

        judging = judge_on_cluster(packed, folder, workers, address)
    elif workers and workers > 1:
        from .local_processes import judge_in_processes

        judging = judge_in_processes(packed, folder, workers)
    else:
        open_filter = lru_cache(maxsize=1)(lambda name: RowFilter(writers[name]))

        def judge(run: Run) -> Verdict:
            return judge_run(partial(open_filter, run.config), run, packed[run.config].fingerprint, folder)

        judging = nullcontext(partial(map, judge))
    with judging as judge_ahead:
        return {name: choose_candidates(recipe, judge_ahead, report) for name, recipe in recipes.items()}


def _place_shards(shards: Sequence[Shard], folder: Folder) -> None:
    """Puts the files of a config into their place, where some may be already, and removes older ones."""
    moved = [shard.path for shard in shards if folder.files != folder.out and (folder.work / shard.path).exists()]
    kept = {folder.out / shard.path for shard in shards if shard.path not in moved}
    place = folder.out / shards[0].config
    if isinstance(place, Path):
        place.mkdir(exist_ok=True)
    else:
        place.fs.invalidate_cache()  # other machines wrote there
    for path in list[AnyPath](place.iterdir()):
        if path not in kept and DATA_FILE.fullmatch(f"{shards[0].config}/{path.name}"):  # or it came meanwhile
            path.unlink()
    for name in moved:
        os.replace(str(folder.work / name), str(folder.out / name))


def _describe_splits(plan: Plan, shards: dict[Shard, Written], kept: dict[str, Kept]) -> dict[str, Split]:
    """What the manifest says of the splits of one config."""
    splits, table = dict[str, Split](), plan.structures.table
    possible = np.arange(len(table)) if plan.room is None else plan.room.rows
    for name in dict.fromkeys(shard.split for shard in shards):
        parts = [written for shard, written in shards.items() if shard.split == name]
        tallies, columns = Tallies(), Counter[str]()
        for written in parts:
            add_tallies(tallies, written.tallies)
            columns.update(written.columns)
        outcomes = Counter[str]()
        for written in parts:
            outcomes.update(written.paraphrases)  # what none has is told, too
        bits = np.bitwise_or.reduce([np.frombuffer(written.structures, np.uint8) for written in parts])
        seen = np.unpackbits(bits, count=len(table)).astype(bool)
        files = [written.file for written in parts]
        splits[name] = Split(
            rows=sum(file.rows for file in files),
            columns=dict(columns),
            files=files,
            structures=_count_structures(table.complexity[possible], seen[possible]),
            questions=_describe_questions(tallies),
            paraphrases=dict(sorted(outcomes.items())),
            filters=_describe_filters(kept[name]) if name in kept else {},
            too_long=len(table) - len(possible),
            difficulty={} if name in kept else _describe_levels(plan, name, sum(file.rows for file in files)),
        )
    return splits


def _describe_levels(plan: Plan, split: str, rows: int) -> dict[str, tuple[int, int, int]]:
    """Of each level of difficulty, how many rows are of it, and the least and the largest score of its structures."""
    structures = plan.splits.get(split, plan).structures
    if structures.levels is None:
        return {}
    counts = structures.levels.count_levels(derive_key(plan.recipe.seed, plan.recipe.name, split), rows)
    starts, scores = structures.levels.starts, np.unique(structures.measure_cells(structures.table.score))
    ends = [int(scores[scores < end].max()) for end in starts[1:]]
    return {
        str(level): (count, low, high)
        for level, (count, low, high) in enumerate(zip(counts.tolist(), starts[:-1].tolist(), ends, strict=True), 1)
    }


def _describe_filters(kept: Kept) -> dict[str, Filtered]:
    """What the manifest says of the filters of a split."""
    return {name: Filtered(dropped=kept.dropped[name], score=kept.scores.get(name)) for name in kept.names}


def _describe_questions(tallies: Tallies) -> dict[str, dict[str, Asked]]:
    """What the manifest says of the questions of a split."""
    baseline = measure_majority_baseline(tallies)
    return {kind: {form: Asked.model_validate(one) for form, one in forms.items()} for kind, forms in baseline.items()}


def _count_structures(complexities: np.ndarray, seen: np.ndarray) -> dict[str, tuple[int, int]]:
    """For each complexity, how many of the possible structures occur, and how many are possible."""
    possible = np.bincount(complexities)
    occurring = np.bincount(complexities[seen], minlength=len(possible))
    return {
        str(complexity): (int(occurring[complexity]), int(possible[complexity]))
        for complexity in np.flatnonzero(possible)
    }
