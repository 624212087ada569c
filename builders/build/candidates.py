"""Which candidates become rows, where recipes have filters: judged in runs, each of which is done once and recorded.

It is done before files are cut, since only then is known how many candidates a split takes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import starmap
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from ... import __version__
from ..folder.build_folder import Folder
from ..folder.files import VERDICT, write_text
from ..recipe.model import Recipe
from ..rows.filtering import Kept, RowFilter, Verdict, list_runs, order_filters
from .shards import Report

KEPT = ord("0")
"""In a record each candidate has a letter: this one, and those after it for filters that drop it."""


@dataclass(frozen=True)
class Run:
    """Candidates of a split that are judged at once, from `first` to before `last`."""

    config: str
    split: str
    first: int
    last: int

    @property
    def path(self) -> str:
        """Of its record, in the work folder."""
        return f"{self.config}/{self.split}-{self.first:012d}{VERDICT}"


class Record(BaseModel):
    """A text in the work folder that says what filters made of a run."""

    model_config = ConfigDict(strict=True)

    fingerprint: str
    engine: str
    first: int
    reasons: str
    scores: dict[str, str]


JudgeAhead = Callable[[Iterable[Run]], Iterator[Verdict]]
"""Judges runs, in their order; some that come after the last one that is taken may be judged, too."""


def choose_candidates(recipe: Recipe, judge: JudgeAhead, report: Report) -> dict[str, Kept]:
    """Judges candidates of each split until it is full.

    Raises:
        GasError: Next to nothing is kept, or a model cannot be used. What was judged is recorded.
    """
    kept = dict[str, Kept]()
    for split, wanted in recipe.splits.items():
        one = kept[split] = Kept(f"{recipe.name}/{split}", order_filters(recipe), wanted.size)
        for verdict in judge(starmap(partial(Run, recipe.name, split), list_runs(recipe))):
            report(int(one.add(verdict).sum()))
            if one.is_full:
                break
    return kept


def judge_run(open_filter: Callable[[], RowFilter], run: Run, fingerprint: str, folder: Folder) -> Verdict:
    """Finds what a build before this one said of a run, or judges it and records that."""
    found = find_verdict(run, fingerprint, folder)
    if not found:
        found = open_filter().judge(run.split, run.first, run.last)
        write_verdict(run, fingerprint, found, folder)
    return found


def judge_ahead(
    runs: Iterable[Run],
    most: int,
    find: Callable[[Run], Verdict | None],
    start: Callable[[Run], Any],
    finish: Callable[[Run, Any], Verdict],
) -> Iterator[Verdict]:
    """Judges runs elsewhere, so many at once, and yields what is said of them in their order.

    Args:
        runs: In their order.
        most: How many are judged at once.
        find: Looks for what was said of a run before.
        start: Has a run judged, and gives what `finish` waits for.
        finish: Waits for what is said of a run.
    """
    ahead = deque[tuple[Run, Verdict | None, Any]]()
    for run in runs:
        found = find(run)
        ahead.append((run, found, None if found else start(run)))
        if len(ahead) == most:
            first, found, begun = ahead.popleft()
            yield found or finish(first, begun)


def find_verdict(run: Run, fingerprint: str, folder: Folder) -> Verdict | None:
    """What the record of a run says; None if there is none, or of other rows, or no whole one."""
    try:
        record = Record.model_validate_json((folder.work / run.path).read_bytes())
        reasons = np.frombuffer(record.reasons.encode("ascii"), np.uint8) - np.uint8(KEPT)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    origin = (record.fingerprint, record.engine, record.first, len(reasons))
    if origin != (fingerprint, __version__, run.first, run.last - run.first):
        return None
    return Verdict(run.first, reasons, record.scores)


def write_verdict(run: Run, fingerprint: str, verdict: Verdict, folder: Folder) -> None:
    """Records what filters made of a run."""
    reasons = (verdict.reasons + np.uint8(KEPT)).tobytes().decode("ascii")
    record = Record(
        fingerprint=fingerprint, engine=__version__, first=run.first, reasons=reasons, scores=verdict.scores
    )
    write_text(folder.work / run.path, record.model_dump_json())
