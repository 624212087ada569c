"""Lists of words that people train and evaluate with, each word with the concepts that it means here.

A file is a vocabulary: its name is what recipes call it. Its columns are `table`, `name` (the list's own word) and
`id` (the concepts, separated by `|`; empty where the taxonomy has none). What a word means was decided by hand.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from ...arrow import find_rows, make_texts
from ...errors import GasError, escape, suggest
from ..naming import find_concepts

if TYPE_CHECKING:
    from ..loader import Taxonomy

SUFFIX = ".tsv"


@lru_cache(maxsize=1)
def list_vocabularies() -> tuple[str, ...]:
    """Lists the names of the vocabularies: of the files in this folder."""
    names = (file.name for file in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


@lru_cache(maxsize=8)
def read_vocabulary(name: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Reads a vocabulary: by table, the ids that each word means, none where the taxonomy has no such thing."""
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in (files(__name__) / f"{name}{SUFFIX}").read_text(encoding="utf-8").splitlines()[1:]:
        table, word, ids = line.split("\t")
        words.setdefault(table, {})[word] = tuple(filter(None, ids.split("|")))
    return words


def list_rows(taxonomy: Taxonomy, name: str, table: str) -> list[int]:
    """Lists the rows of a table that a vocabulary means.

    Raises:
        GasError: It has no words for that table, or the taxonomy lacks what one of them means.
    """
    words = read_vocabulary(name)
    if table not in words:
        raise GasError(
            f"the vocabulary `{name}` has no {_read_out(table)}; it has {' and '.join(map(_read_out, words))}"
        )
    ids = [id_ for some in words[table].values() for id_ in some]
    rows = find_rows(make_texts(ids), getattr(taxonomy, table)["id"]).tolist()
    lacking = [id_ for id_, row in zip(ids, rows, strict=True) if row < 0]
    if lacking:
        raise GasError(
            f"the vocabulary `{name}` has {len(lacking)} {_read_out(table)} that this taxonomy lacks, such as "
            f"{lacking[0]}; begin the list of taxonomies with `default`"
        )
    return list(dict.fromkeys(rows))


def find_listed(taxonomy: Taxonomy, table: str, name: str) -> np.ndarray:
    """Finds the rows, int64, that a name means, or a vocabulary lists.

    Raises:
        GasError: There are none.
    """
    vocabularies = list_vocabularies()
    if name in vocabularies:
        return np.array(list_rows(taxonomy, name, table), dtype=np.int64)
    try:
        return np.array(find_concepts(taxonomy, table, name), dtype=np.int64)
    except GasError as error:
        if close := suggest(name, vocabularies):
            raise GasError(f"there is no vocabulary `{escape(name[:60])}`; {close}") from error
        raise


def _read_out(table: str) -> str:
    return table.replace("_", " ")
