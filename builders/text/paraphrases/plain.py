"""Puts what a text says in short into the words that the rules of reading know: contractions, possessives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from .items import DEFINITE, INDEFINITE, NUMBERS
from .words import Lexicon, Tokens, split_text

SHORT = {
    split_text(short): split_text(full)
    for short, full in {
        "there's": "there is",
        "it's": "it is",
        "that's": "that is",
        "they're": "they are",
        "has been": "is",
        "have been": "are",
        "we see": "there is",
        "we also see": "there is",
        "we can see": "there is",
        "we can also see": "there is",
        "both a": "a",
        "both an": "an",
        "both the": "the",
        "both some": "some",
        "where": "in which",
        "the shot has": "the picture has",
        "in size": "",
        "in shape": "",
        "besides them ,": "",
        "besides these ,": "",
        "besides that ,": "",
        "of the same size": "the same size",
        "are the same size": "are the same size as each other",
        "are of the same size": "are the same size as each other",
        # Longer than those before, so that these do not take their beginnings.
        "are the same size as": "are the same size as",
        "are of the same size as": "are the same size as",
    }.items()
}
"""Words, and the same at full length; of those that begin alike the longest count."""
OWNERS = {"its": "it", "their": "them", "his": "him", "her": "her"}
LONGEST = max(map(len, SHORT))
MOST_WORDS = 8
"""Words of a name before its possessive."""


def write_plainly(tokens: Tokens, lexicon: Lexicon) -> Tokens:
    """Writes contractions at full length, and "the left of it" for "its left"."""
    return _turn_possessives(tuple(_lengthen(tokens)), lexicon)


def _lengthen(tokens: Tokens) -> Iterator[str]:
    place = 0
    while place < len(tokens):
        lengths = range(min(LONGEST, len(tokens) - place), 0, -1)
        length = next((one for one in lengths if tokens[place : place + one] in SHORT), 0)
        yield from SHORT[tokens[place : place + length]] if length else tokens[place : place + 1]
        place += length or 1


def _turn_possessives(tokens: Tokens, lexicon: Lexicon) -> Tokens:
    """Writes "the side of a cup" for "a cup's side", where relations or words of the whole picture have that."""
    parts = set(_list_owned(lexicon))
    place = 0
    while place < len(tokens):
        owned = next((n for n in (3, 2, 1) if tokens[place + 1 : place + 1 + n] in parts), 0)
        end = place + 1 + owned
        owner = tokens[place].removesuffix("'s") if tokens[place].endswith("'s") else tokens[place].removesuffix("'")
        if owned and tokens[end : end + 1] != ("of",):
            of = ("the", *tokens[place + 1 : end], "of")
            if tokens[place] in OWNERS:
                tokens = (*tokens[:place], *of, OWNERS[tokens[place]], *tokens[end:])
                place += owned + 2
            elif owner != tokens[place]:
                start = _find_start(tokens, place)
                tokens = (*tokens[:start], *of, *tokens[start:place], owner, *tokens[end:])
                place += owned + 2
        place += 1
    return tokens


def _list_owned(lexicon: Lexicon) -> Iterator[Tokens]:
    """What something has, in words of relations and of the whole picture: the "side" of "the side of"."""
    for key, senses in lexicon.senses.items():
        if any(sense.domain in ("relation", "scene") for sense in senses):
            starts = [place + 1 for place, word in enumerate(key) if word == "the"]
            ends = [place for place, word in enumerate(key) if word == "of"]
            yield from (key[start:end] for start, end in product(starts, ends) if start < end)


def _find_start(tokens: Tokens, place: int) -> int:
    """Where a name with what stands before it begins, given the place of its last word."""
    for start in range(place, max(place - MOST_WORDS, -1), -1):
        if tokens[start] in (*DEFINITE, *INDEFINITE, *NUMBERS):
            return start
        if tokens[start] in ("in", "to", "on", "of"):
            return start + 1
    return place
