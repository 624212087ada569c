"""Fine-tuning of a diffusion model: its recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ...builders.recipe.fields import Text, refuse
from ..fields import Positive, Rows, Verbatim, Whole, WholeOrZero
from .common import Training

LEARNING_RATE = 1e-4
"""Of fine-tuning, unless the recipe gives another; torch's own, 1e-3, is far too high for it."""


class Finetune(Training):
    """Images with captions into a text-to-image pipeline of diffusers, by LoRA or in full."""

    kind: Literal["finetune"]
    model: Text = Field(description="A Stable Diffusion 1.x or 2.x pipeline: a folder, or its name on the Hub.")
    revision: Text | None = Field(default=None, description="Its branch, tag or commit on the Hub.")
    data: Rows = Field(description="Rows with the columns `caption` and `image`.")
    method: Literal["lora", "full"] = Field(default="lora", description="Train an adapter, or the whole denoiser.")
    lora: Verbatim = Field(default={}, description="Keys of `peft.LoraConfig`, as they are.")
    start_from: Text | None = Field(
        default=None, description="A folder or file of LoRA weights to go on from; `lora` is then theirs."
    )
    resolution: Whole = Field(default=512, description="Width and height of the images, in pixels.")
    batch_size: Whole = Field(default=8, description="Images of a step, on each process.")
    gradient_accumulation_steps: Whole = Field(default=2, description="Steps that make an update.")
    optimizer: Verbatim = Field(
        default={"lr": LEARNING_RATE},
        description="Keys of `torch.optim.AdamW`, as they are; `lr` is 1e-4 if not given.",
    )
    lr_scheduler: Text = Field(default="cosine", description="A schedule of diffusers, such as cosine or constant.")
    warmup_steps: WholeOrZero = Field(default=0, description="Updates until the learning rate is reached.")
    max_grad_norm: Positive = Field(default=1.0, description="The norm that gradients are clipped to.")
    epochs: Whole | None = Field(default=None, description="Times that all rows are seen, unless `max_steps` is less.")
    max_steps: Whole | None = Field(default=None, description="Updates, unless `epochs` is less.")
    mixed_precision: Literal["no", "fp16", "bf16"] = Field(default="no", description="The precision to compute with.")
    gradient_checkpointing: bool = Field(default=False, description="Take less memory and more time.")
    checkpoint_every: WholeOrZero = Field(
        default=500, description="Updates between checkpoints, from which a stopped training goes on; 0 for none."
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
