"""Which of the shipped objects a profile has: `default` merges senses, `paper` follows the paper's rules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrow import find_rows, make_array, make_texts, read_truths, view_numbers
from .places import PAPER


def apply_profile(objects: pa.Table, profile: str) -> pa.Table:
    """Leaves the objects of a profile; a parent that is dropped is replaced by the nearest one above that is kept.

    Args:
        objects: All shipped objects.
        profile: `default` leaves out those flagged `merged`; `paper` those without a `paper_name`.
    """
    if profile == PAPER:
        kept = view_numbers(pc.binary_length(objects["paper_name"]), np.int32) > 0
    else:
        kept = ~read_truths(pc.match_substring(objects["flags"], "merged"))
    if kept.all():
        return objects
    return relink_parents(objects, kept).filter(make_array(kept))


def relink_parents(objects: pa.Table, kept: np.ndarray) -> pa.Table:
    """Moves every object to the nearest of its ancestors that is kept, or to none.

    Args:
        objects: A table of objects.
        kept: Which of its rows are kept, bool.
    """
    parents = find_rows(objects["parent"], objects["id"])
    above = parents.copy()
    # Row -1 is no parent, which ends the way up.
    ends = np.append(kept, True)
    while not ends[above].all():
        above = np.where(ends[above], above, parents[above])
    if (above == parents).all():
        return objects
    ids = pa.concat_arrays([objects["id"].combine_chunks(), make_texts([""])])
    column = pc.take(ids, make_array(np.where(above < 0, len(kept), above).astype(np.int32)))
    return objects.set_column(objects.column_names.index("parent"), "parent", column)
