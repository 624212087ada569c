"""Exports a taxonomy into a folder: as our tables, or as the files of the public GAS metadata folder."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from ...errors import GasError
from ..declarations import load_declarations
from ..loader import Taxonomy, load_all_shipped, load_taxonomy
from ..places import (
    DECLARATIONS,
    PROFILES,
    SUPPORTING,
    find_declarations,
    find_taxonomy,
    read_table_file,
    write_folder,
)
from ..read_tsv import read_table
from ..schema import COLUMNS
from .importing import UNUSABLE, list_frequency, write_rows
from .metadata_layout import FILES, GROUPS, name_objects, spell_class
from .phrases import list_rows

FORMATS = ("tables", "gas")


def export_taxonomy(name: str, out: Path, format_: str) -> dict[str, int]:
    """Writes the files of one taxonomy.

    Args:
        name: As recipes name it.
        out: The folder to write, which must be empty or not be there, or hold an earlier export only.
        format_: `tables` or `gas`.

    Returns:
        The files with the number of concepts in each.

    Raises:
        GasError: There is no such taxonomy, or the folder holds other files.
    """
    taxonomy, supporting, unusable = _load(name)
    if format_ == "gas":
        contents, counts = _write_gas(taxonomy, supporting, unusable)
    else:
        contents, counts = _write_tables(name, taxonomy, supporting, unusable)
    write_export(out, contents)
    return counts


def write_export(out: Path, contents: dict[str, str]) -> None:
    """Writes the files of a taxonomy into a folder, in place of an earlier export.

    Raises:
        GasError: The folder holds other files, or cannot be written.
    """
    allowed = {f"{file}.tsv" for file in (*COLUMNS, SUPPORTING, "unusable")} | {f"{file}.json" for file in FILES}
    allowed.add(DECLARATIONS)
    if out.exists() and not out.is_dir():
        raise GasError(f"{out} is a file; give a folder")
    strange = sorted(file.name for file in out.iterdir() if file.name not in allowed) if out.is_dir() else []
    if strange:
        raise GasError(f"{out} holds {strange[0]}, which is no table; give a new or empty folder")
    write_folder(out.resolve(), contents)


def _load(name: str) -> tuple[Taxonomy, set[str], list[dict[str, str]]]:
    """Loads one taxonomy alone, or over the shipped one when it cannot stand alone: then only its own rows count."""
    place = find_taxonomy(name)
    if name in PROFILES:
        return load_taxonomy([name]), set(), []
    lacks = [table for table in COLUMNS if table != "frequency" and not (place / f"{table}.tsv").is_file()]
    if lacks:
        raise GasError(
            f"taxonomy {name!r} has no {', '.join(f'{table}.tsv' for table in lacks)}: it only adds to others, "
            "so there is nothing whole to export; its files can be used as they are"
        )
    supporting: set[str] = set()
    file = place / f"{SUPPORTING}.tsv"
    if file.is_file():
        supporting = set(read_table(file.read_bytes(), "objects", str(file))["id"].to_pylist())
        own = place / "objects.tsv"
        declared = load_declarations(place)
        supporting -= set(read_table(own.read_bytes(), "objects", str(own), declared)["id"].to_pylist())
    return load_taxonomy([name]), supporting, _read_unusable(place / "unusable.tsv")


def _read_unusable(file: Any) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    return [dict(zip(UNUSABLE, line.split("\t"), strict=True)) for line in lines]


def _write_tables(
    name: str, taxonomy: Taxonomy, supporting: set[str], unusable: list[dict[str, str]]
) -> tuple[dict[str, str], dict[str, int]]:
    contents, counts, place = {}, {}, find_taxonomy(name)
    declared = load_declarations(place)
    if file := find_declarations(place):
        contents[DECLARATIONS] = read_table_file(file).decode()
    for table in COLUMNS:
        own = declared.columns.get(table, ())
        rows = list_frequency(taxonomy) if table == "frequency" else list_rows(getattr(taxonomy, table), table, own)
        if table == "relations" and name not in PROFILES:
            # The loader leaves out inverses that are not of this taxonomy; laid over `default` they count.
            file = place / "relations.tsv"
            rows = list_rows(read_table(file.read_bytes(), table, str(file), declared), table, own)
        if table == "objects" and supporting:
            held = [row for row in rows if row["id"] in supporting]
            contents[f"{SUPPORTING}.tsv"] = write_rows(COLUMNS[table], held)
            counts[f"{SUPPORTING}.tsv"] = len(held)
            rows = [row for row in rows if row["id"] not in supporting]
        contents[f"{table}.tsv"] = write_rows((*COLUMNS[table], *own), rows)
        counts[f"{table}.tsv"] = len(rows)
    if unusable:
        contents["unusable.tsv"] = write_rows(UNUSABLE, unusable)
        counts["unusable.tsv"] = len(unusable)
    return contents, counts


def _write_gas(
    taxonomy: Taxonomy, supporting: set[str], unusable: list[dict[str, str]]
) -> tuple[dict[str, str], dict[str, int]]:
    objects = taxonomy.objects.select(["id", "parent"]).to_pylist()
    # Shipped objects keep the names that they have among all shipped ones: an import finds them again.
    names = name_objects(taxonomy.objects, name_objects(load_all_shipped().objects))
    name_of = {id_: name for name, id_ in names.items()}
    attributes, relations = defaultdict(list), defaultdict(list)
    for row in list_rows(taxonomy.attributes, "attributes"):
        attributes[row["kind"]].append(row["name"])
    for row in list_rows(taxonomy.relations, "relations"):
        relations[row["category"]].append(row["finite"] or row["predicate"])
    for row in unusable:
        relations[row["category"]].append(row["text"])
    group_of = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
    scenes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in list_rows(taxonomy.scene_attributes, "scene_attributes"):
        scenes[group_of.get(row["kind"], "other")][spell_class(row["kind"])].append(row["name"])
    edges = [[name_of[row["parent"]], name_of[row["id"]]] for row in objects if row["parent"]]
    values: dict[str, Any] = {
        "objects": [name_of[row["id"]] for row in objects if row["id"] not in supporting],
        "attributes": attributes,
        "relations": relations,
        "scene_attributes": scenes,
        "taxonomy": edges,
    }
    counts = {
        "objects.json": len(values["objects"]),
        "attributes.json": sum(map(len, attributes.values())),
        "relations.json": sum(map(len, relations.values())),
        "scene_attributes.json": sum(len(texts) for classes in scenes.values() for texts in classes.values()),
        "taxonomy.json": len(edges),
    }
    texts = {name: json.dumps(value, indent=1, ensure_ascii=False) for name, value in values.items()}
    return {f"{name}.json": f"{text}\n" for name, text in texts.items()}, counts
