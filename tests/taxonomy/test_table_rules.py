"""`validate_taxonomy` sees broken rules that the loader lets through."""

from dataclasses import replace

import pyarrow as pa
import pytest
from generate_any_scene.taxonomy import Taxonomy, find_object, load_taxonomy, validate_taxonomy


@pytest.fixture(scope="module")
def small() -> Taxonomy:
    """The rows above `dog.n.01` alone, with everything else as shipped."""
    shipped = load_taxonomy()
    row, rows = find_object(shipped, "dog.n.01"), []
    while row >= 0:
        rows.append(row)
        row = int(shipped.parent_index[row])
    return replace(shipped, objects=shipped.objects.take(sorted(rows)))


def change(table: pa.Table, id_: str, **values: object) -> pa.Table:
    rows = [{**row, **values} if row["id"] == id_ else row for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=table.schema)


def list_problems(taxonomy: Taxonomy) -> str:
    return "\n".join(validate_taxonomy(taxonomy))


def find(taxonomy: Taxonomy, text: str) -> bool:
    return text in list_problems(taxonomy)


@pytest.mark.parametrize(
    ("excludes", "problem"),
    [
        ("color", ""),
        ("color|human.bald", "excludes 'human.bald', which does not exclude it"),
        ("color|hare", "excludes 'hare', which is neither an id nor a group"),
        ("color|color.maroon", "both near 'color.maroon' and excluding it"),
    ],
)
def test_what_attributes_exclude(small: Taxonomy, excludes: str, problem: str) -> None:
    changed = replace(small, attributes=change(small.attributes, "color.red", excludes=excludes))
    assert find(changed, f"attributes: color.red: {problem}") == bool(problem)


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


def test_what_a_caption_calls_itself_is_no_object(small: Taxonomy) -> None:
    objects = change(small.objects, "dog.n.01", name="Picture")
    assert find(replace(small, objects=objects), "dog.n.01: 'Picture' is what captions call the whole")


def test_verb_that_has_no_plural(small: Taxonomy) -> None:
    relations = change(small.relations, "symbolic.resemble", finite_plural="resembles")
    assert find(replace(small, relations=relations), "symbolic.resemble: `finite` and `finite_plural` are both")


def test_near_is_said_on_both_sides(small: Taxonomy) -> None:
    attributes = change(small.attributes, "color.red", near="color.blue|color.rde")
    problems = list_problems(replace(small, attributes=attributes))
    assert "color.red: near 'color.blue', which is not near it" in problems
    assert "color.red: near 'color.rde', which is no id" in problems


def test_near_scene_attributes_are_checked(small: Taxonomy) -> None:
    near = "location.beach|location.bech|location.kitchen|weather.fog|lighting"
    scene_attributes = change(small.scene_attributes, "location.kitchen", near=near)
    problems = list_problems(replace(small, scene_attributes=scene_attributes))
    assert "scene_attributes: location.kitchen: near 'location.beach', which is not near it" in problems
    assert "scene_attributes: location.kitchen: near 'location.bech', which is no id" in problems
    assert "scene_attributes: location.kitchen: near itself" in problems
    assert "'weather.fog'" not in problems
    assert "'lighting'" not in problems


@pytest.mark.parametrize(
    ("column", "names", "wrong"),
    [
        ("needs", "person|dog.n.01|color", "color"),
        ("bars", "person|dog.n.01|color|color.red|colour", "colour"),
        ("shows", "dog.n.01|dgo.n.01", "dgo.n.01"),
        ("shows", "person", "person"),
    ],
)
def test_what_scene_attributes_ask_of_scenes_is_checked(small: Taxonomy, column: str, names: str, wrong: str) -> None:
    rows = change(small.scene_attributes, "location.kitchen", **{column: names})
    problems = list_problems(replace(small, scene_attributes=rows)).splitlines()
    found = [problem for problem in problems if problem.startswith("scene_attributes: location.kitchen")]
    assert found == [
        f"scene_attributes: location.kitchen: {column} {wrong!r}, which is no id or kind that can be meant"
    ]


def test_heads_that_are_near_do_not_exclude_each_other(small: Taxonomy) -> None:
    relations = change(small.relations, "spatial.above", near="below|abve", excludes="below")
    problems = list_problems(replace(small, relations=relations))
    assert "'above': both near 'below' and excluding it" in problems
    assert "'above': near 'below', but not the other way round" in problems
    assert "'above': near 'abve', which is no head" in problems


def test_symmetric_and_asymmetric(small: Taxonomy) -> None:
    relations = change(small.relations, "spatial.near", asymmetric=True)
    assert find(replace(small, relations=relations), "spatial.near: symmetric and asymmetric at once")
