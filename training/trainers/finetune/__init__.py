"""Fine-tuning of a diffusion model on images with captions: the parts that `gas train` asks a trainer for."""

from .recipe_check import check
from .training_loop import train

__all__ = ["COLUMNS", "REQUIRED", "RESULTS", "check", "train"]

REQUIRED = ("torch", "transformers", "diffusers", "peft", "accelerate", "safetensors", "PIL")
COLUMNS = ("caption", "image")
RESULTS = {"model": "the model"}
