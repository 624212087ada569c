"""The number of structures: what enumeration lists, and known sequences beyond it."""

import pytest
from generate_any_scene.builders.structures.bounds import bound_limits
from generate_any_scene.builders.structures.counting import count_structures, find_largest_complexity
from generate_any_scene.builders.structures.enumeration import enumerate_structures

BY_COMPLEXITY = [1, 2, 4, 8, 17, 37, 83, 193, 469, 1171, 3047, 8182, 22760, 65331, 193580, 590692]


def test_number_of_structures_of_each_complexity():
    count = count_structures(bound_limits((1, 16)))
    assert count.by_complexity == dict(enumerate(BY_COMPLEXITY, start=1))
    assert count.is_complete and not count.ignores_degrees


@pytest.mark.parametrize(("objects", "number"), list(enumerate([1, 2, 6, 31, 302, 5984, 243668, 20286025], start=1)))
def test_number_of_acyclic_graphs_without_attributes(objects, number):
    """OEIS A003087."""
    limits = bound_limits((1, objects * (objects + 1) // 2), objects=(objects, objects), attributes=(0, 0))
    assert count_structures(limits).total == number


@pytest.mark.parametrize(
    ("objects", "by_relations"),
    [
        (4, [8, 9, 6, 1]),
        (5, [27, 54, 79, 63, 33, 10, 1]),
        (6, [91, 320, 732, 1136, 1281, 1056, 649, 281, 85, 15, 1]),
    ],
)
def test_number_of_connected_acyclic_graphs_without_attributes(objects, by_relations):
    """OEIS A350449; the fewest relations come first."""
    complexity = (1, objects * (objects + 1) // 2)
    limits = bound_limits(complexity, objects=(objects, objects), attributes=(0, 0), components=(1, 1))
    assert count_structures(limits).by_complexity == dict(enumerate(by_relations, start=2 * objects - 1))


def test_lone_objects_without_relations_are_partitions_of_the_complexity():
    """An object with a attributes is a part of a + 1; 204226 is the number of partitions of 50 (OEIS A000041)."""
    assert count_structures(bound_limits((50, 50), relations=(0, 0))).total == 204226


def test_what_degrees_exclude_is_counted_and_said():
    limits = bound_limits((1, 7), out_degree=(0, 1))
    count = count_structures(limits)
    assert count.ignores_degrees
    assert count.total == sum(BY_COMPLEXITY[:7]) > len(enumerate_structures(limits))


def test_degrees_that_exclude_nothing_leave_the_count_exact():
    assert not count_structures(bound_limits((1, 7), out_degree=(0, 3))).ignores_degrees


@pytest.mark.parametrize(
    ("complexity", "chosen"),
    [
        ((3, 1000), {}),
        ((900, 1000), {}),
        ((1, 1000), {"relations": (0, 0)}),
        ((1, 1000), {"attributes": (0, 0), "components": (1, 1)}),
        ((1, 200), {"objects": (12, 12)}),
        ((60, 60), {"objects": (30, 30), "attributes": (0, 0), "components": (1, 1)}),
    ],
)
def test_what_cannot_be_counted_is_said_to_be_more(complexity, chosen):
    """It comes back at all: nothing of this could be listed within days."""
    limits = bound_limits(complexity, **chosen)
    assert not count_structures(limits).is_complete
    largest = find_largest_complexity(limits, 10**5)
    assert largest is None or count_structures(bound_limits((complexity[0], largest), **chosen)).total <= 10**5


def test_few_objects_may_be_very_complex():
    """a attributes on two objects: a + 1 ways where a relation tells these apart, and otherwise half as many."""
    count = count_structures(bound_limits((1, 700), objects=(2, 2)))
    assert count.is_complete
    assert count.total == sum(a + 1 for a in range(698)) + sum(a // 2 + 1 for a in range(699))


def test_a_high_complexity_costs_nothing_where_other_bounds_keep_structures_small():
    """With an average degree of 1 in at most two components there are at most 4 objects."""
    bounds = {"average_degree": (0.0, 1.0), "components": (1, 2), "attributes_per_object": (0, 1)}
    count = count_structures(bound_limits((1, 1000), **bounds))
    assert count.is_complete
    assert count.total == len(enumerate_structures(bound_limits((1, 10), **bounds)))


@pytest.mark.parametrize(
    ("most", "largest"),
    [(0, None), (1, 1), (2, 1), (3, 2), (sum(BY_COMPLEXITY[:15]), 15), (sum(BY_COMPLEXITY[:16]) - 1, 15), (10**9, 20)],
)
def test_largest_complexity(most, largest):
    assert find_largest_complexity(bound_limits((1, 20)), most) == largest


def test_largest_complexity_counts_from_the_lower_bound():
    assert find_largest_complexity(bound_limits((10, 20)), 1171) == 10
    assert find_largest_complexity(bound_limits((10, 20)), 1170) is None


def test_largest_complexity_is_none_where_nothing_fits():
    assert find_largest_complexity(bound_limits((1, 4), objects=(5, 5)), 100) is None
