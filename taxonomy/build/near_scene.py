"""Finds scene attributes of one kind that may hold together: by hand, by what their names share with the hand's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from .near import Pair, Row, pair_line, read_lines, write_near

NUMBERS = ("camera_model", "aperture", "focal_length", "iso")
"""Kinds whose members are all false of each other."""
FILLERS = "a an the of in on to at from with by and over after outside indoor outdoor one half single all few several"
FILLERS_OF = {
    "weather": "weather sky heavy light high strong double",
    "lighting": "light lights lighting lit soft hard",
    "location": "room area small space old station natural art arts home chamber escape passage",
    "view": "view angle high low level side",
    "shot_size": "shot wide medium extreme close-up",
    "camera_movement": "shot pan out up down left right dolly tilt truck pedestal zoom fast slow",
    "camera_rig": "camera",
    "depth_of_field": "depth field focus deep shallow",
    "editing_style": "fast slow motion",
    "genre": "photography illustration scene fiction film movie poster story",
    "painting_style": "art painting school abstract abstraction american design color dutch contemporary",
    "technique": "painting drawing model art print photograph animation paint",
    "three_d_style": "model materials textures shading render",
    "artist": "de van da der den el von j m w",
    "three_d_lighting": "light lighting shading",
    "three_d_view": "view projection background",
}
"""Words of each kind that tell nothing about what a name means, or that go with opposites."""


def mark_near_scene(rows: list[Row]) -> None:
    """Fills the column `near` of all scene attributes: ids, sorted, each pair on both sides."""
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    lines = read_lines("near_scene.toml")
    if unknown := lines.keys() - (by_kind.keys() - set(NUMBERS)):
        raise ValueError(f"near_scene.toml: {', '.join(sorted(unknown))}: no kind that has near rows")
    near: dict[str, set[str]] = {row["id"]: set() for row in rows}
    for kind, members in by_kind.items():
        if kind not in NUMBERS:
            by_hand = relate(pair_scenes_by_hand(members, lines.get(kind, [])))
            by_names = list(pair_by_names(members))
            for first, second in (*pairs_of(by_hand), *by_names, *pair_with_groups(members, by_hand, by_names)):
                near[first].add(second)
                near[second].add(first)
    write_near(rows, near)


def pair_scenes_by_hand(rows: list[Row], lines: list[str]) -> Iterator[Pair]:
    """Pairs what the lines of one kind say.

    Raises:
        ValueError: A line has a name that no row has.
    """
    named = {row["name"]: [row["id"]] for row in rows}
    for line in lines:
        try:
            yield from pair_line(line, named)
        except KeyError as error:
            raise ValueError(f"near_scene.toml: no {rows[0]['kind']} {error}, in the line {line!r}") from error


def pair_by_names(rows: list[Row]) -> Iterator[Pair]:
    """Pairs names that share a word that tells something, and a name with what contains it."""
    told = [(row, read_words(row), f" {row['name'].lower()} ") for row in rows]
    for (row, words, name), (other, others, longer) in combinations(told, 2):
        if words & others or name in longer or longer in name:
            yield row["id"], other["id"]


def pair_with_groups(rows: list[Row], by_hand: dict[str, set[str]], by_names: list[Pair]) -> Iterator[Pair]:
    """Pairs a row of the long tail that no line has with what is near, by hand, to those of like names."""
    full = {row["id"] for row in rows if row["tier"] == "full"} - by_hand.keys()
    for one, other in (*by_names, *((other, one) for one, other in by_names)):
        if one in full:
            yield from ((one, third) for third in sorted(by_hand.get(other, ())) if third != one)


def read_words(row: Row) -> frozenset[str]:
    """Reads the words of a name that tell something, in the singular; `high-key` is one word."""
    words = (re.sub(r"'s?$", "", word) for word in row["name"].lower().split())
    fillers = f"{FILLERS} {FILLERS_OF.get(row['kind'], '')}".split()
    return frozenset(re.sub(r"(?<=[^s])s$", "", word) for word in words if word not in fillers)


def relate(pairs: Iterator[Pair]) -> dict[str, set[str]]:
    """Gathers pairs into what each one is paired with."""
    related: dict[str, set[str]] = defaultdict(set)
    for first, second in pairs:
        if first != second:
            related[first].add(second)
            related[second].add(first)
    return related


def pairs_of(related: dict[str, set[str]]) -> Iterator[Pair]:
    """Lists the pairs that were gathered, both ways round."""
    return ((first, second) for first, others in related.items() for second in sorted(others))
