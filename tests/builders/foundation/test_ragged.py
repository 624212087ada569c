"""Arrays that stand for lists, sets and tables, held to Python's own."""

from itertools import pairwise

import numpy as np
import pytest
from generate_any_scene.builders.foundation import ragged
from generate_any_scene.builders.foundation.ragged import (
    Bits,
    Pairs,
    Ragged,
    expand_ranges,
    join_codes,
    number_as_found,
    number_rows,
    offsets_of,
    order_small,
    pad_lists,
    pair_members,
)
from hypothesis import given
from hypothesis import strategies as st

SMALL = st.lists(st.integers(0, 4), max_size=8)
TRIPLES = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 2)), min_size=1, max_size=30)


@given(st.lists(SMALL, max_size=5))
def test_members_of_a_list_are_paired_with_all_others_of_it(lists):
    offsets = offsets_of(np.array([len(one) for one in lists], dtype=np.int64))
    places = [range(start, end) for start, end in pairwise(offsets)]
    expected = [(one, other) for some in places for one in some for other in some if one != other]
    assert list(zip(*(array.tolist() for array in pair_members(offsets)), strict=True)) == expected


@given(st.lists(st.integers(0, 1 << 17), max_size=40))
def test_order_is_that_of_a_stable_sort(numbers):
    assert order_small(np.array(numbers, dtype=np.int64)).tolist() == sorted(
        range(len(numbers)), key=numbers.__getitem__
    )


@pytest.mark.parametrize("columns", [1, 7, 64, 65, 200])
def test_bits_are_the_table_that_was_packed(columns):
    table = np.random.default_rng(columns).random((9, columns)) < 0.3
    bits = Bits.pack(table)
    rows, places = (one.reshape(-1) for one in np.indices(table.shape))
    assert np.array_equal(bits.have(rows, places), table.reshape(-1))
    assert np.array_equal(bits.have(np.full(columns, -1), np.arange(columns)), table[-1])
    lists = [[0, 3], [], [8], [1, 2, 5, 7]]
    united = bits.unite(Ragged.from_lists(lists))
    expected = np.array([table[one].any(axis=0) for one in lists])
    rows, places = (one.reshape(-1) for one in np.indices(expected.shape))
    assert np.array_equal(united.have(rows, places), expected.reshape(-1))


@given(st.data(), st.integers(1, 12), st.integers(1, 12))
def test_pairs_are_a_set_of_tuples(data, first_size, second_size):
    pair = st.tuples(st.integers(0, first_size - 1), st.integers(0, second_size - 1))
    members = data.draw(st.lists(pair, max_size=20))
    pairs = Pairs.from_rows(np.array(members, dtype=np.int64).reshape(-1, 2), (first_size, second_size))
    every = [(first, second) for first in range(first_size) for second in range(second_size)]
    firsts, seconds = np.array(every, dtype=np.int64).T
    assert pairs.have(firsts, seconds).tolist() == [one in set(members) for one in every]


@given(st.data(), st.integers(1, 6), st.integers(1, 80))
def test_bits_are_sets_of_columns(data, rows, columns):
    sets = [data.draw(st.sets(st.integers(0, columns - 1))) for _ in range(rows)]
    table = np.array([[column in one for column in range(columns)] for one in sets])
    lists = data.draw(st.lists(st.lists(st.integers(0, rows - 1), max_size=4), min_size=1, max_size=5))
    bits, united = Bits.pack(table), Bits.pack(table).unite(Ragged.from_lists(lists))
    every = np.arange(columns)
    for row in range(-1, rows):
        assert set(every[bits.have(np.full(columns, row), every)].tolist()) == sets[row]
    for place, one in enumerate(lists):
        assert set(every[united.have(np.full(columns, place), every)].tolist()) == set().union(*(sets[i] for i in one))


@given(st.lists(SMALL, max_size=6))
def test_lists_know_their_lengths_and_owners(lists):
    ragged = Ragged.from_lists(lists)
    assert ragged.lengths.tolist() == list(map(len, lists))
    assert list(zip(ragged.owners.tolist(), ragged.values.tolist(), strict=True)) == [
        (owner, value) for owner, one in enumerate(lists) for value in one
    ]
    assert [one.tolist() for one in ragged.lists()] == lists
    assert ragged.width == (len(lists[0]) if lists and len(set(map(len, lists))) == 1 else None)


@given(st.lists(SMALL, max_size=6))
def test_padded_lists_are_rows_filled_up(lists):
    longest = max(map(len, lists), default=0)
    expected = [one + [-1] * (longest - len(one)) for one in lists]
    assert pad_lists(Ragged.from_lists(lists)).tolist() == expected


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


@given(TRIPLES)
def test_codes_of_rows_are_in_the_order_of_the_rows(rows):
    codes = join_codes(*np.array(rows, dtype=np.int64).T).tolist()
    for one, code in zip(rows, codes, strict=True):
        for other, another in zip(rows, codes, strict=True):
            assert ((one > other) - (one < other)) == ((code > another) - (code < another))


@given(TRIPLES)
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
        patch.setattr(ragged, "MOST_CODES", room)
        examples, numbers = number_as_found(len(rows), columns)
    found = list(dict.fromkeys(rows))
    assert [rows[example] for example in examples] == found
    assert examples.tolist() == [rows.index(row) for row in found]
    assert [found[number] for number in numbers] == rows


def test_rows_of_no_columns_are_alike():
    examples, numbers = number_as_found(3, [])
    assert (examples.tolist(), numbers.tolist()) == ([0], [0, 0, 0])
