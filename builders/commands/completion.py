"""What a shell proposes at a press of Tab. Little is imported for it, and damage only means that less is proposed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer

from ...recipes import list_recipes

Proposal = tuple[str, str]
"""A word, and what it means: some shells show that, too."""


def complete_recipes(ctx: typer.Context) -> list[str]:
    return [] if is_value(ctx) else list_recipes()


def complete_templates() -> list[str]:
    folder = files(f"{__package__.removesuffix('.builders.commands')}.templates.captions")
    return sorted(file.name.removesuffix(".jinja") for file in folder.iterdir() if file.name.endswith(".jinja"))


def complete_keys() -> list[Proposal]:
    from ..recipe.model import Recipe

    return list(list_settings(Recipe.model_json_schema()))


def complete_configs(ctx: typer.Context) -> list[str]:
    return list(_read_splits(ctx))


def complete_splits(ctx: typer.Context) -> list[str]:
    configs, config = _read_splits(ctx), ctx.params.get("config")
    chosen = [configs.get(config, [])] if config else configs.values()
    return list(dict.fromkeys(split for splits in chosen for split in splits))


def is_value(ctx: typer.Context) -> bool:
    """Whether the word is the value of a `--set`: bash ends words at `=`, so it looks like another argument."""
    overrides = ctx.params.get("overrides")
    return bool(overrides and "=" not in overrides[-1])


def list_settings(schema: dict[str, Any], part: dict[str, Any] | None = None, path: str = "") -> Iterator[Proposal]:
    """Yields `dotted.key=` and its description for each key that `--set` takes, by a JSON Schema.

    Args:
        schema: The whole of it, which references point into.
        part: The mapping whose keys are listed; the whole when left out.
        path: The dotted key of the mapping, with a dot at its end.
    """
    part = schema if part is None else part
    named = dict.fromkeys(part.get("propertyNames", {}).get("enum", ()), part.get("additionalProperties"))
    for name, key in {**part.get("properties", {}), **named}.items():
        kinds = _list_kinds(schema, key)
        if any("properties" not in kind for kind in kinds):
            yield f"{path}{name}=", key.get("description", "")
        for kind in kinds:
            yield from list_settings(schema, kind, f"{path}{name}.")


def _list_kinds(schema: dict[str, Any], key: dict[str, Any]) -> list[dict[str, Any]]:
    """What the value of a key may be, references replaced by what they point at."""
    kinds = [kind for kind in key.get("anyOf", [key]) if kind.get("type") != "null"]
    return [schema["$defs"][kind["$ref"].split("/")[-1]] if "$ref" in kind else kind for kind in kinds]


def _read_splits(ctx: typer.Context) -> dict[str, list[str]]:
    """The splits of each config of the folder that the command names; none if no build wrote it."""
    from ..folder.manifest import MANIFEST

    # Where the option to complete stands last, Typer gives up before it tells arguments apart.
    named = [ctx.params.get(name) for name in ("folder", "source", "one")] + ctx.args
    folder = next((name for name in named if name), "")
    try:
        # Not checked as a command would: that imports more, and its complaints have no place here.
        configs = json.loads((Path(folder) / MANIFEST).read_bytes())["configs"]
        return {name: _list_names(entry["splits"]) for name, entry in configs.items() if _list_names([name])}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _list_names(names: Any) -> list[str]:
    return [name for name in names if name.isascii() and name.isidentifier()]
