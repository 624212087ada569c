"""Fills the columns of attributes that say what else is known of them: how well seen, what excludes what, synonyms."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, product

from .sources import DATA

Row = dict[str, str]


def mark_aliases(rows: list[Row]) -> None:
    """Fills the column `aliases` of all attributes."""
    named = _group_rows(rows)
    for kind, lines in _read_facts()["aliases"].items():
        for names, words in _split_lines(lines):
            for row in _find_rows(names, named, kind):
                told = row["aliases"].split("|") if row["aliases"] else []
                told += [word for word in split_names(words) if word not in (*told, row["name"])]
                row["aliases"] = "|".join(told)


def mark_facts(rows: list[Row]) -> None:
    """Fills the columns `visible`, `says`, `excludes` and `bars` of all attributes; `near` is filled already.

    Raises:
        ValueError: `attribute_facts.toml` names what no attribute is called.
    """
    facts, named = _read_facts(), _group_rows(rows)
    _mark_visible(facts, named)
    _mark_excluded(facts, rows, named)
    _mark_barred(facts["bars"], named)
    for word, names in facts["says"].items():
        for row in _find_rows(names, named):
            row["says"] = "|".join(filter(None, (row["says"], word)))


def split_names(text: str) -> list[str]:
    """Splits names at `;` and at the ends of lines."""
    return [name for part in re.split(r"[;\n]", text) if (name := " ".join(part.split()))]


def _read_facts() -> dict:
    return tomllib.loads((DATA / "attribute_facts.toml").read_text(encoding="utf-8"))


def _group_rows(rows: list[Row]) -> dict[str, list[Row]]:
    named: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        named[row["name"]].append(row)
    return named


def _split_lines(lines: str) -> Iterator[tuple[str, str]]:
    for line in lines.strip().splitlines():
        left, _, right = line.partition("=")
        yield left, right


def _find_rows(names: str, named: dict[str, list[Row]], kind: str | None = None) -> list[Row]:
    found = []
    for name in split_names(names):
        some = [row for row in named.get(name, ()) if kind in (None, row["kind"])]
        if not some:
            raise ValueError(f"attribute_facts.toml: no {kind or 'attribute'} is called {name!r}")
        found += some
    return found


def _mark_visible(facts: dict, named: dict[str, list[Row]]) -> None:
    """Marks what is hard to see, or not seen; of the colors beyond the everyday ones, all are hard to tell apart."""
    for row in (row for some in named.values() for row in some):
        if row["kind"] == "color" and row["tier"] == "full":
            row["visible"] = "hard"
    for word in ("hard", "no"):
        for kind, names in facts[word].items():
            for row in _find_rows(names, named, kind):
                row["visible"] = word


def _mark_excluded(facts: dict, rows: list[Row], named: dict[str, list[Row]]) -> None:
    """Writes an exclusive group as its name, and antonyms by their ids, on both sides; what is near is left out."""
    exclusive = {(kind, group) for kind, groups in facts["exclusive"].items() for group in split_names(groups)}
    if unknown := exclusive - {(row["kind"], row["group"]) for row in rows}:
        raise ValueError(f"attribute_facts.toml: no attribute is of the groups {sorted(unknown)}")
    for row in rows:
        row["excludes"] = row["group"] if (row["kind"], row["group"]) in exclusive else ""
    excluded: dict[str, set[str]] = defaultdict(set)
    for one, other in _pair_antonyms(facts["antonyms"]["lines"], named):
        is_told = one["group"] == other["group"] and one["excludes"] == one["group"] == other["excludes"]
        if not is_told and other["id"] not in one["near"].split("|"):
            excluded[one["id"]].add(other["id"])
            excluded[other["id"]].add(one["id"])
    for row in rows:
        row["excludes"] = "|".join([*filter(None, [row["excludes"]]), *sorted(excluded[row["id"]])])


def _mark_barred(facts: dict, named: dict[str, list[Row]]) -> None:
    """Writes ids and kinds of objects that attributes are never said of; a line may name a set of them."""
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in (row for some in named.values() for row in some):
        by_kind[row["kind"]].append(row)
    for line in facts["lines"].strip().splitlines():
        left, _, right = line.partition(">")
        names = [name for part in split_names(right) for name in split_names(facts["objects"].get(part, part))]
        for name in split_names(left):
            for row in by_kind.get(name) or _find_rows(name, named):
                told = row["bars"].split("|") if row["bars"] else []
                row["bars"] = "|".join(dict.fromkeys([*told, *names]))


def _pair_antonyms(lines: str, named: dict[str, list[Row]]) -> Iterable[tuple[Row, Row]]:
    for line in lines.strip().splitlines():
        left, arrow, right = line.partition(">")
        some = _find_rows(left, named)
        pairs = product(some, _find_rows(right, named)) if arrow else combinations(some, 2)
        yield from ((one, other) for one, other in pairs if one is not other)
