"""CLIPScore: how near picture and caption are in the space of CLIP.

Source: CLIPScore (Hessel et al. 2021), `clipscore`, with ViT-B/32. The paper gives plain cosines.

Formula: cosine of the embeddings of picture and caption; of frames or views the mean. With `formula="original"` it is
2.5 x max(cosine, 0), and "A photo depicts " stands before the caption. CLIP reads 77 tokens, and of longer captions
only the beginning; `share_cut` tells of how many. The pictures are scaled by PIL, as in the original. Of a model, the
mean over pictures. `torchmetrics` 1.9 has another number under the name: 100 x max(mean cosine, 0), without those
words; its pictures are scaled by torchvision, and captions that it cuts lose their end token, so that all of them
count as the same text.

Range: -1 to 1, in practice 0.15 to 0.4; with `original` 0 to 2.5. Higher is better.

Blind to: the order of words, so which thing has which attribute, who does what to whom and where things are; counts;
negation; the end of long captions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..judges.protocol import Shown
from .clip import ClipAndTextOptions
from .networks import measure_beside_captions, warn_of_cuts
from .protocol import check_option

PROMPT = "A photo depicts "
WEIGHT = 2.5


@dataclass(frozen=True, kw_only=True)
class Metric(ClipAndTextOptions):
    """See the file.

    Attributes:
        formula: `cosine`, or `original`.
    """

    model: str = "openai/clip-vit-base-patch32"
    formula: Literal["cosine", "original"] = "cosine"

    name: ClassVar[str] = "clip_score"
    needs: ClassVar[Literal["pictures"]] = "pictures"

    def __post_init__(self) -> None:
        check_option(self.name, "formula", self.formula, ("cosine", "original"))
        super().__post_init__()

    @property
    def id(self) -> str:
        return self.spell_id(self.formula)

    def word(self, caption: str) -> str:
        return PROMPT + caption if self.formula == "original" else caption

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        warn_of_cuts(self.name, self.longest, self.share_cut(rows))

        def measure(images: list[Any], captions: list[str]) -> list[float]:
            cosines = self.compare(images, [self.word(caption) for caption in captions])
            return [WEIGHT * max(one, 0.0) for one in cosines] if self.formula == "original" else cosines

        return measure_beside_captions(pictures, rows, self.batch_size, measure)
