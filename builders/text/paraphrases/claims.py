"""What a text says of what: the mentions that stand before and behind each relation and attribute.

The items of a text are written as a string, a letter each (`draw_shape`), and the rules are patterns of it:

    behind    the mentions listed there ("beside a cup and a plate"), or the one that a relative clause leaves out
              ("the hut, which a snake is leaving"); where a place comes first, what is there follows ("beside the hut
              is a dog")
    before    the nearest mention, if it is not the end of another relation. If it is, the words between decide: a
              relative clause is about that mention; what goes on behind "and", or with a verb, is about what the
              other relation is about; of the rest ("on a table next to a cup") there is no telling
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .items import BE, CLAUSES, STOPS, Item
from .pronouns import resolve_pronouns
from .words import Lexicon, split_text

Mentions = frozenset[int]
LETTERS = {
    **dict.fromkeys(STOPS, "."),
    ",": ",",
    **dict.fromkeys(("and", "but"), "+"),
    **dict.fromkeys(CLAUSES, "c"),
    **dict.fromkeys(split_text("that which who whose whom"), "q"),
    **dict.fromkeys(("with", "has", "have", "having"), "t"),
    **dict.fromkeys(split_text("each other one another"), "e"),
    **dict.fromkeys(split_text("is are be being can"), "b"),
    **dict.fromkeys(
        split_text("sits sit stands stand lies lie rests rest there appears appear seen found runs run"), "v"
    ),
}
"""Words that tell what is said of what; `v` are verbs between a place and what is there. All others are `w`."""
KINDS = {"mention": "M", "relation": "R", "attribute": "A", "scene": "S"}
LISTED = r"M(?:(?:,\+?|\+)M)*"
LIST_BEHIND, LIST_BEFORE = re.compile(LISTED), re.compile(rf"{LISTED}$")
TOLD = r"(?:,?(?:qb|t)?A(?:[,+]+A)*|,?qbR[MO])?"
"""A relative clause that tells what a mention is like, and stands where that does not matter."""
EACH_OTHER = re.compile(r"M(?:,\+?|\+)M[^MORA.]*$")
BETWEEN = re.compile(r"[MORA][^MORA.]*$")
PLACE_FIRST = re.compile(
    rf"(?:(?<=[S.,+ct])|^)R(?P<ends>{LISTED}){TOLD}(?:(?:,\+?|\+)R{LISTED})*(?:,?[bv]+|(?P<comma>,))(?P<subject>{LISTED})"
)
SENTENCE = re.compile(r"(?:^|[.c]|,\+|\+,)$")
"""What stands before a sentence, or one of its main clauses."""
LEFT_OUT = re.compile(r"(?P<object>[MO]),?q(?P<subject>M)b*$")
WITH = re.compile(rf"[MO]{TOLD},?t$")
PARTED = re.compile(
    rf"(?:(?<=[S.,+c])|^)(?P<first>[Rwvt]+)(?P<object>M){TOLD},?(?:(?P<subject>M){TOLD}b*|b*)(?P<last>[Rwv]+)"
)

FRONTED = re.compile(r"(?P<object>M),?(?P<first>[Rw]+)q(?P<subject>M)b*(?P<last>[Rwv]+)")
INVERTED = re.compile(r"(?P<object>M),?(?P<first>[Rw]+)q(?P<last>[Rwvb]+)(?P<subject>M)")
CHAINED = re.compile(rf"R{LISTED}(?:,\+?|\+)$")
"""What stands before another place of the same thing."""


@dataclass(frozen=True)
class Claim:
    """What a text says of its mentions: one of several readings holds.

    Attributes:
        item: The relation or attribute.
        readings: Pairs of mentions before and behind it (numbers of items); behind an attribute stands none, -1. All
            pairs of one reading hold together.
    """

    item: int
    readings: tuple[frozenset[tuple[int, int]], ...]


@dataclass
class _Text:
    """A text that is read from its beginning.

    Attributes:
        items: Its pieces.
        shape: Their letters, with O for mentions behind a relation that is read.
        about: What each relation and attribute may be about, by its place.
        owners: The same, by mentions behind.
    """

    items: list[Item]
    shape: str
    about: dict[int, list[Mentions]] = field(default_factory=dict)
    owners: dict[int, list[Mentions]] = field(default_factory=dict)


def draw_shape(items: Sequence[Item]) -> str:
    """Items as letters: M a mention, R a relation, A an attribute, S of the whole picture, else as `LETTERS`."""
    return "".join(KINDS.get(item.kind) or LETTERS.get(item.word, "w") for item in items)


def join_parted(items: list[Item], lexicon: Lexicon) -> list[Item]:
    """Joins relations that are said in two parts: "behind the hut, a dog is visible", "beside the hut lies a dog"."""
    begin = 0
    while found := PARTED.search(draw_shape(items), begin):
        first, target, (last, end) = found.start("first"), found.start("object"), found.span("last")
        subject = found.start("subject") if found["subject"] else end
        words = " ".join(one.word for one in (*items[last:end], *items[first:target]))
        senses = lexicon.senses.get(split_text(words), [])
        begin = target + 1
        if CHAINED.search(draw_shape(items), 0, first) and items[first].kind == "relation":
            continue  # "behind the hut and beside a tree lies a dog"
        if senses and subject < len(items) and items[subject].kind == "mention":
            joined = Item("relation", items[last].start, items[end - 1].end, senses, word=words)
            joined.parted = (items[subject], items[target])
            items, begin = [*items[:first], *items[target:last], joined, *items[end:]], first
    return _loosen(_join_fronted(items, lexicon))


def _join_fronted(items: list[Item], lexicon: Lexicon) -> list[Item]:
    """Joins relations whose last words stand before "which": "a lake, in which a hut is reflected"."""
    begin = 0
    while found := FRONTED.search(shape := draw_shape(items), begin) or INVERTED.search(shape, begin):
        target, subject = found.start("object"), found.start("subject")
        (first, which), (last, end) = found.span("first"), found.span("last")
        begin = target + 1
        verbs = [one for one in items[last:end] if one.word not in BE]
        words = " ".join(one.word for one in (*verbs, *items[first:which]))
        if senses := lexicon.senses.get(split_text(words), []):
            joined = Item("relation", items[last].start, items[end - 1].end, senses, word=words)
            joined.parted = (items[subject], items[target])
            items = [*items[:first], *items[which:last], joined, *items[end:]]
    return items


def _loosen(items: list[Item]) -> list[Item]:
    """Makes plain words of relations that nothing stands behind, such as the "in" of "in the style of"."""
    found, shape = list[Item](), draw_shape(items)
    for place, item in enumerate(items):
        told = item.parted or _is_told(shape, place) or LEFT_OUT.search(shape, 0, place)
        if item.kind != "relation" or told:
            found.append(item)
        else:
            words = enumerate(item.word.split(), start=item.start)
            found += [Item("word", start, start + 1, word=word) for start, word in words]
    return found


def _is_told(shape: str, place: int) -> bool:
    """Whether what stands behind a relation is there: "beside a cup", "on which", "beside each other"."""
    return shape.startswith(("M", "q", "ee"), place + 1)


def read_claims(items: list[Item]) -> tuple[list[Claim], list[int]]:
    """What a text says of its mentions, and the places of relations and attributes that cannot be read."""
    text, claims, unread = _Text(items, draw_shape(items)), list[Claim](), list[int]()
    for place, item in enumerate(items):
        if item.kind not in ("relation", "attribute"):
            continue
        befores, behinds = _read_ends(text, place)
        pairs = [
            frozenset((one, two) for one in some for two in others if one != two)
            for some in befores
            for others in behinds
        ]
        pairs = list(resolve_pronouns(items, draw_shape(items), pairs))
        if pairs:
            claims.append(Claim(place, tuple(dict.fromkeys(pairs))))
        else:
            unread.append(place)
    return claims, unread


def _read_ends(text: _Text, place: int) -> tuple[list[Mentions], list[Mentions]]:
    """The mentions that may stand before and behind a relation or attribute; none if there is no telling."""
    item, shape = text.items[place], text.shape
    if item.kind == "attribute":
        befores, behinds = _list_alike(text, place) or _look_before(text, place), [Mentions({-1})]
    elif item.parted:
        befores, behinds = (
            [Mentions(one for one, other in enumerate(text.items) if other is end)] for end in item.parted
        )
    elif shape.startswith("ee", place + 1):
        both = EACH_OTHER.search(shape, 0, place)
        befores = behinds = [_pick(shape, both.span())] if both else []
        return befores, behinds
    elif shape.startswith("q", place + 1):  # "a table, on which a cup stands"
        befores = [Mentions({shape.find("M", place)})]
        behinds = [Mentions({max(shape.rfind(letter, 0, place) for letter in "MO")})]
        if Mentions({-1}) in (*befores, *behinds):
            return [], []
    elif not _is_told(shape, place):
        found = LEFT_OUT.search(shape, 0, place)
        assert found is not None, "relations that nothing stands behind are loosened"
        befores, behinds = ([Mentions({found.start(end)})] for end in ("subject", "object"))
        text.about[place] = behinds  # what goes on behind the clause
        return befores, behinds
    elif (found := PLACE_FIRST.match(shape, place)) and (not found["comma"] or SENTENCE.search(shape, 0, place)):
        befores = _list_subjects(text, found.start("subject"), found.span("subject"), place)
        behinds = [_pick(shape, found.span("ends"))]
    else:
        befores, behinds = _look_before(text, place), _look_behind(shape, place)
    text.about[place] = befores
    for one in behinds[0] - {-1}:
        text.owners.setdefault(one, befores)
        text.shape = f"{text.shape[:one]}O{text.shape[one + 1 :]}"
    return befores, behinds


def _pick(shape: str, span: tuple[int, int]) -> Mentions:
    return Mentions(place for place in range(*span) if shape[place] == "M")


def _look_behind(shape: str, place: int) -> list[Mentions]:
    """The mentions that may stand behind a relation."""
    found = LIST_BEHIND.match(shape, place + 1)
    assert found is not None
    listed = sorted(_pick(shape, found.span()))
    if len(listed) > 1 and shape[found.end() : found.end() + 1] in ("R", "A", "b", "v"):
        listed.pop()  # it is what the next clause is about
    options = [Mentions(listed)]
    return [*options, Mentions(listed[:1])] if len(listed) > 1 and "," in found[0] else options


def _list_alike(text: _Text, place: int) -> list[Mentions]:
    """The mentions before "both red" or "all red"; none where it is said otherwise, or of fewer or more than that."""
    word = text.items[place - 1].word if place else ""
    listed = LIST_BEFORE.search(text.shape, 0, text.shape.rfind("M", 0, place) + 1)
    if word not in ("both", "all", "each") or listed is None:
        return []
    some = _pick(text.shape, listed.span())
    options = dict.fromkeys([some, Mentions({max(some)})])
    counts = {one: sum(text.items[place].count or 1 for place in one) for one in options}
    return [one for one in options if counts[one] == 2 or (word != "both" and counts[one] > 2)]


def _look_before(text: _Text, place: int) -> list[Mentions]:
    """The mentions that a relation or an attribute may be about."""
    shape, found = text.shape, BETWEEN.search(text.shape, 0, place)
    if found is None:
        return []
    start, between = found.start(), found[0][1:]
    if shape[start] in "RA":  # "is tiny and behind ..."
        return text.about.get(start, [])
    finite = "b" in between or any(sense.finite for sense in text.items[place].senses)
    if shape[start] == "M":
        listed = LIST_BEFORE.search(shape, 0, start + 1)
        assert listed is not None
        return _list_subjects(text, start, listed.span(), place) if finite else [Mentions({start})]
    nearest, owners = [Mentions({start})], text.owners[start]
    joined = "+" in between or "c" in between
    if "q" in between:
        if text.items[start].pronoun:  # "with a dog behind it that is red"
            return owners
        return [*nearest, *owners] if joined else nearest
    if finite:
        return _climb(text, owners)
    return owners if joined else [*nearest, *owners]


def _list_subjects(text: _Text, nearest: int, span: tuple[int, int], place: int) -> list[Mentions]:
    """The mentions that a verb may be about: all of a list if it is a plural's, or the nearest of them."""
    finite = any(sense.finite for sense in text.items[place].senses)
    words = text.items[min(nearest, place) : max(nearest, place)]
    plural = any(one.word == "are" for one in words)
    listed = [_pick(text.shape, span)] if finite or plural else []
    if plural and len(listed[0]) > 1 and text.items[nearest].count == 1:
        return listed  # "a jogger and an icicle, which are huge"
    return list(dict.fromkeys([*listed, Mentions({nearest})]))


def _climb(text: _Text, owners: Iterable[Mentions]) -> list[Mentions]:
    """What a sentence is about, past what is said by the way: "a cart, with a cup on it, is ..."."""
    found = list[Mentions]()
    for owner in owners:
        by_the_way = WITH.search(text.shape, 0, min(owner))
        before = by_the_way.start() if by_the_way else -1
        if by_the_way is None:
            found.append(owner)
        elif text.shape[before] == "O":
            found += _climb(text, text.owners[before])
        else:
            found.append(Mentions({before}))
    return found
