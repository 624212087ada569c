"""What the shipped tables know of words, applied to words of a user's own.

A name that the shipped tables have is said as they say it. Of any other, the head is looked for ("people holding a
sign", "office furniture", "mothers-in-law"): what they know of it decides how many of it are called. What nothing is
known of goes by the rules of `english/`, and counts as guessed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from . import tables as shipped
from .english import inflection
from .english.heads import find_head
from .english.inflection import make_gerund
from .english.predicates import can_follow_is, find_finite
from .schema import COLUMNS, IDENTITY

TIERS = ("common", "visible", "full")
FEW = 4
"""Of fewer names than these, nothing is learnt about their last word."""
WORD, BREAK = re.compile(r"\S+"), re.compile(r"[\s-]")
MOST = 0.94
"""The share of a kind's names that are counted, of which one may say that its things are."""
VAGUE = frozenset(("artifact", "natural", "thing"))
"""Kinds that say little: a plank of a thing may be of some wood."""
LIVING = frozenset(("animal", "plant"))
"""Kinds that have names in Latin."""
LEARNT = {
    "attributes": ("adjective", "position", "order"),
    "relations": ("finite", "finite_plural"),
    "scene_attributes": ("phrase", "role", "modality"),
}
"""Columns that a row takes from the shipped row of the same kind or category and name."""


class Noun(NamedTuple):
    """How an object is said: `countability`, `plural` and `article` of the format, and whether its head is known."""

    countability: str
    plural: str
    article: str
    known: bool = True


class Known(NamedTuple):
    """What the shipped table says of a name."""

    name: str
    parent: str
    kinds: str
    tier: int
    noun: Noun

    def inflect(self, name: str) -> Noun:
        """The same of a name that is written in other letters: `Huskies` of a Husky."""
        if name == self.name:
            return self.noun
        plural, stem = self.noun.plural, _count_shared(self.name, self.noun.plural)
        return self.noun._replace(plural=name[:stem] + plural[stem:])


class Grammar:
    """The words of the shipped tables. Made once a process, by `load_grammar`."""

    def __init__(self) -> None:
        self.names: dict[str, list[Known]] = defaultdict(list)
        self.plurals: set[str] = set()
        # How names of a kind that end in a word are counted: glass is stuff, and most sorts of glasses are not.
        self.votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.rows: dict[str, dict[tuple[str, str], dict[str, str]]] = {}
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        said: dict[str, dict[str, int]] = defaultdict(lambda: {"a": 0, "an": 0})
        for row in read_rows("objects"):
            noun = Noun(row["countability"], row["plural"], row["article"])
            tier = len(TIERS) if "offensive" in row["flags"] else TIERS.index(row["tier"])
            self.names[row["name"].casefold()].append(Known(row["name"], row["parent"], row["kinds"], tier, noun))
            if noun.countability == "count" and noun.plural != row["name"]:
                self.plurals.add(noun.plural.casefold())
            kind = row["kinds"].partition("|")[0]
            self.votes[_find_last_word(row["name"]), kind][noun.countability] += 1
            kinds[kind][noun.countability] += 1
            _count_article(said, row["name"], noun.article)
        for table in LEARNT:
            rows = list(read_rows(table))
            self.rows[table] = {tuple(row[column] for column in IDENTITY[table]): row for row in rows}  # type: ignore[misc]
            for row in rows if table == "attributes" else ():
                _count_article(said, row["adjective"], row["article"])
        self.counted = {kind for kind, votes in kinds.items() if votes["count"] >= MOST * votes.total()} - VAGUE
        unbound = (row["predicate"] for row in self.rows["relations"].values() if not row["finite"])
        self.first_words = {predicate.partition(" ")[0] for predicate in unbound}
        self.articles = {word: max(count, key=lambda one: count[one]) for word, count in said.items()}

    def find(self, name: str, parent: str, kinds: str) -> Known | None:
        """What is known of a name; of homonyms, of the one that lies there or is of such a kind, or a common one."""
        known = self.names.get(name.casefold())
        if not known:
            return None
        wanted = set(kinds.split("|"))
        # What nobody is dealt was not reviewed.
        return max(
            (one for one in known if one.tier < len(TIERS) or one.parent == parent),
            key=lambda one: (
                one.parent == parent,
                one.name == name,
                one.kinds == kinds,
                not wanted.isdisjoint(one.kinds.split("|")),
                -one.tier,
            ),
            default=None,
        )

    def describe(self, name: str, parent: str, kinds: str) -> Noun:
        """Says how an object is said.

        >>> grammar = load_grammar()
        >>> grammar.describe("person holding a sign", "", "person").plural
        'people holding a sign'
        >>> grammar.describe("office furniture", "", "furniture")
        Noun(countability='mass', plural='office furniture', article='some', known=True)
        """
        known = self.find(name, parent, kinds)
        return known.inflect(name) if known else self._describe_by_head(name, parent, kinds)

    def _describe_by_head(self, name: str, parent: str, kinds: str) -> Noun:
        start, end = find_head(name)
        for place in _list_starts(name, end):
            # What is known of "lily of the valley" counts for wild ones, too.
            for stop in (len(name), end) if place < start else (end,):
                word, rest = name[place:stop], name[stop:]
                low = word.casefold()
                if low in self.names and (known := self.find(word, parent, kinds)):
                    countability = self._count_votes(known, kinds)
                    uninflected = countability == "count" != known.noun.countability
                    plural = inflection.make_plural(word) if uninflected else known.inflect(word).plural
                    return self._complete(name, countability, f"{name[:place]}{plural}{rest}", True)
                if low in self.plurals:
                    return self._complete(name, "plural", name, True)
        head = name[:end]
        if inflection.is_latin(name) and not LIVING.isdisjoint(kinds.split("|")):
            plural = name if inflection.is_plural(name) else inflection.make_plural(name)
            return self._complete(name, "count", plural, False)
        if head[start:].casefold() in inflection.MASS:
            return self._complete(name, "mass", name, True)
        if inflection.is_plural(head):
            return self._complete(name, "plural", name, False)
        return self._complete(name, "count", inflection.make_plural(head) + name[end:], False)

    def _count_votes(self, head: Known, kinds: str) -> str:
        """How most names of a kind that end in a head are counted; where there are few, as the head itself.

        An iron that is a device is not the substance: of a kind whose things are counted, what the head says goes only
        if it is of that kind, too.
        """
        kind = kinds.partition("|")[0]
        votes = self.votes.get((_find_last_word(head.name), kind), Counter[str]())
        if votes.total() >= FEW:
            return votes.most_common(1)[0][0]
        is_other = kind not in head.kinds.split("|") and kind in self.counted and head.noun.countability == "mass"
        return "count" if is_other else head.noun.countability

    def _complete(self, name: str, countability: str, plural: str, known: bool) -> Noun:
        if countability != "count":
            return Noun(countability, name, "some", known)
        return Noun(countability, plural, self.choose_article(name), known)

    def choose_article(self, text: str) -> str:
        """Chooses `a` or `an` by the first word, where the shipped tables have it, or else by its letters."""
        word = _find_first_word(text)
        known = self.articles.get(word) or ("" if word.isupper() else self.articles.get(word.casefold()))
        return known or inflection.choose_article(text)

    def learn(self, table: str, key: tuple[str, str]) -> dict[str, str]:
        """What the shipped row of a kind or category and name says in the columns of `LEARNT`; empty without one."""
        known = self.rows[table].get(key)
        return {column: known[column] for column in LEARNT[table]} if known else {}

    def can_say(self, predicate: str) -> bool:
        """Tells whether a predicate follows "is", by its form or because a shipped one begins so."""
        return can_follow_is(predicate) or predicate.partition(" ")[0] in self.first_words

    def find_finite(self, predicate: str) -> tuple[str, str] | None:
        """The forms of a verb that stands as after he, she, it (wears, wear), with what follows; or else None."""
        found = find_finite(predicate)
        if not found:
            return None
        # "Friends with" has no verb: nothing shipped is friending. "Haunts" would say nothing after "is".
        verb, base = next(pair for pair in zip(*map(str.split, found), strict=True) if pair[0] != pair[1])
        if verb in self.first_words:
            return None
        is_noun = verb in self.plurals and make_gerund(base) not in self.first_words
        return None if is_noun and can_follow_is(predicate) else found


@lru_cache(maxsize=1)
def load_grammar() -> Grammar:
    """Reads what the shipped tables know; it takes a fifth of a second."""
    return Grammar()


def read_rows(table: str) -> Iterator[dict[str, str]]:
    """Reads a shipped table as it is."""
    header, *lines = (files(shipped) / f"{table}.tsv").read_text(encoding="utf-8").split("\n")
    columns = header.split("\t")
    assert tuple(columns) == COLUMNS[table]
    for line in lines:
        if line:
            yield dict(zip(columns, line.split("\t"), strict=True))


def _list_starts(name: str, end: int) -> list[int]:
    """Places where a head may begin: words from left to right, then what follows a hyphen in the last one."""
    words = [match.start() for match in WORD.finditer(name, 0, end)]
    if "-" not in name:
        return words
    return [*words, *(match.end() for match in re.finditer("-", name[:end]) if match.end() < end)]


def _find_last_word(text: str) -> str:
    return BREAK.split(text)[-1].casefold()


def _find_first_word(text: str) -> str:
    return BREAK.split(text, maxsplit=1)[0]


def _count_article(said: dict[str, dict[str, int]], text: str, article: str) -> None:
    if article in ("a", "an"):
        said[_find_first_word(text)][article] += 1


def _count_shared(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
