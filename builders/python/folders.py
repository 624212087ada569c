"""Built folders: making one, loading, pushing, exporting, checking and comparing it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from ...errors import GasError, GasWarning, advise
from ..folder.files import AnyPath, find_place
from ..folder.manifest import Config
from .recipes import Recipe, check_count, load

if TYPE_CHECKING:
    import datasets

    from ..diff.datasets import Difference
    from ..hub.push import Push
    from ..inspection.verification import Verification
    from ..recipe.loading import LoadedRecipe


@dataclass(frozen=True, repr=False)
class Build:
    """What `build` made.

    >>> from generate_any_scene import Recipe, build
    >>> small = Recipe.load("sandbox", splits={"train": 5, "validation": 0, "test": 3})
    >>> build(small, out="shapes")
    <Build shapes: sandbox/train 5, sandbox/test 3>
    >>> build(small, out="shapes").dataset("test").num_rows
    3

    Attributes:
        path: The folder: a dataset repository as the Hub has them.
        configs: The names of the recipes that were built into it.
        rows: How many rows they have.
    """

    path: AnyPath
    configs: tuple[str, ...]
    rows: int
    _entries: dict[str, Config] = field(compare=False)

    @property
    def splits(self) -> dict[str, dict[str, int]]:
        """The rows of each split, by config."""
        return {name: self._entries[name].sizes for name in self.configs}

    def __repr__(self) -> str:
        sizes = (f"{name}/{split} {rows:,}" for name, splits in self.splits.items() for split, rows in splits.items())
        return f"<Build {self.path}: {', '.join(sizes)}>"

    @overload
    def dataset(self, split: str, config: str | None = None) -> datasets.Dataset: ...
    @overload
    def dataset(self, split: None = None, config: str | None = None) -> datasets.DatasetDict: ...
    def dataset(self, split: str | None = None, config: str | None = None) -> datasets.Dataset | datasets.DatasetDict:
        """Loads what was built, by `datasets.load_dataset`.

        Args:
            split: A split; without it all of them.
            config: The name of a recipe; without it the only one.

        Raises:
            GasError: It has no such split or config, or several.
        """
        from datasets import load_dataset

        name = config or (self.configs[0] if len(self.configs) == 1 else None)
        if name not in self.configs:
            said = f"no config `{name}`" if name else "several configs"
            raise GasError(f"{self.path} has {said}; {advise(name or '', self.configs)}")
        splits = self.splits[name]
        if split is not None and split not in splits:
            raise GasError(f"{name} in {self.path} has no split `{split}`; {advise(split, splits)}")
        if isinstance(self.path, Path):
            return load_dataset(str(self.path.absolute()), name, split=split)
        files = {one: f"{str(self.path).rstrip('/')}/{name}/{one}-*.parquet" for one in splits}
        return load_dataset("parquet", data_files=files, split=split)

    def push(
        self,
        repo: str,
        private: bool = False,
        create_pr: bool = False,
        dry_run: bool = False,
        tag: str | None = None,
        overwrite: bool = False,
    ) -> Push:
        """Uploads the folder to the Hub as one commit, and tags it by its version, as `gas push` does.

        Args:
            repo: `name/repository`; made if it does not exist.
            private: Make it private.
            create_pr: Propose the change instead of making it; nothing is tagged.
            dry_run: Only say what would be done.
            tag: Another tag than `v` and the version of the recipes.
            overwrite: Write anew what people changed on the Hub.

        Returns:
            What was done, or would be.

        Raises:
            GasError: The folder is not whole, a tag names other content, the repository holds something else, or the
                Hub refuses.
        """
        from ...console import show_progress
        from ..hub.push import push_folder

        with show_progress(None, "pushing", unit="files") as report:
            return push_folder(find_folder(self), repo, private, create_pr, dry_run, tag, report, overwrite)

    def explore(self, port: int | None = None, open_browser: bool = True) -> None:
        """Shows the rows in the browser, as `gas explore` does, until Ctrl-C or a notebook's stop button.

        Args:
            port: The port on 127.0.0.1; 8421 or, where that is taken, a free one when left out.
            open_browser: Open a browser; otherwise the address is printed alone.

        Raises:
            GasError: The folder is gone, or the port is taken.
        """
        from ..explorer.explore import explore

        explore(find_folder(self), port=port, open_browser=open_browser)


def build(
    recipe: str | PathLike[str] | Recipe | Sequence[str | PathLike[str] | Recipe],
    out: str | PathLike[str] = "gas",
    workers: int | None = None,
    engine: Literal["local", "ray", "jobs"] = "local",
    address: str | None = None,
    jobs: Mapping[str, str] | None = None,
) -> Build:
    """Builds recipes into a folder, as `gas build` does: Parquet files, card and manifest.

    A build that was stopped goes on when it is asked for again; one that is complete stays as it is.

    >>> from generate_any_scene import Recipe, build
    >>> built = build(Recipe.load("sandbox", splits={"train": 5, "validation": 0, "test": 3}), out="shapes")
    >>> built.rows, built.splits
    (8, {'sandbox': {'train': 5, 'test': 3}})

    Args:
        recipe: A `Recipe`, a shipped one's name, a path, or several of these.
        out: The folder to write, on a disk or in a store, such as `s3://bucket/gas`.
        workers: Processes, tasks of Ray or jobs at once; without it as many as pay. The bytes do not depend on it.
        engine: `ray` spreads the work over a cluster, `jobs` over Hugging Face Jobs.
        address: Of the cluster, as `ray.init` takes it.
        jobs: What jobs are to be: their `flavor`, `namespace`, `timeout` and `image`, as `gas build` takes them.

    Returns:
        The folder, to load or to push.

    Raises:
        RecipeError: With all mistakes of a recipe.
        GasError: The folder or the cluster cannot be used.
    """
    from ...console import show_progress
    from ..build.build import build_datasets, count_work
    from ..build.job_site import JobOptions

    for name in jobs or {}:
        if name not in (known := JobOptions.__dataclass_fields__):
            raise GasError(f"jobs have no `{name}`; {advise(name, known)}")

    def warn(line: str) -> None:
        warnings.warn(line, GasWarning, stacklevel=4)

    workers = None if workers is None else check_count("workers", workers)
    place = find_place(fspath(out))
    asked = [recipe] if isinstance(recipe, str | PathLike | Recipe) else list(recipe)
    loaded = [load(one) for one in asked]
    with show_progress(sum(count_work(one.recipe) for one in loaded)) as report:
        options = JobOptions(**jobs) if jobs else None
        manifest = build_datasets(loaded, place, workers, report, engine, address, warn, options)
    entries = {one.recipe.name: manifest.configs[one.recipe.name] for one in loaded}
    return Build(place, tuple(entries), sum(sum(entry.sizes.values()) for entry in entries.values()), entries)


def export(
    source: str | PathLike[str] | Build,
    format: str,
    out: str | PathLike[str],
    config: str | None = None,
    split: str | None = None,
    columns: Sequence[str] | None = None,
    per: Literal["scene", "question"] | None = None,
    wording: str | None = None,
    rewards: Sequence[str] | None = None,
    system: str | None = None,
) -> str:
    """Writes a split in the files of a scorer or a trainer, as `gas export` does.

    >>> from generate_any_scene import Recipe, build, export
    >>> built = build(Recipe.load("sandbox", splits={"train": 5, "validation": 0, "test": 3}), out="shapes")
    >>> print(export(built, "jsonl", "out.jsonl", columns=["id", "caption"], split="test"))
    wrote 3 prompts of sandbox/test

    Args:
        source: A folder that was built, or its `Build`; or pictures with captions, for formats that hold these.
        format: One of those that `gas export --help` lists, such as `jsonl`, `trl` or `geneval`.
        out: The file to write, or the folder of a format that is several files.
        config: Which config; without it the only one.
        split: Which split; without it `train` for trainers, `test` for scorers.
        columns: Of `csv` and `jsonl`: columns, in their order, or fields such as `structure.complexity`.
        per: Of `csv` and `jsonl`: what a line is, `scene` if it is left out.
        wording: A wording in the caption's place.
        rewards: Of `flow_factory`, `flow_grpo`, `unirl` and `verl_omni`: what each scene must have something for, of
            `questions`, `geneval` and `text`.
        system: Of `verl_omni`: the system prompt.

    Returns:
        What was written and what was left out, in a few lines.

    Raises:
        GasError: There is no such folder, format, config, split or column, or a file cannot be written.
    """
    from ..export.export import export_folder

    given = {"columns": columns and list(columns), "per": per, "rewards": rewards and list(rewards), "system": system}
    options = {key: value for key, value in given.items() if value}
    return "\n".join(export_folder(find_folder(source), format, Path(out), config, split, wording, **options))


def verify(source: str | PathLike[str] | Build, sample: int | None = 2) -> Verification:
    """Checks a built folder, as `gas verify` does: its files by SHA-256, and rows by making them again.

    >>> from generate_any_scene import Recipe, build, verify
    >>> built = build(Recipe.load("sandbox", splits={"train": 5, "validation": 0, "test": 3}), out="shapes")
    >>> verify(built).findings
    []

    Args:
        source: A folder that was built, or its `Build`.
        sample: How many blocks of 8,192 rows of each split to make again; None for all.

    Returns:
        `findings`, of which there are none if all is well, and how much was checked.

    Raises:
        GasError: No build wrote the folder, or its manifest is damaged.
    """
    from ...console import show_progress
    from ..folder.manifest import read_built_manifest
    from ..inspection.verification import verify_folder

    folder, sample = find_folder(source), None if sample is None else check_count("sample", sample, least=0)
    rows = sum(sum(config.sizes.values()) for config in read_built_manifest(folder).configs.values())
    with show_progress(rows, "verifying") as report:
        return verify_folder(folder, sample, report)


def diff(
    one: str | PathLike[str] | Recipe | Build,
    other: str | PathLike[str] | Recipe | Build,
    config: str | None = None,
    rows: int | None = None,
    everything: bool = False,
) -> Difference:
    """Compares two datasets, as `gas diff` does: versions, recipes, rows, and how evenly they use concepts.

    >>> from generate_any_scene import Recipe, diff
    >>> small = {"train": 5, "validation": 0, "test": 3}
    >>> difference = diff(Recipe.load("sandbox", splits=small), Recipe.load("sandbox", splits=small, seed=1))
    >>> difference.configs["sandbox"].recipe
    {'seed': (0, 1)}

    Args:
        one: A folder that was built, its `Build`, a recipe, or a dataset on the Hub: `org/name@revision`.
        other: What to compare it with.
        config: Compare this config alone.
        rows: Look at the first rows of each split alone; without it at all, or at 1,000 where one is a recipe.
        everything: Look at all rows, even if the fingerprints say that they are equal.

    Returns:
        What differs: `differs` says whether anything does, `configs` what.

    Raises:
        GasError: One of them is none of these, or cannot be read.
    """
    from contextlib import ExitStack

    from ...console import show_progress
    from ..diff.datasets import compare_sides, count_rows, match_configs
    from ..diff.sources import open_side

    with ExitStack() as stack:
        first, second = (stack.enter_context(open_side(_name_side(side))) for side in (one, other))
        total = count_rows(match_configs(first, second, config), rows, everything)
        report = stack.enter_context(show_progress(total, "comparing"))
        return compare_sides(first, second, config, rows, everything, report)


def find_folder(source: str | PathLike[str] | Build) -> Path:
    """The folder on a disk that is meant.

    Raises:
        GasError: The build went into a store.
    """
    if not isinstance(source, Build):
        return Path(source)
    if not isinstance(source.path, Path):
        raise GasError(f"{source.path} is in a store; copy it into a folder first")
    return source.path


def _name_side(side: str | PathLike[str] | Recipe | Build) -> str | LoadedRecipe:
    if isinstance(side, Recipe):
        return load(side)
    if isinstance(side, Build):
        return str(side.path.absolute()) if isinstance(side.path, Path) else str(side.path)
    return fspath(side)
