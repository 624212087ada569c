"""`python -m generate_any_scene.taxonomy.build --sources DIR`: rewrites every table from its sources."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..schema import TABLES
from .write import TABLES_FOLDER, write_table


def main() -> None:
    """Rebuilds the tables that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(
        description="Rebuild the taxonomy's tables; build/sources.py lists the downloads."
    )
    parser.add_argument("--sources", type=Path, required=True, help="folder with the downloaded archives")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES, help="which tables to rebuild")
    parser.add_argument("--out", type=Path, default=TABLES_FOLDER, help="folder to write to")
    arguments = parser.parse_args()
    for table in arguments.tables:
        for name, rows in build_table(table, arguments.sources).items():
            write_table(name, rows, arguments.out)
            print(f"{name}: {len(rows)} rows")


def build_table(table: str, sources: Path) -> dict[str, list[dict[str, str]]]:
    """Builds the rows of one table; objects come with their frequencies."""
    if table == "objects":
        from .objects import build_objects

        objects, frequency = build_objects(sources)
        return {"objects": objects, "frequency": frequency}
    if table == "attributes":
        from .attributes import build_attributes

        return {"attributes": build_attributes(sources)}
    if table == "relations":
        from .relations import build_relations

        return {"relations": build_relations(sources)}
    from .scene_attributes import build_scene_attributes

    return {"scene_attributes": build_scene_attributes(sources)}


if __name__ == "__main__":
    main()
