"""What answers are worth, beside DSG's rule and means that are computed another way."""

import random

import numpy as np
from generate_any_scene.training.metrics.dsg import zero_transitive
from generate_any_scene.training.rewards.valuing import Rule, average_values, bound_values


def make_questions(draw):
    """Questions of random kinds, each of which depends on some of those before it."""
    return [
        {"kind": draw.choice("abc"), "depends_on": draw.sample(range(place), min(place, draw.randrange(3)))}
        for place in range(draw.randrange(1, 12))
    ]


def test_of_right_and_wrong_dependencies_are_those_of_dsg():
    draw = random.Random(0)
    for _ in range(300):
        asked = make_questions(draw)
        values = [float(draw.random() < 0.7) for _ in asked]
        assert bound_values(values, asked) == zero_transitive(values, [one["depends_on"] for one in asked])


def test_bounded_values_are_never_more_than_those_they_depend_on():
    draw = random.Random(1)
    for _ in range(300):
        asked = make_questions(draw)
        values = [draw.random() for _ in asked]
        found = bound_values(values, asked)
        for place, one in enumerate(asked):
            chain = {place}
            for _ in asked:
                chain |= {above for some in chain for above in asked[some]["depends_on"]}
            assert found[place] == min(values[some] for some in chain), one


def test_means_are_those_of_numpy():
    draw = random.Random(2)
    weights = [{"a": 0.5, "b": 1.0}, {"a": 0.1, "c": 0.0}]  # of a .3, of b 1, of c .5
    of_kind = {"a": 0.3, "b": 1.0, "c": 0.5}
    for _ in range(100):
        asked = make_questions(draw)
        values = [draw.random() for _ in asked]
        kinds = sorted({one["kind"] for one in asked})
        plain = np.average(values, weights=[of_kind[one["kind"]] for one in asked])
        assert np.isclose(average_values(Rule(mean="questions"), values, asked, weights), plain)
        inner = [
            np.mean([value for value, one in zip(values, asked, strict=True) if one["kind"] == kind]) for kind in kinds
        ]
        outer = np.average(inner, weights=[of_kind[kind] for kind in kinds])
        assert np.isclose(average_values(Rule(), values, asked, weights), outer)
    assert average_values(Rule(), [], [], weights) is None
