"""Measures a build: scenes per second of every stage, and the whole against writing the same table alone.

Run with `make bench`. Each figure is the median of several blocks whose captions have been written before: templates
are traced then, as they are once a machine (a build reads from disk what they yielded). Machines differ and are
shared: compare figures of one run, as ratios.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from generate_any_scene.builders.content.draw import draw_block
from generate_any_scene.builders.content.scenes import BLOCK
from generate_any_scene.builders.folder.parquet import open_parquet, write_beside
from generate_any_scene.builders.foundation.counter_rng import derive_key
from generate_any_scene.builders.recipe.loading import load_recipe
from generate_any_scene.builders.rows.writer import RowWriter, create_writer
from generate_any_scene.builders.text.surface_forms import BlockWords

STAGES = ("scenes", "captions", "questions", "rows", "parquet", "build")


def measure_recipe(name: str, warm_up: int, blocks: int) -> dict[str, float]:
    """Median seconds that a block takes in each stage, and the median `ratio` of `build` to `parquet`.

    `rows` is all of the first three and the Arrow table; `parquet` writes that table alone, as Arrow does when it is
    told nothing else; `build` is what builds do, from scenes to Parquet, which is written while the next block is
    made.
    """
    started = time.perf_counter()
    writer = create_writer(load_recipe(name))
    plan_seconds = time.perf_counter() - started
    stages: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for block in range(warm_up + blocks + 1):
            trace_captions(writer, block)
        for block in range(warm_up + blocks):
            if block == warm_up:
                gc.freeze()  # as builds do
            marks = [time.perf_counter()]
            scenes = draw_block(writer.plan, "train", block)
            marks.append(time.perf_counter())
            words = BlockWords(scenes, writer.plan.taxonomy)
            texts = writer.captions.write(words, derive_key("bench"))
            texts.write(writer.captions.tracer.program_table.pool)
            texts.find_mentions(writer.captions.tracer.program_table)
            marks.append(time.perf_counter())
            questions = writer.questions.write(words, derive_key("bench", block))
            questions.texts.write(writer.questions.tracer.program_table.pool)
            marks.append(time.perf_counter())
            table = writer.write_block("train", block)
            marks.append(time.perf_counter())
            pq.write_table(table, Path(folder) / "table.parquet", compression="zstd")
            marks.append(time.perf_counter())
            for stage, start, end in zip(STAGES, marks, marks[1:], strict=False):
                stages[stage].append(end - start)
            stages["build"].append(measure_build(writer, block, Path(folder) / "build.parquet"))
    stages["ratio"] = [build / alone for build, alone in zip(stages["build"], stages["parquet"], strict=True)]
    return {"plan": plan_seconds, **{stage: statistics.median(seconds[warm_up:]) for stage, seconds in stages.items()}}


def trace_captions(writer: RowWriter, block: int) -> None:
    """Writes captions of a block, those of its rows and those that are measured alone, as far as tracing goes."""
    words = BlockWords(draw_block(writer.plan, "train", block), writer.plan.taxonomy)
    recipe = writer.plan.recipe
    for key in (derive_key("bench"), derive_key(recipe.seed, recipe.name, "train", "captions")):
        writer.captions.write(words, key)


def measure_build(writer: RowWriter, block: int, path: Path) -> float:
    """Seconds from when a block is written until the one after it is, which is made in the meantime."""

    def make_tables() -> Iterator[pa.Table]:
        for number in (block, block + 1):
            yield writer.write(draw_block(writer.plan, "train", number), "train", encoded=True)

    tables = make_tables()
    first = next(tables)
    with open_parquet(path, first.schema) as file:
        started = time.perf_counter()
        written = write_beside(file, chain([first], tables))
        next(written)
        return time.perf_counter() - started


def main() -> None:
    """Prints a line a recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=["multi_object", "general"])
    parser.add_argument("--warm-up", type=int, default=40, help="blocks before those that count")
    parser.add_argument("--blocks", type=int, default=21, help="blocks that count")
    arguments = parser.parse_args()
    print(f"scenes per second, one process, blocks of {BLOCK:,}")
    headings = "".join(f"{heading:>10}" for heading in (*STAGES[:3], "all rows", "parquet", "build"))
    print(f"{'recipe':<18}{headings}{'ratio':>8}{'plan s':>8}")
    for name in arguments.recipes:
        seconds = measure_recipe(name, arguments.warm_up, arguments.blocks)
        figures = "".join(f"{BLOCK / seconds[stage]:>10,.0f}" for stage in STAGES)
        print(f"{name:<18}{figures}{seconds['ratio']:>8.2f}{seconds['plan']:>8.2f}")
    print(
        "all rows: scenes, captions, questions and the Arrow table; parquet: write_table of that table alone (zstd);"
    )
    print("build: from scenes to Parquet, as builds do it; ratio: build / parquet")


if __name__ == "__main__":
    main()
