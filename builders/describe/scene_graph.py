"""A scene graph as it was given: words, not concepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import GasError, advise
from ..recipe.fields import show
from .formats import (
    LAYOUTS,
    GraphWords,
    choose_reader,
    read_gqa,
    read_node_link,
    read_plain,
    read_row,
    read_visual_genome,
    unlink,
)
from .unknown import Word, refuse_unknown

Unknown = Literal["keep", "refuse"]


@dataclass(slots=True)
class SceneGraph(GraphWords):
    """One scene graph; the words may be any.

    Attributes:
        id: What it is called; empty where nobody says.
        names: What each object is called.
        concepts: The id of each object's concept, such as `dog.n.01`; empty where the graph does not tell it.
        attributes: Those of each object.
        relations: Between objects, by their numbers.
        scene_attributes: Those of the whole picture.
        counts: How many alike things each object stands for.
        lost: What could not be read in it: why, and the word or number.
        unknown: Whether words that the taxonomy does not have are kept.

    >>> graph = SceneGraph.from_dict(
    ...     {
    ...         "objects": [{"name": "man"}, {"name": "horse", "attributes": ["brown"]}],
    ...         "relations": [{"subject": 0, "predicate": "riding", "object": 1}],
    ...     }
    ... )
    >>> graph.names, graph.relations
    (['man', 'horse'], [(0, 'riding', '', 1)])
    """

    unknown: Unknown = "keep"

    @classmethod
    def from_visual_genome(cls, record: Mapping[str, Any], unknown: Unknown = "keep") -> SceneGraph:
        """Takes an entry of Visual Genome's `scene_graphs.json`, or of its objects, attributes or relationships.

        Args:
            record: A mapping with `objects` (`object_id`, `names` or `name`, `attributes`, `synsets`) and
                `relationships` (`predicate`, and `subject_id` with `object_id` or whole objects).
            unknown: `keep` takes any word, `refuse` only those that the taxonomy has.

        Raises:
            GasError: It is no such entry, or a word is refused.
        """
        return _make(read_visual_genome, record, unknown, "an entry of Visual Genome", cls)

    @classmethod
    def from_gqa(cls, record: Mapping[str, Any], id: str = "", unknown: Unknown = "keep") -> SceneGraph:
        """Takes a scene graph of GQA: `objects` by id, each with `name`, `attributes` and `relations`.

        Args:
            record: One value of GQA's `train_sceneGraphs.json`.
            id: Its key there, which is the image's id.
            unknown: `keep` takes any word, `refuse` only those that the taxonomy has.

        Raises:
            GasError: It is no such graph, or a word is refused.
        """
        graph = _make(read_gqa, record, unknown, "a scene graph of GQA", cls)
        graph.id = id or graph.id
        return graph

    @classmethod
    def from_networkx(cls, graph: Any, unknown: Unknown = "keep") -> SceneGraph:
        """Takes a graph of networkx, or the node-link data that it writes.

        Nodes are objects with `name` (or `concept`, `value`, `label`; else the node itself) and `attributes`, and
        edges have a `predicate` (or `value`, `label`). Nodes of the `type` attribute are attributes of what is joined
        to them.

        Raises:
            GasError: It is no such graph, or a word is refused.
        """
        if not isinstance(graph, Mapping):
            graph = unlink(graph)
        return _make(read_node_link, graph, unknown, "node-link data", cls)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], unknown: Unknown = "keep") -> SceneGraph:
        """Takes `objects` (words, or mappings with `name` and `attributes`) and `relations` between their numbers.

        A relation is a mapping with `subject`, `predicate` and `object`, or a list of these three. `id`, `count` of an
        object and `scene_attributes` (`kind` and `value`) may be there.

        Raises:
            GasError: It is no such graph, or a word is refused.
        """
        return _make(read_plain, record, unknown, "a graph of `objects` and `relations`", cls)

    @classmethod
    def from_row(cls, row: Mapping[str, Any], unknown: Unknown = "keep") -> SceneGraph:
        """Takes a row of a dataset of ours: its `scene_graph`, `scene_attributes` and `id`.

        Raises:
            GasError: It is no such row, or a word is refused.
        """
        return _make(read_row, row, unknown, "a row with a `scene_graph`", cls)

    def __len__(self) -> int:
        return len(self.names)


def read_any(record: Any, id: str = "") -> SceneGraph:
    """Reads a graph of whatever layout.

    Raises:
        GasError: It has none that is known.
    """
    read = choose_reader(record)
    if read is None:
        keys = ", ".join(f"`{key}`" for key in list(record)[:8]) if isinstance(record, Mapping) else show(record)
        hint = "write `objects` with `relations`, or `nodes` with `links`"
        raise GasError(f"this is no scene graph that is known: it has {keys or 'nothing'}; {hint}")
    graph = _make(read, record, "keep", "a scene graph", SceneGraph)
    graph.id = graph.id or id
    return graph


def _make(read: Any, record: Any, unknown: Unknown, what: str, cls: type[SceneGraph]) -> SceneGraph:
    if unknown not in ("keep", "refuse"):
        raise GasError(
            f"unknown={show(unknown)} is neither `keep` nor `refuse`; {advise(str(unknown), ['keep', 'refuse'])}"
        )
    graph = cls(unknown=unknown)
    try:
        read(graph, record)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        wrong = f"it lacks {error}" if isinstance(error, KeyError) else f"a part of it is of another shape: {error}"
        raise GasError(f"this is not {what}: {wrong}; {LAYOUTS[read.__name__]}") from error
    if unknown == "refuse":
        refuse_unknown(_list_all_words(graph))
    return graph


def _list_all_words(graph: SceneGraph) -> Iterator[Word]:
    yield from (("objects", key) for key in zip(graph.names, graph.concepts, strict=True))
    yield from (("attributes", key) for some in graph.attributes for key in some)
    yield from (("relations", (predicate, category)) for _, predicate, category, _ in graph.relations)
    yield from (("scene_attributes", key) for key in graph.scene_attributes)
