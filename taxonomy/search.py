"""Answers what a taxonomy holds: counts, words that match, the tree under an object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import GasError
from .hints import ask
from .loader import Taxonomy
from .naming import find_object, read_words
from .schema import KINDS, TABLES
from .senses import define_object, list_aliases

WORDS = {
    "objects": ("id", "name", "plural", "paper_name"),
    "attributes": ("id", "name", "adjective"),
    "relations": ("id", "predicate", "finite"),
    "scene_attributes": ("id", "name", "phrase"),
}
"""Columns that a search looks into."""


def count_concepts(taxonomy: Taxonomy) -> dict[str, Any]:
    """Counts the concepts: totals by table, and each table by tier, kind or category.

    An object of two kinds counts for both, so kinds add up to more than the total.
    """
    counts: dict[str, Any] = {name: getattr(taxonomy, name).num_rows for name in TABLES}
    kinds = Counter(kind for cell in taxonomy.objects["kinds"].to_pylist() for kind in cell.split("|"))
    counts["objects_by_kind"] = {kind: kinds[kind] for kind in KINDS if kinds[kind]}
    for name, column in (("attributes", "kind"), ("relations", "category"), ("scene_attributes", "kind")):
        values = Counter(getattr(taxonomy, name)[column].to_pylist())
        counts[f"{name}_by_{column}"] = dict(sorted(values.items()))
    for name in TABLES:
        tiers = Counter(getattr(taxonomy, name)["tier"].to_pylist())
        counts[f"{name}_by_tier"] = {tier: tiers[tier] for tier in ("common", "visible", "full") if tiers[tier]}
    flags = Counter(flag for cell in taxonomy.objects["flags"].to_pylist() for flag in cell.split("|") if flag)
    counts["objects_by_flag"] = dict(sorted(flags.items()))
    counts["version"] = taxonomy.version
    return counts


def search_concepts(taxonomy: Taxonomy, word: str) -> dict[str, list[dict[str, Any]]]:
    """Finds the concepts with a word, or the beginning of one, in their names; exact matches and common ones first.

    Objects are found by other words for them, too, and come with a `definition`.
    """
    wanted = " ".join(word.replace("_", " ").casefold().split())
    found: dict[str, list[dict[str, Any]]] = {}
    for name in TABLES:
        table = getattr(taxonomy, name)
        columns = table.select(list(WORDS[name])).to_pydict()
        rows = []
        for row, texts in enumerate(zip(*columns.values(), strict=True)):
            others = list_aliases(taxonomy, row) if name == "objects" else ()
            rank = min((_match(text, wanted) for text in (*texts, *others)), default=9)
            if rank < 9:
                rows.append((rank, row))
        tiers = ("common", "visible", "full")
        hits = [(rank, table.slice(row, 1).to_pylist()[0] | _define(taxonomy, name, row)) for rank, row in rows]
        hits.sort(key=lambda hit: (hit[0], tiers.index(hit[1]["tier"]), hit[1]["id"]))
        found[name] = [row for _, row in hits]
    return found


def find_matches(
    taxonomy: Taxonomy, word: str, among: Mapping[str, Set[str]] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Finds what `search_concepts` does, and asks for the closest name where that is nothing.

    Args:
        taxonomy: The concepts.
        word: What they have in their names.
        among: By table, the ids of those that count; without it all.

    Raises:
        GasError: No concept has the word in its name.
    """
    found = search_concepts(taxonomy, word)
    for table, ids in (among or {}).items():
        found[table] = [row for row in found[table] if row["id"] in ids]
    if not any(found.values()):
        close = [one for table in found for one in read_words(taxonomy, table).find(word)]
        raise GasError(f"no concept has {word[:80]!r} in its name{ask(close[:1])}")
    return found


def _define(taxonomy: Taxonomy, table: str, row: int) -> dict[str, str]:
    return {"definition": define_object(taxonomy, row)} if table == "objects" else {}


def _match(text: str, wanted: str) -> int:
    """0 for the same text, 1 for whole words of it, 2 for the beginning of a word, 9 for nothing."""
    low = text.casefold()
    if low == wanted:
        return 0
    if wanted not in low.replace("_", " "):
        return 9
    padded = f" {low.replace('_', ' ').replace('.', ' ').replace('-', ' ').replace('(', ' ').replace(')', ' ')} "
    if f" {wanted} " in padded:
        return 1
    return 2 if f" {wanted}" in padded else 9


@dataclass(frozen=True)
class Branch:
    """An object with those directly under it.

    Attributes:
        id, name, tier: Of the object.
        descendants: How many objects are under it, at any depth.
        children: Those directly under it; empty below the depth that was asked for.
    """

    id: str
    name: str
    tier: str
    descendants: int
    children: list[Branch] = field(default_factory=list)

    def walk(self) -> Iterator[Branch]:
        """Goes through this branch and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def grow_tree(taxonomy: Taxonomy, name_or_id: str, depth: int) -> Branch:
    """Gives the objects under one, those with most below them first.

    Raises:
        GasError: There is no such object, or the name means several.
    """
    parents = taxonomy.parent_index
    children: dict[int, list[int]] = {}
    for row, parent in enumerate(parents.tolist()):
        children.setdefault(parent, []).append(row)
    below = np.zeros(len(parents), dtype=np.int64)
    root = find_object(taxonomy, name_or_id)
    order = [root]
    for row in order:
        order += children.get(row, [])
    for row in reversed(order[1:]):
        below[parents[row]] += below[row] + 1
    ids, names, tiers = (taxonomy.objects[column].to_pylist() for column in ("id", "name", "tier"))

    def grow(row: int, depth: int) -> Branch:
        under = sorted(children.get(row, []), key=lambda child: (-below[child], ids[child])) if depth else []
        branches = [grow(child, depth - 1) for child in under]
        return Branch(ids[row], names[row], tiers[row], int(below[row]), branches)

    return grow(root, depth)
