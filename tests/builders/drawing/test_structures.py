"""Sheets of structures: a cell each, by complexity, with what is in it explained."""

import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from generate_any_scene.builders.drawing.colors import LINE, SEED
from generate_any_scene.builders.drawing.structures import CELL, draw_structures
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.structures.bounds import bound_limits
from generate_any_scene.builders.structures.cache import find_structures
from generate_any_scene.builders.structures.limits import read_bounds
from generate_any_scene.errors import GasError

SVG = "{http://www.w3.org/2000/svg}"


def find_table(recipe, *overrides):
    return find_structures(bound_limits(**read_bounds(load_recipe(recipe, overrides).recipe)))


def find_cells(page):
    """Groups that have a border, with their places."""
    return [
        (*map(float, re.fullmatch(r"translate\((\S+) (\S+)\)", group.get("transform")).groups()), group)
        for group in page.findall(f"{SVG}g")
        if group[0].get("stroke") == LINE
    ]


def test_every_structure_has_a_cell_with_its_objects_attributes_and_relations():
    table = find_table("multi_object", "structure.complexity=[3, 7]")
    cells = find_cells(ElementTree.fromstring(draw_structures(table)))
    assert len(cells) == len(table) > 100
    drawn = Counter()
    for _, _, cell in cells:
        attributes = sum(int(text.text) for text in cell.iter(f"{SVG}text"))
        heads = sum(path.get("d").endswith("z") for path in cell.iter(f"{SVG}path"))
        drawn[len(list(cell.iter(f"{SVG}circle"))), attributes, heads] += 1
    columns = (table.objects.tolist(), table.attributes.tolist(), table.relations.tolist())
    assert drawn == Counter(zip(*columns, strict=True))


def test_cells_stand_apart_by_complexity_and_hold_what_is_in_them():
    table = find_table("multi_object", "structure.complexity=[5, 7]")
    page = ElementTree.fromstring(draw_structures(table))
    cells = find_cells(page)
    places = [(x, y) for x, y, _ in cells]
    for number, (x, y) in enumerate(places):
        assert all(abs(x - other) > CELL or abs(y - below) > CELL for other, below in places[:number])
    texts = {text.text: float(text.get("y")) for text in page.findall(f"{SVG}text")}
    counts = Counter(table.complexity.tolist())
    for complexity in (5, 6, 7):
        top, bottom = texts[f"complexity {complexity}"], texts.get(f"complexity {complexity + 1}", 1e9)
        assert sum(top < y < bottom for _, y in places) == counts[complexity]
        assert f"{counts[complexity]} structures" in texts
    for _, _, cell in cells:
        (inner,) = cell.findall(f"{SVG}g")
        x, y, scale = map(
            float, re.fullmatch(r"translate\((\S+) (\S+)\) scale\((\S+)\)", inner.get("transform")).groups()
        )
        for circle in inner.iter(f"{SVG}circle"):
            radius = float(circle.get("r"))
            for start, middle in ((x, float(circle.get("cx"))), (y, float(circle.get("cy")))):
                assert start + scale * (middle - radius) >= 0 and start + scale * (middle + radius) <= CELL


def test_objects_of_a_seed_graph_are_marked_and_explained():
    seed = "structure.seed_graph={objects: [{concept: dog.n.01}, {concept: cat.n.01}]}"
    table = find_table("multi_object", seed, "structure.complexity=4")
    picture = draw_structures(table)
    assert "an object of the seed graph" in picture
    cells = find_cells(ElementTree.fromstring(picture))
    assert all(sum(one.get("fill") == SEED for one in cell.iter(f"{SVG}circle")) == 2 for _, _, cell in cells)
    assert "an object of the seed graph" not in draw_structures(find_table("multi_object", "structure.complexity=4"))


def test_too_many_to_see_are_refused():
    with pytest.raises(GasError, match="too many for one picture of 2,000"):
        draw_structures(find_table("general", "structure.complexity=[1, 12]"))
