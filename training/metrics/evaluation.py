"""Metrics as modules of the package `evaluate`; nothing else here needs it.

`modules/<metric>/<metric>.py` is what `evaluate.load` copies and runs: a class that names its metric, on one of those
below, by what the metric needs. All give the mean over pictures with its 95 % `interval`, and the `values`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import evaluate
import pyarrow as pa
from datasets import Features, Image, List, Value

from ...builders.rows.schema import QUESTION
from ...errors import GasError
from ..judges.asking import Way, judge_questions
from ..judges.protocol import Judge
from ..pictures import open_picture
from .intervals import estimate_mean
from .loading import describe_metric, open_metric
from .protocol import check_judge

QUESTIONS = Features.from_arrow_schema(pa.schema([("questions", pa.list_(QUESTION))]))["questions"]
"""A picture's questions, as rows have them."""


class Module(evaluate.Metric):
    """What all modules share.

    Attributes:
        metric: The name of the metric.
        inputs: What `compute` takes for each picture.
        takes: That in words.
    """

    metric: ClassVar[str]
    inputs: ClassVar[tuple[Features, ...]]
    takes: ClassVar[str]

    def _info(self) -> evaluate.MetricInfo:
        found = describe_metric(self.metric)
        return evaluate.MetricInfo(
            description="\n".join(f"{part}: {text}" for part, text in found.items()),
            citation=found["Source"],
            inputs_description=f"{self.takes} The options of the metric are arguments, too.",
            features=list(self.inputs),
        )

    def add_batch(self, *, predictions: Any = None, references: Any = None, **others: Any) -> None:
        """Takes pictures, or their paths."""  # to which `evaluate` adds what is taken
        # `datasets` would store a picture that was read from a JPEG as one again, with other pixels.
        super().add_batch(predictions=_open_all(predictions), references=references, **others)

    def _compute(self, *, predictions: Any, references: Any = (), **options: Any) -> dict[str, Any]:
        values = self.measure(list(predictions), list(references), **options)
        if all(value is None for value in values):
            return {self.metric: None, "interval": None, "values": values}
        mean = estimate_mean(values)
        return {self.metric: mean.value, "interval": [mean.low, mean.high], "values": values}

    @abstractmethod
    def measure(self, predictions: list[Any], references: list[Any], **options: Any) -> list[float | None]: ...


class AnswersModule(Module):
    inputs = tuple(Features({"predictions": Image(), "references": one}) for one in (Value("string"), QUESTIONS))
    takes = (
        "`predictions`: images. `references`: of each, its questions as rows of datasets have them, or those in JSON. "
        "`judge`: who answers them, a judge of `generate_any_scene.training`. `by`: `words` or `probability`."
    )

    def measure(
        self,
        predictions: list[Any],
        references: list[Any],
        *,
        judge: Judge | None = None,
        by: Way = "words",
        **options: Any,
    ) -> list[float | None]:
        if judge is None:
            raise GasError(f"{self.metric} needs to know who answers; give `judge`")
        check_judge(self.metric, judge)
        metric = open_metric(self.metric, **options)
        assert metric.needs == "answers"
        return metric.measure(references, judge_questions(judge, predictions, references, by))


class PicturesModule(Module):
    """What measures pictures.

    Attributes:
        column: Of rows, what `references` are.
    """

    inputs = tuple(Features({"predictions": one, "references": Value("string")}) for one in (Image(), List(Image())))
    takes = (
        "`predictions`: images, or lists of the frames or views of each. `references`: of each, the caption that it "
        "was made for; of what VBench has measured, the id of its scene."
    )
    column: ClassVar[str] = "caption"

    def measure(self, predictions: list[Any], references: list[Any], **options: Any) -> list[float | None]:
        metric = open_metric(self.metric, **options)
        assert metric.needs == "pictures"
        return metric.measure(predictions, [{self.column: one} for one in references])


class SetsModule(Module):
    inputs = (Features({"predictions": List(Image())}),)
    takes = "`predictions`: lists of images, each those of one scene."

    def measure(self, predictions: list[Any], references: list[Any], **options: Any) -> list[float | None]:
        metric = open_metric(self.metric, **options)
        assert metric.needs == "sets"
        return metric.measure(predictions)


def _open_all(pictures: Sequence[Any]) -> list[Any]:
    def open_one(one: Any) -> Any:
        if isinstance(one, list | tuple):
            return _open_all(one)
        return open_picture({"path": str(one), "bytes": None} if isinstance(one, str | Path) else one)

    return [open_one(one) for one in pictures]
