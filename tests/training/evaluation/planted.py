"""Evaluations of models that are wrong as often as they are said to be, about real rows; no picture is made."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from generate_any_scene.builders.rows.single import open_writer
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run

WRONG = {"object": 0.05, "attribute": 0.1, "count": 0.2, "relation": 0.3}
ACCURACY = "answer_accuracy@words:planted"


@lru_cache(maxsize=8)
def make_scenes(recipe: str, scenes: int, split: str = "test") -> pa.Table:
    return open_writer(recipe, {}).write_block(split, 0, scenes)


def plant_run(
    scenes: pa.Table,
    wrong: Mapping[str, float] = WRONG,
    *,
    model: str = "planted",
    pictures: int = 1,
    seed: int = 0,
    spread: float = 0.0,
    refused: float = 0.0,
    also: Callable[[Mapping[str, Any], Mapping[str, Any]], float] = lambda row, question: 0.0,
    record: Mapping[str, Any] | None = None,
) -> Run:
    """Draws answers.

    Args:
        scenes: Rows.
        wrong: The rate of wrong answers by kind.
        model: Its name.
        pictures: Of each scene.
        seed: Of all draws.
        spread: The standard deviation, between scenes, of the rates' logits.
        refused: The share of questions without an answer.
        also: More of the wrong answers, by row and question.
        record: What run.json has besides.
    """
    random = np.random.default_rng(seed)
    answers, scores = [], []
    for row in scenes.to_pylist():
        shift = random.normal(0, spread) if spread else 0.0
        for number in range(pictures):
            image, rights = f"{row['id']}/{number}.png", []
            for place, one in enumerate(row["questions"]):
                rate = wrong.get(one["kind"], 0.0)
                if shift and 0 < rate < 1:
                    rate = 1 / (1 + (1 / rate - 1) * np.exp(-shift))
                right = bool(random.random() >= min(1.0, rate + also(row, one)))
                mark = None if random.random() < refused else right
                rights += [] if mark is None else [mark]
                reply = one["answer"] if mark else "" if mark is None else "wrong"
                answers.append(
                    (
                        row["id"],
                        model,
                        image,
                        place,
                        one["kind"],
                        one["form"],
                        one["answer"],
                        reply,
                        float(right),
                        mark,
                    )
                )
            scores.append((row["id"], model, image, ACCURACY, float(np.mean(rights)) if rights else None))
            scores.append((row["id"], model, image, "clip_score@test", float(0.3 + 0.05 * random.normal())))
    tables = [
        pa.table(
            [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), schema.types, strict=True)],
            schema,
        )
        for rows, schema in ((answers, ANSWERS), (scores, SCORES))
    ]
    return Run(Path("runs") / model, *tables, scenes, {"model": model, **(record or {})})


def add_caption_scores(run: Run, metric: str, values: Mapping[str, float]) -> Run:
    rows = [
        {"scene": scene, "model": None, "image": None, "metric": metric, "value": one} for scene, one in values.items()
    ]
    scores = pa.concat_tables([run.scores, pa.Table.from_pylist(rows, SCORES)])
    return Run(run.folder, run.answers, scores, run.scenes, run.record)
