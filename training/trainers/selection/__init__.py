"""Training on selected pictures (self-improvement, distillation): the parts that `gas train` asks a trainer for.

stages      folders of results, each there whole or not at all
choosing    which pictures are trained on
students    the model that learns: a pipeline of diffusers, or the sandbox's
running     from captions to a trained model, stage by stage
comparing   models on held-out scenes: tables with intervals
drawing     the same as pictures
"""

from .recipe_check import check, find_inputs
from .running import LOG, train

__all__ = ["ALSO", "COLUMNS", "LOG", "REQUIRED", "RESULTS", "check", "find_inputs", "train"]

REQUIRED = ("torch", "transformers", "accelerate", "PIL", "matplotlib")
COLUMNS = ("caption",)
ALSO = ("id", "questions", "scene_graph")
RESULTS = {
    "table.md": "models on held-out scenes",
    "figures": "held-out pictures of all models, and their scores by iteration",
    "stages.jsonl": "stages, a line each, with their folders",
}
