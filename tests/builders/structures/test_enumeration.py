"""The list of structures: complete, without repeats, and what is said when nothing fits."""

import random
import subprocess
import sys
from functools import cache
from itertools import combinations

import networkx as nx
import pytest
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.structures.enumeration import enumerate_structures
from generate_any_scene.builders.structures.limits import read_limits
from generate_any_scene.errors import RecipeError
from hypothesis import given
from hypothesis import strategies as st
from structure_oracle import build_networkx, canonicalize_by_trying, find_all_by_trying


def enumerate_for(max_per_object=None, **structure):
    fields = {"name": "r", "structure": structure, "splits": {"train": 1}}
    if max_per_object is not None:
        fields["content"] = {"attributes": {"max_per_object": max_per_object}}
    return enumerate_structures(read_limits(Recipe.model_validate(fields)))


def list_graphs(table):
    """(attributes on each object, edges) of every row."""
    return [
        (tuple(table.attribute_counts[i]), tuple(zip(table.subjects[i], table.targets[i], strict=True)))
        for i in range(len(table))
    ]


def are_isomorphic(one, other):
    same = nx.algorithms.isomorphism.categorical_node_match("attributes", None)
    return nx.is_isomorphic(build_networkx(*one), build_networkx(*other), node_match=same)


def certify(counts, edges):
    """Equal if and only if isomorphic, by nauty: which attributes its colours stand for is not in its certificate."""
    pynauty = pytest.importorskip("pynauty")
    successors = {i: [o for s, o in edges if s == i] for i in range(len(counts))}
    colours = [{i for i, one in enumerate(counts) if one == count} for count in sorted(set(counts))]
    graph = pynauty.Graph(len(counts), directed=True, adjacency_dict=successors, vertex_coloring=colours)
    return tuple(sorted(counts)), pynauty.certificate(graph)


def read_topology(text):
    """(attributes on each object, edges) as a topology writes them, such as `1.0.2:0>1,0>2+0`."""
    counts, edges = [], []
    for part in text.split("+"):
        objects, _, relations = part.partition(":")
        for relation in relations.split(",") if relations else []:
            s, o = relation.split(">")
            edges.append((int(s) + len(counts), int(o) + len(counts)))
        counts += map(int, objects.split("."))
    return counts, edges


@st.composite
def renumbered_graphs(draw, complexity):
    """(attributes on each object, edges) of any structure up to a complexity, its objects in any order."""
    objects = draw(st.integers(1, complexity))
    order = draw(st.permutations(range(objects)))
    room = complexity - objects
    pairs = list(combinations(order, 2))
    edges = draw(st.lists(st.sampled_from(pairs), max_size=room, unique=True)) if pairs else []
    counts = [0] * objects
    for i in draw(st.lists(st.integers(0, objects - 1), max_size=room - len(edges))):
        counts[i] += 1
    return counts, edges


@pytest.mark.parametrize(
    ("complexity", "count"),
    [
        *enumerate([1, 2, 4, 8, 17, 37, 83, 193, 469, 1171, 3047], start=1),
        pytest.param(12, 8182, marks=pytest.mark.slow),
    ],
)
def test_number_of_structures_of_a_complexity(complexity, count):
    assert len(enumerate_for(complexity=complexity)) == count


@pytest.mark.parametrize(("objects", "count"), list(enumerate([1, 2, 6, 31, 302], start=1)))
def test_number_of_acyclic_graphs_without_attributes(objects, count):
    """OEIS A003087."""
    table = enumerate_for(complexity=[1, objects * (objects + 1) // 2], objects=objects, attributes=0)
    assert len(table) == count


def test_no_two_structures_are_isomorphic():
    table = enumerate_for(complexity=[1, 6])
    by_counts = {}
    for graph in list_graphs(table):
        by_counts.setdefault((len(graph[0]), sum(graph[0]), len(graph[1])), []).append(graph)
    for alike in by_counts.values():
        assert not any(are_isomorphic(*pair) for pair in combinations(alike, 2))
    assert len(set(table.topologies)) == len(table)


def test_topology_names_the_same_structure_under_other_constraints():
    every, some = enumerate_for(complexity=[1, 6]), enumerate_for(complexity=[4, 7], objects=[2, 3], relations=[1, 3])
    graphs = dict(zip(every.topologies, list_graphs(every), strict=True))
    shared = [
        (graphs[topology], graph)
        for topology, graph in zip(some.topologies, list_graphs(some), strict=True)
        if sum(graph[0]) + len(graph[0]) + len(graph[1]) <= 6
    ]
    assert len(shared) > 20
    assert all(are_isomorphic(*pair) for pair in shared)


def test_topologies_are_equal_where_nauty_says_that_structures_are():
    table = enumerate_for(complexity=[1, 8])
    shuffle = random.Random(8)
    certificates = {}
    for topology, (counts, edges) in zip(table.topologies.to_pylist(), list_graphs(table), strict=True):
        order = shuffle.sample(range(len(counts)), len(counts))
        renumbered = [counts[order.index(i)] for i in range(len(counts))], [(order[s], order[o]) for s, o in edges]
        assert certify(*renumbered) == certify(*read_topology(topology))
        certificates.setdefault(certify(*renumbered), topology)
    assert len(certificates) == len(set(certificates.values())) == len(table) == 345


@cache
def certify_all(complexity):
    return {certify(*graph) for graph in list_graphs(enumerate_for(complexity=[1, complexity]))}


@given(renumbered_graphs(complexity=10))
def test_any_graph_is_listed_by_nautys_certificate(graph):
    assert certify(*graph) in certify_all(10)


def test_relations_go_from_lower_to_higher_numbers_and_are_not_repeated():
    for _, edges in list_graphs(enumerate_for(complexity=[1, 8])):
        assert len(set(edges)) == len(edges)
        assert all(s < o for s, o in edges)


def test_simplest_come_first():
    complexity = enumerate_for(complexity=[2, 7]).complexity.tolist()
    assert complexity == sorted(complexity)


def test_few_objects_may_be_very_complex():
    found = list_graphs(enumerate_for(complexity=20, objects=[2, 3]))
    assert len(found) == len(find_all_by_trying(20, 2)) + len(find_all_by_trying(20, 3))
    assert {canonicalize_by_trying(*graph) for graph in found} == find_all_by_trying(20, 2) | find_all_by_trying(20, 3)


@pytest.mark.parametrize(
    ("structure", "keys"),
    [
        ({"complexity": [3, 4], "objects": [5, 6]}, {"complexity", "objects"}),
        ({"complexity": [2, 9], "objects": 2, "relations": 3}, {"objects", "relations"}),
        ({"complexity": [2, 9], "relations": 0, "average_degree": [1, 2]}, {"relations", "average_degree"}),
        ({"complexity": [2, 9], "objects": 2, "components": 3}, {"objects", "components"}),
        ({"complexity": [2, 9], "relations": [1, 4], "degree": {"out": 0}}, {"relations", "degree.out"}),
        ({"complexity": [3, 5], "attributes": [6, 8]}, {"complexity", "attributes"}),
        ({"complexity": [3, 5], "average_degree": [2.5, 3]}, {"complexity", "average_degree"}),
        ({"complexity": [2, 9], "degree": {"in": [1, 2]}}, {"degree.in"}),
        ({"complexity": [1, 1000], "average_degree": [999.5, 1000]}, {"average_degree"}),
        (
            {"complexity": [2, 30], "objects": [2, 3], "attributes": [7, 8], "max_per_object": 2},
            {"objects", "attributes"},
        ),
    ],
)
def test_constraints_that_exclude_each_other_are_named(structure, keys):
    with pytest.raises(RecipeError) as caught:
        enumerate_for(**structure)
    message = str(caught.value)
    words = message.partition(";")[0].replace(":", "").split()
    assert {word.removeprefix("structure.") for word in words if word.startswith("structure.")} == keys
    assert ("content.attributes.max_per_object" in words) == ("max_per_object" in structure)


@pytest.mark.parametrize(
    ("structure", "count", "largest"),
    [
        ("{complexity: [3, 20]}", "95,974,633", 15),
        ("{complexity: [1, 60], objects: [1, 4], relations: [0, 2]}", "1,439,964", 44),
    ],
)
def test_too_many_structures_are_refused_soon(structure, count, largest):
    """In a process of its own, so that a search without end fails the test and nothing else."""
    code = f"""
from generate_any_scene.builders.structures.limits import read_limits
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.structures.enumeration import enumerate_structures
from generate_any_scene.errors import RecipeError
import yaml
structure = yaml.safe_load("{structure}")
try:
    enumerate_structures(read_limits(Recipe(name="r", structure=structure, splits=dict(train=1))))
except RecipeError as error:
    print(error)
"""
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    except subprocess.TimeoutExpired:
        pytest.fail("still counting after 20 seconds")
    assert done.stdout.startswith(f"structure.complexity: {count} structures fit, more than the 400,000")
    assert f"lower its upper bound to {largest} " in done.stdout
