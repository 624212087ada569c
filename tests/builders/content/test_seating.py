"""Seating: cards go where they fit, rare ones first, and nothing is seated beside what it clashes with."""

import numpy as np
import pytest
from generate_any_scene.builders.content.seating import list_seats, seat_cards
from generate_any_scene.builders.foundation.ragged import Ragged, offsets_of
from hypothesis import given, settings
from hypothesis import strategies as st


@st.composite
def draw_tasks(draw):
    """Decks of some kinds, what clashes, what scenes have room for, and dealt cards."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = chance.integers(1, 90, size=draw(st.integers(1, 4)))
    decks = Ragged(np.arange(sizes.sum()), offsets_of(sizes))
    owners = decks.owners
    clash = np.triu(chance.random((len(owners),) * 2) < draw(st.sampled_from([0.0, 0.3, 0.8])))
    clash = clash | clash.T | (owners[:, None] == owners)
    rule_of = chance.integers(0, 5, size=len(owners))
    refused = chance.random((20, 5)) < draw(st.sampled_from([0.0, 0.4, 0.9]))
    sorts = chance.integers(0, 20, size=40)
    scene, kinds = np.nonzero(chance.random((40, len(sizes))) < 0.6)
    cards = decks.offsets[kinds] + chance.integers(0, sizes[kinds])
    return decks, clash, rule_of, refused, sorts, scene, kinds, cards


@settings(max_examples=60, deadline=None)
@given(draw_tasks())
def test_what_is_seated_goes_with_its_scene(task):
    decks, clash, rule_of, refused, sorts, scene, kinds, cards = task
    seats = list_seats(decks, rule_of, np.arange(len(clash)), clash)
    seated, lonely = seat_cards(7, seats, ~refused[:, seats.rules], sorts, scene, cards, kinds)
    refused = refused[sorts]
    there = np.setdiff1d(np.arange(len(scene)), lonely)
    assert not refused[scene[there], rule_of[seated[there]]].any()
    assert (seated[lonely] == cards[lonely]).all()
    for place in range(len(scene)):
        beside = seated[there[(scene[there] == scene[place]) & (there != place)]]
        if place in lonely:
            # Nothing at all goes with what the scene has got.
            assert (refused[scene[place], rule_of] | clash[:, beside].any(axis=1)).all()
        else:
            assert not clash[seated[place], beside].any()


@pytest.mark.parametrize("seed", range(5))
def test_a_card_that_few_scenes_take_is_seated_there(seed):
    """Each of ten cards is dealt a hundred times; one fits a hundred scenes alone, and gets nearly all of them."""
    chance = np.random.default_rng(seed)
    decks = Ragged(np.arange(10), np.array([0, 10]))
    refused = np.zeros((1000, 2), dtype=bool)
    refused[:, 1] = chance.permutation(1000) >= 100
    seats = list_seats(decks, np.arange(10) // 9, np.zeros(10, dtype=np.int64), np.array([[True]]))
    cards = chance.permutation(np.repeat(np.arange(10), 100))
    scenes = np.arange(1000)
    seated, lonely = seat_cards(seed, seats, ~refused[:, seats.rules], scenes, scenes, cards, np.zeros_like(cards))
    assert not len(lonely)
    assert not refused[seated == 9, 1].any()
    counts = np.bincount(seated)
    assert counts[9] >= 90 and np.ptp(counts[:9]) <= 3
