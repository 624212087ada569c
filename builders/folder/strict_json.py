"""JSON that may be a stranger's: what would be lost, or could not be written again or printed, is found."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..recipe.fields import show

DEEPEST = 32
"""Levels of nesting."""


class _Repeated(dict[str, Any]):
    """An object of JSON in which a key stands twice; the others are lost."""

    key = ""


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = _Repeated(found)
    repeated.key = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return repeated


def read_json(content: bytes) -> Any:
    """Reads JSON.

    Raises:
        ValueError: It is none; the message says why, as in "it is not UTF-8".
    """
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_read_object)
    except UnicodeDecodeError:
        what = "is not UTF-8"
    except json.JSONDecodeError as error:
        what = f"is no JSON: {error}"
    except ValueError:  # of Python's limit on digits
        what = "has a number of thousands of digits"
    except RecursionError:
        what = "is nested too deeply"
    raise ValueError(what)


def find_strange(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What no build writes, anywhere in a file: keys and reasons."""
    level: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    for _ in range(DEEPEST):
        inner = []
        for path, one in level:
            if isinstance(one, _Repeated):
                yield (*path, one.key), "stands there twice"
            for key, item in one.items() if isinstance(one, dict) else enumerate(one):
                if isinstance(key, str) and not key.isprintable():
                    yield (*path, key), "is a key with characters that cannot be printed"
                if isinstance(item, str) and not item.isprintable():
                    yield (*path, key), f"{show(item)} has characters that cannot be printed"
                elif isinstance(item, float) and not math.isfinite(item):
                    yield (*path, key), f"must be a finite number, not {show(item)}"
                elif isinstance(item, dict | list):
                    inner.append(((*path, key), item))
        level = inner
    for path, _ in level:
        yield path[:4], f"is nested more than {DEEPEST} levels deep"
