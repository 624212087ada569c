"""Assignment: cards move between holders until they fit, and none is dropped while there is a way."""

import numpy as np
import pytest
from generate_any_scene.builders.content.assignment import (
    Slots,
    assign_concepts,
    draw_again,
    list_fitting,
    resolve_conflicts,
)
from generate_any_scene.builders.foundation.counter_rng import deal
from generate_any_scene.builders.foundation.ragged import Ragged, offsets_of
from generate_any_scene.errors import GasError
from hypothesis import assume, given
from hypothesis import strategies as st

keys = st.integers(0, 2**64 - 1)


def assign(cards, deck, refuse, insist=False):
    """One holder a card."""
    slots = Slots(
        np.arange(len(cards) + 1),
        np.zeros(len(cards), dtype=np.int64),
        Ragged(np.arange(deck), np.array([0, deck])),
    )
    return resolve_conflicts(1, np.array(cards), slots, np.equal, refuse, insist=insist).tolist()


def test_what_a_slot_refuses_goes_to_another():
    cards = list(range(50))
    assigned = assign(cards, 50, lambda slots, cards: (slots == cards) & (slots < 9))
    assert sorted(assigned) == cards
    assert all(slot != card for slot, card in enumerate(assigned[:9]))


def test_a_slot_takes_what_it_refuses_only_where_nothing_else_is():
    assert assign([0], 2, lambda slots, cards: cards == 0) == [1]
    assert assign([0], 1, lambda slots, cards: cards == 0) == [0]
    with pytest.raises(GasError):
        assign([0], 1, lambda slots, cards: cards == 0, insist=True)


@st.composite
def tasks(draw):
    """Classes of a deck's cards and of slots, and which fit: every class of slots fits some card."""
    cards = draw(st.integers(1, 30))
    card_kinds, slot_kinds = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    card_class = np.array(draw(st.lists(st.integers(0, card_kinds - 1), min_size=cards, max_size=cards)))
    slot_class = np.array(draw(st.lists(st.integers(0, slot_kinds - 1), max_size=80)), dtype=np.int64)
    bits = draw(st.lists(st.booleans(), min_size=card_kinds * slot_kinds, max_size=card_kinds * slot_kinds))
    fits = np.array(bits).reshape(card_kinds, slot_kinds)
    fits[card_class[0]] |= ~fits[card_class].any(axis=0)
    return card_class, slot_class, fits


@given(key=keys, task=tasks(), start=st.integers(0, 100))
def test_every_slot_gets_a_card_that_fits(key, task, start):
    card_class, slot_class, fits = task
    cards = deal(key, len(card_class), start, len(slot_class))
    assigned = assign_concepts(key, cards, card_class, slot_class, fits)
    assert fits[card_class[assigned], slot_class].all()
    assert (assigned == assign_concepts(key, cards, card_class, slot_class, fits)).all()


@given(key=keys, sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4), data=st.data())
def test_cards_that_all_find_a_slot_are_used_as_they_were_dealt(key, sizes, data):
    """As many slots of each class as cards that fit no other class: each card is used once, whatever the order."""
    card_class = np.repeat(np.arange(len(sizes)), sizes)
    slot_class = np.array(data.draw(st.permutations(card_class.tolist())))
    cards = deal(key, len(card_class), 0, len(card_class))
    assigned = assign_concepts(key, cards, card_class, slot_class, np.eye(len(sizes), dtype=bool))
    assert sorted(assigned.tolist()) == sorted(cards.tolist())
    assert (card_class[assigned] == slot_class).all()


@st.composite
def conflicts(draw):
    """Slots of holders with cards that fit their classes, and groups of cards: two of one group clash."""
    card_class, _, fits = draw(tasks())
    offsets = offsets_of(np.array(draw(st.lists(st.integers(0, 3), min_size=1, max_size=25))))
    size = int(offsets[-1])
    classes = np.array(draw(st.lists(st.integers(0, fits.shape[1] - 1), min_size=size, max_size=size)), dtype=np.int64)
    fitting = list_fitting(card_class, fits)
    choices = draw(st.lists(st.integers(0, 10**6), min_size=size, max_size=size))
    cards = [fitting[one][choice % len(fitting[one])] for one, choice in zip(classes.tolist(), choices, strict=True)]
    groups = np.arange(len(card_class)) % draw(st.integers(1, len(card_class)))
    refused = np.random.default_rng(draw(st.integers(0, 99))).random((size, len(card_class))) < 0.2
    return np.array(cards, dtype=np.int64), Slots(offsets, classes, fitting), groups, refused


def resolve(key, conflict, **options):
    """The cards as a list; None where nothing fits beside the other cards of a holder."""
    cards, slots, groups, refused = conflict

    def clash(some, others):
        return groups[some] == groups[others]

    def refuse(slots, cards):
        return refused[slots, cards]

    try:
        return resolve_conflicts(key, cards, slots, clash, refuse, **options)
    except GasError:
        return None


@given(key=keys, conflict=conflicts(), swaps=st.integers(0, 16))
def test_no_two_cards_of_a_holder_clash_and_none_is_refused(key, conflict, swaps):
    cards, slots, groups, refused = conflict
    before = cards.copy()
    resolved = resolve(key, conflict, insist=True, swaps=swaps)
    assert (cards == before).all()
    again = resolve(key, conflict, insist=True, swaps=swaps)
    assert (resolved is None) == (again is None)
    assume(resolved is not None)
    assert (resolved == again).all()
    assert not refused[np.arange(len(cards)), resolved].any()
    for slot, card in enumerate(resolved.tolist()):
        assert card in slots.fitting[slots.classes[slot]]
    for holder in np.split(groups[resolved], slots.offsets[1:-1]):
        assert len(set(holder.tolist())) == len(holder)


@given(key=keys, conflict=conflicts())
def test_what_is_right_stays_as_it_is(key, conflict):
    first = resolve(key, conflict, insist=True)
    assume(first is not None)
    assert (resolve(key, (first, *conflict[1:]), insist=True) == first).all()


@given(key=keys, conflict=conflicts())
def test_there_is_a_way_where_each_slot_has_groups_enough(key, conflict):
    """What is refused is allowed where nothing else is, so clashes alone can leave a slot without a card."""
    _, slots, groups, _ = conflict
    sizes = np.repeat(np.diff(slots.offsets), np.diff(slots.offsets))
    choices = [len(set(groups[slots.fitting[one]].tolist())) for one in slots.classes.tolist()]
    assume(all(choices >= sizes))
    assert resolve(key, conflict) is not None


@given(key=keys, holders=st.integers(2, 200), deck=st.integers(8, 40))
def test_swaps_alone_permute_the_cards(key, holders, deck):
    """Many holders of two slots that take any card: swaps are enough, and the cards in use stay the same."""
    cards = deal(key, deck, 0, 2 * holders)
    every = Ragged(np.arange(deck), np.array([0, deck]))
    slots = Slots(np.arange(holders + 1) * 2, np.zeros(2 * holders, dtype=np.int64), every)
    resolved = resolve_conflicts(key, cards, slots, np.equal, swaps=200)
    assert sorted(resolved.tolist()) == sorted(cards.tolist())
    assert (resolved[::2] != resolved[1::2]).all()


@given(key=keys, slots=st.lists(st.integers(0, 1000), max_size=20), cards=st.integers(1, 40), data=st.data())
def test_what_is_drawn_again_is_accepted_there(key, slots, cards, data):
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=cards, max_size=cards)))
    allowed[data.draw(st.integers(0, cards - 1))] = True
    slots = np.array(slots, dtype=np.int64)
    drawn = draw_again(key, slots, cards, lambda slots, tries: allowed[tries])
    assert allowed[drawn].all()
    assert (drawn >= 0).all()


def test_nothing_is_drawn_where_nothing_is_accepted():
    with pytest.raises(GasError):
        draw_again(1, np.array([3]), 5, lambda slots, cards: cards < 0)
