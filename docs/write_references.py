"""Writes the pages of docs/ that list what the code has: `python docs/write_references.py`.

`recipe_reference.md` has all keys of recipes, from their fields; `export_reference.md` all formats of `gas export`, from
their files and from what they write of some scenes. A test compares the pages with what is written now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from generate_any_scene.builders.authoring.schema import VALUES
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from pydantic import BaseModel
from pydantic.fields import FieldInfo

DOCS = Path(__file__).parent
SHOWN = "general"
"""The recipe whose values are the examples of keys that have no other."""

RECIPE_HEAD = """\
<!-- Written by docs/write_references.py from the fields of recipes: change those. -->

# All keys of a recipe

The tables list every key, in the order of the schema (`gas schema`). [recipes.md](recipes.md) says how a recipe is read,
and what belongs together. A key `content.objects.tier` stands in the mapping `objects` of the mapping `content`; an
example shows the last part with its value. A key without a default is left out unless a recipe says it.
"""

SEE = {
    "captions": "captions.md",
    "content.attributes.values": "recipes.md#exactly-these",
    "content.objects.copies": "recipes.md#counts",
    "content.objects.only": "recipes.md#exactly-these",
    "content.plausibility": "plausibility.md",
    "content.relations.predicates": "recipes.md#exactly-these",
    "content.scene_attributes.fixed": "recipes.md#where-a-scene-is",
    "content.scene_attributes.values": "recipes.md#exactly-these",
    "content.setting": "plausibility.md#a-setting",
    "filters": "recipes.md#filters",
    "language": "own_words.md#another-language",
    "pairs": "recipes.md#minimal-pairs",
    "paraphrase": "recipes.md#paraphrases",
    "questions": "recipes.md#what-is-asked",
    "questions.templates": "own_words.md#question-templates-of-your-own",
    "splits.test.unseen": "recipes.md#unseen-compositions",
    "structure": "recipes.md#structure",
    "structure.seed_graph": "recipes.md#seed-graphs",
    "taxonomy": "recipes.md#concepts-of-your-own",
    "wordings": "captions.md#one-scene-in-several-wordings",
}
"""Where more is said about a key."""


def write_recipe_reference() -> str:
    """Writes the page of all keys of a recipe, a section a part."""
    sections = [RECIPE_HEAD, *_list_sections(Recipe, "", load_recipe(SHOWN).recipe.model_dump(mode="json", by_alias=True))]
    return "\n".join(sections)


def _list_sections(model: type[BaseModel], prefix: str, shown: Any) -> Iterator[str]:
    """The section of a part, and those of the parts in it.

    Args:
        model: The part.
        prefix: The key of the part with a dot behind it, empty for the recipe.
        shown: What the recipe of examples says there.
    """
    lines, parts = [], []
    if not prefix:
        lines.append("| `extends` | The recipe that this one changes: a shipped one's name, or a path. | | `extends: general` |")
    for name, field in model.model_fields.items():
        key, value = field.alias or name, shown.get(field.alias or name) if isinstance(shown, Mapping) else None
        lines.append(f"| `{prefix}{key}` | {_explain(prefix + key, name, field)} | {_show_default(field)} | {_show_example(key, field, value)} |")
        inner = "splits.test" if prefix + key == "splits" else prefix + key
        parts += [(part, f"{inner}.", value) for part in find_parts(field.annotation)]
    title = f"`{prefix.removesuffix('.')}`" if prefix else "The dataset"
    yield "\n".join([f"## {title}", "", (model.__doc__ or "").partition("\n")[0], ""][: 4 if prefix else 2])
    yield "\n".join(["| key | what it says | default | example |", "| --- | --- | --- | --- |", *lines, ""])
    for part, inner, value in parts:
        yield from _list_sections(part, inner, value)


def _explain(path: str, name: str, field: FieldInfo) -> str:
    """What a field says, what its values mean where they are fixed, and where to read on."""
    sentences = [str(field.description or "")]
    sentences += [f"`{value}`: {VALUES[name][value]}" for value in dict.fromkeys(find_values(field.annotation))]
    if path in SEE:
        page, _, section = SEE[path].partition("#")
        sentences.append(f"See [{section.replace('-', ' ') or page.removesuffix('.md')}]({SEE[path]}).")
    return "<br>".join(sentences).replace("|", "\\|")


def _show_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None or default == "" or isinstance(default, BaseModel) or (not default and not isinstance(default, (int, float))):
        return ""
    if find_parts(field.annotation):
        return ""
    return f"`{write_value(list(default) if isinstance(default, tuple) else default)}`"


def _show_example(key: str, field: FieldInfo, value: Any) -> str:
    example = field.examples[0] if field.examples else value
    return f"`{key}: {write_value(example)}`"


def write_value(value: Any) -> str:
    """A value in one line of YAML, as a recipe's file may have it."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def find_parts(annotation: Any) -> list[type[BaseModel]]:
    """Parts of a recipe that an annotation has in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for argument in get_args(annotation) for part in find_parts(argument)]


def find_values(annotation: Any) -> tuple[str, ...]:
    """Names that an annotation allows."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return arguments
    return tuple(value for argument in arguments for value in find_values(argument))


PAGES = {"recipe_reference.md": write_recipe_reference}

if __name__ == "__main__":
    for name, write in PAGES.items():
        (DOCS / name).write_text(write(), encoding="utf-8")
