"""Writes tables in the one format they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..schema import COLUMNS

TABLES_FOLDER = Path(__file__).parents[1] / "tables"


def write_table(table: str, rows: Iterable[Mapping[str, str]], folder: Path = TABLES_FOLDER) -> None:
    """Writes one table, sorted by id, and refuses what the format cannot hold."""
    columns = COLUMNS[table]
    lines = ["\t".join(columns)]
    seen = set()
    for row in sorted(rows, key=lambda row: row["id"]):
        if row["id"] in seen:
            raise ValueError(f"{table}: id {row['id']} is there twice")
        seen.add(row["id"])
        fields = [row[column] for column in columns]
        if any("\t" in field or "\n" in field for field in fields):
            raise ValueError(f"{table}: {row['id']} holds a tab or a line end")
        lines.append("\t".join(fields))
    (folder / f"{table}.tsv").write_bytes(("\n".join(lines) + "\n").encode())
