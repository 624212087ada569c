"""An evaluation: pictures of a model, or a folder of them, and what is asked and measured."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...builders.recipe.fields import Text
from ..fields import Rows, Verbatim, Whole
from ..judges.asking import Way
from ..judges.settings import JudgeSettings
from .common import Job
from .pictures import AnyPictures, PromptRewrite

ANSWERS: dict[str, Verbatim] = {"answer_accuracy": {}, "soft_tifa": {}, "dsg": {}}


class Evaluation(Job):
    """What a text-to-image, video or 3D model is good and bad at."""

    kind: Literal["evaluation"]
    model: Text | None = Field(default=None, description="What the model is called in the report.")
    data: Rows = Field(description="Scenes: rows with `id`, `caption` and `questions`; the split `test`, usually.")
    pictures: AnyPictures = Field(discriminator="backend", description="Who makes the pictures, or where they are.")
    prompt: Text = Field(default="{caption}", description="What a model is asked for, with the scene's caption.")
    prompt_rewrite: PromptRewrite | None = Field(
        default=None, description="Who rewrites prompts before they are sent; nobody when left out."
    )
    judge: JudgeSettings | None = Field(
        default=None, description="Who answers questions about pictures; nobody, perhaps."
    )
    by: Way = Field(default="probability", description="How it is asked: for words, or for the likeliest answer.")
    metrics: dict[Text, Verbatim] = Field(
        default=ANSWERS, description="What is measured, with options: {soft_tifa: {mean: geometric}, clip_score: {}}."
    )
    caption_scores: dict[Text, Verbatim] = Field(
        default={}, description="Scores of captions themselves: {perplexity: {model: gpt2}, vera: {model: ...}}."
    )
    baselines: bool = Field(default=True, description="Ask about a white picture and those of other scenes, too.")
    exam: Text | None = Field(default=None, description="The judge.json of `gas calibrate`, for the report.")
    bias: bool = Field(
        default=False, description="Ask what gender people in pictures seem to have, where a caption has one person."
    )
    engine: Literal["local", "ray"] = Field(default="local", description="Where it is asked and measured.")
    address: Text | None = Field(default=None, description="Of a running Ray cluster; one starts here when left out.")
    workers: Whole | None = Field(
        default=None, description="Judges on the cluster; one on each GPU, or each CPU, when left out."
    )
