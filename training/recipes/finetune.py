"""Fine-tuning of a diffusion model: its recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ...builders.recipe.fields import Names, Part, Text, refuse
from ..fields import Positive, Rows, Verbatim, Whole, WholeOrZero
from ..judges.settings import RewardJudge
from .common import Training

LEARNING_RATE = 1e-4
"""Of fine-tuning, unless the recipe gives another; torch's own, 1e-3, is far too high for it."""


class Flow(Part):
    """How the flow from picture to noise is learned; the keys are those of diffusers' own scripts."""

    weighting_scheme: Literal["none", "logit_normal", "mode", "sigma_sqrt", "cosmap"] = Field(
        default="logit_normal",
        description="Which timesteps are drawn more often (logit_normal, mode), or count more (sigma_sqrt, cosmap).",
    )
    logit_mean: float = Field(default=0.0, description="Of `logit_normal`: above 0 is nearer to the picture.")
    logit_std: Positive = Field(default=1.0, description="Of `logit_normal`.")
    mode_scale: float = Field(default=1.29, description="Of `mode`: how much more often the middle is drawn.")
    precondition_outputs: bool = Field(
        default=False,
        description="Compare the picture that a flow leads to, not the flow; as for Stable Diffusion 3.",
    )
    guidance_scale: float = Field(
        default=3.5, description="What models that were distilled from guidance are told, such as FLUX.1-dev."
    )


class Validation(Part):
    """Pictures of scenes that are not trained on, made and judged during training."""

    data: Rows = Field(description="Rows with the columns `caption` and `questions`.")
    every: Whole = Field(default=500, description="Updates between them; also before the first and after the last.")
    options: Verbatim = Field(
        default={}, description="What the pipeline is called with, such as {num_inference_steps: 28}."
    )
    question_kinds: Names | None = Field(
        default=None, description="Only questions of these kinds, such as [object, relation]; all when left out."
    )
    judge: RewardJudge = Field(default=RewardJudge(), description="Who answers questions about pictures.")
    shown: Whole = Field(default=12, description="Pictures on the contact sheet.")


class Finetune(Training):
    """Images with captions into a text-to-image pipeline of diffusers, by LoRA or in full."""

    kind: Literal["finetune"]
    model: Text = Field(
        description="A pipeline of diffusers, of Stable Diffusion 1 to 3.5, SDXL, FLUX.1, FLUX.2 klein, Z-Image or "
        "Qwen-Image: a folder, or its name on the Hub."
    )
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    data: Rows = Field(description="Rows with the columns `caption` and `image`.")
    method: Literal["lora", "full"] = Field(default="lora", description="Train an adapter, or the whole denoiser.")
    lora: Verbatim = Field(default={}, description="Keys of `peft.LoraConfig`, as they are.")
    start_from: Text | None = Field(
        default=None, description="A folder or file of LoRA weights to go on from; `lora` is then theirs."
    )
    resolution: Whole = Field(default=512, description="Width and height of the images, in pixels.")
    buckets: bool = Field(
        default=False,
        description="Nearly keep each image's ratio of sides, with as many pixels; an update has images of one shape.",
    )
    max_sequence_length: Whole | None = Field(
        default=None, description="Tokens of a caption that T5 or a language model reads; the pipeline's default."
    )
    cache: Text | None = Field(
        default=None,
        description="A folder for latents and encoded captions: they are made once, and the encoders then dropped; "
        "when left out, they are made at each step.",
    )
    batch_size: Whole = Field(default=8, description="Images of a step, on each process.")
    gradient_accumulation_steps: Whole = Field(default=2, description="Steps that make an update.")
    flow: Flow | None = Field(default=None, description="How a flow is learned, of models that predict one.")
    snr_gamma: Positive | None = Field(
        default=None, description="The limit of min-SNR weights, such as 5, of models that predict noise."
    )
    optimizer: Verbatim = Field(
        default={"lr": LEARNING_RATE},
        description="Keys of `torch.optim.AdamW`, as they are; `lr` is 1e-4 if not given.",
    )
    use_8bit_adam: bool = Field(
        default=False, description="Take `bitsandbytes.optim.AdamW8bit`, with its keys, for less memory."
    )
    lr_scheduler: Text = Field(default="cosine", description="A schedule of diffusers, such as cosine or constant.")
    warmup_steps: WholeOrZero = Field(default=0, description="Updates until the learning rate is reached.")
    max_grad_norm: Positive = Field(default=1.0, description="The norm that gradients are clipped to.")
    ema: float | None = Field(
        default=None, gt=0, lt=1, description="Save the moving average of weights with this decay, such as 0.9999."
    )
    epochs: Whole | None = Field(default=None, description="Times that all rows are seen, unless `max_steps` is less.")
    max_steps: Whole | None = Field(default=None, description="Updates, unless `epochs` is less.")
    mixed_precision: Literal["no", "fp16", "bf16"] = Field(default="no", description="The precision to compute with.")
    gradient_checkpointing: bool = Field(default=False, description="Take less memory and more time.")
    checkpoint_every: WholeOrZero = Field(
        default=500, description="Updates between checkpoints, from which a stopped training goes on; 0 for none."
    )
    validation: Validation | None = Field(default=None, description="Pictures to make and judge during training.")
    trackers: tuple[Text, ...] = Field(
        default=(), description="Who else is told what the log says, of those that accelerate knows: [tensorboard]."
    )

    @field_validator("optimizer")
    @classmethod
    def add_learning_rate(cls, optimizer: Verbatim) -> Verbatim:
        """A learning rate is always given, also where only other keys are."""
        return {"lr": LEARNING_RATE, **optimizer}

    @model_validator(mode="after")
    def check_end(self) -> Finetune:
        """A training ends."""
        if self.epochs is None and self.max_steps is None:
            raise refuse("give `epochs`, `max_steps` or both", "such as `max_steps: 1000`")
        if self.start_from and self.method == "full":
            raise refuse("`start_from` names LoRA weights, which `method: full` has none of", "leave it out")
        return self
