"""What a dataset's rows depend on, as one digest."""

from __future__ import annotations

import hashlib
import json

from ...taxonomy.usage import TABLES, measure_frequency
from ..content.filters import read_named
from ..text.templates import read_sources
from .writer import RowWriter

DATA_VERSION = 2
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
    if vocabularies := read_named(plan.recipe):
        parts["vocabularies"] = vocabularies
    if plan.near is not None:
        parts["vectors"] = plan.near.compute_digest()
    for table in TABLES:  # the objects' frequencies are part of the taxonomy's version
        wanted = getattr(plan.recipe.content, table)
        if wanted.min_frequency is not None or wanted.top is not None:
            frequencies = measure_frequency(plan.taxonomy, table).astype("<f4")
            parts[f"frequency of {table}"] = hashlib.sha256(frequencies.tobytes()).hexdigest()
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_templates(writer: RowWriter) -> dict[str, str]:
    """The text of every template that the rows are made with, by name."""
    sources: dict[str, str] = {}
    asked = [writer.paraphrases.template] if writer.paraphrases else []
    for template in (*writer.captions.templates, *writer.questions.templates.values(), *asked):
        sources |= read_sources(template)
    return sources
