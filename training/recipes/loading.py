"""What a recipe of a training may say, as Pydantic models. Nothing here needs the packages that train.

Keys of upstream's own, such as those of TRL's `GRPOConfig`, are taken as they are; `upstream` checks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ...builders.recipe.fields import show
from ...builders.recipe.loading import Dumper, read_document
from ...builders.recipe.validation import validate
from ...builders.recipe.yaml_document import Document, raise_problems
from ...errors import suggest
from .common import SOURCES, Training
from .finetune import Finetune
from .grpo import Grpo

PLACES = (("data",), ("held_out", "data"), ("sandbox_model", "data"))
"""Where a recipe may have such keys."""


KINDS: Mapping[str, type[Training]] = {"finetune": Finetune, "grpo": Grpo}


@dataclass(frozen=True)
class LoadedTraining:
    """A recipe of a training, with what its files say, and where."""

    recipe: Training
    document: Document


def load_training(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedTraining:
    """Loads a recipe of a training with what it extends, and lays overrides over it.

    Args:
        name_or_path: A shipped recipe's name, or the path of a .yaml file.
        overrides: `dotted.key=value` texts, as `--set` takes them, or a mapping.

    Raises:
        RecipeError: With all of the recipe's mistakes.
        GasError: There is no such recipe.
    """
    document, _ = read_document(name_or_path, overrides, kind="training")
    for place in PLACES:
        _drop_older_source(document, place)
    kind = document.value.get("kind")
    if str(kind) not in KINDS:
        what = "is missing" if kind is None else f"{show(kind)} is no kind of training"
        hint = suggest(str(kind), KINDS) or f"the kinds are {', '.join(KINDS)}"
        document.report(("kind",), what, hint)
        raise_problems(document)
    return LoadedTraining(validate(KINDS[str(kind)], document), document)


def _drop_older_source(document: Document, place: tuple[str, ...]) -> None:
    """A source of rows replaces that of a parent, or of the recipe that is overridden, with all that went with it."""

    def find_age(key: str) -> int:
        file = document.find_place((*place, key)).file
        return document.sources.index(file) if file in document.sources else -1

    data: Any = document.value
    for key in place:
        data = data.get(key) if isinstance(data, dict) else None
    if isinstance(data, dict) and data.keys() >= SOURCES.keys():
        newer, older = sorted(SOURCES, key=find_age)
        limit = find_age(older)
        if find_age(newer) < limit:
            for key in SOURCES[older] & data.keys():
                if find_age(key) >= limit:
                    del data[key]


def dump_training(recipe: Training) -> str:
    """Writes a recipe as YAML that needs no other file and loads as an equal recipe."""
    values = recipe.model_dump(mode="json", exclude_none=True)
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=119)
    return f"# gas train {recipe.name}\n{text}"
