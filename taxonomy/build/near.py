"""Finds attributes that may be true of one thing together: by hand, colors' values, WordNet, words and aliases."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product
from pathlib import Path

from .sources import DATA, find_archive, open_wordnet, read_member

Row = dict[str, str]
Pair = tuple[str, str]

VALUES = ("mlmc_english", "xkcd", "nbsIscc", "thesaurus", "werner")
"""Lists of color values, the one of most people asked first."""
TOO_CLOSE = 20.0
"""Colors whose values are closer than this in CIELAB are not told apart for certain."""
TOO_CLOSE_FULL = 14.0
"""The same where one of the two is no everyday color: people tell such names apart by their words."""
FILLERS = frozenset(("a", "of", "looking", "style", "covered", "colored", "patterned", "shaped"))


def mark_near(rows: list[Row], sources: Path) -> None:
    """Fills the column `near` of all attributes: ids, sorted, each pair on both sides."""
    near: dict[str, set[str]] = {row["id"]: set() for row in rows}
    for first, second in (
        *pair_by_hand(rows),
        *pair_colors(rows, sources),
        *pair_by_aliases(rows),
        *pair_by_words(rows),
        *pair_by_wordnet(rows, sources),
    ):
        if first != second:
            near[first].add(second)
            near[second].add(first)
    write_near(rows, near)


def write_near(rows: list[Row], near: Mapping[str, set[str]]) -> None:
    """Writes what is near each row into its column."""
    for row in rows:
        row["near"] = "|".join(sorted(near[row["id"]]))


def read_lines(file: str) -> dict[str, list[str]]:
    """Reads the lines of a hand file, by section."""
    blocks = tomllib.loads((DATA / file).read_text(encoding="utf-8"))
    return {name: block["lines"].strip().splitlines() for name, block in blocks.items()}


def pair_line(line: str, named: Mapping[str, list[str]]) -> Iterator[Pair]:
    """Pairs what one line says: every name with every other one, or in `a > b; c` the first with the rest."""
    broad, star, rest = line.rpartition(">")
    ids = [id_ for name in rest.split(";") for id_ in named[name.strip()]]
    yield from product(named[broad.strip()], ids) if star else combinations(ids, 2)


def pair_by_hand(rows: list[Row]) -> Iterator[Pair]:
    """Pairs what the lines of `near.toml` say; names that no row has are for other sets of rows."""
    named: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        named[row["name"]].append(row["id"])
    for lines in read_lines("near.toml").values():
        for line in lines:
            yield from pair_line(line, named)
    # The same word for two kinds of things: bronze in color and in material.
    for same in named.values():
        yield from combinations(same, 2)


def pair_colors(rows: list[Row], sources: Path) -> Iterator[Pair]:
    """Pairs colors with close values, and what is of several colors with every color."""
    colors = [row for row in rows if row["kind"] == "color"]
    values = {name: convert_to_lab(value) for name, value in read_values(sources).items()}
    placed = [(row, place) for row in colors if (place := find_value(row["name"], values))]
    for (row, place), (other, there) in combinations(placed, 2):
        limit = TOO_CLOSE if row["tier"] == other["tier"] == "common" else TOO_CLOSE_FULL
        if sum((a - b) ** 2 for a, b in zip(place, there, strict=True)) < limit**2:
            yield row["id"], other["id"]
    several = [row["id"] for row in rows if row["kind"] != "color" and row["group"] == "color"]
    yield from product(several, [row["id"] for row in colors])


def read_values(sources: Path) -> dict[str, str]:
    """Reads the values (`#rrggbb`) that the lists give to names of colors."""
    archive = find_archive(sources, "color-name-lists-*.tgz")
    lists = json.loads(read_member(archive, "package/dist/colorlists.json"))["lists"]
    values: dict[str, str] = {}
    for list_ in VALUES:
        for color in lists[list_]:
            name = re.sub(r"\bgrey\b", "gray", " ".join(re.split(r"[\s/_-]+", color["name"].lower())))
            values.setdefault(name, color["hex"])
    return values


def find_value(name: str, values: dict[str, tuple]) -> tuple | None:
    """Finds the value of a color's name, with hyphens and without; None where no list has it."""
    plain = name.lower().replace("-", " ")
    return values.get(plain)


def convert_to_lab(value: str) -> tuple[float, float, float]:
    """Converts `#rrggbb` (sRGB) to CIELAB under D65 (CIE 15; IEC 61966-2-1)."""
    channels = [int(value[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def pair_by_aliases(rows: list[Row]) -> Iterator[Pair]:
    """Pairs a name with what answers as well, where that is a name of its kind: maple and wood."""
    named = {(row["kind"], row["name"]): row["id"] for row in rows}
    for row in rows:
        for alias in row["aliases"].split("|"):
            if other := named.get((row["kind"], alias)):
                yield row["id"], other


def pair_by_words(rows: list[Row]) -> Iterator[Pair]:
    """Pairs a name with those that have all of its words: steel and stainless steel, painted and freshly painted."""
    by_word: dict[str, list[tuple[Row, frozenset[str]]]] = defaultdict(list)
    for row in rows:
        words = frozenset(re.split(r"[ -]", row["name"].lower())) - FILLERS
        for word in words:
            by_word[word].append((row, words))
    for members in by_word.values():
        for (row, words), (other, others) in combinations(members, 2):
            kin = row["kind"] == other["kind"] or row["group"] == other["group"]
            if kin and (words <= others or others <= words):
                yield row["id"], other["id"]


def pair_by_wordnet(rows: list[Row], sources: Path) -> Iterator[Pair]:
    """Pairs adjectives of one synset or, in one group, of similar ones (WordNet's satellites)."""
    wordnet = open_wordnet(sources)
    of_synset: dict[str, list[Row]] = defaultdict(list)
    similar: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["kind"] in ("color", "architecture"):
            continue
        for synset in list_synsets(wordnet, row["name"]):
            of_synset[synset.name()].append(row)
            for other in synset.similar_tos():
                similar[other.name()].append(row)
    for name, members in of_synset.items():
        yield from pair_rows(
            members, lambda row, other: row["kind"] == other["kind"] or row["group"] == other["group"]
        )
        for row, other in product(members, similar[name]):
            if row["group"] == other["group"] and row["kind"] == other["kind"]:
                yield row["id"], other["id"]


def list_synsets(wordnet, name: str) -> list:
    """Lists the adjective senses of a name, without the `-looking` that only says how one knows."""
    word = re.sub(r"-looking$", "", name)
    found = (sense for form in (word, word.replace("-", "_").replace(" ", "_")) for sense in wordnet.synsets(form))
    return [sense for sense in dict.fromkeys(found) if sense.pos() in "as"]


def pair_rows(members: Iterable[Row], fits) -> Iterator[Pair]:
    """Pairs the rows of one list that fit each other."""
    for row, other in combinations(members, 2):
        if fits(row, other):
            yield row["id"], other["id"]
