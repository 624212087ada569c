"""Opens who makes pictures: `backend: name` is the file `name.py` of this folder, with `open_backend` in it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .protocol import Backend

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation
    from .settings import AnyPictures


def open_backend(settings: AnyPictures, recipe: Evaluation) -> Backend:
    """Opens who makes pictures.

    Args:
        settings: Who it is.
        recipe: Of the evaluation.

    Raises:
        GasError: It cannot be loaded, or does not answer.
    """
    opened: Backend = import_module(f".{settings.backend}", __package__).open_backend(settings, recipe)
    return opened
