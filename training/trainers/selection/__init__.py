"""Training on selected pictures (self-improvement, distillation): the parts that `gas train` asks a trainer for.

estimating  what it takes, from configs
choosing    which pictures are trained on
students    the model that learns: a pipeline of diffusers, or the sandbox's
running     from captions to a trained model, stage by stage
comparing   models on held-out scenes: tables with intervals
"""

from .estimating import estimate
from .recipe_check import check, find_inputs
from .running import LOG, train

__all__ = ["ALSO", "COLUMNS", "LOG", "REQUIRED", "RESULTS", "check", "estimate", "find_inputs", "train"]

REQUIRED = ("torch", "transformers", "accelerate", "PIL")
COLUMNS = ("caption",)
ALSO = ("id", "questions", "scene_graph")
RESULTS = {"table.md": "models on held-out scenes", "stages.jsonl": "stages, a line each, with their folders"}
