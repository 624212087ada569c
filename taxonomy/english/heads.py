"""The head of a name of several words, which is what a plural is made of: person holding a sign, mother-in-law."""

from __future__ import annotations

import re

from .predicates import IRREGULAR_PARTICIPLES, WORDS

LINKS = frozenset(
    WORDS.findall(
        "against at behind beneath beside between by for from in inside into near next of on onto that to under "
        "which who with without"
    )
)
"""Words that end a head, when another word follows."""
FRENCH = frozenset(WORDS.findall("a au aux de des du en"))
"""Words that end a head, when one other word is all that follows: coureur de bois, but a Rio de Janeiro map."""
DETERMINERS = frozenset(WORDS.findall("a an the his her its their my your our some no two three"))
JOINED = re.compile(
    r"^[^\s-]+?(?=-(?:in-law|in-chief|at-arms|of-war|of-pearl|in-waiting)$)|^[^\s-]+(?:er|or)(?=-(?:by|up|on|in)$)"
)
"""A head that is written together with what follows it: mother-in-law, passer-by."""


WORD = re.compile(r"\S+")


def find_head(name: str) -> tuple[int, int]:
    """Finds where the last word of the head begins, and where the head ends.

    >>> [name[slice(*find_head(name))] for name in ("oak bench", "person holding a sign", "bag of chips", "passer-by")]
    ['bench', 'person', 'bag', 'passer']
    """
    words = list(WORD.finditer(name))
    texts = name.casefold().split()
    last = next((place for place in range(1, len(texts)) if _ends_head(texts, place)), len(texts)) - 1
    if last < 0:
        return 0, len(name)
    start, end = words[last].span()
    joined = JOINED.search(words[last].group())
    return start, start + joined.end() if joined else end


def _ends_head(texts: list[str], place: int) -> bool:
    """Tells whether the head of some words ends before the one at a place."""
    word, after = texts[place], texts[place + 1 : place + 2]
    if not after:
        return False
    if word in LINKS or (word in FRENCH and place == len(texts) - 2):
        return True
    if word.endswith("ing"):
        # "A man riding a horse", but "a dog training collar".
        return after[0] in LINKS or after[0] in DETERMINERS
    participle = word.endswith("ed") or word in IRREGULAR_PARTICIPLES
    return participle and (after[0] in LINKS or after[0] == "as")
