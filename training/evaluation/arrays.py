"""The tables of evaluations as arrays, with one number a scene over all of them: what figures are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import find_rows
from ..metrics.loading import find_metric, list_metrics
from .tables import Run

ANSWERS = "answers"
"""What stands for a metric where the share of right answers is meant."""
CAPTIONS = ("perplexity", "vera")
"""What ids of metrics of captions begin with."""
WITHOUT_TRUTH = "perceived "
"""What kinds of questions begin with that no answer is right to."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A name for each of many things: `names[codes[i]]`, or none where the code is -1."""

    names: list[str]
    codes: np.ndarray


@dataclass(frozen=True, eq=False)
class Measure:
    """What is measured, arrays of one length: an entry an answer, or a picture.

    Attributes:
        metric: `ANSWERS`, or the id of a metric.
        is_share: Whether it is a share of right answers, from 0 to 1.
        scene: The number of the scene of each.
        picture: The number of its picture, in `Sample.images`; -1 for what measures a set.
        parts: 1 for right, or the value; 0 where nothing is known.
        wholes: 1, or 0 where nothing is known.
    """

    metric: str
    is_share: bool
    scene: np.ndarray
    picture: np.ndarray
    parts: np.ndarray
    wholes: np.ndarray

    def sum_pictures(self, pictures: int) -> np.ndarray:
        """The mean of each picture, float64, shape (pictures,); NaN where nothing is known."""
        kept = self.picture >= 0
        above, below = (np.bincount(self.picture[kept], one[kept], pictures) for one in (self.parts, self.wholes))
        return np.divide(above, below, out=np.full(pictures, np.nan), where=below > 0)


@dataclass(frozen=True, eq=False)
class Sample:
    """An evaluation.

    Attributes:
        run: Its tables.
        place: Which of several it is, from 0.
        rows: The number of the scene of each row of `run.scenes`, int64.
        images: Names of its pictures.
        scene_of_image: The number of the scene of each, int64.
        answers: What was answered, if anything was asked.
        row: Of each answer, the row of its scene in `run.scenes`.
        question: Of each answer, which of its scene's questions it is about.
        kinds: Of each answer.
        forms: Of each answer.
        statements: Of each answer: `true` where yes is right, `false` where no is.
        scores: What metrics measured.
    """

    run: Run
    place: int
    rows: np.ndarray
    images: pa.Array
    scene_of_image: np.ndarray
    answers: Measure
    row: np.ndarray
    question: np.ndarray
    kinds: Labels
    forms: Labels
    statements: Labels
    scores: list[Measure]

    @property
    def measures(self) -> list[Measure]:
        """All that is measured."""
        return [*([self.answers] if len(self.answers.scene) else []), *self.scores]

    @cached_property
    def numbers(self) -> np.ndarray:
        """Which of its scene's pictures each is, from 0, in the order of their names."""
        order = np.lexsort((pc.rank(self.images).to_numpy(zero_copy_only=False), self.scene_of_image))
        owners = self.scene_of_image[order]
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        numbers = np.empty(len(order), dtype=np.int64)
        numbers[order] = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
        return numbers


@dataclass(frozen=True, eq=False)
class Evaluations:
    """Several evaluations, scenes being numbered through all of them.

    Attributes:
        samples: The evaluations.
        ids: The ids of all scenes.
        captions: Scores of captions by the ids of their metrics, float64, shape (scenes,); NaN where there is none.
    """

    samples: list[Sample]
    ids: pa.Array
    captions: dict[str, np.ndarray]

    @property
    def scenes(self) -> int:
        return len(self.ids)

    def gather(self, column: np.ndarray, place: int, missing: Any = -1) -> np.ndarray:
        """Numbers of the rows of an evaluation's scenes as numbers of all scenes."""
        found = np.full(self.scenes, missing, dtype=column.dtype)
        found[self.samples[place].rows] = column
        return found


def read_evaluations(runs: Sequence[Run]) -> Evaluations:
    """Reads the tables of evaluations."""
    ids = pa.chunked_array([chunk for run in runs for chunk in _texts(run.scenes["id"]).chunks], pa.string()).unique()
    captions: dict[str, np.ndarray] = {}
    for run in runs:
        for metric, scene, values in _split_scores(run.scores.filter(_find_captions(run.scores)), ids):
            captions.setdefault(metric, np.full(len(ids), np.nan))[scene] = values
    return Evaluations([_read_sample(run, place, ids) for place, run in enumerate(runs)], ids, captions)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if column.type == pa.string() else column.cast(pa.string())


def _find_captions(scores: pa.Table) -> pa.ChunkedArray:
    names = [pc.starts_with(scores["metric"], name) for name in CAPTIONS]
    alone = pc.and_(pc.is_null(scores["image"]), pc.is_null(scores["model"]))
    return pc.and_(alone, pc.or_(*names))


def _split_scores(scores: pa.Table, ids: pa.Array) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The scenes and values of each metric."""
    metrics = encode(scores["metric"])
    scene = find_rows(scores["scene"], ids).astype(np.int64)
    values = scores["value"].to_numpy()
    places = (
        (name, np.flatnonzero((metrics.codes == code) & (scene >= 0))) for code, name in enumerate(metrics.names)
    )
    return [(name, scene[some], values[some]) for name, some in places]


def encode(column: pa.ChunkedArray | pa.Array) -> Labels:
    """Names and codes of texts, names sorted; -1 for null."""
    encoded = pc.dictionary_encode(column.cast(pa.string()))
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    if isinstance(encoded, pa.ChunkedArray):  # of no chunks at all
        encoded = pa.array([], pa.string()).dictionary_encode()
    names = encoded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=lambda place: names[place])
    new = np.empty(len(names) + 1, dtype=np.int64)
    new[order], new[-1] = np.arange(len(names)), -1
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Labels([names[place] for place in order], new[codes])


def _read_sample(run: Run, place: int, ids: pa.Array) -> Sample:
    own = _texts(run.scenes["id"])
    rows = find_rows(own, ids).astype(np.int64)
    answers = run.answers.filter(pc.invert(pc.starts_with(run.answers["kind"], WITHOUT_TRUTH)).fill_null(True))
    row = find_rows(answers["scene"], own).astype(np.int64)
    answers, row = answers.filter(pa.array(row >= 0)), row[row >= 0]
    scores = run.scores.filter(pc.invert(_find_captions(run.scores)))
    scene = find_rows(scores["scene"], ids).astype(np.int64)
    scores, scene = scores.filter(pa.array(scene >= 0)), scene[scene >= 0]
    both = pa.chunked_array([*answers["image"].chunks, *scores["image"].chunks], pa.string())
    images = pc.drop_null(both.unique())
    picture, scored = find_rows(answers["image"], images), find_rows(scores["image"], images)
    scene_of_image = np.zeros(len(images), dtype=np.int64)
    scene_of_image[scored[scored >= 0]] = scene[scored >= 0]
    scene_of_image[picture] = rows[row]
    mark = answers["right"].cast(pa.int8()).fill_null(-1).to_numpy()
    forms, expected = encode(answers["form"]), encode(answers["expected"])
    yes_no = forms.codes == (forms.names.index("yes_no") if "yes_no" in forms.names else -2)
    said = np.array([{"yes": 0, "no": 1}.get(name, -1) for name in expected.names] + [-1])
    return Sample(
        run, place, rows, images, scene_of_image,
        Measure(ANSWERS, True, rows[row], picture.astype(np.int64), (mark == 1) * 1.0, (mark >= 0) * 1.0),
        row, answers["question"].fill_null(-1).to_numpy().astype(np.int64), encode(answers["kind"]), forms,
        Labels(["true", "false"], np.where(yes_no, said[expected.codes], -1)),
        _read_scores(scores, scene, scored),
    )  # fmt: skip


def _read_scores(scores: pa.Table, scene: np.ndarray, picture: np.ndarray) -> list[Measure]:
    metrics, values = encode(scores["metric"]), scores["value"].to_numpy()
    known = np.isfinite(values)
    parts, wholes = np.where(known, values, 0.0), known * 1.0
    found = []
    for code, metric in enumerate(metrics.names):
        some = np.flatnonzero(metrics.codes == code)
        of_answers = _is_of_answers(metric)
        found.append(
            Measure(metric, of_answers, scene[some], picture[some].astype(np.int64), parts[some], wholes[some])
        )
    return found


def _is_of_answers(metric: str) -> bool:
    name = metric.partition("@")[0].partition(":")[0]
    return name in list_metrics() and find_metric(name).needs == "answers"
