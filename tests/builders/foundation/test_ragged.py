"""Arrays that stand for lists and tables, held to Python's own."""

from itertools import pairwise

import numpy as np
import pytest
from generate_any_scene.builders.foundation.ragged import Bits, Ragged, offsets_of, order_small, pair_members
from hypothesis import given
from hypothesis import strategies as st

SMALL = st.lists(st.integers(0, 4), max_size=8)


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
