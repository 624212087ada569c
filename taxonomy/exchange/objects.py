"""Turns names of objects into our concepts, and those that we do not have into rows of a user's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..english.inflection import choose_article, is_plural, make_plural
from ..loader import Taxonomy
from ..schema import COLUMNS
from ..user_tables import complete_row
from .metadata_layout import name_objects, rank_object

Row = dict[str, str]


class ObjectFinder:
    """Finds shipped objects by what people call them."""

    def __init__(self, shipped: Taxonomy) -> None:
        self.rows = shipped.objects.select(list(COLUMNS["objects"])).to_pylist()
        self.by_id = {row["id"]: row for row in self.rows}
        self.names = name_objects(shipped.objects)
        self._by_display: dict[str, Row] = {}
        for row in sorted(self.rows, key=rank_object):
            self._by_display.setdefault(row["name"].casefold(), row)
        # A head may also be a plural, or a word that WordNet knows an object by: trousers, which we call pants.
        self._by_head = dict(self._by_display)
        for row in sorted(self.rows, key=rank_object):
            lemma = row["id"].rsplit(".", 2)[0].replace("_", " ")
            for word in (row["plural"].casefold(), lemma, make_plural(lemma)):
                self._by_head.setdefault(word, row)
        self._with_parent: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            if row["parent"]:
                key = (row["name"].casefold(), self.by_id[row["parent"]]["name"].casefold())
                self._with_parent.setdefault(key, row)

    def find(self, text: str) -> Row | None:
        """Finds `corn_snake`, `iconoclast (destroyer)`, a display name or an id, None where we have no such object."""
        if text in self.names:
            return self.by_id[self.names[text]]
        if text in self.by_id:
            return self.by_id[text]
        name, parent = split_name(text)
        if parent:
            return self._with_parent.get((name.casefold(), parent.casefold()))
        return self._by_display.get(name.casefold())

    def find_head(self, name: str) -> Row | None:
        """Finds the object that a name is a sort of: the longest of our names that it ends in, before `of`."""
        words = name.partition(" of ")[0].casefold().split()
        for start in range(len(words)):
            head = " ".join(words[start:])
            if head in self._by_head:
                return self._by_head[head]
        last = words[-1].rpartition("-")[2] if words else ""
        return self._by_head.get(last)

    def find_root(self) -> Row:
        """Finds the object that is above all others."""
        return next(row for row in self.rows if not row["parent"])

    def list_ancestors(self, id_: str) -> list[Row]:
        """Lists the objects above one, the nearest first."""
        rows = []
        while id_ := self.by_id[id_]["parent"]:
            rows.append(self.by_id[id_])
        return rows


@lru_cache(maxsize=1)
def open_finder(shipped: Taxonomy) -> ObjectFinder:
    """Makes the finder of the shipped objects once; it takes a second."""
    return ObjectFinder(shipped)


def split_name(text: str) -> tuple[str, str]:
    """Splits `corn_snake (reptile)` into `corn snake` and `reptile`."""
    match = re.fullmatch(r"(.+?)\s*\((.+)\)", text.replace("_", " ").strip())
    name, parent = match.groups() if match else (text.replace("_", " "), "")
    return " ".join(name.split()), " ".join(parent.split())


def make_slug(text: str) -> str:
    """Makes the readable part of an id: lower-case letters and digits of any script, joined by `_`."""
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_") or "unnamed"


def make_id(prefix: str, text: str, taken: Mapping[str, object]) -> str:
    """Makes an id that is not taken: `mine.corn_snake`, `mine.corn_snake_2`."""
    wanted = id_ = f"{prefix}.{make_slug(text)}"
    number = 1
    while id_ in taken:
        number += 1
        id_ = f"{wanted}_{number}"
    return id_


def import_objects(
    texts: Sequence[str], parents: Mapping[str, str], name: str, finder: ObjectFinder
) -> dict[str, Row]:
    """Turns names into rows.

    Args:
        texts: Names of objects, all different.
        parents: Names with their parents' names, where the user says so.
        name: The taxonomy's name, which the ids of own rows begin with.
        finder: The shipped objects.

    Returns:
        The rows by id.
    """
    rows: dict[str, Row] = {}
    ids: dict[str, str] = {}
    own = []
    for text in texts:
        row = finder.find(text)
        if row is None:
            own.append(text)
            ids[text] = make_id(name, text, rows)
            rows[ids[text]] = {}
        else:
            ids[text] = row["id"]
            rows[row["id"]] = dict(row)
    for text in own:
        rows[ids[text]] = _make_row(text, ids, parents, finder)
    # Those whose name tells nothing have the kinds of the own row above them.
    for text in own:
        _inherit_kinds(ids[text], rows)
    return rows


def _make_row(text: str, ids: Mapping[str, str], parents: Mapping[str, str], finder: ObjectFinder) -> Row:
    name, inside = split_name(text)
    head = finder.find_head(name)
    parent = _find_parent(text, ids, parents, finder)
    if not parent and inside and (above := finder.find(inside)):
        # `name (parent)`: the brackets say where it belongs.
        parent = above["id"]
    row = finder.by_id.get(parent or "") or head
    countability, plural = "plural" if is_plural(name) else "count", make_plural(name)
    if head and name.casefold().endswith(head["plural"].casefold()) and head["plural"] != head["name"]:
        countability, plural = "plural", name
    elif head and name.casefold().endswith(head["name"].casefold()):
        countability = head["countability"]
        plural = name[: len(name) - len(head["name"])] + head["plural"]
    counted = countability == "count"
    offensive = head is not None and "offensive" in head["flags"].split("|")
    return complete_row(
        {
            "id": ids[text],
            "name": name,
            "parent": parent or (head or finder.find_root())["id"],
            # Empty when only rows of the user's own are above; `_inherit_kinds` fills it.
            "kinds": row["kinds"] if row else "" if parent else "thing",
            "countability": countability,
            "plural": plural if counted else name,
            "article": choose_article(name) if counted else "some",
            "tier": "full" if offensive else "common",
            "flags": "offensive" if offensive else "",
            "paper_name": text,
        },
        "objects",
    )


def _find_parent(text: str, ids: Mapping[str, str], parents: Mapping[str, str], finder: ObjectFinder) -> str | None:
    """Goes up the user's edges to the first object that there is; None when they end or go round in a circle."""
    seen, above = {text}, parents.get(text)
    first: str | None = None
    while above is not None and above not in seen:
        seen.add(above)
        row = finder.find(above)
        if first is None:
            first = ids.get(above) or (row["id"] if row else None)
        if row:
            return first
        above = parents.get(above)
    # Own rows above own rows need one of ours at the top, unless the last one finds its own by its last word.
    return first if above is None and first is not None else None


def _inherit_kinds(id_: str, rows: dict[str, Row]) -> str:
    chain = []
    while id_ in rows and not rows[id_]["kinds"]:
        chain.append(id_)
        id_ = rows[id_]["parent"]
    kinds = rows[id_]["kinds"] if id_ in rows else "thing"
    for one in chain:
        rows[one]["kinds"] = kinds
    return kinds
