"""The formats of `gas export`, a file each, named as `--format` is.

A file has a docstring, whose first line says in help and completion what is written, and after what it is made; and

    lay_out(recipe) -> Layout | dict[str, Layout]

how the file is written, of the rows of a recipe file; or several files by their names, in which `{split}` stands for
the split's. What a format cannot hold of a scene is left out and counted. JSON stays ASCII, since scorers open their
files in whatever encoding the machine has.
"""

from __future__ import annotations

from importlib import import_module, resources
from typing import TYPE_CHECKING

from ....errors import GasError

if TYPE_CHECKING:
    from ..layout import Format


def list_formats() -> dict[str, str]:
    """Names of all formats, and what each writes. No file is imported, so that help is quick."""
    files = {file.name.removesuffix(".py"): file for file in resources.files(__package__).iterdir() if file.is_file()}
    texts = {name: files[name].read_text(encoding="utf-8") for name in sorted(files) if not name.startswith("_")}
    return {name: text.removeprefix('"""').partition("\n")[0].removesuffix('"""') for name, text in texts.items()}


def load_format(name: str) -> Format:
    """The function that lays out a format that is listed.

    Raises:
        GasError: The format's file has none.
    """
    module = import_module(f".{name}", __package__)
    if not hasattr(module, "lay_out"):
        hint = "builders/export/formats/__init__.py says what a format has"
        raise GasError(f"the format {name}: {module.__file__} has no function `lay_out`; {hint}", exit_status=1)
    return module.lay_out
