"""PickScore: which picture of a caption people would pick, by a CLIP model that learned it from their picks.

Source: Pick-a-Pic (Kirstain et al. 2023), `yuvalkirstain/PickScore_v1`, with the image processor and tokenizer of the
model that it began as. The paper gives plain cosines.

Formula: cosine of the embeddings of picture and caption; of frames or views the mean. With `scale="logit"` it is that
times the model's own factor (about 100), as its authors' example and most papers give it. The model reads 77 tokens,
and of longer captions only the beginning; `share_cut` tells of how many. Of a model, the mean over pictures.

Range: -1 to 1, in practice 0.15 to 0.27 (`logit`: 15 to 27). Higher is better. What it says is the difference of
pictures of one caption: exp(difference of logits) is the odds that people pick the one.

Blind to: what CLIPScore is blind to, and it likes what its people liked: contrast, detail, one large subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..judges.protocol import Shown
from .clip import ClipAndTextOptions
from .networks import measure_beside_captions, warn_of_cuts
from .protocol import check_option


@dataclass(frozen=True, kw_only=True)
class Metric(ClipAndTextOptions):
    """See the file.

    Attributes:
        scale: `cosine` or `logit`.
        prepared: Whose tokenizer and image processor are taken, a name on the Hub or a folder.
    """

    model: str = "yuvalkirstain/PickScore_v1"
    scale: Literal["cosine", "logit"] = "cosine"
    prepared: str = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"

    name: ClassVar[str] = "pick_score"
    others: ClassVar[tuple[str, ...]] = ("prepared",)
    told: ClassVar[tuple[str, ...]] = ("prepared", "dtype")
    needs: ClassVar[Literal["pictures"]] = "pictures"

    def __post_init__(self) -> None:
        check_option(self.name, "scale", self.scale, ("cosine", "logit"))
        super().__post_init__()

    @property
    def prepared_by(self) -> tuple[str, str | None]:
        return self.prepared, None

    @property
    def id(self) -> str:
        return self.spell_id(self.scale)

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        warn_of_cuts(self.name, self.longest, self.share_cut(rows))
        factor = self.network.logit_scale.float().exp().item() if self.scale == "logit" else 1.0

        def measure(images: list[Any], captions: list[str]) -> list[float]:
            return [factor * one for one in self.compare(images, captions)]

        return measure_beside_captions(pictures, rows, self.batch_size, measure)
