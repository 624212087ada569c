"""The small model of the sandbox and its generators of pictures, as recipes say them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...builders.recipe.fields import Part
from ..fields import Data, Positive, Rows, Whole, WholeOrZero

Remake = Literal["autoencoder", "blur", "mosaic", "ringing", "transposed"]
"""Generators that make pictures of the sandbox anew; `generators.py` says how."""


class SandboxModel(Part):
    """A small Qwen2 that is made from its sizes and first trained on pictures of scenes."""

    hidden_size: Whole = Field(default=128, description="Width of the model.")
    layers: Whole = Field(default=3, description="Layers of the model.")
    heads: Whole = Field(default=4, description="Attention heads of a layer.")
    data: Rows = Field(default=Data(recipe="sandbox"), description="Rows with `caption` and `scene_graph`.")
    steps: Whole = Field(default=300, description="Updates on pictures of the captions' scenes.")
    mismatched_steps: WholeOrZero = Field(
        default=0, description="Updates after them on captions of other pictures, which spoil what was learned."
    )
    batch_size: Whole = Field(default=64, description="Pictures of an update.")
    learning_rate: Positive = Field(default=1e-3, description="The highest learning rate.")


class SandboxFlow(Part):
    """A small diffusion model that is made from its sizes and first trained on pictures of scenes."""

    hidden_size: Whole = Field(default=128, description="Width of the model.")
    layers: Whole = Field(default=4, description="Layers of the model.")
    heads: Whole = Field(default=4, description="Attention heads of a layer.")
    data: Rows = Field(default=Data(recipe="sandbox"), description="Rows with `caption` and `scene_graph`.")
    words_steps: WholeOrZero = Field(
        default=0,
        description="Updates in which the text encoder learns alone what captions put where, before all else; it then "
        "stays as it is. 0: it learns with the rest.",
    )
    steps: Whole = Field(default=1800, description="Updates on pictures of the captions' scenes.")
    mismatched_steps: WholeOrZero = Field(
        default=0, description="Updates after them on captions of other pictures, which spoil what was learned."
    )
    batch_size: Whole = Field(default=64, description="Pictures of an update.")
    learning_rate: Positive = Field(default=2e-3, description="The highest learning rate.")
