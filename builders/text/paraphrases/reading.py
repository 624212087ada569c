"""Reads a text in English about a scene: what it names, and what it says of what. What cannot be read is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .claims import Claim, draw_shape, join_parted, read_claims
from .items import NEUTRAL, STOPS, Item, cut_items
from .plain import write_plainly
from .pronouns import mark_pronouns
from .words import WHOLE, Lexicon, Tokens, split_text

PREPOSITIONS = frozenset(split_text("in on at by to from"))
POSTURES = frozenset(split_text("sits sit stands stand lies lie rests rest runs run"))
"""What things do that are somewhere; of people and animals it says something, but in "behind the hut stands a dog"."""
SHOWING = frozenset(
    split_text(
        "shows show showing depicts depict depicting features feature featuring includes include including presents "
        "captures capture gives give offers offer contains contain containing has have having"
    )
)
"""What pictures do; of anything else it says something."""
HAPPENING = re.compile("tM(?:,?q[bv]A(?:[,+]+A)*|[,+w]*A)*,?[Rbv]")
"""A mention that "has" another before it, of which something is said: "a cart has a cup sitting on the cart"."""
ALL = re.compile(r"M[^MORA.]*$")
"""What stands before "all": "two dogs, all red"."""
LOOKS = ("looks", "look", "appears", "appear", "seems", "seem")
MATERIAL = re.compile("wwA")
"""Words of an attribute, such as "made of carved marble"."""
ABOUT = frozenset(
    split_text(
        "style styled rendered done made drawn painted shot photographed framed captured composed set "
        "lit taken under in at on by during the a an of as with like from through is are whole entire "
        "everything all light lighting looks against created executed takes place unfolds happens it's "
        "background viewed seen view look modeled woven entirely bathed glow weather day manner mood it they"
    )
)
"""Words around what is said of the whole picture."""


@dataclass
class Reading:
    """What a text names and says.

    Attributes:
        tokens: Its words and stops.
        items: Its pieces, in order.
        claims: What it says of mentions.
        strange: What cannot be read, in words of the text.
    """

    tokens: Tokens
    items: list[Item]
    claims: list[Claim] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def quote(self, item: Item) -> str:
        """The words of an item."""
        return " ".join(self.tokens[item.start : item.end])


def read_text(text: str, lexicon: Lexicon) -> Reading:
    """Reads a text with the words that the elements of its scene may be called."""
    tokens = write_plainly(split_text(text), lexicon)
    items = cut_items(tokens, lexicon)
    mark_pronouns(items)
    items = join_parted(items, lexicon)
    claims, unread = read_claims(items)
    reading = Reading(tokens, items, claims)
    reading.strange += [f"what `{reading.quote(items[one])}` says of what cannot be told" for one in unread]
    _find_strange(reading)
    return reading


def _find_strange(reading: Reading) -> None:
    """Words that are no element's and say something all the same."""
    items, some = reading.items, list[str]()
    about, shape = _find_about(items), draw_shape(items)
    for place, item in enumerate(items):
        word = item.word
        if item.kind != "word" or word in (*STOPS, ","):
            continue
        before_mention = place + 1 < len(items) and items[place + 1].kind == "mention"
        if word in PREPOSITIONS and before_mention and not (word == "by" and items[place - 1].word == "accompanied"):
            some.append(reading.quote(Item("word", item.start, items[place + 1].end)))
        elif word in ("feature", "features") and place + 1 < len(items) and items[place + 1].word == "in":
            continue
        elif word in SHOWING:
            some += [word] if _has_subject(items, shape, place) and not HAPPENING.match(shape, place) else []
        elif word == "all" and shape.startswith(("A", "R"), place + 1):
            some += [word] if not ALL.search(shape, 0, place) else []
        elif (word in LOOKS and shape.startswith("A", place + 1)) or (word == "made" and MATERIAL.match(shape, place)):
            continue
        elif word in POSTURES:
            some += [word] if _is_animate(items, shape, place) else []
        elif (place not in about or before_mention) and word not in NEUTRAL:
            some.append(word)
    reading.strange += [f"`{word}` is not in the scene" for word in dict.fromkeys(some)]


def _find_about(items: list[Item]) -> set[int]:
    """Words that stand with what is said of the whole picture, with no mention between."""
    found = set[int]()
    for place, item in enumerate(items):
        for step in (-1, 1) if item.kind == "scene" else ():
            word = place + step
            while (
                0 <= word < len(items) and items[word].kind == "word" and items[word].word in ABOUT | NEUTRAL | {","}
            ):
                found.add(word)
                word += step
    return found


def _has_subject(items: list[Item], shape: str, place: int) -> bool:
    """Whether a verb says something of a mention, not of the whole picture."""
    for before in range(place - 1, -1, -1):
        if shape[before] in ".c" or items[before].word in WHOLE:
            return False
        if shape[before] == "M":
            return True
    return False


def _is_animate(items: list[Item], shape: str, place: int) -> bool:
    """Whether a verb is about a person or an animal, which stands before it."""
    subject = shape.rfind("M", 0, place)
    return not shape.startswith("M", place + 1) and any(sense.animate for sense in items[subject].senses)
