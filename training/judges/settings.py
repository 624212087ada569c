"""Whom to ask, as recipes and the command line say it; torch is imported only when a judge's model is loaded."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from ...builders.recipe.fields import Part, Text, refuse, show
from ...builders.recipe.loading import SUFFIXES, drop_nulls, read_document, read_overrides
from ...builders.recipe.validation import validate
from ...builders.recipe.yaml_document import Document, merge
from ...errors import GasError, escape, suggest
from ..fields import Positive, Verbatim, Whole, WholeOrZero
from ..sources import ADDRESS
from .vision_language import INSTRUCTION, MODEL, REWARD_MODEL, Dtype

if TYPE_CHECKING:
    from .protocol import Judge

HOST = re.compile(r"[\w.-]+:\d+(?:/.*)?|[\w.-]+/v\d+/?", re.ASCII)
"""An address without `http://`; models on the Hub have no such names."""
LOCAL = re.compile(r"localhost|[\d.]+:|[^.]+:")
KNOWN = "a .yaml file with its keys, a model's name on the Hub or its folder, the address of a server, or sandbox"
DATASET = "if it is a dataset, give a judge and --baselines"


class JudgeSettings(Part):
    """Who answers questions about pictures."""

    DEFAULT_MODEL: ClassVar[str] = MODEL

    kind: Literal["model", "endpoint", "sandbox"] = Field(
        default="model",
        description="A vision-language model; an OpenAI-compatible server of one; or the sandbox's judge, which sees "
        "all of its shapes.",
    )
    model: Text | None = Field(
        default=None,
        description=f"A folder, or a name on the Hub, `{MODEL}` when left out, for rewards `{REWARD_MODEL}`; of a "
        "server, what it calls the model, when left out the only one.",
    )
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    dtype: Dtype = Field(default="auto", description="Of its weights.")
    batch_size: Whole = Field(default=32, description="Questions that it answers at once.")
    max_new_tokens: Whole = Field(default=32, description="The longest answer.")
    system: str = Field(
        default="", description="What the system says at the beginning of each chat; nothing, perhaps."
    )
    instruction: str = Field(
        default=INSTRUCTION, description="Follows each question that is answered in words, on a line of its own."
    )
    chat_template: Verbatim = Field(
        default={}, description="Arguments of its chat template, such as {enable_thinking: false}."
    )
    most_refused: float = Field(
        default=0.8, ge=0, le=1, description="The share of the first questions that may be left without an answer."
    )
    weights: Text | None = Field(
        default=None,
        description="The judge.json of `gas calibrate`: how much each kind of question counts in a reward; all alike "
        "when left out.",
    )
    min_pixels: Whole | None = Field(default=None, description="The least that its processor scales pictures to.")
    max_pixels: Whole | None = Field(default=None, description="The most that its processor scales pictures to.")
    grid: Whole | None = Field(
        default=None,
        description="Frames are laid out in so many rows and columns; when left out, in 2, or 3 if they are nine, "
        "unless the model reads videos.",
    )
    url: Text | None = Field(default=None, description="Where a server is, such as http://localhost:8000/v1.")
    api_key: Text | None = Field(
        default=None, description="The environment variable that holds the server's key, such as OPENAI_API_KEY."
    )
    concurrency: Whole = Field(default=16, description="Questions that a server has in hand at once.")
    timeout: Positive = Field(default=120.0, description="Seconds that a server may take for one.")
    retries: WholeOrZero = Field(default=5, description="How often one is asked again after a failure of the server.")
    extra_body: Verbatim = Field(
        default={},
        description="Further fields of requests, as a server knows them, such as {mm_processor_kwargs: {...}}.",
    )
    top_logprobs: WholeOrZero = Field(
        default=20, description="Likeliest tokens that a server tells of at each place; 0 where it tells of none."
    )

    @model_validator(mode="before")
    @classmethod
    def fill_model(cls, value: Any) -> Any:
        """Writes the default model down, so that what is kept of a run names it."""
        if not isinstance(value, Mapping) or value.get("kind", "model") != "model" or value.get("model") is not None:
            return value
        return {**value, "model": cls.DEFAULT_MODEL}

    @model_validator(mode="after")
    def check_url(self) -> JudgeSettings:
        """A server has an address, and nothing else has."""
        if self.kind != "endpoint" and self.url:
            raise refuse(f"`url` does not go with `kind: {self.kind}`", "write `kind: endpoint`, or leave it out")
        if self.kind == "endpoint" and not ADDRESS.match(self.url or ""):
            what = f"{show(self.url)} is no address" if self.url else "`kind: endpoint` needs `url`"
            raise refuse(what, "write it as http://localhost:8000/v1")
        return self


class RewardJudge(JudgeSettings):
    """Who answers questions about pictures, for a reward: a smaller model than for an evaluation."""

    DEFAULT_MODEL: ClassVar[str] = REWARD_MODEL

    most_refused: float = Field(
        default=0.5, ge=0, le=1, description="The share of the first questions that may be left without an answer."
    )


def open_judge(settings: JudgeSettings, device: str | None = None) -> Judge:
    """Makes the judge that settings ask for.

    Args:
        settings: What to make.
        device: Where a model computes; by default on a GPU, if there is one.

    Raises:
        GasError: Its model cannot be loaded, or its server does not answer.
    """
    match settings.kind:
        case "sandbox":
            from ..sandbox.judge import SandboxJudge

            return SandboxJudge()
        case "endpoint":
            from .endpoint import EndpointJudge

            return EndpointJudge(**_choose_keys(settings, EndpointJudge))
        case "model":
            from .vision_language import VisionLanguageJudge

            return VisionLanguageJudge(**_choose_keys(settings, VisionLanguageJudge), device=device)


def _choose_keys(settings: JudgeSettings, judge: type[Any]) -> dict[str, Any]:
    """The values of those keys that a judge is made with: the names of its arguments are those of the keys."""
    return settings.model_dump(include={one.name for one in dataclasses.fields(judge) if one.init})


def read_judge(text: str, overrides: Iterable[str] | Mapping[str, Any] = ()) -> JudgeSettings:
    """Reads whom to ask, as the command line names it.

    Args:
        text: `sandbox`; the http(s) address of an OpenAI-compatible server; the path of a .yaml file with the keys of
            `JudgeSettings`; or else a model, by its name on the Hub or its folder.
        overrides: `key=value` texts, as `--set` takes them, or a mapping.

    Raises:
        RecipeError: With all that is wrong with keys and values.
        GasError: There is no such file, or the name can be that of no judge.
    """
    if text.endswith(SUFFIXES) and not Path(text).is_dir():
        if not Path(text).exists():
            raise GasError(f"there is no file {show(text)}; a judge is {KNOWN}")
        document, _ = read_document(text, kind="training")
    else:
        document = Document()
        for one in read_overrides(_read_name(text)):
            document = merge(document, one)
    for one in read_overrides(overrides):
        document = merge(document, one)
    document.value = drop_nulls(document.value)
    return validate(JudgeSettings, document)


def _read_name(text: str) -> dict[str, Any]:
    """The keys that a name stands for.

    Raises:
        GasError: It can be none, and something else was meant.
    """
    if text == "sandbox":
        return {"kind": "sandbox"}
    if ADDRESS.match(text):
        return {"kind": "endpoint", "url": text}
    if text and Path(text).is_dir():
        if not (Path(text) / "config.json").exists():
            raise GasError(f"{show(text)} holds no model: it has no config.json; {DATASET}")
    elif HOST.fullmatch(text):
        scheme = "http" if LOCAL.match(text) else "https"
        raise GasError(f"{show(text)} is no address of a server; did you mean `{scheme}://{escape(text)[:200]}`?")
    elif "/" not in text and (close := suggest(text, ["sandbox"])):
        raise GasError(f"there is no judge {show(text)}; {close}")
    return {"model": text}
