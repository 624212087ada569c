"""Counts how often captions say each concept: frequencies of a user's own, as a table that recipes can name."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from .loader import Taxonomy
from .wordings import CALLED, list_wordings

WORD = re.compile(r"\w+(?:['’.-]\w+)*", re.UNICODE)
PER = 10**9
"""The Zipf scale is the logarithm of uses in so many words."""

Matches = dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]
"""By first word: the words of a wording, and the ids that it may mean; the longest first."""


def count_concepts(taxonomy: Taxonomy, captions: Iterable[str]) -> dict[str, float]:
    """Counts concepts' names, plurals and other wordings in captions, of which each place counts for the longest.

    What several concepts are called counts for each of them. Captions are read one by one, so there may be any number.

    Returns:
        The Zipf frequency (log10 of uses in a billion words) of every concept that occurs, by id.
    """
    matches, counts, words = _list_matches(taxonomy), Counter[tuple[str, ...]](), 0
    for caption in captions:
        said = WORD.findall(caption.lower())
        words += len(said)
        counts.update(_find_concepts(said, matches))
    uses = Counter[str]()
    for ids, count in counts.items():
        uses.update(dict.fromkeys(ids, count))
    return {id_: math.log10(count * PER / words) for id_, count in sorted(uses.items())}


def _list_matches(taxonomy: Taxonomy) -> Matches:
    named: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    called: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for table, columns in CALLED.items():
        rows = getattr(taxonomy, table)
        ids = rows["id"].to_pylist()
        for column in columns:
            _gather(named, ids, rows[column].to_pylist())
        places, texts = list_wordings(taxonomy, table)
        _gather(called, [ids[place] for place in places], texts.to_pylist())
    meant = called | named  # a name means what it names, though crimson may be called red
    matches: Matches = defaultdict(list)
    for words, found in meant.items():
        matches[words[0]].append((words, tuple(found)))
    for some in matches.values():
        some.sort(key=lambda match: -len(match[0]))
    return dict(matches)


def _gather(meant: dict[tuple[str, ...], dict[str, None]], ids: list[str], texts: list[str]) -> None:
    for id_, text in zip(ids, texts, strict=True):
        if words := tuple(WORD.findall(text.lower())):
            meant[words][id_] = None


def _find_concepts(said: list[str], matches: Matches) -> Iterator[tuple[str, ...]]:
    """The concepts that words name, from left to right, the longest wording at each place."""
    at = 0
    while at < len(said):
        for words, ids in matches.get(said[at], ()):
            if tuple(said[at : at + len(words)]) == words:
                yield ids
                at += len(words)
                break
        else:
            at += 1
