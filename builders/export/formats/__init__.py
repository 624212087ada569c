"""The formats of `gas export`, a file each, named as `--format` is.

A file has a docstring, whose first line says in help and completion what is written, and after what it is made; and

    SPLITS
    lay_out(recipe) -> Layout | dict[str, Layout]

which splits it is for (`("train",)` of what trains, `("test",)` of what scores), and how the file is written, of the
rows of a recipe file; or several files by their names, in which `{split}` stands for the split's. What `lay_out` takes
besides the recipe are options of the command: `columns`, and `per`, what a line is. What a format cannot hold of a
scene is left out and counted, and so is what its reader would misread. JSON stays ASCII, since scorers open their
files in whatever encoding the machine has; and no list in JSON lines may be empty, since a file says of which type a
list is by what is in it; but in `jsonl`, which has rows as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from ....errors import GasError

if TYPE_CHECKING:
    from ..layout import Format


def list_formats() -> dict[str, str]:
    """Names of all formats, and what each writes. No file is imported, so that help is quick."""
    return read_first_lines(__path__)


def read_first_lines(path: Sequence[str]) -> dict[str, str]:
    """Names of a package's files, and the first line of each one's docstring. No file is imported."""
    names = sorted(file.name for file in iter_modules(path))
    texts = {name: Path(path[0], f"{name}.py").read_text(encoding="utf-8") for name in names}
    return {name: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0] for name, text in texts.items()}


def load_format(name: str) -> Format:
    """The function that lays out a format that is listed.

    Raises:
        GasError: The format's file has none.
    """
    return _load_part(name, "lay_out")


def load_splits(name: str) -> tuple[str, ...]:
    """The splits that a format that is listed is for.

    Raises:
        GasError: The format's file does not say so.
    """
    return _load_part(name, "SPLITS")


def _load_part(name: str, part: str) -> Any:
    module = import_module(f".{name}", __package__)
    if not hasattr(module, part):
        hint = "builders/export/formats/__init__.py says what a format has"
        raise GasError(f"the format {name}: {module.__file__} has no `{part}`; {hint}", exit_status=1)
    return getattr(module, part)
