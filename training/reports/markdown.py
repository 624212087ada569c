"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def draw_table(head: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[str]:
    """The lines of a table."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]
