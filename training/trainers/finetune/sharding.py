"""Weights of which each process holds a part: FSDP of the second kind (`fully_shard`), as accelerate sets it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.distributed.tensor import DTensor, distribute_tensor


def gather(tensor: torch.Tensor) -> torch.Tensor:
    """The whole of a tensor; of one that is shared out, all processes must ask for it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def share_out(whole: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A whole tensor as another one of its shape is: this process's part of it, if that is shared out."""
    if not isinstance(like, DTensor):
        return whole
    return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements)


@dataclass(frozen=True)
class SharedOptimizer:
    """An optimizer whose state is whole when it is saved, and shared out as its weights are when it is loaded.

    Attributes:
        optimizer: The optimizer.
        weights: In its order.
    """

    optimizer: Any
    weights: Sequence[torch.Tensor]

    def state_dict(self) -> Mapping[str, Any]:
        """As the optimizer has it; tensors are made whole by who saves them."""
        state: Mapping[str, Any] = self.optimizer.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes up a state of whole tensors."""
        shared = {
            place: {
                name: share_out(one, self.weights[place]) if one.shape == self.weights[place].shape else one
                for name, one in moments.items()
            }
            for place, moments in state["state"].items()
        }
        self.optimizer.load_state_dict({**state, "state": shared})
