"""How plausible what captions say is, from 0 to 1, to Vera or to another classifier of sentences."""

from __future__ import annotations

from typing import Any

from ..evaluation.captions import Vera
from ..steady_scores import SteadyScore, check_score_options


def check_score(**options: Any) -> None:
    """Refuses what cannot be opened here; loads no weights.

    Raises:
        GasError: A package is missing, there is no such model, or an option is of other scores.
    """
    check_score_options("vera", options)


def open_score(**options: Any) -> SteadyScore:
    """Loads the model.

    Raises:
        GasError: It cannot be loaded.
    """
    return SteadyScore(Vera(**options))
