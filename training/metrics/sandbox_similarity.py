"""Similarity in the sandbox: how near picture and caption are in the space of an encoder that is learned on scenes.

Source: CLIP (Radford et al. 2021), in miniature; hard negatives as in NegCLIP (Yuksekgonul et al. 2023). The encoder
is trained when it is first needed, on scenes of the dataset recipe `sandbox`, and kept while the process lives.

Formula: cosine of the embeddings of picture and caption (`training/sandbox/encoder.py`). Of a model, the mean over
pictures.

Range: -1 to 1, higher is better.

Blind to: where things are, unless it is trained with `hard_negatives`; the words of a caption after the 48th.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...builders.recipe.fields import show
from ...errors import GasError, describe_error
from ..data import load_rows
from ..fields import Data
from ..judges.protocol import Shown
from ..models import limit_threads
from .networks import measure_beside_captions

if TYPE_CHECKING:
    from ..sandbox.encoder import Encoder

TOGETHER = 256
"""Pictures that are measured at once."""
SCENES: Mapping[str, Any] = {
    "recipe": "sandbox",
    "overrides": {"structure": {"objects": [1, 2], "relations": [0, 1]}},
    "limit": 8000,
}


@dataclass(frozen=True, kw_only=True)
class Metric:
    """See the file.

    Attributes:
        steps: Updates of the encoder, on 128 pictures each.
        hard_negatives: Whether it also learns to tell a picture's caption from one with a wrong word.
        data: The scenes that it learns from, as recipes say rows.
        seed: Another one gives another encoder.
    """

    steps: int = 400
    hard_negatives: bool = False
    data: Mapping[str, Any] = field(default_factory=lambda: SCENES)
    seed: int = 0

    name: ClassVar[str] = "sandbox_similarity"
    needs: ClassVar[Literal["pictures"]] = "pictures"

    def __post_init__(self) -> None:
        for option, least in (("steps", 1), ("seed", 0)):
            self._check(
                option,
                type(getattr(self, option)) is int and getattr(self, option) >= least,
                f"a whole number from {least} on",
            )
        self._check("hard_negatives", isinstance(self.hard_negatives, bool), "true or false")
        try:
            Data.model_validate(dict(self.data))
        except (TypeError, ValueError) as error:
            reason = describe_error(error)
            raise GasError(f"{self.name}: data says no rows: {reason}; such as {SCENES}") from error

    def _check(self, option: str, is_right: bool, wanted: str) -> None:
        if not is_right:
            raise GasError(f"{self.name}: {option} must be {wanted}, not {show(getattr(self, option))}")

    @property
    def id(self) -> str:
        told = [f"{self.steps} steps", *(["hard negatives"] if self.hard_negatives else []), f"seed {self.seed}"]
        return f"{self.name}@{','.join(told)}"

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read; of frames, the mean is taken."""
        data = json.dumps(self.data, sort_keys=True)
        encoder = learn_encoder(data, self.steps, self.hard_negatives, self.seed)
        with limit_threads(1):  # so small a model is slower on several
            return measure_beside_captions(pictures, rows, TOGETHER, encoder.compare)


@lru_cache(maxsize=8)
def learn_encoder(data: str, steps: int, hard_negatives: bool, seed: int) -> Encoder:
    """Trains the encoder, on scenes of which `data` says in JSON where they are from."""
    from ..sandbox.encoder import train_encoder

    rows = load_rows(Data.model_validate(json.loads(data)), ("caption", "scene_graph"), "data")
    with limit_threads(1):
        return train_encoder(rows, steps, hard_negatives, seed)
