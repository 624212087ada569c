"""Imports a folder under a name: tables of ours, or a public GAS metadata folder. It ends as tables of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ...errors import GasError
from ..declarations import NOTHING, Declarations, load_declarations
from ..loader import Taxonomy, load_all_shipped, load_taxonomy
from ..places import (
    DECLARATIONS,
    DEFAULT,
    SUPPORTING,
    check_new_name,
    find_declarations,
    find_imports,
    find_tables,
    read_table_file,
    write_folder,
)
from ..read_tsv import read_table
from ..schema import COLUMNS
from .metadata import is_metadata, read_metadata
from .metadata_layout import FILES
from .objects import ObjectFinder, Row, import_objects, open_finder
from .phrases import (
    Imported,
    import_attributes,
    import_relations,
    import_scene_attributes,
    list_rows,
    write_number,
)

UNUSABLE = ("table", "category", "text", "reason")
"""The columns of `unusable.tsv`."""


@dataclass
class Report:
    """What an import did.

    Attributes:
        name: What recipes call it.
        folder: Where it lies.
        replaced: Whether there was one of this name.
        tables: For each table the numbers of what was resolved, is the user's own, was repaired, unusable, repeated.
        supporting: How many objects were added only to hold the tree together.
        complete: Whether recipes can use it alone, without the shipped concepts below.
        unusable: What was left out, and why.
    """

    name: str
    folder: str
    replaced: bool = False
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    supporting: int = 0
    complete: bool = False
    unusable: list[dict[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Gives the report as plain values."""
        return asdict(self)


def import_taxonomy(folder: Path, name: str) -> Report:
    """Imports a folder, in place of an earlier import of the same name.

    Args:
        folder: A folder with `objects.tsv` and so on, or with `objects.json` and so on.
        name: What recipes will call it.

    Raises:
        GasError: The name is not free, the folder holds neither sort of files or both, or a file is wrong.
    """
    check_new_name(name)
    if not folder.is_dir():
        raise GasError(f"{folder} is not a folder; give one that holds objects.tsv or objects.json")
    tables, metadata = dict(find_tables(folder)), is_metadata(folder)
    if bool(tables) == metadata:
        wanted = f"{', '.join(f'{table}.tsv' for table in COLUMNS)} or {', '.join(f'{file}.json' for file in FILES)}"
        held = "both sorts of files" if tables else "neither sort of files"
        raise GasError(f"{folder} holds {held}: give a folder with some of {wanted}")
    shipped = load_all_shipped()
    finder = open_finder(shipped)
    declared = NOTHING if metadata else load_declarations(folder)
    done = _import_metadata(folder, name, shipped, finder) if metadata else _import_tables(folder, shipped, declared)
    place = find_imports() / name
    report = Report(name, str(place), place.exists())
    contents = {}
    for table in done:
        one = done[table]
        if one.rows or table == "frequency":
            columns = (*COLUMNS[table], *declared.columns.get(table, ()))
            contents[f"{table}.tsv"] = write_rows(columns, one.rows.values())
        report.tables[table] = {
            "resolved": one.resolved,
            "own": one.own,
            "repaired": one.repaired,
            "unusable": len(one.unusable),
            "repeated": one.repeated,
        }
        report.unusable += [dict(zip(UNUSABLE, (table, *row), strict=True)) for row in one.unusable]
    supporting = _find_supporting(done["objects"].rows if "objects" in done else {}, tables.get(SUPPORTING), finder)
    report.supporting = len(supporting)
    if supporting:
        contents[f"{SUPPORTING}.tsv"] = write_rows(COLUMNS["objects"], supporting.values())
    if report.unusable:
        contents["unusable.tsv"] = write_rows(UNUSABLE, report.unusable)
    if not metadata and (file := find_declarations(folder)):
        contents[DECLARATIONS] = read_table_file(file).decode()
    write_folder(place, contents)
    report.complete = _is_complete(name)
    return report


def _is_complete(name: str) -> bool:
    """Tells whether an import has all that scenes are made of."""
    try:
        load_taxonomy([name])
    except GasError:
        return False
    return True


def write_rows(columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    """Writes rows as TSV, sorted by id; tabs and line ends inside a text become spaces."""
    columns = list(columns)
    lines = ["\t".join(columns)]
    # The id is the first column, where there is one.
    for row in sorted(rows, key=lambda row: [row[column] for column in columns]):
        lines.append("\t".join(" ".join(row[column].split()) for column in columns))
    return "\n".join(lines) + "\n"


def _import_metadata(folder: Path, name: str, shipped: Taxonomy, finder: ObjectFinder) -> dict[str, Imported]:
    metadata = read_metadata(folder)
    texts = list(dict.fromkeys(metadata.objects))
    rows = import_objects(texts, metadata.parents, name, finder)
    own = sum(id_ not in finder.by_id for id_ in rows)
    objects = Imported(rows, len(rows) - own, own, repeated=len(metadata.objects) - len(rows))
    zipf = {row["id"]: row for row in list_frequency(shipped) if row["id"] in rows}
    done = {
        "objects": objects,
        "attributes": import_attributes(metadata.attributes, name, shipped),
        "relations": import_relations(metadata.relations, name, shipped),
        "scene_attributes": import_scene_attributes(metadata.scene_attributes, name, shipped),
        "frequency": Imported(zipf, len(zipf)),
    }
    return {table: one for table, one in done.items() if one.rows or one.unusable or table == "frequency"}


def list_frequency(taxonomy: Taxonomy) -> list[Row]:
    """Lists the rows of the frequency table, of the objects that have one."""
    rows = taxonomy.objects.select(["id", "frequency"]).to_pylist()
    return [{"id": row["id"], "zipf": write_number(row["frequency"])} for row in rows if row["frequency"]]


def _import_tables(folder: Path, shipped: Taxonomy, declared: Declarations) -> dict[str, Imported]:
    # Over the shipped rows every reference must mean something; the message has file, line and column.
    load_taxonomy([DEFAULT, str(folder.absolute())])
    done = {}
    for table, file in find_tables(folder):
        if table == SUPPORTING:
            continue
        read = read_table(file.read_bytes(), table, str(file), declared)
        rows = {row["id"]: row for row in list_rows(read, table, declared.columns.get(table, ()))}
        known = set((shipped.objects if table == "frequency" else getattr(shipped, table))["id"].to_pylist())
        ours = sum(id_ in known for id_ in rows)
        done[table] = Imported(rows, ours, len(rows) - ours)
    return done


def _find_supporting(rows: Mapping[str, Row], file: Traversable | None, finder: ObjectFinder) -> dict[str, Row]:
    """Finds our objects above some rows that are not among them; they are in no tier but the last.

    Args:
        rows: The objects of the taxonomy.
        file: The folder's own table of supporting objects; what is shipped is taken anew.
        finder: The shipped objects.
    """
    found: dict[str, Row] = {}
    if file:
        for row in list_rows(read_table(file.read_bytes(), "objects", str(file)), "objects"):
            if row["id"] not in finder.by_id and row["id"] not in rows:
                found[row["id"]] = row
    for row in [*rows.values(), *found.values()]:
        if row["parent"] in finder.by_id:
            for above in (finder.by_id[row["parent"]], *finder.list_ancestors(row["parent"])):
                if above["id"] not in rows:
                    found[above["id"]] = {**above, "tier": "full"}
    return found
