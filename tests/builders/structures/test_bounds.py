"""Bounds: for each field of `Limits`, what is listed, counted and refused is what trying all graphs gives."""

from collections import Counter
from dataclasses import fields, replace

import pytest
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.recipe.structure import Degree, SeedGraph, Structure
from generate_any_scene.builders.structures.bounds import BOUNDS, Limits, bound_limits
from generate_any_scene.builders.structures.counting import count_structures
from generate_any_scene.builders.structures.enumeration import enumerate_structures, leave_seed
from generate_any_scene.builders.structures.limits import find_conflicting, list_sizes, read_limits
from generate_any_scene.builders.structures.seed_graphs import read_seed
from generate_any_scene.errors import RecipeError
from hypothesis import given, settings
from hypothesis import strategies as st
from structure_oracle import MEASURES, canonicalize_by_trying, complete_by_trying, is_allowed, list_all_by_trying

MOST = 7
"""Up to this complexity every graph is tried."""


def intervals(*values):
    """Two of some values as (low, high); often the same twice."""
    return st.tuples(st.sampled_from(values), st.sampled_from(values)).map(lambda ends: (min(ends), max(ends)))


@st.composite
def seed_shapes(draw):
    size = draw(st.integers(1, 3))
    named, held = [{}, {}, {"concept": "dog"}, {"concept": "cat"}], [{}, {"kind": "color"}]
    objects = [
        {**draw(st.sampled_from(named)), "attributes": draw(st.lists(st.sampled_from(held), max_size=2))}
        for _ in range(size)
    ]
    pairs = [(s, o) for o in range(size) for s in range(o)]
    relations = [
        {"subject": s, "object": o, **draw(st.sampled_from([{}, {"predicate": "chasing"}]))}
        for s, o in (draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else [])
    ]
    return read_seed(SeedGraph.model_validate({"objects": objects, "relations": relations})).shape


DRAWN = {
    "complexity": intervals(*range(1, MOST + 1)),
    "objects": intervals(*range(MOST)),
    "attributes": intervals(*range(MOST)),
    "relations": intervals(*range(MOST)),
    "average_degree": intervals(0.0, 0.5, 2 / 3, 1.0, 1.2, 4 / 3, 1.5, 2.0, 3.0),
    "components": intervals(*range(5)),
    "in_degree": intervals(0, 0, 0, 1, 2, 3),
    "out_degree": intervals(0, 0, 0, 1, 2, 3),
    "attributes_per_object": intervals(0, 0, 1, 2, 3),
    "seed_graph": seed_shapes(),
}


NAMES = [field.name for field in fields(Limits)]


@st.composite
def drawn_bounds(draw, *always):
    """A bound for some of the fields, and always for these; those left out are open."""
    others = draw(st.lists(st.sampled_from(sorted(DRAWN)), max_size=4, unique=True))
    return {"complexity": (1, MOST), **{name: draw(DRAWN[name]) for name in dict.fromkeys((*always, *others))}}


def test_every_bound_is_compared_with_its_definition():
    assert set(NAMES) == {*BOUNDS, "seed_graph"}, "a field of Limits is described as a Bound"
    assert set(NAMES) == set(DRAWN), "DRAWN says which intervals to try for each field of Limits"
    assert set(BOUNDS) == set(MEASURES), "structure_oracle.MEASURES says of each bound what it bounds"


def list_graphs(limits):
    """Canonical forms of what is listed, with how often."""
    try:
        table = enumerate_structures(limits)
    except RecipeError:
        return Counter()
    return Counter(
        canonicalize_by_trying(
            tuple(table.attribute_counts[i].tolist()),
            tuple(zip(table.subjects[i].tolist(), table.targets[i].tolist(), strict=True)),
        )
        for i in range(len(table))
    )


def compare_with_trying(bounds):
    """Compares enumeration, counting and the finding of conflicts with brute force."""
    shape = bounds.get("seed_graph")
    plain = {name: bound for name, bound in bounds.items() if name != "seed_graph"}
    allowed = [graph for graph in list_all_by_trying(MOST) if is_allowed(graph, plain)]
    limits = bound_limits(**bounds)
    completions = complete_by_trying(allowed, shape)
    assert list_graphs(limits) == completions
    beside = leave_seed(limits) if shape else None
    if beside:
        least = count_structures(beside)
        assert least.ignores_degrees or least.total <= completions.total()

    count = count_structures(replace(limits, seed_graph=None))
    assert count.is_complete
    counted, listed = Counter(count.by_complexity), Counter(sum(graph[0]) + sum(map(len, graph)) for graph in allowed)
    sizes = {(size.objects, m, None) for size in list_sizes(limits) for m in size.relations}
    sizes |= {(size.objects, None, a) for size in list_sizes(limits) for a in size.attributes}
    real = {(len(graph[0]), len(graph[1]), None) for graph in allowed}
    real |= {(len(graph[0]), None, sum(graph[0])) for graph in allowed}
    if count.ignores_degrees:
        assert listed <= counted and real <= sizes
    else:
        assert listed == counted and real == sizes

    conflict = find_conflicting(limits)
    if conflict:
        alone = {name: bound for name, bound in plain.items() if name in conflict}
        left = [graph for graph in list_all_by_trying(MOST) if is_allowed(graph, alone)]
        assert not complete_by_trying(left, shape if "seed_graph" in conflict else None), conflict


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(data=st.data())
def test_bounds_leave_what_trying_all_graphs_leaves(name, data):
    compare_with_trying(data.draw(drawn_bounds(name)))


@pytest.mark.slow
@settings(max_examples=4000)
@given(drawn_bounds())
def test_bounds_leave_what_trying_all_graphs_leaves_at_length(bounds):
    compare_with_trying(bounds)


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_are_read_from_their_key(name):
    *parts, last = BOUNDS[name].key.split(".")
    part = {last: 3 if BOUNDS[name].is_most else [2, 3]}
    for key in reversed(parts):
        part = {key: part}
    recipe = {"name": "r", **part, "splits": {"train": 1}}
    recipe["structure"] = {"complexity": [1, 9], **recipe.get("structure", {})}
    assert getattr(read_limits(Recipe.model_validate(recipe)), name) == (0 if BOUNDS[name].is_most else 2, 3)


def test_every_key_of_a_recipe_that_bounds_structures_is_a_bound_and_described_alike():
    keys = {f"structure.{key}": field for key, field in Structure.model_fields.items()}
    keys |= {f"structure.degree.{field.alias or key}": field for key, field in Degree.model_fields.items()}
    for other in ("structure.degree", "structure.distribution", "structure.seed_graph"):
        del keys[other]
    described = {bound.key: bound.help for bound in BOUNDS.values() if not bound.is_most}
    assert described == {key: field.description for key, field in keys.items()}


@pytest.mark.parametrize("name", BOUNDS)
def test_the_command_has_an_option_for_every_bound(name, gas):
    bounds = {"complexity": (1, 6), name: (0, 1)}
    options = [f"--{key.replace('_', '-')}={low}-{high}" for key, (low, high) in bounds.items()]
    status, out, err = gas("structures", *options, "--count")
    assert (status, err) == (0, "")
    assert int(out) == len(enumerate_structures(bound_limits(**bounds))) > 0


def test_the_command_reads_a_number_and_decimals(gas):
    options = ("--complexity=5", "--average-degree=0.5-1.5", "--attributes-per-object=1")
    bounds = {"average_degree": (0.5, 1.5), "attributes_per_object": (1, 1)}
    expected = enumerate_structures(bound_limits((5, 5), **bounds)).topologies.to_pylist()
    assert gas("structures", *options)[1].split() == expected


def test_bounds_of_the_command_replace_those_of_the_recipe(gas, write_recipe):
    """What the recipe leaves open is open up to the complexity that is given."""
    bounds = {"components": (1, 1), "attributes_per_object": (0, 3)}  # the second is what `base` has
    path = write_recipe("structure: {complexity: 3, components: 1}")
    given = gas("structures", path, "--complexity=6", "--count")[1]
    assert int(given) == len(enumerate_structures(bound_limits((6, 6), **bounds)))


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--objects=3-2", "write [2, 3]"),
        ("--objects=two", "such as [3, 9] or 3-9"),
        ("--in-degree=0.5", "such as [3, 9] or 3-9"),
        ("--average-degree=-1", "such as [3, 9] or 3-9"),
    ],
)
def test_wrong_bounds_of_the_command_are_refused(option, hint, gas):
    status, out, err = gas("structures", "--complexity=5", option)
    name, _, text = option.partition("=")
    assert (status, out) == (2, "")
    assert err.startswith(f"gas: {name} {text}: ") and err.endswith(f"{hint}\n")


def test_the_command_needs_a_recipe_or_a_complexity(gas):
    status, _, err = gas("structures", "--objects=2")
    assert status == 2 and "give a recipe or --complexity" in err
