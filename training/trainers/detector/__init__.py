"""A linear head on a frozen backbone of timm that tells generated pictures from real ones.

sources       real and made pictures by name; which captions are trained on and which tested on
estimating    what it takes, from configs
features      what the backbone says of a picture, computed once
heads         the linear layer
figures       how well heads tell pictures apart, with intervals
recipe_check  what is wrong with a recipe
training      all of it, one after the other
"""

from .estimating import estimate
from .recipe_check import check, find_inputs
from .training import LOG, RESULTS, train

__all__ = ["ALSO", "COLUMNS", "LOG", "REQUIRED", "RESULTS", "check", "estimate", "find_inputs", "train"]

REQUIRED = ("torch", "timm", "safetensors", "PIL")
COLUMNS = ("image",)
ALSO = ("caption",)
