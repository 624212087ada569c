"""Words as people type them into annotations, and what of them can stand in a sentence.

Visual Genome's are typed by many hands: "Man.", " a t-shirt", "trees_in background", "is wearing a", "ON TOP OF".
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ...taxonomy.english.numerals import SPELLED_NUMBERS

EDGES = " .,;:!?\"'`*-_()[]{}<>/\\|#~+=&"
"""What stands before and after words by mistake."""
LONGEST, MOST_WORDS = 60, 7
"""Letters and words of a name; what is longer is a sentence."""
LETTER = re.compile(r"[^\W\d_]")
DETERMINER = re.compile(
    r"(?:(?:a|an|the|some|this|that|these|those|another|his|her|its|their|my|your|our|several|many|few) )+",
    re.IGNORECASE,
)
AUXILIARY = re.compile(
    r"(?:(?:that|which|who|he|she|it|they) )?(?:(?:is|are|was|were|be|being|been|am|'s|seems|appears)(?: |$))+"
)
ARTICLE_AT_END = re.compile(r"(?: (?:a|an|the|some|his|her|its|their|this|that))+$")
FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "the", "some", "any", "this", "that", "these", "those", "and", "or", "but", "not", "no", "very"),
        *("is", "are", "was", "were", "be", "being", "been", "has", "have", "had", "do", "does", "too", "so", "it"),
        *("its", "he", "she", "they", "his", "her", "their", "there", "here", "who", "which", "what", "on", "in"),
        *("at", "of", "with", "by", "for", "from", "to", "up", "down", "off", "out", "over", "under", "near"),
        *("next", "behind", "above", "below", "into", "onto", "about", "between", "along", "around", "against"),
        *("across", "through"),
    )
)
"""Words that are no name and no attribute by themselves."""
COLORS = frozenset("black white red green blue yellow orange brown pink purple gray grey tan gold silver".split())  # noqa: SIM905
SHADE = re.compile(r"(?:light|dark|bright|pale|deep)(?:er)? ")
JOINT = re.compile(r" and | & |, and |, ?| ?/ ?")
NUMERALS = {word: number for number, word in enumerate(SPELLED_NUMBERS) if number > 1} | {
    str(number): number for number in range(2, 21)
}
"""Words before a plural that say how many there are."""


def clean_word(text: str) -> str:
    """Takes away what is no part of a word: signs around it, runs of spaces, underscores, a stray quote.

    >>> [clean_word(text) for text in (" Man.", "t-shirt", "trees_in background", '"stop" sign', "dog's", "...")]
    ['Man', 't-shirt', 'trees in background', 'stop sign', 'dog', '']
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else " " for one in text)
    text = " ".join(text.replace("_", " ").replace("|", " ").replace('"', " ").split()).strip(EDGES)
    return text.removesuffix("'s").removesuffix("\u2019s")


def lower_word(text: str) -> str:
    """Writes a word in small letters, but for short ones that stand in large ones among others or alone (TV, BBQ).

    >>> [lower_word(text) for text in ("Man", "TV", "flat screen TV", "STOP SIGN", "T-shirt")]
    ['man', 'TV', 'flat screen TV', 'stop sign', 'T-shirt']
    """
    if text.islower():
        return text
    words = text.split()
    shouted = len(words) > 1 and text.isupper()
    return " ".join(word if _is_acronym(word) and not shouted else word.lower() for word in words)


def _is_acronym(word: str) -> bool:
    return (word.isupper() and 1 < len(word) <= 3 and word.isalpha()) or re.fullmatch(
        r"[A-Z]-[a-z]+", word
    ) is not None


def is_readable(text: str) -> bool:
    """Tells whether a cleaned word can be read as a name at all."""
    if not LETTER.search(text) or len(text) > LONGEST:
        return False
    words = text.split()
    return len(words) <= MOST_WORDS and not all(word.lower() in FUNCTION_WORDS for word in words)


def join_colors(attributes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Says several colors of one thing as one attribute, which stands where the first of them stood.

    Annotators list each color that they see. One after the other before a noun they would say something else.

    >>> join_colors([("", "White"), ("", "wet"), ("", "black")])
    [('', 'white and black'), ('', 'wet')]
    >>> join_colors([("color", "blue"), ("color", "blue/light green"), ("color", "red")])
    [('color', 'blue, light green, and red')]
    >>> join_colors([("", "black and white"), ("material", "gold")])
    [('', 'black and white'), ('material', 'gold')]
    """
    colors = {place: parts for place, (kind, value) in enumerate(attributes) if (parts := _list_colors(kind, value))}
    if len(colors) < 2:
        return attributes
    first, *others = colors
    named = list(dict.fromkeys(part for some in colors.values() for part in some))
    said = " and ".join(named) if len(named) < 3 else f"{', '.join(named[:-1])}, and {named[-1]}"
    joined = [*attributes[:first], (attributes[first][0], said), *attributes[first + 1 :]]
    return [one for place, one in enumerate(joined) if place not in others]


@lru_cache(maxsize=1 << 16)
def _list_colors(kind: str, value: str) -> tuple[str, ...]:
    """The colors that an attribute names, if it names nothing else."""
    if kind not in ("", "color"):
        return ()
    parts = tuple(part for part in JOINT.split(clean_word(value).lower()) if part)
    return parts if all(SHADE.sub("", part, count=1) in COLORS for part in parts) else ()
