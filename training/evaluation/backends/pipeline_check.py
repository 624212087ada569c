"""What is wrong with settings for a pipeline of diffusers, found from the installed classes: no weight is loaded."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ....errors import GasError, Problem, advise, describe_error
from ...recipes.pictures import DiffusersPictures
from ...upstream import read_keys, require

KEY = "pictures"
INDEX = "model_index.json"
OURS = {
    "prompt": "`prompt` says it",
    "generator": "each picture has its own, by `seed`",
    "num_images_per_prompt": "say `pictures.count`",
    "num_videos_per_prompt": "say `pictures.count`",
    "output_type": "files are written of what is made",
    "return_dict": "leave it out",
}
"""Arguments of pipelines that the recipe states elsewhere, with where."""

QUANTIZERS = ("bitsandbytes", "gguf", "torchao")
"""Packages that quantize; names of backends begin with theirs."""


def check_settings(settings: DiffusersPictures) -> list[Problem]:
    """Finds what is wrong with the settings of a pipeline, without any weight and without asking the Hub.

    That is: classes that the installed diffusers does not have, keys and types that they do not take, and what the
    model's `model_index.json` says, where it is on this machine.

    Raises:
        GasError: A package is missing.
    """
    require("torch", "diffusers", user="making pictures", extra="eval")
    index, problems = _read_index(settings)
    name, kind = settings.pipeline or index.get("_class_name"), None
    if name:
        kind, wrong = _look_for(name, "pipeline", "pipeline", "Pipeline")
        problems += wrong
    if kind and index:
        problems += _check_missing(settings, kind, index)
    if kind:
        problems += read_options(settings, kind)[1]
        problems += _check_features(settings, kind)
    problems += _check_scheduler(settings.scheduler)
    problems += _check_quantization(settings.quantization)
    for part, one in settings.components.items():
        problems += _look_for(one.class_name, f"components.{part}.class", "class", "")[1]
    return problems


def read_options(settings: DiffusersPictures, kind: type) -> tuple[dict[str, Any], list[Problem]]:
    """Reads what a pipeline is called with: values of the types that it wants, and all that is wrong with them."""
    return read_keys(settings.options, vars(kind).get("__call__") or kind.__call__, f"{KEY}.options", OURS)


def find_class(name: str) -> Any:
    """Finds a class of diffusers or transformers.

    Raises:
        GasError: There is none, or a package that it needs is missing.
    """
    kind, problems = _look_for(name, "", "class", "")
    if problems:
        raise GasError(f"{problems[0].message}; {problems[0].hint}")
    return kind


def _look_for(name: str, key: str, what: str, ending: str) -> tuple[Any, list[Problem]]:
    import diffusers

    kind = getattr(diffusers, name, None)
    if kind is None and what == "class":
        kind = getattr(importlib.import_module("transformers"), name, None)
    place = f"{KEY}.{key}"
    if not isinstance(kind, type):
        choices = [one for one in dir(diffusers) if one.endswith(ending) and one[:1].isupper()]
        message = f"diffusers {diffusers.__version__} has no {what} `{name}`"
        hint = f"{advise(name, choices)}; a newer diffusers may have it"
        return None, [Problem(message, key=place, hint=hint)]
    if type(kind).__name__ == "DummyObject":
        needed = ", ".join(vars(kind)["_backends"])
        return None, [Problem(f"`{name}` needs packages that are missing", key=place, hint=f"it needs {needed}")]
    return kind, []


def _read_index(settings: DiffusersPictures) -> tuple[Mapping[str, Any], list[Problem]]:
    """What a model's folder, or that in the Hub's cache, says of its parts; nothing where it is not here."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    folder = Path(settings.model)
    key = f"{KEY}.model"
    if folder.exists():
        path = folder / INDEX
        if not path.is_file():
            hint = "give a folder as `save_pretrained` wrote it"
            return {}, [Problem(f"`{folder}` is no pipeline of diffusers: it has no {INDEX}", key=key, hint=hint)]
    else:
        try:
            found = try_to_load_from_cache(settings.model, INDEX, revision=settings.revision)
        except HFValidationError:
            return {}, []  # who looks it up says so
        if not isinstance(found, str):
            return {}, []
        path = Path(found)
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return {}, [Problem(f"{path} cannot be read: {error}", key=key, hint="download it again")]
    return (index, _check_parts(settings, index)) if isinstance(index, dict) else ({}, [])


def _check_parts(settings: DiffusersPictures, index: Mapping[str, Any]) -> list[Problem]:
    """Classes of parts that the installed diffusers lacks; of transformers it knows old names, too."""
    import diffusers

    problems = []
    for name, value in index.items():
        match value:
            case [str() as package, str() as kind] if package != "transformers" and name not in settings.components:
                # What a pipeline alone uses stands beside it; no package is imported on a model's word.
                ours = diffusers if package == "diffusers" else getattr(diffusers.pipelines, package, None)
                if not hasattr(ours, kind) and not settings.loading.get("trust_remote_code"):
                    what = f"its {name} is a `{kind}` of {package}, which is not known here"
                    hint = f"diffusers {diffusers.__version__} may be too old for it, or too new"
                    problems.append(Problem(what, key=f"{KEY}.model", hint=hint))
    return problems


def _check_missing(settings: DiffusersPictures, kind: type, index: Mapping[str, Any]) -> list[Problem]:
    """Components that a pipeline is made of, and neither the model nor the recipe has."""
    parameters = inspect.signature(kind).parameters.values()
    needed = [one.name for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    missing = [name for name in needed if name not in index and name not in settings.components]
    if not missing or kind.__name__.endswith("CombinedPipeline"):  # which fetches a second model
        return []
    what = f"`{settings.model}` is a {index.get('_class_name')}, without the {', '.join(missing)} of {kind.__name__}"
    return [Problem(what, key=f"{KEY}.pipeline", hint="leave it out, or name what is missing in `components`")]


def _check_features(settings: DiffusersPictures, kind: type) -> list[Problem]:
    problems = []
    for name in settings.enable:
        part, _, feature = name.rpartition(".")
        if not part and not hasattr(kind, f"enable_{feature}"):
            choices = [one.removeprefix("enable_") for one in dir(kind) if one.startswith("enable_")]
            what = f"{kind.__name__} has no enable_{feature}"
            problems.append(Problem(what, key=f"{KEY}.enable.{name}", hint=advise(feature, choices)))
    if settings.lora and not hasattr(kind, "load_lora_weights"):
        problems.append(Problem(f"{kind.__name__} takes no LoRA", key=f"{KEY}.lora", hint="leave it out"))
    return problems


def _check_scheduler(scheduler: Mapping[str, Any]) -> list[Problem]:
    if "class" not in scheduler:
        return []
    kind, problems = _look_for(str(scheduler["class"]), "scheduler.class", "scheduler", "Scheduler")
    if kind:
        rest = {name: value for name, value in scheduler.items() if name != "class"}
        problems += read_keys(rest, kind, f"{KEY}.scheduler")[1]
    return problems


def _check_quantization(quantization: Mapping[str, Any]) -> list[Problem]:
    if not quantization:
        return []
    from diffusers import PipelineQuantizationConfig

    place = f"{KEY}.quantization"
    values, problems = read_keys(quantization, PipelineQuantizationConfig, place)
    package = str(quantization.get("quant_backend", "")).partition("_")[0]
    if package in QUANTIZERS and not find_spec(package):
        what = f"`{quantization['quant_backend']}` needs {package}"
        problems.append(Problem(what, key=place, hint=f"pip install {package}"))
    if not problems:
        try:
            PipelineQuantizationConfig(**values)
        except Exception as error:  # what it misses is told in several types
            problems.append(Problem(describe_error(error), key=place, hint="mend it, or leave it out"))
    return problems
