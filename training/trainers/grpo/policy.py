"""Visual tokens alone: a policy that says nothing else."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from ....errors import GasError

MASKED = -1e4
"""Added to logits of text ids: no probability is left, but entropy and gradients stay finite."""


def mask_text(model: PreTrainedModel, offset: int, codebook: int) -> None:
    """Leaves a model's visual tokens all of the probability, in sampling and in the loss alike.

    A bias of the output layer does it, since TRL's loss reads the layer's weight and bias and calls no module. It is
    a buffer that is not saved: what is saved is a plain model.

    Raises:
        GasError: The output layer has a bias of its own.
    """
    head = model.get_output_embeddings()
    if head is None or getattr(head, "bias", None) is not None:
        raise GasError(f"{type(model).__name__} has no output layer without a bias, so its text ids cannot be masked")
    bias = torch.full((head.weight.shape[0],), MASKED, dtype=head.weight.dtype, device=head.weight.device)
    bias[offset : offset + codebook] = 0
    del head.bias
    head.register_buffer("bias", bias, persistent=False)
