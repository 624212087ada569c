"""Tells of which words of a user's own tables the grammar was guessed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from .loader import Taxonomy
from .places import DECLARATIONS, SHIPPED, find_tables, find_taxonomy, read_table_file
from .read_tsv import parse_table
from .user_tables import list_guesses

MOST_SHOWN = 5
MOST_READ = 20_000
"""Rows of a table that are looked at."""


def describe_shared_words(taxonomy: Taxonomy) -> list[str]:
    """Describes, a line a declared kind of attributes, which of its words other kinds have, too.

    None of them is certainly false of anything: what is not gold in color may be of gold.
    """
    lines, kinds_of = [], defaultdict[str, list[str]](list)
    for kind, word in zip(*(taxonomy.attributes[column].to_pylist() for column in ("kind", "adjective")), strict=True):
        kinds_of[word].append(kind)
    for kind in taxonomy.declared.kinds.get("attributes", {}):
        shared = {word: [one for one in kinds if one != kind] for word, kinds in kinds_of.items() if kind in kinds}
        shared = {word: kinds for word, kinds in shared.items() if kinds}
        if shared:
            others = sorted(set[str]().union(*shared.values()))
            shown = ", ".join(f"{word} ({', '.join(kinds)})" for word, kinds in [*shared.items()][:MOST_SHOWN])
            lines.append(
                f"taxonomy: other kinds have words of the kind `{kind}`, too, so questions never say them falsely: "
                f"{shown}; to have them in `{kind}` alone, write `takes_from = {json.dumps(others)}` under "
                f"[attributes.{kind}] in {DECLARATIONS}"
            )
    return lines


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
