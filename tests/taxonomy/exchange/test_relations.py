"""What becomes of relations that others wrote."""

import doctest

import pytest
from generate_any_scene.taxonomy.english import (
    inflection,
    scene_phrases,
)
from generate_any_scene.taxonomy.exchange import (
    metadata_layout,
    relation_repair,
)
from generate_any_scene.taxonomy.exchange.relation_repair import repair_relation


@pytest.mark.parametrize("module", [metadata_layout, relation_repair, scene_phrases, inflection])
def test_examples(module) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    "text", ["next to", "holding", "gently holding", "held by", "in love with", "looking up at", "taller than", "near"]
)
def test_what_fits_is_left_as_it_is(text: str) -> None:
    fixed = repair_relation(text)
    assert (fixed.predicate, fixed.finite, fixed.changed, fixed.reason) == (text, "", False, "")


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("is behind", "behind"),
        ("are sitting on the", "sitting on"),
        ("gives shelter to", "giving shelter to"),
        ("looks_at", "looking at"),
        ("sits on", "sitting on"),
        ("ties knots around", "tying knots around"),
        ("holding tightly", "tightly holding"),
    ],
)
def test_what_can_be_made_to_fit(text: str, predicate: str) -> None:
    fixed = repair_relation(text)
    assert (fixed.predicate, fixed.finite, fixed.changed, fixed.reason) == (predicate, "", True, "")


@pytest.mark.parametrize(
    ("text", "base", "finite"),
    [
        ("represents", "represent", "represents"),
        ("carries", "carry", "carries"),
        ("watches", "watch", "watches"),
        ("encloses", "enclose", "encloses"),
        ("quietly supports", "quietly support", "quietly supports"),
    ],
)
def test_verbs_alone_are_kept_as_verbs(text: str, base: str, finite: str) -> None:
    fixed = repair_relation(text)
    assert (fixed.predicate, fixed.finite) == (base, finite)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("expressing friendliness", "it ends in `friendliness`"),
        ("smiling", "`smiling` takes no object"),
        ("adjacent", "joins no two objects"),
        ("is", "nothing is left"),
        ("?!", "no word"),
        ("away", "leaves no place"),
    ],
)
def test_what_leaves_no_place_for_an_object(text: str, reason: str) -> None:
    fixed = repair_relation(text)
    assert reason in fixed.reason
    assert fixed.predicate == ""
