"""Aliases of answers: other wordings that are as right, found by what each answer names."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..foundation.ragged import Ragged
from ..text.lexicon import NAMES, NUMBERS, Lexicon
from .batches import OPEN_MACRO, Batch, QuestionContext, make_empty_lists


def list_aliases(context: QuestionContext, batch: Batch) -> Ragged:
    """Lists the tokens of other wordings of each answer; none for yes and no.

    A word that names several things has the wordings of what the question is about: of the color gold, or of the
    material. None of them is what a wrong choice may be called, too.
    """
    lexicon = context.words.lexicon
    if batch.form == "count":
        domain, rows = "number", _find_number(lexicon)[batch.answers]
    elif batch.form == "multiple_choice" and batch.kind in NAMES:
        right = batch.choices.values == np.repeat(batch.answers, batch.choices.lengths)
        domain, rows = batch.kind, batch.asked.values[right]
    elif batch.form == "open":
        kind = context.find_asked_kind(batch.macro) if batch.macro.startswith(OPEN_MACRO) else -1
        is_kind = kind in lexicon.tokens.get(f"{batch.kind}.kind", ())
        domain = batch.kind if is_kind else "object"
        rows = _find_named(lexicon, domain, kind if is_kind else None)[batch.answers]
    else:
        return make_empty_lists(len(batch.scene))
    aliases = lexicon.aliases[domain].take(rows)
    return _leave_out_choices(lexicon, batch, aliases) if batch.form == "multiple_choice" else aliases


@lru_cache(maxsize=4)
def _find_number(lexicon: Lexicon) -> np.ndarray:
    """The number that each word is, shape (words,); -1 for others."""
    numbers = np.full(len(lexicon.words), -1, dtype=np.int32)
    numbers[[lexicon.fixed[word] for word in NUMBERS]] = np.arange(len(NUMBERS))
    return numbers


@lru_cache(maxsize=64)
def _find_named(lexicon: Lexicon, domain: str, kind: int | None) -> np.ndarray:
    """A row of the taxonomy's table with each word as its name, of a kind if it is given; -1 where there is none."""
    names = lexicon.tokens[NAMES[domain]]
    some = np.arange(len(names)) if kind is None else np.flatnonzero(lexicon.tokens[f"{domain}.kind"] == kind)
    rows = np.full(len(lexicon.words), -1, dtype=np.int32)
    rows[names[some]] = some
    return rows


@lru_cache(maxsize=4)
def _find_shared(lexicon: Lexicon, domain: str) -> np.ndarray:
    """Which words several concepts of a domain may be called, by name or by alias, bool, shape (words,)."""
    aliases, names = lexicon.aliases[domain], lexicon.tokens[NAMES[domain]]
    words = np.append(names, aliases.values).astype(np.int64)
    called = np.unique(words * len(lexicon.words) + np.append(names, names[aliases.owners]))
    return np.bincount(called // len(lexicon.words), minlength=len(lexicon.words)) > 1


def _leave_out_choices(lexicon: Lexicon, batch: Batch, aliases: Ragged) -> Ragged:
    """Leaves out what a wrong choice is called, or may be."""
    places = np.flatnonzero(_find_shared(lexicon, batch.kind)[aliases.values])
    if not len(places):
        return aliases
    size = len(lexicon.words)
    codes = aliases.owners[places] * size + aliases.values[places]
    wrong = np.isin(batch.choices.owners, aliases.owners[places])
    wrong &= batch.choices.values != batch.answers[batch.choices.owners]
    questions, names = batch.choices.owners[wrong], batch.choices.values[wrong]
    others = lexicon.aliases[batch.kind].take(batch.asked.values[wrong])
    taken = np.append(questions * size + names, questions[others.owners] * size + others.values)
    drop = places[np.isin(codes, taken)]
    lengths = aliases.lengths - np.bincount(aliases.owners[drop], minlength=len(aliases))
    return Ragged(np.delete(aliases.values, drop), np.append(0, np.cumsum(lengths)))
