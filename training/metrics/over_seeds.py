"""Intervals over trainings: another seed gives another model, which no resampling of scenes tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .group_intervals import Cells, approximate_groups


def estimate_over_seeds(values: Sequence[float]) -> dict[str, float]:
    """The mean of some trainings' numbers, with Student's interval."""
    places = np.arange(len(values))
    cells = Cells(1, places, np.zeros(len(values), dtype=int), np.array(values), np.ones(len(values)))
    found = approximate_groups(cells, is_share=False)
    return {"value": float(found.value[0]), "low": float(found.low[0]), "high": float(found.high[0])}
