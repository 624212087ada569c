"""Which metrics put pictures and models in the same order, and whether people do; people's ratings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ...arrow import find_rows
from ...errors import GasError, describe_error, explain_os_error
from ..metrics.group_intervals import Draws, read_draws, sum_cells
from ..metrics.rank_correlations import Correlation, correlate_means, correlate_ranks
from .arrays import ANSWERS, Evaluations, Measure, Sample, encode

RATINGS = "ratings"
"""What stands for a metric where people's ratings are meant."""
NAMES = ("image", "scene", "model")
"""Columns that say what is rated."""
FEWEST_MODELS = 3


@dataclass(frozen=True, eq=False)
class Ratings:
    """What people said.

    Attributes:
        pictures: Of each evaluation, the mean rating of each picture; NaN where there is none.
        models: The mean rating of each model; NaN where there is none.
        notes: What of it is of no use, in sentences.
    """

    pictures: list[np.ndarray]
    models: np.ndarray
    notes: list[str]


def read_ratings(path: Path, found: Evaluations) -> Ratings:
    """Reads people's ratings, the higher the better; of several ratings of one thing the mean.

    Args:
        path: A CSV file, or Parquet, with the column `rating` and `image`; or `scene` and `model`, whose ratings are
            those of all pictures of the scene; or `model` alone, such as a score of a leaderboard.
        found: What was evaluated.

    Raises:
        GasError: It cannot be read, lacks columns, has ratings that are no numbers, or names nothing that there is.
    """
    table = read_rating_table(path)
    names = set(table.column_names)
    try:
        values = table["rating"].cast(pa.float64()).fill_null(float("nan")).to_numpy()
    except pa.ArrowException as error:
        raise GasError(f"{path}: `rating` holds what is no number: {describe_error(error, 200)}") from error
    texts = {name: table[name].cast(pa.string()) for name in NAMES if name in names}
    pictures = [_rate_pictures(sample, found, values, texts, path) for sample in found.samples]
    models = np.array(
        [_rate_model(one, sample, values, texts) for one, sample in zip(pictures, found.samples, strict=True)]
    )
    if not np.isfinite(models).any():
        raise GasError(_explain_strangers(path, values, texts, found))
    return Ratings(pictures, models, list(_describe_useless(values, path)))


def read_rating_table(path: Path) -> pa.Table:
    """Reads the file of people's ratings as it is.

    Raises:
        GasError: It cannot be read, or lacks columns.
    """
    table = _read_table(path)
    names = set(table.column_names)
    if "rating" not in names or not {"image", "model"} & names:
        raise GasError(
            f"{path} has the columns {', '.join(table.column_names)[:200]}; it needs `rating` and `image`, or "
            "`scene` and `model`, or `model`"
        )
    return table


def _explain_strangers(path: Path, values: np.ndarray, texts: dict[str, pa.ChunkedArray], found: Evaluations) -> str:
    if len(values) and not np.isfinite(values).any():
        return f"{path}: none of its {len(values):,} ratings is a finite number"
    first = ", ".join(f"{name} {column[0].as_py()}" for name, column in texts.items() if len(column))
    run = found.samples[0]
    known = {"model": [run.run.model], "scene": found.ids[:1].to_pylist(), "image": run.images[:1].to_pylist()}
    names = ", ".join(f"{name} {known[name][0]}" for name in texts if known[name])
    return f"{path} rates nothing that was evaluated; its first row is of {first or 'nothing'}, and there is {names}"


def _describe_useless(values: np.ndarray, path: Path) -> Iterator[str]:
    known = values[np.isfinite(values)]
    if lost := len(values) - len(known):
        yield f"{lost:,} of {len(values):,} ratings of {path.name} are no finite numbers and were left out."
    if len(known) > 1 and (known == known[0]).all():
        yield f"All ratings of {path.name} are {known[0]:g}, so that nothing can agree with them."


def _read_table(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() == ".parquet":
            return pq.read_table(path)
        # A scene may be called 000000006.
        texts = pa.csv.ConvertOptions(column_types=dict.fromkeys(NAMES, pa.string()))
        return pa.csv.read_csv(path, convert_options=texts)
    except OSError as error:
        raise explain_os_error(error, path) from error
    except pa.ArrowException as error:
        raise GasError(f"{path} cannot be read: {describe_error(error, 300)}") from error


def _rate_pictures(
    sample: Sample, found: Evaluations, values: np.ndarray, texts: dict[str, pa.ChunkedArray], path: Path
) -> np.ndarray:
    """The mean rating of each picture of an evaluation."""
    of_model = np.ones(len(values), dtype=bool)
    if "model" in texts:
        names = encode(texts["model"])
        own = names.names.index(sample.run.model) if sample.run.model in names.names else -2
        of_model = names.codes == own
    if "image" in texts:
        place, many = find_rows(texts["image"], sample.images), len(sample.images)
        means = _average(place, values, of_model, many)
        return means
    if "scene" not in texts:
        return np.full(len(sample.images), np.nan)
    means = _average(find_rows(texts["scene"], found.ids), values, of_model, found.scenes)
    return means[sample.scene_of_image]


def _average(place: np.ndarray, values: np.ndarray, kept: np.ndarray, many: int) -> np.ndarray:
    kept = kept & (place >= 0) & np.isfinite(values)
    above, below = np.bincount(place[kept], values[kept], many), np.bincount(place[kept], minlength=many)
    return np.divide(above, below, out=np.full(many, np.nan), where=below > 0)


def _rate_model(pictures: np.ndarray, sample: Sample, values: np.ndarray, texts: dict[str, pa.ChunkedArray]) -> float:
    """The rating of a model: its own, or the mean of its pictures'."""
    if "image" in texts or "scene" in texts:
        return float(np.nanmean(pictures)) if np.isfinite(pictures).any() else float("nan")
    own = [
        value
        for value, model in zip(values.tolist(), texts["model"].to_pylist(), strict=True)
        if model == sample.run.model and np.isfinite(value)
    ]
    return float(np.mean(own)) if own else float("nan")


def compare_orders(found: Evaluations, draws: Draws, people: Ratings | None) -> dict[str, list[dict[str, Any]]]:
    """How alike metrics order the pictures of each evaluation, and the models where there are three or more."""
    pictures = [row for sample in found.samples for row in _compare_pictures(sample, draws.seed)]
    return {"pictures": pictures, "models": list(_compare_models(found, draws, people))}


def compare_with_people(found: Evaluations, people: Ratings, seed: int) -> list[dict[str, Any]]:
    """How alike each metric and people order the pictures of each evaluation."""
    rows = []
    for sample, ratings in zip(found.samples, people.pictures, strict=True):
        for measure in _list_measures(sample):
            values = measure.sum_pictures(len(sample.images))
            if one := correlate_ranks(values, ratings, sample.scene_of_image, seed):
                rows.append(
                    {"run": sample.place, "metric": measure.metric, **_describe(one), "alike": one.alike.describe()}
                )
    return rows


def _list_measures(sample: Sample) -> list[Measure]:
    """What pictures are ordered by; the share of right answers only where no metric has it."""
    has_accuracy = any(one.metric.startswith("answer_accuracy") for one in sample.scores)
    chosen = [one for one in sample.measures if not (one.metric == ANSWERS and has_accuracy)]
    return [one for one in chosen if (one.picture >= 0).any()]


def _compare_pictures(sample: Sample, seed: int) -> Iterator[dict[str, Any]]:
    values = [(one.metric, one.sum_pictures(len(sample.images))) for one in _list_measures(sample)]
    for (metric, here), (other, there) in combinations(values, 2):
        if one := correlate_ranks(here, there, sample.scene_of_image, seed):
            yield {"run": sample.place, "metric": metric, "other": other, **_describe(one)}


def _describe(one: Correlation) -> dict[str, Any]:
    return {
        "spearman": one.spearman.describe(),
        "kendall": one.kendall.describe(),
        "pictures": one.pictures,
        "scenes": one.scenes,
    }


def _compare_models(found: Evaluations, draws: Draws, people: Ratings | None) -> Iterator[dict[str, Any]]:
    """Models by their means, which scenes are resampled for; people's ratings stay what they are."""
    if len(found.samples) < FEWEST_MODELS:
        return
    common = ((metric, draw_means(found, found.samples, metric, draws)) for metric in _find_common(found))
    means = {metric: some for metric, some in common if some is not None}
    if people is not None and np.isfinite(people.models).all():
        means[RATINGS] = np.broadcast_to(people.models, (len(draws.weights) + 1, len(found.samples)))
    for (metric, here), (other, there) in combinations(means.items(), 2):
        pair = correlate_means(here, there)
        if np.isfinite(pair[0][0]):
            spearman, kendall = (read_draws(values).describe() for values in pair)
            row = {"metric": metric, "other": other, "spearman": spearman, "kendall": kendall}
            yield {**row, "models": len(found.samples)}


def _find_common(found: Evaluations) -> list[str]:
    """Metrics that all evaluations have; judged by another judge, a metric is another one."""
    first, *others = ([one.metric for one in _list_measures(sample)] for sample in found.samples)
    return [metric for metric in first if all(metric in other for other in others)]


def draw_means(found: Evaluations, samples: Sequence[Sample], metric: str, draws: Draws) -> np.ndarray | None:
    """The mean of each evaluation, and below it those in each draw of scenes, shape (1 + DRAWS, samples)."""
    columns = []
    for sample in samples:
        one = next(measure for measure in sample.measures if measure.metric == metric)
        cells = sum_cells(one.scene, np.zeros(len(one.scene), dtype=np.int64), 1, one.parts, one.wholes, found.scenes)
        if not len(cells.scene):
            return None
        units = draws.units[cells.scene]
        sums = [np.bincount(units, some, draws.weights.shape[1]) for some in (cells.parts, cells.wholes)]
        with np.errstate(divide="ignore", invalid="ignore"):
            columns.append(np.append(cells.ratios, (draws.weights @ sums[0]) / (draws.weights @ sums[1])))
    return np.stack(columns, axis=1)
