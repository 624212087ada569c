"""What joins what: kinds of both ends, and sizes where they are compared."""

import numpy as np
import pytest
from generate_any_scene.arrow import match_texts
from generate_any_scene.builders.content.compatibility import classify_objects, in_tier, make_relation_deck

COMPARED = {"person", "mammal", "animal", "plant", "container", "furniture", "device", "musical_instrument"}
COMPARED |= {"toy", "artwork", "vehicle", "weapon"}


@pytest.fixture(scope="module")
def objects(taxonomy):
    return taxonomy.objects.select(["name", "kinds", "size", "tier"]).to_pylist()


def list_joined(taxonomy, typed):
    """Whether `bigger than` joins each class with each, bool, and the classes."""
    rows = np.flatnonzero(in_tier(taxonomy.objects, "common"))
    classes = classify_objects(taxonomy, rows, typed)
    deck = make_relation_deck(
        taxonomy, np.flatnonzero(match_texts(taxonomy.relations["id"], "spatial.bigger_than")), classes
    )
    return deck.fits[deck.classes[0]].reshape(len(classes), len(classes)), classes.of[rows], rows


def test_sizes_are_compared_where_nobody_knows_the_answer_beforehand(taxonomy, objects):
    joined, class_of, rows = list_joined(taxonomy, typed=True)
    sizes = [{*objects[row]["size"].split("|")} - {""} for row in rows]
    known = [COMPARED & {*objects[row]["kinds"].split("|")} for row in rows]
    for one in range(0, len(rows), 7):
        for other in range(len(rows)):
            alike = not sizes[one] or not sizes[other] or sizes[one] & sizes[other]
            expected = bool(known[one] and known[other] and alike)
            assert joined[class_of[one], class_of[other]] == expected, (objects[rows[one]], objects[rows[other]])


def test_without_types_sizes_do_not_count(taxonomy):
    assert list_joined(taxonomy, typed=False)[0].all()


def test_everyday_things_that_are_compared_have_a_size(objects):
    for row in objects:
        if row["tier"] == "common" and COMPARED & {*row["kinds"].split("|")}:
            assert row["size"], row["name"]


def test_a_place_is_nothing_that_one_could_lift(objects):
    places = {"room", "landform", "water", "ground", "area"}
    for row in objects:
        kinds = {*row["kinds"].split("|")}
        assert kinds <= places or not kinds & places, row["name"]
        assert not kinds & {"ground", "area"} or "landform" in kinds, row["name"]
