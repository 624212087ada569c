"""How well relations are seen, what they say, and what they exclude: kinds of them, not examples."""

import re

import pytest
from generate_any_scene.taxonomy.build.relation_visible import pick_worse
from generate_any_scene.taxonomy.schema import FACTS, VISIBILITY

TURNED = {
    "left": "right",
    "above": "below",
    "front": "behind",
    "bigger": "smaller",
    "taller": "shorter",
    "wider": "narrower",
}
TURNED |= {other: one for one, other in TURNED.items()}
UNSEEN = re.compile(
    r"\b(bought|sold|designed|owned|invented|ordered|tested|delivered|rented|borrowed|chosen|intended|meant|named|recommended)"
    r"\b|\b(buying|selling|designing|ordering|testing|delivering|thanking|inviting|introducing|apologizing)\b"
    r"|\b(too (big|small|heavy) for|(big|small|large) enough for|instead of|(heav|light)ier than)\b"
)
"""What nobody sees: who buys, plans and sells, what fits or weighs what."""


TOGETHER = """
wagging its tail at, licking; wagging its tail at, nuzzling; wagging its tail at, nudging;
wagging its tail at, snuggling against; planting, digging up; setting down, raising; setting down, lifting;
crying beside, frowning at"""
"""What one picture shows together, or what nobody tells apart in a picture that stands still."""


@pytest.fixture(scope="module")
def rows(taxonomy):
    return taxonomy.relations.to_pylist()


def test_every_relation_is_marked_and_most_that_recipes_deal_are_seen(rows):
    assert {row["visible"] for row in rows} == set(VISIBILITY)
    common = [row for row in rows if row["tier"] == "common"]
    for category in {row["category"] for row in common}:
        assert any(row["visible"] == "yes" for row in common if row["category"] == category), category
    assert sum(row["visible"] == "yes" for row in common) > 450


def test_feelings_roles_and_meaning_are_not_seen(rows):
    some = [row for row in rows if row["subtype"] in ("feeling", "role", "serving", "meaning")]
    assert len(some) > 300
    assert [row["predicate"] for row in some if row["visible"] == "yes"] == []


def test_what_is_bought_planned_or_fits_is_not_seen(rows):
    some = [row for row in rows if UNSEEN.search(row["predicate"])]
    assert len(some) > 150
    assert [row["predicate"] for row in some if row["visible"] == "yes"] == []


def test_a_way_of_doing_something_is_seen_no_better_than_the_deed(rows):
    deeds = {(row["category"], row["head"]): row["visible"] for row in rows if not row["modifier"]}
    ways = [row for row in rows if row["modifier"] and (row["category"], row["head"]) in deeds]
    assert len(ways) > 2000
    assert [
        row["predicate"]
        for row in ways
        if pick_worse(row["visible"], deeds[row["category"], row["head"]]) != row["visible"]
    ] == []


def test_left_and_right_are_said_in_one_way(rows):
    """Sides that may be those of the landmark are not dealt beside those of the viewer."""
    sides = [row for row in rows if re.search(r"\b(left|right) side\b", row["predicate"])]
    assert sides
    assert all(row["visible"] != "yes" and not row["says"] for row in sides)
    viewed = [row for row in rows if re.search(r"\bto the (left|right) of$", row["predicate"]) and not row["modifier"]]
    assert len(viewed) > 20
    assert all({"left", "right"} & set(row["says"].split("|")) for row in viewed)


def test_inverses_say_the_same_the_other_way_around(rows):
    by_id = {row["id"]: row for row in rows}
    pairs = [(row, by_id[row["inverse"]]) for row in rows if row["inverse"]]
    for row, other in pairs:
        said, turned = (set(one["says"].split("|")) & set(TURNED) for one in (row, other))
        # "In" says how large the two are, "holding" does not: a man holds a kite.
        said, turned = (one - {"bigger", "smaller"} for one in (said, turned))
        assert {TURNED[fact] for fact in said} == turned, (row["id"], other["id"])


def test_facts_are_listed_in_their_order_and_agree(rows):
    places = {fact: place for place, fact in enumerate(FACTS)}
    for row in rows:
        said = [places[fact] for fact in row["says"].split("|") if fact]
        assert said == sorted(set(said)), row["id"]
        for one, other in TURNED.items():
            assert not {one, other} <= set(row["says"].split("|")), row["id"]


def test_what_one_posture_says_no_other_says_with_it(rows):
    """A kneeling man crouches, too, and what was placed may stand, sit or lie; nothing else is two at once."""
    postures = {"stands", "sits", "lies", "kneels", "crouches", "goes", "held"}
    for row in rows:
        said = postures & set(row["says"].split("|"))
        assert len(said) <= 1 or said in ({"kneels", "crouches"}, {"stands", "sits", "lies"}), (row["id"], said)
        assert not {"goes", "stays"} <= set(row["says"].split("|")), row["id"]


def test_only_what_has_a_side_is_turned_over_or_back_to_back(taxonomy, rows):
    kinds = {
        "back to back with": {"person", "mammal"},
        "upside down on": {"container", "furniture", "toy", "musical_instrument"},
        "face down on": {"toy", "artwork"},
    }
    for predicate, allowed in kinds.items():
        (row,) = [row for row in rows if row["predicate"] == predicate]
        assert set(row["subject_kinds"].split("|")) == allowed


def test_a_place_is_neither_above_nor_left_of_a_thing_nor_touches_it(rows):
    words = "above below over under touching against overlapping on_top_of underneath lying_under lying_across"
    solid = {f"spatial.{word}" for word in words.split()} | {"spatial.to_the_left_of", "spatial.to_the_right_of"}
    found = [row for row in rows if row["id"] in solid or row["subtype"] == "extent"]
    assert len(found) > 20
    for row in found:
        kinds = {*row["subject_kinds"].split("|"), *row["object_kinds"].split("|")}
        assert not kinds & {"any", "room", "landform", "water"}, row["id"]


def test_sizes_are_compared_between_what_one_picture_holds(rows):
    for row in rows:
        if row["subtype"] == "extent":
            kinds = {*row["subject_kinds"].split("|"), *row["object_kinds"].split("|")}
            assert not kinds & {"any", "artifact", "building", "room", "landform", "water", "sky", "structure"}, row[
                "id"
            ]


@pytest.mark.parametrize("pair", [tuple(one.strip().split(", ")) for one in TOGETHER.split(";")])
def test_what_may_be_seen_together_excludes_nothing(pair, rows):
    excluded = {row["predicate"]: row["excludes"].split("|") for row in rows if row["excludes"]}
    for one, other in (pair, pair[::-1]):
        assert other not in excluded.get(one, ())


def test_what_pictures_things_shows_an_image_of_them(rows):
    """By their words: one end of a relation is seen in an image alone."""
    of_image = re.compile(
        r"^(?!a mirror|an emblem|painting a).*\b(image|picture|emblem|portrait|drawing|painting|sketch) of$"
    )
    pictures, pictured = ("depicting", "portraying", "illustrating"), ("depicted in", "portrayed in")
    for row in rows:
        said, words = row["says"].split("|"), row["predicate"]
        assert "pictures" in said or not (of_image.search(words) or words in pictures), words
        assert ("pictured" in said) == (words in pictured)
