"""Finds the concepts that a recipe or a command names by any of their words."""

from __future__ import annotations

from functools import lru_cache

from ..errors import GasError
from .hints import Words, ask, collect_words, fold
from .loader import Taxonomy
from .read_tsv import MOST_PROBLEMS, quote
from .wordings import list_wordings

TIERS = (("common",), ("common", "visible"), ("common", "visible", "full"))


@lru_cache(maxsize=16)
def read_words(taxonomy: Taxonomy, table: str) -> Words:
    """Collects all words for the concepts of a table: names, ids, plurals, adjectives, other spellings."""
    found, texts = list_wordings(taxonomy, table)
    return collect_words(getattr(taxonomy, table), table, (found.tolist(), texts.to_pylist()))


@lru_cache(maxsize=16)
def read_names(taxonomy: Taxonomy, table: str, exact: bool) -> dict[str, list[int]]:
    """Rows of a table by their names (exact, but for capitals), or by all words for them, folded."""
    rows = getattr(taxonomy, table)
    names: dict[str, list[int]] = {}
    if exact:
        for row, name in enumerate(rows["name"].to_pylist()):
            names.setdefault(name.casefold(), []).append(row)
        return names
    place = {id_: row for row, id_ in enumerate(rows["id"].to_pylist())}
    words = read_words(taxonomy, table)
    for text, id_ in zip(words.texts, words.answers, strict=True):
        if place[id_] not in (found := names.setdefault(fold(text), [])):
            found.append(place[id_])
    return names


def find_object(taxonomy: Taxonomy, word: str) -> int:
    """Finds an object by its name, or by another word for it: kitchen_utensil, people, omelette.

    A word that several objects share means the only one of the `common` tier, or else of the `visible` tier.

    Raises:
        GasError: There is no such object, or the word means several.
    """
    rows = read_names(taxonomy, "objects", True).get(word.casefold())
    rows = rows or read_names(taxonomy, "objects", False).get(fold(word), [])
    ids, tier = taxonomy.objects["id"], taxonomy.objects["tier"]
    for tiers in TIERS:
        chosen = [row for row in rows if tier[row].as_py() in tiers]
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            shown = ", ".join(ids[row].as_py() for row in chosen[:MOST_PROBLEMS])
            others = read_words(taxonomy, "objects").find_longer(word)
            more = f", or perhaps {', '.join(others)}" if others and tiers != TIERS[0] else ""
            raise GasError(f"{quote(word)} names several objects: write one of {shown}{more}")
    raise GasError(f"the taxonomy has no object {quote(word)}{ask(read_words(taxonomy, 'objects').find(word))}")
