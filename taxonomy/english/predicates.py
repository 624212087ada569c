"""The grammatical form of predicates, so that choices of a question differ in what they say, not in how."""

from __future__ import annotations

import re

from .inflection import make_base_verb

WORDS = re.compile(r"\w+")

FINITE, NOUN, ACTIVE, PASSIVE, PLACE = range(5)
"""Forms: "contains", "a friend of", "sitting on", "held by", "to the left of"."""

ARTICLES = ("a", "an", "the")
IRREGULAR_PARTICIPLES = frozenset(
    (
        *("bought", "brought", "built", "caught", "chosen", "cut", "dug", "drawn", "driven", "eaten", "fed"),
        *("found", "given", "grown", "held", "hidden", "hit", "hung", "kept", "known", "laid"),
        *("led", "left", "lent", "lit", "lost", "made", "met", "paid", "put", "read"),
        *("ridden", "run", "seen", "sent", "set", "shaken", "shown", "sold", "spread", "spun"),
        *("stolen", "struck", "stuck", "swept", "swung", "taken", "taught", "thrown", "told", "torn"),
        *("woven", "worn", "wound"),
    )
)

PREPOSITIONS = frozenset(
    WORDS.findall(
        "aboard about above across after against along alongside amid amidst among amongst around as astride at "
        "atop away before behind below beneath beside besides between beyond by down for from in inside into like "
        "near nearby of off on onto opposite out outside over past round through throughout to toward towards "
        "under underneath unlike until up upon via with within without"
    )
)
NOT_VERBS = frozenset(WORDS.findall("as is has this its across towards besides versus plus always perhaps"))
SHORT_VERBS = frozenset(WORDS.findall("has uses owns eats hugs hits sees gets lets cuts pets goes does"))


def is_finite(word: str) -> bool:
    """Tells whether a word looks like a verb after he, she, it: wears, but not towards."""
    if word in SHORT_VERBS:
        return True
    return re.fullmatch(r"[a-z]{2,}[^su']s", word) is not None and word not in NOT_VERBS | PREPOSITIONS


def find_finite(predicate: str) -> tuple[str, str] | None:
    """The forms of a predicate that stands as after he, she, it: itself and its base. None where it follows "is".

    >>> find_finite("wears"), find_finite("gently leans on"), find_finite("to the left of")
    (('wears', 'wear'), ('gently leans on', 'gently lean on'), None)
    """
    words = predicate.split()
    place = next((place for place, word in enumerate(words) if not word.endswith("ly")), 0)
    if not words or not is_finite(words[place]):
        return None
    return predicate, " ".join([*words[:place], make_base_verb(words[place]), *words[place + 1 :]])


def can_follow_is(predicate: str) -> bool:
    """Tells whether "is" can stand before a predicate: it begins or ends in a word that does so."""
    words = predicate.split()
    return bool(words) and (
        find_form(predicate) != PLACE or not PREPOSITIONS.isdisjoint((words[0], words[-1])) or words[-1] == "than"
    )


def find_form(predicate: str, is_finite: bool = False) -> int:
    """Finds the form of a predicate, which follows "is" unless it is finite; adverbs before its verb do not count."""
    words = predicate.split()
    verb = next((word for word in words if not word.endswith("ly")), words[0])
    if is_finite:
        return FINITE
    if verb in ARTICLES:
        return NOUN
    if verb.endswith("ing") and verb != "being":
        return ACTIVE
    if verb == "being" or verb.endswith("ed") or verb in IRREGULAR_PARTICIPLES:
        return PASSIVE
    return PLACE
