"""Layouts in which others have scene graphs: Visual Genome's, GQA's, networkx's, rows of ours, a plain one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..recipe.fields import show

Attribute = tuple[str, str]
"""Kind and value; the kind is empty where the graph does not tell it."""
Relation = tuple[int, str, str, int]
"""Number of the subject, predicate, category (empty where it is not told), number of the object."""


@dataclass(slots=True)
class GraphWords:
    """What one graph says, in its own words; see `SceneGraph`."""

    id: str = ""
    names: list[str] = field(default_factory=list)
    concepts: list[str] = field(default_factory=list)
    attributes: list[list[Attribute]] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    scene_attributes: list[Attribute] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)


LAYOUTS = {
    "read_visual_genome": "write `objects`, each a mapping with `object_id` and `names`, and `relationships`, each "
    "with `subject_id`, `predicate` and `object_id`",
    "read_gqa": "write `objects` as a mapping by id, each with `name`, `attributes` and `relations`, which are "
    "mappings with `name` and `object`",
    "read_row": "write `scene_graph` as rows have it, with `objects` and `relations`",
    "read_node_link": "write `nodes`, each a mapping with `id` and `name`, and `links`, each with `source`, `target` "
    "and `predicate`",
    "read_plain": "write `objects`, words or mappings with `name`, and `relations`, lists of subject, predicate and "
    "object, or mappings with these keys",
}
"""How to mend a graph, by what reads it."""
MOST_COPIES = 1000


def _add(graph: GraphWords, name: Any, concept: Any = "", attributes: list[Attribute] | None = None) -> None:
    if type(name) is not str:
        name = next(iter(name), "") if isinstance(name, list | tuple) else name
        # A name that holds more is none; it is counted with those that cannot be read.
        name = name if isinstance(name, str) else str(name) if isinstance(name, int | float) else ""
    graph.names.append(name)
    graph.concepts.append(concept if isinstance(concept, str) else "")
    graph.attributes.append(attributes or [])


def _read_count(value: Any) -> int:
    """How many alike things an object stands for: 1 where nobody says."""
    if value is None:
        return 1
    value = int(value) if isinstance(value, float) and value.is_integer() else value  # tables have it so
    if type(value) is not int or not 1 <= value <= MOST_COPIES:
        raise ValueError(f"the count {show(value)} is no whole number from 1 to {MOST_COPIES:,}")
    return value


def _list_words(value: Any) -> Iterator[str]:
    """Words of a field that holds a word, a list of them, or nothing."""
    for one in value if isinstance(value, list | tuple) else [value]:
        if one is not None:
            yield one if isinstance(one, str) else str(one)


def _pair_words(value: Any) -> list[Attribute]:
    """Words as attributes of a kind that is not told."""
    if type(value) is list:  # nearly always; a generator would cost more than the rest
        return [("", one if type(one) is str else str(one)) for one in value if one is not None]
    return [("", word) for word in _list_words(value)]


def _read_id(record: Mapping[str, Any], *keys: str) -> str:
    found = next((record[key] for key in keys if record.get(key) is not None), "")
    return str(found)


def read_visual_genome(graph: GraphWords, record: Mapping[str, Any]) -> None:
    graph.id = _read_id(record, "image_id", "id")
    places: dict[Any, int] = {}

    def place(one: Mapping[str, Any]) -> int:
        key = one["object_id"] if "object_id" in one else one["id"]
        found = places.get(key)
        if found is None:
            found = places[key] = len(graph.names)
            names, synsets = one.get("names"), one.get("synsets")
            name = names or one.get("name")
            values = one.get("attributes")
            _add(
                graph,
                name,
                synsets[0] if synsets else "",
                _pair_words(values) if values else None,
            )
        return found

    for one in [*(record.get("objects") or ()), *(record.get("attributes") or ())]:
        place(one)
    relations = record.get("relationships") or ()
    for one in relations:
        if "subject_id" in one:
            subject, target = places.get(one["subject_id"], -1), places.get(one["object_id"], -1)
        else:
            subject, target = place(one["subject"]), place(one["object"])
        predicate = one.get("predicate")
        graph.relations.append((subject, predicate if isinstance(predicate, str) else "", "", target))


def read_gqa(graph: GraphWords, record: Mapping[str, Any]) -> None:
    graph.id = _read_id(record, "image_id", "id")
    objects = record["objects"]
    place = {key: number for number, key in enumerate(objects)}.get
    relations = graph.relations
    for number, one in enumerate(objects.values()):
        values = one.get("attributes")
        _add(graph, one.get("name"), "", _pair_words(values) if values else None)
        for relation in one.get("relations") or ():
            predicate, target = relation.get("name") or "", relation.get("object")
            predicate = predicate if type(predicate) is str else str(predicate)
            relations.append((number, predicate, "", place(target if type(target) is str else str(target), -1)))
    for kind in ("location", "weather"):
        graph.scene_attributes += [(kind, word) for word in _list_words(record.get(kind)) if word and word != "none"]


def read_row(graph: GraphWords, record: Mapping[str, Any]) -> None:
    inner = record["scene_graph"]
    read_plain(graph, {**inner, "scene_attributes": record.get("scene_attributes"), "id": record.get("id")})


def read_plain(graph: GraphWords, record: Mapping[str, Any]) -> None:
    graph.id = _read_id(record, "id", "image_id")
    places: dict[Any, int] = {}
    for number, one in enumerate(record["objects"]):
        places[number] = number
        if not isinstance(one, Mapping):
            _add(graph, one)
        else:
            name = one.get("name") or one.get("concept")
            _add(graph, name, one.get("concept"), list(_list_pairs(one.get("attributes"))))
            if (key := one.get("id", one.get("object_id"))) is not None:
                places[str(key)] = number
        graph.counts.append(_read_count(one.get("count")) if isinstance(one, Mapping) else 1)
    times = Counter(graph.names)
    for number, name in enumerate(graph.names):
        if times[name] == 1:  # relations may name their ends
            places.setdefault(name, number)
    for one in record.get("relations") or ():
        if isinstance(one, Mapping):
            subject, predicate, target = one["subject"], one.get("predicate", one.get("name")), one["object"]
            category = one.get("category")
        else:
            (subject, predicate, target), category = one, None
        ends = [places.get(end if isinstance(end, int | float) else str(end), -1) for end in (subject, target)]
        graph.relations.append((ends[0], str(predicate or ""), category or "", ends[1]))
    graph.scene_attributes = list(_list_pairs(record.get("scene_attributes")))


def _list_pairs(values: Any) -> Iterator[Attribute]:
    """Kind and value of attributes that are words, pairs, or mappings; or all in one mapping, of values by kind."""
    if isinstance(values, Mapping) and not {"kind", "value", "name"} & values.keys():
        values = [(str(kind), word) for kind, some in values.items() for word in _list_words(some)]
    for one in values if isinstance(values, list | tuple) else [] if values is None else [values]:
        if isinstance(one, Mapping) and not {"kind", "value", "name"} & one.keys():
            yield from _list_pairs(one)
        elif isinstance(one, Mapping):
            yield str(one.get("kind") or ""), str(one.get("value", one.get("name")) or "")
        elif isinstance(one, list | tuple) and len(one) == 2:
            yield str(one[0]), str(one[1])
        elif one is not None:
            yield "", str(one)


def unlink(graph: Any) -> dict[str, Any]:
    """Node-link data of a networkx graph, of several edges between two nodes, too."""
    nodes = [{**data, "id": node} for node, data in graph.nodes(data=True)]
    links = [{**data, "source": start, "target": end} for start, end, data in graph.edges(data=True)]
    return {"nodes": nodes, "links": links, "graph": dict(graph.graph)}


def read_node_link(graph: GraphWords, record: Mapping[str, Any]) -> None:
    whole = record.get("graph") if isinstance(record.get("graph"), Mapping) else {}
    graph.id = _read_id(record, "id", "image_id") or _read_id(whole, "id", "image_id")  # type: ignore[arg-type]
    places: dict[str, int] = {}
    values: dict[str, Attribute] = {}
    for node in record["nodes"]:
        key, type_ = str(node["id"]), str(node.get("type") or "").lower()
        name = next(
            (node[one] for one in ("name", "value", "label", "concept") if node.get(one) is not None), node["id"]
        )
        if type_.startswith("attribute"):
            kind, value = name if isinstance(name, list | tuple) and len(name) == 2 else (node.get("kind"), name)
            values[key] = str(kind or ""), str(value)
        else:
            places[key] = len(graph.names)
            _add(graph, name, node.get("concept"), list(_list_pairs(node.get("attributes"))))
            graph.counts.append(_read_count(node.get("count")))
    for edge in record.get("links", record.get("edges")) or ():
        start, end = str(edge["source"]), str(edge["target"])
        if end in values and start in places:
            graph.attributes[places[start]].append(values[end])
        elif start in values and end in places:
            graph.attributes[places[end]].append(values[start])
        else:
            word = next(
                (edge[one] for one in ("predicate", "value", "label", "name", "relation") if edge.get(one)), ""
            )
            word = word[1] if isinstance(word, list | tuple) and len(word) == 2 else word
            category = edge.get("category") or ""
            graph.relations.append((places.get(start, -1), str(word), str(category), places.get(end, -1)))
    graph.scene_attributes = list(_list_pairs(whole.get("scene_attributes")))  # type: ignore[union-attr]


def choose_reader(record: Any) -> Any:
    if not isinstance(record, Mapping):
        return None
    if isinstance(record.get("scene_graph"), Mapping):
        return read_row
    objects = record.get("objects")
    if isinstance(objects, Mapping):
        return read_gqa
    if isinstance(record.get("nodes"), list) and isinstance(record.get("links", record.get("edges")), list):
        return read_node_link
    if "relationships" in record or "image_id" in record:
        return read_visual_genome
    if isinstance(objects, list):
        return read_visual_genome if _has_object_ids(objects) else read_plain
    return read_visual_genome if isinstance(record.get("attributes"), list) else None


def _has_object_ids(objects: list[Any]) -> bool:
    return bool(objects) and isinstance(objects[0], Mapping) and "object_id" in objects[0]
