"""The concepts that scenes are made of: objects, attributes, relations, scene attributes.

The tables are tab-separated files beside this module (`schema.py` says what their columns mean):

    >>> from generate_any_scene.taxonomy import load_taxonomy
    >>> taxonomy = load_taxonomy()
    >>> row = taxonomy.object_index("dog.n.01")
    >>> taxonomy.objects["name"][row].as_py()
    'dog'
    >>> bool(taxonomy.is_under(["animal.n.01"])[row])
    True

`build/` holds the code and the hand-made lists that the tables are rebuilt from.
"""

from .loader import Taxonomy, load_taxonomy
from .schema import COLUMNS, KINDS, SCENE_ATTRIBUTE_KINDS
from .validate import validate_taxonomy

__all__ = ["COLUMNS", "KINDS", "SCENE_ATTRIBUTE_KINDS", "Taxonomy", "load_taxonomy", "validate_taxonomy"]
