"""Concepts to look around in, and to take some of: what `generate_any_scene.taxonomy()` gives, and `vocab`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..arrow import make_array
from ..errors import GasError, Problem, RecipeError, advise, gather_problems
from .loader import Taxonomy, load_taxonomy
from .naming import NAMES, mark_under
from .places import DECLARATIONS, DEFAULT, SUPPORTING, find_declarations, find_taxonomy, read_table_file
from .schema import COLUMNS, TABLES
from .search import find_matches
from .vocabularies import find_listed, list_vocabularies, read_vocabulary


@dataclass(frozen=True, eq=False, repr=False)
class Concepts:
    """Some concepts of a taxonomy, or all.

    Attributes:
        whole: The taxonomy.
        layers: What it was loaded from: names and folders.
        kept: Which rows of each of its tables are meant, bool.
    """

    whole: Taxonomy
    layers: tuple[str, ...]
    kept: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        counts = (f"{int(self.kept[table].sum()):,} {table.replace('_', ' ')}" for table in TABLES)
        return f"<taxonomy: {', '.join(counts)}>"

    def table(self, name: str = "objects") -> pa.Table:
        """Gives a table: `objects`, `attributes`, `relations` or `scene_attributes`.

        Returns:
            A row a concept, sorted by `id`.

        Raises:
            GasError: There is no such table.
        """
        if name not in TABLES:
            raise GasError(f"there is no table `{name}` of concepts; {advise(name, TABLES)}")
        rows: pa.Table = getattr(self.whole, name)
        return rows.take(make_array(np.flatnonzero(self.kept[name])))

    def names(self, table: str = "objects") -> list[str]:
        """Lists what the concepts of a table are called, in the order of their ids.

        >>> from generate_any_scene import taxonomy
        >>> taxonomy().under("platypus").names()
        ['platypus']
        """
        column: list[str] = self.table(table)[NAMES[table]].to_pylist()
        return column

    def search(self, word: str) -> dict[str, list[dict[str, Any]]]:
        """Finds the concepts with a word, or the beginning of one, in their names; the same and common ones first.

        >>> from generate_any_scene import taxonomy
        >>> for row in taxonomy().search("tie")["objects"][:2]:
        ...     print(row["id"], "-", row["definition"][:40])
        necktie.n.01 - neckwear consisting of a long narrow pie
        tie.n.04 - a horizontal beam used to prevent two ot

        Returns:
            For each table the rows that match; of objects each with its `definition`.

        Raises:
            GasError: There are none.
        """
        return find_matches(self.whole, word, {table: set(self.table(table)["id"].to_pylist()) for table in TABLES})

    def under(self, *words: str) -> Concepts:
        """Keeps the objects that words mean, and those under them in the tree; other tables stay as they are.

        >>> from generate_any_scene import taxonomy
        >>> "poodle" in taxonomy().under("dog", "cat").names()
        True

        Raises:
            GasError: A word means no object, or several.
        """
        return Concepts(
            self.whole, self.layers, {**self.kept, "objects": self.kept["objects"] & mark_under(self.whole, words)}
        )

    def subset(
        self,
        only: Iterable[str] | None = None,
        *,
        attributes: Iterable[str] | None = None,
        relations: Iterable[str] | None = None,
        scene_attributes: Iterable[str] | None = None,
    ) -> Concepts:
        """Keeps exactly these concepts; a table of which nothing is said stays as it is.

        >>> from generate_any_scene import taxonomy
        >>> taxonomy().subset(only=["cat", "dog"], attributes=["basic_colors"], relations=["next to"])
        <taxonomy: 2 objects, 11 attributes, 1 relations, 2,690 scene attributes>

        Args:
            only: Objects, each by its id, its name, another word for it, or the name of a vocabulary.
            attributes: Attributes, in the same way.
            relations: Relations, in the same way.
            scene_attributes: Scene attributes, in the same way.

        Raises:
            RecipeError: With every name that means nothing, or several objects.
        """
        asked = zip(TABLES, (only, attributes, relations, scene_attributes), strict=True)
        problems: list[Problem] = []
        kept = dict(self.kept)
        for table, names in asked:
            if names is None:
                continue
            mask = np.zeros(len(kept[table]), dtype=bool)
            for name in [names] if isinstance(names, str) else names:
                with gather_problems(problems):
                    mask[find_listed(self.whole, table, name)] = True
            kept[table] = kept[table] & mask
        if problems:
            raise RecipeError(problems)
        return Concepts(self.whole, self.layers, kept)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes the tables into a folder that recipes can name alone: `taxonomy: [./mine]`.

        The objects above those that are kept are written too, as `supporting.tsv`: they hold the tree together, and
        are of the tier `full`. Of all concepts a recipe takes those of its `tier`.

        Args:
            folder: A new or empty folder, or one that was written so before.

        Raises:
            GasError: No object is left, several of the layers declare kinds or columns, or the folder holds other
                files or cannot be written.
        """
        from .exchange.exporting import write_export
        from .exchange.importing import list_frequency, write_rows
        from .exchange.phrases import list_rows

        if not self.kept["objects"].any():
            raise GasError("no object is left to save; scenes need some")
        declaring = [file for layer in self.layers if (file := find_declarations(find_taxonomy(layer)))]
        if len(declaring) > 1:
            raise GasError(
                f"{declaring[0]} and {declaring[1]} cannot be saved as one; save a taxonomy that has one of them"
            )
        own = self.whole.declared.columns
        tables = {table: list_rows(self.table(table), table, own.get(table, ())) for table in TABLES}
        rows = {row["id"] for row in tables["objects"]}
        tables["frequency"] = [row for row in list_frequency(self.whole) if row["id"] in rows]
        above = self.whole.objects.take(make_array(np.flatnonzero(self._mark_above())))
        held = [{**row, "tier": "full"} for row in list_rows(above, "objects", own.get("objects", ()))]
        columns = {table: (*COLUMNS[table], *own.get(table, ())) for table in COLUMNS}
        contents = {f"{table}.tsv": write_rows(columns[table], tables[table]) for table in COLUMNS}
        if held:
            contents[f"{SUPPORTING}.tsv"] = write_rows(columns["objects"], held)
        if declaring:
            contents[DECLARATIONS] = read_table_file(declaring[0]).decode()
        out = Path(folder)
        write_export(out, contents)
        return out

    def _mark_above(self) -> np.ndarray:
        """Marks the objects above those that are kept, which are not kept themselves, bool."""
        parents, above = self.whole.parent_index, np.zeros_like(self.kept["objects"])
        rows = np.flatnonzero(self.kept["objects"])
        while len(rows := np.unique(parents[rows][parents[rows] >= 0])):
            above[rows] = True
        return above & ~self.kept["objects"]


def taxonomy(*names: str) -> Concepts:
    """Gives the concepts that scenes are made of, to look around in.

    >>> from generate_any_scene import taxonomy
    >>> taxonomy("sandbox")
    <taxonomy: 9 objects, 6 attributes, 4 relations, 0 scene attributes>

    Args:
        names: Which taxonomies, later ones laid over earlier ones as in a recipe: `default`, which is meant where
            there is none, `paper`, `sandbox`, an imported name or a folder.

    Raises:
        GasError: There is no such taxonomy, or a table breaks a rule of the format.
    """
    layers = names or (DEFAULT,)
    whole = load_taxonomy(layers)
    return Concepts(whole, layers, {table: np.ones(getattr(whole, table).num_rows, dtype=bool) for table in TABLES})


def vocab(name: str, table: str | None = None) -> list[str]:
    """Lists the words of a shipped vocabulary, as recipes take them: what alone means something else is an id.

    >>> from generate_any_scene import vocab
    >>> vocab("coco80")[:3], vocab("coco80")[64]
    (['person', 'bicycle', 'car'], 'mouse.n.04')

    Args:
        name: The vocabulary: `coco80`, `visual_genome150`, `geneval2`, `basic_colors`, `plain_materials`.
        table: Of which table; without it of objects, or of the only table that there are words of.

    Returns:
        The words in the order of the vocabulary, but for those of which the taxonomy has nothing.

    Raises:
        GasError: There is no such vocabulary, or it has no words of the table.
    """
    if name not in list_vocabularies():
        raise GasError(f"there is no vocabulary `{name}`; {advise(name, list_vocabularies())}")
    words = read_vocabulary(name)
    chosen = table or ("objects" if "objects" in words else next(iter(words)))
    if chosen not in words:
        raise GasError(f"the vocabulary `{name}` has no {chosen.replace('_', ' ')}; {advise(chosen, words)}")
    whole = load_taxonomy()
    rows: pa.Table = getattr(whole, chosen)
    listed: dict[str, None] = {}
    for word, ids in words[chosen].items():
        try:
            means = {rows["id"][int(row)].as_py() for row in find_listed(whole, chosen, word)}
        except GasError:  # it means several
            means = set()
        listed |= dict.fromkeys([word] if ids and means == set(ids) else ids)
    return list(listed)
