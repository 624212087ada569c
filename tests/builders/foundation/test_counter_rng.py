"""Counter-based random numbers: decks hold every card once, and any part of a sequence is known without the rest."""

import numpy as np
import pytest
from generate_any_scene.builders.foundation.counter_rng import (
    BITS,
    WINDOW,
    count_below,
    deal,
    deal_each,
    derive_key,
    draw_below,
    hash_numbers,
    reverse_bits,
    shuffle,
    shuffle_rows,
    stratify,
)
from hypothesis import given
from hypothesis import strategies as st

keys = st.integers(0, 2**64 - 1)
windows = st.integers(0, 2**20).map(lambda number: number * WINDOW)


def split_mix(key, number):
    """The output of SplitMix64 after `number` steps from the state `key`, as its paper writes it."""
    state = (key + number * 0x9E3779B97F4A7C15) % 2**64
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
    return state ^ state >> 31


@given(key=keys, numbers=st.lists(st.integers(0, 2**63 - 1), max_size=20))
def test_hashes_are_the_numbers_of_split_mix(key, numbers):
    hashed = hash_numbers(key, np.array(numbers, dtype=np.int64))
    assert hashed.tolist() == [split_mix(key, number) for number in numbers]
    each = np.array([key, *range(len(numbers))][: len(numbers)], dtype=np.uint64)
    assert hash_numbers(each, np.array(numbers, dtype=np.int64)).tolist() == list(
        map(split_mix, each.tolist(), numbers)
    )


def test_hashes_are_those_that_were_published():
    """The first outputs for the seed 1234567, as of the reference implementation in C."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert hash_numbers(1234567, np.arange(1, 5)).tolist() == published


@given(key=keys, draws=st.lists(st.tuples(st.integers(0, 2**40), st.integers(1, 2**31 - 1)), max_size=20))
def test_what_is_drawn_is_below_its_bound_and_depends_on_its_position_alone(key, draws):
    numbers, bounds = (
        np.array(column, dtype=np.int64) for column in (zip(*draws, strict=True) if draws else ([], []))
    )
    drawn = draw_below(key, numbers, bounds)
    assert ((drawn >= 0) & (drawn < bounds)).all()
    assert drawn.tolist() == [draw_below(key, np.array([number]), bound)[0] for number, bound in draws]


@given(key=keys, count=st.integers(0, 300))
def test_a_shuffle_has_everything_once(key, count):
    assert sorted(shuffle(key, count)) == list(range(count))


@given(key=keys, rows=st.lists(st.integers(0, 10**9), max_size=5), width=st.integers(1, 40))
def test_a_row_is_shuffled_alike_whatever_is_beside_it(key, rows, width):
    together = shuffle_rows(key, np.array(rows, dtype=np.int64), width)
    assert together.shape == (len(rows), width)
    for row, shuffled in zip(rows, together, strict=True):
        assert (shuffle_rows(key, np.array([row]), width)[0] == shuffled).all()


@given(key=keys, cards=st.integers(1, 50), start=st.integers(0, 500), count=st.integers(0, 500))
def test_all_cards_of_a_run_come_up_about_alike_often(key, cards, start, count):
    """Each card of a run comes up once a deck, and the run touches at most two decks in part."""
    uses = np.bincount(deal(key, cards, start, count), minlength=cards)
    assert uses.max() - uses.min() <= 2
    from_the_start = np.bincount(deal(key, cards, 0, count), minlength=cards)
    assert from_the_start.max() - from_the_start.min() <= 1


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


@given(key=keys, power=st.integers(0, 6), run=st.integers(0, 1000))
def test_runs_of_a_power_of_two_have_a_point_in_each_part_of_the_interval(key, power, run):
    count = WINDOW << power
    points = stratify(key, run * count, count)
    assert sorted(points * count >> BITS) == list(range(count))


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
