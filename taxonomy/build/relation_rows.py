"""Rows of relations as the hand-made lists write them."""

from __future__ import annotations

import re

Row = dict[str, str]


def split_entries(text: str) -> list[str]:
    """Splits the entries of a block: at semicolons and line ends."""
    return [" ".join(entry.split()) for entry in re.split(r"[;\n]", text) if entry.strip()]


def expand(kinds: str, sets: dict[str, str]) -> str:
    """Replaces the names of sets by the kinds that they stand for."""
    result: list[str] = []
    for name in kinds.split("|"):
        result += [kind for kind in sets.get(name, name).split("|") if kind not in result]
    return "|".join(result)


def read_relation(category: str, subtype: str, text: str, kinds: tuple[str, str]) -> Row:
    """Reads one relation of the hand file's notation."""
    text, _, modifier = text.rstrip("]").partition("[")
    text, modifier = text.strip(), modifier.strip()
    finite, _, plural = text.lstrip("+").partition("/")
    if text.startswith("+"):
        # The verb is the first word: "stands for" gives "stand for".
        plural = plural or re.sub(r"^(\S+)s\b", r"\1", finite)
        text = plural
    else:
        finite = plural = ""
    head = " ".join(text.replace(modifier, "", 1).split()) if modifier else text
    return {
        "id": make_id(category, text),
        "category": category,
        "subtype": subtype,
        "predicate": text,
        "finite": finite,
        "finite_plural": plural,
        "subject_kinds": kinds[0],
        "object_kinds": kinds[1],
        "symmetric": "0",
        "inverse": "",
        "head": head,
        "modifier": modifier,
        "tier": "common",
        "visible": "yes",
        "says": "",
    }


def make_id(category: str, predicate: str) -> str:
    """Makes an id out of a category and a predicate: `spatial.on_top_of`."""
    return f"{category}.{re.sub(r'[^a-z0-9]+', '_', predicate.lower()).strip('_')}"
