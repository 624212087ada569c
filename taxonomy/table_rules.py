"""Checks what must hold across the rows of a taxonomy, beyond the format of each file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa

from .loader import Taxonomy, load_taxonomy
from .schema import ATTRIBUTE_KINDS, KINDS, SCENE_ATTRIBUTE_KINDS, TABLES

OFFSET = re.compile(r"\d{8}$")
# The paper's Table 1 and Appendix B have 28,787 objects; its rules, taken to the letter, give 28,798 names.
NOT_OBJECTS = frozenset(("picture", "scene", "video", "3d model"))
"""What captions call that which they describe: "The picture is ..." must be about no object."""
ARTICLES = {"count": ("a", "an"), "mass": ("some",), "plural": ("some", "the"), "unique": ("the",)}
PAPER_NAMES = range(28_787, 28_801)
PAPER_ATTRIBUTES = {
    "color": 677,
    "material": 76,
    "texture": 42,
    "architecture": 25,
    "state": 85,
    "shape": 41,
    "size": 24,
    "human": 59,
    "adjective": 465,
}
PAPER_RELATIONS = {
    "spatial": 1_227,
    "functional": 2_992,
    "interactional": 2_172,
    "social": 1_061,
    "emotional": 2_909,
    "symbolic": 131,
}
PAPER_SCENE_ATTRIBUTES = {
    ("painting_style",): 126,
    ("artist",): 76,
    ("genre",): 41,
    ("technique",): 29,
    ("weather",): 76,
    ("location",): 430,
    ("lighting",): 57,
    ("camera_model",): 1_176,
    ("focal_length",): 15,
    ("aperture",): 10,
    ("iso",): 6,
    ("depth_of_field",): 7,
    ("shot_size",): 12,
    ("view",): 26,
    ("camera_rig",): 12,
    ("camera_movement",): 30,
    ("editing_style",): 15,
    ("time_span",): 27,
    ("three_d_style", "three_d_view", "three_d_lighting"): 12,
}
"""How many rows of each kind the paper has; kinds in one tuple are one class of the paper's."""


def validate_taxonomy(taxonomy: Taxonomy) -> list[str]:
    """Lists the rules that a taxonomy breaks, one sentence each; empty when it is sound."""
    return [
        *_check_ids(taxonomy),
        *_check_tree(taxonomy),
        *_check_tiers(taxonomy),
        *_check_articles(taxonomy),
        *_check_relations(taxonomy),
        *_check_reach(taxonomy),
        *_check_names(taxonomy),
        *_check_excludes(taxonomy),
        *_check_near_rows(taxonomy, "attributes"),
        *_check_excluded_attributes(taxonomy),
        *_check_near_rows(taxonomy, "scene_attributes"),
        *_check_demands(taxonomy),
        *_check_near_rows(taxonomy, "objects"),
        *_check_parts(taxonomy),
        *_check_heads(taxonomy),
    ]


def check_paper_scale(taxonomy: Taxonomy) -> list[str]:
    """Lists what the shipped tables lack of the paper's scale (its Table 1), one sentence each."""
    names = {name for name in taxonomy.objects["paper_name"].to_pylist() if name}
    problems = []
    if len(names) not in PAPER_NAMES:
        problems.append(f"objects: {len(names)} names by the paper's rules, not {PAPER_NAMES[0]} to {PAPER_NAMES[-1]}")
    for table, column, wanted in (
        ("attributes", "kind", {(kind,): count for kind, count in PAPER_ATTRIBUTES.items()}),
        ("relations", "category", {(category,): count for category, count in PAPER_RELATIONS.items()}),
        ("scene_attributes", "kind", PAPER_SCENE_ATTRIBUTES),
    ):
        count = Counter(getattr(taxonomy, table)[column].to_pylist())
        for kinds, least in wanted.items():
            if (found := sum(count[kind] for kind in kinds)) < least:
                problems.append(f"{table}: {found} rows of {', '.join(kinds)}, the paper has {least}")
    return problems


def _iterate_tables(taxonomy: Taxonomy) -> Iterator[tuple[str, pa.Table]]:
    for name in TABLES:
        yield name, getattr(taxonomy, name)


def _check_ids(taxonomy: Taxonomy) -> Iterator[str]:
    for name, table in _iterate_tables(taxonomy):
        ids = table["id"].to_pylist()
        yield from (f"{name}: id {id_} is there {count} times" for id_, count in Counter(ids).items() if count > 1)
        if ids != sorted(ids):
            yield f"{name}: the rows are not sorted by id"
        if table.num_rows == 0:
            yield f"{name}: the table is empty"
    for row in taxonomy.objects.select(["id", "offset"]).to_pylist():
        if row["offset"] and not OFFSET.match(row["offset"]):
            yield f"objects: {row['id']}: offset {row['offset']!r} is not 8 digits"


def _check_tree(taxonomy: Taxonomy) -> Iterator[str]:
    parents = taxonomy.parent_index
    ids = taxonomy.objects["id"].to_pylist()
    roots = [id_ for id_, parent in zip(ids, taxonomy.objects["parent"].to_pylist(), strict=True) if not parent]
    if len(roots) != 1:
        yield f"objects: there must be one row without a parent, not {len(roots)}: {roots[:5]}"
    for row in np.flatnonzero((parents < 0) & (np.array(taxonomy.objects["parent"].to_pylist()) != "")):
        yield f"objects: {ids[row]}: its parent is not in the table"


def _check_tiers(taxonomy: Taxonomy) -> Iterator[str]:
    for row in taxonomy.objects.select(["id", "flags", "tier"]).to_pylist():
        if row["flags"] and row["tier"] != "full":
            yield f"objects: {row['id']}: flagged {row['flags']}, so its tier must be full, not {row['tier']}"


def _check_articles(taxonomy: Taxonomy) -> Iterator[str]:
    for row in taxonomy.objects.select(["id", "countability", "article", "name", "plural"]).to_pylist():
        if row["article"] not in ARTICLES[row["countability"]]:
            yield f"objects: {row['id']}: article {row['article']!r} does not go with {row['countability']}"
        if row["countability"] != "count" and row["plural"] != row["name"]:
            yield f"objects: {row['id']}: the plural of a {row['countability']} noun is the noun itself"


def _check_relations(taxonomy: Taxonomy) -> Iterator[str]:
    rows = taxonomy.relations.to_pylist()
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        if row["symmetric"] and row["inverse"] not in ("", row["id"]):
            yield f"relations: {row['id']}: symmetric, so it can have no other inverse than itself"
        if row["symmetric"] and row["subject_kinds"] != row["object_kinds"]:
            yield f"relations: {row['id']}: symmetric, but its subject and object take different kinds"
        if row["inverse"]:
            inverse = by_id[row["inverse"]]
            if inverse["inverse"] != row["id"]:
                yield f"relations: {row['id']}: the inverse of its inverse is {inverse['inverse']!r}"
            kinds = (inverse["object_kinds"], inverse["subject_kinds"])
            if kinds != (row["subject_kinds"], row["object_kinds"]):
                yield f"relations: {row['id']}: its inverse does not take the same kinds the other way round"
        if bool(row["finite"]) != bool(row["finite_plural"]):
            yield f"relations: {row['id']}: `finite` and `finite_plural` go together"
        if row["finite"] and row["finite"] == row["finite_plural"]:
            yield f"relations: {row['id']}: `finite` and `finite_plural` are both {row['finite']!r}"
        if row["symmetric"] and row["asymmetric"]:
            yield f"relations: {row['id']}: symmetric and asymmetric at once"
        if row["modifier"] and row["modifier"] not in row["predicate"]:
            yield f"relations: {row['id']}: its modifier is not part of its predicate"


def _check_reach(taxonomy: Taxonomy) -> Iterator[str]:
    present = int(np.bitwise_or.reduce(taxonomy.kind_bits(taxonomy.objects["kinds"])))
    for name, column in (
        ("attributes", "applies_to"),
        ("relations", "subject_kinds"),
        ("relations", "object_kinds"),
    ):
        table = getattr(taxonomy, name)
        for row in np.flatnonzero(taxonomy.kind_bits(table[column]) & np.uint64(present) == 0):
            yield f"{name}: {table['id'][int(row)]}: no object has a kind of its {column}"


def _check_names(taxonomy: Taxonomy) -> Iterator[str]:
    for id_, called in zip(taxonomy.objects["id"].to_pylist(), taxonomy.objects["name"].to_pylist(), strict=True):
        if called.casefold() in NOT_OBJECTS:
            yield f"objects: {id_}: {called!r} is what captions call the whole; give it a name of its own"
    for name, columns in (
        ("attributes", ("kind", "name")),
        ("relations", ("category", "predicate")),
        ("scene_attributes", ("kind", "name")),
    ):
        pairs = Counter(tuple(row.values()) for row in getattr(taxonomy, name).select(list(columns)).to_pylist())
        yield from (f"{name}: {' '.join(pair)} is there {count} times" for pair, count in pairs.items() if count > 1)
    for name, table in _iterate_tables(taxonomy):
        for column in ("name", "plural", "adjective", "predicate", "phrase"):
            if column in table.column_names:
                for id_, text in zip(table["id"].to_pylist(), table[column].to_pylist(), strict=True):
                    if text != " ".join(text.split()) or "_" in text:
                        yield f"{name}: {id_}: {column} {text!r} has stray spaces or underscores"


def _check_excludes(taxonomy: Taxonomy) -> Iterator[str]:
    table = taxonomy.scene_attributes
    known = {*table["id"].to_pylist(), *table["kind"].to_pylist(), *SCENE_ATTRIBUTE_KINDS}
    for id_, excludes in zip(table["id"].to_pylist(), table["excludes"].to_pylist(), strict=True):
        for name in excludes.split("|") if excludes else ():
            if name not in known:
                yield f"scene_attributes: {id_}: excludes {name!r}, which is neither a kind nor an id"


def _check_near_rows(taxonomy: Taxonomy, name: str) -> Iterator[str]:
    rows = getattr(taxonomy, name).to_pylist()
    near = {row["id"]: set(row["near"].split("|")) - {""} for row in rows}
    kinds = {row["id"]: row.get("kind", "") for row in rows}
    shipped = _list_shipped(name, "id")
    # What a scene attribute makes likely of another kind is said once, and may be the whole kind.
    likely = set(kinds.values()) if name == "scene_attributes" else set()
    for id_, others in near.items():
        for other in sorted(others - likely):
            of_own_kind = name != "scene_attributes" or kinds.get(other) == kinds[id_]
            if other == id_ and name != "objects":
                yield f"{name}: {id_}: near itself"
            elif other in near and of_own_kind and id_ not in near[other]:
                yield f"{name}: {id_}: near {other!r}, which is not near it"
            elif other not in near and other not in shipped:
                yield f"{name}: {id_}: near {other!r}, which is no id"


def _check_demands(taxonomy: Taxonomy) -> Iterator[str]:
    objects = {*taxonomy.objects["id"].to_pylist(), *_list_shipped("objects", "id")}
    held = {*taxonomy.attributes["id"].to_pylist(), *_list_shipped("attributes", "id")}
    held |= {*ATTRIBUTE_KINDS, *taxonomy.attributes["kind"].to_pylist()}
    related = {*taxonomy.relations["id"].to_pylist(), *taxonomy.relations["head"].to_pylist()}
    related |= {*_list_shipped("relations", "id"), *_list_shipped("relations", "head")}
    known = {"needs": {*objects, *KINDS}, "bars": {*objects, *KINDS, *held, *related}, "shows": objects}
    columns = [("scene_attributes", column, names) for column, names in known.items()]
    for table, column, names in (*columns, ("attributes", "bars", {*objects, *KINDS})):
        rows = getattr(taxonomy, table)
        for id_, cell in zip(rows["id"].to_pylist(), rows[column].to_pylist(), strict=True):
            for name in cell.split("|") if cell else ():
                if name not in names:
                    yield f"{table}: {id_}: {column} {name!r}, which is no id or kind that can be meant"


def _check_excluded_attributes(taxonomy: Taxonomy) -> Iterator[str]:
    rows = taxonomy.attributes.select(["id", "group", "near", "excludes"]).to_pylist()
    said = {row["id"]: set(row["excludes"].split("|")) - {""} for row in rows}
    groups, near = ({row["id"]: row[column] for row in rows} for column in ("group", "near"))
    known = {*said, *groups.values(), *_list_shipped("attributes", "id"), *_list_shipped("attributes", "group")}
    for id_, names in said.items():
        for name in sorted(names - known):
            yield f"attributes: {id_}: excludes {name!r}, which is neither an id nor a group"
        for name in sorted(names & set(near[id_].split("|"))):
            yield f"attributes: {id_}: both near {name!r} and excluding it"
        for other in sorted(names & said.keys()):
            if said[other].isdisjoint((id_, groups[id_])):
                yield f"attributes: {id_}: excludes {other!r}, which does not exclude it"


def _check_parts(taxonomy: Taxonomy) -> Iterator[str]:
    table, shipped = taxonomy.objects, _list_shipped("objects", "id")
    known = {*table["id"].to_pylist(), *KINDS}
    for id_, cell in zip(table["id"].to_pylist(), table["part_of"].to_pylist(), strict=True):
        for whole in cell.split("|") if cell else ():
            if whole == id_:
                yield f"objects: {id_}: part of itself"
            elif whole not in known and whole not in shipped:
                yield f"objects: {id_}: part of {whole!r}, which is neither an id nor a kind"


def _check_heads(taxonomy: Taxonomy) -> Iterator[str]:
    said: dict[str, dict[str, set[str]]] = {"near": {}, "excludes": {}}
    for row in taxonomy.relations.select(["head", "near", "excludes"]).to_pylist():
        for column, of_head in said.items():
            of_head.setdefault(row["head"], set()).update(row[column].split("|") if row[column] else ())
    shipped = _list_shipped("relations", "head")
    for column, of_head in said.items():
        for head, others in of_head.items():
            for other in sorted(others):
                if other == head:
                    yield f"relations: {head!r}: {column} itself"
                elif other in of_head and head not in of_head[other]:
                    yield f"relations: {head!r}: {column} {other!r}, but not the other way round"
                elif other not in of_head and other not in shipped:
                    yield f"relations: {head!r}: {column} {other!r}, which is no head"
    for head, others in said["near"].items():
        for other in sorted(others & said["excludes"][head]):
            yield f"relations: {head!r}: both near {other!r} and excluding it"


@lru_cache(maxsize=2)
def _list_shipped(table: str, column: str) -> frozenset[str]:
    """Lists what tables of one's own may point to although it is no part of them."""
    return frozenset(getattr(load_taxonomy(), table)[column].to_pylist())
