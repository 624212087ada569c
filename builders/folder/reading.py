"""Reading a built folder: its splits, rows in batches, and which rows were left out of it."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import GasError, advise, describe_error
from ...regular_files import find_obstacle, open_regular
from ..recipe.loading import list_recipes
from ..rows.schema import SCHEMA
from ..rows.soundness import find_type_fault, find_value_fault
from .files import AnyPath, resolve_inside
from .manifest import MANIFEST, Config, File, Provenance, read_built_manifest

NO_ROWS = np.zeros(0, dtype=np.int64)
MEND = "`gas verify` says what is wrong, building its recipe again mends it"


@dataclass(frozen=True)
class Source:
    """One split of a built folder, to be read.

    Attributes:
        folder: The folder.
        config: The name of its config.
        split: Its name.
        entry: What the manifest says of the config.
    """

    folder: Path
    config: str
    split: str
    entry: Config

    @property
    def name(self) -> str:
        """`<config>/<split>`."""
        return f"{self.config}/{self.split}"

    @property
    def rows(self) -> int:
        """How many scenes it has."""
        return self.entry.splits[self.split].rows

    @property
    def files(self) -> list[Path]:
        """Its Parquet files in the order of the rows."""
        return [resolve_inside(self.folder, file.path) for file in self.entry.splits[self.split].files]

    @property
    def recipe(self) -> Path:
        """The recipe it was built from; what came with that is beside it."""
        return find_recipe(self.folder, self.entry)


def find_recipe(folder: Path, config: Provenance) -> Path:
    """The path of a config's recipe.

    Raises:
        GasError: The recipe, or what came with it, is a link that leads out of the folder.
    """
    for path in config.sources:
        resolve_inside(folder, path)
    return folder / config.recipe


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
    configs = read_built_manifest(folder).configs
    if config is None and len(configs) != 1:
        raise GasError(f"{folder} has the configs {', '.join(configs) or '(none)'}; choose one with --config")
    config = config or next(iter(configs))
    if config not in configs:
        raise GasError(f"{folder} has no config `{config}`; {advise(config, configs)}")
    splits = configs[config].splits
    split = split or (next(iter(splits)) if len(splits) == 1 else default)
    if split not in splits:
        raise GasError(f"{config} in {folder} has no split `{split}`; {advise(split, splits)}")
    return Source(folder, config, split, configs[config])


def read_batches(source: Source, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Some columns of a split, so many rows at once.

    Raises:
        GasError: A file is missing or damaged.
    """
    for file in source.entry.splits[source.split].files:
        yield from read_file_rows(source.folder, file, columns, rows)


def read_file_rows(
    folder: AnyPath, file: File, columns: Sequence[str] | None, rows: int, edited: bool = False
) -> Iterator[pa.RecordBatch]:
    """Some columns of a file, or all, so many rows at once; see `open_rows`.

    Raises:
        GasError: It is missing or damaged, or its rows are not as a build writes them.
        OSError: A file in a store cannot be read.
    """
    with open_rows(folder, file, columns, edited=edited) as parquet:
        for batch in parquet.iter_batches(rows, columns=columns and list(columns)):
            if fault := find_value_fault(batch):
                raise GasError(f"{folder / file.path}: {fault}; {MEND}")
            yield batch


@contextmanager
def open_rows(
    folder: AnyPath, file: File, columns: Sequence[str] | None, dictionaries: Sequence[str] = (), edited: bool = False
) -> Iterator[pq.ParquetFile]:
    """Opens a Parquet file of a folder that has these columns, as a build writes them.

    Args:
        folder: The folder.
        file: What its manifest says of the file.
        columns: What is read, as Parquet names it; None for all that every build writes.
        dictionaries: Columns of which each word is read once.
        edited: Whether it may have more or fewer rows than the manifest says.

    Raises:
        GasError: It is missing or damaged, has another number of rows, or lacks a column.
        OSError: A file in a store cannot be read.
    """
    path = resolve_inside(folder, file.path)
    try:
        with open_regular(path, hint=MEND) as stream, pq.ParquetFile(stream, read_dictionary=dictionaries) as parquet:
            if parquet.metadata.num_rows != file.rows and not edited:
                found = f"{parquet.metadata.num_rows:,} rows, where the manifest says {file.rows:,}"
                raise GasError(f"{path} has {found}; {MEND}")
            if fault := find_type_fault(parquet.schema_arrow, SCHEMA.names if columns is None else columns):
                raise GasError(f"{path}: {fault}; {MEND}")
            yield parquet
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and not isinstance(path, Path):
            raise  # who asked a store says more
        raise GasError(f"{path} is damaged: {describe_error(error, 300)}; {MEND}") from error


def read_dropped(folder: Path, config: Config) -> dict[str, np.ndarray]:
    """The numbers that rows that were left out of a config had in their splits, in order.

    Raises:
        GasError: Their list is not of the rows that the manifest says.
    """
    if config.dropped is None:
        return {}
    path, numbers = resolve_inside(folder, config.dropped.file), dict[str, array]()
    try:
        with open_regular(path) as file:
            for line in file:
                _, split, number = json.loads(line)["id"].split("/")
                numbers.setdefault(split, array("q")).append(int(number))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise GasError(f"{path} is no list of rows that were left out") from error
    found = {split: np.unique(np.array(of, dtype=np.int64)) for split, of in numbers.items()}
    if not _is_of_files(found, config):
        raise GasError(f"{path} does not list the rows that were left out by the manifest")
    return found


def _is_of_files(dropped: dict[str, np.ndarray], config: Config) -> bool:
    """Whether as many rows were left out of each file as the manifest says."""
    total = 0
    for name, split in config.splits.items():
        ends = np.cumsum([0, *map(len, split.spans)])
        found = np.diff(np.searchsorted(dropped.get(name, NO_ROWS), ends))
        if found.tolist() != [file.dropped for file in split.files]:
            return False
        total += int(found.sum())
    return total == sum(map(len, dropped.values()))


def is_built(source: str) -> bool:
    """Whether a name is meant as a folder; one that is in the way of a shipped recipe's name only if built."""
    folder = Path(source)
    return not find_obstacle(folder / MANIFEST) or (os.path.isdir(folder) and source not in list_recipes())
