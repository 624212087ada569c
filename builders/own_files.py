"""Templates and tables that lie beside a user's recipe: a built folder has them too, so its recipe builds it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def refuse_collisions(own_files: dict[str, dict[str, str]], out: Path, manifest: dict[str, Any]) -> None:
    """Refuses files that would replace another recipe's.

    Raises:
        GasError: A file of that path comes with another recipe, built now or before, and differs.
    """
    kept = {
        path for name, config in manifest["configs"].items() if name not in own_files for path in config["own_files"]
    }
    written = {path: (out / "recipes" / path).read_text(encoding="utf-8") for path in kept}
    for files in own_files.values():
        for path, text in files.items():
            if written.setdefault(path, text) != text:
                hint = "rename it beside your recipe, or choose another folder with --out"
                raise GasError(f"{path} comes with another recipe in {out}, too, and differs; {hint}")
