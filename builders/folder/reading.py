"""Reading a built folder: its configs, their files, rows in batches."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import GasError, advise
from ..recipe.loading import list_recipes
from .files import AnyPath
from .manifest import MANIFEST, read_built_manifest


@dataclass(frozen=True)
class File:
    """A Parquet file by the manifest.

    Attributes:
        path: From the folder.
        split: Its split.
        first: The number that its first row had in the split when that was built.
        rows: Its rows.
        dropped: Rows that were left out of it later.
        bytes: Its size.
        sha256: Hex.
    """

    path: str
    split: str
    first: int
    rows: int
    dropped: int
    bytes: int
    sha256: str

    @property
    def last(self) -> int:
        """The number that the row after its last one had when it was built."""
        return self.first + self.rows + self.dropped


@dataclass(frozen=True)
class Config:
    """A config by the manifest.

    `sizes` are those of its splits when it was built; `dropped` is the list of rows that were left out later, and its
    SHA-256, if there is any.
    """

    name: str
    version: str
    fingerprint: str
    engine: str
    data_version: int
    taxonomy: str
    recipe: str
    sources: dict[str, str]
    sizes: dict[str, int]
    files: tuple[File, ...]
    dropped: tuple[str, str] | None = None


def read_configs(folder: AnyPath) -> list[Config]:
    """What the manifest of a built folder says.

    Raises:
        GasError: No build wrote the folder, or its manifest is not whole.
    """
    manifest = read_built_manifest(folder)
    try:
        return [_read_config(name, entry) for name, entry in manifest["configs"].items()]
    except (LookupError, TypeError, AttributeError) as error:
        raise GasError(
            f"{folder / MANIFEST} lacks some of what a build writes there ({error!r}); put the file back, or "
            "build the recipes again into another folder"
        ) from error


def _read_config(name: str, entry: dict[str, Any]) -> Config:
    files, sizes = list[File](), dict[str, int]()
    for split, info in entry["splits"].items():
        first = 0
        for file in info["files"]:
            rows, dropped = int(file["rows"]), int(file.get("dropped", 0))
            files.append(File(file["path"], split, first, rows, dropped, int(file["bytes"]), file["sha256"]))
            first = files[-1].last
        sizes[split] = first
    return Config(
        name,
        entry["version"],
        entry["fingerprint"],
        entry["engine"]["version"],
        entry["engine"]["data_version"],
        entry["taxonomy"],
        entry["recipe"],
        dict(entry["sources"]),
        sizes,
        tuple(files),
        (entry["dropped"]["file"], entry["dropped"]["sha256"]) if "dropped" in entry else None,
    )


@dataclass(frozen=True)
class Source:
    """One split of a built folder.

    Attributes:
        name: `<config>/<split>`.
        rows: How many scenes it has.
        files: Its Parquet files in the order of the rows.
        recipe: The recipe it was built from.
    """

    name: str
    rows: int
    files: tuple[Path, ...]
    recipe: Path


def find_split(folder: Path, config: str | None = None, split: str | None = None, default: str = "test") -> Source:
    """Finds a split of a built folder.

    Args:
        folder: What `gas build` wrote.
        config: May be left out where there is only one.
        split: May be left out where there is only one; else it is the default.
        default: A split's name.

    Raises:
        GasError: The folder was not built, or has no such config or split.
    """
    configs = read_built_manifest(folder)["configs"]
    if config is None and len(configs) != 1:
        raise GasError(f"{folder} has the configs {', '.join(configs) or '(none)'}; choose one with --config")
    config = config or next(iter(configs))
    if config not in configs:
        raise GasError(f"{folder} has no config `{config}`; {advise(config, configs)}")
    splits = configs[config]["splits"]
    split = split or (next(iter(splits)) if len(splits) == 1 else default)
    if split not in splits:
        raise GasError(f"{config} in {folder} has no split `{split}`; {advise(split, splits)}")
    files = tuple(folder / file["path"] for file in splits[split]["files"])
    return Source(f"{config}/{split}", splits[split]["rows"], files, folder / configs[config]["recipe"])


def read_batches(source: Source, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Some columns of a split, so many rows at once.

    Raises:
        GasError: A file is missing or damaged.
    """
    for path in source.files:
        try:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(rows, columns=list(columns))
        except (OSError, pa.ArrowException) as error:
            raise GasError(f"{path} is missing or damaged; build {source.name.split('/')[0]} again") from error


def read_dropped(folder: Path, path: str) -> dict[str, np.ndarray]:
    """The numbers that rows of a list had in their splits, in order."""
    numbers: dict[str, array] = {}
    with (folder / path).open(encoding="utf-8") as file:
        for line in file:
            _, split, number = json.loads(line)["id"].split("/")
            numbers.setdefault(split, array("q")).append(int(number))
    return {split: np.sort(np.array(of, dtype=np.int64)) for split, of in numbers.items()}


def is_built(source: str) -> bool:
    """Whether a name is meant as a folder; one that is in the way of a shipped recipe's name only if built."""
    folder = Path(source)
    return (folder / MANIFEST).is_file() or (folder.is_dir() and source not in list_recipes())
