"""Rows as networkx graphs."""

import networkx
from generate_any_scene import to_networkx


def test_a_row_becomes_its_graph(write_rows):
    for row in write_rows("general", [], 200):
        graph = to_networkx(row)
        assert networkx.is_directed_acyclic_graph(graph)
        assert graph.number_of_nodes() == row["structure"]["objects"]
        assert graph.number_of_edges() == row["structure"]["relations"]
        assert networkx.number_weakly_connected_components(graph) == row["structure"]["components"]
        assert (
            sum(len(attributes) for _, attributes in graph.nodes(data="attributes")) == row["structure"]["attributes"]
        )
        assert [name for _, name in graph.nodes(data="name")] == [
            item["name"] for item in row["scene_graph"]["objects"]
        ]
        assert [count for _, count in graph.nodes(data="count")] == [
            item["count"] for item in row["scene_graph"]["objects"]
        ]
        assert len(graph.graph["scene_attributes"]) == len(row["scene_attributes"])


def test_equal_topologies_are_isomorphic_and_others_are_not(write_rows):
    rows = write_rows("multi_object", ["structure.complexity=[3,6]"], 300)
    graphs = {}
    for row in rows:
        graph = to_networkx(row)
        for node, attributes in graph.nodes(data="attributes"):
            graph.nodes[node]["count"] = len(attributes)
        graphs.setdefault(row["structure"]["topology"], []).append(graph)

    def match(some, other):
        return networkx.is_isomorphic(some, other, node_match=lambda a, b: a["count"] == b["count"])

    assert all(match(same[0], graph) for same in graphs.values() for graph in same[1:])
    firsts = [same[0] for same in graphs.values()]
    assert not any(match(some, other) for i, some in enumerate(firsts) for other in firsts[:i])
