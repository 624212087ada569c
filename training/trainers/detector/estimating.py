"""What a detector takes, from its backbone's config and the numbers of pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from ...estimates import Estimate
from ...recipes.detector import Detector
from .features import describe_input, make_model
from .sources import list_data, open_source

FLOAT = 4
NOTES = (
    "the backbone only looks: each picture once, in float32; heads on its features take megabytes and seconds",
    "not counted: what it holds while it looks at a batch",
)


def estimate(recipe: Detector, rows: Any) -> Estimate:
    """Computes what a training takes; nothing is loaded but the backbone's config."""
    with torch.device("meta"):
        model = make_model(recipe, pretrained=False)
        size, _ = describe_input(model, recipe)
        with FlopCounterMode(display=False) as counter:
            width = model(torch.zeros(1, 3, size, size)).shape[1]
    others = (open_source(name, key, data).rows.num_rows for name, key, data in list_data(recipe))
    pictures = rows.num_rows + sum(others)
    looking = counter.get_total_flops() * pictures / 1e15
    return Estimate(
        rows=pictures,
        memory={
            "backbone": FLOAT * sum(weight.numel() for weight in model.parameters()),
            "features": FLOAT * width * pictures,
        },
        disk={"features": FLOAT * width * pictures},
        notes=(f"to compute: {looking:,.3g} PFLOP for all pictures", *NOTES),
    )
