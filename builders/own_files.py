"""Templates and tables that lie beside a user's recipe. A built folder has them too, so that its recipe builds it again."""

from __future__ import annotations

from pathlib import Path

from ..errors import GasError
from .fingerprint import read_templates
from .recipe_files import LoadedRecipe, is_path
from .rows import RowWriter


def read_own_files(loaded: LoadedRecipe, writer: RowWriter) -> dict[str, str]:
    """The text of every file of the user's own that the rows are made from, by its path from the recipe."""
    folder = loaded.folder
    if folder is None:
        return {}
    files = {name: text for name, text in read_templates(writer).items() if (folder / name).is_file()}
    for entry in loaded.recipe.taxonomy:
        if is_path(entry, "/"):
            tables = (folder / entry).glob("*.tsv")
            files |= {f"{entry}/{path.name}": path.read_text(encoding="utf-8") for path in tables}
    return files


def refuse_collisions(own_files: dict[str, dict[str, str]], out: Path) -> None:
    """Refuses files that would replace another recipe's.

    Raises:
        GasError: A file of that path is in the folder, or comes with another recipe, and differs.
    """
    written: dict[str, str] = {}
    for files in own_files.values():
        for path, text in files.items():
            there = out / "recipes" / path
            other = written.setdefault(path, there.read_text(encoding="utf-8") if there.is_file() else text)
            if other != text:
                hint = "rename it beside your recipe, or choose another folder with --out"
                raise GasError(f"{there} belongs to another recipe and differs; {hint}")
