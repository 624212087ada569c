"""Aliases of answers: other wordings that are as right, found by what each answer names."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..foundation.ragged import Ragged, offsets_of
from ..text.lexicon import NAMES, NUMBERS, Lexicon
from .batches import OPEN_MACRO, Batch, QuestionContext, make_empty_lists


def list_aliases(context: QuestionContext, batch: Batch) -> Ragged:
    """Lists the tokens of other wordings of each answer; none for yes and no.

    A word that names several things has the wordings of what the question is about: of the color gold, or of the
    material. None of them is what a wrong choice may be called, too.
    """
    lexicon = context.words.lexicon
    if batch.form == "count":
        return lexicon.aliases["number"].take(_find_number(lexicon)[batch.answers])
    if batch.form == "open":
        is_value = batch.kind in ("attribute", "scene") and batch.macro.startswith(OPEN_MACRO)
        domain = batch.kind if is_value else "object"
        rows = batch.asked.values if is_value else _find_objects(lexicon)[batch.answers]
        return _list_others(lexicon, domain, rows, batch.answers)
    if batch.form == "multiple_choice":
        domain, tokens = batch.kind if batch.kind in NAMES else "object", batch.choices.values
        rows = batch.asked.values if batch.kind in NAMES else _find_objects(lexicon)[tokens]
        right = tokens == batch.answers[batch.choices.owners]
        aliases = _list_others(lexicon, domain, rows[right], batch.answers)
        return _leave_out_choices(lexicon, batch, aliases, domain, rows)
    return make_empty_lists(len(batch.scene))


def _list_others(lexicon: Lexicon, domain: str, rows: np.ndarray, answers: np.ndarray) -> Ragged:
    """Lists what concepts (rows of a domain's table, or -1) are called besides the answers (tokens)."""
    aliases, names = lexicon.aliases[domain].take(rows), lexicon.tokens[NAMES[domain]]
    # Where a plural is the answer, the singular stands in its place among the others.
    is_answer = aliases.values == answers[aliases.owners]
    return Ragged(np.where(is_answer, names[rows[aliases.owners]], aliases.values), aliases.offsets)


@lru_cache(maxsize=4)
def _find_number(lexicon: Lexicon) -> np.ndarray:
    """The number that each word is, shape (words,); -1 for others."""
    numbers = np.full(len(lexicon.words), -1, dtype=np.int32)
    numbers[[lexicon.fixed[word] for word in NUMBERS]] = np.arange(len(NUMBERS))
    return numbers


@lru_cache(maxsize=4)
def _find_objects(lexicon: Lexicon) -> np.ndarray:
    """A row of the taxonomy's objects with each word as its name, or plural; or -1."""
    names = lexicon.tokens[NAMES["object"]]
    rows = np.full(len(lexicon.words), -1, dtype=np.int32)
    rows[lexicon.tokens["object.plural"]] = np.arange(len(names))
    rows[names] = np.arange(len(names))
    return rows


@lru_cache(maxsize=4)
def _find_shared(lexicon: Lexicon, domain: str) -> np.ndarray:
    """Which words several concepts of a domain may be called, by name or by alias, bool, shape (words,)."""
    aliases, names = lexicon.aliases[domain], lexicon.tokens[NAMES[domain]]
    words = np.append(names, aliases.values).astype(np.int64)
    called = np.unique(words * len(lexicon.words) + np.append(names, names[aliases.owners]))
    return np.bincount(called // len(lexicon.words), minlength=len(lexicon.words)) > 1


def _leave_out_choices(lexicon: Lexicon, batch: Batch, aliases: Ragged, domain: str, rows: np.ndarray) -> Ragged:
    """Leaves out what a wrong choice is called, or may be; `rows` are those of all choices."""
    places = np.flatnonzero(_find_shared(lexicon, domain)[aliases.values])
    if not len(places):
        return aliases
    # Few questions have such words, so what their wrong choices may be called is compared word by word.
    asked, question = np.unique(aliases.owners[places], return_inverse=True)
    choices, rows = batch.choices.take(asked), Ragged(rows, batch.choices.offsets).take(asked).values
    wrong = choices.values != batch.answers[asked].take(choices.owners)
    names = Ragged(choices.values[wrong], offsets_of(wrong)[choices.offsets])
    others = lexicon.aliases[domain].take(rows[wrong])
    drop = np.zeros(len(places), dtype=bool)
    for words in (names, Ragged(others.values, others.offsets[names.offsets])):
        beside = words.take(question)
        drop[beside.owners[beside.values == aliases.values[places].take(beside.owners)]] = True
    drop = places[drop]
    lengths = aliases.lengths - np.bincount(aliases.owners[drop], minlength=len(aliases))
    return Ragged(np.delete(aliases.values, drop), offsets_of(lengths))
