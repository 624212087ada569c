"""Words that the shipped taxonomy does not have, for those who want none."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import GasError
from ...taxonomy import Taxonomy, load_taxonomy
from ...taxonomy.hints import ask
from ...taxonomy.naming import read_words
from ..recipe.fields import show
from .modifiers import read_attribute, read_predicate, read_scene_attribute
from .nouns import read_noun

Word = tuple[str, tuple[str, str]]
"""A table, and what `read_noun` and its like take of a word."""


def refuse_unknown(words: Iterable[Word]) -> None:
    """Refuses words that the shipped taxonomy does not have.

    Raises:
        GasError: There are some; the message has all of them, with the closest that is known.
    """
    taxonomy = load_taxonomy()
    unknown = []
    for table, key in dict.fromkeys(words):
        if _is_unknown(taxonomy, table, key):
            word = key[0 if table in ("objects", "relations") else 1]
            unknown.append(f"{table[:-1].replace('_', ' ')} {show(word)}{ask(read_words(taxonomy, table).find(word))}")
    if unknown:
        end = "" if unknown[-1].endswith("?") else ";"
        raise GasError(f'the taxonomy does not have: {"; ".join(unknown)}{end} unknown="keep" takes any word')


def _is_unknown(taxonomy: Taxonomy, table: str, key: tuple[str, str]) -> bool:
    if table == "relations":
        return all(one.row for one in read_predicate(taxonomy, *key))
    read = {"objects": read_noun, "attributes": read_attribute, "scene_attributes": read_scene_attribute}[table]
    meaning = read(taxonomy, *key)
    return meaning is None or bool(meaning.row)
