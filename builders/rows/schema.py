"""The columns of a row, as Arrow types."""

from __future__ import annotations

import pyarrow as pa

from ..recipe.model import Recipe

ATTRIBUTE = pa.struct([("kind", pa.string()), ("value", pa.string())])

OBJECT = pa.struct(
    [("name", pa.string()), ("concept", pa.string()), ("attributes", pa.list_(ATTRIBUTE)), ("count", pa.int32())]
)
"""An object; `count` is how many alike things it stands for, which have its attributes and relations in common."""

RELATION = pa.struct(
    [("subject", pa.int32()), ("predicate", pa.string()), ("category", pa.string()), ("object", pa.int32())]
)

QUESTION = pa.struct(
    [
        ("question", pa.string()),
        ("answer", pa.string()),
        ("choices", pa.list_(pa.string())),
        ("form", pa.string()),
        ("kind", pa.string()),
        ("elements", pa.list_(pa.string())),
        ("depends_on", pa.list_(pa.int32())),
        ("foil", pa.string()),
        ("aliases", pa.list_(pa.string())),
    ]
)

STRUCTURE = pa.struct(
    [
        ("objects", pa.int32()),
        ("attributes", pa.int32()),
        ("relations", pa.int32()),
        ("complexity", pa.int32()),
        ("components", pa.int32()),
        ("average_degree", pa.float32()),
        ("topology", pa.string()),
    ]
)

PARAPHRASES = "paraphrases"
MENTIONS = pa.list_(pa.struct([("element", pa.string()), ("start", pa.int32()), ("end", pa.int32())]))

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("caption", pa.string()),
        ("scene_graph", pa.struct([("objects", pa.list_(OBJECT)), ("relations", pa.list_(RELATION))])),
        ("scene_attributes", pa.list_(ATTRIBUTE)),
        ("questions", pa.list_(QUESTION)),
        ("mentions", MENTIONS),
        ("structure", STRUCTURE),
    ]
)
"""The columns of every config, in this order."""

PAIR = pa.struct(
    [
        ("edit", pa.string()),
        ("caption", pa.string()),
        ("scene_graph", SCHEMA.field("scene_graph").type),
        ("changed", pa.list_(pa.struct([("question", pa.int32()), ("answer", pa.string())]))),
    ]
)
"""The column of a recipe that asks for pairs: the scene with one thing changed, null where nothing can be."""

EDIT = pa.struct(
    [
        ("instruction", pa.string()),
        ("elements", pa.list_(pa.string())),
        (
            "must_change",
            pa.list_(pa.struct([("question", pa.int32()), ("before", pa.string()), ("after", pa.string())])),
        ),
        ("must_keep", pa.list_(pa.struct([("question", pa.int32()), ("answer", pa.string())]))),
    ]
)
"""The column of a recipe that asks for edits: how to make the pair's picture of the scene's, null where no pair is."""

PARAPHRASE = pa.struct([("text", pa.string()), ("model", pa.string()), ("template", pa.string())])
"""A scene in a language model's words: the column `paraphrases` of a recipe that asks for it lists them."""

WORDINGS = pa.list_(pa.struct([("caption", pa.string()), ("template", pa.string()), ("mentions", MENTIONS)]))
"""The column of a recipe that asks for wordings: other captions of the same scene graph and questions."""

DIFFICULTY = "difficulty"
ASKED = pa.schema(
    [
        ("pair", PAIR),
        ("edit", EDIT),
        ("wordings", WORDINGS),
        (DIFFICULTY, pa.float64()),
        (PARAPHRASES, pa.list_(PARAPHRASE)),
    ]
)
"""The columns that only some recipes ask for, in this order, after those of every config."""

VIEWS = {
    "captions": ("id", "caption"),
    "questions": ("id", "questions"),
    "scene_graphs": ("id", "scene_graph", "scene_attributes", "structure"),
}
"""Columns of the configs `<name>_captions`, `<name>_questions` and `<name>_scene_graphs`, read from the same files."""


def schema_of(recipe: Recipe) -> pa.Schema:
    """The columns of a recipe's config: those of every config, then those that the recipe asks for."""
    asked = {
        "pair": recipe.pairs,
        "edit": recipe.edits,
        "wordings": recipe.wordings,
        DIFFICULTY: recipe.difficulty,
        PARAPHRASES: recipe.paraphrase,
    }
    return pa.schema([*SCHEMA, *(field for field in ASKED if asked[field.name])])
