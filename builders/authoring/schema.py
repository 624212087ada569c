"""The JSON Schema of recipes with what editors propose: a sentence for every value, and the names of what is shipped.

A key that takes names of concepts, templates or recipes takes any text, since these may be the user's own; what is
shipped is proposed. Where the values are fixed, there are no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ... import templates
from ...arrow import match_texts
from ...taxonomy import Taxonomy, load_taxonomy
from ..export.formats import read_first_lines
from ..questions import kinds
from ..recipe.filters import STRUCTURE_NUMBERS
from ..recipe.loading import list_recipes, load_recipe
from ..recipe.model import json_schema
from ..recipe.questions import ASK
from ..text.templates import list_templates

ID = "urn:generate-any-scene:recipe"
EXAMPLES = 3
"""Values that the sentence for a kind of them names."""

TEXT = {"type": "string"}
KINDS = read_first_lines(kinds.__path__)
"""What is asked by the kinds of questions."""
VALUES: dict[str, Mapping[str, str]] = {
    "ask": {value: f"{words.capitalize()}." for value, words in ASK.items()},
    "constraints": {
        "typed": "Attributes and relations only where they make sense.",
        "none": "Attributes and relations anywhere.",
    },
    "distribution": {
        "objects_first": "Every number of objects equally often.",
        "uniform": "Every structure that fits equally often.",
    },
    "dtype": {
        "float32": "In full precision.",
        "bfloat16": "In half the memory, with fewer digits.",
        "float16": "In half the memory, with a smaller range.",
    },
    "filters": {
        "caption_length": "Characters of the caption.",
        "caption_words": "Words of the caption.",
        **{f"structure.{name}": f"{name.replace('_', ' ').capitalize()} of the scene." for name in STRUCTURE_NUMBERS},
        "perplexity": "How unlikely a language model finds the caption.",
        "vera": "How plausible Vera finds what the caption says, from 0 to 1.",
    },
    "forms": {
        "yes_no": "Answered yes or no, as often the one as the other.",
        "open": "Answered in words of one's own.",
        "multiple_choice": "Answered by one of several choices.",
        "count": "Answered by a number.",
    },
    "kinds": KINDS,
    "modality": {
        "image": "Scene attributes of pictures, such as a painting style.",
        "video": "Scene attributes of videos, such as a camera movement.",
        "3d": "Scene attributes of 3D models, such as how they are lit.",
    },
    "order": {
        "mixed": "All levels from the first row on.",
        "ascending": "The easiest level first, so that the split is sorted by level.",
    },
    "pairs": {
        "relation_reversed": "A dog chasing a car; a car chasing a dog.",
        "attributes_swapped": "A red dog and a blue car; a blue dog and a red car.",
        "attribute": "A red dog; a blue dog.",
        "object": "A dog and a car; a cat and a car.",
        "count": "Three dogs; four dogs.",
        "predicate": "A dog beside a car; a dog on a car.",
    },
    "questions": KINDS,
    "splits": {
        "train": "What models learn from.",
        "validation": "What is looked at while models learn.",
        "test": "What models are measured by.",
    },
    "tier": {
        "common": "Everyday concepts.",
        "visible": "All concepts that can be seen.",
        "full": "All concepts.",
    },
    "unseen": {
        "object_attribute": "An object with an attribute, such as red dog.",
        "object_relation_object": "Two objects and their relation, such as dog chasing car.",
        "object_pair": "Two objects in one scene, such as dog and car.",
        "structure": "A scene graph without content.",
        "concept": "A single concept.",
    },
    "visible": {
        "yes": "Seen by anybody.",
        "hard": "Seen by some at least.",
        "no": "It does not matter whether it is seen.",
    },
}
"""A sentence for each value of the keys that have fixed ones."""

PROPOSED = {
    ("Recipe", "extends"): "recipe",
    ("Recipe", "captions"): "template",
    ("Recipe", "taxonomy"): "taxonomy",
    ("Captions", "template"): "template",
    ("Wordings", "templates"): "template",
    ("AttributeFilter", "kinds"): "attribute_kind",
    ("RelationFilter", "categories"): "category",
    ("RelationFilter", "predicates"): "predicate",
    ("SceneAttributeFilter", "kinds"): "scene_attribute_kind",
    ("SeedAttribute", "kind"): "attribute_kind",
    ("SeedRelation", "category"): "category",
    ("SeedRelation", "predicate"): "predicate",
}
"""What is proposed for keys that take any text, by the part of the recipe and the key."""


def write_schema() -> dict[str, Any]:
    """Write the JSON Schema (draft 2020-12) of a recipe's file as editors take it; see `json_schema`."""
    schema = json_schema()
    parts = {"Recipe": schema, **schema["$defs"]}
    for name, part in parts.items():
        for key, value in part["properties"].items():
            part["properties"][key] = _explain(value, key, PROPOSED.get((name, key)))
    offers = {name: {"anyOf": [*_list_values(values), TEXT]} for name, values in _list_proposals().items()}
    return {"$schema": schema.pop("$schema"), "$id": ID, **schema, "$defs": {**schema["$defs"], **offers}}


def _explain(value: Any, key: str, proposed: str | None) -> Any:
    """Say of each value of a key what it means, and propose values where any text may stand."""
    if isinstance(value, list):
        return [_explain(one, key, proposed) for one in value]
    if not isinstance(value, dict):
        return value
    if "enum" in value:
        rest = {name: one for name, one in value.items() if name not in ("enum", "type")}
        return {"anyOf": list(_list_values({one: VALUES[key][one] for one in value["enum"]})), **rest}
    if proposed and value.get("type") == "string":
        return {"$ref": f"#/$defs/{proposed}", **{name: one for name, one in value.items() if name != "type"}}
    return {name: _explain(one, key, proposed) for name, one in value.items()}


def _list_values(values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    return ({"const": value, "description": words} for value, words in values.items())


def _list_proposals() -> dict[str, dict[str, str]]:
    """What is shipped, each name with a sentence."""
    taxonomy = load_taxonomy()
    return {
        "recipe": {name: load_recipe(name).recipe.description for name in list_recipes()}
        | {"base": "What all shipped recipes have in common; it needs a `structure`."},
        "template": {name: _read_sentence(name) for name in list_templates("captions")},
        "taxonomy": {
            "default": "The shipped concepts.",
            "paper": "The objects that the paper's rules leave.",
            "sandbox": "A few shapes and colors.",
        },
        "attribute_kind": _list_kinds(taxonomy.attributes, "kind", "name"),
        "category": _list_kinds(taxonomy.relations, "category", "predicate"),
        "scene_attribute_kind": _list_kinds(taxonomy.scene_attributes, "kind", "name"),
        "predicate": _list_predicates(taxonomy),
    }


def _read_sentence(template: str) -> str:
    """The first sentence of the comment at the top of a shipped template of captions."""
    text = files(templates).joinpath("captions", f"{template}.jinja").read_text(encoding="utf-8")
    comment = " ".join(text.partition("{#")[2].partition("#}")[0].split())
    return re.split(r"(?<=\.) ", comment)[0]


def _list_kinds(table: pa.Table, column: str, name: str) -> dict[str, str]:
    """The kinds of a table, each with how many concepts of the tier common it has, and a few of them."""
    common = table.filter(match_texts(table["tier"], "common"))
    described = {}
    for kind in sorted(pc.unique(common[column]).to_pylist()):
        names = common.filter(match_texts(common[column], kind))[name].to_pylist()
        described[kind] = f"{len(names):,} common ones, such as {', '.join(names[:EXAMPLES])}."
    return described


def _list_predicates(taxonomy: Taxonomy) -> dict[str, str]:
    """The predicates of the tier common, with their categories."""
    common = taxonomy.relations.filter(match_texts(taxonomy.relations["tier"], "common"))
    categories: dict[str, list[str]] = {}
    for row in common.select(["predicate", "category"]).to_pylist():
        categories.setdefault(row["predicate"], []).append(row["category"])
    return {name: f"A relation: {', '.join(dict.fromkeys(of))}." for name, of in sorted(categories.items())}
