"""Rows as networkx graphs, and networkx graphs as seeds of rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...errors import GasError

if TYPE_CHECKING:
    import networkx


def to_networkx(row: dict[str, Any]) -> networkx.DiGraph:
    """Turns a row into a graph.

    Args:
        row: A row of any config that has `scene_graph`.

    Returns:
        Nodes are numbers of objects, with `name`, `concept`, `attributes` (pairs of kind and value) and `count`. Edges
        go from subject to object, with `predicate` and `category`. `graph.graph["scene_attributes"]` has the scene's.

    Raises:
        GasError: It is no such row.
    """
    try:
        return _make_graph(row)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"this is no row with a `scene_graph` ({type(error).__name__}: {error})"
        hint = "take one of a config that has it, such as multi_object, in the format of Python"
        raise GasError(f"{what}; {hint}") from error


def _make_graph(row: dict[str, Any]) -> networkx.DiGraph:
    import networkx

    def list_pairs(attributes: Iterable[dict[str, str]] | None) -> list[tuple[str, str]]:
        return [(attribute["kind"], attribute["value"]) for attribute in (() if attributes is None else attributes)]

    graph: networkx.DiGraph = networkx.DiGraph(scene_attributes=list_pairs(row.get("scene_attributes")))
    for number, item in enumerate(row["scene_graph"]["objects"]):
        words = {key: item[key] for key in ("name", "concept")}
        graph.add_node(number, **words, attributes=list_pairs(item["attributes"]), count=item.get("count", 1))
    for relation in row["scene_graph"]["relations"]:
        words = {key: relation[key] for key in ("predicate", "category")}
        graph.add_edge(int(relation["subject"]), int(relation["object"]), **words)
    return graph


def read_graph(value: Any) -> Any:
    """Turns a networkx graph into what a recipe's `structure.seed_graph` says; leaves anything else as it is.

    Nodes may have `concept`, `under` and `attributes`, edges `predicate` and `category`, as in the recipe; what
    `to_networkx` returns is such a graph. Its `count` is passed over: objects of a seed graph are one thing each.

    Raises:
        ValueError: The graph is undirected or has several edges between two nodes.
    """
    networkx = sys.modules.get("networkx")  # without it nobody can have made a graph
    if networkx is None or not isinstance(value, networkx.Graph):
        return value
    if not value.is_directed() or value.is_multigraph():
        raise ValueError(f"a seed graph must be a networkx.DiGraph, not a {type(value).__name__}")
    number = {node: i for i, node in enumerate(value)}
    objects = []
    for _, data in value.nodes(data=True):
        passed_over = ("name", "count") if "concept" in data else ("count",)
        data = {key: item for key, item in data.items() if key not in passed_over}
        attributes = [
            dict(zip(("kind", "value"), one, strict=True)) if isinstance(one, tuple) else one
            for one in data.pop("attributes", ())
        ]
        objects.append({**data, "attributes": attributes} if attributes else data)
    relations = [{"subject": number[s], **data, "object": number[o]} for s, o, data in value.edges(data=True)]
    return {"objects": objects, "relations": relations}
