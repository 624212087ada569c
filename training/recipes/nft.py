"""Reinforcement learning of a diffusion model that learns a flow: its recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...builders.recipe.fields import Names, Part, Text, refuse
from ..fields import Positive, Rows, Verbatim, Whole, WholeOrZero
from ..judges.settings import RewardJudge
from ..rewards.settings import RewardField, RewardSettings
from ..sandbox.settings import SandboxFlow
from .common import Training
from .finetune import LEARNING_RATE
from .grpo import HeldOut


class Sampler(Part):
    """The weights that pictures are sampled with: a moving average of those that are trained.

    After step `n`, counted from 0, they keep `min(rise * n, most)` of what they were.
    """

    rise: float = Field(default=0.001, ge=0, le=1, description="By how much more of the old is kept each step.")
    most: float = Field(default=0.5, ge=0, lt=1, description="The most that is kept of the old.")


class Nft(Training):
    """Reinforcement learning of a flow model by DiffusionNFT, rewarded by answers to each scene's questions."""

    kind: Literal["nft"]
    model: Text | None = Field(
        default=None,
        description="A pipeline of diffusers that learns a flow, such as Stable Diffusion 3.5, FLUX.2 klein or "
        "Z-Image: a folder, or its name on the Hub.",
    )
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    sandbox_model: SandboxFlow | None = Field(
        default=None, description="Make the diffusion model of the sandbox instead."
    )
    data: Rows = Field(description="Rows with the columns `caption` and `questions`.")
    question_kinds: Names | None = Field(
        default=None, description="Only questions of these kinds, such as [object, relation]; all when left out."
    )
    method: Literal["lora", "full"] = Field(default="lora", description="Train an adapter, or the whole denoiser.")
    lora: Verbatim = Field(default={}, description="Keys of `peft.LoraConfig`, as they are.")
    start_from: Text | None = Field(
        default=None, description="A folder or file of LoRA weights to go on from; `lora` is then theirs."
    )
    resolution: Whole = Field(default=512, description="Width and height of the pictures, in pixels.")
    max_sequence_length: Whole | None = Field(
        default=None, description="Tokens of a caption that T5 or a language model reads; the pipeline's default."
    )
    options: Verbatim = Field(
        default={},
        description="What the pipeline is called with, such as {num_inference_steps: 10, guidance_scale: 1}.",
    )
    sampled_at_once: Whole = Field(default=8, description="Pictures that are sampled at once.")
    steps: Whole = Field(description="Rounds of sampling pictures and learning from them.")
    prompts: Whole = Field(default=8, description="Captions of a step.")
    pictures: Annotated[int, Field(ge=2)] = Field(
        default=8, description="Pictures of each caption, which are compared with each other."
    )
    draws: Whole = Field(default=4, description="How often each is learned from in a step, with other noise.")
    times: Literal["uniform", "logit_normal"] = Field(
        default="uniform", description="How far from noise pictures are learned from: all alike, or mostly half-way."
    )
    updates: Whole = Field(default=1, description="Updates of a step, each of its share of all draws.")
    batch_size: Whole = Field(default=8, description="Pictures with noise that are learned from at once.")
    beta: Positive = Field(
        default=1.0, description="How far the better and the worse velocity lie from the sampler's own."
    )
    clip: Positive = Field(
        default=5.0, description="A reward that is so many standard deviations off the others is wholly good or bad."
    )
    kl: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="What the squared distance of velocities from those of the beginning weighs."
    )
    sampler: Sampler = Field(default=Sampler(), description="The weights that pictures are sampled with.")
    judge: RewardJudge = Field(default=RewardJudge(), description="Who answers questions about pictures.")
    reward: RewardField = Field(default=RewardSettings(), description="What pictures are rewarded by.")
    optimizer: Verbatim = Field(
        default={"lr": LEARNING_RATE},
        description="Keys of `torch.optim.AdamW`, as they are; `lr` is 1e-4 if not given.",
    )
    use_8bit_adam: bool = Field(
        default=False, description="Take `bitsandbytes.optim.AdamW8bit`, with its keys, for less memory."
    )
    lr_scheduler: Text = Field(default="constant", description="A schedule of diffusers, such as cosine or constant.")
    warmup_steps: WholeOrZero = Field(default=0, description="Updates until the learning rate is reached.")
    max_grad_norm: Positive = Field(default=1.0, description="The norm that gradients are clipped to.")
    mixed_precision: Literal["no", "fp16", "bf16"] = Field(default="no", description="The precision to compute with.")
    gradient_checkpointing: bool = Field(default=False, description="Take less memory and more time.")
    checkpoint_every: WholeOrZero = Field(
        default=50, description="Steps between checkpoints, from which a stopped training goes on; 0 for none."
    )
    held_out: HeldOut | None = Field(default=None, description="Rows to judge before and after.")

    @model_validator(mode="after")
    def check_model(self) -> Nft:
        """One model, and weights that there are."""
        if (self.model is None) == (self.sandbox_model is None):
            hint = "such as `model: stabilityai/stable-diffusion-3.5-medium`"
            raise refuse("give either `model` or `sandbox_model`", hint)
        if self.sandbox_model and self.method != "full":
            raise refuse("`sandbox_model` takes no adapters", "write `method: full`")
        if self.start_from and self.method == "full":
            raise refuse("`start_from` names LoRA weights, which `method: full` has none of", "leave it out")
        if self.reward.split:
            raise refuse("`reward.split` is for TRL's trainer, which alone aggregates rewards", "leave it out")
        if self.updates > (samples := self.prompts * self.pictures * self.draws):
            raise refuse(f"{self.updates} updates of a step have only {samples} draws", "take fewer `updates`")
        return self
