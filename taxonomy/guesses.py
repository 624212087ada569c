"""Tells of which words of a user's own tables the grammar was guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .places import SHIPPED, find_tables, find_taxonomy, read_table_file
from .read_tsv import parse_table
from .user_tables import list_guesses

MOST_SHOWN = 5
MOST_READ = 20_000
"""Rows of a table that are looked at."""


def describe_guesses(names: Sequence[str], folder: Path | None = None) -> list[str]:
    """Describes, a line a table, how objects are said whose last word no shipped table has.

    Args:
        names: The taxonomy as a recipe names it; its tables are sound.
        folder: Where its folders lie; the working directory when not given.
    """
    lines = []
    for name in names:
        for table, file in find_tables(find_taxonomy(name, folder)) if name not in SHIPPED else ():
            if table == "objects":
                content = read_table_file(file).removeprefix(b"\xef\xbb\xbf")
                rows = parse_table(content, table, str(file))
                said = [
                    f"{noun.article} {name}, two {noun.plural}"
                    if noun.countability == "count"
                    else f"{noun.article} {name}"
                    for name, noun in list_guesses(rows.slice(0, MOST_READ).to_pydict())
                ]
                if said:
                    more = f" and {len(said) - MOST_SHOWN:,} more" if len(said) > MOST_SHOWN else ""
                    more += f", in the first {MOST_READ:,} rows" if rows.num_rows > MOST_READ else ""
                    shown = "; ".join(said[:MOST_SHOWN])
                    lines.append(f"{file}: words that no shipped table has are said by rule: {shown}{more}")
    return lines
