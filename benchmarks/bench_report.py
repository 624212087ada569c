"""Measures how long it takes to compute all that a report says of evaluations, and how much memory, by answers.

Run with `python benchmarks/bench_report.py`. Scenes are those of `multi_object`; answers and scores are drawn.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from generate_any_scene.arrow import make_texts
from generate_any_scene.builders.rows.single import open_writer
from generate_any_scene.training.evaluation.figures import describe_runs
from generate_any_scene.training.evaluation.tables import ANSWERS, SCORES, Run

MEGABYTE = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # of what ru_maxrss counts: bytes there, KiB on Linux
METRICS = ("answer_accuracy@probability:judge", "soft_tifa@arithmetic,probability:judge", "clip_score@model")


def make_scenes(recipe: str, answers: int, pictures: int) -> pa.Table:
    """Rows with so many questions, each asked about some pictures."""
    writer, blocks, questions = open_writer(recipe, {}), [], 0
    while questions * pictures < answers:
        blocks.append(writer.write_block("train", len(blocks)))
        questions += int(pc.sum(pc.list_value_length(blocks[-1]["questions"])).as_py())
    return pa.concat_tables(blocks).combine_chunks()


def draw_run(model: str, scenes: pa.Table, pictures: int, seed: int) -> Run:
    """Answers that are right in three of four cases, and scores by chance."""
    random = np.random.default_rng(seed)
    lengths = pc.list_value_length(scenes["questions"]).to_numpy().astype(np.int64)
    flat = pc.list_flatten(scenes["questions"]).combine_chunks()
    first = np.cumsum([0, *lengths[:-1]])
    images = np.arange(len(lengths) * pictures)
    owner = images // pictures
    counts = lengths[owner]
    row = np.repeat(images, counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum([0, *counts[:-1]]), counts)
    question = pa.array(first[owner[row]] + place)
    names = make_texts(f"{number:09d}.png" for number in images)
    ids, right = scenes["id"].combine_chunks(), pa.array(random.random(len(row)) < 0.75)
    kind, form, answer = (pc.struct_field(flat, name).take(question) for name in ("kind", "form", "answer"))
    models = pa.array([model]).take(pa.array(np.zeros(len(row), dtype=np.int64)))
    columns = [
        ids.take(pa.array(owner[row])), models, names.take(pa.array(row)), pa.array(place, pa.int32()), kind, form,
        answer, answer, pa.array(random.random(len(row))), right,
    ]  # fmt: skip
    scores = [
        pa.table(
            [ids.take(pa.array(owner)), models.slice(0, len(images)), names, pa.array([metric] * len(images)),
             pa.array(random.random(len(images)))],
            SCORES,
        )
        for metric in METRICS
    ]  # fmt: skip
    captions = [
        [one, None, None, "perplexity@model", value]
        for one, value in zip(ids.to_pylist(), random.random(len(ids)).tolist(), strict=True)
    ]
    own = pa.table(
        [pa.array(column, kind) for column, kind in zip(zip(*captions, strict=True), SCORES.types, strict=True)],
        SCORES,
    )
    return Run(
        Path("runs") / model, pa.table(columns, ANSWERS), pa.concat_tables([*scores, own]), scenes, {"model": model}
    )


def main() -> None:
    """Prints a line a number of answers and of evaluations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", nargs="*", type=int, default=[100_000, 1_000_000], help="of each evaluation")
    parser.add_argument("--recipe", default="multi_object", help="whose scenes")
    parser.add_argument("--pictures", type=int, default=2, help="of each scene")
    arguments = parser.parse_args()
    describe_runs([draw_run("first", make_scenes(arguments.recipe, 1, 1), 1, 0)])  # what is loaded once
    print(f"{'answers':>10}{'evaluations':>13}{'scenes':>9}{'seconds':>9}{'MB':>8}{'report MB':>11}")
    for answers in arguments.answers:
        scenes = make_scenes(arguments.recipe, answers, arguments.pictures)
        for count in (1, 2):
            runs = [draw_run(f"model {number}", scenes, arguments.pictures, number) for number in range(count)]
            started = time.process_time()
            report = describe_runs(runs)
            seconds, asked = time.process_time() - started, runs[0].answers.num_rows
            peak, size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE, len(json.dumps(report)) / 1e6
            print(f"{asked:>10,}{count:>13}{scenes.num_rows:>9,}{seconds:>9.2f}{peak:>8,.0f}{size:>11.2f}")


if __name__ == "__main__":
    main()
