"""VQAScore: how probable a vision-language model finds it that a picture shows its caption.

Source: VQAScore (Lin et al. 2024), `t2v_metrics`; GenEval 2 (Kamath et al. 2025). Three scores have the name, and
their numbers do not compare: `formula` tells them apart.

Formula: P(yes) of a judge that is asked about the caption as it stands,

    geneval2      Does this image show "..."? Answer the question with Yes or No.
    qwen          Does this figure show "..."? Please answer Yes or No.
    clip-flant5   Does this figure show "..."? Please answer yes or no.

the sum over `Yes` and `yes`, with and without a space in front. With `geneval2` that is the original's number, by its
judge Qwen3-VL-8B-Instruct. The original of `qwen` (`t2v_metrics` 3.1, for its decoders) counts `Yes` alone, so that
here it can be a little more, where a judge says `yes` as well; that of `clip-flant5` is the geometric mean of `Yes`
and of the end of the reply, which the metric `clip_flant5` has: here the question alone is the same. Frames and views
are shown to the judge as it shows them: as a video, or in a grid. Of a model, the mean over pictures.

Range: 0 to 1, higher is better. A picture about which the judge gives no answer has no number.

Blind to: how much of a long caption is right, since one fault makes it a no; negation (judges say yes to "no dog");
and all that the judge cannot see, such as counts above four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ..judges.protocol import Judge, Shown
from .protocol import check_judge, check_option, read_captions

QUESTIONS = {
    "geneval2": 'Does this image show "{}"? Answer the question with Yes or No.',
    "qwen": 'Does this figure show "{}"? Please answer Yes or No.',
    "clip-flant5": 'Does this figure show "{}"? Please answer yes or no.',
}


@dataclass(frozen=True)
class Metric:
    """See the file.

    Attributes:
        judge: Who is asked.
        formula: One of `QUESTIONS`.
    """

    judge: Judge
    formula: Literal["geneval2", "qwen", "clip-flant5"] = "geneval2"

    needs: ClassVar[Literal["pictures"]] = "pictures"

    def __post_init__(self) -> None:
        check_option("vqascore", "formula", self.formula, QUESTIONS)
        check_judge("vqascore", self.judge)

    @property
    def id(self) -> str:
        return f"vqascore@{self.formula}:{self.judge.id}"

    def measure(self, pictures: Sequence[Shown], rows: Sequence[Mapping[str, Any]]) -> list[float | None]:
        """See `PicturesMetric`. Of rows, `caption` is read."""
        questions = [QUESTIONS[self.formula].format(caption) for caption in read_captions(rows)]
        return list(self.judge.probability(pictures, questions, ["yes"] * len(questions)))
