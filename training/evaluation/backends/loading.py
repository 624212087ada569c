"""Opens who makes pictures: `backend: name` is the file `name.py` of this folder, with `open_backend` in it.

It may have `check_settings`, too, which finds what is wrong with settings before anything is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ....errors import Problem
from .protocol import Backend

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation
    from ...recipes.pictures import AnyPictures


def check_backend(settings: AnyPictures) -> list[Problem]:
    """Finds what is wrong with settings; no weights are loaded, and neither a server nor the Hub is asked.

    Raises:
        GasError: A package is missing.
    """
    check = getattr(_find(settings), "check_settings", None)
    return check(settings) if check else []


def open_backend(settings: AnyPictures, recipe: Evaluation) -> Backend:
    """Opens who makes pictures, in this process.

    Args:
        settings: Who it is.
        recipe: Of the evaluation.

    Raises:
        GasError: It cannot be loaded, or does not answer.
    """
    opened: Backend = _find(settings).open_backend(settings, recipe)
    return opened


def _find(settings: AnyPictures) -> Any:
    return import_module(f".{settings.backend}", __package__)
