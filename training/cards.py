"""The cards of trained models: what they were made of, what they were trained on, and what held-out scenes say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..builders.folder.files import write_text
from ..errors import GasError
from ..regular_files import read_regular
from .fields import Data
from .recipes.common import Training
from .recipes.loading import dump_training

MODEL, CARD, RECORD = "model", "README.md", "run.json"
SHEETS = ("held_out.png", "validation.png")
"""What trainers call the sheets with pictures of held-out scenes."""


def read_record(folder: Path) -> dict[str, Any]:
    """What `run.json` in the folder of a training says.

    Raises:
        GasError: It cannot be read, or no training wrote it.
    """
    content = read_regular(folder / RECORD)
    record: Any = None
    with suppress(ValueError, RecursionError):
        record = json.loads(content)
    said = {"data": {}, "inputs": {}, **record} if isinstance(record, dict) else {}
    types = {"kind": str, "data": dict, "inputs": dict}
    if not all(isinstance(said.get(key), wanted) for key, wanted in types.items()):
        what = f"{folder / RECORD} is no record of a training or an evaluation"
        raise GasError(f"{what}; put it back as it was, or give another folder")
    return said


def add_card(recipe: Training, results: Mapping[str, Any], folder: Path) -> None:
    """Writes the card of `folder/model`, where the trainer wrote none, with the sheet of held-out pictures."""
    model = folder / MODEL
    if not model.is_dir() or (model / CARD).exists():
        return
    sheets = [name for name in SHEETS if (folder / name).is_file()]
    for name in sheets:
        shutil.copyfile(folder / name, model / name)
    made = f"Made of {name_base(recipe)}, and" if name_base(recipe) else "It was made anew, and"
    about = f"{made} trained on {name_data(recipe.data)} by `gas train` (`kind: {recipe.kind}`)."
    write_text(model / CARD, write_card(recipe, results, [about], {}, *sheets))


def write_card(
    recipe: Training, results: Mapping[str, Any], parts: list[str], metadata: Mapping[str, Any], *sheets: str
) -> str:
    """Writes a model card in Markdown; the same training has the same card.

    Args:
        recipe: Of the training.
        results: What the training returns.
        parts: Paragraphs about the model.
        metadata: For the Hub, beside the base model and the dataset, which have their names there.
        sheets: Files beside the card with held-out pictures.
    """
    from huggingface_hub import ModelCardData

    base, data = _find_base(recipe), recipe.data.path
    known = ModelCardData(
        base_model=base if _is_on_hub(base) else None,
        datasets=[data] if data and _is_on_hub(data) else None,
        **metadata,
    ).to_yaml()
    texts = [
        f"---\n{known}\n---\n\n# {recipe.name}",
        *parts,
        *_describe_held_out(results.get("held_out"), sheets),
        f"The recipe:\n\n```yaml\n{dump_training(recipe).rstrip()}\n```",
    ]
    return "\n\n".join(texts) + "\n"


def name_data(data: Data) -> str:
    """Where rows are from, in words."""
    revision = f" at revision {data.revision}" if data.revision else ""
    return f"the dataset recipe `{data.recipe}`" if data.recipe else f"`{data.path}`{revision}"


def name_base(recipe: Training) -> str:
    """What was trained further, in words; nothing where it was made anew."""
    base, revision = _find_base(recipe), getattr(recipe, "revision", None)
    return f"{base}{f' at revision {revision}' if revision else ''}" if base else ""


def _find_base(recipe: Training) -> str | None:
    base: str | None = getattr(recipe, "model", None) or getattr(recipe, "backbone", None)
    return base


def _is_on_hub(name: str | None) -> bool:
    return name is not None and "/" in name and not Path(name).exists()


def _describe_held_out(held_out: Mapping[str, Any] | None, sheets: tuple[str, ...]) -> list[str]:
    """A table of the shares of questions about held-out scenes that are answered right, before and after."""
    if not held_out:
        return []
    low, high = held_out["gain"]["interval"]
    rows = {"all": {name: held_out[name]["mean"] for name in ("before", "after")}, **held_out.get("by_kind", {})}
    table = [f"| {kind} | {shares['before']:.3f} | {shares['after']:.3f} |" for kind, shares in rows.items()]
    return [
        f"Questions about {held_out['pictures']} pictures of held-out captions, the share that is answered right "
        f"(gain {held_out['gain']['mean']:.3f}, 95 %: {low:.3f} to {high:.3f}):",
        "\n".join(["| questions | before | after |", "| --- | --- | --- |", *table]),
        *(f"![Pictures before and after]({sheet})" for sheet in sheets),
    ]
