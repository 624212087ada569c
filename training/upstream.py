"""Keys of other packages' own, taken from a recipe as they are: checked before anything is loaded."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import timedelta
from enum import Enum
from hashlib import file_digest, sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic_core import PydanticCustomError

from ..builders.recipe.fields import read_number, read_whole, refuse, show
from ..errors import GasError, Problem, advise

PACKAGES = ("torch", "transformers", "diffusers", "peft", "trl", "accelerate", "datasets", "timm", "numpy", "pillow")
"""What a run's record names the versions of."""

PATIENCE = timedelta(days=7)


def count_processes() -> int:
    """How many processes a launcher has started, of which this is one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def find_rank() -> int:
    """Which of these processes this one is, from 0; accelerate's own state would begin the group too early."""
    return int(os.environ.get("RANK", "0"))


def is_first() -> bool:
    """Whether this process is the first of them."""
    return find_rank() == 0


def wait_for_all() -> None:
    """Waits until all processes have come here, however long one has more to do."""
    if count_processes() > 1:
        require("torch", "accelerate", user="work in several processes")
        # Without GPUs, accelerate makes a group of processes only where it is told that they have none.
        on_cpu = not importlib.import_module("torch").cuda.is_available()
        state = importlib.import_module("accelerate").PartialState(cpu=on_cpu, timeout=PATIENCE)
        state.wait_for_everyone()


def require(*modules: str, user: str = "training", extra: str = "train") -> None:
    """Imports modules that something needs.

    Raises:
        GasError: A package of the extra is missing; it says what to install.
    """
    for name in modules:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = (error.name or name).partition(".")[0]
            if missing == __name__.partition(".")[0]:
                raise  # a mistake of ours, which installing does not mend
            message = f"{user} needs {missing}: pip install 'generate-any-scene[{extra}]'"
            raise GasError(message, exit_status=1) from error


def list_versions() -> dict[str, str]:
    """The versions of the packages that train, those that are installed."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def find_files(model: str, revision: str | None = None) -> Path:
    """A model's files: the path itself, or the snapshot in the Hub's cache that its revision stands for now."""
    if Path(model).exists():
        return Path(model)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(model, revision=revision, local_files_only=True))


def identify_files(model: str, revision: str | None = None) -> str:
    """What tells whether a model is the same: its commit on the Hub, or a digest of its file or folder."""
    path = find_files(model, revision)
    if not Path(model).exists():
        return path.name
    digest = sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as stream:
                digest.update(f"{file.relative_to(path)} {file_digest(stream, 'sha256').hexdigest()} ".encode())
    return digest.hexdigest()


def read_keys(
    given: Mapping[str, Any],
    taker: Callable[..., Any],
    key: str,
    ours: Mapping[str, str] | None = None,
    choices: Mapping[str, Collection[str]] | None = None,
) -> tuple[dict[str, Any], list[Problem]]:
    """Reads keys that a class, or a function, of another package takes.

    YAML 1.1 reads `1e-4` as text, so what is annotated as a number is read as one, and so is what looks like this in
    mappings, whose values have no annotations. It reads `no` as false, which is refused where text is wanted.

    Args:
        given: The keys with their values.
        taker: The class, such as `trl.GRPOConfig`, or the function, such as a pipeline's `__call__`.
        key: Where they stand in the recipe.
        ours: Keys that the recipe states elsewhere, with where.
        choices: The texts that keys may be, where upstream does not say so in a way that can be read.

    Returns: The keys with values of the annotated types, and all that is wrong with them.
    """
    parameters = [name for name in inspect.signature(taker).parameters if name != "self"]
    hints = _find_hints(taker)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        place = f"{key}.{name}"
        if ours and name in ours:
            problems.append(Problem(f"`{name}` stands elsewhere", key=place, hint=ours[name]))
        elif name not in parameters:
            message = f"{taker.__qualname__.removesuffix('.__call__')} has no key {show(name)}"
            problems.append(Problem(message, key=place, hint=advise(name, parameters)))
        else:
            hint = hints.get(name, Any)
            try:
                values[name] = _read_value(value, list_types(hint))
                _check_choice(values[name], (choices or {}).get(name) or _list_choices(taker, name, hint))
            except PydanticCustomError as error:
                values.pop(name, None)
                mend = (error.context or {}).get("hint", "")
                problems.append(Problem(error.message(), key=place, hint=mend))
    return values, problems


def _find_hints(taker: Callable[..., Any]) -> Mapping[str, Any]:
    """The types of a function's arguments, of a dataclass's fields, or of what another class is made with."""
    is_other = isinstance(taker, type) and not is_dataclass(taker)
    try:
        return get_type_hints(vars(taker).get("__init__") if is_other else taker)
    except (NameError, TypeError):
        return {}


def list_types(hint: Any) -> set[Any]:
    """The types that a hint is put together from: {float, NoneType} of `float | None`."""
    if get_origin(hint) is Literal:
        return {type(value) for value in get_args(hint)}
    if get_origin(hint) is Annotated:
        return list_types(get_args(hint)[0])
    if get_origin(hint) is dict:
        return {dict}
    return set().union(*map(list_types, get_args(hint))) if get_args(hint) else {hint}


def _list_choices(taker: Callable[..., Any], name: str, hint: Any) -> list[str]:
    """The texts that a key may be, where upstream says so: in the field's metadata, by a `Literal` or by an enum."""
    field = getattr(taker, "__dataclass_fields__", {}).get(name)
    if field is not None and field.metadata.get("choices"):
        return [str(choice) for choice in field.metadata["choices"]]
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    enums = [part for part in parts if isinstance(part, type) and issubclass(part, Enum)]
    if str in parts and not enums:
        return []
    literals = [value for part in parts if get_origin(part) is Literal for value in get_args(part)]
    return [str(value) for value in (*(one.value for enum in enums for one in enum), *literals)]


def _check_choice(value: Any, choices: Collection[str]) -> None:
    if isinstance(value, str) and choices and value not in choices:
        raise refuse(f"{show(value)} is none of its values", advise(value, choices))


def _read_value(value: Any, types: set[Any]) -> Any:
    """Only text is read anew, and only where no text is wanted."""
    if isinstance(value, dict):
        return {key: _read_power(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_read_value(item, types) for item in value]
    if isinstance(value, str) and dict in types:
        return _read_mapping(value)
    if isinstance(value, bool) and str in types and bool not in types:
        raise refuse(
            f"must be text, not {show(value)}", "put it in quotes: YAML reads `no` and `on` as false and true"
        )
    if isinstance(value, str) and str not in types:
        if float in types:
            return float(read_number(value))
        if int in types:
            return read_whole(value)
    return value


def _read_mapping(text: str) -> Any:
    """A text in the place of a mapping: JSON, or the path of a file of JSON, which upstream reads itself."""
    with suppress(ValueError):
        if isinstance(json.loads(text), dict):
            return text
    if Path(text).is_file():
        return text
    raise refuse(f"must be a mapping, not {show(text)}", "such as `{name: value}`")


def _read_power(value: Any) -> Any:
    """Numbers such as `1e-4`, which YAML 1.1 wants as `1.0e-4`."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", value) else value
