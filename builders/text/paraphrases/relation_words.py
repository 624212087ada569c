"""What a relation may be called: words that say the same, forms of verbs, and what its object is or does then."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

from ....taxonomy.english.predicates import find_finite
from .tables import Tables

ALIKE = (
    ("to the left of", "left of", "on the left of", "on the left side of", "on the left hand side of"),
    ("to the right of", "right of", "on the right of", "on the right side of", "on the right hand side of"),
    ("next to", "beside", "alongside", "adjacent to", "by the side of"),
    ("adjoining", "abutting", "neighboring", "bordering", "next to", "adjacent to", "beside"),
    ("below", "under", "underneath", "beneath"),
    ("on", "on top of", "upon", "atop"),
    ("over", "above"),
    ("near", "close to"),
    ("in", "inside", "within"),
    ("toward", "towards"),
    ("in the center of", "at the center of", "in the middle of"),
    ("bigger than", "larger than"),
    ("the same size as", "as big as", "as large as"),
    ("far from", "a long way from", "far away from"),
    ("all around", "around", "surrounding", "encircling"),
    ("surrounded by", "encircled by"),
    ("shaded by", "in the shade of"),
    ("asleep", "sleeping", "fast asleep"),
    ("against", "up against"),
    ("just", "immediately", "directly", "right"),
    ("slightly", "a little", "a bit"),
    ("partly", "partially"),
    ("in front of", "before"),
    ("closer to", "nearer to"),
    ("much", "far", "way", "a lot"),
    ("photographing", "taking photos of", "taking photographs of", "taking pictures of", "taking a picture of"),
    ("fixed to", "fixed onto"),
    ("far", "well", "high"),
    ("placed", "set", "resting", "sitting", "positioned", "rests", "rest", "sits", "sit"),
    ("standing", "positioned"),
    ("hung", "hanging"),
    ("balanced", "balancing"),
    ("far to the left of", "far off to the left of"),
    ("far to the right of", "far off to the right of"),
    ("perched", "perching"),
    ("farther from", "farther away from", "further from", "further away from"),
    ("holding", "containing"),
    ("wearing", "dressed in", "clad in"),
    ("shaped like", "in the shape of"),
    ("on the edge of", "at the edge of"),
    ("seen", "visible", "in view"),
    ("partly behind", "partly hidden behind", "partly hidden by"),
    ("a picture of", "an image of", "the image of"),
)
"""Words of relations that say the same; those that follow stand for the first, and the first for them."""
POSTURES = ("placed", "sitting", "standing", "resting", "lying", "set")
"""How things are where they are. Of people and animals it is told only where the scene has it."""
PLACED = ("positioned", "located", "situated", "found", "seen", "visible", "shown")
IRREGULAR = {
    "bite": "bitten", "build": "built", "catch": "caught", "cut": "cut", "dig": "dug", "draw": "drawn",
    "drive": "driven", "eat": "eaten", "feed": "fed", "hang": "hung", "hide": "hidden", "hold": "held", "lead": "led",
    "leave": "left", "put": "put", "ride": "ridden", "set": "set", "shake": "shaken", "steer": "steered",
    "take": "taken", "throw": "thrown", "wear": "worn",
}  # fmt: skip
"""Participles that do not end in -ed."""
ADVERB = re.compile(r"\b(\w+ly) (\w+(?:ing|ed))\b")
"""How something is done, which may be said behind the verb as well: "gently licking"."""
SHOWING = re.compile(r"^(.*\w+ed) with an? (?:picture|image) of$")
"""What shows something on itself, which may be said of what it shows: "printed with an image of", "printed on"."""
BEARING = ("bears", "bear", "bearing")
DONE = re.compile(r"^(\w+)ed (?:with|in)(?: an? (?:picture|image) of)?$")
"""What is done with something, which may be said of that: "decorated with" a lily, which decorates it."""
CONVERSE = {
    "casting a shadow on": ("in the shadow of", "in shadow cast by"),
    "partly behind": ("partly hiding", "partly covering"),
}
"""What the object does, or is in, where its words are others than the relation's."""
MIRRORED = {
    "to the left of": "to the right of", "to the right of": "to the left of", "in front of": "behind",
    "behind": "in front of", "above": "below", "below": "above", "over": "under", "under": "over", "beneath": "above",
    "underneath": "above",
}  # fmt: skip
"""Places and what they are, seen from the other end."""
PLACE = re.compile(
    r"^(?:(?:placed|seen|visible|in view) )?(?P<how>(?:(?:\w+ly|just|right|far|well|high) )*)"
    rf"(?P<where>{'|'.join(MIRRORED)})$"
)
MOST_FORMS = 400


def list_relation_forms(
    tables: Tables, category: str, predicate: str, animate: Iterable[bool]
) -> list[tuple[str, bool, bool]]:
    """The words that say a relation: text, whether it is turned around, and whether it has a finite verb.

    Args:
        tables: Of the taxonomy.
        category: Of the relation.
        predicate: Of the relation.
        animate: Whether its subject and its object are people or animals.
    """
    row = tables.relations.get((category, predicate), {"inverse": "", "symmetric": False, "finite": ""})
    of_subject, of_object = animate
    forms = [(text, False, finite) for text, finite in _vary(predicate, row.get("finite"), of_subject)]
    alike = (tables.relations.get((category, one), {"inverse": ""})["inverse"] for one in _exchange(predicate))
    if place := PLACE.match(predicate):
        mirrored = f"{place['how']}{MIRRORED[place['where']]}"
        forms += [(text, True, finite) for text, finite in _vary(mirrored, None, of_object)]
    inverse = tables.relation_ids.get(row["inverse"] or next(filter(None, alike), ""))
    turned = predicate if row["symmetric"] else inverse["predicate"] if inverse else None
    for text in CONVERSE.get(predicate, ()):
        forms += [(one, True, is_finite) for one, is_finite in _vary(text, None, of_object)]
    if turned:
        finite = inverse["finite"] if inverse and not row["symmetric"] else row.get("finite")
        forms += [(text, True, finite) for text, finite in _vary(turned, finite, of_object)]
    passive = _make_passive(predicate)
    if showing := SHOWING.match(predicate):
        forms.append((f"{showing[1]} on", True, False))
        verb = showing[1].split()[-1]
        forms += [(f"{has} a {verb} {what} of", False, True) for has in BEARING for what in ("image", "picture")]
    forms += [(text, True, finite) for text, finite in _list_turned(predicate)]
    forms += [(text, True, False) for text in passive for text in (text, f"being {text}")]
    return list(dict.fromkeys(forms))


def _vary(predicate: str, finite: str | None, animate: bool) -> list[tuple[str, bool]]:
    """A predicate in other words, and whether these have a finite verb."""
    texts = [*_say_alike(predicate)]
    if predicate in ("next to", "beside"):
        texts += [f"right {text}" for text in ("next to", "beside")]
    if predicate.startswith("placed ") and not animate:
        texts += _say_alike(predicate.removeprefix("placed "))
    words = predicate.split()
    verb = next((word for word in words if not word.endswith("ly")), words[0])
    if finite:
        texts.append(re.sub(rf"\b{verb}\b", f"{verb.removesuffix('e')}ing", predicate))
    texts += [re.sub(ADVERB, r"\2 \1", text) for text in texts if re.search(ADVERB, text)]
    found = [(text, False) for text in texts]
    if finite:
        found += [(text, True) for text in find_finite(finite) or (finite,)]
    for text in texts:
        if gerund := re.search(r"\b\w+ing\b", text):
            found += [(text.replace(gerund[0], one, 1), True) for one in list_finite(gerund[0])]
    if not verb.endswith(("ed", "s", "ing")) and verb not in IRREGULAR.values():
        postures = PLACED if animate else (*PLACED, *POSTURES)
        for text, posture in product(texts, postures):
            found.append((f"{posture} {text}", False))
            if posture.endswith("ing"):
                found += [(f"{one} {text}", True) for one in list_finite(posture)]
    return [(text, is_finite) for text, is_finite in dict.fromkeys(found)]


@lru_cache(maxsize=1024)  # scenes have few predicates, and several texts
def _say_alike(predicate: str) -> tuple[str, ...]:
    """A predicate with one or two of its words exchanged for others that say the same."""
    found = dict.fromkeys([predicate, *_exchange(predicate)])
    for text in list(found):
        found |= dict.fromkeys(_exchange(text))
    return tuple(found)[:MOST_FORMS]


def _exchange(text: str) -> Iterable[str]:
    for first, *others in ALIKE:
        group = (first, *others)
        found = [one for one in group if re.search(rf"\b{one}\b", text) and not _is_part(one, text)]
        if here := max(found, key=len, default=None):
            yield from (re.sub(rf"\b{here}\b", other, text) for other in group if other != here)


LARGER = (
    *(one for group in ALIKE for one in group if " " in one),
    *(
        "in front of",
        "in the background",
        "in one corner of",
        "in the corner of",
        "on the edge of",
        "in the shadow of",
    ),
)


def _is_part(word: str, text: str) -> bool:
    """Whether a word is a part of a longer wording: the "in" of "in the center of", the "right" of "right of"."""
    longer = [one for one in LARGER if one != word and re.search(rf"\b{word}\b", one)]
    return any(re.search(rf"\b{one}\b", text) for one in longer)


def _list_bases(gerund: str) -> list[str]:
    """What `gerund` may be made of: "chase" of "chasing", "hug" of "hugging"; some of these are no words."""
    stem = gerund.removesuffix("ing")
    bases = [stem, f"{stem}e"]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        bases.append(stem[:-1])
    return [*bases, f"{stem[:-1]}ie"] if stem.endswith("y") else bases


def list_finite(gerund: str) -> list[str]:
    """The forms that follow he and they."""
    found = []
    for base in _list_bases(gerund):
        third = f"{base}es" if base.endswith(("s", "x", "z", "ch", "sh")) else f"{base}s"
        third = f"{base[:-1]}ies" if re.search(r"[^aeiou]y$", base) else third
        found += [third, base]
    return found


def _list_turned(predicate: str) -> Iterable[tuple[str, bool]]:
    """What the object does with which something is done, and whether that has a finite verb."""
    if done := DONE.match(predicate):  # "decorated with" -> "decorates"
        gerund = f"{done[1]}ing"
        yield gerund, False
        yield from ((text, True) for text in list_finite(gerund))


def _make_passive(predicate: str) -> list[str]:
    """What is done to the object: "chased by" of "chasing"; nothing where it is no verb."""
    words = predicate.split()
    place = next((place for place, word in enumerate(words) if not word.endswith("ly")), 0)
    if not words[place].endswith("ing") or words[-1] in ("with", "than"):
        return []
    before, after = words[:place], words[place + 1 :]
    found = []
    for base in _list_bases(words[place]):
        past = IRREGULAR.get(base) or (f"{base}d" if base.endswith("e") else f"{base}ed")
        past = f"{base[:-1]}ied" if re.search(r"[^aeiou]y$", base) else past
        doubled = f"{base}{base[-1]}ed"  # "hugged"
        for one in (past, doubled):
            found += [" ".join([*before, one, *after, "by"]), " ".join([one, *before, *after, "by"])]
    return found
