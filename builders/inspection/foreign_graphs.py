"""Scene graphs that others made, such as a language model: which of them are sound, and how evenly they use concepts.

A file has one graph a line, or is JSON with a list of them; a folder that describes graphs has them in its rows. A
graph is node-link data as networkx writes it, whose nodes are objects and attributes and have a `type` and a `value`;
or `objects` and `relations`, as our own rows have them. The faults are those of the paper's table 21, and what else a
graph cannot be; the measures are its table 20's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import GasError, explain_os_error
from ...regular_files import read_regular
from ...taxonomy.naming import list_meanings
from ..folder.reading import Source, read_batches
from ..recipe.fields import show
from .evenness import measure_evenness
from .usage import Usage

if TYPE_CHECKING:
    from rich.console import Console

SORTS = ("objects", "attributes", "relations")
FAULTS = {
    "no JSON": "it cannot be read as JSON",
    "no graph": "it has neither `nodes` with `edges` or `links`, nor `objects` with `relations`",
    "relation as node": "a node is a relation, which should be an edge",
    "no value": "a node or an edge does not say what it is",
    "no type": "a node or an edge does not say whether it is an object, an attribute or a relation",
    "other type": "a node is of another type than object and attribute, or an edge than relation and attribute",
    "repeated node": "two nodes have one id",
    "no such node": "an edge ends at a node that is not there",
    "loop": "a relation joins an object with itself",
}
"""What may be wrong with a graph. A sound one has none of these; words that nobody knows are counted apart."""
OWN = "own."
"""How ids of objects begin that `gas describe` gives to words which nobody knows."""
BATCH = 512
"""Rows that are in memory as Python objects at once."""
MOST_WORDS = 10
"""Unknown words that are shown."""


@dataclass
class Graph:
    """What one graph says.

    Attributes:
        faults: What is wrong with it, of `FAULTS`.
        words: What its objects, attributes and relations are called.
    """

    faults: set[str] = field(default_factory=set)
    words: dict[str, list[str]] = field(default_factory=lambda: {sort: [] for sort in SORTS})

    def add_word(self, sort: str, value: Any) -> None:
        """Takes the word of an element: a text, or a pair of a kind and a text."""
        if isinstance(value, list | tuple) and len(value) == 2:
            value = value[1]
        if isinstance(value, str) and value.strip():
            self.words[sort].append(" ".join(value.replace("_", " ").split()))
        else:
            self.faults.add("no value")


def read_graphs(file: Path | Source) -> Iterator[Graph]:
    """Reads the graphs of a file, or of the rows of a split, one at a time.

    Raises:
        GasError: It cannot be read, or is no list of graphs.
    """
    if isinstance(file, Source):
        for batch in read_batches(file, ["scene_graph"], BATCH):
            yield from (read_graph(_name_own(row["scene_graph"])) for row in batch.to_pylist())
        return
    if file.suffix == ".jsonl":
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                yield from (_read_text(line) for line in lines if line.strip())
        except OSError as error:
            raise explain_os_error(error, str(file)) from error
        return
    try:
        content = json.loads(read_regular(file))
    except (ValueError, RecursionError) as error:
        raise GasError(f"{file} is no JSON: {error}; write one graph a line into a .jsonl file") from error
    if isinstance(content, dict) and isinstance(content.get("graphs"), list):
        content = content["graphs"]
    yield from map(read_graph, content if isinstance(content, list) else [content])


def _name_own(graph: dict[str, Any]) -> dict[str, Any]:
    """A graph of a row whose objects that no taxonomy has are called by their names, which readers know."""
    own = [{**one, "concept": ""} if one["concept"].startswith(OWN) else one for one in graph["objects"]]
    return {**graph, "objects": own}


def _read_text(line: str) -> Graph:
    try:
        return read_graph(json.loads(line))
    except (ValueError, RecursionError):
        return Graph({"no JSON"})


def read_graph(value: Any) -> Graph:
    """Reads a graph, and finds out what is wrong with it."""
    if not isinstance(value, Mapping):
        return Graph({"no graph"})
    value = value.get("scene_graph", value)
    graph = Graph()
    nodes, edges = value.get("nodes"), value.get("edges", value.get("links"))
    objects, relations = value.get("objects"), value.get("relations", [])
    if _is_list_of_mappings(nodes) and _is_list_of_mappings(edges):
        _read_nodes(graph, nodes)
        _read_edges(graph, edges, [node.get("id") for node in nodes])
    elif isinstance(objects, list) and _is_list_of_mappings(relations):
        _read_objects(graph, objects)
        for relation in relations:
            graph.add_word("relations", relation.get("predicate", relation.get("name")))
        _check_ends(graph, [(one.get("subject"), one.get("object")) for one in relations], range(len(objects)))
    else:
        graph.faults.add("no graph")
    return graph


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def _read_type(graph: Graph, element: Mapping[str, Any], sorts: Iterable[str]) -> str | None:
    """The sort of an element, one of these in the singular, or what is wrong with it."""
    told = element.get("type")
    if not (isinstance(told, str) and told.strip()):
        graph.faults.add("no type")
        return None
    name = told.lower().removesuffix("_node").removesuffix("_edge")
    if name not in sorts:
        graph.faults.add("relation as node" if name == "relation" else "other type")
        return None
    return name


def _read_nodes(graph: Graph, nodes: list[Mapping[str, Any]]) -> None:
    for node in nodes:
        sort = _read_type(graph, node, ("object", "attribute"))
        if sort:
            graph.add_word(f"{sort}s", node.get("value"))
        elif node.get("value") is None:
            graph.faults.add("no value")
    ids = [json.dumps(node.get("id")) for node in nodes]
    if len(set(ids)) < len(ids):
        graph.faults.add("repeated node")


def _read_edges(graph: Graph, edges: list[Mapping[str, Any]], ids: list[Any]) -> None:
    ends = []
    for edge in edges:
        sort = _read_type(graph, edge, ("relation", "attribute"))
        if sort == "relation":
            graph.add_word("relations", edge.get("value"))
        ends.append((edge.get("source"), edge.get("target")))
    _check_ends(graph, ends, ids)


def _check_ends(graph: Graph, ends: Iterable[tuple[Any, Any]], ids: Iterable[Any]) -> None:
    known = {json.dumps(one) for one in ids}
    for pair in ends:
        start, end = map(json.dumps, pair)
        if not {start, end} <= known:
            graph.faults.add("no such node")
        elif start == end:
            graph.faults.add("loop")


def _read_objects(graph: Graph, objects: list[Any]) -> None:
    for one in objects:
        if not isinstance(one, Mapping):
            graph.add_word("objects", one)
            continue
        graph.add_word("objects", one.get("concept") or one.get("name"))
        attributes = one.get("attributes") or []
        for attribute in attributes if isinstance(attributes, list) else [attributes]:
            graph.add_word("attributes", attribute.get("value") if isinstance(attribute, Mapping) else attribute)


@dataclass
class Findings:
    """What the graphs of a file are like.

    Attributes:
        name: What the file is called.
        graphs: How many there are.
        sound: How many have no fault.
        faults: How many have each fault, of those that some have.
        uses: How often each concept that the recipe leaves is used, in the order of `Usage.rows`.
        elsewhere: How many elements are concepts that the recipe does not leave, by sort.
        unknown: Words that the taxonomy does not have, by sort, with how often they occur.
    """

    name: str
    graphs: int = 0
    sound: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    uses: dict[str, np.ndarray] = field(default_factory=dict)
    elsewhere: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, Counter[str]] = field(default_factory=lambda: {sort: Counter() for sort in SORTS})


def examine_graphs(file: Path | Source, usage: Usage, report: Callable[[int], None] = lambda graphs: None) -> Findings:
    """Reads a file of graphs and counts what they use of a recipe's concepts.

    Args:
        file: The file, or the split.
        usage: The recipe's own scenes, whose concepts the words are looked up in.
        report: Called with the number of graphs that were just read.

    Raises:
        GasError: The file cannot be read, or has no graphs.
    """
    words: dict[str, Counter[str]] = {sort: Counter() for sort in SORTS}
    found = Findings(file.name if isinstance(file, Source) else str(file))
    for graph in read_graphs(file):
        found.graphs += 1
        found.sound += not graph.faults
        found.faults.update(graph.faults)
        for sort in SORTS:
            words[sort].update(graph.words[sort])
        report(1)
    if not found.graphs:
        raise GasError(f"{file} has no graphs; write one a line, or a list of them")
    for sort in SORTS:
        place = {row: number for number, row in enumerate(usage.rows[sort].tolist())}
        found.uses[sort] = np.zeros(len(place), dtype=np.int64)
        for word, count in words[sort].items():
            rows = list_meanings(usage.plan.taxonomy, sort, word)
            meant = next((place[row] for row in rows if row in place), None)
            if meant is not None:
                found.uses[sort][meant] += count
            elif rows:
                found.elsewhere[sort] += count
            else:
                found.unknown[sort][word] += count
    return found


def describe_graphs(found: Findings, usage: Usage) -> dict[str, Any]:
    """All that is known as JSON can hold it, beside as many scenes of the recipe and plain independent draws.

    Independent draws are as many as the file has elements of the recipe's concepts, each of them as likely.
    """
    draw = np.random.default_rng(0)
    evenness = {}
    for sort in SORTS:
        uses = found.uses[sort]
        independent = draw.multinomial(uses.sum(), np.full(len(uses), 1 / len(uses))) if len(uses) else uses
        sources = {"file": uses, "recipe": usage.uses[sort], "independent": independent}
        evenness[sort] = {name: asdict(measure_evenness(some)) for name, some in sources.items()}
    return {
        "name": found.name,
        "recipe": usage.name,
        "graphs": found.graphs,
        "sound": found.sound,
        "faults": {name: found.faults[name] for name in FAULTS if found.faults[name]},
        "elements": {
            sort: {
                "known": int(found.uses[sort].sum()),
                "not_in_the_recipe": found.elsewhere[sort],
                "unknown": found.unknown[sort].total(),
                "unknown_words": dict(found.unknown[sort].most_common(MOST_WORDS)),
            }
            for sort in SORTS
        },
        "evenness": evenness,
    }


def print_graphs(described: dict[str, Any], console: Console) -> None:
    """Prints it as tables."""
    graphs, recipe = described["graphs"], described["recipe"]
    console.print(f"{described['name']}: {graphs:,} graphs, {described['sound']:,} of them sound", highlight=False)
    for name, count in described["faults"].items():
        console.print(f"  {count / graphs:.1%} {name}: {FAULTS[name]}".replace("%", " %", 1), highlight=False)
    for sort, counts in described["elements"].items():
        words = ", ".join(f"{show(word)} ({count:,})" for word, count in counts["unknown_words"].items())
        line = (
            f"{sort}: {counts['known']:,} that {recipe} has, {counts['not_in_the_recipe']:,} others of the taxonomy,"
        )
        console.print(f"{line} {counts['unknown']:,} unknown{f', such as {words}' if words else ''}", highlight=False)
    console.print()
    console.print(_make_table(described))


def _make_table(described: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for column in ("file", f"{described['recipe']}, as many scenes", "independent draws"):
        table.add_column(column, justify="right")
    measures = {"gini": "Gini", "normalized_entropy": "entropy", "top_tenth_coverage": "top 10 %"}
    for sort, sources in described["evenness"].items():
        for key, name in measures.items():
            cells = ["-" if one[key] is None else f"{one[key]:.3f}" for one in sources.values()]
            table.add_row(f"{sort} {name}", *cells)
    return table
