"""Pictures of which the most, and the fewest, answers are right, beside their scenes and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...arrow import find_rows
from ..judges.marking import Question, read_questions
from .arrays import Evaluations, Sample

LISTED = 12
"""So many of each evaluation."""


def list_extremes(found: Evaluations) -> dict[str, list[dict[str, Any]]]:
    """The best and the worst pictures of each evaluation, by the share of right answers, or else the first metric."""
    chosen: dict[str, list[dict[str, Any]]] = {"best": [], "worst": []}
    for sample in found.samples:
        if not sample.measures:
            continue
        values = sample.measures[0].sum_pictures(len(sample.images))
        asked = np.bincount(sample.answers.picture, sample.answers.wholes, len(sample.images))
        known = np.flatnonzero(np.isfinite(values))
        # Of those that are alike good, where more was asked; half of the pictures at most are the best.
        order = known[np.lexsort((known, -asked[known], -values[known]))][: max(1, min(LISTED, len(known) // 2))]
        last = known[np.lexsort((known, -asked[known], values[known]))][: min(LISTED, len(known) // 2)]
        for name, places in (("best", order), ("worst", last)):
            chosen[name] += [_describe(sample, found, int(place), float(values[place])) for place in places]
    return chosen


def _describe(sample: Sample, found: Evaluations, place: int, value: float) -> dict[str, Any]:
    image = sample.images[place].as_py()
    scene = found.ids[int(sample.scene_of_image[place])]
    row = int(find_rows(pa.array([scene]), sample.run.scenes["id"].cast(pa.string()))[0])
    known = [name for name in ("caption", "scene_graph", "questions") if name in sample.run.scenes.column_names]
    facts = sample.run.scenes.select(known).slice(row, 1).to_pylist()[0]
    questions = read_questions(facts.pop("questions", None) or [])
    answers = sample.run.answers.filter(pc.equal(sample.run.answers["image"], image)).to_pylist()
    return {
        "run": sample.place,
        "scene": scene.as_py(),
        "image": image,
        "value": value,
        "caption": facts.get("caption"),
        "scene_graph": facts.get("scene_graph"),
        "answers": [
            {
                "question": _find_question(questions, one["question"]),
                **{key: one[key] for key in ("kind", "form", "expected", "reply", "right")},
            }
            for one in answers
        ],
    }


def _find_question(questions: Sequence[Question], place: int | None) -> str | None:
    """Its words; None of one that is no question of the scene, such as what a judge is asked about bias."""
    return str(questions[place]["question"]) if place is not None and 0 <= place < len(questions) else None
