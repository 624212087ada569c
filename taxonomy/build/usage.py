"""`python -m generate_any_scene.taxonomy.build.usage`: rewrites how often attributes and relations are said."""

from __future__ import annotations

from ..loader import Taxonomy, load_taxonomy
from ..usage import TABLES, USAGE
from .english import measure_zipf
from .write import TABLES_FOLDER

EVERYWHERE = 6.4
"""From this frequency on a word says little by itself: in, of, to."""


def main() -> None:
    """Writes the file beside the tables."""
    lines = [f"{id_}\t{zipf:.2f}\n" for id_, zipf in sorted(measure_usage(load_taxonomy()).items())]
    (TABLES_FOLDER / USAGE).write_text("id\tzipf\n" + "".join(lines), encoding="utf-8", newline="\n")


def measure_usage(taxonomy: Taxonomy) -> dict[str, float]:
    """The Zipf frequency of every attribute and relation, by id.

    wordfreq combines the words of a phrase as if they were independent, which is too high: one is taken off for every
    further word that says something.
    """
    found = {}
    for table, column in TABLES.items():
        rows = getattr(taxonomy, table).select(["id", column]).to_pylist()
        for row in rows:
            said = sum(measure_zipf(word) < EVERYWHERE for word in row[column].replace("-", " ").split())
            found[row["id"]] = max(measure_zipf(row[column]) - max(said - 1, 0), 0.0)
    return found


if __name__ == "__main__":
    main()
