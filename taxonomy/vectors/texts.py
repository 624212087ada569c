"""The words of concepts that their vectors are made of."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..loader import Taxonomy

COLUMNS = {"objects": "name", "attributes": "adjective", "relations": "head", "scene_attributes": "name"}
"""What stands for a concept: its name; of a relation what is done, without how."""


def list_texts(taxonomy: Taxonomy, table: str) -> pa.Array:
    """The text of every concept of a table, one a row; of a relation without a head its predicate."""
    concepts = getattr(taxonomy, table)
    texts = concepts[COLUMNS[table]].combine_chunks()
    if table == "relations":
        texts = pc.if_else(pc.equal(texts, ""), concepts["predicate"].combine_chunks(), texts)
    return texts
