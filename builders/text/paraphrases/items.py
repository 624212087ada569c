"""Cuts a text about a scene into items: mentions of objects, with what stands before their names, and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from .words import Lexicon, Sense, Tokens, split_text

NUMBERS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
} | {str(number): number for number in range(1, 21)} | {"both": 2}  # fmt: skip
GROUPS = {
    ("a", "pair", "of"): 2, ("a", "couple", "of"): 2, ("a", "trio", "of"): 3, ("a", "single"): 1, ("a", "lone"): 1,
    ("half", "a", "dozen"): 6, ("a", "duo", "of"): 2, ("a", "quartet", "of"): 4, ("a", "quintet", "of"): 5,
}  # fmt: skip
"""Words before a name that tell how many."""
COLLECTIVES = (("a", "group", "of"), ("a", "set", "of"), ("a", "collection", "of"), ("a", "total", "of"))
"""Words before a number that say nothing."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
DEFINITE, INDEFINITE = ("the", "that", "this", "these", "those"), ("a", "an", "some", "another")
STOPS = (".", ";", ":", "!", "?")
CLAUSES = ("while", "whereas", "as", "where")
BE = ("is", "are", "be", "being")
NEUTRAL = frozenset(
    split_text(
        "and but while whereas as with where that which who whom is are be being there here also too well "
        "along together both each in of to at on by from addition it it's picture image photo photograph "
        "scene depiction view shown depicted pictured included featured captured present appear appears "
        "appearing can seen visible accompanied found another other one this these those a an the some "
        "elsewhere meanwhile part rounding out completing completed complete completes"
    )
)
"""Words that say nothing of what is there; a preposition among them says something right before a mention."""

Kind = Literal["mention", "relation", "attribute", "scene", "word"]


@dataclass
class Item:
    """A piece of a text.

    Attributes:
        kind: What it is.
        start, end: Its tokens.
        senses: What it may mean; of a mention, what its name may mean.
        attributes: Of a mention, the places of the items of attributes before its name.
        count: How many a mention says that there are; None where it does not.
        definite: Whether a mention refers to what is known: "the cup".
        ordinal: Of several alike the how manieth a mention means, from 1; else 0.
        word: The words, but of mentions, attributes and what is said of the whole.
        parted: Of a relation that is said in two parts, the mentions before and behind it.
        pronoun: Whether a mention is a pronoun; it has no senses.
    """

    kind: Kind
    start: int
    end: int
    senses: list[Sense] = field(default_factory=list)
    attributes: list[list[Sense]] = field(default_factory=list)
    count: int | None = None
    definite: bool = False
    ordinal: int = 0
    word: str = ""
    parted: tuple[Item, Item] | None = None
    pronoun: bool = False


def cut_items(tokens: Tokens, lexicon: Lexicon) -> list[Item]:
    """Cuts the tokens of a text into items, by the words that the elements of its scene may be called."""
    items = _join_mentions(list(_cut(tokens, lexicon)))
    for before, after in pairwise(items):
        if before.word == ":" and after.kind == "attribute":  # "a dog: small and brown"
            before.word = ","
    return items


def _cut(tokens: Tokens, lexicon: Lexicon) -> Iterator[Item]:
    """The longest known words at each place."""
    place = 0
    while place < len(tokens):
        lengths = list(_list_lengths(tokens, lexicon, place))
        length = next(
            (one for one in lengths[1:] if _is_cut_short(tokens, lexicon, place + one, place + lengths[0])), 0
        )
        length = length or next(iter(lengths), 1)
        known = tokens[place : place + length]
        yield Item("word", place, place + length, list(lexicon.senses.get(known, ())), word=" ".join(known))
        place += length


def _list_lengths(tokens: Tokens, lexicon: Lexicon, place: int) -> Iterator[int]:
    """How many tokens from a place on are known words, the longest first."""
    for length in range(min(lexicon.longest, len(tokens) - place), 0, -1):
        if tokens[place : place + length] in lexicon.senses:
            yield length


def _is_cut_short(tokens: Tokens, lexicon: Lexicon, start: int, end: int) -> bool:
    """Whether a whole name begins before a place and ends behind it: the "paper cup" of "an origami paper cup"."""
    return any(
        start + length > end
        for length in _list_lengths(tokens, lexicon, start)
        if any(one.domain == "object" and not one.short for one in lexicon.senses[tokens[start : start + length]])
    )


def _take(item: Item, domain: str) -> list[Sense]:
    return [sense for sense in item.senses if sense.domain == domain]


def _join_mentions(cut: list[Item]) -> list[Item]:
    """Finds names, and what stands before them: articles, numbers, attributes."""
    items: list[Item] = []
    for place, item in enumerate(cut):
        after = cut[place + 1] if place + 1 < len(cut) else None
        continues = (
            after is not None and (_take(after, "object") or _take(after, "attribute")) and after.word not in NUMBERS
        )
        names, attributes = _take(item, "object"), _take(item, "attribute")
        if names and item.word in NEUTRAL and not _is_led(items):
            items.append(Item("word", item.start, item.end, word=item.word))
        elif names and not (attributes and (continues or _follows_be(items))):
            items.append(_begin_mention(items, item, names))
        elif attributes:
            items.append(Item("attribute", item.start, item.end, attributes))
        elif scene := _take(item, "scene"):
            items.append(Item("scene", item.start, item.end, scene))
        elif item.senses:
            items.append(Item("relation", item.start, item.end, item.senses, word=item.word))
        else:
            items.append(item)
    return items


def _is_led(items: list[Item]) -> bool:
    """Whether an article, a number or an attribute stands before: "a can", but not what "can be seen"."""
    return bool(items) and (items[-1].kind == "attribute" or items[-1].word in (*DEFINITE, *INDEFINITE, *NUMBERS))


def _follows_be(items: list[Item]) -> bool:
    return bool(items) and items[-1].word in BE


def _is_definite(words: list[Item]) -> bool:
    """Whether "the other cup" is meant, which is known, not "six other cups", which are further ones."""
    return bool(words) and words[0].word in DEFINITE


def _begin_mention(items: list[Item], item: Item, names: list[Sense]) -> Item:
    """A mention with all that stands before its name, which is taken off the items."""
    mention = Item("mention", item.start, item.end, names)
    kept = len(items)
    place = kept - 1
    while place >= 0:
        if items[place].kind == "attribute":
            kept = place
        elif kept == len(items) or items[place].word not in (",", "and", "but") or kept - place > 2:
            break
        place -= 1
    mention.attributes = [one.senses for one in items[kept:] if one.kind == "attribute"]
    words = items[:kept]
    if words and words[-1].kind == "word" and words[-1].word in ("of", "single", "lone", "dozen"):
        for group, count in GROUPS.items():
            if tuple(one.word for one in words[-len(group) :]) == group:
                is_one = group[1] == "pair" and all(sense.plural is None for sense in names)  # a pair of jeans
                mention.count, words = 1 if is_one else count, words[: -len(group)]
                break
    for _ in range(3):
        word = words[-1].word if words and words[-1].kind == "word" else ""
        if word in NUMBERS and mention.count is None:
            mention.count = NUMBERS[word]
        elif word in ORDINALS and not mention.ordinal:
            mention.ordinal = ORDINALS.index(word) + 1
        elif word in DEFINITE:
            mention.definite = True
        elif word in ("a", "an", "another") and mention.count is None:
            mention.count = 1
        elif word not in ("some", "only", "single") and not (word == "other" and _is_definite(words[-2:-1])):
            break
        words = words[:-1]
        if mention.definite or word in INDEFINITE:
            break
    if (mention.count or 1) > 1 and tuple(one.word for one in words[-3:]) in COLLECTIVES:
        words = words[:-3]
    mention.start = items[len(words)].start if len(words) < len(items) else item.start
    del items[len(words) :]
    return mention
