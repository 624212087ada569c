"""The rows of objects while they are built: found by id, by name, and along the tree."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from pathlib import Path

from .english import make_plural
from .sources import open_wordnet

Row = dict[str, str]


def split_line(line: str) -> list[str]:
    """Splits names at semicolons."""
    return [name for part in line.split(";") if (name := part.strip())]


class ObjectRows:
    """The rows of objects, found by id and by what people call them."""

    def __init__(self, rows: list[Row], sources: Path) -> None:
        self.rows = rows
        self.by_id = {row["id"]: row for row in rows}
        self.wordnet = open_wordnet(sources)

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """Ids by name: those of the common tier, or else all."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row["name"].lower()].append(row)
        common = {name: [row["id"] for row in some if row["tier"] == "common"] for name, some in found.items()}
        return {name: common[name] or [row["id"] for row in some] for name, some in found.items()}

    @cached_property
    def common(self) -> dict[str, str]:
        """Ids of the common tier by name and by plural."""
        rows = [row for row in self.rows if row["tier"] == "common"]
        plurals = {make_plural(row["name"]).lower(): row["id"] for row in rows}
        return plurals | {row["name"].lower(): row["id"] for row in rows}

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """Ids of the rows right under each."""
        found: dict[str, list[str]] = defaultdict(list)
        for row in self.rows:
            found[row["parent"]].append(row["id"])
        return found

    def find(self, name: str) -> list[str]:
        """Ids of what a hand list means: an id; an everyday name; the first sense of a word; or none."""
        if name in self.by_id:
            return [name]
        named = self.named.get(name.lower(), [])
        if named and self.by_id[named[0]]["tier"] == "common":
            return named
        senses = self.wordnet.synsets(name.replace(" ", "_"), "n")
        return [*(sense.name() for sense in senses if sense.name() in self.by_id), *named][:1]

    def find_all(self, name: str) -> list[str]:
        """Ids of all rows of a name, or else of what `find` finds."""
        return self.named.get(name.lower()) or self.find(name)

    def list_above(self, id_: str) -> list[str]:
        """Ids of a row and all above it."""
        above = []
        while id_ in self.by_id:
            above.append(id_)
            id_ = self.by_id[id_]["parent"]
        return above

    def list_under(self, id_: str) -> list[str]:
        """Ids of a row and all under it."""
        found = [id_]
        for one in found:
            found += self.children[one]
        return found

    def is_under(self, id_: str, other: str) -> bool:
        return other in self.list_above(id_)
