"""Reinforcement learning of an autoregressive image model: the parts that `gas train` asks a trainer for."""

from .comparison import STAGES, TABLE, train
from .curriculum import CURRICULUM
from .estimating import estimate
from .policy import mask_text
from .recipe_check import check, find_inputs
from .rollouts import prepare
from .training import ALSO, COLUMNS, LOG

__all__ = [
    "ALSO",
    "COLUMNS",
    "LOG",
    "REQUIRED",
    "RESULTS",
    "check",
    "estimate",
    "find_inputs",
    "mask_text",
    "prepare",
    "train",
]

REQUIRED = ("torch", "transformers", "accelerate", "trl", "PIL", "matplotlib")
RESULTS = {
    "model": "the model",
    "held_out.png": "pictures before and after",
    "rewards.png": "the reward of each step",
    CURRICULUM: "the scenes of each step with their levels, and what they were rewarded with",
    TABLE: "models on held-out scenes, where rewards are compared",
    STAGES: "what was made of it, a line each",
}
