"""Generate Any Scene: datasets of scene graphs, captions and questions, declared in YAML.

Importing this package registers the dataset `"gas"`: `datasets.load_dataset("gas", "multi_object")` then makes its
rows from the recipe, in any folder and without files. Nothing heavy is imported for that; `datasets` itself only when
it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wrapt

from .version import __version__ as __version__

__all__ = ["GasError", "explode_questions"]

if TYPE_CHECKING:
    from .builders.explode import explode_questions
    from .errors import GasError


@wrapt.when_imported("datasets.load")
def _register(module: Any) -> None:
    from .builders.registration import register

    register(module)


def __getattr__(name: str) -> Any:
    if name == "explode_questions":
        from .builders.explode import explode_questions

        return explode_questions
    if name == "GasError":
        from .errors import GasError

        return GasError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
