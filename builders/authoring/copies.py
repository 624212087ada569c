"""A recipe's file with all that it extends, and with the templates and tables that it needs beside it."""

from __future__ import annotations

from pathlib import Path

from ...errors import GasError, explain_os_error
from ...regular_files import open_regular
from ..build.recipe_bundle import bundle_recipe
from ..foundation.replacing import replace_file
from ..recipe.loading import LoadedRecipe
from ..rows.writer import RowWriter


def write_copy(loaded: LoadedRecipe, writer: RowWriter, path: Path) -> None:
    """Writes a recipe into a file, in place of what was there, and copies the user's own files that it names.

    Args:
        loaded: The recipe.
        writer: Of the recipe.
        path: The file.

    Raises:
        GasError: A file cannot be written, or another one is in the place of a copy.
    """
    packed = bundle_recipe(loaded, writer)
    for name, text in packed.files.items():
        place = path.parent / name
        if place.exists():
            with open_regular(place) as file:
                if file.read() != text.encode():
                    raise GasError(f"{place} is another file than the recipe's; write the recipe into another folder")
    try:
        for name, text in {**packed.files, path.name: packed.text}.items():
            place = path.parent / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with replace_file(place) as beside:
                beside.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise explain_os_error(error, path) from error
