"""Which rows the filters of a recipe keep (`filters:`).

Rows are numbered as if there were no filters: these are the candidates, and a filter changes none of them. They are
judged in runs of fixed length, and a run depends on nothing but the recipe and its number. A split has the first
candidates that are kept.

Numbers of a row are read off its caption and structure. Scores of models are what `training/filters` has, by name, and
are loaded when they are needed; a caption that a filter before has dropped is not scored, unless a quantile is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import GasError
from ..content.draw import draw_block
from ..content.scenes import BLOCK
from ..recipe.filters import SCORES, STRUCTURE_NUMBERS, Filter
from ..recipe.model import Recipe
from .writer import RowWriter

SCORED = 512
"""Candidates in a run where a model scores each by itself: the work that a build that is killed may lose."""
LEAST_SHARE, TRIED = 1000, BLOCK
"""Where fewer than one in so many candidates are kept, of so many or more, a split is given up."""


class Score(Protocol):
    """What scores captions: see `training/filters`."""

    @property
    def id(self) -> str: ...

    def score(self, captions: Sequence[str]) -> list[float | None]:
        """One number a caption; None where there is none."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What filters say of a run of candidates.

    Attributes:
        first: The number of the first of them.
        reasons: 0 for each that is kept; else the number of the filter that drops it, from 1, uint8.
        scores: By filter, the id of the score that was asked.
    """

    first: int
    reasons: np.ndarray
    scores: dict[str, str]


@dataclass
class RowFilter:
    """The filters of a recipe, which has some. Keeps the models that it loads, so use one for many runs.

    Attributes:
        writer: Makes the candidates.
        names: The filters in the order in which they are asked: numbers of the row first, since they cost nothing.
    """

    writer: RowWriter
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = order_filters(self.writer.plan.recipe)

    @cached_property
    def scores(self) -> dict[str, Score]:
        """The models that score captions, loaded."""
        return {name: _find_score(name).open_score(**self._filters[name].options()) for name in self._scored}

    @property
    def _filters(self) -> dict[str, Filter]:
        return self.writer.plan.recipe.filters or {}

    @property
    def _scored(self) -> list[str]:
        return [name for name in self.names if name in SCORES]

    def judge(self, split: str, first: int, last: int) -> Verdict:
        """Judges candidates of a split, from `first` to before `last`, which are a run of `list_runs`.

        Raises:
            GasError: A model cannot be loaded, or cannot read a caption.
        """
        numbers = _Candidates(self.writer, split, first, last)
        reasons = self._judge(numbers, self.names)
        return Verdict(first, reasons, {name: self.scores[name].id for name in self._scored})

    def judge_numbers(self, split: str, first: int, last: int) -> np.ndarray:
        """Judges by numbers of rows alone, which needs no model: whether each may be kept, bool."""
        names = [name for name in self.names if name not in SCORES]
        return self._judge(_Candidates(self.writer, split, first, last), names) == 0

    def _judge(self, candidates: _Candidates, names: Iterable[str]) -> np.ndarray:
        reasons = np.zeros(len(candidates.captions), dtype=np.uint8)
        for place, name in enumerate(names, 1):
            left = reasons == 0
            one = self._filters[name]
            asked = np.ones_like(left) if one.quantile else left
            values = np.full(len(left), np.nan)
            values[asked] = self._measure(candidates, name, asked)
            reasons[left & ~_fit(one, values)] = place
        return reasons

    def _measure(self, candidates: _Candidates, name: str, asked: np.ndarray) -> np.ndarray:
        if name not in SCORES:
            return candidates.measure(name)[asked]
        captions = candidates.captions.filter(pa.array(asked)).to_pylist()
        return np.array(self.scores[name].score(captions), dtype=np.float64)  # None becomes NaN


class _Candidates:
    """Captions and structures of a run."""

    def __init__(self, writer: RowWriter, split: str, first: int, last: int) -> None:
        block, start = divmod(first, BLOCK)
        self.table = writer.plan.structures.table
        self.structures, self.captions = writer.write_captions(split, block, start, start + last - first)

    def measure(self, name: str) -> np.ndarray:
        """One of `ROW_NUMBERS`, one a candidate."""
        if name == "caption_length":
            return np.asarray(pc.utf8_length(self.captions))
        if name == "caption_words":
            return np.asarray(pc.list_value_length(pc.utf8_split_whitespace(self.captions)))
        part, table = name.removeprefix("structure."), self.table
        if part == "average_degree":
            return (2 * table.relations / table.objects)[self.structures]
        assert part in STRUCTURE_NUMBERS
        counts: np.ndarray = getattr(table, part)
        return counts[self.structures]


def _fit(one: Filter, values: np.ndarray) -> np.ndarray:
    """Whether numbers are within the bounds of a filter; what has none is not."""
    there = ~np.isnan(values)
    low = -np.inf if one.min is None else one.min
    high = np.inf if one.max is None else one.max
    if one.quantile and there.any():
        # Of the numbers that there are, so that no version of NumPy rounds another one.
        low = max(low, np.quantile(values[there], one.quantile.low, method="lower"))
        high = min(high, np.quantile(values[there], one.quantile.high, method="higher"))
    fits: np.ndarray = there & (values >= low) & (values <= high)
    return fits


def order_filters(recipe: Recipe) -> tuple[str, ...]:
    """The names of a recipe's filters in the order in which they are asked."""
    return tuple(sorted(recipe.filters or (), key=lambda name: (name in SCORES, name)))


def refuse_filters(recipe: Recipe, instead: str) -> None:
    """Refuses a recipe with filters where rows are made without a build.

    Args:
        recipe: Any recipe.
        instead: What to do with the folder that a build writes.

    Raises:
        GasError: It has filters.
    """
    if recipe.filters:
        what = f"{recipe.name} has `filters`, which only a build asks"
        raise GasError(f"{what}; run `gas build` on it and {instead}, or leave `filters` out")


def write_kept(asked: RowFilter, split: str, size: int) -> Iterator[pa.Table]:
    """The first rows of a split that are kept, at least one, a table a run.

    Raises:
        GasError: Next to nothing is kept, or a model cannot be used.
    """
    writer = asked.writer
    kept = Kept(f"{writer.plan.recipe.name}/{split}", asked.names, size)
    for first, last in list_runs(writer.plan.recipe):
        rows = kept.add(asked.judge(split, first, last))
        block, start = divmod(first, BLOCK)
        yield writer.write(draw_block(writer.plan, split, block, start, start + len(rows)), split, kept=rows)
        if kept.is_full:
            return


def check_row_filters(recipe: Recipe) -> None:
    """Refuses filters that cannot be asked here, before anything is made.

    Raises:
        GasError: A package is missing, or there is no such model.
    """
    for name in order_filters(recipe):
        if name in SCORES:
            _find_score(name).check_score(**(recipe.filters or {})[name].options())


def _find_score(name: str) -> Any:
    """The file of a score: the engine imports nothing that trains before a recipe asks for it."""
    return import_module(f"{__name__.partition('.builders.')[0]}.training.filters.{name}")


def list_runs(recipe: Recipe) -> Iterator[tuple[int, int]]:
    """The runs in which candidates are judged, first and end of each, without an end: blocks, or parts of them."""
    filters = recipe.filters or {}
    alone = any(name in SCORES for name in filters) and not any(one.quantile for one in filters.values())
    step, first = SCORED if alone else BLOCK, 0
    while True:
        yield first, first + step
        first += step


@dataclass
class Kept:
    """Which candidates of a split are kept, and why others are not; verdicts are added in order.

    Attributes:
        name: `<config>/<split>`.
        names: The filters, as verdicts number them.
        size: Rows that the split is to have.
        rows: How many it has.
        candidates: How many were looked at up to the last row.
        dropped: By filter, how many it dropped of these.
        scores: By filter, the id of the score.
    """

    name: str
    names: tuple[str, ...]
    size: int
    rows: int = 0
    candidates: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    scores: dict[str, str] = field(default_factory=dict)
    packed: list[bytes] = field(default_factory=list)

    def add(self, verdict: Verdict) -> np.ndarray:
        """Adds a run, cut where the split is full; gives which of its candidates are kept, bool.

        Raises:
            GasError: Next to nothing is kept, or the score is another one than that of runs before.
        """
        kept = verdict.reasons == 0
        places = np.flatnonzero(kept)
        if len(places) >= self.size - self.rows:
            kept = kept[: places[self.size - self.rows - 1] + 1]
        reasons = verdict.reasons[: len(kept)]
        self.rows += int(kept.sum())
        self.candidates += len(kept)
        self.packed.append(np.packbits(kept).tobytes())
        counts = np.bincount(reasons, minlength=len(self.names) + 1)[1:]
        self.dropped.update(dict(zip(self.names, counts.tolist(), strict=True)))
        self._check_scores(verdict.scores)
        if not self.is_full and self.candidates >= TRIED and self.rows * LEAST_SHARE < self.candidates:
            why = ", ".join(f"`{name}` dropped {self.dropped[name]:,}" for name in self.names)
            what = f"of the first {self.candidates:,} candidates of {self.name} the filters keep {self.rows:,}"
            raise GasError(f"{what}: {why}; widen `filters`, or ask `structure` and `content` for what they keep")
        return kept

    @property
    def is_full(self) -> bool:
        """Whether the split has all its rows."""
        return self.rows == self.size

    def pack(self) -> bytes:
        """Which candidates are kept, as NumPy packs bits."""
        return b"".join(self.packed)

    def _check_scores(self, scores: dict[str, str]) -> None:
        self.scores = self.scores or scores
        if changed := [name for name, one in scores.items() if self.scores[name] != one]:
            name = changed[0]
            what = f"the filter `{name}` of {self.name} began with {self.scores[name]}, and is {scores[name]} now"
            raise GasError(f"{what}; give its `revision`, and build into a new folder")
