"""Makes the site's page of all that is public in Python, from `__all__`, so that no name can be left out of it."""

from __future__ import annotations

import inspect

import generate_any_scene as gas
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGE = "python_reference.md"
HEAD = """\
# Python reference

Everything here is imported from `generate_any_scene`. [Use from Python](python.md) shows how it goes together.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    files.append(File.generated(config, PAGE, content=write_reference()))
    return files


def write_reference() -> str:
    """Writes the page: of each public name where its docstring is, in the words of mkdocstrings.

    A module lists what is public in it.
    """
    parts = [HEAD]
    for name in gas.__all__:
        options = ["    options:", "      members: true"] if inspect.ismodule(getattr(gas, name)) else []
        parts.append("\n".join([f"::: generate_any_scene.{name}", *options]))
    return "\n\n".join(parts) + "\n"
