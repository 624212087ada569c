"""Makes pictures and videos by a pipeline of diffusers."""

from __future__ import annotations

import inspect
import json
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ....errors import GasError, RecipeError
from ...models import choose_device, explain_loading, look_up, shorten
from ...pictures import choose_frames
from ...recipes.pictures import Component, DiffusersPictures
from ...upstream import identify_files, list_versions, require
from .pipeline_check import OURS, check_settings, find_class, read_options
from .protocol import Made, NotMade, PictureRequest

if TYPE_CHECKING:
    from ...recipes.evaluation import Evaluation

BATCHED = {
    "FluxPipeline",
    "PixArtAlphaPipeline",
    "PixArtSigmaPipeline",
    "SanaPipeline",
    "StableDiffusionPipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusion3Pipeline",
}
"""Pipelines that make several pictures at once: they pad each prompt to one length and draw from generators alone.

So a picture depends on those beside it by rounding alone. Others pad to the longest prompt, draw tokens from the
global generator, or take no list of generators; they make a picture at a time.
"""

NEGATIVE = ("negative_prompt", "negative_prompt_2", "negative_prompt_3")
RECORDED = ("torch", "diffusers", "transformers", "peft")


def open_backend(settings: DiffusersPictures, recipe: Evaluation) -> DiffusersBackend:
    """Opens what the file is about; nothing else in the recipe matters to it."""
    return DiffusersBackend(settings)


class DiffusersBackend:
    """A pipeline of diffusers; each picture has a generator of its own, on the CPU.

    Attributes:
        settings: What it was made with.
        id, record, notes: As of `Backend`; `notes` has what the text encoders cut (`captions_cut`), the size of
            pictures, and how many the safety checker blacked out.
        pipeline: What diffusers loads.

    Raises:
        RecipeError: Keys that the pipeline does not take.
        GasError: It cannot be loaded.
    """

    def __init__(self, settings: DiffusersPictures) -> None:
        require("torch", "diffusers", user="making pictures", extra="eval")
        if problems := check_settings(settings):
            raise RecipeError(problems)
        self.settings = settings
        with explain_loading("making pictures", settings.model, settings.revision):
            self.pipeline = _load_pipeline(settings)
        kind = type(self.pipeline)
        self._options, problems = read_options(settings, kind)  # the class is known for certain only now
        if problems:
            raise RecipeError(problems)
        self._limits = find_limits(self.pipeline, self._options)
        self._tokenizers = {name: _find_tokenizer(getattr(self.pipeline, name)) for name in self._limits}
        self._is_batched = kind.__name__ in BATCHED
        self._read: set[str] = set()
        self._cut: Counter[str] = Counter()
        self._blacked_out = 0
        self._size: list[int] | None = None
        self.record: Mapping[str, Any] = self._describe()

    @property
    def id(self) -> str:
        """The model and its revision; of a folder, its name."""
        model = Path(self.settings.model)
        return model.name if model.exists() else f"{self.settings.model}#{self.record['revision'][:12]}"

    @property
    def notes(self) -> Mapping[str, Any]:
        """What was found out on the way, as JSON can hold it."""
        prompts = len(self._read)
        cut = {
            name: {"limit": limit, "cut": self._cut[name], "share": self._cut[name] / prompts if prompts else 0.0}
            for name, limit in self._limits.items()
        }
        return {"size": self._size, "prompts": prompts, "captions_cut": cut, "blacked_out": self._blacked_out}

    def read_prompts(self, prompts: Sequence[str]) -> None:
        """Counts, once each, the prompts that text encoders cut; templates that pipelines lay around are not read."""
        new = list(dict.fromkeys(prompt for prompt in prompts if prompt not in self._read))
        self._read.update(new)
        for name, limit in self._limits.items() if new else ():
            ids = self._tokenizers[name](new, truncation=False, verbose=False)["input_ids"]
            self._cut[name] += sum(len(one) > limit for one in ids)

    def make(self, requests: Sequence[PictureRequest]) -> list[Made]:
        """Makes a picture, or the frames of a video, for each request; see `Backend.make`."""
        if not requests:
            return []
        self.read_prompts([request.prompt for request in requests])
        step = len(requests) if self._is_batched else 1
        made: list[Made] = []
        for start in range(0, len(requests), step):
            made += self._make_batch(requests[start : start + step])
        return made

    def _make_batch(self, requests: Sequence[PictureRequest]) -> list[Made]:
        import torch

        generators = [torch.Generator("cpu").manual_seed(request.seed) for request in requests]
        prompts = [request.prompt for request in requests]
        alone = len(requests) == 1
        given = {"prompt": prompts[0] if alone else prompts, "generator": generators[0] if alone else generators}
        if "output_type" in inspect.signature(type(self.pipeline).__call__).parameters:
            given["output_type"] = "pil"
        if not alone:  # as pipelines want it
            given |= {name: [value] * len(requests) for name, value in self._options.items() if name in NEGATIVE}
        devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
        with self._explain_making(), torch.random.fork_rng(devices):
            torch.manual_seed(requests[0].seed)  # what draws from the global generator is alone
            result = self.pipeline(**{**self._options, **given})
        shown = _read_shown(result, len(requests))
        first = shown[0][0] if isinstance(shown[0], list) else shown[0]
        self._size = list(first.size)
        flagged = _read_flags(result, len(requests))
        self._blacked_out += sum(flagged)
        return [
            NotMade("its safety checker blacked it out") if black else self._keep_frames(one)
            for one, black in zip(shown, flagged, strict=True)
        ]

    def _keep_frames(self, shown: Any) -> Any:
        if not isinstance(shown, list) or self.settings.frames is None:
            return shown
        return [shown[place] for place in choose_frames(len(shown), self.settings.frames)]

    def close(self) -> None:
        """Gives the device's memory back, which a judge may need."""
        import torch

        del self.pipeline
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @contextmanager
    def _explain_making(self) -> Iterator[None]:
        import torch

        try:
            yield
        except torch.OutOfMemoryError as error:
            mend = "lower `pictures.batch_size`, or set `pictures.enable: {model_cpu_offload: {}}`"
            raise GasError(f"{self.id} needs more memory than there is; {mend}", exit_status=1) from error
        except (ValueError, TypeError) as error:  # what a pipeline says of the values that it is called with
            raise GasError(f"{self.id} refuses `pictures.options`: {shorten(error)}; mend them") from error

    def _describe(self) -> dict[str, Any]:
        """All that changes pictures, with the pipeline's defaults written out."""
        settings, pipeline = self.settings, self.pipeline
        defaults = {
            name: one.default
            for name, one in inspect.signature(type(pipeline).__call__).parameters.items()
            if name not in OURS and not name.startswith("callback") and _is_plain(one.default)
        }
        named = {
            name: one
            for name in ("components", "quantization", "guider", "enable", "loading")
            if (one := settings.model_dump(mode="json")[name])
        }
        return {
            "backend": "diffusers",
            "model": settings.model,
            "revision": identify_files(settings.model, settings.revision),
            "pipeline": type(pipeline).__name__,
            "dtype": settings.dtype,
            "lora": self._describe_lora(),
            "scheduler": _describe_scheduler(pipeline),
            **named,
            "options": {**defaults, **self._options},
            "frames": settings.frames,
            "text_limits": self._limits,
            "versions": {name: one for name, one in list_versions().items() if name in RECORDED},
        }

    def _describe_lora(self) -> dict[str, Any] | None:
        settings = self.settings
        if settings.lora is None:
            return None
        files = identify_files(settings.lora)
        return {"model": settings.lora, "revision": files, "strength": settings.lora_strength, **settings.lora_options}


def _load_pipeline(settings: DiffusersPictures) -> Any:
    import diffusers
    import torch
    from diffusers.utils import logging
    from transformers.utils import logging as transformers_logging

    device = choose_device("making pictures", settings.device)
    for own in (logging, transformers_logging):
        own.disable_progress_bar()
        own.set_verbosity_error()  # what is cut is counted
    look_up(settings.model, settings.revision)
    dtype = settings.dtype
    kinds = {name: getattr(torch, one) for name, one in dtype.items()} if isinstance(dtype, dict) else None
    given: dict[str, Any] = {
        "revision": settings.revision,
        "torch_dtype": kinds or getattr(torch, str(dtype)),
        **{name: _load_component(name, one, settings) for name, one in settings.components.items()},
        **settings.loading,
    }
    if settings.quantization:
        given["quantization_config"] = diffusers.PipelineQuantizationConfig(**settings.quantization)
    kind = find_class(settings.pipeline) if settings.pipeline else diffusers.DiffusionPipeline
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `torch_dtype` is the name that all versions know
        pipeline: Any = kind.from_pretrained(settings.model, **given)
    pipeline.set_progress_bar_config(disable=True)
    if settings.lora:
        look_up(settings.lora)
        pipeline.load_lora_weights(settings.lora, **{"adapter_name": "lora", **settings.lora_options})
        if settings.lora_strength != 1:
            pipeline.set_adapters(settings.lora_options.get("adapter_name", "lora"), settings.lora_strength)
    if settings.scheduler:
        rest = {name: value for name, value in settings.scheduler.items() if name != "class"}
        chosen = find_class(settings.scheduler.get("class", type(pipeline.scheduler).__name__))
        pipeline.scheduler = chosen.from_config(pipeline.scheduler.config, **rest)
    if settings.guider:
        pipeline.guider = pipeline.guider.new(**settings.guider)
    if not any(name.endswith("cpu_offload") for name in settings.enable):
        pipeline = pipeline.to(device)
    for name, arguments in settings.enable.items():
        part, _, feature = name.rpartition(".")
        getattr(getattr(pipeline, part) if part else pipeline, f"enable_{feature}")(**arguments)
    return pipeline


def _load_component(name: str, component: Component, settings: DiffusersPictures) -> Any:
    import torch

    look_up(component.model, component.revision)
    dtype = settings.dtype
    kind = dtype.get(name, dtype.get("default", "float32")) if isinstance(dtype, dict) else dtype
    given = {"subfolder": component.subfolder} if component.subfolder else {}
    chosen = find_class(component.class_name)
    return chosen.from_pretrained(
        component.model, revision=component.revision, torch_dtype=getattr(torch, kind), **given
    )


def find_limits(pipeline: Any, options: Mapping[str, Any]) -> dict[str, int]:
    """Finds how many tokens each tokenizer of a pipeline reads, by the tokenizer's name.

    CLIP's read what their text encoders have places for. Of others `max_sequence_length` says it, if the pipeline has
    such an argument, or else the pipeline's own limit. ByT5's read only what stands in quotes, and have none here.
    """
    default = inspect.signature(type(pipeline).__call__).parameters.get("max_sequence_length")
    length = options.get("max_sequence_length", default and default.default)
    limits = {}
    for name, part in pipeline.components.items():
        tokenizer = _find_tokenizer(part)
        if tokenizer is None or type(tokenizer).__name__.startswith("ByT5"):
            continue
        if type(tokenizer).__name__.startswith("CLIP"):
            limit = tokenizer.model_max_length
        else:
            limit = length or getattr(pipeline, "tokenizer_max_length", None) or tokenizer.model_max_length
        if limit < 1e6:  # transformers has a number beyond all texts for those that have no limit
            limits[name] = int(limit)
    return limits


def _find_tokenizer(part: Any) -> Any:
    """A component that is a tokenizer, or the tokenizer of one that is a processor; None of others."""
    from transformers import PreTrainedTokenizerBase, ProcessorMixin

    if isinstance(part, ProcessorMixin):
        part = getattr(part, "tokenizer", None)
    return part if isinstance(part, PreTrainedTokenizerBase) else None


def _read_shown(result: Any, count: int) -> list[Any]:
    """What a pipeline made: so many pictures, or lists of frames."""
    from diffusers import DiffusionPipeline

    found = result.frames if hasattr(result, "frames") else result.images
    if isinstance(found, np.ndarray):
        found = DiffusionPipeline.numpy_to_pil(found)
    if not hasattr(result, "frames") and count == 1 and len(found) > 1:
        found = [found]  # the frames of a video are told as its pictures
    if len(found) != count:
        raise GasError(f"the pipeline made {len(found)} pictures of {count} prompts", exit_status=1)
    return [list(one) if isinstance(one, list | tuple) else one for one in found]


def _read_flags(result: Any, count: int) -> list[bool]:
    """Which pictures a safety checker has blacked out; of one video, whether any of its frames."""
    flags = getattr(result, "nsfw_content_detected", None) or getattr(result, "nsfw_detected", None)
    if flags is None:
        return [False] * count
    flags = [bool(one) for one in flags]
    return flags if len(flags) == count else [any(flags)]


def _describe_scheduler(pipeline: Any) -> dict[str, Any] | None:
    scheduler = getattr(pipeline, "scheduler", None)
    if scheduler is None:
        return None
    config = {name: value for name, value in scheduler.config.items() if not name.startswith("_")}
    return {"class": type(scheduler).__name__, **{name: one for name, one in config.items() if _is_plain(one)}}


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold a value, and it says something."""
    if value is None or value is inspect.Parameter.empty:
        return False
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
