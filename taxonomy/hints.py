"""Hints at concepts: what a word that the taxonomy does not have may have been meant for.

A hint goes by meaning first: the same word in another form (people, grey, kitchen_utensil), then what a common concept
is called that ends in it (necktie for tie), and last by spelling, common concepts before rare ones. It never is what
was written, nor what is flagged.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

import numpy as np
import pyarrow as pa

CALLED = {
    "objects": ("name", "plural"),
    "attributes": ("name", "adjective"),
    "relations": ("predicate", "finite"),
    "scene_attributes": ("name", "phrase"),
}
"""Columns that say what a concept of a table is called."""
LEMMA = re.compile(r"\.[a-z]\.\d+$|^[^.]+\.(?=[^.]+$)")
"""What is no word of an id: of `dog.n.01`, of `color.red`."""
RARE, FLAGGED = 2.0, 9.0
"""Ranks of words: below RARE are common ones, and what is FLAGGED is never hinted at."""
LONGEST = 64
"""Letters of a word that are looked at: no concept has a longer name."""
NEAREST = 50
"""So many words with the most pairs of letters in common are compared letter by letter."""
CLOSE = 0.8
"""The least share of equal letters of a word that is hinted at."""
AS_CLOSE = 0.1
"""Words whose shares differ by less are as close: the more common one is meant."""


def fold(text: str) -> str:
    """Writes a word as all its spellings are compared: `Kitchen_utensil`, `kitchen-utensil`, `kitchen utensil`."""
    if text.isascii():
        return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())
    plain = unicodedata.normalize("NFKD", text)
    return fold("".join(one for one in plain if not unicodedata.combining(one)).encode("ascii", "replace").decode())


def ask(answers: Iterable[str]) -> str:
    """Makes the end of a message: ``; did you mean `dog`?``, or "" without an answer."""
    shown = " or ".join(f"`{answer}`" for answer in answers)
    return f"; did you mean {shown}?" if shown else ""


@dataclass(frozen=True, eq=False)
class Words:
    """Words that may be hinted at.

    Attributes:
        texts: Words of any form; one may be there several times.
        answers: What to write for each, one a text.
        ranks: How common what each stands for is: the lowest first; see `RARE` and `FLAGGED`.
    """

    texts: tuple[str, ...]
    answers: tuple[str, ...]
    ranks: tuple[float, ...]

    def find(self, word: str, most: int = 1) -> list[str]:
        """Lists up to `most` answers for a word, the best first."""
        wanted = fold(word[:LONGEST])
        for rows in (self._rows.get(wanted, []), self._list_ending_in(wanted), self._list_close(wanted)):
            ordered = sorted(rows, key=lambda row: self.ranks[row])
            good = (row for row in ordered if self.ranks[row] < FLAGGED and self.answers[row] != word)
            if found := dict.fromkeys(self.answers[row] for row in good):
                return list(found)[:most]
        return []

    def find_longer(self, word: str, most: int = 3) -> list[str]:
        """Lists what common concepts are called that end in a word, the most common ones first."""
        rows = sorted(self._list_ending_in(fold(word[:LONGEST])), key=lambda row: self.ranks[row])
        return list(dict.fromkeys(self.answers[row] for row in rows))[:most]

    def _list_ending_in(self, wanted: str) -> list[int]:
        """Rows of common words that end in a whole word: necktie, bow tie."""
        if len(wanted) < 3:
            return []
        texts = sorted((text for text in self._rows if text.endswith(wanted)), key=len)
        return [row for text in texts for row in self._rows[text] if self.ranks[row] < RARE]

    def _list_close(self, wanted: str) -> list[int]:
        """Rows of the words that are written nearly so."""
        rows, starts = self._postings
        shared = [rows[slice(*starts[pair])] for pair in _list_pairs(wanted) if pair in starts]
        if not shared:
            return []
        number = np.bincount(np.concatenate(shared), minlength=len(self.texts))
        # A word with many pairs has many in common with any other.
        likeness = 2 * number / (self._sizes + len(_list_pairs(wanted)))
        nearest = np.argpartition(-likeness, min(NEAREST, len(likeness) - 1))[:NEAREST].tolist()
        shares = {row: SequenceMatcher(None, self._folded[row], wanted).ratio() for row in nearest}
        least = max(CLOSE, max(shares.values()) - AS_CLOSE)
        return sorted((row for row in nearest if shares[row] >= least), key=lambda row: -shares[row])

    @cached_property
    def _folded(self) -> list[str]:
        return [fold(text) for text in self.texts]

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(self._folded):
            rows[text].append(row)
        return dict(rows)

    @cached_property
    def _sizes(self) -> np.ndarray:
        return np.array([len(_list_pairs(text)) for text in self._folded])

    @cached_property
    def _postings(self) -> tuple[np.ndarray, dict[str, tuple[int, int]]]:
        """Rows of the words with each pair of letters, one pair after the other, and where those of each stand."""
        lists: dict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(self._folded):
            for pair in _list_pairs(text):
                lists[pair].append(row)
        ends = np.cumsum([len(one) for one in lists.values()]).tolist()
        starts = {pair: (end - len(one), end) for (pair, one), end in zip(lists.items(), ends, strict=True)}
        return np.concatenate([np.array(one, dtype=np.int64) for one in lists.values()]), starts


def _list_pairs(text: str) -> set[str]:
    padded = f"^{text}$"
    return {padded[place : place + 2] for place in range(len(padded) - 1)}


def collect_words(rows: pa.Table, table: str, more: Sequence[tuple[int, str]] = ()) -> Words:
    """Collects what concepts of a table are called, and their ids, which are the answers.

    Args:
        rows: The concepts.
        table: Which table they are of.
        more: Rows and what else they are called.
    """
    ids, tiers = rows["id"].to_pylist(), rows["tier"].to_pylist()
    frequency = rows["frequency"].to_pylist() if "frequency" in rows.column_names else [0.0] * len(ids)
    ranks = [
        RARE * (tier != "common") + 1 - min(often, 9.9) / 10 for tier, often in zip(tiers, frequency, strict=True)
    ]
    if table == "objects":
        ranks = [FLAGGED if flags else rank for rank, flags in zip(ranks, rows["flags"].to_pylist(), strict=True)]
    called = [(row, text) for column in CALLED[table] for row, text in enumerate(rows[column].to_pylist())]
    called += [(row, lemma) for row, id_ in enumerate(ids) for lemma in (id_, LEMMA.sub("", id_))]
    owners, texts = zip(*called, *more, strict=True)
    # What a concept is called goes before what else is as right.
    late = [0.0] * len(called) + [0.001] * len(more)
    return Words(
        texts,
        tuple(ids[row] for row in owners),
        tuple(ranks[row] + one for row, one in zip(owners, late, strict=True)),
    )
