"""Puts what a text says in short into the words that the rules of reading know: contractions, possessives, ellipses.

Others take `write_plainly`. The words that a rule leaves out are put back, so that one rule of reading is enough:
"parked next to a hut and near a tree" becomes "parked next to a hut and parked near a tree", "a hut with a dog behind"
becomes "a hut with a dog behind it".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ....taxonomy.english.predicates import PREPOSITIONS
from .items import DEFINITE, INDEFINITE, NUMBERS, STOPS
from .pronouns import ELLIPSIS
from .relation_words import list_finite
from .words import Lexicon, Tokens, split_text

SHORT = {
    split_text(short): split_text(full)
    for short, full in {
        "there's": "there is",
        "it's": "it is",
        "that's": "that is",
        "they're": "they are",
        "has been": "is",
        "have been": "are",
        "we see": "there is",
        "we also see": "there is",
        "we can see": "there is",
        "we can also see": "there is",
        "both a": "a",
        "both an": "an",
        "both the": "the",
        "both some": "some",
        "where": "in which",
        "the shot has": "the picture has",
        "in size": "",
        "in shape": "",
        "in color": "",
        "plus": "and",
        "together with": "with",
        "alongside": "with",
        "accompanies": "and",
        "accompany": "and",
        "shares the frame with": "and",
        "share the frame with": "and",
        "shares the scene with": "and",
        "share the scene with": "and",
        "all of them": "all",
        "all of which are": "all",
        "each of them": "each",
        "each of which is": "each",
        "both of them": "both",
        "both of which are": "both",
        "the latter": "latter",
        "the former": "former",
        "besides them ,": "",
        "besides these ,": "",
        "besides that ,": "",
        "of the same size": "the same size",
        "are the same size": "are the same size as each other",
        "are of the same size": "are the same size as each other",
        # Longer than those before, so that these do not take their beginnings.
        "are the same size as": "are the same size as",
        "are of the same size as": "are the same size as",
    }.items()
}
"""Words, and the same at full length; of those that begin alike the longest count."""
OWNERS = {"its": "it", "their": "them", "his": "him", "her": "her"}
LONGEST = max(map(len, SHORT))
MOST_WORDS = 8
"""Words of a name before its possessive."""
IMAGES = {(a, what, "of") for a in ("a", "an", "the") for what in ("image", "picture")}
ELLIPTIC = frozenset(split_text("behind above below beneath underneath inside around beside over under"))
"""Prepositions that may end a clause, where it is known what they are about."""
FRONTS = (("in", "front"), ("on", "top"))
CLAUSE_ENDS = (*STOPS, ",", "and", "but", "while")


def write_plainly(tokens: Tokens, lexicon: Lexicon) -> Tokens:
    """Writes contractions at full length, "the left of it" for "its left", and the words that are left out."""
    tokens = _turn_possessives(tuple(_lengthen(tokens, lexicon)), lexicon)
    relations = {key for key, senses in lexicon.senses.items() if any(one.domain == "relation" for one in senses)}
    tokens = _unfold_states(tokens, lexicon, relations)
    if not relations:
        return tokens
    tokens = _gather_adverbs(tokens, relations)
    if any({"image", "picture"} & {*key} for key in relations):
        tokens = _leave_out_images(tokens, relations)
    return _end_ellipses(_repeat_verbs(tokens, lexicon, relations), relations)


def _unfold_states(tokens: Tokens, lexicon: Lexicon, relations: set[Tokens]) -> Tokens:
    """Writes "is laughing" for "laughs", where somebody is and does nothing else that is called so."""
    done = {word for key in relations for word in key}
    states = {key[0] for key, senses in lexicon.senses.items() if len(key) == 1 and senses[0].domain == "attribute"}
    said = {
        finite: ("is", state)
        for state in states
        if state.endswith("ing")
        for finite in list_finite(state)
        if finite.endswith("s") and finite not in done
    }
    return tuple(part for word in tokens for part in said.get(word, (word,)))


def _gather_adverbs(tokens: Tokens, relations: set[Tokens]) -> Tokens:
    """Writes "gently licks a cat" for "licks a cat gently": an adverb stands before its verb.

    It is moved to the last verb before it in its sentence that it may belong to, or else to the next one behind it.
    """
    done = [key for key in relations if key[0].endswith("ly") and len(key) > 1]
    adverbs = {key[0] for key in done if key[1].endswith(("ing", "ed"))}
    verbs = {adverb: {key[1] for key in done if key[0] == adverb} for adverb in adverbs}
    place = 0
    while place < len(tokens):
        word, of = tokens[place], verbs.get(tokens[place], ())
        if of and tokens[place + 1 : place + 2] not in {(verb,) for verb in of}:
            start = max((at + 1 for at in range(place) if tokens[at] in STOPS), default=0)
            end = next((at for at in range(place, len(tokens)) if tokens[at] in STOPS), len(tokens))
            before = [at for at in range(start, place) if tokens[at] in of and tokens[at - 1 : at] != (word,)]
            behind = [at for at in range(place + 1, end) if tokens[at] in of and tokens[at - 1 : at] != (word,)]
            if before:
                tokens = (*tokens[: before[-1]], word, *tokens[before[-1] : place], *tokens[place + 1 :])
            elif behind:
                tokens = (*tokens[:place], *tokens[place + 1 : behind[0]], word, *tokens[behind[0] :])
        place += 1
    return tokens


def _leave_out_images(tokens: Tokens, relations: set[Tokens]) -> Tokens:
    """Writes "a lily is printed on it" for "an image of a lily is printed on it"."""
    verbs = {
        key[max(place - 2, 0) : place]
        for key in relations
        for place in range(len(key))
        if key[place : place + 3] in IMAGES
    }
    found = list[str]()
    place = 0
    while place < len(tokens):
        is_image = (
            tokens[place : place + 3] in IMAGES and not {tokens[max(place - n, 0) : place] for n in (1, 2)} & verbs
        )
        found += [] if is_image else [tokens[place]]
        place += 3 if is_image else 1
    return tuple(found)


def _repeat_verbs(tokens: Tokens, lexicon: Lexicon, relations: set[Tokens]) -> Tokens:
    """Writes "parked near a tree" for "near a tree", where a thing is "parked next to a hut and near a tree".

    Of "a parked car near a tree" it makes "a car parked near a tree".
    """
    verbs = {key[0] for key in relations if len(key) > 1 and key[0].endswith(("ed", "ing", "wn"))}
    rests = {verb: {key[1:] for key in relations if key[0] == verb} for verb in verbs}
    longest = max(map(len, relations))
    names = {key for key, senses in lexicon.senses.items() if any(one.domain == "object" for one in senses)}
    verb, moved, found = "", 0, list[str]()
    for place, word in enumerate(tokens):
        if word in STOPS:
            verb = ""
        elif word in verbs and found[-1:] and (found[-1] in INDEFINITE or found[-1] in NUMBERS):
            ends = [end for end in range(place + 2, place + 2 + MOST_WORDS) if tokens[place + 1 : end] in names]
            if ends and any(tokens[ends[-1] : ends[-1] + n] in rests[word] for n in range(1, longest)):
                verb, moved = word, ends[-1]
                continue
        elif word in verbs:
            verb = word
        elif word == "both" and found[-1:] == [verb]:
            continue
        elif word == "nearby" and ("near",) in relations:
            word = "near"
        elif verb and tokens[place - 1 : place] in (("and",), (",",)):
            starts = [tokens[place : place + length] for length in range(longest, 0, -1)]
            if not any(one in relations for one in starts) and any(one in rests[verb] for one in starts):
                found.append(verb)
        found += [verb, word] if moved == place > 0 else [word]
    return tuple(found)


def _end_ellipses(tokens: Tokens, relations: set[Tokens]) -> Tokens:
    """Writes "behind thereof" for "behind", which stands for "behind it" or "behind them", at the end of a clause."""
    lasts = {key[-2:] for key in relations} | {key[-1:] for key in relations}
    found = list[str]()
    for place, word in enumerate(tokens):
        found.append(word)
        if (tokens[place + 1 : place + 2] and tokens[place + 1] not in CLAUSE_ENDS) or place == 0:
            continue
        if word == "near":
            found.append(ELLIPSIS)
        elif (word, "of") in lasts and (word in ("left", "right") or tokens[place - 1 : place + 1] in FRONTS):
            found += ["of", ELLIPSIS]
        elif (word,) in lasts and word in ELLIPTIC and tokens[place - 1] != "from":
            found.append(ELLIPSIS)
    return tuple(found)


def _lengthen(tokens: Tokens, lexicon: Lexicon) -> Iterator[str]:
    place = 0
    while place < len(tokens):
        lengths = range(min(LONGEST, len(tokens) - place), 0, -1)
        keys = (tokens[place : place + one] for one in lengths)
        length = next((len(key) for key in keys if key in SHORT and key not in lexicon.senses), 0)
        yield from SHORT[tokens[place : place + length]] if length else tokens[place : place + 1]
        place += length or 1


def _turn_possessives(tokens: Tokens, lexicon: Lexicon) -> Tokens:
    """Writes "the side of a cup" for "a cup's side", where relations or words of the whole picture have that."""
    parts = set(_list_owned(lexicon))
    place = 0
    while place < len(tokens):
        owned = next((n for n in (3, 2, 1) if tokens[place + 1 : place + 1 + n] in parts), 0)
        end = place + 1 + owned
        owner = tokens[place].removesuffix("'s") if tokens[place].endswith("'s") else tokens[place].removesuffix("'")
        if owned and tokens[place] == "whose":
            start = place - 1 if tokens[place - 1] in PREPOSITIONS else place
            which = (*tokens[start:place], "the", *tokens[place + 1 : end], "of", "which")
            tokens = (*tokens[:start], *which, *tokens[end:])
        elif owned and tokens[end : end + 1] != ("of",):
            of = ("the", *tokens[place + 1 : end], "of")
            if tokens[place] in OWNERS:
                tokens = (*tokens[:place], *of, OWNERS[tokens[place]], *tokens[end:])
                place += owned + 2
            elif owner != tokens[place]:
                start = _find_start(tokens, place)
                tokens = (*tokens[:start], *of, *tokens[start:place], owner, *tokens[end:])
                place += owned + 2
        place += 1
    return tokens


def _list_owned(lexicon: Lexicon) -> Iterator[Tokens]:
    """What something has, in words of relations and of the whole picture: the "side" of "the side of"."""
    for key, senses in lexicon.senses.items():
        if any(sense.domain in ("relation", "scene") for sense in senses):
            starts = [place + 1 for place, word in enumerate(key) if word == "the"]
            ends = [place for place, word in enumerate(key) if word == "of"]
            yield from (key[start:end] for start, end in product(starts, ends) if start < end)


def _find_start(tokens: Tokens, place: int) -> int:
    """Where a name with what stands before it begins, given the place of its last word."""
    for start in range(place, max(place - MOST_WORDS, -1), -1):
        if tokens[start] in (*DEFINITE, *INDEFINITE, *NUMBERS):
            return start
        if tokens[start] in ("in", "to", "on", "of"):
            return start + 1
    return place
