"""Reads a text in English about a scene: what it names, and what it says of what. What cannot be read is told.

A text is cut into items: mentions of objects with the attributes that stand before them, relations and attributes
that stand elsewhere, what it says of the whole picture, and the words between. A relation is about the mention behind
it and one before it: the nearest, or the subject of its clause, by the words between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
}  # fmt: skip
"""Words before a name that tell how many."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
DEFINITE, INDEFINITE = ("the", "that", "this", "these", "those"), ("a", "an", "some", "another")
STOPS = (".", ";", ":", "!", "?")
CLAUSES = ("while", "whereas", "as", "where")
RELATIVE = ("that", "which", "who", "whose")
BE = ("is", "are", "be", "being")
NEUTRAL = frozenset(
    split_text(
        "and or while whereas as with where that which who is are be being there here also too well "
        "along together both each in of to at on by from addition it's picture image photo photograph "
        "scene depiction view shows show showing shown depicts depict depicting depicted features "
        "feature featuring includes include including presents present appears appear appearing captures "
        "capture captured can seen visible accompanied another other one this these "
        "those a an the some meanwhile part rounding out completing completed"
    )
)
"""Words that say nothing of what is there; a preposition among them says something right before a mention."""
PREPOSITIONS = frozenset(split_text("in on at by to from"))
INVERTED = frozenset(
    split_text("is are sits sit stands stand lies lie rests rest there appears appear can be seen found")
)
"""Verbs between a place and what is there: "behind the house stands a tree"."""
ABOUT = frozenset(
    split_text(
        "style styled rendered done made drawn painted shot photographed framed captured composed set "
        "lit taken under in at on by during the a an of as with like from through is are whole entire "
        "everything all light lighting looks against created executed takes place unfolds happens it's "
        "background viewed seen view look modeled woven entirely bathed glow weather day manner mood it"
    )
)
"""Words around what is said of the whole picture."""

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
    tokens = split_text(text)
    items = _join_mentions(tokens, list(_cut(tokens, lexicon)))
    reading = Reading(tokens, _loosen(_join_parted(items, lexicon)))
    _read_claims(reading)
    _find_strange(reading)
    return reading


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


def _join_mentions(tokens: Tokens, cut: list[Item]) -> list[Item]:
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


def _begin_mention(items: list[Item], item: Item, names: list[Sense]) -> Item:
    """A mention with all that stands before its name, which is taken off the items."""
    mention = Item("mention", item.start, item.end, names)
    kept = len(items)
    place = kept - 1
    while place >= 0:
        before = items[place]
        if before.kind == "attribute":
            kept, place = place, place - 1
        elif (
            before.word in (",", "and")
            and place
            and _reaches_attribute(items, place)
            and kept == place + 1 < len(items)
        ):
            place -= 1
        else:
            break
    mention.attributes = [one.senses for one in items[kept:] if one.kind == "attribute"]
    words = items[:kept]
    if words and words[-1].kind == "word" and words[-1].word in ("of", "single", "lone"):
        for group, count in GROUPS.items():
            if tuple(one.word for one in words[-len(group) :]) == group:
                mention.count, words = count, words[: -len(group)]
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
        elif word not in ("some", "other", "only", "single"):
            break
        words = words[:-1]
        if mention.definite or word in INDEFINITE:
            break
    mention.start = items[len(words)].start if len(words) < len(items) else item.start
    del items[len(words) :]
    return mention


def _reaches_attribute(items: list[Item], place: int) -> bool:
    """Whether an attribute stands before a comma or an "and", or both."""
    place -= 1
    if items[place].word == "," and place:
        place -= 1
    return items[place].kind == "attribute"


def _join_parted(items: list[Item], lexicon: Lexicon) -> list[Item]:
    """Joins relations that are parted: "behind the house, a tree is visible", "beside the house lies a dog"."""
    found = list(items)
    begin = 0
    for place, item in enumerate(items):
        if item.kind != "mention" or begin == place:
            begin = place + 1 if item.word in (*STOPS, ",", "and", *CLAUSES) or item.kind == "scene" else begin
            continue
        first = [one.word for one in items[begin:place]]
        after = _skip(items, place + 1, (",",))
        subject = after if after < len(items) and items[after].kind == "mention" else None
        verbs = place + 1 if subject is None else _skip(items, subject + 1, ("is", "are", "can", "be"))
        end = verbs
        while (
            end < len(items)
            and items[end].kind in ("word", "relation")
            and items[end].word not in (*STOPS, ",", "and")
        ):
            end += 1
        subject = end if subject is None else subject
        last = [one.word for one in items[verbs:end]]
        senses = lexicon.senses.get(split_text(" ".join([*last, *first])), [])
        if last and first and subject < len(items) and items[subject].kind == "mention" and senses:
            joined = Item("relation", items[verbs].start, items[end - 1].end, senses, word=" ".join([*last, *first]))
            joined.parted = (items[subject], item)
            return _join_parted(
                [*items[:begin], *items[place : place + 1], *items[place + 1 : verbs], joined, *items[end:]], lexicon
            )
        begin = len(items)
        begin = next(
            (one + 1 for one in range(place, len(items)) if items[one].word in (*STOPS, ",", "and", *CLAUSES)), begin
        )
    return found


def _loosen(items: list[Item]) -> list[Item]:
    """Makes plain words of relations that nothing stands behind, such as the "in" of "in the style of"."""
    found: list[Item] = []
    for place, item in enumerate(items):
        after = items[place + 1] if place + 1 < len(items) else None
        is_told = after is not None and (after.kind == "mention" or after.word in ("which", "whom"))
        if item.kind != "relation" or is_told or item.parted or _find_left_out(items, place) is not None:
            found.append(item)
            continue
        found += [
            Item("word", item.start + one, item.start + one + 1, word=word)
            for one, word in enumerate(item.word.split())
        ]
    return found


def _find_left_out(items: list[Item], place: int) -> int | None:
    """The mention that a relative clause is about, which stands before it: "the hut, which a snake is leaving"."""
    start = place - 1
    while start >= 0 and items[start].word in (*BE, "can"):
        start -= 1
    if start < 2 or items[start].kind != "mention" or items[start - 1].word not in RELATIVE:
        return None
    before = start - 2
    before -= items[before].word == ","
    return before if before >= 0 and items[before].kind == "mention" else None


# --- what is said of what --------------------------------------------------------------------------------------------


def _read_claims(reading: Reading) -> None:
    items = reading.items
    about: list[tuple[int, frozenset[int]]] = []
    """The relations and attributes so far, with the mentions that they are about."""
    for place, item in enumerate(items):
        if item.kind not in ("relation", "attribute"):
            continue
        behind, inverted = frozenset({-1}), None
        if item.kind == "relation":
            found = _look_behind(items, place)
            if found is None:
                reading.strange.append(f"what is behind `{reading.quote(item)}` cannot be told; name it there")
                continue
            options, inverted = found
        else:
            options = [behind]
        befores = [frozenset({inverted})] if inverted is not None else _look_before(items, place, about)
        if not befores:
            reading.strange.append(f"what `{reading.quote(item)}` is about cannot be told; name it before")
            continue
        # What goes on behind "the hut, which a snake is leaving" is about the hut.
        is_left_out = (
            item.kind == "relation"
            and place + 1 < len(items)
            and not item.parted
            and (items[place + 1].kind != "mention" and items[place + 1].word not in ("which", "whom"))
        )
        about.append((place, options[0] if is_left_out else befores[0]))
        readings = [
            frozenset((one, other) for one in before for other in some) for before in befores for some in options
        ]
        reading.claims.append(Claim(place, tuple(dict.fromkeys(readings))))


def _look_behind(items: list[Item], place: int) -> tuple[list[frozenset[int]], int | None] | None:
    """The mentions behind a relation, and the subject where that follows them: "behind the house is a tree"."""
    if parted := items[place].parted:
        before, behind = (next(one for one, item in enumerate(items) if item is some) for some in parted)
        return [frozenset({behind})], before
    after = items[place + 1] if place + 1 < len(items) else None
    if after is not None and after.word in ("which", "whom"):  # "a table, on which a cup stands"
        nearest, subject = _find_mention(items, place, -1), _find_mention(items, place + 1, 1)
        return None if nearest is None or subject is None else ([frozenset({nearest})], subject)
    if after is None or after.kind != "mention":
        left_out = _find_left_out(items, place)
        return None if left_out is None else ([frozenset({left_out})], None)
    first = place + 1
    listed, comma = _list_together(items, first, 1)
    leads = items[place - 1] if place else None
    if leads is None or leads.kind == "scene" or leads.word in (*STOPS, ",", "and", *CLAUSES, "with"):
        inverted = _find_inverted(items, listed[-1], leads is None or leads.word in STOPS)
        if inverted is not None:
            return [frozenset(listed)], inverted
    if len(listed) > 1 and _goes_on(items, listed[-1]):
        listed.pop()  # it is the subject of the next clause
    options = [frozenset(listed)]
    if comma and len(listed) > 1:
        options.append(frozenset({first}))
    return options, None


def _find_inverted(items: list[Item], last: int, begins: bool) -> int | None:
    """The subject behind a relation and its mentions: "behind the house is a tree", or "behind the house, a tree"."""
    after = verbs = _skip(items, last + 1, (",",))
    while verbs < len(items) and items[verbs].kind == "word" and items[verbs].word in INVERTED:
        verbs += 1
    direct = verbs > after or (begins and after > last + 1)
    return verbs if direct and verbs < len(items) and items[verbs].kind == "mention" else None


def _list_together(items: list[Item], first: int, step: int) -> tuple[list[int], bool]:
    """A mention and those that are listed with it, and whether commas stand between them."""
    listed, place, comma = [first], first + step, False
    while 0 <= place < len(items):
        joints = 0
        while 0 <= place < len(items) and items[place].word in (",", "and") and joints < 2:
            comma |= items[place].word == ","
            place, joints = place + step, joints + 1
        if not joints or not 0 <= place < len(items) or items[place].kind != "mention":
            break
        listed.append(place)
        place += step
    return listed, comma


def _goes_on(items: list[Item], mention: int) -> bool:
    """Whether something is said of a mention right behind it."""
    after = mention + 1
    return after < len(items) and (
        items[after].kind in ("relation", "attribute") or items[after].word in (*BE, "appears", "appear", "can")
    )


def _find_mention(items: list[Item], place: int, step: int) -> int | None:
    place += step
    while 0 <= place < len(items) and items[place].kind != "mention":
        place += step
    return place if 0 <= place < len(items) else None


def _skip(items: list[Item], place: int, words: Sequence[str]) -> int:
    while place < len(items) and items[place].word in words:
        place += 1
    return place


def _look_before(items: list[Item], place: int, about: list[tuple[int, frozenset[int]]]) -> list[frozenset[int]]:
    """What a relation or an attribute may be about: sets of mentions, the likeliest first."""
    item, start = items[place], place - 1
    finite = any(sense.finite for sense in item.senses)
    relative = joined = comma = False
    while start >= 0 and items[start].kind not in ("mention", "relation", "attribute"):
        word = items[start].word
        if word in (*STOPS, *CLAUSES):
            return []
        finite |= word in ("is", "are")
        relative |= word in RELATIVE
        joined |= word == "and"
        comma |= word == ","
        start -= 1
    if start < 0:
        return []
    last = about[-1] if about and about[-1][0] >= _find_clause(items, place) else None
    if items[start].kind != "mention":  # "is tiny and behind ..."
        return [last[1]] if last and last[0] == start else []
    nearest = _group(items, start, item, finite)
    is_told = (
        last is not None and last[0] < start and start in (last[0] + 1, *_list_together(items, last[0] + 1, 1)[0])
    )
    if last and is_told and (joined or (comma and finite)) and not relative:
        return [last[1]]
    if last and is_told and relative:
        return [*nearest, last[1]] if joined else nearest
    if last and is_told and finite and not _is_finite_before(items, place, start):
        return [last[1]]
    if last and is_told and not finite:
        return [*nearest, last[1]]
    return nearest


def _group(items: list[Item], mention: int, item: Item, finite: bool) -> list[frozenset[int]]:
    """A mention, with those that are listed before it where the verb is a plural's."""
    listed, _ = _list_together(items, mention, -1)
    plural = any(items[place].word == "are" for place in range(mention, items.index(item, mention)))
    plural |= any(sense.finite for sense in item.senses)
    if len(listed) == 1 or not finite or not plural:
        return [frozenset({mention})]
    return [frozenset(listed), frozenset({mention})]


def _find_clause(items: list[Item], place: int) -> int:
    """Where the clause of an item begins."""
    for start in range(place - 1, -1, -1):
        if items[start].word in (*STOPS, *CLAUSES):
            return start
        follows = (
            start + 1 < place and items[start].word in ("and", "with", ",") and items[start + 1].kind == "mention"
        )
        if follows and _goes_on(items, start + 1) and start + 1 < place:
            return start
    return 0


def _is_finite_before(items: list[Item], place: int, mention: int) -> bool:
    """Whether the clause has a verb of its own before a mention, in no relative clause."""
    for start in range(_find_clause(items, mention), mention):
        before = items[start - 1].word if start else ""
        if (items[start].word in ("is", "are") or any(sense.finite for sense in items[start].senses)) and (
            before not in RELATIVE
        ):
            return True
    return False


# --- what is not read ------------------------------------------------------------------------------------------------


def _find_strange(reading: Reading) -> None:
    """Words that are no element's and say something all the same."""
    items, some = reading.items, list[str]()
    about = _find_about(items)
    for place, item in enumerate(items):
        word = item.word
        if item.kind != "word" or word in (*STOPS, ","):
            continue
        before_mention = place + 1 < len(items) and items[place + 1].kind == "mention"
        if word in PREPOSITIONS and before_mention and not (word == "by" and items[place - 1].word == "accompanied"):
            some.append(reading.quote(Item("word", item.start, items[place + 1].end)))
        elif (place not in about or before_mention) and word not in NEUTRAL and not _is_inverted(items, place):
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


def _is_inverted(items: list[Item], place: int) -> bool:
    """Whether a verb stands between a place and what is there."""
    item = items[place]
    return item.word in INVERTED and place + 1 < len(items) and items[place + 1].kind == "mention" and place > 1
