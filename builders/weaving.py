"""Turns pieces of text into Arrow strings for all rows at once.

Text is a sequence of tokens: numbers of words in one pool. A program is what a template yielded, as columns of
numbers; woven with a block's columns of words it gives the tokens of all rows. One `take` from the pool then lays the
bytes of all texts side by side in their final order, and the rows' offsets are sums of the tokens' lengths: no string
is built in Python.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Ragged, expand_ranges, offsets_of
from .templates import Piece

LITERAL = "literal"


class Pool:
    """All words that texts are made of, by number. Words are only added, never changed."""

    def __init__(self, words: pa.StringArray) -> None:
        self._chunks = [words]
        self._added: list[str] = []
        self._numbers: dict[str, int] = {}
        self._size = len(words)
        self._lengths: np.ndarray | None = None
        self._margins: np.ndarray | None = None

    def add(self, word: str) -> int:
        """The number of a word, which is added when it was not added before."""
        if word not in self._numbers:
            self._numbers[word] = self._size
            self._added.append(word)
            self._size += 1
        return self._numbers[word]

    @property
    def words(self) -> pa.StringArray:
        if self._added:
            self._chunks = [pa.concat_arrays([*self._chunks, pa.array(self._added, pa.string())])]
            self._added, self._lengths, self._margins = [], None, None
        return self._chunks[0]

    @property
    def lengths(self) -> np.ndarray:
        """Characters of each word, int64."""
        words = self.words
        if self._lengths is None:
            self._lengths = pc.utf8_length(words).to_numpy().astype(np.int64)
        return self._lengths

    @property
    def margins(self) -> np.ndarray:
        """Spaces at the beginning and at the end of each word, int64, shape (2, words)."""
        words = self.words
        if self._margins is None:
            trimmed = [
                pc.utf8_length(trim(words)).to_numpy() for trim in (pc.utf8_ltrim_whitespace, pc.utf8_rtrim_whitespace)
            ]
            self._margins = self.lengths - np.stack(trimmed)
        return self._margins

    def take(self, tokens: np.ndarray) -> pa.StringArray:
        """The words with these numbers."""
        return self.words.take(pa.array(tokens))


class Book:
    """Programs, by number. Each is a run of entries: column, role, number, and token of the element mentioned."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.columns = {LITERAL: 0}
        self.roles = {LITERAL: 0}
        self._entries = array("i")
        self._lengths = array("q")
        self._table: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, pieces: Sequence[Piece]) -> int:
        """Keeps a program and returns its number."""
        for piece in pieces:
            element = self.pool.add(piece.element) if piece.element else -1
            if piece.slot is None:
                self._entries.extend((0, 0, self.pool.add(piece.text), element))
            else:
                column, role, number = piece.slot
                name = f"{column}^" if piece.capitalized else column
                place = self.columns.setdefault(name, len(self.columns)), self.roles.setdefault(role, len(self.roles))
                self._entries.extend((*place, number, element))
        self._lengths.append(len(pieces))
        self._table = None
        return len(self._lengths) - 1

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """All programs' entries, int32, shape (4, entries), and where each program begins and the last ends."""
        if self._table is None:
            entries = np.array(self._entries, dtype=np.int32).reshape(-1, 4).T.copy()
            self._table = (entries, offsets_of(np.array(self._lengths, dtype=np.int64)))
        return self._table


@dataclass(frozen=True)
class Texts:
    """Texts as tokens: text `i` is `tokens[offsets[i]:offsets[i + 1]]`.

    `elements` has the token of the element that each token mentions, or -1.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    elements: np.ndarray

    def write(self, pool: Pool) -> pa.StringArray:
        """The texts as strings."""
        words = pool.take(self.tokens)
        starts = np.frombuffer(words.buffers()[1], dtype=np.int32)[: len(words) + 1]
        return pa.StringArray.from_buffers(
            len(self.offsets) - 1, pa.py_buffer(starts[self.offsets]), words.buffers()[2]
        )

    def find_mentions(self, pool: Pool) -> tuple[Ragged, np.ndarray, np.ndarray]:
        """Tokens of the elements mentioned in each text, with start and end in characters, without spaces around.

        What mentions several elements (`object/0 object/1`) mentions each of them in the same place.
        """
        lengths = pool.lengths[self.tokens]
        ends = np.cumsum(lengths)
        text_of = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        start_of_text = offsets_of(lengths)[self.offsets[:-1]]
        found = np.flatnonzero((self.elements >= 0) & (lengths > 0))
        kinds, which = np.unique(self.elements[found], return_inverse=True)
        names = [name.split() for name in pool.take(kinds).to_pylist()]
        several = Ragged.from_lists([[pool.add(one) for one in name] for name in names]).take(which)
        found = np.repeat(found, several.lengths)
        counts = np.bincount(text_of[found], minlength=len(self.offsets) - 1)
        shift = start_of_text[text_of[found]]
        before, after = pool.margins[:, self.tokens[found]]
        first, last = ends[found] - lengths[found] + before - shift, ends[found] - after - shift
        return Ragged(several.values, offsets_of(counts)), first.astype(np.int32), last.astype(np.int32)


def weave(
    book: Book, find_column: Callable[[str], np.ndarray], programs: np.ndarray, starts: Mapping[str, np.ndarray]
) -> Texts:
    """Puts a block's words into programs.

    Args:
        book: The programs.
        find_column: Tokens of a column of words, by name.
        programs: Program of each text.
        starts: For each role, where each text's own words begin in the role's columns, shape (texts,).
    """
    (column, role, number, element), offsets = book.table()
    # All columns lie side by side, the literals (whose number is their token) first: one look-up serves every entry.
    parts = [np.arange(len(book.pool.words)), *(find_column(name) for name in book.columns if name != LITERAL)]
    tokens = np.concatenate([part.astype(np.int32, copy=False) for part in parts])
    fixed = offsets_of(np.array([len(part) for part in parts], dtype=np.int64))[column] + number
    begins = np.zeros((len(programs), len(book.roles)), dtype=np.int64)
    for name, at in starts.items():
        if name in book.roles:
            begins[:, book.roles[name]] = at
    lengths = np.diff(offsets)[programs]
    entries = expand_ranges(offsets[:-1][programs], lengths)
    at = np.repeat(np.arange(len(programs)) * len(book.roles), lengths)
    at += role.take(entries)
    at = begins.reshape(-1).take(at)
    at += fixed.take(entries)
    return Texts(tokens.take(at), offsets_of(lengths), element.take(entries))
