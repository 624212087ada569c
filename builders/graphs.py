"""Rows as networkx graphs, for people who go on with those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx


def to_networkx(row: dict[str, Any]) -> networkx.DiGraph:
    """Turns a row into a graph.

    Args:
        row: A row of any config that has `scene_graph`.

    Returns:
        Nodes are numbers of objects, with `name`, `concept` and `attributes` (pairs of kind and value). Edges go from
        subject to object, with `predicate` and `category`. `graph.graph["scene_attributes"]` has the scene's.
    """
    import networkx

    def list_pairs(attributes: list[dict[str, str]]) -> list[tuple[str, str]]:
        return [(attribute["kind"], attribute["value"]) for attribute in attributes]

    graph: networkx.DiGraph = networkx.DiGraph(scene_attributes=list_pairs(row.get("scene_attributes") or []))
    for number, item in enumerate(row["scene_graph"]["objects"]):
        graph.add_node(number, name=item["name"], concept=item["concept"], attributes=list_pairs(item["attributes"]))
    for relation in row["scene_graph"]["relations"]:
        words = {key: relation[key] for key in ("predicate", "category")}
        graph.add_edge(relation["subject"], relation["object"], **words)
    return graph
