"""Makes a user's relation fit "A is ... B" or a verb, or says why it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..english.inflection import make_base_verb, make_gerund
from ..english.predicates import PREPOSITIONS, is_finite


def _split(words: str) -> list[str]:
    return words.split("|")


ADVERBS_THAT_FOLLOW = ("away", "nearby", "down", "up", "out", "around", "about", "as")
NOT_ADVERBS = ("family", "friendly", "lonely", "elderly", "lovely", "only", "bully", "ally", "fly", "reply")
ALONE = _split(
    "laughing|smiling|sleeping|standing|sitting|kneeling|crouching|lying|waiting|talking|speaking|crying|sneezing|"
    "frowning|sulking|listening|existing|rejoicing|relaxing|resting|napping|yawning|bowing|complaining|cooperating|"
    "coexisting|collaborating|competing|conversing|gossiping|interacting|chatting|socializing|mingling"
)
"""Verbs that take no object: "is smiling the dog" is no sentence."""


@dataclass(frozen=True)
class Repaired:
    """What became of a relation's text.

    Attributes:
        predicate: What follows "is", or the base of the verb where `finite` is not empty; empty when `reason` is not.
        finite: The verb's form for he, she, it.
        changed: Whether the text had to be changed.
        reason: Why no sentence can be made with it.
    """

    predicate: str = ""
    finite: str = ""
    changed: bool = False
    reason: str = ""


def repair_relation(text: str) -> Repaired:
    """Repairs a relation.

    >>> repair_relation("is sitting on the")
    Repaired(predicate='sitting on', finite='', changed=True, reason='')
    >>> repair_relation("represents")
    Repaired(predicate='represent', finite='represents', changed=True, reason='')
    >>> repair_relation("gives shelter to").predicate
    'giving shelter to'
    >>> repair_relation("expressing friendliness").reason
    'it ends in `friendliness`: no place is left for the second object'
    """
    words = text.replace("_", " ").split()
    while words and words[0].lower() in ("is", "are", "was", "were"):
        words = words[1:]
    while words and words[-1].lower() in ("the", "a", "an"):
        words = words[:-1]
    if not words:
        return Repaired(reason="nothing is left of it without its `is`")
    if not any(re.search(r"\w", word) for word in words):
        return Repaired(reason="it has no word")
    start = 0
    while start < len(words) - 1 and _is_adverb(words[start]):
        start += 1
    verb, rest = words[start], words[start + 1 :]
    if rest and all(_is_adverb(word) for word in rest) and (_is_gerund(verb) or is_finite(verb)):
        # "holding gently" leaves a place for the object once the adverb stands before the verb.
        words, start, rest = [*words[:start], *rest, verb], start + len(rest), []
    if is_finite(verb):
        base = make_base_verb(verb)
        if not rest:
            return Repaired(" ".join([*words[:start], base]), " ".join(words), True)
        words[start] = make_gerund(base)
    reason = _find_reason(words, start)
    if reason:
        return Repaired(reason=reason)
    predicate = " ".join(words)
    return Repaired(predicate, changed=predicate != text)


def _find_reason(words: list[str], start: int) -> str:
    last = words[-1].lower()
    if last in PREPOSITIONS:
        alone = len(words) == 1 and last in ADVERBS_THAT_FOLLOW
        return f"`{last}` alone leaves no place for the second object" if alone else ""
    if start == len(words) - 1 and _is_gerund(last):
        return f"`{last}` takes no object" if last in ALONE else ""
    if last == "than" and len(words) > 1:
        return ""
    if len(words) == 1 or start == len(words) - 1:
        return f"`{words[-1]}` joins no two objects: neither a verb in -ing or -s nor a preposition"
    return f"it ends in `{words[-1]}`: no place is left for the second object"


def _is_adverb(word: str) -> bool:
    low = word.lower()
    return low in ("not", "also", "being") or (low.endswith("ly") and len(low) > 4 and low not in NOT_ADVERBS)


def _is_gerund(word: str) -> bool:
    low = word.lower()
    return low.endswith("ing") and len(low) > 4 and re.search(r"[aeiouy].*ing$", low) is not None
