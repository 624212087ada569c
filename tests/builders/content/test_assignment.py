"""Assignment: cards move between holders until they fit, and none is dropped while there is a way."""

import numpy as np
import pytest
from generate_any_scene.builders.content.assignment import Slots, resolve_conflicts
from generate_any_scene.builders.foundation.ragged import Ragged
from generate_any_scene.errors import GasError


def seat(cards, deck, refuse, insist=False):
    """One holder a card."""
    slots = np.arange(len(cards))
    return resolve_conflicts(
        1,
        np.array(cards),
        Slots(
            np.arange(len(cards) + 1),
            np.zeros(len(cards), dtype=np.int64),
            Ragged(np.arange(deck), np.array([0, deck])),
        ),
        clash=lambda some, others: some == others,
        refuse=refuse,
        insist=insist,
    )[slots].tolist()


def test_what_a_slot_refuses_goes_to_another():
    cards = list(range(50))
    seated = seat(cards, 50, lambda slots, cards: (slots == cards) & (slots < 9))
    assert sorted(seated) == cards
    assert all(slot != card for slot, card in enumerate(seated[:9]))


def test_a_slot_takes_what_it_refuses_only_where_nothing_else_is():
    assert seat([0], 2, lambda slots, cards: cards == 0) == [1]
    assert seat([0], 1, lambda slots, cards: cards == 0) == [0]
    with pytest.raises(GasError):
        seat([0], 1, lambda slots, cards: cards == 0, insist=True)
