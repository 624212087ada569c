"""Fine-tuning of a diffusion model on images with captions: the parts that `gas train` asks a trainer for."""

from .estimating import estimate
from .recipe_check import check, find_inputs
from .training_loop import LOG, train

__all__ = ["COLUMNS", "LOG", "REQUIRED", "RESULTS", "check", "estimate", "find_inputs", "train"]

REQUIRED = ("torch", "transformers", "diffusers", "peft", "accelerate", "safetensors", "PIL")
COLUMNS = ("caption", "image")
RESULTS = {
    "model": "the model",
    "validation.png": "pictures of held-out captions before and now, with the share of questions that are right",
    "validation.jsonl": "the same in numbers, each time",
}
