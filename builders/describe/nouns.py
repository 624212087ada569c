"""What objects are called -> concepts; words that the taxonomy does not have become rows of a table of their own.

A word of which the taxonomy knows the head ("guy in a hat", "computer monitors") lies under that, with its kinds, and
is near whatever else the word names (a hat). So false statements keep away from all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

import pyarrow.compute as pc

from ...taxonomy import Taxonomy
from ...taxonomy.english.heads import find_head
from ...taxonomy.english.inflection import MASS, make_plural
from ...taxonomy.english.spelling import respell
from ...taxonomy.grammar import Noun, load_grammar
from ...taxonomy.hints import fold
from ...taxonomy.naming import read_names
from ...taxonomy.senses import list_aliases, read_senses
from .spelling import COLORS, DETERMINER, FUNCTION_WORDS, NUMERALS, clean_word, is_readable, lower_word

TIERS = ("common", "visible")
LONGEST_NAMED = 3
"""Words of a name within a longer one that are looked up together."""
MOST_NEAR = 8
CLOSE = 0.85
"""How alike the letters of a misspelt name and of the right one are."""
INDEFINITE = frozenset(("in", "with", "wearing", "holding", "carrying"))
DEFINITE = frozenset(("on", "at", "near", "behind", "under", "by", "above"))
SIDES = frozenset("side top bottom front back edge end corner middle base part".split())  # noqa: SIM905
"""Of one thing, which the word names after `of`."""
GROUNDS = frozenset("background foreground distance middle front back rear".split())  # noqa: SIM905


@dataclass(frozen=True)
class Meaning:
    """What a word means.

    Attributes:
        id: Of its concept.
        row: The row of a table of one's own that has it; empty for a concept of the taxonomy.
        copies: How many things the word says that there are.
        guessed: Whether its grammar was guessed.
    """

    id: str
    row: Mapping[str, str] = field(default_factory=dict)
    copies: int = 1
    guessed: bool = False


def read_noun(taxonomy: Taxonomy, name: str, concept: str) -> Meaning | None:
    """Finds out what an object is; None if its name cannot be read.

    Args:
        taxonomy: The concepts.
        name: What a graph calls it.
        concept: The id of its concept, if the graph tells one; one that the taxonomy does not have says nothing.
    """
    told = taxonomy.rows_of_ids.get(concept, -1) if concept else -1
    if told >= 0 and (not name or taxonomy.objects["name"][told].as_py() == name):
        return Meaning(concept)
    word = lower_word(clean_word(name))
    word = DETERMINER.sub("", word, count=1) if DETERMINER.match(word) else word
    if not is_readable(word):
        return None
    if counted := _read_counted(taxonomy, word):
        return counted
    if re.match(r"0+ ", word):
        return None
    rows = (told,) if told >= 0 else list_known(taxonomy, word)
    word = word if rows and told < 0 else add_articles(taxonomy, word)
    if rows:
        names = [taxonomy.objects["name"][row].as_py() for row in rows]
        is_one = len(rows) == 1 or taxonomy.objects["tier"][rows[0]].as_py() == "common"
        if names[0].casefold() == word.casefold() and is_one:
            return Meaning(taxonomy.objects["id"][rows[0]].as_py())
        return _lay_under(taxonomy, word, rows[0], rows[1:])
    return _read_open(taxonomy, word)


def _read_counted(taxonomy: Taxonomy, word: str) -> Meaning | None:
    """Things whose name says how many there are: two dogs, 12 dogs, 2 dog, 1 dog; None for any other name."""
    count, _, rest = word.partition(" ")
    is_digits = count.isascii() and count.isdigit() and len(count) <= 3
    copies = int(count) if is_digits else 1 if count == "one" else NUMERALS.get(count, 0)
    if not rest or not copies or not (rows := list_known(taxonomy, rest)):
        return None
    one = taxonomy.objects.slice(rows[0], 1).to_pylist()[0]
    is_plural = _is_plural_of(taxonomy, rest, rows[0])
    # "Four poster" is no number of posters: a word before one thing is more often a part of its name.
    is_one = one["countability"] == "count" and not is_plural and (copies == 1 or is_digits)
    return Meaning(one["id"], copies=copies) if is_one or (is_plural and copies > 1) else None


def _is_plural_of(taxonomy: Taxonomy, word: str, row: int) -> bool:
    one = taxonomy.objects.slice(row, 1).to_pylist()[0]
    return one["countability"] == "count" and fold(one["plural"]) == fold(word) != fold(one["name"])


@lru_cache(maxsize=1 << 16)
def list_known(taxonomy: Taxonomy, word: str) -> tuple[int, ...]:
    """Rows of the objects that a word may mean, the surest first: of the commonest tier that has any.

    Names come before other words for a thing, and those before plurals and other spellings.
    """
    named = read_names(taxonomy, "objects").get(word.casefold(), [])
    aliases = _read_aliases(taxonomy).get(fold(word), [])
    called = _list_called(taxonomy, word)
    tier, flags = taxonomy.objects["tier"], taxonomy.objects["flags"]
    for one in TIERS:
        for rows in (named, aliases, called):
            some = [row for row in rows if tier[row].as_py() == one and not flags[row].as_py()]
            if some:
                return tuple(sorted(some, key=lambda row: taxonomy.objects["id"][row].as_py()))
    return ()


def _list_called(taxonomy: Taxonomy, word: str) -> list[int]:
    """Rows that are called so in the plural, or in another spelling, with a hyphen or without."""
    names, plurals = read_names(taxonomy, "objects"), _read_plurals(taxonomy)
    low = word.casefold()
    if found := plurals.get(low):
        return found
    forms = (low.replace("-", " "), low.replace(" ", "-"), low.replace(" ", ""), respell(low).casefold())
    return next((rows for form in forms if (rows := names.get(form) or plurals.get(form))), [])


@lru_cache(maxsize=4)
def _read_plurals(taxonomy: Taxonomy) -> dict[str, list[int]]:
    plurals: dict[str, list[int]] = {}
    for row, plural in enumerate(pc.utf8_lower(taxonomy.objects["plural"]).to_pylist()):
        plurals.setdefault(plural, []).append(row)
    return plurals


@lru_cache(maxsize=4)
def _read_aliases(taxonomy: Taxonomy) -> dict[str, list[int]]:
    """Rows of objects by other words for them, and the plurals of these, folded."""
    aliases: dict[str, list[int]] = {}
    for id_ in read_senses().keys() & taxonomy.rows_of_ids.keys():
        row = taxonomy.rows_of_ids[id_]
        for alias in list_aliases(taxonomy, row):
            for word in dict.fromkeys((fold(alias), fold(make_plural(alias)))):
                aliases.setdefault(word, []).append(row)
    return aliases


def _lay_under(taxonomy: Taxonomy, word: str, parent: int, near: tuple[int, ...] | list[int]) -> Meaning:
    """A row for a word that is a kind of something known, or another word for it."""
    above = taxonomy.objects.slice(parent, 1).to_pylist()[0]
    noun = load_grammar().describe(word, above["id"], above["kinds"])
    ids = [taxonomy.objects["id"][row].as_py() for row in dict.fromkeys(near) if row != parent][:MOST_NEAR]
    row = _complete(word, above["id"], above["kinds"], ids, above["visible"])
    return Meaning(row["id"], {**row, **_inflect(noun)}, guessed=not noun.known)


def _read_open(taxonomy: Taxonomy, word: str) -> Meaning:
    start, end = find_head(word)
    places = [place for place in _list_starts(word) if 0 < place <= start] or [start]
    head = next(((place, rows) for place in places if (rows := list_known(taxonomy, word[place:end]))), None)
    if head is None and (rows := list_known(taxonomy, word[:end])):
        head = 0, rows
    if head is None:
        return _keep_unknown(taxonomy, word, list(list_named(taxonomy, word)))
    place, rows = head
    beside = [*list_named(taxonomy, word[:place]), *list_named(taxonomy, word[end:])]
    return _lay_under(taxonomy, word, rows[0], [*rows[1:], *beside])


def _keep_unknown(taxonomy: Taxonomy, word: str, near: list[int]) -> Meaning:
    """A row for a word of which nothing is known."""
    root = taxonomy.objects["id"][int((taxonomy.parent_index < 0).argmax())].as_py()
    noun = load_grammar().describe(word, root, "thing")
    ids = [taxonomy.objects["id"][row].as_py() for row in dict.fromkeys(near)][:MOST_NEAR]
    row = _complete(word, root, "thing", ids, "yes")
    if noun.countability == "count" and word.endswith("ing"):  # lettering, writing
        noun = Noun("mass", word, "some", False)
    if noun.countability == "count" and word.endswith("iis"):  # skiis
        noun = Noun("plural", word, "some", False)
    if noun.countability == "count" and (meant := _find_misspelt(taxonomy, word)):  # foilage
        noun = Noun(meant, word, "some", False)
    return Meaning(row["id"], {**row, **_inflect(noun)}, guessed=True)


def _complete(word: str, parent: str, kinds: str, near: list[str], visible: str) -> dict[str, str]:
    return {
        "id": f"own.{word.replace(' ', '_')}",
        "offset": "",
        "name": word,
        "parent": parent,
        "kinds": kinds,
        "size": "",
        "countability": "",
        "plural": "",
        "article": "",
        "tier": "full",  # nobody deals it, so no false statement names it
        "flags": "",
        "visible": visible,
        "part_of": "",
        "near": "|".join(near),
        "paper_name": "",
    }


def _find_misspelt(taxonomy: Taxonomy, word: str) -> str:
    """Whether a word is nearly the name of something that is not counted: its countability, or nothing."""
    close = get_close_matches(word.casefold(), _list_uncounted(taxonomy).get(word[:1].casefold(), {}), 1, CLOSE)
    return _list_uncounted(taxonomy)[word[:1].casefold()][close[0]] if close else ""


@lru_cache(maxsize=4)
def _list_uncounted(taxonomy: Taxonomy) -> dict[str, dict[str, str]]:
    """Countability by names of objects that stand with "some", by their first letter."""
    found: dict[str, dict[str, str]] = {}
    rows = taxonomy.objects.select(["name", "countability", "tier"]).to_pylist()
    names = {
        row["name"]: row["countability"] for row in rows if row["countability"] != "count" and row["tier"] in TIERS
    }
    for name, countability in (dict.fromkeys(MASS, "mass") | names).items():
        found.setdefault(name[:1].casefold(), {})[name.casefold()] = countability
    return found


def _inflect(noun: Noun) -> dict[str, str]:
    return {"countability": noun.countability, "plural": noun.plural, "article": noun.article}


def _list_starts(word: str) -> list[int]:
    return [0, *(place + 1 for place, letter in enumerate(word) if letter == " ")]


def list_named(taxonomy: Taxonomy, text: str) -> Iterator[int]:
    """Rows of all objects that words within a name mean, longer ones first."""
    words, place = text.split(), 0
    while place < len(words):
        for length in range(min(LONGEST_NAMED, len(words) - place), 0, -1):
            some = words[place : place + length]
            rows = () if some[0] in FUNCTION_WORDS else list_known(taxonomy, " ".join(some))
            if rows:
                yield from rows
                place += length - 1
                break
        place += 1


def add_articles(taxonomy: Taxonomy, word: str) -> str:
    """Puts articles where annotators leave them out: guy in a hat, side of the road, people in the background."""
    words = word.split()
    for place in range(1, len(words) - 1):
        link, before, after = words[place], words[:place], words[place + 1 :]
        if link not in INDEFINITE and link not in DEFINITE and link != "of":
            continue
        if after[0] in FUNCTION_WORDS or (link == "of" and before[-1] not in SIDES):
            return word
        rows = list_known(taxonomy, after[-1])
        noun = taxonomy.objects.slice(rows[0], 1).to_pylist()[0] if rows else None
        if after[-1] in GROUNDS or (link != "of" and link in DEFINITE and _is_one(noun, after[-1])) or link == "of":
            good = after[-1] in GROUNDS or _is_one(noun, after[-1])
            return " ".join([*before, link, "the", *after]) if good else word
        if _is_one(noun, after[-1]):
            return " ".join([*before, link, load_grammar().choose_article(" ".join(after)), *after])
        return word
    return word


def _is_one(noun: Mapping[str, str] | None, word: str) -> bool:
    return noun is not None and noun["countability"] == "count" and noun["name"].casefold() == word not in COLORS
