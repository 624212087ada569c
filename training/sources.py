"""Models and data sets by their names: a folder, or a repository on the Hub, looked up before anything else is loaded.

Importing this module loads none of the packages that train.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from ..builders.foundation.hub_requests import find_status
from ..errors import GasError, Problem, RecipeError, suggest

PATIENCE = 10.0
"""Seconds that the Hub may take for its first answer; where there is no way to it, that is known at once."""
LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"
FOLDERS = (".", "/", "~")
"""How paths begin, and names never do."""
ADDRESS = re.compile(r"https?://[^\s/]", re.IGNORECASE)
"""How the address of a server begins."""


@dataclass(frozen=True)
class Source:
    """A model or a data set that a training needs.

    Attributes:
        name: A folder or file, or a repository on the Hub.
        kind: What it is.
        key: Where a recipe names it.
        revision: Its branch, tag or commit on the Hub.
    """

    name: str
    kind: Literal["model", "dataset"]
    key: str
    revision: str | None = None


def check_sources(recipe: BaseModel) -> None:
    """Looks up all models and data sets that a recipe of a training names.

    Raises:
        RecipeError: With all names that are none, or of what is not there.
        GasError: The Hub has to be asked and cannot be reached.
    """
    problems = [problem for source in _list_sources(recipe) for problem in find_problems(source)]
    if problems:
        raise RecipeError(problems)


def _list_sources(part: BaseModel, place: str = "") -> Iterator[Source]:
    """What has a revision is on the Hub, or may be, but for what a server serves; so is an adapter."""
    values = dict(part)
    is_elsewhere = values.get("kind") in ("sandbox", "endpoint") or ADDRESS.match(values.get("by") or "")
    if "revision" in values and not is_elsewhere:
        key = next(one for one in ("path", "by", "model") if one in values)
        if values[key]:
            kind: Literal["model", "dataset"] = "dataset" if key == "path" else "model"
            yield Source(values[key], kind, f"{place}{key}", values["revision"])
    if isinstance(adapter := values.get("lora"), str):
        yield Source(adapter, "model", f"{place}lora")
    for name, value in values.items():
        several = enumerate(value) if isinstance(value, tuple) else value.items() if isinstance(value, dict) else ()
        if isinstance(value, BaseModel):
            yield from _list_sources(value, f"{place}{name}.")
        for inner, one in several:
            if isinstance(one, BaseModel):
                yield from _list_sources(one, f"{place}{name}.{inner}.")


def find_problems(source: Source) -> list[Problem]:
    """What is wrong with a name, as far as this machine knows, and else what the Hub says of it.

    Raises:
        GasError: The Hub has to be asked and cannot be reached.
    """
    name, what = source.name, source.kind.replace("dataset", "data set")
    if Path(name).exists() and source.revision:
        message = f"`{name}` is a folder, and has no revision `{source.revision}`"
        hint = "leave `revision` out, or give the name on the Hub"
        return [Problem(message, key=_find_revision_key(source), hint=hint)]
    if Path(name).exists() or _is_format(source):
        return []
    example = f"such as --set {source.key}=./images" if source.kind == "dataset" else "as `save_pretrained` wrote it"
    if can_only_be_path(name):
        return [Problem(f"there is no folder `{name}`", key=source.key, hint=f"give a folder, {example}")]
    if fault := _find_fault(name):
        message = f"`{name}` is no folder, nor the name of a {what} on the Hub: {fault}"
        return [Problem(message, key=source.key, hint=f"give a folder, {example}, or owner/name")]
    return [] if _is_cached(source) else _ask_hub(source)


def can_only_be_path(name: str) -> bool:
    """Whether no repository on the Hub can have this name, and a folder can."""
    return name.startswith(FOLDERS) or name.count("/") > 1


def _find_revision_key(source: Source) -> str:
    return f"{source.key.rpartition('.')[0]}.revision".removeprefix(".")


def _is_format(source: Source) -> bool:
    """Whether it is a format that `load_dataset` reads, such as `json`."""
    if source.kind == "model" or "/" in source.name:
        return False
    from datasets.packaged_modules import _PACKAGED_DATASETS_MODULES

    return source.name in _PACKAGED_DATASETS_MODULES


def _find_fault(name: str) -> str:
    """Why the Hub could have no repository of this name."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        return " ".join(str(error).partition(": '")[0].split()).rstrip(".")
    return "" if "/" in name else "it has no owner"


def _is_cached(source: Source) -> bool:
    """Whether something of it was downloaded before."""
    from datasets import config
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=source.name, repo_type=source.kind)
    return folder.exists() or (Path(config.HF_DATASETS_CACHE) / source.name.replace("/", "___")).exists()


def _advise_offline(source: Source) -> str:
    """What helps where the Hub cannot say what a name stands for."""
    parent, own = Path(source.name).parent, Path(source.name).name
    if parent.is_dir():  # so it is more likely a folder's name than a repository's
        close = suggest(own, (one.name for one in parent.iterdir() if one.is_dir()))
        return f"the folder `{parent}` is there, and has no `{own}`{close and f': {close}'}"
    command = f"hf download {source.name}" + (" --repo-type dataset" if source.kind == "dataset" else "")
    return f"check its spelling, or download it first ({command})"


@cache
def _ask_hub(source: Source) -> list[Problem]:
    """Asks once, and does not try again: what a name stands for is known at the first answer."""
    from huggingface_hub import HfApi, errors

    name, what = source.name, source.kind.replace("dataset", "data set")
    try:
        HfApi().repo_info(name, repo_type=source.kind, revision=source.revision, timeout=PATIENCE)
    except errors.GatedRepoError:
        hint = f"accept them on its page, then {LOG_IN}"
        return [Problem(f"`{name}` is for those who accept its terms", key=source.key, hint=hint)]
    except errors.RevisionNotFoundError:
        message = f"`{name}` has no branch, tag or commit `{source.revision}`"
        return [Problem(message, key=_find_revision_key(source), hint="see its page on the Hub")]
    except errors.RepositoryNotFoundError:
        message = f"`{name}` is no folder, nor a {what} on the Hub that you may see"
        return [Problem(message, key=source.key, hint=f"check its spelling, or {LOG_IN}")]
    except Exception as error:  # of the network, in the types of two clients
        reason = "the Hub cannot be reached"
        if isinstance(error, errors.OfflineModeIsEnabled):
            reason = "HF_HUB_OFFLINE is set"
        elif status := find_status(error):
            reason = f"the Hub answered {status}"
        message = f"{source.key}: `{name}` is no folder, nor in the cache, and {reason}"
        raise GasError(f"{message}; {_advise_offline(source)}", exit_status=1) from error
    return []
