"""Attributes, predicates and scene attributes as others write them -> concepts, or rows of tables of one's own.

What the taxonomy knows keeps its kind, what excludes it and what is near it. A word that it does not have excludes
nothing, so no false statement is made in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa

from ...taxonomy import Taxonomy
from ...taxonomy.english.inflection import is_plural, make_gerund
from ...taxonomy.english.predicates import ACTIVE, ARTICLES, IRREGULAR_PARTICIPLES, PASSIVE, PREPOSITIONS, find_form
from ...taxonomy.grammar import load_grammar
from ...taxonomy.naming import list_meanings
from ...taxonomy.schema import ATTRIBUTE_KINDS
from .nouns import Meaning, list_known
from .spelling import ARTICLE_AT_END, AUXILIARY, DETERMINER, FUNCTION_WORDS, JOINT, clean_word, is_readable, lower_word

ADJECTIVE = re.compile(r"(ed|ing|y|ish|ful|less|ous|ic|al|en|ive|able|ible|ese|ian|like|style|colored|shaped)$|-")
"""Ends of words that can follow "is" as what something is like."""
NEGATION = re.compile(r"(?:no|not|non|never) ")
"""What a thing has not, or is not, cannot stand before its noun: no tail, not red."""
SEVERAL = frozenset(("between", "in between", "among", "amongst"))
"""Predicates whose object is several things."""
UNSAID = frozenset(("as", "to", "until", "via", "out", "up", "down", "off", "not", "without a"))
"""Predicates that say nothing by themselves, though longer ones begin so."""
NOT_ASKED = frozenset(
    (
        "of",
        "for",
        "meant for",
        "with",
        "to",
        "from",
        "by",
        "at",
        "in the middle of",
        "on the side of",
        "on the back of",
    )
)
"""Predicates that read well in a phrase, and badly in a question: "is the wheel of the car?"."""
BARE = re.compile(r"(sitting|standing|lying|laying|walking|running|flying|swimming|sleeping|leaning|resting|growing)$")
"""Verbs without an object: a bench is sat on."""
FINITE_FORMS = {"have": "has", "do": "does", "of": "belongs to", "with": "has", "for": "meant for"}
"""What is said for predicates that make no sentence with "is": "the leg is of the man"."""
SIDE = re.compile(
    r"^(?P<before>(?:[a-z]+ )?(?:to|on|at|in|near) |)"
    r"(?P<side>left|right|side|middle|center|bottom|back|edge|end|corner|rear) (?:side )?of$"
)
"""Places of which annotators leave the article out: to left of, on side of, in middle of."""
MOST_SENSES = 4
LONGEST_PREDICATE = 6


# --- attributes ------------------------------------------------------------------------------------------------------


def read_attribute(taxonomy: Taxonomy, kind: str, value: str) -> Meaning | None:
    """Finds out what an attribute is; None if it cannot be read as one.

    Args:
        taxonomy: The concepts.
        kind: Its kind, if a graph tells one.
        value: The word.
    """
    if kind and (known := _index(taxonomy, "attributes", "kind", "name").get((kind, value))):
        return Meaning(known)
    word = lower_word(clean_word(value))
    word = AUXILIARY.sub("", f"{word} ", count=1).strip() if AUXILIARY.match(f"{word} ") else word
    if not is_readable(word) or DETERMINER.match(f"{word} ") or NEGATION.match(word):
        return None
    if (row := _find_attribute(taxonomy, kind, word)) is not None:
        if word.casefold() in (row["name"].casefold(), row["adjective"].casefold()):
            return Meaning(row["id"])
        near = "|".join(filter(None, (row["id"], row["near"])))
        return _copy_attribute(row, word, near)
    if (mixed := _mix_attributes(taxonomy, word)) is not None:
        return mixed
    return _read_open_attribute(taxonomy, kind, word)


@lru_cache(maxsize=1 << 14)
def _find_attribute(taxonomy: Taxonomy, kind: str, word: str) -> dict[str, Any] | None:
    """The row that a word means: of the told kind, then of the common tier, then of the first kind."""
    rows = [taxonomy.attributes.slice(row, 1).to_pylist()[0] for row in list_meanings(taxonomy, "attributes", word)]
    return min(
        rows,
        key=lambda row: (row["kind"] != kind, row["tier"] != "common", ATTRIBUTE_KINDS.index(row["kind"])),
        default=None,
    )


def _copy_attribute(row: Mapping[str, Any], word: str, near: str) -> Meaning:
    """A row for another word for something known."""
    id_ = f"{row['kind']}.own_{word.replace(' ', '_')}"
    article = load_grammar().choose_article(word)
    copy = {**row, "id": id_, "name": word, "adjective": word, "article": article, "tier": "full", "near": near}
    return Meaning(id_, {**copy, "order": str(row["order"]), "aliases": ""})


def _mix_attributes(taxonomy: Taxonomy, word: str) -> Meaning | None:
    """A row for several known colors: black and white."""
    parts = list(dict.fromkeys(JOINT.split(word)))
    if len(parts) < 2 or not all(parts):
        return None
    rows = [_find_attribute(taxonomy, "color", part) for part in parts]
    if (
        any(row is None or row["position"] != "before" for row in rows)
        or len({row["kind"] for row in rows if row}) > 1
    ):
        return None
    known = [row for row in rows if row]
    said = " and ".join(parts) if len(parts) == 2 else f"{', '.join(parts[:-1])}, and {parts[-1]}"
    near = "|".join(dict.fromkeys(one for row in known for one in (row["id"], *filter(None, row["near"].split("|")))))
    return _copy_attribute(known[0], said, near)


def _read_open_attribute(taxonomy: Taxonomy, kind: str, word: str) -> Meaning | None:
    words = word.split()
    if load_grammar().find_finite(word) and len(words) > 1:
        return None  # has a hat
    phrase = _read_phrase(taxonomy, words)
    if phrase is None and (words[0] in PREPOSITIONS or words[-1] in FUNCTION_WORDS):
        return None
    is_noun = not phrase and _is_noun(taxonomy, words[-1])
    if is_noun and is_plural(words[-1]):
        return None
    is_asked = phrase or (ADJECTIVE.search(words[-1]) and not is_noun) or words[0] in ("very", "mostly", "partly")
    said = phrase or word
    kind = kind if kind in ATTRIBUTE_KINDS else "adjective"
    id_ = f"{kind}.own_{said.replace(' ', '_')}"  # "in background" is "in the background"
    row = {
        "id": id_,
        "kind": kind,
        "name": said,
        "adjective": said,
        "article": load_grammar().choose_article(said),
        "position": "after" if phrase else "before",
        "applies_to": "any",
        "group": id_,  # it excludes nothing, itself in another word neither
        "order": "5",
        "tier": "full",
        "visible": "yes" if is_asked else "no",
        **dict.fromkeys(("says", "near", "excludes", "bars", "aliases"), ""),
    }
    return Meaning(id_, row, guessed=not phrase and not is_asked)


def _is_noun(taxonomy: Taxonomy, word: str) -> bool:
    return bool(list_known(taxonomy, word)) or word in load_grammar().plurals


def _read_phrase(taxonomy: Taxonomy, words: list[str]) -> str:
    """What stands after a noun: in the background, playing tennis, covered in snow; "" where it stands before it."""
    if len(words) < 2:
        return ""
    first, last = words[0], words[-1]
    opens_verb = first.endswith("ing") or (
        (first.endswith("ed") or first in IRREGULAR_PARTICIPLES) and words[1] in PREPOSITIONS
    )
    if first not in PREPOSITIONS and not opens_verb:
        return ""
    if last in PREPOSITIONS and len(words) == 2 and opens_verb:
        return " ".join(words)  # lying down
    if last in FUNCTION_WORDS:
        return ""
    # A thing that can be counted needs an article: holding an umbrella, in the background.
    before = words[-2]
    if before in PREPOSITIONS or before.endswith("ing"):
        rows = list_known(taxonomy, last)
        noun = taxonomy.objects.slice(rows[0], 1).to_pylist()[0] if rows else None
        is_one = noun is not None and noun["countability"] == "count" and noun["name"].casefold() == last
        if is_one and before in PREPOSITIONS:
            return " ".join([*words[:-1], "the", last])
        if is_one and noun is not None:
            return " ".join([*words[:-1], noun["article"], last])
        if last in ("background", "foreground", "distance", "middle", "front", "rear", "shade", "air", "wild", "rain"):
            return " ".join([*words[:-1], "the", last])
    return " ".join(words)


# --- predicates ------------------------------------------------------------------------------------------------------


def read_predicate(taxonomy: Taxonomy, predicate: str, category: str) -> list[Meaning]:
    """Finds the relations that a predicate may mean, the surest first; none if it cannot be said."""
    if category and (known := _index(taxonomy, "relations", "category", "predicate").get((category, predicate))):
        return [Meaning(known)]
    word = clean_word(predicate).lower()
    word = AUXILIARY.sub("", f"{word} ", count=1).strip() if AUXILIARY.match(f"{word} ") else word
    word = ARTICLE_AT_END.sub("", word)
    word = word.replace("on front of", "on the front of")
    if side := SIDE.match(word):
        word = f"{side['before'] or 'to '}the {side['side']} of"
    if not is_sayable(word):
        return []
    word = FINITE_FORMS.get(word, word)
    if senses := _list_senses(taxonomy, word):
        return [Meaning(one) for one in senses]
    first, _, rest = word.partition(" ")
    # "wear" is said as "wearing", where that is known.
    gerund = f"{make_gerund(first)} {rest}".strip()
    if first not in PREPOSITIONS and (senses := _list_senses(taxonomy, gerund)):
        return [Meaning(one) for one in senses]
    if (forms := load_grammar().find_finite(word)) is not None:
        return [_read_finite(taxonomy, *forms)]
    if load_grammar().can_say(word) and not _lacks_object(word):
        return [_read_open_predicate(word)]
    base, _, after = word.partition(" ")
    if make_gerund(base) in load_grammar().first_words and not _lacks_object(f"{make_gerund(base)} {after}".strip()):
        return [_read_open_predicate(f"{make_gerund(base)} {after}".strip())]
    return []


def is_sayable(word: str) -> bool:
    """Tells whether a predicate has words enough, and not too many, to be one."""
    words = word.split()
    return 0 < len(words) <= LONGEST_PREDICATE and word not in UNSAID and len(word) <= 60 and words[0] not in ARTICLES


def _lacks_object(word: str) -> bool:
    """Tells whether a verb cannot have what follows: sitting, covered."""
    words = word.split()
    return BARE.search(words[-1]) is not None or (find_form(words[-1]) == PASSIVE and words[-1] not in PREPOSITIONS)


def _list_senses(taxonomy: Taxonomy, word: str) -> list[str]:
    rows = list_meanings(taxonomy, "relations", word)
    tier, ids = taxonomy.relations["tier"], taxonomy.relations["id"]
    return [ids[row].as_py() for row in sorted(rows, key=lambda row: tier[row].as_py() != "common")][:MOST_SENSES]


def _read_finite(taxonomy: Taxonomy, finite: str, base: str) -> Meaning:
    """A row for a verb as it stands after he, she, it, with what its form in -ing says where that is known."""
    first, _, rest = base.partition(" ")
    known = _list_senses(taxonomy, f"{make_gerund(first)} {rest}".strip())
    if known:
        row = _find_row(taxonomy.relations, known[0])
        row |= {column: str(int(row[column])) for column in ("symmetric", "asymmetric")}
        category = row["category"]
    else:
        row, category = _make_predicate(base, "interactional"), "interactional"
    id_ = f"{category}.own_{finite.replace(' ', '_')}"
    changes = {"id": id_, "predicate": base, "finite": finite, "finite_plural": base, "tier": "full"}
    return Meaning(id_, {**row, **changes}, guessed=not known and first not in ("have", "use", "own", "belong"))


def _find_row(table: pa.Table, id_: str) -> dict[str, Any]:
    return table.slice(table["id"].index(id_).as_py(), 1).to_pylist()[0]


def _read_open_predicate(word: str) -> Meaning:
    form = word.split()[0]
    category = "spatial" if form in PREPOSITIONS or word.split()[-1] in PREPOSITIONS else "interactional"
    row = _make_predicate(word, category)
    if word in NOT_ASKED:
        row["visible"] = "hard"
    return Meaning(row["id"], row, guessed=form not in PREPOSITIONS and find_form(word) not in (ACTIVE, PASSIVE))


def _make_predicate(word: str, category: str) -> dict[str, str]:
    return {
        "id": f"{category}.own_{word.replace(' ', '_')}",
        "category": category,
        "subtype": category,
        "predicate": word,
        "finite": "",
        "finite_plural": "",
        "subject_kinds": "any",
        "object_kinds": "any",
        "symmetric": "0",
        "inverse": "",
        "head": f"own {word}",
        "modifier": "",
        "tier": "full",
        "visible": "yes",
        **dict.fromkeys(("says", "near", "excludes"), ""),
        "asymmetric": "0",
    }


# --- scene attributes ------------------------------------------------------------------------------------------------


def read_scene_attribute(taxonomy: Taxonomy, kind: str, value: str) -> Meaning | None:
    """Finds the scene attribute that a kind and a word mean; None where the taxonomy has none."""
    if known := _index(taxonomy, "scene_attributes", "kind", "name").get((kind, value)):
        return Meaning(known)
    rows = list_meanings(taxonomy, "scene_attributes", clean_word(value))
    kinds, ids = taxonomy.scene_attributes["kind"], taxonomy.scene_attributes["id"]
    found = [row for row in rows if not kind or kinds[row].as_py() == kind]
    return Meaning(ids[found[0]].as_py()) if found else None


@lru_cache(maxsize=16)
def _index(taxonomy: Taxonomy, table: str, *columns: str) -> dict[tuple[str, ...], str]:
    rows: pa.Table = getattr(taxonomy, table)
    keys = zip(*(rows[column].to_pylist() for column in columns), strict=True)
    found: dict[tuple[str, ...], str] = {}
    for key, id_ in zip(keys, rows["id"].to_pylist(), strict=True):
        found.setdefault(key, id_)
    return found
