"""Which objects a picture may show because it shows others: what false statements and counts must keep away from.

Whoever sees a poodle sees a dog; a wineglass may be a goblet; a car has wheels. An object is *kin* to another one if

- one is called what the other is: names decide, of a thing and all above it, so that an omelet is a dish in any sense;
- one is called as the other one's name or its head ends, where either is of a user's table: a garden gnome is a gnome
  (in the shipped tables parents say so, and what is none: a guinea pig);
- the taxonomy has them `near` each other (of what has nothing near it, the next one above it counts), or one is called
  what something near the other is;
- it is `part_of` the other one, or of something above it; and who sees a part may see the whole, unless that is said
  of a kind (a person wears a shirt, but a shirt may lie alone);
- both are people, and one of them is not `visible`: whom nobody can recognize may be anybody.

Kinship is from what is there to what may be there as well, so it is not the same both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ... import arrow
from ...taxonomy import KINDS, Taxonomy
from ...taxonomy.english.heads import find_head
from ..content.plan import Plan
from ..content.selection import find_objects
from ..foundation.ragged import Bits, Ragged, expand_ranges, offsets_of

Kinship = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Whether objects in scenes show others, element by element; rows of the taxonomy, and -1 shows nothing."""

MOST_TABULATED = 5000
"""Objects of a tier up to which kinship is looked up in one table of pairs; for more it is looked up link by link."""


@dataclass(frozen=True, eq=False)
class Link:
    """One reason why objects show others: both fall into classes, and a table says which show which.

    Attributes:
        present: The class of each object of the taxonomy as one that is there, and last that of none, int64.
        other: The same as one that may be there as well.
        table: Which classes (row) show others (column).
        turned: Whether the table has the classes of what is there as columns instead.
    """

    present: np.ndarray
    other: np.ndarray
    table: Bits
    turned: bool = False

    def shows(self, present: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Whether some classes show others, element by element."""
        return self.table.have(other, present) if self.turned else self.table.have(present, other)


@lru_cache(maxsize=4)
def list_lineages(taxonomy: Taxonomy) -> np.ndarray:
    """Numbers of the name of each object, of its parent's name, and so on up to the root; then -1.

    Returns:
        int32, shape (objects, levels).
    """
    names, rows = arrow.number_texts(taxonomy.objects["name"]).astype(np.int32), _list_ancestors(taxonomy)
    return np.where(rows >= 0, names[rows], np.int32(-1))


@lru_cache(maxsize=4)
def _list_ancestors(taxonomy: Taxonomy) -> np.ndarray:
    """Rows of each object, its parent, and so on up to the root; then -1, shape (objects, levels)."""
    # Level by level for all objects at once: `at` is the ancestor of each, or -1 above the root.
    parents, at = taxonomy.parent_index, np.arange(taxonomy.objects.num_rows)
    levels = []
    while (at >= 0).any():
        levels.append(at)
        at = np.where(at >= 0, parents[at], -1)
    return np.stack(levels, axis=1)


@lru_cache(maxsize=4)
def tabulate_kinship(plan: Plan) -> tuple[np.ndarray, Bits] | None:
    """A place for each object of the taxonomy, and what each (row) shows (column); None where they are too many.

    Nothing is kin to what stands at the last place, which is for objects that are in no scene or foil, and for -1.
    """
    rows = list_possible(plan)
    if len(rows) > MOST_TABULATED:
        return None
    place = np.full(plan.taxonomy.objects.num_rows, len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    table = np.zeros((len(rows) + 1, len(rows) + 1), dtype=bool)
    is_a = _tabulate_names(list_lineages(plan.taxonomy)[rows])
    table[:-1, :-1] = is_a | is_a.T
    for link in list_links(plan.taxonomy):
        # Few classes are among these objects; their part of the table is written out, then taken as often as needed.
        some, present = np.unique(link.present[rows], return_inverse=True)
        others, other = np.unique(link.other[rows], return_inverse=True)
        shows = link.shows(np.repeat(some, len(others)), np.tile(others, len(some)))
        table[:-1, :-1] |= shows.reshape(len(some), -1)[present][:, other]
    return place, Bits.pack(table)


@lru_cache(maxsize=4)
def tabulate_implied(plan: Plan) -> tuple[Bits, Bits]:
    """What is shown by what each scene attribute (row) shows: by any of it, and by two things or more.

    Columns are the places of `tabulate_kinship`, which must not be None.
    """
    tables, shown = tabulate_kinship(plan), list_shown(plan.taxonomy)
    assert tables
    place, shows = tables
    return shows.unite_twice(Ragged(place.take(shown.values), shown.offsets))


@lru_cache(maxsize=4)
def find_kinship(plan: Plan) -> Kinship:
    """Gives a function that tells, element by element, whether objects in scenes show others."""
    if tables := tabulate_kinship(plan):
        place, shows = tables
        return lambda present, others: shows.have(place.take(present), place.take(others))
    lineage, links = list_lineages(plan.taxonomy), list_links(plan.taxonomy)

    def are_kin(present: np.ndarray, others: np.ndarray) -> np.ndarray:
        found = np.zeros(len(present), dtype=bool)
        for some, other in ((present, others), (others, present)):
            found |= (lineage[some] == lineage[other, 0][..., None]).any(axis=-1)
        for link in links:
            found |= link.shows(link.present.take(present), link.other.take(others))
        return found & (present >= 0)

    return are_kin


@lru_cache(maxsize=4)
def list_possible(plan: Plan) -> np.ndarray:
    """Rows of all objects that are in scenes or foils, or are shown by scene attributes, ascending."""
    dealt, shown = find_objects(plan.recipe, plan.taxonomy), list_shown(plan.taxonomy).values
    return np.unique(np.concatenate([dealt, plan.pools.objects, shown, *plan.pools.seed.objects])).astype(np.int64)


@lru_cache(maxsize=4)
def list_shown(taxonomy: Taxonomy) -> Ragged:
    """Rows of the objects that each scene attribute shows."""
    row, texts = _split_cells(taxonomy.scene_attributes["shows"])
    shown = arrow.find_rows(texts, taxonomy.objects["id"])
    return _group(row[shown >= 0], shown[shown >= 0], taxonomy.scene_attributes.num_rows)


@lru_cache(maxsize=4)
def list_links(taxonomy: Taxonomy) -> tuple[Link, ...]:
    """Lists all reasons why objects show others, but that one is called what the other is."""
    return (*_link_near(taxonomy), *_link_ends(taxonomy), *_link_parts(taxonomy), _link_unseen(taxonomy))


def _link_near(taxonomy: Taxonomy) -> list[Link]:
    """What is near, and what is called as something near is, on both sides."""
    table, ancestors = taxonomy.objects, _list_ancestors(taxonomy)
    row, texts = _split_cells(table["near"])
    other = arrow.find_rows(texts, table["id"])
    row, other = np.append(row[other >= 0], other[other >= 0]), np.append(other[other >= 0], row[other >= 0])
    # The class of an object is the next row, from itself upwards, that has something near it; they are numbered.
    has = np.bincount(row, minlength=table.num_rows) > 0
    number = np.append(np.where(has, np.cumsum(has) - 1, -1), -1)
    there = has[ancestors] & (ancestors >= 0)
    holder = number[np.where(there.any(axis=1), ancestors[np.arange(len(there)), there.argmax(axis=1)], -1)]
    holder, size = np.append(np.where(holder < 0, has.sum(), holder), has.sum()), int(has.sum()) + 1
    lineage = list_lineages(taxonomy)
    above = lineage[other]
    names, levels = np.nonzero(above >= 0)
    # Only names of what is near, and of what lies above it, are numbered: the last number is of all others.
    known, called = np.unique(above[names, levels], return_inverse=True)
    place = np.full(lineage.max(initial=-1) + 1, len(known))
    place[known] = np.arange(len(known))
    own = np.append(place[lineage[:, 0]], len(known))
    near = _pack_pairs(number[row], number[other], (size, size))
    general = _pack_pairs(number[row[names]], called, (size, len(known) + 1))
    return [Link(holder, holder, near), Link(holder, own, general), Link(own, holder, general, turned=True)]


def _link_ends(taxonomy: Taxonomy) -> list[Link]:
    """What is called as the name of another one, or of one above it, ends, on both sides; in a user's tables alone."""
    if not taxonomy.own.any():
        return []
    lineage, texts = list_lineages(taxonomy), taxonomy.objects["name"].to_pylist()
    numbers = dict(zip(map(str.casefold, texts), lineage[:, 0].tolist(), strict=True))
    own = set(lineage[taxonomy.own, 0].tolist())
    ends = {number: _find_ends(name, numbers) for name, number in numbers.items()}
    ends = {one: some if one in own else some & own for one, some in ends.items()}
    has = np.zeros(len(texts) + 1, dtype=bool)
    has[[number for number, some in ends.items() if some]] = True
    ending = np.where(has[lineage] & (lineage >= 0), lineage, -1)
    examples, holder = _number_alike(ending)
    pairs = [
        (place, end)
        for place, example in enumerate(examples)
        for name in ending[example].tolist()
        if name >= 0
        for end in ends[name]
    ]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    holder, called = np.append(holder, len(examples)), np.append(lineage[:, 0], len(texts)).astype(np.int64)
    table = _pack_pairs(rows, columns, (len(examples) + 1, len(texts) + 1))
    return [Link(holder, called, table), Link(called, holder, table, turned=True)]


def _find_ends(name: str, numbers: Mapping[str, int]) -> set[int]:
    """Numbers of the names that a name or its head ends in: of `person with a sign` those of `sign` and `person`."""
    texts = (name, name[: find_head(name)[1]])
    ends = {text[place:] for text in texts for place in range(len(text)) if text[place - 1] in " -" or not place}
    return {numbers[end] for end in ends if end != name and end in numbers}


def _link_parts(taxonomy: Taxonomy) -> list[Link]:
    """What shows its parts, and what is seen with a part of it."""
    table, lineage, ancestors = taxonomy.objects, list_lineages(taxonomy), _list_ancestors(taxonomy)
    row, texts = _split_cells(table["part_of"])
    # Wholes are numbered: rows of objects, and after them kinds.
    whole, kind = arrow.find_rows(texts, table["id"]), arrow.find_rows(texts, arrow.make_texts(KINDS))
    whole = np.where(kind >= 0, table.num_rows + kind, whole).astype(np.int64)
    row, whole = row[whole >= 0], whole[whole >= 0]
    numbers, used = np.unique(whole), table.num_rows + len(KINDS)
    names = int(lineage.max(initial=-1)) + 1
    is_whole, is_part = (
        np.bincount(some, minlength=size) > 0 for some, size in ((whole, used), (lineage[row, 0], names))
    )
    # Objects fall into classes by the wholes that they are, and by the parts that they are or are called.
    kinds = arrow.number_texts(table["kinds"])[:, None]
    as_whole = np.where(is_whole[ancestors] & (ancestors >= 0), ancestors, -1)
    wholes, whole_of = _number_alike(np.append(as_whole, kinds, axis=1))
    as_part = np.where(is_part[lineage] & (lineage >= 0), lineage, -1)
    over = np.zeros(names, dtype=bool)
    over[lineage[row][lineage[row] >= 0]] = True
    general = np.where(over[lineage[:, 0]], lineage[:, 0], -1)[:, None]
    parts, part_of = _number_alike(np.append(as_part, general, axis=1))
    # Of each class of parts the names of the parts that it is, and the name that it has above others, or none.
    cells, columns = np.nonzero(as_part[parts] >= 0)
    named = _group(cells, as_part[parts][cells, columns], len(parts) + 1)
    called = np.append(np.where(general[parts, 0] >= 0, general[parts, 0], names), names)
    # Which classes of wholes are each whole.
    bits = taxonomy.kind_bits(table["kinds"])[wholes]
    members, levels = np.nonzero(as_whole[wholes] >= 0)
    of_kind = [np.flatnonzero(bits & np.uint64(1 << number)) for number in range(len(KINDS))]
    member = np.concatenate([members, *of_kind])
    which = np.append(
        as_whole[wholes][members, levels], np.repeat(np.arange(len(KINDS)) + table.num_rows, list(map(len, of_kind)))
    )
    keep = is_whole[which]
    shown_by = _pack_pairs(np.searchsorted(numbers, which[keep]), member[keep], (len(numbers) + 1, len(wholes) + 1))
    part_of, whole_of = np.append(part_of, len(parts)), np.append(whole_of, len(wholes))

    def relate(some: np.ndarray) -> Bits:
        """Which classes of parts (row) are of which wholes (column), going by some of the pairs."""
        above, number = lineage[row[some]], np.searchsorted(numbers, whole[some])
        there, level = np.nonzero(above >= 0)
        own, under = _group(above[:, 0], number, names), _group(above[there, level], number[there], names + 1)
        by_name = shown_by.unite(own).unite(named).words
        return Bits(by_name | shown_by.unite(under).words.take(called, axis=0))

    return [
        Link(whole_of, part_of, relate(np.arange(len(row))), turned=True),
        Link(part_of, whole_of, relate(np.flatnonzero(whole < table.num_rows))),
    ]


def _link_unseen(taxonomy: Taxonomy) -> Link:
    """People of whom one cannot be recognized."""
    table, person = taxonomy.objects, np.uint64(1 << KINDS.index("person"))
    people = taxonomy.kind_bits(table["kinds"]) & person > 0
    seen = arrow.match_texts(table["visible"], "yes")
    # 0 is nobody, 1 somebody who is recognized, 2 anybody.
    classes = np.append(np.where(people, np.where(seen, 1, 2), 0), 0)
    return Link(classes, classes, Bits.pack(np.array([[0, 0, 0], [0, 0, 1], [0, 1, 1]], dtype=bool)))


def _split_cells(cells: pa.ChunkedArray) -> tuple[np.ndarray, pa.ChunkedArray]:
    """The row of each text of a column whose cells hold texts separated by `|`, and the texts."""
    lists = pc.split_pattern(cells, "|")
    rows = np.repeat(np.arange(len(cells)), arrow.view_numbers(pc.list_value_length(lists), np.int32))
    return rows, pc.list_flatten(lists)


def _group(keys: np.ndarray, values: np.ndarray, size: int) -> Ragged:
    """The distinct values of each key below `size`, ascending."""
    pairs = np.unique(keys.astype(np.int64) << 32 | values)
    return Ragged(pairs & 0xFFFFFFFF, offsets_of(np.bincount(pairs >> 32, minlength=size)))


def _number_alike(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An example (index) of each distinct row of a table of integers, and the number of every row."""
    texts = np.ascontiguousarray(table.astype(np.int32)).view(np.dtype((np.void, 4 * table.shape[1]))).reshape(-1)
    _, examples, numbers = np.unique(texts, return_index=True, return_inverse=True)
    return examples, numbers.reshape(-1)


def _pack_pairs(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> Bits:
    """A table of bits with these pairs of a row and a column."""
    width = -(-shape[1] // 64) * 8
    cells = np.zeros(shape[0] * width, dtype=np.uint8)
    np.bitwise_or.at(cells, rows.astype(np.int64) * width + (columns >> 3), (1 << (columns & 7)).astype(np.uint8))
    return Bits(cells.reshape(shape[0], width).view(np.uint64))


def _tabulate_names(lineage: np.ndarray) -> np.ndarray:
    """Which objects (row) are what others (column) are called, given their lineages, bool."""
    # A join on names: for each name in a lineage, (rows, levels), the objects that are called so; -1 finds none.
    order = np.argsort(lineage[:, 0], kind="stable")
    starts, ends = (np.searchsorted(lineage[order, 0], lineage.reshape(-1), side) for side in ("left", "right"))
    table = np.zeros((len(lineage), len(lineage)), dtype=bool)
    some = np.repeat(np.arange(len(lineage)), (ends - starts).reshape(lineage.shape).sum(axis=1))
    table[some, order[expand_ranges(starts, ends - starts)]] = True
    return table
