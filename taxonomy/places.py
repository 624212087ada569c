"""Where taxonomies lie: the shipped one, those imported under a name, and folders beside a recipe."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..errors import GasError, advise
from ..regular_files import open_regular
from . import sandbox
from . import tables as shipped
from .schema import COLUMNS

DEFAULT, PAPER, SANDBOX = "default", "paper", "sandbox"
PROFILES = (DEFAULT, PAPER)
"""What can be seen of the shipped tables."""
SHIPPED = (*PROFILES, SANDBOX)
DECLARATIONS = "taxonomy.toml"
"""What a folder says of the kinds and columns that its tables have of their own."""
SUPPORTING = "supporting"
"""The table of objects that a taxonomy needs only to hold its tree together; the shipped rows win over them."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def find_imports() -> Path:
    """Finds the folder that imported taxonomies are kept in; it need not be there."""
    from platformdirs import user_data_path

    return user_data_path("generate-any-scene") / "taxonomies"


def list_imports() -> list[str]:
    """Names the imported taxonomies."""
    folder = find_imports()
    return sorted(place.name for place in folder.iterdir() if is_taxonomy(place)) if folder.is_dir() else []


def is_taxonomy(place: Path) -> bool:
    """Tells whether a folder holds a table."""
    return place.is_dir() and NAME.fullmatch(place.name) is not None and any(find_tables(place))


def find_tables(place: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Finds the tables in a folder, with their names; what is there and cannot be read is said when it is read."""
    for table in (*COLUMNS, SUPPORTING):
        file = place / f"{table}.tsv"
        if os.path.lexists(file) if isinstance(file, Path) else file.is_file():
            yield table, file


def find_declarations(place: Traversable) -> Traversable | None:
    """Finds what a folder says of its tables' own kinds and columns, if it says anything."""
    file = place / DECLARATIONS
    return file if (os.path.lexists(file) if isinstance(file, Path) else file.is_file()) else None


def find_taxonomy(name: str, folder: Path | None = None) -> Traversable:
    """Finds the folder of a taxonomy.

    Args:
        name: `default`, `paper` or `sandbox`, the name of an imported taxonomy, or else a folder; `./mine` is always
            a folder.
        folder: Where relative folders start; the working directory when not given.

    Raises:
        GasError: There is none, or its folder holds no table.
    """
    if name in PROFILES:
        return files(shipped)
    if name == SANDBOX:
        return files(sandbox)
    imported = find_imports() / name
    place = imported if NAME.fullmatch(name) and imported.is_dir() else (folder or Path()) / name
    if not place.is_dir():
        choices = [*SHIPPED, *list_imports()]
        raise GasError(
            f"there is no taxonomy {name!r}: {place} is not a folder; {advise(name, choices)}"
            f"; write one of {', '.join(choices)}, or a folder that holds tables"
        )
    if not any(find_tables(place)):
        tables = ", ".join(f"{table}.tsv" for table in COLUMNS)
        raise GasError(f"taxonomy {name!r}: {place} holds none of {tables}")
    return place


def read_table_file(file: Traversable) -> bytes:
    """Reads a table.

    Raises:
        GasError: It is missing, not a regular file, or cannot be read.
    """
    with open_regular(file) as stream:
        return bytes(stream.read())


def check_new_name(name: str) -> None:
    """Refuses a name that an import cannot have.

    Raises:
        GasError: The name is taken by what is shipped, or has other characters than names have.
    """
    if name in SHIPPED:
        raise GasError(f"--name {name}: this is a shipped taxonomy; choose another name, such as `mine`")
    if not NAME.fullmatch(name):
        raise GasError(f"--name {name}: a name has lower-case letters, digits, - and _ only, such as `mine`")


def write_folder(place: Path, contents: dict[str, str]) -> None:
    """Writes files beside `place` and then puts them there at once, in place of what was there.

    Raises:
        GasError: The folder cannot be written.
    """
    import shutil
    import tempfile

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            new.mkdir()
            for name, text in contents.items():
                (new / name).write_bytes(text.encode())
            if place.exists():
                os.replace(place, old)
            try:
                os.replace(new, place)
            except OSError:
                if old.is_dir():
                    os.replace(old, place)
                raise
            if old.is_dir():
                shutil.rmtree(old)
    except OSError as error:
        raise GasError(f"{place}: cannot be written: {error.strerror}", exit_status=1) from error


def stands_alone(name: str) -> bool:
    """Tells whether a taxonomy has all tables and a root of its own, so that it is not meant to be laid over ours."""
    place = find_taxonomy(name)
    if any(not (place / f"{table}.tsv").is_file() for table in COLUMNS if table != "frequency"):
        return False
    return bool(_list_roots(place) - _list_roots(files(shipped)))


def _list_roots(place: Traversable) -> set[str]:
    header, *lines = (place / "objects.tsv").read_bytes().decode("utf-8-sig", "replace").splitlines() or [""]
    rows = [dict(zip(header.split("\t"), line.split("\t"), strict=False)) for line in lines]
    return {row.get("id", "") for row in rows if row.get("parent") == ""}
