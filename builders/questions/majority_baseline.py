"""What can be guessed from questions alone: how often each template has its most frequent answer.

Whoever sees no picture can do no better than that. The card prints it, as what a judge has to beat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..text.assembly import WordPool
from .batches import Batch

Tallies = dict[tuple[str, str, str], Counter[str]]
"""How often each answer was right, by kind, form and macro; for choices, their number and the place of the answer."""


def count_answers(
    tallies: Tallies, batches: Iterable[Batch], pool: WordPool, counted: np.ndarray | None = None
) -> None:
    """Adds the answers of some questions, whose tokens belong to `pool`; `counted`, bool, says of which scenes."""
    for batch in batches:
        answers, choices = batch.answers, batch.choices
        if counted is not None:
            rows = np.flatnonzero(counted[batch.scene])
            if not len(rows):
                continue
            answers, choices = answers[rows], choices.take(rows)
        if batch.form == "multiple_choice":
            sizes = choices.lengths
            place = np.flatnonzero(choices.values == np.repeat(answers, sizes)) - choices.offsets[:-1]
            codes, counts = np.unique(sizes * (int(sizes.max()) + 1) + place, return_counts=True)
            words = [f"{code // (sizes.max() + 1)}/{code % (sizes.max() + 1)}" for code in codes.tolist()]
        else:
            tokens, counts = np.unique(answers, return_counts=True)
            words = pool.take(tokens).to_pylist()
        key = (batch.kind, batch.form, batch.macro)
        tallies.setdefault(key, Counter()).update(dict(zip(words, counts.tolist(), strict=True)))


def add_tallies(tallies: Tallies, others: Tallies) -> None:
    """Adds what was counted elsewhere."""
    for key, answers in others.items():
        tallies.setdefault(key, Counter()).update(answers)


def measure_majority_baseline(tallies: Tallies) -> dict[str, dict[str, dict[str, float]]]:
    """How many questions were asked, by kind and form, and the share that the best guess without a picture gets right.

    The best guess is the most frequent answer of the template, or the best place among as many choices.
    """
    totals: dict[tuple[str, str], Counter[str]] = {}
    for (kind, form, _), answers in sorted(tallies.items()):
        total = totals.setdefault((kind, form), Counter())
        total["asked"] += answers.total()
        for group in _group(form, answers):
            total["guessed"] += max(group)
    result: dict[str, dict[str, Any]] = {}
    for (kind, form), total in totals.items():
        guess = round(total["guessed"] / total["asked"], 4)
        result.setdefault(kind, {})[form] = {"questions": total["asked"], "best_guess": guess}
    return result


def _group(form: str, answers: Counter[str]) -> Iterable[list[int]]:
    """Counts of answers that compete for one guess: of a template, or for choices of a number of them."""
    if form != "multiple_choice":
        return [list(answers.values())]
    groups: dict[str, list[int]] = {}
    for word, count in answers.items():
        groups.setdefault(word.split("/")[0], []).append(count)
    return groups.values()
