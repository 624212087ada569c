"""Scenes or questions with the columns you choose, JSON lines.

A line has the columns of a row as they are: lists and mappings nested, null where the row has a null. So lists may be
empty here; who needs to know of what an empty one is a list takes the row's own types, as `docs/sharing.md` shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..layout import Layout
from ..tables import Per, lay_out_table

SPLITS = ("train",)


def lay_out(recipe: Path, columns: Sequence[str] | None = None, per: Per = "scene") -> Layout:
    return lay_out_table(recipe, columns, per, lambda table, record: json.dumps(record))
