"""What reinforcement learning takes, from the policy's config."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM
from trl import GRPOConfig

from ....errors import GasError
from ...estimates import Estimate
from ...recipes.grpo import Grpo
from ...upstream import count_processes, read_keys
from .training import OURS, make_arguments

FLOAT = 4
NOTES = (
    "the policy is trained whole, in float32, by AdamW; weights are counted from its config",
    "not counted: activations, what a policy remembers of a picture while it makes it, the decoder, the judge",
    "time is not computed: making pictures and judging them takes most of it",
)


def estimate(recipe: Grpo, rows: Any) -> Estimate:
    """Computes what a training takes; nothing is loaded but the config.

    Raises:
        GasError: The policy is the sandbox's, which is made first.
    """
    if recipe.model is None:
        raise GasError("the sandbox's model takes next to nothing; leave --estimate out")
    config = AutoConfig.from_pretrained(recipe.model, revision=recipe.revision)
    with torch.device("meta"):
        weights = FLOAT * sum(one.numel() for one in AutoModelForCausalLM.from_config(config).parameters())
    values, _ = read_keys(recipe.trainer, GRPOConfig, "trainer", OURS)
    arguments = make_arguments(recipe, Path("unused"), values)
    each = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * count_processes()
    updates = math.ceil(arguments.num_train_epochs * rows.num_rows * arguments.num_generations / each)
    memory = {"weights that are trained": weights, "their gradients": weights, "optimizer": 2 * weights}
    if arguments.beta:
        memory["the policy as it was"] = weights
    return Estimate(
        rows=rows.num_rows,
        updates=arguments.max_steps if arguments.max_steps > 0 else updates,
        images_per_update=each,
        memory=memory,
        disk={"a checkpoint": 3 * weights, "model": weights},
        notes=NOTES,
    )
