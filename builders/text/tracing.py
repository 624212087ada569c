"""Tracing: renders a template once for each case that it can tell apart, or, if it looks at words, once for every row.

A case is a key: a structure and numbers of scene attributes for captions, nothing at all for questions. What was
rendered for it, with placeholders for words, is the program of all rows of the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..foundation.ragged import number_rows
from .assembly import ProgramTable, RepeatedTexts, Run, Texts, assemble_runs, assemble_texts
from .lexicon import Lexicon
from .marks import Known, Leaf, Piece, Slot, WordInspected, make_word
from .surface_forms import BlockWords

Render = Callable[[Leaf, tuple[int, ...]], list[Piece]]


@dataclass
class Tracer:
    """The programs that templates have yielded so far.

    Attributes:
        lexicon: The words of the taxonomy.
        row_by_row: Names of the parts of templates that look at words.
        programs: Programs of `program_table` by what was rendered, and for which key.
    """

    lexicon: Lexicon
    row_by_row: set[str] = field(default_factory=set)
    programs: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)
    _by_bytes: dict[str, dict[bytes, int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.program_table = ProgramTable(self.lexicon.create_pool())

    def begin_block(self) -> None:
        """Forgets what rows of an earlier block left behind; programs that hold for every row stay."""
        if self.row_by_row:
            self.program_table = ProgramTable(self.lexicon.create_pool())
            self.programs.clear()
            self._by_bytes.clear()

    def find_programs(
        self, name: str, keys: np.ndarray, render: Render, words: BlockWords, starts: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Finds the program of each text.

        Args:
            name: What is rendered, for instance a block or macro of a template.
            keys: What may differ between texts besides their words, integers, shape (texts, any).
            render: Renders one text, given a maker of words and a row of `keys`.
            words: The block's words.
            starts: For each role, where each text's words begin in the role's columns, shape (texts,).

        Returns: Numbers of programs in `program_table`, int64, shape (texts,).
        """
        if name not in self.row_by_row:
            try:
                if not keys.shape[1]:
                    return np.broadcast_to(self._trace(name, (), render), len(keys))
                # One row of `keys` for each distinct one, and which of them each text has.
                examples, which = number_rows(*keys.T)
                return self._find_each(name, np.ascontiguousarray(keys[examples]), render)[which]
            except WordInspected:
                # Placeholders cannot tell; programs that some keys yielded before stay, and are not used again.
                self.row_by_row.add(name)
        return np.array(
            [
                self.program_table.add(render(_read_row(words, starts, row), tuple(key)))
                for row, key in enumerate(keys.tolist())
            ],
            dtype=np.int64,
        )

    def assemble_texts(self, programs: np.ndarray, words: BlockWords, starts: Mapping[str, np.ndarray]) -> Texts:
        """Puts the block's words into the programs."""
        return assemble_texts(self.program_table, words.find_column, programs, starts)

    def assemble_runs(self, runs: Sequence[Run], words: BlockWords) -> RepeatedTexts:
        """The same, one program after the other."""
        return assemble_runs(self.program_table, words.find_column, runs)

    def _find_each(self, name: str, keys: np.ndarray, render: Render) -> np.ndarray:
        """The program of each of some distinct keys. Their bytes are looked up, which is quicker than tuples."""
        known = self._by_bytes.setdefault(name, {})
        step, joined = keys.itemsize * keys.shape[1], keys.tobytes()
        codes = [joined[place : place + step] for place in range(0, len(joined), step)]
        found = list(map(known.get, codes))
        for place in [place for place, program in enumerate(found) if program is None]:
            found[place] = known[codes[place]] = self._trace(name, tuple(keys[place].tolist()), render)
        return np.array(found, dtype=np.int64)

    def _trace(self, name: str, key: tuple[int, ...], render: Render) -> int:
        if (name, key) not in self.programs:
            self.programs[name, key] = self.program_table.add(render(Slot, key))
        return self.programs[name, key]


def _read_row(words: BlockWords, starts: Mapping[str, np.ndarray], row: int) -> Leaf:
    """Makes the words of one row: the reference that placeholders are held to."""

    def leaf(column: str, role: str, number: int, element: str) -> Known:
        token = int(words.find_column(column)[starts[role][row] + number])
        return make_word(words.lexicon.words[token].as_py(), element)

    return leaf
