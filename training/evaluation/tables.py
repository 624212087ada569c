"""What an evaluation leaves in its folder; everything that a report says is computed from these tables.

answers.parquet    a row an (image, question)
scores.parquet     a row an (image, metric); of what measures a set, or a caption, `image` is null
scenes.parquet     the rows of the dataset that was evaluated on, as they were
run.json           versions, settings, costs, what was left out
recipe.yaml        what `gas evaluate` takes to do it again
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...builders.folder.files import open_part, write_text
from ...errors import GasError, describe_error, explain_os_error
from ...regular_files import read_regular
from ..recipes.loading import EVALUATION

ANSWERS = pa.schema(
    [
        ("scene", pa.string()),
        ("model", pa.string()),
        ("image", pa.string()),
        ("question", pa.int32()),
        ("kind", pa.string()),
        ("form", pa.string()),
        ("expected", pa.string()),
        ("reply", pa.string()),
        ("probability", pa.float64()),
        ("right", pa.bool_()),
    ]
)
"""`image` is the picture's path below the folder of pictures, `question` its place among those of the scene.

`probability` is that of the right answer; `right` is null where the judge gave no answer.
"""

SCORES = pa.schema(
    [
        ("scene", pa.string()),
        ("model", pa.string()),
        ("image", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)
"""`metric` is the id of the metric; `value` is null where it does not apply. Captions' own scores have no model."""

RECORD = "run.json"


@dataclass(frozen=True)
class Run:
    """An evaluation: what was asked and measured of the pictures of a model.

    Attributes:
        folder: Where it lies.
        answers: As `ANSWERS` has it.
        scores: As `SCORES` has it.
        scenes: The rows that pictures were made for: `id`, `caption`, `questions`, and `scene_graph`,
            `scene_attributes` and `structure` where the dataset has them.
        record: What `run.json` holds.
    """

    folder: Path
    answers: pa.Table
    scores: pa.Table
    scenes: pa.Table
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """What the model is called."""
        return str(self.record.get("model", self.folder.name))

    @property
    def pictures(self) -> Path:
        """The folder below which `image` names pictures."""
        return self.folder / str(self.record.get("pictures", "pictures"))  # an absolute path stays what it is


def write_run(run: Run) -> None:
    """Writes an evaluation into its folder.

    Raises:
        GasError: The folder cannot be written.
    """
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        for name in ("scenes", "answers", "scores"):
            with open_part(run.folder / f"{name}.parquet") as beside:
                pq.write_table(getattr(run, name), beside, compression="zstd")
        write_text(run.folder / RECORD, json.dumps(run.record, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise explain_os_error(error, run.folder) from error


def open_run(folder: str | Path) -> Run:
    """Opens what an evaluation left.

    Raises:
        GasError: The folder holds none, or something in it is damaged.
    """
    folder = Path(folder)
    if not (folder / RECORD).exists():
        what = "holds no evaluation" if folder.is_dir() else "is no folder"
        raise GasError(f"{folder} {what}; give the folder of a run, such as runs/smoke, which has a {RECORD}")
    try:
        record = json.loads(read_regular(folder / RECORD))
    except ValueError as error:
        raise GasError(f"{folder / RECORD}: not JSON: {error}") from error
    if not isinstance(record, dict):
        raise GasError(f"{folder / RECORD} is no record of an evaluation")
    if (kind := record.get("kind", EVALUATION)) != EVALUATION:
        raise GasError(f"{folder} is the folder of a training ({kind!r}), not of an evaluation")
    tables = [_read_table(folder / f"{name}.parquet") for name in ("answers", "scores", "scenes")]
    answers, scores, scenes = tables
    for table, schema, name in ((answers, ANSWERS, "answers"), (scores, SCORES, "scores")):
        if missing := [column for column in schema.names if column not in table.column_names]:
            raise GasError(f"{folder / name}.parquet has no column {missing[0]}; evaluate again")
    if "id" not in scenes.column_names:
        raise GasError(f"{folder / 'scenes.parquet'} has no column id; evaluate again")
    return Run(folder, answers.select(ANSWERS.names), scores.select(SCORES.names), scenes, record)


def _read_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(read_regular(path)))
    except pa.ArrowException as error:
        raise GasError(f"{path}: not a Parquet file: {describe_error(error)}") from error
