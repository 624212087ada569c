"""What a training on selected pictures takes: that of each of its trainings, and how many pictures are made."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ....errors import GasError
from ...estimates import Estimate
from ...recipes.selection import Selection
from .students import load_stage


def estimate(recipe: Selection, rows: Any) -> Estimate:
    """Computes what each training on a selection takes; nothing is loaded but configs.

    Raises:
        GasError: The model is the sandbox's, which is made first.
    """
    if recipe.training is None:
        raise GasError("the sandbox's model takes next to nothing; leave --estimate out")
    from ..finetune import estimate as estimate_stage

    share = max(1.0 if arm.select == "threshold" else arm.share for arm in recipe.arms.values())
    captions = min(recipe.captions, rows.num_rows)
    stage = load_stage(recipe, recipe.find_seeds()[0]).recipe
    found = estimate_stage(stage, rows.select(range(math.ceil(captions * share))))
    runs = len(recipe.find_seeds()) * len(recipe.arms) * recipe.iterations
    made = runs * captions * getattr(recipe.teacher or recipe.pictures, "count", 1)  # folders have one of each
    notes = (
        f"this is one training, on the largest selection; there are {runs:,} of them",
        f"before them {made:,} pictures are made and scored, which is not counted: see gas evaluate --plan",
    )
    return replace(found, notes=(*notes, *found.notes))
