"""Lists color names beyond the everyday ones, from lists in the public domain (CC0)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .english import measure_zipf
from .sources import find_archive, read_member, read_review, split_words

LISTS = ("xkcd", "nbsIscc", "mlmc_english", "thesaurus", "werner")
WANTED = 680
LEAST_ZIPF = 1.5
HUES = frozenset(
    split_words(
        """
    red orange yellow green blue purple pink brown black white gray beige tan gold silver maroon burgundy
    crimson scarlet coral salmon peach cream ivory khaki olive teal turquoise aqua cyan navy indigo violet
    lavender lilac plum magenta fuchsia mauve rose charcoal mustard lemon amber jade emerald lime mint ochre
    sienna umber rust mahogany taupe periwinkle cerulean azure vermilion chartreuse aquamarine puce sepia
    apricot copper bronze
    """
    )
)


def list_colors(sources: Path) -> list[tuple[str, str]]:
    """Lists (name, adjective) of further colors, those made of frequent words first."""
    archive = find_archive(sources, "color-name-lists-*.tgz")
    lists = json.loads(read_member(archive, "package/dist/colorlists.json"))["lists"]
    dropped = {word for line in read_review("colors_dropped.txt") for word in line.split()}
    names = {normalize(color["name"]) for list_ in LISTS for color in lists[list_]}
    ranked = sorted((-rank(name), name) for name in names if is_usable(name, dropped))
    return [(name, make_adjective(name)) for _, name in ranked[:WANTED]]


def normalize(name: str) -> str:
    """Writes a color's name in lower case, American, with single spaces."""
    name = " ".join(re.sub(r"[\s/_-]+", " ", name.lower()).split())
    return re.sub(r"\bgrey", "gray", name)


def is_usable(name: str, dropped: set[str]) -> bool:
    """Says whether a name is one to three frequent words that end with a hue, or one frequent word alone."""
    words = name.split()
    return (
        re.fullmatch(r"[a-z ]+", name) is not None
        and 1 < len(words) <= 3
        and words[-1] in HUES
        # Two hues are one color between them (blue green); of three nobody knows what they are.
        and len(HUES.intersection(words)) < 3
        and len(set(words)) == len(words)
        and dropped.isdisjoint(words)
        and min(measure_zipf(word) for word in words) >= LEAST_ZIPF
    )


def rank(name: str) -> float:
    """Rates how familiar a name's words are."""
    words = name.split()
    return sum(measure_zipf(word) for word in words) / len(words) - 0.3 * len(words)


def make_adjective(name: str) -> str:
    """Makes the form that stands before a noun: a hue word last serves as it is."""
    return name if name.split()[-1] in HUES else f"{name}-colored"
