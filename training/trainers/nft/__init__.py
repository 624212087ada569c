"""Reinforcement learning of a diffusion model that learns a flow: the parts that `gas train` asks a trainer for."""

from .recipe_check import check, find_inputs
from .training_loop import ALSO, COLUMNS, LOG, train

__all__ = ["ALSO", "COLUMNS", "LOG", "REQUIRED", "RESULTS", "check", "find_inputs", "train"]

REQUIRED = ("torch", "transformers", "diffusers", "peft", "accelerate", "safetensors", "PIL", "matplotlib")
RESULTS = {
    "model": "the model",
    "held_out.png": "pictures before and after",
    "rewards.png": "the reward of each step",
}
