"""Selectional restrictions: which concept classes fit which object classes, as bool matrices, and decks to deal from.

Concepts with the same kinds and sizes behave alike, so they are one class, and a matrix has a row or column for each
class. Kinds are bits of uint64, as `Taxonomy.kind_bits` has them; one bit in common is enough to fit. What compares
sizes joins only objects that have a size in common, or of which one has none that is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ...arrow import make_array, match_texts, view_numbers
from ...taxonomy import KINDS, Taxonomy
from ...taxonomy.schema import SIZES
from ..foundation.ragged import Bits

TIERS = ("common", "visible", "full")
COMPARING = "extent"
"""Subtype of the relations that compare sizes."""
ANYTHING = ~np.uint64(0)
"""All kinds: fits whatever has any kind. What `constraints: none` gives everything."""
COUNTED = np.uint64(32)
"""Bits from here on stand for the kinds of what can be counted."""
OF_COUNTED = ("size", "shape")
"""Kinds of attributes that only what can be counted has: no "small mud", no "round trousers"."""


@dataclass(frozen=True)
class Deck:
    """Attributes or relations to deal: a card is a number, and stands for one of them.

    Attributes:
        rows: Row of the taxonomy's table of each card, shape (cards,).
        classes: Class of each card, shape (cards,): cards of one class go with the same objects.
        fits: Whether attributes go with an object, bool, shape (classes, object classes); or whether relations join
            two, shape (classes, object classes squared), column `subject class * object classes + object class`.
    """

    rows: np.ndarray
    classes: np.ndarray
    fits: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class ObjectClasses:
    """Objects of the same kinds and sizes take the same attributes and relations: they are one class.

    Attributes:
        of: Class of each object of the taxonomy, int64, shape (objects,); -1 for those that no scene has.
        kinds: Kinds of each class, uint64, shape (classes,); a class of all kinds where they do not count.
        sizes: Sizes of each class, uint64, shape (classes,); 0 where they are not known, or do not count.
        typed: Whether kinds and sizes count.
    """

    of: np.ndarray
    kinds: np.ndarray
    sizes: np.ndarray
    typed: bool

    def __len__(self) -> int:
        return len(self.kinds)


def in_tier(table: pa.Table, tier: str) -> np.ndarray:
    """Which rows are in a tier, bool. Tiers hold those before them: `visible` has all of `common`."""
    return match_texts(table["tier"], *TIERS[: TIERS.index(tier) + 1])


def find_object_kinds(taxonomy: Taxonomy) -> np.ndarray:
    """Kinds of all objects, uint64; those of what can be counted stand there twice, the second time from `COUNTED` on.

    One bit in common with `find_attribute_kinds` is enough for an attribute to apply.
    """
    bits = taxonomy.kind_bits(taxonomy.objects["kinds"])
    counted = match_texts(taxonomy.objects["countability"], "count")
    return bits | np.where(counted, bits << COUNTED, np.uint64(0))


def find_sizes(taxonomy: Taxonomy) -> np.ndarray:
    """Sizes of all objects, uint64: bit `i` stands for `SIZES[i]`; 0 where nobody knows."""
    cells = taxonomy.objects["size"].combine_chunks().dictionary_encode()
    bits = [sum(1 << SIZES.index(size) for size in cell.split("|") if size) for cell in cells.dictionary.to_pylist()]
    return np.array(bits, dtype=np.uint64)[view_numbers(cells.indices, np.int32)]


def find_attribute_kinds(taxonomy: Taxonomy) -> np.ndarray:
    """Kinds that all attributes apply to, uint64; from `COUNTED` on for those that need what can be counted."""
    bits = taxonomy.kind_bits(taxonomy.attributes["applies_to"])
    return np.where(match_texts(taxonomy.attributes["kind"], *OF_COUNTED), bits << COUNTED, bits)


def classify_objects(taxonomy: Taxonomy, rows: np.ndarray, typed: bool) -> ObjectClasses:
    """Puts these objects (rows of the taxonomy's table) into classes; `typed` says whether kinds and sizes count."""
    count = taxonomy.objects.num_rows
    bits = (
        [find_object_kinds(taxonomy), find_sizes(taxonomy)]
        if typed
        else [np.full(count, ANYTHING), np.zeros(count, dtype=np.uint64)]
    )
    (kinds, sizes), class_of = np.unique(np.stack(bits)[:, rows], axis=1, return_inverse=True)
    classes = np.full(count, -1, dtype=np.int64)
    classes[rows] = class_of
    return ObjectClasses(classes, kinds, sizes, typed)


def make_attribute_deck(taxonomy: Taxonomy, rows: np.ndarray, objects: ObjectClasses) -> Deck:
    """A deck of these attributes (rows of the taxonomy's table)."""
    column = find_attribute_kinds(taxonomy)[rows]
    kinds, classes = np.unique(column if objects.typed else np.full(len(rows), ANYTHING), return_inverse=True)
    return Deck(rows, classes, (kinds[:, None] & objects.kinds) != 0)


def make_relation_deck(taxonomy: Taxonomy, rows: np.ndarray, objects: ObjectClasses) -> Deck:
    """A deck of these relations (rows of the taxonomy's table)."""
    # Kinds of subjects, of objects, and whether sizes are compared; a class is three of them that occur together.
    ends = [taxonomy.kind_bits(taxonomy.relations[column])[rows] for column in ("subject_kinds", "object_kinds")]
    compares = match_texts(taxonomy.relations["subtype"], COMPARING)[rows]
    columns = np.stack([*(ends if objects.typed else np.full((2, len(rows)), ANYTHING)), compares])
    (*kinds, compares), classes = np.unique(columns, axis=1, return_inverse=True)
    # (classes, object classes) each, and then every class of subjects with every class of objects.
    subject, target = ((one[:, None] & objects.kinds) != 0 for one in kinds)
    sizes = objects.sizes
    alike = (sizes[:, None] & sizes != 0) | (sizes[:, None] == 0) | (sizes == 0)
    fits = subject[:, :, None] & target[:, None, :] & (alike | (compares == 0)[:, None, None])
    return Deck(rows, classes.reshape(-1), fits.reshape(len(fits), len(objects) ** 2))


def match_objects(taxonomy: Taxonomy, lists: list[list[str]]) -> np.ndarray:
    """Which objects each list of ids and kinds means, and what lies under them, bool, shape (objects, lists)."""
    ids, parents = taxonomy.objects["id"], taxonomy.parent_index
    above = Bits.pack(np.stack([match_texts(ids, *names) for names in lists], axis=1)).words
    before = np.zeros_like(above)
    while (above != before).any():
        before = above
        above = above | np.where(parents[:, None] >= 0, above.take(parents, axis=0), 0)
    under = np.unpackbits(above.view(np.uint8), axis=1, count=len(lists), bitorder="little").astype(bool)
    kinds = taxonomy.kind_bits(taxonomy.objects["kinds"])
    wanted = [sum(1 << KINDS.index(name) for name in names if name in KINDS) for names in lists]
    return under | ((kinds[:, None] & np.array(wanted, dtype=np.uint64)) != 0)


def find_barred(taxonomy: Taxonomy, attributes: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Pairs of an attribute and an object of which it is never said, out of these: int64, shape (pairs, 2)."""
    cells: dict[str, int] = {}
    said = taxonomy.attributes["bars"].take(make_array(attributes)).to_pylist()
    rule_of = np.array([cells.setdefault(cell, len(cells)) for cell in said], dtype=np.int64)
    barred = match_objects(taxonomy, [cell.split("|") for cell in cells])[objects].T
    rows, columns = np.nonzero(barred[rule_of])
    return np.stack([attributes[rows], objects[columns]], axis=1)
