"""Texts that are the same as one of many others, or nearly: exact after normalising, or by the n-grams of words.

How near two texts are is their resemblance (Broder, On the resemblance and containment of documents, 1997): the
Jaccard index of their sets of word n-grams. Lee et al. (Deduplicating Training Data Makes Language Models Better, ACL
2022) take 5-grams, of documents. A caption may have three words, and one other word in it spoils five 5-grams; so n is
1 to 3 here. Single words alone would not do: "a dog chases a cat" has those of "a cat chases a dog"; by 1- to 3-grams
the two are 0.47 alike.

All texts that reach the threshold are found, not most as by locality-sensitive hashing: two sets with the index t
share one of the rarest n - ceil(t n) + 1 members of each, whatever the order that says what is rare (prefix
filtering: Chaudhuri et al., ICDE 2006; Bayardo et al., WWW 2007).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

LENGTHS = (1, 2, 3)
"""Words in an n-gram."""

APOSTROPHES = re.compile("['\u2018\u2019\u02bc]")
WORDS = re.compile(r"[^\W_]+")
SLACK = 1e-9
"""What products of floats may be off by."""


@dataclass(frozen=True)
class Match:
    """A text that is like another.

    Attributes:
        other: The number of the other.
        similarity: The Jaccard index of their n-grams.
        exact: They are the same but for case, punctuation and spaces.
    """

    other: int
    similarity: float
    exact: bool


@dataclass
class TextIndex:
    """Texts to look others up in, of which equal ones count once; `add` all, then `find`.

    Attributes:
        threshold: The least Jaccard index of a match.
        texts: Normalised texts by their numbers.
    """

    threshold: float = 0.8
    texts: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _ranks: dict[str, int] = field(default_factory=dict)
    _members: list[frozenset[int]] = field(default_factory=list)
    _postings: dict[int, list[int]] = field(default_factory=dict)

    def add(self, text: str) -> int | None:
        """Adds a text; gives its number, or that of an equal one, or None if there is no word in it."""
        normal = normalize_text(text)
        if not normal:
            return None
        number = self._numbers.setdefault(normal, len(self.texts))
        if number == len(self.texts):
            self.texts.append(normal)
        return number

    def find(self, text: str) -> Match | None:
        """The text that is most like this one, and the first of several, if any reaches the threshold."""
        normal = normalize_text(text)
        number = self._numbers.get(normal)
        if number is not None:
            return Match(number, 1.0, True)
        if len(self._members) < len(self.texts):
            self._arrange()
        grams = set(list_ngrams(normal))
        known = sorted(rank for gram in grams if (rank := self._ranks.get(gram)) is not None)
        # What no text has is rarer than all that some have.
        prefix = _measure_prefix(len(grams), self.threshold) - (len(grams) - len(known))
        near = {number for rank in known[: max(prefix, 0)] for number in self._postings.get(rank, ())}
        best, members = None, frozenset(known)
        least, most = self.threshold * len(grams) - SLACK, len(grams) / self.threshold + SLACK
        for number in sorted(near):
            others = self._members[number]
            if not least <= len(others) <= most:
                continue
            shared = len(members & others)
            similarity = shared / (len(grams) + len(others) - shared)
            if similarity >= self.threshold - SLACK and (best is None or similarity > best.similarity):
                best = Match(number, similarity, False)
        return best

    def _arrange(self) -> None:
        """Numbers n-grams from the rarest on, and lists by each the texts that have it among their rarest."""
        counts = Counter(gram for text in self.texts for gram in set(list_ngrams(text)))
        ordered = sorted(counts, key=lambda gram: (counts[gram], gram))
        self._ranks = {gram: rank for rank, gram in enumerate(ordered)}
        self._members = [frozenset(self._ranks[gram] for gram in list_ngrams(text)) for text in self.texts]
        self._postings = {}
        for number, members in enumerate(self._members):
            for rank in sorted(members)[: _measure_prefix(len(members), self.threshold)]:
                self._postings.setdefault(rank, []).append(number)


def index_texts(texts: Iterable[str], threshold: float) -> TextIndex:
    """An index of these texts."""
    index = TextIndex(threshold)
    for text in texts:
        index.add(text)
    return index


def normalize_text(text: str) -> str:
    """The words of a text with a space between them: NFKC, case folded, without punctuation.

    >>> normalize_text(" The man\u2019s  RED-HOT  caf\u00e9! ")
    'the mans red hot caf\u00e9'
    """
    if not text.isascii():
        text = APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(WORDS.findall(text.replace("'", "").casefold()))


def list_ngrams(normal: str) -> Iterator[str]:
    """All n-grams of the words of a normalised text."""
    words = normal.split(" ")
    yield from words
    for length in LENGTHS[1:]:
        yield from map(" ".join, zip(*(words[start:] for start in range(length)), strict=False))


def _measure_prefix(size: int, threshold: float) -> int:
    """How many of the rarest of so many n-grams there are of which a match has one."""
    return size - math.ceil(threshold * size - SLACK) + 1
