"""Where chance comes from: decks hold every card once, and any part of a sequence is known without the rest."""

import numpy as np
import pytest
from generate_any_scene.builders.foundation import ragged as arrays
from generate_any_scene.builders.foundation.counter_rng import (
    BITS,
    WINDOW,
    count_below,
    deal,
    deal_each,
    derive_key,
    reverse_bits,
    shuffle_rows,
    stratify,
)
from generate_any_scene.builders.foundation.ragged import Ragged, expand_ranges, number_as_found, number_rows
from hypothesis import given
from hypothesis import strategies as st

keys = st.integers(0, 2**64 - 1)
windows = st.integers(0, 2**20).map(lambda number: number * WINDOW)


@given(key=keys, cards=st.integers(1, 300), deck=st.integers(0, 10**6), decks=st.integers(1, 4))
def test_every_deck_holds_each_card_once(key, cards, deck, decks):
    dealt = deal(key, cards, deck * cards, decks * cards).reshape(decks, cards)
    assert (np.sort(dealt, axis=1) == np.arange(cards)).all()


@given(key=keys, cards=st.integers(1, 300), start=st.integers(0, 2000), count=st.integers(0, 700))
def test_dealing_may_begin_anywhere(key, cards, start, count):
    assert (deal(key, cards, start, count) == deal(key, cards, 0, start + count)[start:]).all()


@given(
    st.lists(st.tuples(keys, st.integers(1, 300), st.integers(0, 2000), st.integers(1, 700)), min_size=1, max_size=5)
)
def test_several_decks_are_dealt_at_once_as_one_by_one(decks):
    some, *numbers = zip(*decks, strict=True)
    dealt = deal_each(list(some), *(np.array(column) for column in numbers))
    assert (dealt == np.concatenate([deal(*deck) for deck in decks])).all()


@given(st.integers(0, 2**BITS - 1))
def test_bits_are_mirrored(number):
    assert f"{reverse_bits(np.array([number]))[0]:0{BITS}b}" == f"{number:0{BITS}b}"[::-1]


def test_decks_are_shuffled_anew():
    first, second = deal(1, 100, 0, 200).reshape(2, 100)
    assert (first != second).any()
    assert (first != deal(2, 100, 0, 100)).any()


def test_every_card_comes_first_about_equally_often():
    firsts = np.bincount(shuffle_rows(3, np.arange(20_000), 10)[:, 0], minlength=10)
    # Chi-square with 9 degrees of freedom: above 27.9 once in a thousand.
    assert ((firsts - 2000) ** 2 / 2000).sum() < 27.9


@given(key=keys, start=windows, first=st.integers(0, 5), second=st.integers(0, 300))
def test_points_of_two_runs_are_those_of_both_together(key, start, first, second):
    first *= WINDOW
    together = stratify(key, start, first + second)
    assert (together[:first] == stratify(key, start, first)).all()
    assert (together[first:] == stratify(key, start + first, second)).all()


@given(key=keys, scenes=st.integers(0, 60), bounds=st.lists(st.integers(0, 2**BITS), min_size=1, max_size=20))
def test_points_below_a_bound_are_counted_without_making_them(key, scenes, bounds):
    points = stratify(key, 0, scenes * WINDOW)
    counted = count_below(key, scenes * WINDOW, np.array(bounds, dtype=np.int64))
    assert counted.tolist() == [(points < bound).sum() for bound in bounds]


@given(key=keys, scenes=st.integers(1, 100), low=st.floats(0, 1), high=st.floats(0, 1))
def test_any_share_of_the_interval_gets_its_share_of_the_points(key, scenes, low, high):
    low, high = sorted(round(end * 2**BITS) for end in (low, high))
    points = stratify(key, 0, scenes * WINDOW)
    inside = ((points >= low) & (points < high)).sum()
    # The discrepancy of the van der Corput sequence: at most log2(n) + 1 a bound.
    assert abs(inside - (high - low) / 2**BITS * len(points)) <= 2 * (np.log2(len(points)) + 1)


@pytest.mark.parametrize("other", [(8, "train", "objects"), (7, "test", "objects"), (7, "train", "attributes")])
def test_keys_depend_on_every_part(other):
    assert derive_key(7, "train", "objects") != derive_key(*other)
    assert derive_key("a", "bc") != derive_key("ab", "c")


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=6), st.data())
def test_lists_of_different_lengths_are_kept_and_taken(lists, data):
    ragged = Ragged.from_lists(lists)
    assert [ragged[i].tolist() for i in range(len(ragged))] == lists
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=8))
    taken = ragged.take(np.array(rows, dtype=np.int64))
    assert [taken[i].tolist() for i in range(len(taken))] == [lists[row] for row in rows]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=8))
def test_ranges_are_written_out(pairs):
    starts, lengths = (
        np.array(column, dtype=np.int64) for column in (zip(*pairs, strict=True) if pairs else ([], []))
    )
    expected = [value for start, length in pairs for value in range(start, start + length)]
    assert expand_ranges(starts, lengths).tolist() == expected


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 2)), min_size=1, max_size=30))
def test_rows_have_one_number_if_and_only_if_they_are_equal(rows):
    examples, numbers = number_rows(*np.array(rows, dtype=np.int64).T)
    assert [rows[examples[number]] for number in numbers] == rows
    assert len(examples) == len(set(rows))


@pytest.mark.parametrize("room", [20, 2**63])
@given(rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 2)), max_size=30))
def test_rows_are_numbered_as_they_are_found(room, rows):
    """Also where a number has no room for the codes of all columns."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "MOST_CODES", room)
        examples, numbers = number_as_found(len(rows), columns)
    found = list(dict.fromkeys(rows))
    assert [rows[example] for example in examples] == found
    assert examples.tolist() == [rows.index(row) for row in found]
    assert [found[number] for number in numbers] == rows


def test_rows_of_no_columns_are_alike():
    examples, numbers = number_as_found(3, [])
    assert (examples.tolist(), numbers.tolist()) == ([0], [0, 0, 0])
