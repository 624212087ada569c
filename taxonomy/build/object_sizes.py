"""Says how large objects are, by a hand-made file."""

from __future__ import annotations

import tomllib

from ..schema import SIZES
from .object_rows import ObjectRows, split_line
from .sources import DATA


def mark_sizes(objects: ObjectRows) -> None:
    """Fills the column `size`: what the nearest row above says, or the object itself; or else its kinds."""
    data = tomllib.loads((DATA / "object_sizes.toml").read_text(encoding="utf-8"))
    by_kind = {kind: size for size, kinds in data["kinds"].items() for kind in kinds.split()}
    listed = {
        id_: size
        for size, text in data["names"].items()
        for line in text.splitlines()
        for name in split_line(line)
        for id_ in objects.find(name)
    }
    for row in objects.rows:
        above = next((listed[id_] for id_ in objects.list_above(row["id"]) if id_ in listed), "")
        of_kinds = {size for kind in row["kinds"].split("|") for size in by_kind.get(kind, "").split("-") if size}
        sizes = set(above.split("-")) if above else of_kinds
        row["size"] = "|".join(size for size in SIZES if size in sizes)
