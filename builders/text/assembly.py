"""Assembles texts: runs programs for all rows at once, with Arrow strings as the result.

A text is a sequence of tokens: numbers of words in one pool. A program is what a template yielded, a table of
integers with an entry for each slot or literal; run on a block's columns of words it gives the tokens of all rows.

Literal text is attached to the next slot as a (prefix, suffix) pair, called its frame: of "There is a dog." the word
`dog` has the frame ("There is a ", "."). A framed word is a word of the pool like any other, made when it is first
needed, so a text has about as many tokens as slots. One `take` from the pool then lays the bytes of all texts side by
side in their final order, and the rows' offsets are sums of the tokens' lengths: no string is built in Python.

`text/__init__.py` shows the steps on an example.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import join_texts, make_array, make_texts, view_numbers
from ..foundation.ragged import Ragged, expand_ranges, number_as_found, offsets_of
from .marks import Piece

LITERAL = "literal"
"""Column and role of literal text, both numbered 0: the number of such an entry is the token itself."""

NOTHING, ENDED, OPEN = range(3)
"""How a text ends: it is empty, or ends a sentence, or does not."""


class WordPool:
    """All words that texts are made of, by number (token). Words are only added, never changed."""

    def __init__(self, words: pa.StringArray) -> None:
        self._first = words
        self._chunks = [words]
        self._added: list[str] = []
        self._numbers: dict[str, int] = {}
        self._size = len(words)

    def __len__(self) -> int:
        return self._size

    def add(self, word: str) -> int:
        """The number of a word, which is added when it was not added before."""
        if word not in self._numbers:
            self._numbers[word] = self._size
            self._added.append(word)
            self._size += 1
        return self._numbers[word]

    def add_framed(self, tokens: np.ndarray, before: str, after: str) -> np.ndarray:
        """Adds words that the pool began with, with text before and after them. Returns their numbers."""
        self._close_chunk()
        self._chunks.append(join_texts(before, self._first.take(make_array(tokens)), after))
        # A frame is not what a word names.
        sizes, *margins = self._first_measures[:, tokens]
        before_size, after_size = len(before), len(after)
        self._measured.append(
            np.stack([sizes + before_size + after_size, margins[0] + before_size, margins[1] + after_size])
        )
        self._size += len(tokens)
        return np.arange(self._size - len(tokens), self._size)

    def _close_chunk(self) -> None:
        if self._added:
            self._chunks.append(make_texts(self._added))
            self._measured.append(_measure(self._chunks[-1]))
            self._added = []

    @property
    def words(self) -> pa.StringArray:
        self._close_chunk()
        if len(self._chunks) > 1:
            self._chunks = [pa.concat_arrays(self._chunks)]
        return self._chunks[0]

    @property
    def measures(self) -> np.ndarray:
        """Characters of each word, and those before and after what it names: spaces or a frame. int32, (3, words)."""
        self._close_chunk()
        if len(self._measured) > 1:
            self._measured[:] = [np.concatenate(self._measured, axis=1)]
        return self._measured[0]

    @cached_property
    def _first_measures(self) -> np.ndarray:
        return _measure(self._first)

    @cached_property
    def _measured(self) -> list[np.ndarray]:
        return [self._first_measures]

    def take(self, tokens: np.ndarray, valid: np.ndarray | None = None) -> pa.StringArray:
        """The words with these numbers, null where they are not valid."""
        return self.words.take(make_array(tokens, valid))

    def encode(self, tokens: np.ndarray, valid: np.ndarray | None = None) -> pa.DictionaryArray:
        """What `take` gives, as a dictionary of the words in the order in which they first occur."""
        if valid is not None:  # Arrow is slow where there are nulls: until later a word stands there
            tokens = np.where(valid, tokens, tokens[np.argmax(valid)] if valid.any() else 0)
        encoded = make_array(tokens).dictionary_encode()
        indices, words = encoded.indices, self.words.take(encoded.dictionary)
        if valid is not None:
            indices = make_array(view_numbers(indices, np.int32), valid)
        return pa.DictionaryArray.from_arrays(indices, words)


def _measure(words: pa.StringArray) -> np.ndarray:
    """Characters of words, and spaces at their beginning and end."""
    trims = (lambda one: one, pc.utf8_ltrim_whitespace, pc.utf8_rtrim_whitespace)
    every, *trimmed = (view_numbers(pc.utf8_length(trim(words)), np.int32) for trim in trims)
    return np.stack([every, *(every - one for one in trimmed)])


class ProgramTable:
    """Programs, by number. Each is a run of entries, and an entry is five integers, a column of `table()`.

    - column: of words, numbered in `columns`; 0 for literal text
    - role: whose words these are, numbered in `roles`: where they begin is known for each text
    - number: the word's place after where its role begins; of literal text, its token
    - mention: the elements that it mentions, numbered in `mentions`, or -1
    - frame: literal text before and after the word, numbered in `frames`; 0 is none
    """

    def __init__(self, pool: WordPool) -> None:
        self.pool = pool
        self.columns = {LITERAL: 0}
        self.roles = {LITERAL: 0}
        self.frames = {("", ""): 0}
        self.mentions: dict[str, int] = {}
        self._elements = Ragged.from_lists([])
        self._known: dict[tuple[Piece, tuple[str, str]], tuple[int, ...]] = {}
        # Entries that are not yet in `_table`, which has room for more than the `_held` that it has.
        self._entries = array("i")
        self._table = np.zeros((5, 0), dtype=np.int32)
        self._held = 0
        self._lengths = array("q")
        self._ends = array("b")
        # `_framed` has the token + 1 of each code, or 0 where a word is yet to be framed. Codes below `_room` are
        # tokens without a frame; above, each frame has a code for each of the `_words` words that the pool began with.
        self._words, self._room = len(pool), 0
        self._framed = np.zeros(0, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, pieces: Sequence[Piece]) -> int:
        """Keeps a program and returns its number."""
        framed = _frame_slots(pieces)
        for one in framed:
            if one not in self._known:
                self._known[one] = self._number(*one)
            self._entries.extend(self._known[one])
        self._lengths.append(len(framed))
        self._ends.append(_find_end(pieces[-1].text) if pieces else NOTHING)
        return len(self._lengths) - 1

    def extend(self, entries: np.ndarray, lengths: np.ndarray, ends: np.ndarray) -> int:
        """Keeps programs as `table` and `find_ends` give them, and returns the number of the first."""
        self._entries.frombytes(entries.T.astype(np.int32).tobytes())
        self._lengths.extend(lengths.tolist())
        self._ends.extend(ends.tolist())
        return len(self._lengths) - len(lengths)

    def _number(self, piece: Piece, frame: tuple[str, str]) -> tuple[int, ...]:
        element = self.mentions.setdefault(piece.element, len(self.mentions)) if piece.element else -1
        if piece.slot is None:
            return 0, 0, self.pool.add(piece.text), element, 0
        column, role, number = piece.slot
        place = self.columns.setdefault(column, len(self.columns)), self.roles.setdefault(role, len(self.roles))
        return *place, number, element, self.frames.setdefault(frame, len(self.frames))

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """All programs' entries, int32, shape (5, entries), and where each program begins and the last ends."""
        if self._entries:
            new = np.array(self._entries, dtype=np.int32).reshape(-1, 5).T
            first, self._held = self._held, self._held + new.shape[1]
            if self._held > self._table.shape[1]:
                self._table = np.concatenate(
                    [self._table[:, :first], np.zeros((5, self._held), dtype=np.int32)], axis=1
                )
            self._table[:, first : self._held] = new
            del self._entries[:]
        return self._table[:, : self._held], offsets_of(np.array(self._lengths, dtype=np.int64))

    def find_ends(self, programs: np.ndarray) -> np.ndarray:
        """How the texts of programs end: NOTHING, ENDED or OPEN, int8, shape (programs,)."""
        return np.frombuffer(self._ends, dtype=np.int8)[programs]

    def list_elements(self) -> Ragged:
        """Tokens of the elements that each of `mentions` is of."""
        if len(self._elements) < len(self.mentions):
            self._elements = Ragged.from_lists(
                [[self.pool.add(one) for one in name.split()] for name in self.mentions]
            )
        return self._elements

    def frame_words(self, tokens: np.ndarray, frames: np.ndarray | int) -> np.ndarray:
        """Tokens of words in frames, one a token or the same for all; shape (tokens,), int64."""
        if len(self.pool) > self._room or self._room + len(self.frames) * self._words > len(self._framed):
            self._make_room()
        # (frames,): where the codes of each frame begin, one for each word the pool began with. Without a frame a
        # token is its own code.
        begins = self._room + (np.arange(len(self.frames)) - 1) * self._words
        begins[0] = 0
        codes = begins.take(frames) + tokens
        found = self._framed.take(codes)
        if not found.all():
            lacking, names = np.unique(codes[found == 0]), list(self.frames)
            frame_of = (lacking - self._room) // self._words + 1
            for frame in np.unique(frame_of).tolist():
                some = lacking[frame_of == frame]
                words = self.pool.add_framed((some - self._room) % self._words, *names[frame])
                self._framed[some] = words + 1
            found = self._framed.take(codes)
        found -= 1
        return found

    def _make_room(self) -> None:
        """Makes the table of framed words larger: by code, the token + 1, or 0 for words that are yet to be framed."""
        room, before = 2 * len(self.pool), self._framed[self._room :]
        # Zeros take no memory until they are written to.
        self._framed = np.zeros(room + 2 * len(self.frames) * self._words, dtype=np.int32)
        self._framed[:room] = np.arange(room) + 1
        self._framed[room : room + len(before)] = before
        self._room = room


def _find_end(text: str) -> int:
    """How what ends in a literal text ends, which is empty after a word."""
    return ENDED if text.endswith((".", "!", "?")) else OPEN


def _frame_slots(pieces: Sequence[Piece]) -> list[tuple[Piece, tuple[str, str]]]:
    """Attaches literal text to the slot that follows it, or to the last one, as its frame.

    A word that is known, as in a template that is rendered row by row, has no frame: it is literal text itself.
    """
    framed: list[tuple[Piece, tuple[str, str]]] = []
    text = ""
    for piece in pieces:
        if piece.slot:
            framed.append((piece, (text, "")))
            text = ""
        elif piece.element:
            framed += [(Piece(text), ("", "")), (piece, ("", ""))] if text else [(piece, ("", ""))]
            text = ""
        else:
            text += piece.text
    if text and framed and framed[-1][0].slot:
        framed[-1] = (framed[-1][0], (framed[-1][1][0], text))
    elif text:
        framed.append((Piece(text), ("", "")))
    return framed


@dataclass(frozen=True)
class Texts:
    """Texts as tokens: text `i` is `tokens[offsets[i]:offsets[i + 1]]`.

    Attributes:
        tokens: Words of the pool, text after text, shape (tokens,).
        offsets: Where each text begins, and the last one ends, shape (texts + 1,).
        entries: The entry of the program table that each token comes from, shape (tokens,), where texts mention
            elements.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    entries: np.ndarray | None = None

    def write(self, pool: WordPool) -> pa.StringArray:
        """The texts as strings."""
        # The bytes are all there, in order; an offset for each word becomes one for each text.
        words = pool.take(self.tokens)
        starts = np.frombuffer(words.buffers()[1], dtype=np.int32)[: len(words) + 1]
        return pa.StringArray.from_buffers(
            len(self.offsets) - 1, pa.py_buffer(starts[self.offsets]), words.buffers()[2]
        )

    def find_mentions(self, program_table: ProgramTable) -> tuple[Ragged, np.ndarray, np.ndarray]:
        """Tokens of the elements mentioned in each text, with start and end in characters, without spaces around.

        What mentions several elements (`object/0 object/1`) mentions each of them in the same place.
        """
        assert self.entries is not None
        # (tokens,): what each mentions; (tokens + 1,): where each begins, in characters through all texts.
        pool, mentions = program_table.pool, program_table.table()[0][3].take(self.entries)
        sizes, *margins = pool.measures
        lengths = sizes.take(self.tokens)
        bounds = offsets_of(lengths)
        found = np.flatnonzero(mentions >= 0)
        # A word may be empty (a sense, an attribute after the noun): then nothing is mentioned.
        before, after = (margin.take(self.tokens[found]) for margin in margins)
        there = np.flatnonzero(lengths[found] > before + after)
        found, before, after = found[there], before[there], after[there]
        several = program_table.list_elements().take(mentions[found])
        if several.width != 1:
            found, before, after = (np.repeat(one, several.lengths) for one in (found, before, after))
        offsets = np.searchsorted(found, self.offsets)
        shift = np.repeat(bounds[self.offsets[:-1]], np.diff(offsets))
        first, last = bounds[found] + before - shift, bounds[found + 1] - after - shift
        return Ragged(several.values, offsets), first.astype(np.int32), last.astype(np.int32)


@dataclass(frozen=True)
class RepeatedTexts:
    """Texts of which many are alike: text `i` is `distinct` text `which[i]`."""

    distinct: Texts
    which: np.ndarray

    def write(self, pool: WordPool) -> pa.StringArray:
        """The texts as strings."""
        return self.distinct.write(pool).take(make_array(self.which))

    def encode(self, pool: WordPool) -> pa.DictionaryArray:
        """What `write` gives, as a dictionary.

        Two of the distinct texts may read alike, though they hardly ever do. A dictionary that has a text twice,
        Parquet writes with bytes of the memory behind it.
        """
        encoded = self.distinct.write(pool).dictionary_encode()
        return pa.DictionaryArray.from_arrays(encoded.indices.take(make_array(self.which)), encoded.dictionary)


def assemble_texts(
    program_table: ProgramTable,
    find_column: Callable[[str], np.ndarray],
    programs: np.ndarray,
    starts: Mapping[str, np.ndarray],
) -> Texts:
    """Runs programs on a block's words: gathers the tokens of all texts.

    Args:
        program_table: The programs.
        find_column: Tokens of a column of words, by name.
        programs: Program of each text, shape (texts,).
        starts: For each role, where each text's own words begin in the role's columns, shape (texts,).
    """
    (column, role, number, _, frame), offsets = program_table.table()
    # All columns lie side by side, the literals (whose number is their token) first: one look-up serves every entry.
    parts = [
        np.arange(len(program_table.pool)),
        *(find_column(name) for name in program_table.columns if name != LITERAL),
    ]
    tokens = np.concatenate([part.astype(np.int32, copy=False) for part in parts])
    # (entries,): where an entry's word stands in `tokens`, if its role begins at 0. `begins` (texts, roles) is where
    # the role begins, and the sum of the two is the place of the word.
    fixed = offsets_of(np.array([len(part) for part in parts], dtype=np.int64))[column] + number
    begins = np.zeros((len(programs), len(program_table.roles)), dtype=np.int64)
    for name, at in starts.items():
        if name in program_table.roles:
            begins[:, program_table.roles[name]] = at
    lengths = np.diff(offsets)[programs]
    bounds = offsets_of(lengths)
    entries = expand_ranges(offsets[:-1][programs], lengths, bounds)
    # (tokens,): the place in `begins` (flat), then what stands there, then the place in `tokens`.
    at = np.repeat(np.arange(len(programs)) * len(program_table.roles), lengths)
    at += role.take(entries)
    at = begins.reshape(-1).take(at)
    at += fixed.take(entries)
    return Texts(program_table.frame_words(tokens.take(at), frame.take(entries)), bounds, entries)


@dataclass(frozen=True)
class Run:
    """Texts of one program.

    Attributes:
        program: Its number.
        places: Where the texts stand among those of all runs, in any order, shape (texts,).
        starts: For each role, where each text's own words begin in the role's columns, shape (texts,).
    """

    program: int
    places: np.ndarray
    starts: Mapping[str, np.ndarray]


def assemble_runs(
    program_table: ProgramTable, find_column: Callable[[str], np.ndarray], runs: Sequence[Run]
) -> RepeatedTexts:
    """Runs programs that have many texts each, of which many are alike: each distinct text is assembled once.

    Together the runs have a text for every place. The texts' elements are not kept.
    """
    table, offsets = program_table.table()
    columns, roles = list(program_table.columns), list(program_table.roles)
    # Programs that differ in nothing but where their words come from give texts that are alike.
    # Key: (token of the literal or -1, frame) of each entry. Value: the places of a run, and its columns of words.
    groups: dict[tuple[tuple[int, int], ...], list[tuple[np.ndarray, list[np.ndarray]]]] = {}
    for run in runs:
        fixed, words = list[tuple[int, int]](), list[np.ndarray]()
        for column, role, number, _, frame in table[:, offsets[run.program] : offsets[run.program + 1]].T.tolist():
            fixed.append((-1 if column else number, frame))
            if column:
                start = run.starts[roles[role]]
                words.append(find_column(columns[column]).take(start + number if number else start))
        groups.setdefault(tuple(fixed), []).append((run.places, words))
    which = np.empty(sum(len(run.places) for run in runs), dtype=np.int32)
    tokens, lengths, size = [which[:0]], [which[:0]], 0
    for entries, alike in groups.items():
        places = np.concatenate([some for some, _ in alike])
        columns_of_words = [np.concatenate(parts) for parts in zip(*(words for _, words in alike), strict=True)]
        firsts, numbers = number_as_found(len(places), columns_of_words)
        which[places] = numbers + size
        size += len(firsts)
        # (distinct texts, entries): all texts of a group have as many tokens.
        texts, left = np.empty((len(firsts), len(entries)), dtype=np.int32), iter(columns_of_words)
        for place, (token, frame) in enumerate(entries):
            texts[:, place] = token if token >= 0 else program_table.frame_words(next(left).take(firsts), frame)
        tokens.append(texts.reshape(-1))
        lengths.append(np.full(len(firsts), len(entries), dtype=np.int32))
    return RepeatedTexts(Texts(np.concatenate(tokens), offsets_of(np.concatenate(lengths), np.int32)), which)
