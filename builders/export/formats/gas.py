"""Scene graphs as the paper's own scripts have them, a JSON object.

After RAIVNLab/GenerateAnyScene: generation.py (how it is written), gas/captions_generation/prompt_generator.py
(convert_json_to_sg), gas/models/gen_model/text2image_metric.py (what is scored).
"""

from __future__ import annotations

import json
from pathlib import Path

from ..layout import GRAPH, Layout, Row, Tally, read_count

SPLITS = ("test",)


def convert_gas(row: Row, tally: Tally) -> list[tuple[str, Row]]:
    """A scene of a `prompts_batch_0.json`, with its number as the key.

    Nodes are `object_1` and `attribute|1|1`; an object has its `concept` besides, which the paper's scripts pass over.
    So has one that stands for several its `count`. Scene attributes are a mapping, so of several of one kind the first
    stays. The first versions of those scripts called them `global_attributes`.
    """
    nodes: list[list] = []
    edges: list[list] = []
    scene_attributes: dict[str, str] = {}
    objects = row["scene_graph"]["objects"]
    for number, one in enumerate(objects, start=1):
        count = {"count": copies} if (copies := read_count(one)) > 1 else {}
        words = {"type": "object_node", "value": one["name"], "concept": one["concept"], **count}
        nodes.append([f"object_{number}", words])
    for relation in row["scene_graph"]["relations"]:
        ends = [f"object_{relation[end] + 1}" for end in ("subject", "object")]
        words = {"value_type": relation["category"], "value": relation["predicate"]}
        edges.append([*ends, {"type": "relation_edge", **words}])
    for number, one in enumerate(objects, start=1):
        for place, attribute in enumerate(one["attributes"], start=1):
            node, words = f"attribute|{number}|{place}", {"value_type": attribute["kind"], "value": attribute["value"]}
            nodes.append([node, {"type": "attribute_node", **words}])
            edges.append([f"object_{number}", node, {"type": "attribute_edge"}])
    for attribute in row["scene_attributes"]:
        tally.left_out["scene attributes of a kind that is there already"] += attribute["kind"] in scene_attributes
        scene_attributes.setdefault(attribute["kind"], attribute["value"])
    scene = {
        "prompt": row["caption"],
        "scene_attributes": scene_attributes,
        "scene_graph": {"nodes": nodes, "edges": edges},
    }
    return [(str(tally.scenes), scene)]


def _write_item(item: tuple[str, Row]) -> str:
    return f"{json.dumps(item[0])}: {json.dumps(item[1])}"


def lay_out(_: Path) -> Layout:
    return Layout(convert_gas, _write_item, "{\n", ",\n", "\n}\n", columns=GRAPH)
