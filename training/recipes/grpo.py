"""Reinforcement learning of an autoregressive image model: its recipe."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ...builders.recipe.fields import Names, Part, Text, expand, refuse, show
from ..curriculum.settings import CurriculumField
from ..fields import Rows, Seeds, Verbatim, Whole, WholeOrZero
from ..judges.settings import RewardJudge
from ..rewards.settings import RewardField, RewardSettings
from ..sandbox.settings import SandboxModel
from .common import Training

BASE = "base"
"""What trainings by several rewards begin with, where they are compared."""


class Decoder(Part):
    """What makes pictures of visual tokens."""

    kind: Literal["torchscript", "sandbox"] = Field(
        default="torchscript", description="A TorchScript file, such as the Cosmos tokenizer's; or the sandbox's grid."
    )
    path: Text | None = Field(default=None, description="The TorchScript file, for instance decoder.jit.")
    codebook: Whole | None = Field(default=None, description="Visual tokens that there are; they follow the text's.")
    offset: WholeOrZero | None = Field(
        default=None, description="The id of the first visual token; the number of the tokenizer's when left out."
    )
    grid: tuple[Whole, Whole] | None = Field(default=None, description="Rows and columns of a picture's tokens.")
    image_size: Whole | None = Field(default=None, description="Pixels that pictures are shrunk to, for the judge.")
    batch_size: Whole = Field(default=4, description="Pictures that are decoded at once.")

    @model_validator(mode="after")
    def check_kind(self) -> Decoder:
        """The sandbox knows all of it; a file tells nothing."""
        keys = ("path", "codebook", "grid")
        given = [key for key in (*keys, "offset", "image_size") if getattr(self, key) is not None]
        if self.kind == "sandbox" and given:
            raise refuse(f"`{given[0]}` does not go with `kind: sandbox`", "leave it out")
        if self.kind == "torchscript" and (missing := [key for key in keys if getattr(self, key) is None]):
            raise refuse(f"`kind: torchscript` needs `{missing[0]}`", "add it")
        return self


class Rollouts(Part):
    """What samples the pictures that are trained on, beside the training."""

    engine: Literal["vllm"] = Field(description="vLLM, in a version that TRL takes.")
    mode: Literal["server", "colocate"] = Field(
        default="server", description="A server on GPUs of its own; or in the training's processes, on its GPUs."
    )
    host: Text = Field(default="localhost", description="Of the server: the machine that it runs on.")
    port: Whole = Field(default=8000, description="Of the server: its port.")
    gpu_memory_utilization: float | None = Field(
        default=None, gt=0, le=1, description="How much of a GPU's memory vLLM takes: 0.7 of a server's, else 0.3."
    )
    tensor_parallel_size: Whole = Field(default=1, description="How many GPUs a model is split over.")
    max_model_length: Whole | None = Field(
        default=None,
        description="How long prompt and picture are at most, in tokens; what the model can when left out.",
    )

    @model_validator(mode="after")
    def check_mode(self) -> Rollouts:
        """Nothing of a server where there is none."""
        defaults = type(self).model_fields
        given = [key for key in ("host", "port") if getattr(self, key) != defaults[key].default]
        if self.mode == "colocate" and given:
            raise refuse(f"`{given[0]}` does not go with `mode: colocate`", "leave it out")
        return self

    @property
    def memory(self) -> float:
        """The share of each GPU's memory that vLLM takes."""
        return self.gpu_memory_utilization or (0.7 if self.mode == "server" else 0.3)


class HeldOut(Part):
    """Rows that are not trained on, to be judged before and after."""

    data: Rows = Field(description="Rows with the columns `caption` and `questions`.")
    batch_size: Whole = Field(default=64, description="Pictures that are made at once.")
    shown: Whole = Field(default=12, description="Pictures on the contact sheet.")


class Grpo(Training):
    """Reinforcement learning of an autoregressive image model, rewarded by answers to each scene's questions."""

    kind: Literal["grpo"]
    model: Text | None = Field(default=None, description="A causal language model: a folder, or a name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    sandbox_model: SandboxModel | None = Field(default=None, description="Make the model of the sandbox instead.")
    prompt: Text = Field(default="{caption}", description="What the model is given; {caption} stands for the caption.")
    data: Rows = Field(description="Rows with the columns `caption` and `questions`.")
    curriculum: CurriculumField | None = Field(
        default=None,
        description="Seek the levels of difficulty of `data` that teach most, by what their scenes are rewarded with: "
        "spread, target, uniform, or their settings; `data.overrides.difficulty` says how many levels there are.",
    )
    question_kinds: Names | None = Field(
        default=None, description="Only questions of these kinds, such as [object, relation]; all when left out."
    )
    decoder: Decoder = Field(description="What makes pictures of visual tokens.")
    judge: RewardJudge = Field(default=RewardJudge(), description="Who answers questions about pictures.")
    reward: RewardField = Field(default=RewardSettings(), description="What pictures are rewarded by.")
    rewards: dict[Text, RewardField] = Field(
        default={},
        description="Rewards to compare, in place of `reward`: a training by each from the same base, in which the "
        "others are logged, too: {graph: {of: answers}, similarity: {of: clip_score}}.",
    )
    seeds: Seeds = Field(
        default=(), description="All `rewards` with each of these, for a table with intervals; `seed` when left out."
    )
    trainer: Verbatim = Field(default={}, description="Keys of `trl.GRPOConfig`, as they are.")
    rollouts: Annotated[Rollouts, expand("engine", str | Rollouts)] | None = Field(
        default=None, description="What samples pictures in the training's place: vllm, or its settings."
    )
    held_out: HeldOut | None = Field(default=None, description="Rows to judge before and after.")

    @field_validator("prompt")
    @classmethod
    def check_prompt(cls, prompt: str) -> str:
        """The caption stands in it, once, and nothing else in braces."""
        if re.findall(r"\{[^{}]*\}", prompt) != ["{caption}"]:
            raise refuse(f"{show(prompt)} must hold {{caption}} once, and no other braces")
        return prompt

    @property
    def leaves_one_model(self) -> bool:
        """Whether there is a `model/` at the end."""
        return not self.rewards

    @model_validator(mode="after")
    def check_model(self) -> Grpo:
        """One model."""
        if (self.model is None) == (self.sandbox_model is None):
            raise refuse("give either `model` or `sandbox_model`", "such as `model: Daniel0724/SimpleAR-0.5B-SFT`")
        if self.sandbox_model and self.rollouts and self.rollouts.mode == "server":
            what = "no server can have the sandbox's model, which is made when the training begins"
            raise refuse(what, "take `rollouts: {engine: vllm, mode: colocate}`")
        return self

    @model_validator(mode="after")
    def check_curriculum(self) -> Grpo:
        """Scenes of all levels, as many as are wanted."""
        given = [key for key in ("path", "limit", "wording", "columns") if getattr(self.data, key)]
        if self.curriculum and given:
            hint = (
                "leave it out" if self.data.recipe else "give a `recipe`, whose scenes can be made as they are wanted"
            )
            raise refuse(f"`data.{given[0]}` does not go with `curriculum`", hint)
        return self

    @model_validator(mode="after")
    def check_rewards(self) -> Grpo:
        """Rewards that are compared stand for themselves, and there is what to compare them by."""
        if self.rewards and self.reward != RewardSettings():
            raise refuse("`reward` and `rewards` do not go together", "name it among `rewards`")
        if self.rewards and self.held_out is None:
            raise refuse("`rewards` are compared by `held_out`, which is missing", "add its `data`")
        if self.seeds and not self.rewards:
            raise refuse("`seeds` go with `rewards`", "such as `rewards: {graph: {of: answers}, paper: paper}`")
        if wrong := next((name for name in self.rewards if not name.isidentifier() or name == BASE), None):
            raise refuse(f"`{wrong}` names a folder; take letters, digits and underscores, and not `{BASE}`")
        if wrong := next((name for name, one in self.rewards.items() if one.split), None):
            raise refuse(f"`split` of `rewards.{wrong}` gives several rewards, which are not compared", "leave it out")
        return self

    def find_seeds(self) -> tuple[int, ...]:
        """The seeds that all of it is done with."""
        return self.seeds or (self.seed,)

    def list_rewards(self) -> dict[str, RewardSettings]:
        """All that pictures are rewarded by, with the key of each."""
        return {f"rewards.{name}": one for name, one in self.rewards.items()} or {"reward": self.reward}
