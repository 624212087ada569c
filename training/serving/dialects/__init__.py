"""What the clients of trainers send and expect, a file a dialect.

Each file has

    PATH             where its clients post to
    read(body)       the pictures of a request, as `Ask`s; raises `RequestError`
    write(...)       the answer with their scores, or with what is wrong with some
    refuse(error)    the answer where there are none
    describe(url)    how its clients are pointed at a server
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from ..requests import Ask, RequestError
from ..scoring import Outcome


class Dialect(Protocol):
    """A file of this folder."""

    PATH: str

    def read(self, body: bytes) -> list[Ask]: ...

    def write(self, asks: Sequence[Ask], outcomes: Sequence[Outcome]) -> Any: ...

    def refuse(self, error: RequestError) -> Any: ...

    def describe(self, url: str) -> str: ...


@cache
def list_dialects() -> dict[str, Any]:
    """All dialects, by the names of their files."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: import_module(f"{__name__}.{name}") for name in names}
