"""What a build would do, and what jobs would cost, with nothing written and no job started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ..folder.build_folder import Folder
from ..folder.files import RECORD, AnyPath, explain_disk
from ..folder.manifest import WORK, read_manifest
from ..recipe.loading import LoadedRecipe
from ..recipe.model import Recipe
from .build import EngineName, check_engine, open_jobs, prepare_recipes
from .hub_jobs import choose_jobs, split_evenly
from .job_site import JobOptions, JobSite
from .recipe_bundle import RecipeBundle, describe_provenance, refuse_collisions
from .shards import list_all_shards, read_record
from .standing import is_built, refuse_others


@dataclass(frozen=True)
class ConfigForecast:
    """What a build would do for one config.

    Attributes:
        rows: Of all its splits.
        files: Of all its splits.
        finished: Files that are there.
        filtered: Whether filters choose its rows first, on this machine; files may then be more.
    """

    rows: int
    files: int
    finished: int
    filtered: bool


@dataclass(frozen=True)
class JobsForecast:
    """What jobs would be started, and what they can cost.

    Attributes:
        jobs: How many, at once.
        files: Fewest and most files of one.
        flavor: Their hardware.
        machine: The same in words.
        namespace: Whose they are.
        price: US dollars an hour of one.
        timeout: Seconds that each may run.
        most: US dollars if each runs for that long.
    """

    jobs: int
    files: tuple[int, int]
    flavor: str
    machine: str
    namespace: str
    price: float
    timeout: int
    most: float


@dataclass(frozen=True)
class Forecast:
    """What a build would do.

    Attributes:
        configs: By name.
        jobs: What jobs would be started; None without jobs, or where all is built.
    """

    configs: dict[str, ConfigForecast]
    jobs: JobsForecast | None

    def describe(self) -> dict[str, object]:
        """The same as JSON has it."""
        return asdict(self)

    def list_lines(self) -> list[str]:
        """The same in words."""
        lines = [_describe_config(name, config) for name, config in self.configs.items()]
        if self.jobs:
            jobs, (low, high) = self.jobs, self.jobs.files
            files = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            lines += [
                f"jobs: {jobs.jobs:,} of the flavor {jobs.flavor} ({jobs.machine}) in the namespace {jobs.namespace}, "
                f"with {files} files each",
                f"cost: ${jobs.price:.2f} an hour and job; at most ${jobs.most:.2f}, if each runs to its timeout of "
                f"{jobs.timeout / 60:g} minutes and none is started again",
            ]
        return lines


def forecast_build(
    recipes: Sequence[LoadedRecipe],
    out: AnyPath,
    workers: int | None = None,
    engine: EngineName = "local",
    address: str | None = None,
    warn: Callable[[str], None] = lambda line: None,
    jobs: JobOptions | None = None,
) -> Forecast:
    """Says what `build_datasets` would do with the same arguments.

    Raises:
        GasError: It would refuse to begin.
    """
    check_engine(engine, address, jobs)
    writers, packed = prepare_recipes(recipes, warn)
    site = open_jobs(jobs, out, writers, packed) if engine == "jobs" else None
    with explain_disk(out):
        manifest = read_manifest(out)
        refuse_collisions(packed.values(), out, manifest)
        configs = dict[str, ConfigForecast]()
        for name, writer in writers.items():
            recipe, origin = writer.plan.recipe, describe_provenance(packed[name], writer)
            found = manifest.configs.get(name)
            if found and is_built(found, origin, recipe, out):
                count = len(found.list_files())
                configs[name] = ConfigForecast(sum(found.sizes.values()), count, count, bool(recipe.filters))
            else:
                refuse_others(out, packed[name], manifest)
                configs[name] = _forecast_config(recipe, packed[name], out)
    return Forecast(configs, _forecast_jobs(configs, workers, site) if site else None)


def _forecast_config(recipe: Recipe, packed: RecipeBundle, out: AnyPath) -> ConfigForecast:
    """What is to be made of a config that is not complete."""
    rows, shards = sum(split.size for split in recipe.splits.values()), list_all_shards(recipe, {})
    finished = 0
    if not recipe.filters and (out / WORK).is_dir():  # or which files it has is known when rows are chosen
        folder = Folder(out, out / WORK)
        records = {path.name for path in (folder.work / recipe.name).glob(f"*{RECORD}")}
        begun = [shard for shard in shards if f"{shard.path}{RECORD}".rpartition("/")[2] in records]
        found = [read_record(shard, packed.fingerprint, folder) for shard in begun]
        finished = sum((folder.files / one.file.path).is_file() for one in found if one)
    return ConfigForecast(rows, len(shards), finished, bool(recipe.filters))


def _describe_config(name: str, config: ConfigForecast) -> str:
    there = f", {config.finished:,} of them there" if config.finished else ""
    filtered = ", or a few more: filters choose the rows first, on this machine" if config.filtered else ""
    return f"{name}: {config.rows:,} scenes in {config.files:,} file{'s' * (config.files > 1)}{there}{filtered}"


def _forecast_jobs(configs: dict[str, ConfigForecast], workers: int | None, site: JobSite) -> JobsForecast | None:
    left = sum(config.files - config.finished for config in configs.values())
    if not left:
        return None
    parts = split_evenly(range(left), workers or choose_jobs(left, site.cores))
    seconds = site.options.seconds
    return JobsForecast(
        jobs=len(parts),
        files=(min(map(len, parts)), max(map(len, parts))),
        flavor=site.options.flavor,
        machine=site.machine,
        namespace=site.namespace,
        price=site.price * 3600,
        timeout=seconds,
        most=site.price * seconds * len(parts),
    )
