"""Which structure each scene gets: the shares that a recipe asks for, without luck."""

from collections import Counter

import numpy as np
import pytest
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.structures.enumeration import enumerate_structures
from generate_any_scene.builders.structures.limits import read_limits
from generate_any_scene.builders.structures.sampling import count_cells, plan_structures, sample_structures

SCENES = 8192


@pytest.fixture(params=["objects_first", "uniform"])
def plan(request):
    return plan_for(request.param, complexity=[2, 6])


def plan_for(distribution, **structure):
    recipe = Recipe.model_validate({"name": "r", "structure": structure, "splits": {"train": 1}})
    return plan_structures(enumerate_structures(read_limits(recipe)), distribution)


def count_structures(plan, scenes=SCENES):
    return np.bincount(sample_structures(plan, 1, 0, scenes), minlength=len(plan.table))


def test_objects_first_gives_complexity_then_objects_then_structures_even_shares():
    plan = plan_for("objects_first", complexity=[2, 3])
    table = plan.table
    shares = Counter()
    for row, count in enumerate(count_structures(plan).tolist()):
        counts = (int(table.objects[row]), int(table.attributes[row]), int(table.relations[row]))
        shares[counts] += count / SCENES
    # By hand: complexity 2 has a structure with 1 object and one with 2; complexity 3 has one with 1 object, two with
    # 2 objects (an attribute or a relation), and one with 3 objects.
    expected = {
        (1, 1, 0): 1 / 4,
        (2, 0, 0): 1 / 4,
        (1, 2, 0): 1 / 6,
        (2, 1, 0): 1 / 12,
        (2, 0, 1): 1 / 12,
        (3, 0, 0): 1 / 6,
    }
    assert shares == pytest.approx(expected, abs=0.002)


def test_uniform_gives_every_structure_an_even_share():
    counts = count_structures(plan_for("uniform", complexity=[1, 5]))
    even = SCENES / len(counts)
    # Chi-square of independent draws would be near its 31 degrees of freedom; this is far more even than chance.
    assert ((counts - even) ** 2 / even).sum() < 1


def test_every_structure_of_a_cell_is_used_once_before_any_twice(plan):
    for scenes in (100, 1000, SCENES):
        counts = count_structures(plan, scenes)
        for cell in range(len(plan.cells)):
            used = counts[plan.cells[cell]]
            assert used.max() - used.min() <= 1


def test_a_block_is_drawn_without_those_before_it(plan):
    whole = sample_structures(plan, 1, 0, 4 * 1024)
    parts = [sample_structures(plan, 1, start, 1024) for start in range(0, 4 * 1024, 1024)]
    assert (whole == np.concatenate(parts)).all()


def test_scenes_of_each_cell_are_counted_without_drawing_them(plan):
    counts = count_structures(plan, 4096)
    counted = count_cells(plan, 1, 4096)
    assert counted.tolist() == [counts[plan.cells[cell]].sum() for cell in range(len(plan.cells))]


def test_structures_of_a_cell_have_the_same_counts(plan):
    table = plan.table
    for counts in (table.objects, table.attributes, table.relations):
        measured = plan.measure_cells(counts)
        for cell in range(len(plan.cells)):
            assert set(counts[plan.cells[cell]].tolist()) == {measured[cell]}


def test_neighbours_do_not_follow_a_pattern(plan):
    """Neither objects nor complexity of a scene tell those of the next."""
    table, drawn = plan.table, sample_structures(plan, 1, 0, SCENES)
    for counts in (table.objects, table.complexity):
        values = counts[drawn].astype(float)
        assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.05
