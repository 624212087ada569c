"""Simple rules of English for concepts of a user's own, where no table says better. The shipped tables are reviewed.

The article goes by the first letter, with the exceptions in `SILENT_H` and `CONSONANT_SOUND`; numbers go by how they
are read (an 85mm lens, an 11th). The plural is that of the last word, or of the word before `of`.
"""

from __future__ import annotations

import re
import unicodedata

SILENT_H = ("hour", "honest", "honor", "honour", "heir")
CONSONANT_SOUND = (
    "uni",
    "une",
    "ura",
    "ure",
    "uri",
    "uro",
    "eu",
    "ewe",
    "use",
    "usu",
    "ute",
    "uk",
    "once",
    "one-",
    "one ",
    "onesie",
    "ouija",
)
VOWEL_AFTER_ALL = ("unin", "unim")
SPOKEN_WITH_VOWEL = re.compile(r"(8|11(?!\d)|18(?!\d)|[AEFHILMNORSX](?![a-z]))")
SPOKEN_AS_WORD = re.compile(
    r"(?=[A-Z]{4,}(?![a-z]))[AEIOU]?([B-DF-HJ-NP-TV-Z]{1,2}[AEIOU]+)+[B-DF-HJ-NP-TV-Z]{0,2}(?![A-Za-z])"
)
"""Acronyms of four letters or more that can be read as a word: NASA, NATO, LEGO."""
SPOKEN_WITH_CONSONANT = re.compile(r"[UBCDGJKPQTVWYZ](?![a-z])")
IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "person": "people",
    "foot": "feet",
    "tooth": "teeth",
    "goose": "geese",
    "mouse": "mice",
    "ox": "oxen",
    "knife": "knives",
    "wife": "wives",
    "life": "lives",
    "leaf": "leaves",
    "loaf": "loaves",
    "shelf": "shelves",
    "wolf": "wolves",
    "calf": "calves",
    "half": "halves",
    "thief": "thieves",
    "elf": "elves",
    "scarf": "scarves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "hero": "heroes",
}
SINGULARS = tuple(IRREGULAR)
MASS = frozenset(
    (
        *("luggage", "cutlery", "crockery", "glassware", "tableware", "silverware", "footwear", "headgear"),
        *("scenery", "greenery", "stationery", "merchandise", "signage", "seating", "plumbing", "wiring"),
        *("gear", "stuff", "debris", "foliage", "confetti", "popcorn", "graffiti", "homework"),
    )
)
"""Nouns without a plural."""
JOINED = ("man", "child", "person", "knife", "shelf", "tooth", "foot", "wife")
"""Nouns that compounds are written together with: snowman, grandchild, jackknife."""
NOT_JOINED = ("human", "roman", "german", "shaman", "talisman", "ottoman", "caiman", "norman", "cayman", "superhuman")
NOT_PLURALS = (
    "lens",
    "canvas",
    "atlas",
    "bias",
    "pancreas",
    "alias",
    "christmas",
    "series",
    "species",
    "chaos",
    "cosmos",
)
LATIN = re.compile(r"[A-Z][a-z]+(us|a|um|is|es|os|on|ys|as|o|ex|ix|ax)( [a-z]+){1,2}")
UNCHANGED = ("fish", "sheep", "deer", "moose", "bison", "aircraft", "spacecraft", "series", "species")


def choose_article(text: str) -> str:
    """Chooses `a` or `an` by the first letter's sound.

    >>> [choose_article(text) for text in ("owl", "hourglass", "unicorn", "uninvited guest", "one-eyed cat")]
    ['an', 'an', 'a', 'an', 'a']
    >>> [choose_article(text) for text in ("8mm lens", "MRI scanner", "NASA badge", "\u00e9clair", "urinal")]
    ['an', 'an', 'a', 'an', 'a']
    """
    text = text if text.isascii() else unicodedata.normalize("NFKD", text)
    low = text.lower()
    spelled = not SPOKEN_AS_WORD.match(text)
    if spelled and SPOKEN_WITH_VOWEL.match(text):
        return "an"
    if (spelled and SPOKEN_WITH_CONSONANT.match(text)) or low == "one":
        return "a"
    if low.startswith(SILENT_H) or low.startswith(VOWEL_AFTER_ALL):
        return "an"
    if low.startswith(CONSONANT_SOUND):
        return "a"
    return "an" if low[:1] in "aeiou" and low else "a"


def is_latin(name: str) -> bool:
    """Tells whether a name looks like that of a species, of which there is no plural: `Boletus variipes`.

    >>> [name for name in ("Homo sapiens", "Bengal cats", "Boletus", "Candida albicans") if is_latin(name)]
    ['Homo sapiens', 'Candida albicans']
    """
    return LATIN.fullmatch(name) is not None


def is_plural(name: str) -> bool:
    """Tells whether a name looks like a plural: `trousers`, but not `glass`, `bus`, `lens`.

    >>> [name for name in ("jeans", "old boots", "lens", "cactus", "pair of jeans", "iris") if is_plural(name)]
    ['jeans', 'old boots']
    """
    last = name.partition(" of ")[0].split()[-1:] or [""]
    low = last[0].rpartition("-")[2].lower()
    return re.search(r"[^sui']s$", low) is not None and len(low) > 3 and low not in NOT_PLURALS


def make_plural(name: str) -> str:
    """Makes the plural of a name.

    >>> [make_plural(name) for name in ("wug", "glass box", "snowman", "bag of sand", "fly", "toy", "flying fish")]
    ['wugs', 'glass boxes', 'snowmen', 'bags of sand', 'flies', 'toys', 'flying fish']
    """
    head, of, rest = name.partition(" of ")
    if of:
        return f"{make_plural(head)} of {rest}"
    before, space, last = name.rpartition(" ")
    return f"{before}{space}{_make_plural_word(last)}"


def _make_plural_word(word: str) -> str:
    low = word.lower()
    if low.endswith(UNCHANGED):
        return word
    for singular, plural in IRREGULAR.items() if low.endswith(SINGULARS) else ():
        compound = singular in JOINED and low.endswith(singular) and low not in NOT_JOINED
        if low == singular or low.endswith(f"-{singular}") or compound:
            return word[: len(word) - len(singular)] + plural
    if low.endswith("sis"):
        return f"{word[:-2]}es"
    if low.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", low):
        return f"{word[:-1]}ies"
    return f"{word}s"


def make_base_verb(verb: str) -> str:
    """Makes `represent` of `represents`, `carry` of `carries`, `watch` of `watches`."""
    if verb == "has":
        return "have"
    if verb.endswith("ies") and len(verb) > 4:
        return f"{verb[:-3]}y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb[:-1]


def make_gerund(base: str) -> str:
    """Makes `carrying` of `carry`, `making` of `make`, `hugging` of `hug`, `tying` of `tie`."""
    if base.endswith("ie"):
        return f"{base[:-2]}ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return f"{base[:-1]}ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", base):
        return f"{base}{base[-1]}ing"
    return f"{base}ing"
