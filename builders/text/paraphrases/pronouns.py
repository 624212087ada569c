"""What pronouns of a text stand for: mentions that come before them, one or several readings each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from .items import BE, Item

Mentions = frozenset[int]
SINGULAR, PLURAL, ANIMATE = ("it",), ("them", "they"), ("him", "her", "he", "she")
OF_TWO = {"former": 0, "latter": 1}
"""Words for the first and the last of two that are listed."""
ELLIPSIS = "thereof"
"""What a text leaves out: "a hut with a dog behind"."""
PRONOUNS = (*SINGULAR, *PLURAL, *ANIMATE, *OF_TWO, ELLIPSIS)
VERBS = (
    "can",
    "appears",
    "appear",
    "looks",
    "seems",
    "sits",
    "sit",
    "stands",
    "stand",
    "lies",
    "lie",
    "rests",
    "rest",
)
BY_THE_WAY = ("also", "all", "too", "then", "both")
PAIR = re.compile(r"M(?:,\+?|\+)M(?!(?:,\+?|\+)M)")
LIST_BEFORE = re.compile(r"M(?:(?:,\+?|\+)M)*$")
HOLDER = re.compile(r"(?P<near>M)(?:,?q[bv]A(?:[,+]+A)*)?(?P<comma>,)?t[^tbvc.]*$")
"""What has, or is shown with, something of which something is said: "a hut with a dog behind it"."""


def mark_pronouns(items: Sequence[Item]) -> None:
    """Makes mentions of pronouns of which something is said, or that something is said to be near, behind, ..."""
    for place, item in enumerate(items):
        if item.kind == "word" and item.word in PRONOUNS and (_is_target(items, place) or _is_subject(items, place)):
            item.kind, item.pronoun, item.definite = "mention", True, True


def _is_target(items: Sequence[Item], place: int) -> bool:
    return place > 0 and items[place - 1].kind == "relation"


def _is_subject(items: Sequence[Item], place: int) -> bool:
    """Whether a relation or an attribute follows, with a form of "be" or another verb before it or without."""
    rest = (one for one in items[place + 1 :] if one.word not in (*BE, *BY_THE_WAY, *VERBS))
    return next(rest, Item("word", 0, 0)).kind in ("relation", "attribute", "mention")


def resolve_pronouns(
    items: Sequence[Item], shape: str, readings: Sequence[frozenset[tuple[int, int]]]
) -> Iterator[frozenset[tuple[int, int]]]:
    """Puts what pronouns may stand for into the readings of a claim, pairs of mentions before and behind it."""
    for pairs in readings:
        places = sorted({end for pair in pairs for end in pair if end >= 0 and items[end].pronoun})
        options = [list_meant(items, shape, place) for place in places]
        for chosen in product(*options):
            meant = dict(zip(places, chosen, strict=True))
            yield from _replace(pairs, meant)


def _replace(pairs: frozenset[tuple[int, int]], meant: dict[int, Mentions]) -> Iterator[frozenset[tuple[int, int]]]:
    """The pairs with mentions for pronouns; nothing where something would be said of a thing and itself."""
    found = {
        (one, other)
        for before, behind in pairs
        for one, other in product(meant.get(before, (before,)), meant.get(behind, (behind,)))
    }
    if all(one != other for one, other in found):
        yield frozenset(found)


def list_meant(items: Sequence[Item], shape: str, place: int) -> list[Mentions]:
    """The mentions, one or all of a list, that a pronoun may stand for, by its place."""
    if items[place].word in OF_TWO:
        return _choose_of_two(shape, place, OF_TWO[items[place].word])
    sentences = [Mentions(one for one in some if shape[one] == "M" and one < place) for some in _cut(shape, place)]
    own, before = sorted(sentences[-1]), sorted(next((some for some in reversed(sentences[:-1]) if some), ()))
    found = [*own[:1], *own[-1:], *(own[-2:-1] if len(own) > 1 else [])]
    if holder := HOLDER.search(shape, 0, place):
        # "A hut, smaller than a tree, has a dog behind it": the tree is told by the way.
        found = [holder.start(), *(own[:1] if holder["comma"] else [])]
    elif len(own) < 2:  # what the sentence before names
        named = [one for one in before if not items[one].pronoun]
        found += before if items[place].word in PLURAL else [*named[:1], *named[-1:]]
    meant = list(dict.fromkeys(one for some in found for one in _agree(items, shape, some, items[place].word)))
    return sorted(meant, key=min)[:1] if items[place].word in ("he", "she") else meant  # what the sentence is about


def _choose_of_two(shape: str, place: int, which: int) -> list[Mentions]:
    """The first or the last of the two mentions that are listed last before a place; nothing where more are."""
    pairs = [one for one in PAIR.finditer(shape, 0, place) if not re.search(r"M[,+]+$", shape[: one.start()])]
    return [Mentions({pairs[-1].end() - 1 if which else pairs[-1].start()})] if pairs else []


def _cut(shape: str, place: int) -> list[range]:
    """The places of each sentence up to that of a pronoun."""
    stops = [-1, *(one for one in range(place) if shape[one] == "."), place]
    return [range(first + 1, last) for first, last in pairwise(stops)]


def _agree(items: Sequence[Item], shape: str, place: int, word: str) -> list[Mentions]:
    """A mention or its list, if a pronoun can stand for it; for a pronoun, what that stands for."""
    one = items[place]
    if one.pronoun:
        return list_meant(items, shape, place) if one.word in PLURAL or word not in PLURAL else []
    several = (one.count or 1) > 1 or any(sense.plural or sense.plural is None for sense in one.senses)
    if word == ELLIPSIS:
        return [one for it in ("it", "them") for one in _agree(items, shape, place, it)]
    if word in PLURAL:
        listed = LIST_BEFORE.search(shape, 0, place + 1)
        assert listed is not None
        many = Mentions(at for at in range(*listed.span()) if shape[at] == "M")
        if any(items[at].pronoun for at in many):
            many = Mentions()
        return [*([many] if len(many) > 1 else []), *([Mentions({place})] if several else [])]
    animate = any(sense.animate for sense in one.senses)
    alone = (one.count or 1) == 1 and not all(sense.plural for sense in one.senses)
    return [Mentions({place})] if alone and (animate or word in SINGULAR) else []
