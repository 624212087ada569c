"""The concepts that scenes are made of: objects, attributes, relations, scene attributes.

The tables are tab-separated files in `tables/` (`schema.py` says what their columns mean):

    >>> from generate_any_scene.taxonomy import load_taxonomy
    >>> taxonomy = load_taxonomy()
    >>> row = taxonomy.object_index("dog.n.01")
    >>> taxonomy.objects["name"][row].as_py()
    'dog'
    >>> bool(taxonomy.is_under(["animal.n.01"])[row])
    True

`build/` holds the code and the hand-made lists that the tables are rebuilt from.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loader import Taxonomy, load_taxonomy
    from .schema import COLUMNS, IDENTITY, KINDS, SCENE_ATTRIBUTE_KINDS, TABLES
    from .table_rules import validate_taxonomy

MODULES = {
    "COLUMNS": "schema",
    "IDENTITY": "schema",
    "KINDS": "schema",
    "SCENE_ATTRIBUTE_KINDS": "schema",
    "TABLES": "schema",
    "Taxonomy": "loader",
    "load_taxonomy": "loader",
    "validate_taxonomy": "table_rules",
}

__all__ = [
    "COLUMNS",
    "IDENTITY",
    "KINDS",
    "SCENE_ATTRIBUTE_KINDS",
    "TABLES",
    "Taxonomy",
    "load_taxonomy",
    "validate_taxonomy",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for: the commands' help needs no tables, and Arrow takes longer than all the rest."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{MODULES[name]}", __name__), name)
