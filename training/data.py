"""Rows to train on, whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..builders.recipe_files import is_path
from ..errors import GasError, Problem, RecipeError, advise
from .recipe import Data


def load_rows(data: Data, columns: Iterable[str], key: str = "data") -> Any:
    """Opens a dataset and leaves the columns that a training needs.

    Args:
        data: What to open.
        columns: The columns needed, under our names.
        key: Where the recipe says it, for errors.

    Returns: A `datasets.Dataset`.

    Raises:
        RecipeError: It cannot be opened, has no rows, or lacks a column; nothing else has been loaded by then.
    """
    rows, columns = _open(data, key), list(columns)
    draws = data.draw is not None and "image" in columns
    wanted = [
        *(column for column in columns if not (draws and column == "image")),
        *(["scene_graph"] if draws else []),
    ]
    theirs = {column: data.columns.get(column, column) for column in wanted}
    problems = []
    for column in data.columns:
        if column not in wanted:
            what = f"`{column}` is none of the columns that are used here, which are {', '.join(wanted)}"
            problems.append(Problem(what, key=f"{key}.columns", hint="leave it out"))
    for column, name in theirs.items():
        if name not in rows.column_names:
            hint = f"{advise(name, rows.column_names)}; name it with `{key}.columns: {{{column}: ...}}`"
            problems.append(Problem(f"the data has no column `{name}`", key=key, hint=hint))
    if not rows.num_rows:
        problems.append(Problem("the data has no rows", key=key, hint="take another split"))
    if problems:
        raise RecipeError(problems)
    if data.limit:
        rows = rows.select(range(min(data.limit, rows.num_rows)))
    rows = rows.select_columns(list(theirs.values()))
    rows = rows.rename_columns({name: column for column, name in theirs.items() if column != name})
    if draws:
        from .sandbox.pictures import draw_rows

        rows = draw_rows(rows)
    return rows.select_columns(columns)


def _open(data: Data, key: str) -> Any:
    import datasets

    try:
        if data.recipe:
            overrides: dict[str, Any] = dict(data.overrides)
            if is_path(data.recipe, ".yaml", ".yml"):
                overrides["recipe"] = str(Path(data.recipe).resolve())
            name = "default" if "recipe" in overrides else data.recipe
            return datasets.load_dataset("gas", name, split=data.split, **overrides)
        assert data.path is not None
        if (Path(data.path) / "state.json").is_file():
            return datasets.load_from_disk(data.path)
        return datasets.load_dataset(
            data.path, data.name, split=data.split, data_dir=data.data_dir, revision=data.revision,
            data_files=data.data_files,
        )  # fmt: skip
    except GasError:
        raise
    except (OSError, ValueError, TypeError, RuntimeError, ConnectionError) as error:
        where = f"the recipe `{data.recipe}`" if data.recipe else f"`{data.path}`"
        reason = " ".join(str(error.__cause__ or error).split())
        hint = f"give a folder, a dataset on the Hub or a format, such as --set {key}.path=./images"
        raise RecipeError([Problem(f"cannot open {where}: {reason}", key=key, hint=hint)]) from error


def describe_data(data: Data, rows: Any) -> Mapping[str, Any]:
    """What a run's record says of its data: source, rows, and a fingerprint of both content and columns."""
    described = data.model_dump(mode="json", exclude_defaults=True)
    if data.recipe:
        from ..builders.access import open_writer
        from ..builders.fingerprint import compute_fingerprint

        described["recipe_fingerprint"] = compute_fingerprint(open_writer(data.recipe, dict(data.overrides)))
    return {**described, "rows": rows.num_rows, "fingerprint": rows._fingerprint}
