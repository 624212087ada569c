"""What relations and attributes say that must be possible together: the words of the column `says`, as bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from ...arrow import find_rows, match_texts, read_truths, view_numbers
from ...taxonomy import Taxonomy
from ...taxonomy.nearness import number_heads, relate_heads
from ...taxonomy.schema import FACTS, HEDGES
from .scenes import Scenes

BIT = {fact: 1 << place for place, fact in enumerate(FACTS)}
"""The bit of each word."""
POSTURES = ("stands", "sits", "lies", "kneels", "crouches", "goes", "held")
MOODS = ("glad", "upset")
EXCLUSIVE = (POSTURES, ("goes", "stays"), MOODS)
"""Of each of these a thing has one at a time."""
ORDERS = (
    ("left", "right"),
    ("below", "above"),
    ("front", "behind"),
    ("smaller", "bigger"),
    ("shorter", "taller"),
    ("narrower", "wider"),
)
"""Facts by which the subject comes before the target in an order, and after it."""
SPATIAL_ORDERS = 3
"""How many of them, the first, are of places."""
PLACES = (("in", "contains"), ("on", "bears"))
"""Facts by which the target is the place of the subject, and the other way around."""
INSIDE = 0
"""The sort of place that a thing is in, not on."""
AWAKE = ("stands", "kneels", "crouches", "goes", "looks", "moves")
"""What nothing does that `sleeps`."""


def mask_facts(*facts: str) -> int:
    """The bits of some words."""
    return sum(BIT[fact] for fact in facts)


def read_facts(table: pa.Table) -> np.ndarray:
    """What each row of a table says, int64."""
    cells = table["says"].combine_chunks().dictionary_encode()
    masks = [mask_facts(*filter(None, cell.split("|"))) for cell in cells.dictionary.to_pylist()]
    return np.array(masks, dtype=np.int64)[view_numbers(cells.indices, np.int32)]


def find_saying(table: pa.Table, fact: str) -> np.ndarray:
    """Which rows of a table say something, bool."""
    return read_facts(table) & BIT[fact] != 0


@lru_cache(maxsize=4)
def _find_picturing(taxonomy: Taxonomy) -> tuple[np.ndarray, np.ndarray]:
    """Which relations say that their subject is seen in an image alone, and which that their target is, bool."""
    return find_saying(taxonomy.relations, "pictured"), find_saying(taxonomy.relations, "pictures")


def find_pictured(taxonomy: Taxonomy, scenes: Scenes) -> np.ndarray:
    """Which objects of a block are seen in an image of them alone: on a sweater, in a mosaic; bool."""
    relations, found = scenes.relations, np.zeros(len(scenes.objects.values), dtype=bool)
    begins = scenes.objects.offsets[relations.owners]
    for ends, picturing in zip((scenes.subjects, scenes.targets), _find_picturing(taxonomy), strict=True):
        some = picturing[relations.values]
        found[begins[some] + ends.values[some]] = True
    return found


@dataclass(frozen=True, eq=False)
class Sayings:
    """What relations and attributes of a taxonomy say.

    Attributes:
        relations: Of its subject, and of the two, each relation, shape (relations,).
        targets: The same for the target in the place of the subject: what the inverse says.
        orders: For each relation and order 1 where the subject comes first, -1 where the target does, and 0, int8,
            shape (relations, orders).
        places: The same for each sort of place, shape (relations, 2).
        attributes: Of its object, each attribute, shape (attributes,).
        clashes: Of two relations of one pair, whether they never hold together, by heads: bool, shape (heads, heads).
        head: Head of each relation, shape (relations,).
        turned: Head of what each relation says the other way around, or -1, shape (relations,).
        asymmetric: Whether each relation never holds both ways around, bool, shape (relations,).
        hedged: Whether each relation excludes nothing, bool, shape (relations,).
    """

    relations: np.ndarray
    targets: np.ndarray
    orders: np.ndarray
    places: np.ndarray
    attributes: np.ndarray
    clashes: np.ndarray
    head: np.ndarray
    turned: np.ndarray
    asymmetric: np.ndarray
    hedged: np.ndarray


@lru_cache(maxsize=4)
def read_sayings(taxonomy: Taxonomy) -> Sayings:
    """Reads what relations and attributes say."""
    table = taxonomy.relations
    said, head = read_facts(table), number_heads(taxonomy)[1]
    inverse = find_rows(table["inverse"], table["id"])
    inverse = np.where(read_truths(table["symmetric"]), np.arange(len(head)), inverse)
    # One row of a head tells the inverse of all: nobody chases, in whatever category, who is not chased.
    of_head = np.full(int(head.max(initial=-1)) + 1, -1, dtype=inverse.dtype)
    of_head[head[inverse >= 0]] = inverse[inverse >= 0]
    backwards = np.where(inverse >= 0, inverse, of_head[head])
    return Sayings(
        relations=said,
        targets=np.where(backwards >= 0, said[backwards], 0),
        orders=_read_steps(said, ORDERS),
        places=_read_steps(said, PLACES),
        attributes=read_facts(taxonomy.attributes),
        clashes=relate_heads(taxonomy, "excludes"),
        head=head,
        turned=np.where(inverse >= 0, head[inverse], -1),
        asymmetric=read_truths(table["asymmetric"]),
        hedged=match_texts(table["modifier"], *HEDGES),
    )


def _read_steps(said: np.ndarray, facts: tuple[tuple[str, str], ...]) -> np.ndarray:
    """1 where relations say the first of two facts, -1 where the other one, int8, shape (relations, pairs)."""
    ahead, behind = (np.array([BIT[pair[end]] for pair in facts]) for end in (0, 1))
    return (said[:, None] & ahead != 0).astype(np.int8) - (said[:, None] & behind != 0)


def exclude_facts(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether what is said of one thing excludes what else is said of it, bits each, element by element."""
    awake, sleeps = mask_facts(*AWAKE), BIT["sleeps"]
    excluded = ((some & sleeps != 0) & (others & awake != 0)) | ((others & sleeps != 0) & (some & awake != 0))
    for group in (mask_facts(*facts) for facts in EXCLUSIVE):
        excluded |= (some & group != 0) & (others & group != 0) & (some & others & group == 0)
    return excluded
