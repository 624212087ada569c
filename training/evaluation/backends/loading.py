"""Opens who makes pictures: `backend: name` is the file `name.py` of this folder, with `open_backend` in it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ....errors import Problem
from .protocol import Backend

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation
    from .settings import AnyPictures


def check_backend(settings: AnyPictures) -> list[Problem]:
    """Finds what making pictures would stumble over, without any weight and without asking the Hub.

    Raises:
        GasError: A package is missing.
    """
    if settings.backend != "diffusers":
        return []
    from .pipeline_check import check_pipeline

    return check_pipeline(settings)


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
