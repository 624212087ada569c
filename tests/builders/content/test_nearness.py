"""`content.plausibility`: what is drawn is near to its anchor, found by brute force; `content.setting`."""

from collections import Counter

import numpy as np
import pytest
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.nearness import Nearness, list_nearest
from generate_any_scene.errors import RecipeError
from generate_any_scene.taxonomy.vectors.shipped import read_shipped
from generate_any_scene.taxonomy.vectors.texts import list_texts

SCENES = 150
NEAR = "content.plausibility={neighbours: 12}"


class Meanings:
    """Vectors of concepts as whole numbers, looked up text by text, and all of them multiplied with an anchor."""

    def __init__(self, taxonomy):
        self.texts = {
            table: list_texts(taxonomy, table).to_pylist() for table in ("objects", "attributes", "relations")
        }
        shipped = read_shipped()
        self.matrix = shipped.matrix.astype(np.int64)
        self.row_of = {text: row for row, text in enumerate(shipped.texts.to_pylist())}

    def get(self, table, row):
        return self.matrix[self.row_of[self.texts[table][row]]]

    def list_nearest(self, count, anchor, table, rows):
        """The nearest of some rows, in the order of which equally near ones come first."""
        scores = self.matrix[[self.row_of[self.texts[table][row]] for row in rows]] @ anchor
        return [rows[place] for place in np.argsort(-scores, kind="stable")[:count]]


def count_near(allowed, neighbours=12, temperature=0.0):
    return round(min(neighbours, allowed) ** (1 - temperature) * allowed**temperature)


def list_scenes(plan, first=0):
    """Objects, attributes by object, and (subject, relation, target) of each scene; all are numbers or rows."""
    scenes = draw_block(plan, "train", 0, first, first + SCENES)
    attributes = list(scenes.attributes.lists())
    for number, objects in enumerate(scenes.objects.lists()):
        begin = scenes.objects.offsets[number]
        ends = (scenes.subjects[number].tolist(), scenes.relations[number].tolist(), scenes.targets[number].tolist())
        yield (
            objects.tolist(),
            [attributes[begin + i].tolist() for i in range(len(objects))],
            list(zip(*ends, strict=True)),
        )


def find_anchor(place, edges):
    """The first object before it that a relation joins it with, else the first of the scene."""
    joined = [t if s == place else s for s, _, t in edges if place in (s, t)]
    return min([other for other in joined if other < place], default=0)


@pytest.fixture(scope="module", params=[(), ("content.plausibility.temperature=0.3",)])
def near(request, open_writer):
    plan = open_writer("multi_object", NEAR, "content.objects.distinct=true", *request.param).plan
    return plan, Meanings(plan.taxonomy), 0.3 if request.param else 0.0


def test_each_object_is_one_of_the_nearest_to_its_anchor(near):
    plan, meanings, temperature = near
    names = meanings.texts["objects"]
    rows = np.unique(plan.pools.objects).tolist()
    room = np.minimum(plan.pools.object_room[plan.pools.classes.of[rows]], plan.pools.object_limit[rows]).tolist()
    seen = 0
    for objects, attributes, edges in list(list_scenes(plan))[:40]:
        for place in range(1, len(objects)):
            before = {names[one].lower() for one in objects[:place]}
            allowed = [
                row
                for row, holds in zip(rows, room, strict=True)
                if holds >= len(attributes[place]) and names[row].lower() not in before
            ]
            anchor = meanings.get("objects", objects[find_anchor(place, edges)])
            count = count_near(len(allowed), 12, temperature)
            assert objects[place] in meanings.list_nearest(count, anchor, "objects", allowed)
            seen += 1
    assert seen > 60


def test_each_attribute_is_one_of_the_nearest_to_its_object(near):
    """Of those that go with its object and with its other attributes."""
    plan, meanings, temperature = near
    pools, deck = plan.pools, plan.pools.attributes
    seen = 0
    for objects, attributes, _ in list_scenes(plan):
        for row, held in zip(objects, attributes, strict=True):
            fits = deck.rows[deck.fits[deck.classes, pools.classes.of[row]]]
            fits = fits[~pools.object_clash.have(fits, np.full(len(fits), row))].tolist()
            for one in held:
                others = [other for other in held if other != one]
                allowed = [some for some in fits if not any(clash(pools, some, other) for other in others)]
                count = count_near(len(fits), 12, temperature)
                assert one in meanings.list_nearest(count, meanings.get("objects", row), "attributes", allowed)
                seen += 1
    assert seen > 150


def clash(pools, one, other):
    return (
        pools.attribute_group[one] == pools.attribute_group[other]
        or pools.attribute_text[one] == pools.attribute_text[other]
        or bool(pools.attribute_clash.have(np.array([one]), np.array([other]))[0])
    )


def test_each_relation_is_one_of_the_nearest_to_both_of_its_ends(near):
    plan, meanings, temperature = near
    deck, classes = plan.pools.relations, plan.pools.classes
    seen, far = 0, 0
    for objects, _, edges in list_scenes(plan):
        for subject, relation, target in edges:
            ends = [objects[subject], objects[target]]
            pair = classes.of[ends[0]] * len(classes) + classes.of[ends[1]]
            allowed = deck.rows[deck.fits[deck.classes, pair]].tolist()
            anchor = sum(meanings.get("objects", row) for row in ends)
            count = count_near(len(allowed), 12, temperature)
            far += relation not in meanings.list_nearest(count, anchor, "relations", allowed)
            seen += 1
    assert seen > 150
    # Only where none of the nearest can be shown with the rest of the scene is it one of the next nearest.
    assert far <= seen * 0.01


def test_concepts_are_used_evenly_within_what_is_near(open_writer):
    overrides = ("structure.attributes=1", "structure.relations=0", "structure.objects=1", "structure.complexity=2")
    plan = open_writer("multi_object", NEAR, "content.objects.top=1", *overrides).plan
    used = Counter(draw_block(plan, "train", 0).attributes.values.tolist())
    assert len(used) == 12
    assert max(used.values()) - min(used.values()) == 1


def test_at_temperature_1_everything_is_near(open_writer):
    plan = open_writer("multi_object", "content.plausibility={neighbours: 1, temperature: 1}").plan
    used = {row for objects, _, _ in list_scenes(plan) for row in objects}
    assert len(used) > 450


def test_one_neighbour_is_enough(open_writer):
    """Where it does not go with the rest of a scene, the next nearest that does is taken."""
    plan = open_writer("multi_object", "content.plausibility.neighbours=1", "structure.attributes=[3, 4]").plan
    for objects, attributes, _ in list_scenes(plan):
        for held in attributes:
            assert len(set(held)) == len(held), objects


def test_of_two_that_are_equally_near_the_first_is_nearer():
    vectors = np.array([[1, 0], [5, 0], [5, 0], [5, 9], [0, 1]], dtype=np.float32)
    near = Nearness(vectors, vectors, vectors, np.zeros(2), neighbours=2, temperature=0.0)
    allowed = np.ones((2, 5), dtype=bool)
    allowed[1, 1] = False
    found = list_nearest(near, np.array([[1, 0], [1, 0]], dtype=np.float32), vectors, allowed)
    assert [one.tolist() for one in found.lists()] == [[1, 2], [2, 3]]


def test_all_scenes_are_in_the_setting(open_writer):
    plan = open_writer("everyday", "content.setting=kitchen", "content.scene_attributes.count=[0, 2]").plan
    table = plan.taxonomy.scene_attributes.to_pylist()
    scenes = draw_block(plan, "train", 0, 0, SCENES)
    meanings = Meanings(plan.taxonomy)
    place = meanings.matrix[meanings.row_of["kitchen"]]
    barred = set(next(one for one in table if one["id"] == "location.kitchen")["bars"].split("|"))
    rows = np.unique(plan.pools.objects).tolist()
    for objects, held in zip(scenes.objects.lists(), scenes.scene_attributes.lists(), strict=True):
        assert [table[row]["name"] for row in held if table[row]["kind"] == "location"] == ["kitchen"]
        assert not {table[row]["kind"] for row in held} & {"weather", "time_of_day"}
        if len(objects) == 1:  # any other may be the first of its scene that has room for few attributes
            assert objects[0] in meanings.list_nearest(100, place, "objects", rows)
    ids = plan.taxonomy.objects["id"].to_pylist()
    assert not barred & {ids[row] for row in scenes.objects.values}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("content.setting=kitchn", "there is no place `kitchn`; did you mean `kitchen`?"),
        ("content.plausibility={neighbours: 0}", "content.plausibility.neighbours: must be at least 1"),
        ("content.plausibility={temperature: 2}", "content.plausibility.temperature: must be at most 1"),
        ("content.plausibility={neighbors: 3}", "did you mean `neighbours`?"),
    ],
)
def test_wrong_values_are_said_in_one_line(open_writer, override, said):
    with pytest.raises(RecipeError) as caught:
        open_writer("everyday", override)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
