"""An exam as a dataset that anybody can load: ranking judges is a benchmark of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...builders.folder.files import open_part, write_text
from ...builders.text.templates import create_environment
from ...errors import GasError, explain_os_error
from .papers import VERSION, Sheet

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "test-00000-of-00001.parquet"


def write_exam(folder: Path, sheets: Sequence[Sheet], seed: int) -> int:
    """Writes an exam into a folder that is a dataset repository as it stands: a row a question, beside its picture.

    Returns: The number of rows.

    Raises:
        GasError: The folder holds something else, or cannot be written.
    """
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
        # `datasets` takes two folders of one name for one dataset where their cards say the same.
        sizes = {"bytes": table.nbytes, "download": (folder / FILE).stat().st_size}
        write_text(folder / "README.md", _write_card(folder, sheets, seed, sizes))
    except OSError as error:
        raise explain_os_error(error, folder) from error
    return table.num_rows


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
        buffer = BytesIO()
        sheet.draw().save(buffer, "PNG")
        shared = {
            "image": {"bytes": buffer.getvalue(), "path": f"{sheet.id}.png"},
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
            version=VERSION,
            seed=seed,
            scenes=len({sheet.scene.id for sheet in sheets}),
            pictures=len(sheets),
            questions=len(items),
            counts=[(name, key, number) for name, some in counts.items() for key, number in sorted(some.items())],
        )
    )
