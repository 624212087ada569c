"""The concepts that scenes are made of: objects, attributes, relations, scene attributes.

The tables are tab-separated files in `tables/` (`schema.py` says what their columns mean):

    >>> from generate_any_scene.taxonomy import find_object, load_taxonomy, mark_under
    >>> taxonomy = load_taxonomy()
    >>> row = find_object(taxonomy, "dog")
    >>> taxonomy.objects["name"][row].as_py()
    'dog'
    >>> bool(mark_under(taxonomy, ["animal"])[row])
    True

Called, the module gives them for looking around: `generate_any_scene.taxonomy().search("tie")`, see `browsing.py`.

`build/` holds the code and the hand-made lists that the tables are rebuilt from.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .browsing import Concepts
    from .loader import Taxonomy, load_taxonomy
    from .naming import find_object, mark_under
    from .schema import COLUMNS, IDENTITY, KINDS, SCENE_ATTRIBUTE_KINDS, TABLES
    from .table_rules import validate_taxonomy

MODULES = {
    "COLUMNS": "schema",
    "IDENTITY": "schema",
    "KINDS": "schema",
    "SCENE_ATTRIBUTE_KINDS": "schema",
    "TABLES": "schema",
    "Taxonomy": "loader",
    "find_object": "naming",
    "load_taxonomy": "loader",
    "mark_under": "naming",
    "validate_taxonomy": "table_rules",
}

__all__ = [
    "COLUMNS",
    "IDENTITY",
    "KINDS",
    "SCENE_ATTRIBUTE_KINDS",
    "TABLES",
    "Taxonomy",
    "find_object",
    "load_taxonomy",
    "mark_under",
    "validate_taxonomy",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for: the commands' help needs no tables, and Arrow takes longer than all the rest."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{MODULES[name]}", __name__), name)


class _Callable(ModuleType):
    """This module, which is the package's attribute `taxonomy` as soon as it is imported: the function, too."""

    def __call__(self, *names: str) -> Concepts:
        from .browsing import taxonomy

        return taxonomy(*names)


sys.modules[__name__].__class__ = _Callable
