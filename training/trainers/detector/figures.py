"""How well heads tell made pictures from real ones: F1, AUROC and the share found, with 95 % intervals.

What is resampled are scenes, the same for all heads and generators, and with them the heads of several seeds; so
differences of mixtures are paired. Percentiles of the bootstrap; of five seeds its intervals are somewhat narrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...metrics.intervals import DRAWS

METRICS = ("f1", "auroc", "found")
"""F1 at the head's threshold; the area under the ROC curve; the share of made pictures found at few false alarms."""
BLOCK = 1 << 22
"""Numbers that are held at once, about."""


def resample_scenes(count: int, seed: int) -> np.ndarray:
    """How often each scene is drawn, int32, shape (1 + DRAWS, count); in row 0 each once."""
    random = np.random.default_rng(seed)
    drawn = [np.bincount(random.integers(count, size=count), minlength=count) for _ in range(DRAWS)]
    return np.array([np.ones(count, dtype=np.int64), *drawn], dtype=np.int32)


def measure(
    scores: np.ndarray, made: np.ndarray, weights: np.ndarray, threshold: float, false_positive_rate: float
) -> np.ndarray:
    """The metrics of one head on one test, however often pictures count: shape (3, rows of weights).

    Args:
        scores: Logits, shape (pictures,).
        made: Which pictures generators made, bool.
        weights: How often each picture counts, shape (rows, pictures); where no real or no made one does, all is nan.
        threshold: Scores from here on are called made.
        false_positive_rate: The most real pictures that are called made where the share found is told.
    """
    step = max(1, BLOCK // len(scores))
    parts = [weights[start : start + step] for start in range(0, len(weights), step)]
    found = [_measure(scores, made, part, threshold, false_positive_rate) for part in parts]
    return np.concatenate(found, axis=1)


def _measure(
    scores: np.ndarray, made: np.ndarray, weights: np.ndarray, threshold: float, false_positive_rate: float
) -> np.ndarray:
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)  # equal scores cannot be told apart
    counts = weights[:, order].astype(np.float64)
    hits, alarms = ((counts * chosen[order]).cumsum(axis=1)[:, ends] for chosen in (made, ~made))
    all_made, all_real = hits[:, -1:], alarms[:, -1:]
    steps, real = np.diff(hits, prepend=0), np.diff(alarms, prepend=0)
    called = int((ordered[ends] >= threshold).sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (steps * (all_real - alarms + real / 2)).sum(axis=1) / (all_real * all_made)[:, 0]
        right = hits[:, called - 1] if called else np.zeros(len(hits))
        wrong = alarms[:, called - 1] if called else np.zeros(len(hits))
        f1 = 2 * right / (right + wrong + all_made[:, 0])
        allowed = (alarms <= false_positive_rate * all_real + 1e-9).sum(axis=1)
        few = np.where(allowed > 0, hits[np.arange(len(hits)), allowed - 1], 0) / all_made[:, 0]
    return np.where(np.isnan(area), np.nan, np.array([f1, area, few]))


def draw_seeds(count: int, seed: int) -> np.ndarray:
    """Which heads of several seeds count in each draw, int64, shape (1 + DRAWS, count); in row 0 all."""
    random = np.random.default_rng([seed, 1])
    return np.concatenate([np.arange(count)[None], random.integers(count, size=(DRAWS, count))])


def average_seeds(values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """The mean over the heads that count: (heads, 3, draws) -> (3, draws)."""
    return values[seeds.T, :, np.arange(values.shape[2])].mean(axis=0).T


def describe(values: np.ndarray) -> dict[str, dict[str, float]]:
    """Numbers and their intervals, as JSON can hold them, of shape (3, draws)."""
    described = {}
    for name, drawn in zip(METRICS, values, strict=True):
        low, high = np.nanquantile(drawn[1:], [0.025, 0.975]) if not np.isnan(drawn[1:]).all() else (0.0, 1.0)
        described[name] = {"value": float(drawn[0]), "low": float(low), "high": float(high)}
    return described


def write_table(rows: Sequence[Mapping[str, Any]], differences: Sequence[Mapping[str, Any]], rate: float) -> str:
    """Markdown for people: a line a mixture, scale and generator, then how much mixtures differ from the first."""
    head = f"| mixture | pictures | tested on | trained on it | F1 | AUROC | found at {rate:.0%} false alarms |"
    lines = [head, "| --- | ---: | --- | --- | --- | --- | --- |"]
    lines += [f"{_begin(row)} {'yes' if row['seen'] else 'no'} | {_join(row, '.3f')} |" for row in rows]
    if differences:
        head = f"| mixture | pictures | tested on | more than | F1 | AUROC | found at {rate:.0%} false alarms |"
        lines += ["", head, "| --- | ---: | --- | --- | --- | --- | --- |"]
        lines += [f"{_begin(row)} {row['against']} | {_join(row, '+.3f')} |" for row in differences]
    return "\n".join(lines) + "\n"


def _begin(row: Mapping[str, Any]) -> str:
    return f"| {row['mixture']} | {row['scale']:,} | {row['tested_on']} |"


def _join(row: Mapping[str, Any], form: str) -> str:
    numbers = [row[name] for name in METRICS]
    return " | ".join(f"{one['value']:{form}} ({one['low']:{form}} to {one['high']:{form}})" for one in numbers)
