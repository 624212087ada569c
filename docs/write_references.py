"""Writes the pages of docs/ that list what the code has: `python docs/write_references.py`.

`recipe_reference.md` has all keys of recipes, from their fields; `export_reference.md` all formats of `gas export`,
from their files and from what they write of some scenes. A test compares the pages with what is written now.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from generate_any_scene.builders.authoring.schema import VALUES
from generate_any_scene.builders.export import edit_formats, formats, picture_formats
from generate_any_scene.builders.export.edit_formats import PictureEdit, list_edit_formats, load_edit_format
from generate_any_scene.builders.export.formats import list_formats, load_format, load_splits
from generate_any_scene.builders.export.layout import Layout, Tally
from generate_any_scene.builders.export.picture_formats import list_picture_formats, load_picture_format
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.recipe.model import Recipe
from generate_any_scene.builders.rows.writer import create_writer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/write_references.py from the code: change that. -->\n"
RECIPE_HEAD = f"""{NOTE}
# All keys of a recipe

The tables list every key, in the order of the schema (`gas schema`). [recipes.md](recipes.md) says how a recipe is
read, and what belongs together. A key `content.objects.tier` stands in the mapping `objects` of the mapping `content`;
an example shows the last part with its value. A key without a default is left out unless a recipe says it.
"""
EXPORT_HEAD = f"""{NOTE}
# Formats of `gas export`

[export.md](export.md) says how to export. The columns of a format are those of its lines, and what is left
out is what `gas export` counts and says of scenes of the recipe `general`: the format cannot hold it, or its reader
would misread it. Splits are those that are written unless `--split` names another.
"""
EXTENDS = "| `extends` | The recipe that this one changes: a shipped one's name, or a path. | | `extends: general` |"
SHOWN, SCENES = "general", 300
"""The recipe and the number of its scenes that formats are shown by."""

SEE = {
    "captions": "captions.md",
    "captions.max_tokens": "captions.md#no-longer-than",
    "captions.max_words": "captions.md#no-longer-than",
    "content.attributes.values": "recipes.md#exactly-these",
    "content.attributes.only_on": "plausibility.md#what-stands-together",
    "content.objects.copies": "recipes.md#counts",
    "content.objects.only": "recipes.md#exactly-these",
    "content.objects.together": "plausibility.md#what-stands-together",
    "content.plausibility": "plausibility.md",
    "content.relations.predicates": "recipes.md#exactly-these",
    "content.scene_attributes.fixed": "recipes.md#where-a-scene-is",
    "content.scene_attributes.values": "recipes.md#exactly-these",
    "content.setting": "plausibility.md#a-setting",
    "difficulty": "recipes.md#difficulty",
    "edits": "edits.md",
    "filters": "recipes.md#filters",
    "language": "own_words.md#another-language",
    "pairs": "questions.md#minimal-pairs",
    "paraphrase": "paraphrases.md",
    "questions": "questions.md#what-is-asked",
    "questions.templates": "own_words.md#question-templates-of-your-own",
    "splits.test.unseen": "questions.md#unseen-compositions",
    "structure.seed_graph": "recipes.md#seed-graphs",
    "taxonomy": "concepts.md",
    "wordings": "captions.md#one-scene-in-several-wordings",
}
"""Where more is said about a key."""


def write_recipe_reference() -> str:
    """Writes the page of all keys of a recipe, a section a part."""
    return "\n".join([RECIPE_HEAD, *_list_sections(Recipe, "")])


def _list_sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """The section of a part of a recipe, and those of the parts in it.

    Args:
        model: The part.
        prefix: The key of the part with a dot behind it, empty for the recipe.
    """
    title = (
        f"`{prefix.removesuffix('.')}`\n\n{(model.__doc__ or '').partition(chr(10))[0]}" if prefix else "The dataset"
    )
    lines, inside = [] if prefix else [EXTENDS], []
    for name, field in model.model_fields.items():
        key = field.alias or name
        example = f"`{key}: {_write_value(field.examples[0])}`" if field.examples else ""
        lines.append(
            f"| `{prefix}{key}` | {_explain(prefix + key, name, field)} | {_show_default(field)} | {example} |"
        )
        inside += [
            (part, "splits.test." if key == "splits" else f"{prefix}{key}.") for part in _find_parts(field.annotation)
        ]
    yield "\n".join(
        [f"## {title}", "", "| key | what it says | default | example |", "| --- | --- | --- | --- |", *lines, ""]
    )
    for part, inner in inside:
        yield from _list_sections(part, inner)


def _explain(path: str, name: str, field: FieldInfo) -> str:
    """What a field says, what its values mean where they are fixed, and where to read on."""
    sentences = [str(field.description or "")]
    sentences += [f"`{value}`: {VALUES[name][value]}" for value in dict.fromkeys(_find_values(field.annotation))]
    if path in SEE:
        page, _, section = SEE[path].partition("#")
        sentences.append(f"See [{section.replace('-', ' ') or page.removesuffix('.md')}]({SEE[path]}).")
    return "<br>".join(sentences).replace("|", "\\|")


def _show_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default in (None, "", (), {}) or isinstance(default, BaseModel) or _find_parts(field.annotation):
        return ""
    return f"`{_write_value(list(default) if isinstance(default, tuple) else default)}`"


def _write_value(value: Any) -> str:
    """A value in one line of YAML, as a recipe's file may have it."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def _find_parts(annotation: Any) -> list[type[BaseModel]]:
    """Parts of a recipe that an annotation has in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for argument in get_args(annotation) for part in _find_parts(argument)]


def _find_values(annotation: Any) -> tuple[str, ...]:
    """Names that an annotation allows."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return arguments
    return tuple(value for argument in arguments for value in _find_values(argument))


def write_export_reference() -> str:
    """Writes the page of all formats, a line a format."""
    rows = create_writer(load_recipe(SHOWN)).write_block("train", 0, SCENES).to_pylist()
    lines = [_describe_format(name, what, rows) for name, what in list_formats().items()]
    scenes = [
        "| format | writes | read by | split | columns | left out |",
        "| --- | --- | --- | --- | --- | --- |",
        *lines,
    ]
    lines = [_describe_pictures(name, what) for name, what in list_picture_formats().items()]
    pictures = ["| format | writes | read by | files |", "| --- | --- | --- | --- |", *lines]
    lines = [_describe_edits(name, what) for name, what in list_edit_formats().items()]
    edits = [*pictures[:2], *lines]
    heads = ["", "## Scenes", "", *scenes, "", "## Pictures with captions", "", *pictures]
    heads += ["", "## Edits of pictures", "", *edits]
    return "\n".join([EXPORT_HEAD.rstrip("\n"), *heads, ""])


def _describe_format(name: str, what: str, rows: list[dict[str, Any]]) -> str:
    layouts = load_format(name)(DOCS.parent / "recipes" / "datasets" / f"{SHOWN}.yaml")
    columns: list[str] = []
    left_out: dict[str, None] = {}
    for file, layout in layouts.items() if isinstance(layouts, Mapping) else [("", layouts)]:
        tally = Tally()
        records = [record for row in rows for record in layout.convert_known(row, tally)]
        columns.append(f"{f'`{file}`: ' if file else ''}{', '.join(_name_columns(layout, records))}")
        left_out |= {part: None for part, count in tally.left_out.items() if count}
    splits = ", ".join(f"`{split}`" for split in load_splits(name))
    cells = [f"`{name}`", what, _find_reader(formats, name), splits, "<br>".join(columns), "<br>".join(left_out)]
    return f"| {' | '.join(cells)} |"


def _name_columns(layout: Layout, records: Sequence[Any]) -> list[str]:
    """The columns of lines: their keys, or the words of the file's first line, or that they have none."""
    lines = [
        record[1] if isinstance(record, tuple) else record for record in records
    ]  # of a mapping's items the value
    keys = dict.fromkeys(key for line in lines if isinstance(line, Mapping) for key in line)
    names = list(keys) or next(csv.reader([layout.begin]), [])
    return [f"`{name}`" for name in names] or ["a text a line"]


def _describe_pictures(name: str, what: str) -> str:
    files = load_picture_format(name)({"pictures/0.png": "a red ball"})
    shown = "<br>".join(f"`{file}`" for file in files)
    return f"| `{name}` | {what} | {_find_reader(picture_formats, name)} | `pictures/0.png`<br>{shown} |"


def _describe_edits(name: str, what: str) -> str:
    files = load_edit_format(name)([PictureEdit("pictures/0_source.png", "pictures/0_target.png", "Make it red.")])
    shown = "<br>".join(
        f"`{file}`" for file in ("pictures/0_source.png", "pictures/0_target.png", *files, "edits.jsonl")
    )
    return f"| `{name}` | {what} | {_find_reader(edit_formats, name)} | {shown} |"


def _find_reader(package: Any, name: str) -> str:
    """The repository whose code a format was made after, as the docstring of its file says."""
    text = Path(import_module(f"{package.__name__}.{name}").__file__ or "").read_text(encoding="utf-8")
    found = re.search(r"^After (\S+/[^\s:]+):", ast.get_docstring(ast.parse(text)) or "", re.MULTILINE)
    return f"[{found[1]}](https://github.com/{found[1]})" if found else "anything"


PAGES = {"recipe_reference.md": write_recipe_reference, "export_reference.md": write_export_reference}

if __name__ == "__main__":
    for name, write in PAGES.items():
        (DOCS / name).write_text(write(), encoding="utf-8")
