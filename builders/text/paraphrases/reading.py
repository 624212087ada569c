"""Reads a text in English about a scene: what it names, and what it says of what. What cannot be read is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .claims import Claim, draw_shape, join_parted, read_claims
from .items import DEFINITE, INDEFINITE, NEUTRAL, STOPS, Item, cut_items
from .plain import write_plainly
from .pronouns import PRONOUNS, mark_pronouns
from .tables import WHOLE
from .words import Lexicon, Tokens, split_text

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
BARE = frozenset(split_text("sit stand lie rest run"))
"""Postures of several things, which may be the end of another name: "an umbrella stand"."""
EXCEPTING = frozenset(split_text("all everything nothing anything anywhere"))
"""Words with "but" that deny what follows."""
CERTAIN = frozenset(split_text("seen found visible spotted"))
"""What things can be, so that they are there."""
OF_ALL = frozenset(split_text("location weather time_of_day"))
"""Kinds of what is said of the whole picture that one thing is not without the others."""
TOLD_OF_ONE = re.compile(r"(?:^|[.c])[^MORA.c]*M(?:[^MORA.c]*q)?[^MORA.cq]*b[^MORA.cq]*$|[MO],?qb[^MORA.]*$")
"""A clause on one thing, before what is said of the whole picture: "the boat is drawn in chalk"."""
LISTED_BEFORE = re.compile(r"[MO](?:,\+?|\+)$")
ALL_THERE = re.compile(r"[^MORASc.]*(?:$|[.cS])")
"""Nothing said but that things are there: "are all in the scene"."""
MATERIAL = re.compile("wwA")
"""Words of an attribute, such as "made of carved marble"."""
LIST_GOES_ON = re.compile(r"[^.,+]")
"""Something behind a verb that belongs to it."""
DOUBTFUL = frozenset(split_text("can well but so each one other another of"))
"""Words that say nothing in some places alone."""
ABOUT = frozenset(
    split_text(
        "style styled rendered done made drawn painted shot photographed framed captured composed set "
        "lit taken under in at on by during the a an of as with like from through is are whole entire "
        "everything all light lighting looks against created executed takes place unfolds happens it's "
        "background viewed seen view look modeled woven entirely bathed glow weather day manner mood it they "
        "beneath overhead middle setting backdrop tones toned illustration artwork painting drawing aesthetic"
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
    reading.strange += _find_misplaced(reading)
    reading.strange += ["it asks whether something is so"] * ("?" in tokens)
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
        shaped = shape.startswith(("A", "R"), place + 1)
        after = items[place + 1] if place + 1 < len(items) else Item("word", 0, 0)
        before_mention = after.kind == "mention" or after.word in PRONOUNS
        if word in PREPOSITIONS and before_mention and not (word == "by" and items[place - 1].word == "accompanied"):
            some.append(reading.quote(Item("word", item.start, items[place + 1].end)))
        elif word in ("feature", "features") and place + 1 < len(items) and items[place + 1].word == "in":
            continue
        elif word in SHOWING:
            some += [word] if _has_subject(items, shape, place) and not HAPPENING.match(shape, place) else []
        elif word in ("all", "each") and shaped:
            some += [word] if not ALL.search(shape, 0, place) else []
        elif (
            (word == "all" and ALL_THERE.match(shape, place + 1) and "M" in shape[:place])
            or (word in LOOKS and shape.startswith("A", place + 1))
            or (word == "made" and MATERIAL.match(shape, place))
        ):
            continue
        elif word in POSTURES:
            is_noun = (
                word in BARE and shape.startswith(("M", "O"), place - 1) and not LIST_GOES_ON.match(shape, place + 1)
            )
            some += [word] if is_noun or _is_animate(items, shape, place) else []
        elif word in DOUBTFUL:
            some += [] if _is_harmless(reading, shape, place) else [word]
        elif (place not in about or before_mention) and word not in NEUTRAL:
            some.append(word)
    reading.strange += [f"`{word}` is not in the scene" for word in dict.fromkeys(some)]


def _is_harmless(reading: Reading, shape: str, place: int) -> bool:
    """Whether a word says nothing, of those that do in other places: "can" in "can be seen"."""
    items, tokens = reading.items, reading.tokens
    at, before = items[place].start, items[place - 1].word if place else ""
    match items[place].word:
        case "can":
            rest = (one for one in tokens[at + 1 : at + 4] if one not in ("be", "also", "all", "clearly"))
            return next(rest, "") in CERTAIN
        case "well":
            return before == "as"
        case "but":
            return before not in EXCEPTING
        case "so":
            return tokens[at + 1 : at + 2] in (("is",), ("are",))
        case "each" | "one":
            return tokens[at + 1 : at + 2] in (("other",), ("another",))
        case "other" | "another":
            return before in ("each", "one") and place > 1 and items[place - 2].kind in ("relation", "mention")
        case "of":
            begun = max(shape.rfind(stop, 0, place) for stop in ".c")
            is_first = not {"M", "O"} & {*shape[begun + 1 : place]}
            is_whole = is_first and (before in WHOLE or "S" in shape[begun + 1 : place])
            return is_whole or not shape.startswith("M", place + 1) or before in ("all", "each", "both")
    return True


def _find_misplaced(reading: Reading) -> Iterator[str]:
    """What has words of the scene, and says something else by its place: a name, or of one thing of several."""
    items, shape = reading.items, draw_shape(reading.items)
    known = {number for item in items if item.kind == "mention" for sense in item.senses for number in sense.numbers}
    for place, item in enumerate(items):
        before, words = items[place - 1] if place else Item("word", 0, 0), reading.quote(item)
        if item.kind == "attribute" and before.word in (*DEFINITE, *INDEFINITE):
            yield f"`{words}` has no name behind it"  # "with a striped one"
        elif item.kind == "attribute" and shape.startswith("tM", place + 1) and items[place + 1].word == "with":
            yield f"`{words} with` is not in the scene"  # "crowded with dogs"
        elif item.kind == before.kind == "mention" and before.end == item.start and _is_bare(reading, item):
            yield f"`{reading.quote(before)} {words}` is not in the scene"  # "a lipstick holster"
        elif item.kind == "scene" and item.senses[0].value[0] not in OF_ALL:
            found = TOLD_OF_ONE.search(shape, 0, place) if len(known) > 1 else None
            if found and not any(one.word in (*WHOLE, "all") for one in items[found.start() : place]):
                yield f"`{words}` is said of one thing"
            elif before.word in INDEFINITE and LISTED_BEFORE.search(shape, 0, place - 1):
                yield f"`{before.word} {words}` is said to be a thing"  # "a cup and a pencil", drawn in pencil


def _is_bare(reading: Reading, item: Item) -> bool:
    """Whether a mention is a name alone."""
    told = item.count or item.definite or item.ordinal or item.attributes
    return not told and reading.tokens[item.start] not in INDEFINITE


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
