"""An exam as a dataset that anybody can load: ranking judges is a benchmark of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...builders.folder.files import open_part, write_text
from ...builders.text.templates import create_environment
from ...errors import GasError, explain_os_error
from .choices import list_rows, write_picture
from .papers import VERSION, Sheet

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "test-00000-of-00001.parquet"
CHOICES = f"multiple_choice/{FILE}"
"""The questions with choices, in the columns that the Hub's runner of benchmarks, `inspect-ai`, reads."""
EVAL = "eval.yaml"


def write_exam(folder: Path, sheets: Sequence[Sheet], seed: int) -> int:
    """Writes an exam into a folder that is a dataset repository as it stands: a row a question, beside its picture.

    Returns: The number of rows.

    Raises:
        GasError: The folder holds something else, or cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if folder.exists() and not folder.is_dir():
        raise GasError(f"{folder} is no folder; give another one")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).exists():
        raise GasError(f"{folder} holds something else than an exam; give a folder that is new or empty")
    table = _make_table(sheets)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open_part(folder / FILE) as beside:
            # A picture stands in all of its rows, side by side, where compression finds it.
            pq.write_table(table, beside, compression="zstd")
        chosen = pa.Table.from_pylist(list(list_rows(sheets)), schema=describe_choices())
        (folder / CHOICES).parent.mkdir(exist_ok=True)
        with open_part(folder / CHOICES) as beside:
            pq.write_table(chosen, beside, compression="zstd")
        write_text(folder / EVAL, write_evaluation(len({sheet.scene.id for sheet in sheets}), seed))
        # `datasets` takes two folders of one name for one dataset where their cards say the same.
        sizes = {"bytes": table.nbytes, "download": (folder / FILE).stat().st_size}
        write_text(folder / "README.md", _write_card(folder, sheets, seed, sizes))
    except OSError as error:
        raise explain_os_error(error, folder) from error
    return table.num_rows


def describe_choices() -> pa.Schema:
    """The columns of the questions with choices."""
    import pyarrow as pa

    texts = ("id", "image", "question", "target", "form", "kind", "error", "scene")
    fields = [(name, pa.string()) for name in texts]
    fields[3:3] = [("choices", pa.list_(pa.string()))]
    return pa.schema([*fields, ("is_true", pa.bool_())])


def write_evaluation(scenes: int, seed: int) -> str:
    """The text of `eval.yaml`, by which the Hub makes a leaderboard that `inspect-ai` fills.

    Source: as `builders/hub/leaderboards.py` has it; a scene's picture is a data URI, since that is what
    `inspect_ai._eval.task.hf` reads.
    """
    import yaml

    what = "Questions about pictures of colored shapes whose truth is known, drawn right and with one error planted:"
    found = {
        "name": "An exam for judges of pictures",
        "description": f"{what} how far a model can be trusted to judge pictures. {scenes} scenes, seed {seed}.",
        "evaluation_framework": "inspect-ai",
        "tasks": [
            {
                "id": "judge_exam",
                "config": "multiple_choice",
                "split": "test",
                "field_spec": {
                    "input": "question",
                    "input_image": "image",
                    "target": "target",
                    "choices": "choices",
                },
                "solvers": [{"name": "multiple_choice"}],
                "scorers": [{"name": "choice"}],
            }
        ],
    }
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1000)


def _make_table(sheets: Sequence[Sheet]) -> pa.Table:
    """The rows as Arrow, with the features that `datasets` reads."""
    import datasets
    import pyarrow as pa

    text = datasets.Value("string")
    features = datasets.Features(
        {
            "id": text,
            "image": datasets.Image(),
            "question": text,
            "choices": datasets.List(text),
            "answer": text,
            "aliases": datasets.List(text),
            "form": text,
            "kind": text,
            "detail": text,
            "is_true": datasets.Value("bool"),
            "level": datasets.Value("int32"),
            "error": text,
            "scene": text,
        }
    )
    rows: list[dict[str, Any]] = []
    for sheet in sheets:
        shared = {
            "image": {"bytes": write_picture(sheet), "path": f"{sheet.id}.png"},
            "level": sheet.scene.level,
            "error": sheet.error,
            "scene": sheet.scene.id,
        }
        for item in sheet.items:
            asked = {key: item.question[key] for key in ("question", "choices", "answer", "aliases", "form", "kind")}
            said = {"id": f"{sheet.id}/{item.place}", "detail": item.detail, "is_true": item.is_true}
            rows.append({**shared, **asked, **said})
    return pa.Table.from_pylist(rows, schema=features.arrow_schema)


def _write_card(folder: Path, sheets: Sequence[Sheet], seed: int, sizes: Mapping[str, int]) -> str:
    items = [(sheet, item) for sheet in sheets for item in sheet.items]
    counts = {
        "kind": Counter(item.question["kind"] for _, item in items),
        "error": Counter(sheet.error or "none" for sheet, _ in items),
        "level": Counter(sheet.scene.level for sheet, _ in items),
    }
    return (
        create_environment(None)
        .get_template("cards/exam.jinja")
        .render(
            **sizes,
            address=json.dumps(f"./{folder.name}", ensure_ascii=False),
            file=FILE,
            choices=CHOICES,
            version=VERSION,
            seed=seed,
            scenes=len({sheet.scene.id for sheet in sheets}),
            pictures=len(sheets),
            questions=len(items),
            counts=[(name, key, number) for name, some in counts.items() for key, number in sorted(some.items())],
        )
    )
