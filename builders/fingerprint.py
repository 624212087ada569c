"""What a dataset's rows depend on, as one digest."""

from __future__ import annotations

import hashlib
import json

from jinja2 import Environment, meta

from .rows import RowWriter
from .templates import read_source

DATA_VERSION = 1
"""Raised when the engine makes other rows from the same recipe, taxonomy and templates."""


def compute_fingerprint(writer: RowWriter) -> str:
    """SHA-256 (hex) over all that rows depend on: the recipe's fields, the taxonomy, the templates, the engine.

    The sizes of the splits are left out: a larger split begins with the rows of a smaller one.
    """
    plan = writer.plan
    parts = {
        "data_version": DATA_VERSION,
        "recipe": plan.recipe.content_fields(),
        "taxonomy": plan.taxonomy.version,
        "templates": read_templates(writer),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_templates(writer: RowWriter) -> dict[str, str]:
    """The text of every template that the rows are made with, by name."""
    sources: dict[str, str] = {}
    for template in (*writer.captions.templates, *writer.questions.templates.values()):
        _add_sources(sources, template.environment, template.name or "")
    return sources


def _add_sources(sources: dict[str, str], environment: Environment, name: str) -> None:
    """Adds the text of a template and of those that it imports."""
    if name not in sources:
        sources[name] = read_source(environment.get_template(name))
        for imported in meta.find_referenced_templates(environment.parse(sources[name])):
            if imported:
                _add_sources(sources, environment, imported)
