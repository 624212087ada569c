"""Stops a training that teaches nothing, which ends otherwise as if all had gone well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from ....errors import GasError

PATIENCE = 10
"""Steps without a lesson that may be chance: all pictures of a prompt can be as good by luck."""


class StopIdle(TrainerCallback):
    """Stops when no weight has got a gradient, or no prompt pictures of unlike rewards, in the first steps.

    Attributes:
        has_contrast: Tells whether two pictures of one prompt have been rewarded unlike so far.
    """

    def __init__(self, has_contrast: Callable[[], bool] = lambda: True) -> None:
        self.has_contrast, self.taught, self.idle = has_contrast, False, 0

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Is called by the trainer before each update."""
        if self.taught:
            return
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        # Engines that split a model keep gradients elsewhere.
        flows = not gradients or any(bool(gradient.any()) for gradient in gradients)
        self.taught = flows and self.has_contrast()
        self.idle += not self.taught
        whole = self.idle == state.global_step + 1 == state.max_steps
        if not self.taught and (whole or self.idle == PATIENCE):
            reason = (
                "the judge gave all pictures of each prompt the same reward" if flows else "all gradients are zero"
            )
            steps = "step 1" if self.idle == 1 else f"steps 1 to {self.idle}"
            what = f"nothing was learned in {steps} of this run: {reason}"
            hint = "see whether `mask_truncated_completions`, the judge or the pictures make it so"
            raise GasError(f"{what}; {hint}", exit_status=1)
