"""How unlikely the words of captions are to a causal language model; lower is more usual."""

from __future__ import annotations

from typing import Any

from ..evaluation.captions import Perplexity
from ..steady_scores import SteadyScore, check_score_options

GPT2 = "openai-community/gpt2"
"""The model of recipes that name none."""


def check_score(model: str = GPT2, **options: Any) -> None:
    """Refuses what cannot be opened here; loads no weights.

    Raises:
        GasError: A package is missing, there is no such model, or an option is of other scores.
    """
    check_score_options("perplexity", {"model": model, **options})


def open_score(model: str = GPT2, **options: Any) -> SteadyScore:
    """Loads the model.

    Raises:
        GasError: It cannot be loaded.
    """
    return SteadyScore(Perplexity(model=model, **options))
