"""A recipe's file to begin with: every value of the recipe that it extends, and an example of every other key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from ...errors import GasError
from ...recipes import SUFFIXES
from ...regular_files import read_regular
from ..foundation.replacing import replace_file
from ..recipe.content import AS_MEANT
from ..recipe.fields import Part
from ..recipe.loading import EMPTY, is_path, load_recipe, resolve_inside
from .schema import ID, write_schema

SCHEMA = "recipe.schema.json"
WIDTH = 119


def write_draft(name: str, extends: str, folder: Path) -> Path:
    """Writes a recipe's file and, beside it, the schema that editors check it by.

    Args:
        name: The name of the recipe; its file is called so, too, and may be given instead: `kitchen.yaml`.
        extends: A shipped recipe's name, or a path in the folder.
        folder: Where to write.

    Returns:
        The file.

    Raises:
        RecipeError: The name is none that a recipe can have, or the path leaves the folder.
        GasError: There is no such recipe to extend, or one of the files is there already and not to be overwritten.
        OSError: A file cannot be written.
    """
    name = name.removesuffix(".yaml")
    text, path, schema = draft_recipe(name, extends, folder), folder / f"{name}.yaml", folder / SCHEMA
    if schema.exists() and ID not in read_regular(schema).decode(errors="replace"):
        raise GasError(f"{schema} is not ours, and the schema goes there; move it, or work in another folder")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise GasError(f"{path} is there already; choose another name, or edit it") from error
    with replace_file(schema) as beside:
        beside.write_text(json.dumps(write_schema(), indent=2) + "\n", encoding="utf-8")
    return path


def draft_recipe(name: str, extends: str, folder: Path) -> str:
    """Write a recipe that says what another one says, with comments; see `write_draft`."""
    parent = resolve_inside(folder, extends, "extends") if is_path(extends, *SUFFIXES) else extends
    recipe = load_recipe(parent, {"name": name}).recipe
    head = f"""\
# yaml-language-server: $schema={SCHEMA}
# gas validate ./{name}.yaml; gas preview ./{name}.yaml; gas build ./{name}.yaml
# Here stands what is inherited: change it, or leave it out. Remove `# ` to use a key; `# or` replaces the line above.
"""
    named, *rest = _list_lines(recipe, recipe.model_dump(mode="json", exclude_none=True), "")
    return head + "\n".join([named, f"extends: {_write_value(extends)}", *rest]) + "\n"


def _list_lines(part: Part, written: dict[str, Any], indent: str) -> Iterator[str]:
    """Lines of a part of a recipe: its keys with their values, or as comments with examples.

    Args:
        part: The part.
        written: What a file says of it.
        indent: What stands before each line.
    """
    for field, info in type(part).model_fields.items():
        key, value = info.alias or field, getattr(part, field)
        is_meant = field in AS_MEANT and field not in part.model_fields_set
        stated, description = None if is_meant else written.get(key), f"# {info.description}"
        if isinstance(value, Part) and isinstance(stated, dict):
            yield f"{indent}{key}:  {description}"
            yield from _list_lines(value, stated, f"{indent}  ")
        elif stated not in (None, *EMPTY):
            yield from _explain(f"{indent}{key}: {_write_value(stated)}", description, indent)
            longer = (example for example in info.examples or () if isinstance(example, dict))
            yield from (f"{indent}# or {key}: {_write_value(example)}" for example in longer)
        else:
            for example in info.examples or ():
                yield from _explain(f"{indent}# {key}: {_write_value(example)}", description, indent)


def _explain(line: str, description: str, indent: str) -> list[str]:
    """A line with what it means behind it, or above it where that is too long."""
    if len(f"{line}  {description}") <= WIDTH:
        return [f"{line}  {description}"]
    return [*wrap(description, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}# "), line]


def _write_value(value: Any) -> str:
    """A value in one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return re.sub(r"\n(\.\.\.\n)?$", "", text)
