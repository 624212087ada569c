"""What objects are, in short, and other words that people have for them.

Of everyday objects there is both, and of objects that share a name with others, what they are.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from . import tables as shipped
from .loader import Taxonomy

SENSES = "senses.tsv"


@lru_cache(maxsize=1)
def read_senses() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Reads the shipped file: the definition ("" where there is none) and other words, by the object's id."""
    lines = (files(shipped) / SENSES).read_text(encoding="utf-8").splitlines()[1:]
    cells = (line.split("\t") for line in lines)
    return {id_: (definition, tuple(filter(None, aliases.split("|")))) for id_, definition, aliases in cells}


def list_aliases(taxonomy: Taxonomy, row: int) -> tuple[str, ...]:
    """Lists the other words for an object; none for one of a user's own."""
    return () if taxonomy.own[row] else read_senses().get(taxonomy.objects["id"][row].as_py(), ("", ()))[1]


def define_object(taxonomy: Taxonomy, row: int) -> str:
    """Says what an object is: its definition, or else what it is a kind of; "" at the root of all."""
    definition = read_senses().get(taxonomy.objects["id"][row].as_py(), ("", ()))[0]
    if definition and not taxonomy.own[row]:
        return definition
    parent = int(taxonomy.parent_index[row])
    return f"a kind of {taxonomy.objects['name'][parent].as_py()}" if parent >= 0 else ""
