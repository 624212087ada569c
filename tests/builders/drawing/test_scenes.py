"""Scenes on sheets and tiles: everything is inside, and nothing covers anything else."""

import re
from xml.etree import ElementTree

import pytest
from generate_any_scene.builders.drawing.colors import BOX, RELATION
from generate_any_scene.builders.drawing.scenes import TILE, draw_scenes, draw_tile, measure_tile

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def rows(write_rows):
    return write_rows("general", rows=12)


def read_group(group):
    """Where a graph stands and how much smaller it is; and the corners of its boxes on the page."""
    x, y, scale = re.fullmatch(r"translate\((\S+) (\S+)\)(?: scale\((\S+)\))?", group.get("transform")).groups()
    scale = float(scale or 1)
    boxes = [
        (
            float(x) + scale * (18 + float(box.get("x"))),
            float(y) + scale * float(box.get("y")),
            float(x) + scale * (18 + float(box.get("x")) + float(box.get("width"))),
            float(y) + scale * (float(box.get("y")) + float(box.get("height"))),
        )
        for box in group.iter(f"{SVG}rect")
        if box.get("fill") == BOX
    ]
    return scale, boxes


def test_a_sheet_shows_each_scene_with_its_id_below_the_one_before(rows):
    page = ElementTree.fromstring(draw_scenes(rows))
    lines = ["".join(text.itertext()) for text in page.findall(f"{SVG}text")]
    shown = " ".join(" ".join(lines).split())
    for row in rows:
        assert row["id"] in lines
        assert row["caption"] in shown
    bottom = 0.0
    groups = page.findall(f"{SVG}g")
    assert len(groups) == len(rows)
    for row, group in zip(rows, groups, strict=True):
        _, boxes = read_group(group)
        assert len(boxes) == len(row["scene_graph"]["objects"])
        assert min(box[1] for box in boxes) > bottom
        bottom = max(box[3] for box in boxes)
        assert all(box[0] > 0 and box[2] < float(page.get("width")) for box in boxes)
        predicates = [text.text for text in group.iter(f"{SVG}text") if text.get("fill") == RELATION]
        assert sorted(predicates) == sorted(one["predicate"] for one in row["scene_graph"]["relations"])
    assert bottom < float(page.get("height"))


def test_a_tile_holds_its_scene_whatever_its_size(rows):
    tallest = max(measure_tile(row)[1] for row in rows)
    for row in rows:
        scale, height = measure_tile(row)
        for high in (height, tallest):
            page = ElementTree.fromstring(draw_tile(row, high))
            assert (float(page.get("width")), float(page.get("height"))) == pytest.approx((TILE, high), abs=0.06)
            texts = page.findall(f"{SVG}text")
            assert " ".join(" ".join("".join(text.itertext()) for text in texts).split()) == row["caption"]
            (group,) = page.findall(f"{SVG}g")
            drawn, boxes = read_group(group)
            assert drawn == pytest.approx(scale, abs=0.001)
            lowest = max(float(text.get("y")) for text in texts)
            for left, top, right, bottom in boxes:
                assert left > 0 and right < TILE and top > lowest and bottom < high
