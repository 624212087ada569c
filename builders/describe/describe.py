"""Captions and questions for scene graphs in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import GasError
from ..recipe.fields import show
from ..rows.schema import SCHEMA
from .alternatives import Alternatives, read_alternatives
from .layout import Vocabulary, encode_graphs, lay_out_scenes
from .naming import extend_taxonomy, find_rows_of, read_meanings, write_tables
from .scene_graph import SceneGraph, read_any
from .writer import GraphWriter, make_recipe, plan_graphs

Graphs = Iterable[SceneGraph | Mapping[str, Any]]


def captions(
    graphs: Graphs,
    template: str | None = None,
    seed: int = 0,
    mentions: bool = False,
    recipe: str | Path | None = None,
) -> list[Any]:
    """Puts scene graphs into words.

    Args:
        graphs: `SceneGraph`s, or mappings of any layout that `SceneGraph` reads.
        template: A template of captions: a shipped one's name, or the path of a file; `default` when left out.
        seed: Another seed chooses other frames of a template that has several.
        mentions: Whether to tell what is mentioned where.
        recipe: A recipe whose taxonomy and captions to take: a shipped one's name, or a path.

    Returns:
        A caption for each graph; with mentions a mapping with `caption` and `mentions`, a list of `element`, `start`
        and `end`, in characters.

    Raises:
        GasError: A graph, the template or the recipe cannot be used.

    >>> from generate_any_scene import SceneGraph, captions
    >>> graph = SceneGraph.from_dict({"objects": ["man", "horse"], "relations": [[0, "riding", 1]]})
    >>> captions([graph], template="prompt")
    ['a man riding a horse']
    """
    rows = write_rows(graphs, {"seed": seed, "questions": {"kinds": []}}, recipe, template)
    if not mentions:
        return rows["caption"].to_pylist()
    return rows.select(["caption", "mentions"]).to_pylist()


def questions(
    graphs: Graphs,
    forms: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    seed: int = 0,
    recipe: str | Path | None = None,
    alternatives: str | Path | Mapping[str, Any] | None = None,
) -> list[list[dict[str, Any]]]:
    """Asks about scene graphs.

    What the taxonomy knows is asked as true and as false; a word that it does not have is asked as true alone, and
    never put in the place of another one, unless alternatives say what is false.

    Args:
        graphs: `SceneGraph`s, or mappings of any layout that `SceneGraph` reads.
        forms: Of `yes_no`, `open`, `multiple_choice` and `count`; all when left out.
        kinds: Of `object`, `attribute`, `relation`, `count`, `scene` and `comparison`; those that are asked by
            default when left out.
        seed: Another seed makes other false statements.
        recipe: A recipe whose taxonomy and questions to take: a shipped one's name, or a path.
        alternatives: What is false in the place of unknown words: a file, or a mapping with `objects`, `attributes`
            and `relations`.

    Returns:
        A list of questions for each graph, as in the column `questions` of a row.

    Raises:
        GasError: A graph, the recipe or an argument cannot be used.

    >>> from generate_any_scene import SceneGraph, questions
    >>> graph = SceneGraph.from_dict({"objects": ["man", "horse"], "relations": [[0, "riding", 1]]})
    >>> asked = questions([graph], forms=["yes_no"], kinds=["relation"])[0]
    >>> [one["question"] for one in asked if one["answer"] == "yes"]
    ['Is the man riding a horse?']
    """
    asked: dict[str, Any] = {}
    for key, value in (("forms", forms), ("kinds", kinds)):
        if value is not None:
            if isinstance(value, str) or not all(isinstance(one, str) for one in value):
                raise GasError(f"`{key}` must be a list of words, not {show(value)}")
            asked[key] = list(value)
    given: dict[str, Any] = {"seed": seed, **({"questions": asked} if asked else {})}
    return write_rows(graphs, given, recipe, None, alternatives)["questions"].to_pylist()


def write_rows(
    graphs: Graphs,
    given: Mapping[str, Any] | None = None,
    recipe: str | Path | None = None,
    template: str | None = None,
    alternatives: str | Path | Mapping[str, Any] | None = None,
    split: str = "train",
) -> pa.Table:
    """Makes rows as a dataset has them, one for each graph.

    Args:
        graphs: The graphs.
        given: Keys of a recipe, laid over the recipe.
        recipe: A shipped recipe's name, or a path; a plain one when left out.
        template: A template of captions.
        alternatives: What is false in the place of unknown words.
        split: Whose questions and frames they get.

    Raises:
        GasError: A graph has no object that can be read, or something else cannot be used.
    """
    read = [graph if isinstance(graph, SceneGraph) else read_any(graph) for graph in graphs]
    loaded = make_recipe({"splits": {split: max(len(read), 1)}, **(given or {})}, recipe, template)
    vocabulary = Vocabulary()
    encoded = encode_graphs(read, vocabulary)
    taxonomy = extend_taxonomy(loaded.recipe.taxonomy, loaded.folder, ())
    meanings = read_meanings(taxonomy, vocabulary, _read_alternatives(alternatives))
    tables = tuple(sorted(write_tables(meanings).items()))
    taxonomy = extend_taxonomy(loaded.recipe.taxonomy, loaded.folder, tables)
    named = find_rows_of(taxonomy, meanings)
    scenes, kept = lay_out_scenes(encoded, named, 0, Counter())
    if len(kept) < len(read):
        place = next(number for number in range(len(read)) if number >= len(kept) or kept[number] != number)
        names = ", ".join(map(show, read[place].names[:3])) or "none"
        raise GasError(f"graph {place} has no object with a name that can be read; its names: {names}")
    writer = GraphWriter(plan_graphs(loaded.recipe, taxonomy, named), loaded.folder)
    ids = [graph.id or f"{loaded.recipe.name}/{split}/{number:09d}" for number, graph in enumerate(read)]
    if not read:
        return SCHEMA.empty_table()
    return pa.concat_tables(writer.write(scenes, ids, split))


def _read_alternatives(source: str | Path | Mapping[str, Any] | None) -> Alternatives | None:
    if source is None:
        return None
    return read_alternatives(Path(source) if isinstance(source, str) else source)
