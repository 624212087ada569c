"""The grammatical form of predicates, so that choices of a question differ in what they say, not in how."""

from __future__ import annotations

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
