"""Benchmarks by name: how the files with their prompts are called. The prompts themselves are not shipped.

`benchmarks.tsv` has a line a file: the benchmark, the file's name as its authors have it, the column of the prompts
(empty in text), and where it is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ...errors import GasError


@dataclass(frozen=True)
class Benchmark:
    """Where the prompts of a benchmark are.

    Attributes:
        columns: By the name of each of its files, the column that has them; empty in text.
        source: The address where it is published.
    """

    columns: dict[str, str]
    source: str


@lru_cache(maxsize=1)
def list_benchmarks() -> dict[str, Benchmark]:
    """Lists the benchmarks whose files are known, by name."""
    found: dict[str, Benchmark] = {}
    for line in (files(__package__) / "benchmarks.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, file, column, source = line.split("\t")
        found.setdefault(name, Benchmark({}, source)).columns[file] = column
    return found


def find_benchmarks(folder: Path | None, names: Sequence[str]) -> tuple[dict[Path, str], list[str]]:
    """Finds the files of benchmarks below a folder.

    Args:
        folder: Where they lie, at any depth.
        names: Of the benchmarks, whose files must all be there; where none is named, those files are taken that are.

    Returns: By file, the column of its prompts, empty in text; and the names of the benchmarks of which a file lacks.

    Raises:
        GasError: A file is not there, or there is none of any benchmark.
    """
    known = list_benchmarks()
    if folder is None:
        one = known[names[0]]
        raise GasError(
            f"the prompts of {names[0]} are not shipped; get {' and '.join(one.columns)} from {one.source}, and name "
            "the folder that has it with --benchmarks"
        )
    if not folder.is_dir():
        raise GasError(f"--benchmarks {folder}: there is no such folder")
    there: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            there.setdefault(path.name, path)
    columns, lacking = dict[Path, str](), list[str]()
    for name in names or known:
        one = known[name]
        if missing := [file for file in one.columns if file not in there]:
            if names:
                raise GasError(f"{name}: {missing[0]} is not below {folder}; it is published at {one.source}")
            lacking.append(name)
        columns |= {there[file]: column for file, column in one.columns.items() if file in there}
    if not columns:
        wanted = ", ".join(f"{name} ({next(iter(one.columns))})" for name, one in known.items())
        raise GasError(f"there is no file of a benchmark below {folder}; those that are known: {wanted}")
    return columns, lacking
