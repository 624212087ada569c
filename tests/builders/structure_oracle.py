"""All structures by trying: every graph on numbered objects, one of each class. Slow, and plainly right.

A graph is (label of each object, edges). A label is the number of attributes, or begins with it; an edge is (subject,
object), perhaps with a colour. Bounds are measured with networkx, as their definitions read.
"""

from collections import Counter
from functools import cache
from itertools import chain, combinations, permutations, product

import networkx as nx


def build_networkx(counts, edges):
    graph = nx.DiGraph()
    graph.add_nodes_from((i, {"attributes": int(count)}) for i, count in enumerate(counts))
    graph.add_edges_from((int(s), int(o)) for s, o in edges)
    return graph


def count_attributes(graph):
    return [count for _, count in graph.nodes.data("attributes")]


MEASURES = {
    "complexity": lambda graph: [len(graph) + sum(count_attributes(graph)) + graph.number_of_edges()],
    "objects": lambda graph: [len(graph)],
    "attributes": lambda graph: [sum(count_attributes(graph))],
    "relations": lambda graph: [graph.number_of_edges()],
    "average_degree": lambda graph: [2 * graph.number_of_edges() / len(graph)],
    "components": lambda graph: [nx.number_weakly_connected_components(graph)],
    "in_degree": lambda graph: [degree for _, degree in graph.in_degree],
    "out_degree": lambda graph: [degree for _, degree in graph.out_degree],
    "attributes_per_object": count_attributes,
}
"""What each bound bounds, from its definition: all of these values are within it."""


@cache
def measure(graph):
    whole = build_networkx(*graph)
    return {name: values(whole) for name, values in MEASURES.items()}


def is_allowed(graph, bounds):
    values = measure(graph)
    return all(low <= value <= high for name, (low, high) in bounds.items() for value in values[name])


@cache
def canonicalize_by_trying(labels, edges):
    """The smallest of all renumberings that sort objects by labels and degrees."""
    ends = [[edge[side] for edge in edges] for side in (0, 1)]
    alike = {}
    for i, label in enumerate(labels):
        alike.setdefault((label, *(side.count(i) for side in ends)), []).append(i)
    orders = product(*(permutations(alike[kind]) for kind in sorted(alike)))
    return min(renumber(labels, edges, [*chain(*order)]) for order in orders)


def renumber(labels, edges, order):
    places = {i: place for place, i in enumerate(order)}
    return tuple(labels[i] for i in order), tuple(sorted((places[s], places[o], *color) for s, o, *color in edges))


@cache
def find_all_by_trying(complexity, objects):
    """Every structure of a complexity and number of objects, from all labelled ones; in a canonical form."""
    pairs = list(combinations(range(objects), 2))
    return {
        canonicalize_by_trying(counts, edges)
        for relations in range(min(complexity - objects, len(pairs)) + 1)
        for edges in combinations(pairs, relations)
        for counts in product(range(complexity - objects - relations + 1), repeat=objects)
        if sum(counts) == complexity - objects - relations
    }


@cache
def list_all_by_trying(most):
    """Every structure up to a complexity."""
    return [
        graph
        for complexity in range(1, most + 1)
        for objects in range(1, complexity + 1)
        for graph in sorted(find_all_by_trying(complexity, objects))
    ]


@cache
def count_completions(graph, shape):
    """In how many ways a structure contains a seed graph whose elements have colours, those that look alike once."""
    counts, edges = graph
    painted = set()
    for places in permutations(range(len(counts)), len(shape.objects)):
        colors = {(places[s], places[o]): color for s, o, color in shape.relations}
        held = {place: sorted(filter(None, colors)) for place, colors in zip(places, shape.attributes, strict=True)}
        room = all(len(shape.attributes[i]) <= counts[place] for i, place in enumerate(places))
        if room and colors.keys() <= set(edges):
            color_of = dict(zip(places, shape.objects, strict=True))
            labels = tuple((count, color_of.get(i, 0), *held.get(i, ())) for i, count in enumerate(counts))
            painted.add(canonicalize_by_trying(labels, tuple((s, o, colors.get((s, o), 0)) for s, o in edges)))
    return len(painted)


def complete_by_trying(graphs, shape):
    """The structures that contain a seed graph, each as many times as there are completions; all without one."""
    found = Counter({graph: count_completions(graph, shape) if shape else 1 for graph in graphs})
    return +found
