"""Finds the concepts that a recipe or a command names by any of their words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa

from ..arrow import find_rows, make_texts
from ..errors import GasError, advise
from .english.inflection import make_plural
from .english.spelling import respell
from .hints import CALLED, LONGEST, Words, ask, collect_words, fold
from .loader import Taxonomy
from .read_tsv import MOST_PROBLEMS, quote
from .senses import define_object, list_aliases, read_senses
from .wordings import list_wordings

NAMES = {table: columns[0] for table, columns in CALLED.items()}
GROUPS = {"attributes": "kind", "relations": "category", "scene_attributes": "kind"}
"""The column of each table that recipes choose its concepts by."""
TIERS = (("common",), ("common", "visible"), ("common", "visible", "full"))


@lru_cache(maxsize=16)
def read_words(taxonomy: Taxonomy, table: str) -> Words:
    """Collects all words for the concepts of a table: names, ids, plurals, adjectives, other spellings."""
    found, texts = list_wordings(taxonomy, table)
    more = list(zip(found.tolist(), texts.to_pylist(), strict=True))
    return collect_words(getattr(taxonomy, table), table, more)


@lru_cache(maxsize=16)
def read_names(taxonomy: Taxonomy, table: str) -> dict[str, list[int]]:
    """Rows of a table by their names, in small letters."""
    names: dict[str, list[int]] = {}
    for row, name in enumerate(getattr(taxonomy, table)[NAMES[table]].to_pylist()):
        names.setdefault(name.casefold(), []).append(row)
    return names


@lru_cache(maxsize=16)
def _read_folded(taxonomy: Taxonomy, table: str, with_wordings: bool) -> dict[str, list[int]]:
    """Rows of a table by what they are called in any column, folded; or by other wordings of that, too."""
    rows = getattr(taxonomy, table)
    place = {id_: row for row, id_ in enumerate(rows["id"].to_pylist())}
    words = read_words(taxonomy, table) if with_wordings else collect_words(rows, table)
    names: dict[str, dict[int, None]] = {}
    for text, id_ in zip(words.texts, words.answers, strict=True):
        names.setdefault(fold(text), {})[place[id_]] = None
    return {text: list(some) for text, some in names.items()}


def _list_rows(taxonomy: Taxonomy, table: str, word: str) -> Iterator[list[int]]:
    """Lists rows that a word may mean, the surest first: by name, as called, spelled otherwise, as a wording."""
    yield read_names(taxonomy, table).get(word.casefold(), [])
    called = _read_folded(taxonomy, table, False)
    yield called.get(fold(word), [])
    yield called.get(fold(respell(word)), [])
    yield _read_folded(taxonomy, table, True).get(fold(word), [])


def list_meanings(taxonomy: Taxonomy, table: str, word: str) -> list[int]:
    """Lists the rows of a table that a word may mean; none where the taxonomy does not have it."""
    return next(filter(None, _list_rows(taxonomy, table, word)), [])


def find_called(taxonomy: Taxonomy, table: str, word: str, among: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Finds the rows that a word other than their name means (wooden, grey, wears), where they have one name.

    Args:
        taxonomy: The concepts.
        table: `attributes`, `relations` or `scene_attributes`.
        word: The word.
        among: Rows that may be meant, bool, shape (rows of the table,).

    Returns:
        Whether each row is meant (bool, of the same shape), and where none is, names that may have been, best first.
    """
    rows: pa.Table = getattr(taxonomy, table)
    names = rows[NAMES[table]]
    meant = np.zeros(rows.num_rows, dtype=bool)
    choices = ([row for row in some if among[row]] for some in _list_rows(taxonomy, table, word))
    found = next(filter(None, choices), [])
    called = list(dict.fromkeys(names[row].as_py() for row in found))
    if len(called) == 1:
        meant[found] = True
        return meant, []
    if called:
        return meant, called
    place = find_rows(make_texts(read_words(taxonomy, table).find(word, MOST_PROBLEMS)), rows["id"])
    return meant, [names[int(row)].as_py() for row in place if among[row]]


def advise_group(taxonomy: Taxonomy, table: str, word: str) -> str:
    """Says which kind or category a word was meant for: one in another form, that of a concept, or the closest one."""
    rows, column = getattr(taxonomy, table), GROUPS[table]
    known = sorted(rows[column].unique().to_pylist())
    forms = {fold(form): name for name in known for form in (make_plural(name.replace("_", " ")), name)}
    if meant := forms.get(fold(respell(word[:LONGEST]))):
        return ask([meant]).removeprefix("; ")
    return _tell_group(taxonomy, table, word) or advise(word, known)


def _tell_group(taxonomy: Taxonomy, table: str, word: str) -> str:
    """Tells of which kinds or categories what a word means is; "" where it means nothing."""
    rows = list_meanings(taxonomy, table, word)
    groups = dict.fromkeys(getattr(taxonomy, table)[GROUPS[table]][row].as_py() for row in rows)
    return f"`{word}` is of the {GROUPS[table]} {' or '.join(f'`{group}`' for group in groups)}" if groups else ""


def _tell_elsewhere(taxonomy: Taxonomy, word: str) -> str:
    """Tells of which table a word is that is the name of no object."""
    for table in GROUPS:
        if word.casefold() in read_names(taxonomy, table):
            return f"; {_tell_group(taxonomy, table, word)} of {table.replace('_', ' ')}"
    return ""


def find_object(taxonomy: Taxonomy, word: str) -> int:
    """Finds the row of an object by its id, its name, or another word for it: kitchen_utensil, people, omelette.

    A word that several objects share means the only one of the `common` tier, or else of the `visible` tier.

    Raises:
        GasError: There is no such object, or the word means several.
    """
    if (known := taxonomy.rows_of_ids.get(word)) is not None:
        return known
    rows = list_meanings(taxonomy, "objects", word)
    others = _read_aliases(taxonomy).get(fold(word), [])
    tier = taxonomy.objects["tier"]
    for tiers in TIERS:
        for meant in (rows, others):
            chosen = [row for row in meant if tier[row].as_py() in tiers]
            if len(chosen) == 1:
                return chosen[0]
            if chosen:
                raise GasError(_list_senses(taxonomy, word, chosen, rare=tiers != TIERS[0]))
    hint = _tell_elsewhere(taxonomy, word) or ask(read_words(taxonomy, "objects").find(word))
    raise GasError(f"the taxonomy has no object {quote(word)}{hint}")


@lru_cache(maxsize=16)
def _read_aliases(taxonomy: Taxonomy) -> dict[str, list[int]]:
    """Rows of objects by words that are not their names, folded: `couch` for a sofa, `tv`."""
    aliases: dict[str, list[int]] = {}
    for id_ in read_senses().keys() & taxonomy.rows_of_ids.keys():
        row = taxonomy.rows_of_ids[id_]
        words = list_aliases(taxonomy, row)
        for word in dict.fromkeys(map(fold, (*words, *map(make_plural, words)))):
            aliases.setdefault(word, []).append(row)
    for rows in aliases.values():
        rows.sort()
    return aliases


def _list_senses(taxonomy: Taxonomy, word: str, rows: list[int], rare: bool) -> str:
    """Says which objects a word names, each with what it is; and what common ones end in it, where these are rare."""
    ids, flags = taxonomy.objects["id"], taxonomy.objects["flags"]
    shown = [row for row in rows if not flags[row].as_py()][:MOST_PROBLEMS]
    if not shown:
        return f"{quote(word)} names several objects; `gas taxonomy search` lists them, write an id"
    senses = ", ".join(f"{ids[row].as_py()} ({define_object(taxonomy, row)})" for row in shown)
    longer = read_words(taxonomy, "objects").find_longer(word) if rare else []
    more = f", or perhaps {', '.join(longer)}" if longer else ""
    return f"{quote(word)} names several objects: write one of {senses}{more}"


def find_concepts(taxonomy: Taxonomy, table: str, word: str) -> list[int]:
    """Finds the rows of a table that a recipe means by an id or a word, as `find_object` does.

    A word means one object, but all attributes, relations and scene attributes of the name in the commonest tier that
    has it: people hold cups, and cups hold water.

    Raises:
        GasError: There is no such concept, or the word means several objects.
    """
    if table == "objects":
        return [find_object(taxonomy, word)]
    rows: pa.Table = getattr(taxonomy, table)
    if (known := find_rows(make_texts([word]), rows["id"])[0]) >= 0:
        return [int(known)]
    found, tier = list_meanings(taxonomy, table, word), rows["tier"]
    for tiers in TIERS:
        if chosen := [row for row in found if tier[row].as_py() in tiers]:
            return chosen
    hint = _tell_elsewhere(taxonomy, word) or ask(read_words(taxonomy, table).find(word))
    raise GasError(f"the taxonomy has no {table[:-1].replace('_', ' ')} {quote(word)}{hint}")


def mark_under(taxonomy: Taxonomy, words: Iterable[str]) -> np.ndarray:
    """Marks (bool, one an object) the objects that words mean (see `find_object`), and all objects under them.

    Raises:
        GasError: A word means no object, or several.
    """
    mask = np.zeros(taxonomy.objects.num_rows, dtype=bool)
    mask[[find_object(taxonomy, word) for word in words]] = True
    parents = taxonomy.parent_index
    has_parent, marked = parents >= 0, -1
    while marked != (marked := int(mask.sum())):
        mask |= mask[parents] & has_parent
    return mask
