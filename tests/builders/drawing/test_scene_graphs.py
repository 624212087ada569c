"""Pictures of scene graphs: everything is there, apart from everything else, and inside."""

import random
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from generate_any_scene.builders.drawing.colors import BOX, RELATION
from generate_any_scene.builders.drawing.scene_graphs import draw_graph
from generate_any_scene.builders.drawing.svg import measure_text
from generate_any_scene.taxonomy import load_taxonomy

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["cat", "ring-tailed lemur of Madagascar", "incomprehensibilities" * 2, "dog", "<b>&", "électric lamp", "犬"]
PREDICATES = ["on", "to the left of and partly in front of", "chasing", "gesticulating at the very large" * 2, "near"]


def make_row(seed, objects, relations):
    """A row with a graph without cycles."""
    chance = random.Random(seed)
    pairs = chance.sample(list(combinations(range(objects), 2)), min(relations, objects * (objects - 1) // 2))
    order = chance.sample(range(objects), objects)
    return {
        "scene_graph": {
            "objects": [
                {
                    "name": chance.choice(NAMES),
                    "attributes": [{"kind": "color", "value": "very dark bluish green"}] * chance.randrange(4),
                }
                for _ in range(objects)
            ],
            "relations": [
                {"subject": order[one], "object": order[other], "predicate": chance.choice(PREDICATES)}
                for one, other in pairs
            ],
        },
        "scene_attributes": [{"kind": "painting_style", "value": "Impressionism " * 3}] * chance.randrange(4),
    }


def test_several_are_drawn_as_one_box_with_their_number():
    row = make_row(0, 2, 1)
    row["scene_graph"]["objects"][0] |= {"name": "cat", "count": 3}
    assert "3 × cat" in draw_graph(row, "cats")
    assert "×" not in draw_graph(make_row(0, 2, 1), "cats")


def read_places(page):
    """Boxes of objects and labels of relations: (left, top, right, bottom)."""
    boxes = [
        (x, y, x + float(one.get("width")), y + float(one.get("height")))
        for one in page.iter(f"{SVG}rect")
        if one.get("fill") == BOX
        for x, y in [(float(one.get("x")), float(one.get("y")))]
    ]
    labels = [
        (x - wide / 2, y - 11, x + wide / 2, y + 3)
        for one in page.iter(f"{SVG}text")
        if one.get("fill") == RELATION
        for x, y, wide in [(float(one.get("x")), float(one.get("y")), measure_text(one.text))]
    ]
    return boxes, labels


@pytest.mark.parametrize(
    ("objects", "relations"), [(1, 0), (2, 1), (4, 0), (3, 3), (4, 6), (6, 5), (6, 9), (9, 4), (14, 1), (12, 20)]
)
@pytest.mark.parametrize("seed", range(6))
def test_nothing_covers_anything_else(objects, relations, seed):
    row = make_row(seed, objects, relations)
    page = ElementTree.fromstring(draw_graph(row, "title"))
    boxes, labels = read_places(page)
    assert (len(boxes), len(labels)) == (objects, len(row["scene_graph"]["relations"]))
    for one, other in combinations([*boxes, *labels], 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    for left, top, right, bottom in [*boxes, *labels]:
        assert left >= -18.1 and top >= 0  # all of it is moved by the margin
        assert right <= float(page.get("width")) - 18 and bottom <= float(page.get("height"))
    heads = [one for one in page.iter(f"{SVG}path") if one.get("d").endswith("z")]
    assert len(heads) == len(labels)


def test_curves_between_layers_pass_no_box():
    """Sampled points of every curve, but for its ends, lie in no box."""
    for seed in range(20):
        page = ElementTree.fromstring(draw_graph(make_row(seed, 6, 9), "title"))
        boxes, _ = read_places(page)
        for one in page.iter(f"{SVG}path"):
            if one.get("fill") == "none":
                x0, y0, _, middle, _, _, x1, y1 = map(float, re.findall(r"-?[\d.]+", one.get("d")))
                for t in (0.1, 0.3, 0.5, 0.7, 0.9):
                    u = 1 - t
                    x = x0 * (u**3 + 3 * u * u * t) + x1 * (3 * u * t * t + t**3)
                    y = y0 * u**3 + 3 * middle * (u * u * t + u * t * t) + y1 * t**3
                    assert not any(left < x < right and top < y < bottom for left, top, right, bottom in boxes)


def test_a_picture_says_what_the_row_says(write_rows):
    for row in write_rows("general", rows=60):
        page = ElementTree.fromstring(draw_graph(row, row["caption"]))
        shown = " ".join(text.text for text in page.iter(f"{SVG}text"))
        assert page.find(f"{SVG}title").text == row["caption"]
        graph = row["scene_graph"]
        for word in (
            *(item["name"] for item in graph["objects"]),
            *(one["value"] for item in graph["objects"] for one in item["attributes"]),
            *(one["predicate"] for one in graph["relations"]),
            *(one["value"] for one in row["scene_attributes"]),
        ):
            assert word in shown


def test_no_word_of_the_taxonomy_is_cut():
    """The longest of each sort stand in pictures whole."""
    taxonomy = load_taxonomy(["default"])
    objects, attributes, relations = (
        sorted(table[column].to_pylist(), key=measure_text)[-400:]
        for table, column in (
            (taxonomy.objects, "name"),
            (taxonomy.attributes, "name"),
            (taxonomy.relations, "predicate"),
        )
    )
    for at in range(0, 400, 20):
        some = [
            {"name": name, "count": 6, "attributes": [{"value": value}]}
            for name, value in zip(objects[at : at + 20], attributes[at : at + 20], strict=True)
        ]
        edges = [
            {"subject": place // 2 * 2, "object": place // 2 * 2 + 1, "predicate": predicate}
            for place, predicate in enumerate(relations[at : at + 20])
        ]
        graph = {"objects": some, "relations": edges}
        assert "…" not in draw_graph({"scene_graph": graph, "scene_attributes": []}, "title")


def test_circles_are_drawn_with_a_head_at_each_end():
    """Graphs that people bring may lead in circles, which those of recipes never do."""
    row = make_row(0, 3, 0)
    row["scene_graph"]["relations"] = [
        {"subject": one, "object": (one + 1) % 3, "predicate": f"before {one}"} for one in range(3)
    ]
    page = ElementTree.fromstring(draw_graph(row, "title"))
    boxes, labels = read_places(page)
    assert (len(boxes), len(labels)) == (3, 3)
    heads = [one.get("d") for one in page.iter(f"{SVG}path") if one.get("d").endswith("z")]
    assert len(heads) == 3
    upward = [head for head in heads if re.search(r"l-\S+ 8\.0h", head)]
    assert len(upward) == 1
