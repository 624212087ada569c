"""Reinforcement learning of an autoregressive image model: the parts that `gas train` asks a trainer for."""

from .comparison import STAGES, TABLE, train
from .policy import mask_text
from .recipe_check import check, find_inputs
from .training import ALSO, COLUMNS, LOG

__all__ = ["ALSO", "COLUMNS", "LOG", "REQUIRED", "RESULTS", "check", "find_inputs", "mask_text", "train"]

REQUIRED = ("torch", "transformers", "accelerate", "trl", "PIL", "matplotlib")
RESULTS = {
    "model": "the model",
    "held_out.png": "pictures before and after",
    "rewards.png": "the reward of each step",
    TABLE: "models on held-out scenes, where rewards are compared",
    STAGES: "what was made of it, a line each",
}
