"""`validate_taxonomy` sees broken rules that the loader lets through."""

from dataclasses import replace

import pyarrow as pa
import pytest
from generate_any_scene.taxonomy import Taxonomy, load_taxonomy, validate_taxonomy


@pytest.fixture(scope="module")
def small() -> Taxonomy:
    """The rows above `dog.n.01` alone, with everything else as shipped."""
    shipped = load_taxonomy()
    row, rows = shipped.object_index("dog.n.01"), []
    while row >= 0:
        rows.append(row)
        row = int(shipped.parent_index[row])
    return replace(shipped, objects=shipped.objects.take(sorted(rows)))


def change(table: pa.Table, id_: str, **values: object) -> pa.Table:
    rows = [{**row, **values} if row["id"] == id_ else row for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=table.schema)


def find(taxonomy: Taxonomy, text: str) -> bool:
    return any(text in problem for problem in validate_taxonomy(taxonomy))


def test_circle(small: Taxonomy) -> None:
    root = next(row["id"] for row in small.objects.to_pylist() if not row["parent"])
    assert not find(small, "go round in a circle")
    assert find(replace(small, objects=change(small.objects, root, parent="dog.n.01")), "go round in a circle")


def test_flagged_object_in_a_shown_tier(small: Taxonomy) -> None:
    objects = change(small.objects, "dog.n.01", flags="brand")
    assert find(replace(small, objects=objects), "dog.n.01: flagged brand, so its tier must be full")


def test_article_of_a_mass_noun(small: Taxonomy) -> None:
    objects = change(small.objects, "dog.n.01", countability="mass")
    assert find(replace(small, objects=objects), "dog.n.01: article 'a' does not go with mass")


def test_inverse_of_inverse(small: Taxonomy) -> None:
    relations = change(small.relations, "spatial.above", inverse="spatial.behind")
    assert find(replace(small, relations=relations), "spatial.above: the inverse of its inverse is")


def test_symmetric_relation_with_another_inverse(small: Taxonomy) -> None:
    relations = change(small.relations, "spatial.near", inverse="spatial.behind")
    assert find(replace(small, relations=relations), "spatial.near: symmetric, so it can have no other inverse")


def test_excludes_resolve(small: Taxonomy) -> None:
    scenes = change(small.scene_attributes, "location.kitchen", excludes="wether")
    assert find(replace(small, scene_attributes=scenes), "location.kitchen: excludes 'wether'")


def test_same_name_twice(small: Taxonomy) -> None:
    attributes = change(small.attributes, "color.red", name="blue")
    assert find(replace(small, attributes=attributes), "attributes: color blue is there 2 times")
