"""Reads a recipe of a training or an evaluation by the models of the files beside this one; torch is not imported.

Keys of upstream's own, such as those of TRL's `GRPOConfig`, are taken as they are; `upstream` checks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from ...builders.recipe.fields import show
from ...builders.recipe.loading import Dumper, drop_nulls, read_document, read_overrides
from ...builders.recipe.validation import read_rest, validate
from ...builders.recipe.yaml_document import Document, merge, raise_problems
from ...errors import GasError, RecipeError, suggest
from ..fields import SOURCES, Data
from ..upstream import list_types
from .common import Job
from .pictures import AnyPictures

EVALUATION = "evaluation"
SHARED = ("common", "loading", "pictures", EVALUATION)
KINDS = tuple(sorted({file.name for file in iter_modules([str(Path(__file__).parent)])} - {*SHARED}))
"""The kinds of trainings: the files of this folder, but for those that all kinds share, and that of evaluations."""

NEEDED = {"name": "unnamed"}
"""What stands in for keys that are missing, where others are looked at all the same."""


@dataclass(frozen=True)
class LoadedTraining:
    """A recipe of a training or an evaluation, with what its files say, and where."""

    recipe: Any
    document: Document


def load_training(name_or_path: str | Path, overrides: Iterable[str] | Mapping[str, Any] = ()) -> LoadedTraining:
    """Loads a recipe of a training with what it extends, and lays overrides over it.

    Args:
        name_or_path: A shipped recipe's name, or the path of a .yaml file.
        overrides: `dotted.key=value` texts, as `--set` takes them, or a mapping.

    Raises:
        RecipeError: With all that is wrong with its keys; `rest` is what can be read of it all the same.
        GasError: There is no such recipe.
    """
    return _load(name_or_path, overrides, "training", KINDS, {})


def load_evaluation(
    name_or_path: str | Path | None,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    parts: Mapping[str, Any] | None = None,
) -> LoadedTraining:
    """Loads a recipe of an evaluation, as `load_training` does one of a training.

    Args:
        name_or_path: The recipe; None where `parts` and overrides say all.
        overrides: As `load_training` has them.
        parts: What takes the place of whole keys, such as `pictures`: the recipe's own says nothing of them then.
    """
    return _load(name_or_path, overrides, EVALUATION, (EVALUATION,), parts or {})


def _load(
    name_or_path: str | Path | None,
    overrides: Iterable[str] | Mapping[str, Any],
    shelf: str,
    kinds: Sequence[str],
    parts: Mapping[str, Any],
) -> LoadedTraining:
    document = Document() if name_or_path is None else read_document(name_or_path, overrides, kind=shelf)[0]
    if parts:
        for change in read_overrides(parts):
            document = merge(document, change, parts.keys())
        for change in read_overrides(overrides):
            document = merge(document, change)
        document.value = drop_nulls(document.value)
    kind = document.value.get("kind")
    if kind not in kinds:
        what = "is missing" if kind is None else f"{show(kind)} is no kind of {shelf}"
        hints = (suggest(str(kind), kinds), f"the kinds are {', '.join(kinds)}")
        document.report(("kind",), what, " ".join(filter(None, hints)))
        raise_problems(document)
    _drop_older_backend(document)
    model = find_model(kind)
    for place in list_data_places(model):
        _drop_older_source(document, place)
    try:
        return LoadedTraining(validate(model, document), document)
    except RecipeError as error:
        rest = read_rest(model, document, NEEDED)
        raise RecipeError(error.problems, rest and LoadedTraining(rest, document)) from error


@cache
def find_model(kind: str) -> type[Job]:
    """Finds the model of a kind's recipes: in the kind's file, the class of its name (`Finetune` in `finetune.py`).

    Raises:
        GasError: The file has no such class.
    """
    name = "".join(word.capitalize() for word in kind.split("_"))
    model = getattr(import_module(f".{kind}", __package__), name, None)
    if not (isinstance(model, type) and issubclass(model, Job)):
        hint = f"write `class {name}(Training)` there"
        raise GasError(f"training/recipes/{kind}.py has no model of the kind's recipes; {hint}", exit_status=1)
    return model


def list_data_places(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Lists the key paths at which a recipe may say where rows come from: `("data",)`, `("held_out", "data")`."""
    for name, field in model.model_fields.items():
        for part in list_types(field.annotation):
            if part is Data:
                yield (name,)
            elif isinstance(part, type) and issubclass(part, BaseModel):
                yield from ((name, *rest) for rest in list_data_places(part))


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


def _drop_older_backend(document: Document) -> None:
    """Who makes pictures replaces whom a parent names, with all keys that only the other one has."""
    pictures: Any = document.value.get("pictures")
    if not isinstance(pictures, dict):
        return
    kinds = {kind.model_fields["backend"].default: kind for kind in get_args(AnyPictures)}
    chosen = kinds.get(pictures.get("backend"))
    file = document.find_place(("pictures", "backend")).file
    if chosen is None:
        return
    known = {name for kind in kinds.values() for name in kind.model_fields} - chosen.model_fields.keys()
    for key in known & pictures.keys():
        if document.find_place(("pictures", key)).file != file:
            del pictures[key]


def dump_training(recipe: Job) -> str:
    """Writes a recipe as YAML that needs no other file and loads as an equal recipe."""
    values = recipe.model_dump(mode="json", exclude_none=True)
    text = yaml.dump(values, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=119)
    return f"# gas {'evaluate' if recipe.kind == EVALUATION else 'train'} {recipe.name}\n{text}"
